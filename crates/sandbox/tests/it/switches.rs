//! What a script can make go wrong.

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_sandbox::AppKind;

use crate::harness::{START, World, errcode, keys, start, text};

async fn switch(world: &World, order: Value) {
    world.script(Method::POST, "switches", order).await;
}

async fn token(world: &World, kind: AppKind) -> Value {
    let app = world.app(kind);
    let query = [
        ("grant_type", "client_credential"),
        ("appid", app.app_id.as_str()),
        ("secret", &app.app_secret),
    ];
    world.json("/cgi-bin/token", &query).await
}

#[tokio::test]
async fn an_errcode_can_be_for_one_app_and_for_good() {
    let world = start().await;
    let app_id = world.app(AppKind::OfficialAccount).app_id;
    let order = |times: Value| json!({ "errcode": { "path": "/cgi-bin/token", "errcode": 50007, "app_id": app_id, "times": times } });
    switch(&world, order(Value::Null)).await;
    for _ in 0..3 {
        assert_eq!(errcode(&token(&world, AppKind::OfficialAccount).await), 50007);
        assert_eq!(errcode(&token(&world, AppKind::MiniProgram).await), 0);
    }
    switch(&world, order(json!(0))).await;
    assert_eq!(errcode(&token(&world, AppKind::OfficialAccount).await), 0);
}

#[tokio::test]
async fn an_errcode_can_be_one_that_nobody_knows() {
    let world = start().await;
    let order =
        json!({ "errcode": { "path": "/cgi-bin/token", "errcode": 99999, "errmsg": "no idea", "times": 1 } });
    switch(&world, order).await;
    let answer = token(&world, AppKind::MiniProgram).await;
    assert_eq!(errcode(&answer), 99999);
    assert!(text(&answer["errmsg"]).starts_with(&format!("no idea rid: {START:08x}-")));
}

#[tokio::test]
async fn the_authorize_page_shows_what_was_ordered() {
    let world = start().await;
    let order = json!({ "errcode": { "path": "/connect/oauth2/authorize", "errcode": 10006, "times": 1 } });
    switch(&world, order).await;
    let visit = json!({ "url": world.authorize_url("snsapi_base") });
    let (status, refused) = world
        .try_script(Method::POST, "people/chen-mo/authorize", visit.clone())
        .await;
    assert_eq!((status, refused["errcode"].as_u64()), (422, Some(10006)));
    let location = world
        .script(Method::POST, "people/chen-mo/authorize", visit)
        .await;
    assert!(text(&location["location"]).starts_with("http://localhost:4000/back?code="));
}

#[rstest]
#[case(json!(["10.0.0.1", "::1"]), 40164)]
#[case(json!([]), 40164)]
#[case(json!(["127.0.0.1"]), 0)]
#[case(Value::Null, 0)]
#[tokio::test]
async fn only_listed_addresses_get_a_token(#[case] list: Value, #[case] expected: i64) {
    let world = start().await;
    world
        .change(AppKind::OfficialAccount, json!({ "ip_whitelist": list }))
        .await;
    let answer = token(&world, AppKind::OfficialAccount).await;
    assert_eq!(errcode(&answer), expected);
    if expected != 0 {
        assert!(
            text(&answer["errmsg"])
                .starts_with("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ")
        );
    }
}

#[tokio::test]
async fn a_frozen_secret_is_good_for_nothing_until_it_is_thawed_or_reset() {
    let world = start().await;
    world
        .change(AppKind::OfficialAccount, json!({ "secret_frozen": true }))
        .await;
    assert_eq!(errcode(&token(&world, AppKind::OfficialAccount).await), 40243);
    let app = world.app(AppKind::OfficialAccount);
    assert_eq!(errcode(&world.exchange(&app, "x").await), 40243);
    world
        .script(
            Method::POST,
            &format!("apps/{}/reset-secret", app.app_id),
            json!({}),
        )
        .await;
    assert_eq!(errcode(&token(&world, AppKind::OfficialAccount).await), 0);
}

#[tokio::test]
async fn the_administrator_confirms_an_address_or_refuses_it() {
    let world = start().await;
    world
        .change(AppKind::OfficialAccount, json!({ "admin_confirmation": true }))
        .await;
    let path = format!("apps/{}/confirm-ip", world.app(AppKind::OfficialAccount).app_id);
    let ask = || token(&world, AppKind::OfficialAccount);
    let say = |allow: bool| world.script(Method::POST, &path, json!({ "allow": allow }));
    let nobody = world
        .try_script(Method::POST, &path, json!({ "allow": true }))
        .await;
    assert_eq!(nobody.0, 422);
    assert_eq!(errcode(&ask().await), 89503);
    assert_eq!(errcode(&ask().await), 89501);
    say(false).await;
    assert_eq!(errcode(&ask().await), 89507);
    world.advance(3600);
    assert_eq!(errcode(&ask().await), 89503);
    say(false).await;
    world.advance(3600);
    assert_eq!(errcode(&ask().await), 89506);
    say(true).await;
    assert_eq!(errcode(&ask().await), 0);
}

#[tokio::test]
async fn a_quota_ends_and_begins_again() {
    let world = start().await;
    switch(
        &world,
        json!({ "quota": { "name": "/cgi-bin/token", "limit": 2 } }),
    )
    .await;
    let mut api_token = String::new();
    for _ in 0..2 {
        api_token = text(&token(&world, AppKind::MiniProgram).await["access_token"]);
    }
    assert_eq!(errcode(&token(&world, AppKind::MiniProgram).await), 45009);
    assert_eq!(
        errcode(&token(&world, AppKind::OfficialAccount).await),
        0,
        "each app has its own"
    );

    let order = json!({ "appid": world.app(AppKind::MiniProgram).app_id });
    let cleared = world.post("/cgi-bin/clear_quota", &api_token, order).await;
    assert_eq!(cleared, json!({ "errcode": 0, "errmsg": "ok" }));
    assert_eq!(errcode(&token(&world, AppKind::MiniProgram).await), 0);
    assert_eq!(errcode(&token(&world, AppKind::MiniProgram).await), 0);
    assert_eq!(errcode(&token(&world, AppKind::MiniProgram).await), 45009);
    world
        .script(Method::POST, "clock", json!({ "advance_seconds": 86_400 }))
        .await;
    assert_eq!(errcode(&token(&world, AppKind::MiniProgram).await), 0);
}

