//! API tokens, and the mini-program code that needs one.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_sandbox::AppKind;

use crate::harness::{START, World, errcode, start, text};
use crate::qrconnect::read_qr;

async fn stable(world: &World, force: bool) -> Value {
    let app = world.app(AppKind::MiniProgram);
    let body = json!({
        "grant_type": "client_credential", "appid": app.app_id, "secret": app.app_secret, "force_refresh": force,
    });
    world
        .call(Method::POST, "/cgi-bin/stable_token", &[], &body.to_string())
        .await
}

/// The errcode that a mini-program code with this token gets; 0 for a picture.
async fn use_token(world: &World, token: &str) -> i64 {
    code_with(world, token, &json!({ "scene": "login-7f3a" }).to_string())
        .await
        .map_or_else(|code| code, |_| 0)
}

async fn code_with(world: &World, token: &str, body: &str) -> Result<Vec<u8>, i64> {
    let url = world.at("/wxa/getwxacodeunlimit", &[("access_token", token)]);
    let response = world.http.post(url).body(body.to_owned()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    if response.headers()[CONTENT_TYPE] == "image/jpeg" {
        return Ok(response.bytes().await.unwrap().to_vec());
    }
    assert_eq!(
        response.headers()[CONTENT_TYPE],
        "application/json; encoding=utf-8"
    );
    Err(errcode(
        &serde_json::from_str(&response.text().await.unwrap()).unwrap(),
    ))
}

#[tokio::test]
async fn a_new_token_ends_the_one_before_after_five_minutes() {
    let world = start().await;
    let first = world.api_token(AppKind::MiniProgram).await;
    let second = world.api_token(AppKind::MiniProgram).await;
    assert_ne!(first, second);
    world.advance(299);
    assert_eq!(use_token(&world, &first).await, 0);
    world.advance(1);
    assert_eq!(use_token(&world, &first).await, 40001);
    assert_eq!(use_token(&world, &second).await, 0);
    world.advance(6900);
    assert_eq!(use_token(&world, &second).await, 42001);
}

#[tokio::test]
async fn the_stable_token_stays_the_same_until_shortly_before_its_end() {
    let world = start().await;
    let first = stable(&world, false).await;
    assert_eq!(first["expires_in"], 7200);
    world.api_token(AppKind::MiniProgram).await;
    world.advance(6899);
    let same = stable(&world, false).await;
    assert_eq!(same["access_token"], first["access_token"]);
    assert_eq!(same["expires_in"], 301);
    world.advance(1);
    let renewed = stable(&world, false).await;
    assert_ne!(renewed["access_token"], first["access_token"]);
    for token in [&first, &renewed] {
        assert_eq!(use_token(&world, &text(&token["access_token"])).await, 0);
    }
}

#[tokio::test]
async fn a_forced_stable_token_kills_the_one_before_at_once() {
    let world = start().await;
    let ordinary = world.api_token(AppKind::MiniProgram).await;
    let first = text(&stable(&world, false).await["access_token"]);
    let forced = text(&stable(&world, true).await["access_token"]);
    assert_eq!(use_token(&world, &first).await, 40001);
    assert_eq!(use_token(&world, &forced).await, 0);
    assert_eq!(use_token(&world, &ordinary).await, 0, "the two lists do not meet");
}

#[rstest]
#[case(Method::GET, "", 43002)]
#[case(Method::POST, "", 44002)]
#[case(Method::POST, "grant_type=client_credential&appid=x", 47001)]
#[case(Method::POST, "{}", 41002)]
#[tokio::test]
async fn the_stable_token_wants_json_by_post(
    #[case] method: Method,
    #[case] body: &str,
    #[case] expected: i64,
) {
    let world = start().await;
    assert_eq!(
        errcode(&world.call(method, "/cgi-bin/stable_token", &[], body).await),
        expected
    );
}

#[tokio::test]
async fn a_token_failure_ends_in_a_request_id_without_comma() {
    let world = start().await;
    let app = world.app(AppKind::MiniProgram);
    let query = [
        ("grant_type", "client_credential"),
        ("appid", app.app_id.as_str()),
        ("secret", "wrong"),
    ];
    let response = world.get("/cgi-bin/token", &query).await;
    assert_eq!(
        response.headers()[CONTENT_TYPE],
        "application/json; encoding=utf-8"
    );
    let body = response.text().await.unwrap();
    let start = format!(r#"{{"errcode":40125,"errmsg":"invalid appsecret rid: {START:08x}-"#);
    assert!(body.starts_with(&start), "{body}");
    let rid = &body[start.len()..body.len() - 2];
    assert!(
        rid.len() == 17 && rid.chars().all(|c| c == '-' || c.is_ascii_hexdigit()),
        "{rid}"
    );
}

#[tokio::test]
async fn a_mini_program_code_leads_to_the_phone() {
    let world = start().await;
    let token = world.api_token(AppKind::MiniProgram).await;
    let body = json!({ "scene": "a=1&b=2", "page": "pages/login", "check_path": false, "env_version": "trial", "width": 280 });
    let jpeg = code_with(&world, &token, &body.to_string()).await.unwrap();
    let app_id = world.app(AppKind::MiniProgram).app_id;
    let expected = world.at("/phone/miniprogram", &[("appid", &app_id), ("scene", "a=1&b=2")]);
    assert_eq!(read_qr(&jpeg), expected.as_str());
}

#[rstest]
#[case("scene=abc", 40169)]
#[case("", 44002)]
#[case("{}", 40169)]
#[case(r#"{"scene":"a%20b"}"#, 40169)]
#[case(r#"{"scene":"123456789012345678901234567890123"}"#, 40169)]
#[case(r#"{"scene":"x","page":"/pages/login"}"#, 41030)]
#[case(r#"{"scene":"x","page":"pages/login?x=1"}"#, 41030)]
#[case(r#"{"scene":"x","env_version":"beta"}"#, 40097)]
#[case(r#"{"scene":"x","width":279}"#, 40097)]
#[case(r#"{"scene":"x","width":1281}"#, 40097)]
#[tokio::test]
async fn refuses_a_code_that_wechat_would_not_draw(#[case] body: &str, #[case] expected: i64) {
    let world = start().await;
    let token = world.api_token(AppKind::MiniProgram).await;
    assert_eq!(code_with(&world, &token, body).await, Err(expected));
}

#[tokio::test]
async fn refuses_tokens_that_are_none_of_a_mini_program() {
    let world = start().await;
    let of_account = world.api_token(AppKind::OfficialAccount).await;
    assert_eq!(use_token(&world, &of_account).await, 45063);
    let code = world.official_code("lin-xiaoman", "snsapi_base").await;
    let pair = world.exchange(&world.app(AppKind::OfficialAccount), &code).await;
    assert_eq!(use_token(&world, &text(&pair["access_token"])).await, 40014);
    assert_eq!(use_token(&world, &format!("98_{}", "x".repeat(128))).await, 40001);
    assert_eq!(use_token(&world, "").await, 41001);
}

#[tokio::test]
async fn a_mini_program_code_wants_post() {
    let world = start().await;
    assert_eq!(errcode(&world.json("/wxa/getwxacodeunlimit", &[]).await), 43002);
}
