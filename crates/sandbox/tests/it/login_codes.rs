//! Login codes: the checks around their exchange, and their one life.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_sandbox::AppKind;

use crate::harness::{START, World, errcode, start, text};
use crate::miniprogram::{Backend, code_from_phone};

/// A call of the exchange with some parameters left out or replaced, on a right one.
async fn exchange_with(world: &World, path: &str, changes: &[(&str, &str)]) -> Value {
    let (kind, code) = if path == "/sns/jscode2session" {
        (AppKind::MiniProgram, "js_code")
    } else {
        (AppKind::OfficialAccount, "code")
    };
    let app = world.app(kind);
    let mut query = vec![
        ("appid", app.app_id.as_str()),
        ("secret", &app.app_secret),
        (code, "081Invented00000000000000000000x"),
        ("grant_type", "authorization_code"),
    ];
    for (name, value) in changes {
        query.retain(|(known, _)| known != name);
        if !value.is_empty() {
            query.push((name, value));
        }
    }
    world.json(path, &query).await
}

#[rstest]
#[case(&[("appid", ""), ("secret", "")], 41002, "appid missing")]
#[case(&[("appid", "wx0000000000000000"), ("secret", "")], 40013, "invalid appid")]
#[case(&[("secret", ""), ("grant_type", "")], 41004, "appsecret missing")]
#[case(&[("secret", "00000000000000000000000000000000"), ("grant_type", "")], 40125, "invalid appsecret")]
#[case(&[("grant_type", "code"), ("js_code", ""), ("code", "")], 40002, "invalid grant_type")]
#[case(&[("js_code", ""), ("code", "")], 41008, "missing code")]
#[case(&[], 40029, "invalid code")]
#[tokio::test]
async fn checks_in_the_order_of_the_simulator(
    #[case] changes: &[(&str, &str)],
    #[case] expected: i64,
    #[case] stem: &str,
    #[values("/sns/jscode2session", "/sns/oauth2/access_token")] path: &str,
) {
    let world = start().await;
    let answer = exchange_with(&world, path, changes).await;
    assert_eq!(errcode(&answer), expected);
    assert!(
        text(&answer["errmsg"]).starts_with(&format!("{stem}, rid: {START:08x}-")),
        "{answer}"
    );
}

#[tokio::test]
async fn refuses_other_methods_before_anything_else() {
    let world = start().await;
    let answer = world.call(Method::DELETE, "/sns/jscode2session", &[], "").await;
    assert_eq!(errcode(&answer), 43001);
}

#[tokio::test]
async fn writes_sns_answers_as_plain_text_without_errcode() {
    let world = start().await;
    let app = world.app(AppKind::OfficialAccount);
    let code = world.official_code("lin-xiaoman", "snsapi_userinfo").await;
    let query = [
        ("code", code.as_str()),
        ("grant_type", "authorization_code"),
        ("secret", &app.app_secret),
        ("appid", &app.app_id),
        ("lang", "zh_CN"),
    ];
    let response = world.get("/sns/oauth2/access_token", &query).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "text/plain");
    let body = response.text().await.unwrap();
    let keys: Vec<_> = body
        .split('"')
        .filter(|part| {
            [
                "access_token",
                "expires_in",
                "refresh_token",
                "openid",
                "scope",
                "unionid",
                "errcode",
            ]
            .contains(part)
        })
        .collect();
    assert_eq!(
        keys,
        [
            "access_token",
            "expires_in",
            "refresh_token",
            "openid",
            "scope",
            "unionid"
        ]
    );
}

#[tokio::test]
async fn exchanges_a_web_code_once() {
    let world = start().await;
    let app = world.app(AppKind::OfficialAccount);
    let code = world.official_code("lin-xiaoman", "snsapi_userinfo").await;
    assert_eq!(errcode(&world.exchange(&app, &code).await), 0);
    assert_eq!(errcode(&world.exchange(&app, &code).await), 40163);
}

#[tokio::test]
async fn a_wrong_secret_does_not_consume_the_code() {
    let world = start().await;
    let app = world.app(AppKind::OfficialAccount);
    let code = world.official_code("lin-xiaoman", "snsapi_userinfo").await;
    let mut wrong = app.clone();
    wrong.app_secret = "0".repeat(32);
    assert_eq!(errcode(&world.exchange(&wrong, &code).await), 40125);
    assert_eq!(errcode(&world.exchange(&app, &code).await), 0);
}