#[tokio::test]
async fn a_quota_is_cleared_ten_times_a_month_with_the_secret_alone() {
    let world = start().await;
    let app = world.app(AppKind::MiniProgram);
    let query = [("appid", app.app_id.as_str()), ("appsecret", &app.app_secret)];
    let clear = || world.call(Method::POST, "/cgi-bin/clear_quota/v2", &query, "");
    for _ in 0..10 {
        assert_eq!(errcode(&clear().await), 0);
    }
    assert_eq!(errcode(&clear().await), 48006);
    world.advance(30 * 86_400);
    assert_eq!(errcode(&clear().await), 0);
}

#[tokio::test]
async fn one_person_logs_in_a_hundred_times_a_minute() {
    let world = start().await;
    switch(
        &world,
        json!({ "quota": { "name": "/sns/jscode2session", "limit": 2 } }),
    )
    .await;
    let mut last = String::new();
    for expected in [0, 0, 45011] {
        last = text(&world.act("chen-mo", "wx-login", AppKind::MiniProgram).await["code"]);
        assert_eq!(errcode(&world.session(&last).await), expected);
    }
    let other = text(&world.act("ye-zi", "wx-login", AppKind::MiniProgram).await["code"]);
    assert_eq!(errcode(&world.session(&other).await), 0);
    world.advance(60);
    assert_eq!(
        errcode(&world.session(&last).await),
        0,
        "the refusal consumed no code"
    );
}

#[tokio::test]
async fn a_stable_token_is_forced_once_in_thirty_seconds() {
    let world = start().await;
    let app = world.app(AppKind::MiniProgram);
    let body = json!({
        "grant_type": "client_credential", "appid": app.app_id, "secret": app.app_secret, "force_refresh": true,
    })
    .to_string();
    let force = || world.call(Method::POST, "/cgi-bin/stable_token", &[], &body);
    assert_eq!(errcode(&force().await), 0);
    world.advance(29);
    assert_eq!(errcode(&force().await), 45009);
    world.advance(1);
    assert_eq!(errcode(&force().await), 0);
}

#[tokio::test]
async fn a_delay_lasts_until_it_is_taken_back() {
    let world = start().await;
    switch(
        &world,
        json!({ "delay": { "path": "/cgi-bin/token", "milliseconds": 3_600_000 } }),
    )
    .await;
    let late = tokio::time::timeout(Duration::from_millis(200), token(&world, AppKind::MiniProgram));
    assert!(late.await.is_err());
    world.script(Method::DELETE, "switches", json!({})).await;
    assert_eq!(errcode(&token(&world, AppKind::MiniProgram).await), 0);
}

#[rstest]
#[case(json!({ "quota": { "name": "/cgi-bin/nothing", "limit": 1 } }))]
#[case(json!({ "delay": { "path": "/elsewhere", "milliseconds": 1 } }))]
#[tokio::test]
async fn refuses_a_switch_that_is_none(#[case] order: Value) {
    let world = start().await;
    assert_eq!(world.try_script(Method::POST, "switches", order).await.0, 400);
}

#[tokio::test]
async fn lists_the_quotas_of_the_platform() {
    let world = start().await;
    let quotas = world.script(Method::GET, "quotas", json!({})).await;
    assert_eq!(
        quotas[0],
        json!({ "name": "/cgi-bin/token", "limit": 2000, "window_seconds": 86_400, "errcode": 45009 })
    );
}

#[tokio::test]
async fn a_request_id_leads_to_the_call_for_a_week() {
    let world = start().await;
    let app = world.app(AppKind::MiniProgram);
    let failed = world
        .json("/cgi-bin/token", &[("appid", &app.app_id), ("secret", "canary")])
        .await;
    let errmsg = text(&failed["errmsg"]);
    let rid = errmsg.rsplit(' ').next().unwrap();
    let api_token = world.api_token(AppKind::MiniProgram).await;
    let look = |token: String, rid: String| {
        let world = &world;
        async move {
            world
                .post("/cgi-bin/openapi/rid/get", &token, json!({ "rid": rid }))
                .await
        }
    };
    let found = look(api_token.clone(), rid.to_owned()).await;
    assert_eq!(keys(&found), ["errcode", "errmsg", "request"]);
    assert_eq!(
        found["request"],
        json!({
            "invoke_time": START, "cost_in_ms": 0,
            "request_url": format!("appid={}&secret=%2A%2A%2A", app.app_id), "request_body": "",
            "response_body": failed.to_string(), "client_ip": "127.0.0.1",
        })
    );
    assert_eq!(
        errcode(&look(api_token.clone(), "nonsense".to_owned()).await),
        76002
    );
    let unknown = "00000000-00000000-00000000".to_owned();
    assert_eq!(errcode(&look(api_token, unknown).await), 76001);
    let of_others = world.api_token(AppKind::OfficialAccount).await;
    assert_eq!(errcode(&look(of_others, rid.to_owned()).await), 76003);
    world.advance(7 * 86_400);
    let later = world.api_token(AppKind::MiniProgram).await;
    assert_eq!(errcode(&look(later, rid.to_owned()).await), 76004);
}
