//! User tokens: refresh, sns/auth and sns/userinfo.

use rstest::rstest;
use serde_json::{Value, json};
use yaopai_sandbox::AppKind;

use crate::harness::{World, errcode, start, text};

async fn tokens(world: &World, person: &str, scope: &str) -> Value {
    let code = world.official_code(person, scope).await;
    world.exchange(&world.app(AppKind::OfficialAccount), &code).await
}

async fn refresh(world: &World, refresh_token: &str) -> Value {
    let app = world.app(AppKind::OfficialAccount);
    let query = [
        ("appid", app.app_id.as_str()),
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    world.json("/sns/oauth2/refresh_token", &query).await
}

async fn userinfo(world: &World, access_token: &str, openid: &str) -> Value {
    world
        .json(
            "/sns/userinfo",
            &[
                ("access_token", access_token),
                ("openid", openid),
                ("lang", "zh_CN"),
            ],
        )
        .await
}

#[tokio::test]
async fn refresh_keeps_a_live_token_and_replaces_an_expired_one() {
    let world = start().await;
    let first = tokens(&world, "lin-xiaoman", "snsapi_userinfo").await;
    let refresh_token = text(&first["refresh_token"]);

    world.advance(7100);
    let kept = refresh(&world, &refresh_token).await;
    assert_eq!(kept["access_token"], first["access_token"]);
    assert_eq!(kept["scope"], "snsapi_base,snsapi_userinfo,");
    assert!(kept.get("unionid").is_none());

    world.advance(7100);
    let profile = userinfo(&world, &text(&first["access_token"]), &text(&first["openid"])).await;
    assert_eq!(errcode(&profile), 0, "its time started again");

    world.advance(7200);
    let profile = userinfo(&world, &text(&first["access_token"]), &text(&first["openid"])).await;
    assert_eq!(errcode(&profile), 42001);
    let replaced = refresh(&world, &refresh_token).await;
    assert_ne!(replaced["access_token"], first["access_token"]);
    assert_eq!(replaced["refresh_token"], first["refresh_token"]);
}

#[tokio::test]
async fn refreshing_does_not_prolong_the_thirty_days() {
    let world = start().await;
    let refresh_token = text(&tokens(&world, "lin-xiaoman", "snsapi_userinfo").await["refresh_token"]);
    world.advance(30 * 86_400 - 1);
    assert_eq!(errcode(&refresh(&world, &refresh_token).await), 0);
    world.advance(1);
    assert_eq!(errcode(&refresh(&world, &refresh_token).await), 42002);
}

#[rstest]
#[case("", 41003)]
#[case("98_invented", 40030)]
#[tokio::test]
async fn refuses_other_refresh_tokens(#[case] refresh_token: &str, #[case] expected: i64) {
    let world = start().await;
    assert_eq!(errcode(&refresh(&world, refresh_token).await), expected);
}

#[tokio::test]
async fn tells_a_profile_without_sex_and_region() {
    let world = start().await;
    let pair = tokens(&world, "ye-zi", "snsapi_userinfo").await;
    let query = [
        ("access_token", text(&pair["access_token"])),
        ("openid", text(&pair["openid"])),
    ];
    let query: Vec<_> = query
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let body = world.get("/sns/userinfo", &query).await.text().await.unwrap();
    let base = world.sandbox.url().as_str().replace('/', "\\/");
    let expected = format!(
        r#"{{"openid":"{}","nickname":"叶子🍃👩‍🌾","sex":0,"language":"","city":"","province":"","country":"","headimgurl":"{base}mmopen\/vi_32\/ye-zi\/132","privilege":[],"unionid":"{}"}}"#,
        text(&pair["openid"]),
        text(&pair["unionid"]),
    );
    assert_eq!(body, expected);
}

#[tokio::test]
async fn serves_the_avatar_it_names() {
    let world = start().await;
    let pair = tokens(&world, "lin-xiaoman", "snsapi_userinfo").await;
    let profile = userinfo(&world, &text(&pair["access_token"]), &text(&pair["openid"])).await;
    let png = world
        .http
        .get(text(&profile["headimgurl"]))
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let picture = image::load_from_memory_with_format(&png, image::ImageFormat::Png).unwrap();
    assert_eq!((picture.width(), picture.height()), (132, 132));
}

#[tokio::test]
async fn an_anonymous_person_has_wechats_name_and_the_grey_avatar() {
    let world = start().await;
    let pair = tokens(&world, "zhou-ning", "snsapi_userinfo").await;
    let profile = userinfo(&world, &text(&pair["access_token"]), &text(&pair["openid"])).await;
    assert_eq!(profile["nickname"], "微信用户");
    assert!(
        text(&profile["headimgurl"]).starts_with("https://thirdwx.qlogo.cn/mmopen/vi_32/POgEwh4mIHO4nibH0")
    );
}

#[tokio::test]
async fn the_silent_scope_gives_an_openid_and_nothing_more() {
    let world = start().await;
    let pair = tokens(&world, "lin-xiaoman", "snsapi_base").await;
    assert!(pair.get("unionid").is_none());
    let profile = userinfo(&world, &text(&pair["access_token"]), &text(&pair["openid"])).await;
    assert_eq!(errcode(&profile), 48001);
}

#[tokio::test]
async fn one_person_has_one_unionid_and_an_openid_per_app() {
    let world = start().await;
    let here = tokens(&world, "chen-mo", "snsapi_userinfo").await;
    let website = world.app(AppKind::Website);
    let code = crate::qrconnect::code_from_phone(&world, "chen-mo").await;
    let there = world.exchange(&website, &code).await;
    assert_eq!(here["unionid"], there["unionid"]);
    assert_ne!(here["openid"], there["openid"]);
    assert_eq!(there["scope"], "snsapi_login");
}

#[tokio::test]
async fn an_unbound_app_has_no_unionid() {
    let world = start().await;
    let new = json!({ "kind": "official_account", "callback_domains": ["localhost"] });
    let new = world
        .http
        .post(world.at("/sandbox/apps", &[]))
        .json(&new)
        .send()
        .await
        .unwrap();
    let new: Value = new.json().await.unwrap();
    let url = world.authorize_url("snsapi_userinfo").replace(
        &world.app(AppKind::OfficialAccount).app_id,
        new["app_id"].as_str().unwrap(),
    );
    let done: Value = world
        .phone(&url, "chen-mo", "approve")
        .await
        .json()
        .await
        .unwrap();
    let code = text(&done["location"]);
    let code = code.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let mut app = world.app(AppKind::OfficialAccount);
    app.app_id = text(&new["app_id"]);
    app.app_secret = text(&new["app_secret"]);
    let pair = world.exchange(&app, code).await;
    assert_eq!(errcode(&pair), 0);
    assert!(pair.get("unionid").is_none());
}

#[derive(Clone, Copy)]
enum Token {
    Right,
    Missing,
    Malformed,
    Invented,
    OfTheApi,
}

#[rstest]
#[case(Token::Right, true, 0)]
#[case(Token::Right, false, 40003)]
#[case(Token::Missing, true, 41001)]
#[case(Token::Malformed, true, 40014)]
#[case(Token::Invented, false, 40001)]
#[case(Token::OfTheApi, true, 40014)]
#[tokio::test]
async fn checks_the_token_before_the_openid(
    #[case] token: Token,
    #[case] own_openid: bool,
    #[case] expected: i64,
    #[values("/sns/auth", "/sns/userinfo")] path: &str,
) {
    let world = start().await;
    let pair = tokens(&world, "lin-xiaoman", "snsapi_userinfo").await;
    let access_token = match token {
        Token::Right => text(&pair["access_token"]),
        Token::Missing => String::new(),
        Token::Malformed => "98_cut-off".to_owned(),
        Token::Invented => format!("98_{}", "x".repeat(128)),
        Token::OfTheApi => world.api_token(AppKind::OfficialAccount).await,
    };
    let openid = if own_openid {
        text(&pair["openid"])
    } else {
        "oSomebodyElse000000000000000".to_owned()
    };
    let answer = world
        .json(path, &[("access_token", &access_token), ("openid", &openid)])
        .await;
    assert_eq!(errcode(&answer), expected);
    if path == "/sns/auth" && expected == 0 {
        assert_eq!(answer, json!({ "errcode": 0, "errmsg": "ok" }));
    }
}

#[tokio::test]
async fn a_snapshot_shows_a_virtual_user() {
    let world = start().await;
    let real = tokens(&world, "chen-mo", "snsapi_userinfo").await;
    for (url, snapshot) in [
        (world.authorize_url("snsapi_userinfo"), true),
        (
            world.authorize_url("snsapi_userinfo") + "&forceSnapShot=true",
            false,
        ),
    ] {
        let visit = json!({ "url": url, "snapshot": snapshot });
        let gone = world
            .script(reqwest::Method::POST, "people/chen-mo/authorize", visit)
            .await;
        let code = text(&gone["location"]);
        let code = code.split(['=', '&']).nth(1).unwrap();
        let pair = world.exchange(&world.app(AppKind::OfficialAccount), code).await;
        assert_eq!(
            crate::harness::keys(&pair),
            [
                "access_token",
                "expires_in",
                "refresh_token",
                "openid",
                "scope",
                "is_snapshotuser",
                "unionid"
            ]
        );
        assert_eq!(pair["is_snapshotuser"], 1);
        assert_ne!(pair["openid"], real["openid"]);
        assert_ne!(pair["unionid"], real["unionid"]);
        let profile = userinfo(&world, &text(&pair["access_token"]), &text(&pair["openid"])).await;
        assert_eq!(profile["nickname"], "微信用户");
    }
}

#[rstest]
#[case("password_changed", 42007)]
#[case("withdrawn", 50001)]
#[tokio::test]
async fn a_person_ends_their_tokens(#[case] reason: &str, #[case] expected: i64) {
    let world = start().await;
    let pair = tokens(&world, "chen-mo", "snsapi_userinfo").await;
    let order = json!({ "app_id": world.app(AppKind::OfficialAccount).app_id, "reason": reason });
    world
        .script(reqwest::Method::POST, "people/chen-mo/revoke", order)
        .await;
    let profile = userinfo(&world, &text(&pair["access_token"]), &text(&pair["openid"])).await;
    assert_eq!(errcode(&profile), expected);
    let refreshed = refresh(&world, &text(&pair["refresh_token"])).await;
    assert_eq!(errcode(&refreshed), expected);
}

#[tokio::test]
async fn the_unionid_appears_when_the_app_is_bound_later() {
    let world = start().await;
    world
        .change(AppKind::OfficialAccount, json!({ "platform_account": null }))
        .await;
    let before = tokens(&world, "chen-mo", "snsapi_userinfo").await;
    assert!(before.get("unionid").is_none());
    world
        .change(AppKind::OfficialAccount, json!({ "platform_account": "another" }))
        .await;
    let after = tokens(&world, "chen-mo", "snsapi_userinfo").await;
    assert_eq!(after["openid"], before["openid"]);
    assert!(after["unionid"].is_string());
}