#[rstest]
#[case(299, 0)]
#[case(300, 42003)]
#[tokio::test]
async fn a_web_code_lives_five_minutes(#[case] age: u64, #[case] expected: i64) {
    let world = start().await;
    let code = world.official_code("lin-xiaoman", "snsapi_userinfo").await;
    world.advance(age);
    assert_eq!(
        errcode(&world.exchange(&world.app(AppKind::OfficialAccount), &code).await),
        expected
    );
}

#[tokio::test]
async fn a_code_is_worth_nothing_to_another_app() {
    let world = start().await;
    let code = world.official_code("lin-xiaoman", "snsapi_userinfo").await;
    assert_eq!(
        errcode(&world.exchange(&world.app(AppKind::Website), &code).await),
        40029
    );
    let other = json!({ "kind": "official_account", "callback_domains": ["localhost"] });
    let other = world
        .http
        .post(world.at("/sandbox/apps", &[]))
        .json(&other)
        .send()
        .await
        .unwrap();
    assert_eq!(other.status(), 201);
    let other: Value = other.json().await.unwrap();
    let mut sheet = world.app(AppKind::OfficialAccount);
    sheet.app_id = text(&other["app_id"]);
    sheet.app_secret = text(&other["app_secret"]);
    assert_eq!(errcode(&world.exchange(&sheet, &code).await), 40029);
    assert_eq!(
        errcode(&world.exchange(&world.app(AppKind::OfficialAccount), &code).await),
        0
    );
}

#[tokio::test]
async fn exchanges_a_mini_program_code_once_and_keeps_the_session_key() {
    let world = start().await;
    let backend = Backend::start(&world).await;
    let code = code_from_phone(&world, &backend, "lin-xiaoman").await;
    assert_eq!(
        errcode(&world.exchange(&world.app(AppKind::MiniProgram), &code).await),
        40029
    );

    let first = world.session(&code).await;
    let keys: Vec<_> = first.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["session_key", "openid", "unionid"]);
    assert_eq!(errcode(&world.session(&code).await), 40163);

    let again = world
        .session(&code_from_phone(&world, &backend, "lin-xiaoman").await)
        .await;
    assert_eq!(again["openid"], first["openid"]);
    assert_eq!(again["session_key"], first["session_key"]);
}

#[tokio::test]
async fn calls_an_old_mini_program_code_invalid() {
    let world = start().await;
    let backend = Backend::start(&world).await;
    let code = code_from_phone(&world, &backend, "lin-xiaoman").await;
    world.advance(300);
    assert_eq!(errcode(&world.session(&code).await), 40029);
}

#[tokio::test]
async fn leaves_the_unionid_out_for_her_who_has_none() {
    let world = start().await;
    let backend = Backend::start(&world).await;
    let answer = world
        .session(&code_from_phone(&world, &backend, "su-he").await)
        .await;
    assert!(answer.get("unionid").is_none());
    assert!(answer.get("openid").is_some());
}

#[tokio::test]
async fn answers_an_ordered_errcode_so_many_times() {
    let world = start().await;
    let order = json!({ "errcode": { "path": "/sns/jscode2session", "errcode": 45011, "times": 2 } });
    let switched = world
        .http
        .post(world.at("/sandbox/switches", &[]))
        .json(&order)
        .send()
        .await
        .unwrap();
    assert_eq!(switched.status(), 204);
    assert_eq!(errcode(&world.session("x").await), 45011);
    assert_eq!(errcode(&world.session("x").await), 45011);
    assert_eq!(errcode(&world.session("x").await), 40029);
}

#[rstest]
#[case("/sns/jscode2session", 12345)]
#[case("/connect/qrconnect", 45011)]
#[tokio::test]
async fn refuses_to_order_what_no_client_meets(#[case] path: &str, #[case] number: i64) {
    let world = start().await;
    let order = json!({ "errcode": { "path": path, "errcode": number, "times": 1 } });
    let switched = world
        .http
        .post(world.at("/sandbox/switches", &[]))
        .json(&order)
        .send()
        .await
        .unwrap();
    assert_eq!(switched.status(), 400);
}
