//! Every documented answer of the calls a login makes, as the client reads it.

use crate::canned::{Answer, Canned, SCENE, SECRET, app, client};
use rstest::rstest;
use serde_json::Value;
use yaopai_domain::Timestamp;
use yaopai_wechat::{ApiToken, Call, Error, LoginCode, UserToken};

const CODE: &str = "0813NDFa1etq0M0SGBGa1X6UNk33NDFz";
const OPEN_ID: &str = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0";
const NOW: Timestamp = Timestamp(1_735_689_600_000);

/// A call with its value turned into text, so that one table holds them all.
fn told<T: std::fmt::Debug>(call: Call<T>) -> Call<String> {
    Call {
        request: call.request,
        answer: call.answer,
        result: call.result.map(|value| format!("{value:?}")),
    }
}

async fn make(call: &str, canned: &Canned) -> Call<String> {
    let wechat = &canned.wechat;
    let code = LoginCode::new(CODE);
    let token = UserToken::new("98_token");
    match call {
        "code_to_session" => told(wechat.code_to_session(&app(), &code).await),
        "exchange_code" => told(wechat.exchange_code(&app(), &code).await),
        "user_info" => told(wechat.user_info(&token, OPEN_ID).await),
        "api_token" => told(wechat.api_token(&app(), NOW).await),
        "mini_program_code" => told(
            wechat
                .mini_program_code(&app(), &ApiToken::new("98_api"), SCENE, NOW)
                .await,
        ),
        other => panic!("no such call: {other}"),
    }
}

#[tokio::test]
async fn reads_every_documented_answer_and_shows_no_secret() {
    let answers: Vec<Value> = serde_json::from_str(include_str!("responses.json")).unwrap();
    assert!(answers.len() > 40, "the table is complete");
    for answer in answers {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let id = text("id");
        let body: Value = serde_json::from_str(&text("body")).unwrap();
        let canned = Canned::start(vec![Answer {
            content_type: text("content_type"),
            ..Answer::json(&text("body"))
        }])
        .await;
        let call = make(&text("call"), &canned).await;
        let shown = format!("{call:?}");
        match body["errcode"].as_i64().filter(|errcode| *errcode != 0) {
            Some(errcode) => {
                let Err(Error::WeChat(error)) = call.result else {
                    panic!("{id}: {:?}", call.result);
                };
                assert_eq!(i64::from(error.errcode), errcode, "{id}");
                assert_eq!(error.errmsg, body["errmsg"].as_str().unwrap(), "{id}");
                assert_eq!(error.rid.as_deref(), Some("67748580-1c2d3e4f-0a1b2c3d"), "{id}");
                assert_eq!(call.answer[0], format!("errcode: {errcode}"), "{id}");
            }
            None => assert!(call.result.is_ok(), "{id}: {:?}", call.result),
        }
        for secret in ["98_", SECRET, CODE, "session_key\":", "k33NDFz"] {
            assert!(!shown.contains(secret), "{id} shows {secret}: {shown}");
        }
        for name in ["session_key", "access_token", "refresh_token"] {
            if let Some(value) = body[name].as_str() {
                assert!(!shown.contains(value), "{id} shows its {name}");
            }
        }
    }
}

#[tokio::test]
async fn shows_the_request_with_dots() {
    let canned = Canned::start(vec![Answer::json("{}")]).await;
    let call = canned.wechat.exchange_code(&app(), &LoginCode::new(CODE)).await;
    let shown = call.request.unwrap();
    let (_, path) = shown.split_once("/sns/").unwrap();
    assert_eq!(
        path,
        "oauth2/access_token?appid=wx00112233445566aa&secret=••••&code=••••&grant_type=authorization_code"
    );
    let sent = canned.asked();
    assert!(
        sent[0].contains(&format!("secret={SECRET}&code={CODE}")),
        "{sent:?}"
    );

    let call = canned.wechat.api_token(&app(), NOW).await;
    let shown = call.request.unwrap();
    assert!(shown.contains(r#""secret":"••••""#), "{shown}");
    let image = canned
        .wechat
        .mini_program_code(&app(), &ApiToken::new("98_api"), SCENE, NOW)
        .await;
    let shown = image.request.unwrap();
    assert!(
        shown.contains("/wxa/getwxacodeunlimit?access_token=•••• {"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_text_that_repeats_the_secret_is_scrubbed() {
    let body = format!(r#"{{"errcode":40125,"errmsg":"invalid appsecret {SECRET} for {CODE}"}}"#);
    let canned = Canned::start(vec![Answer::json(&body)]).await;
    let call = canned.wechat.code_to_session(&app(), &LoginCode::new(CODE)).await;
    let shown = format!("{call:?}");
    assert!(shown.contains("invalid appsecret •••• for ••••"), "{shown}");
    assert!(!shown.contains(SECRET) && !shown.contains(CODE), "{shown}");
}

#[rstest]
#[case::html("200 OK", "<html>maintenance</html>")]
#[case::gateway("502 Bad Gateway", "")]
#[case::list("200 OK", "[]")]
#[case::missing_openid("200 OK", r#"{"session_key":"OI4Ucm1ZXgExNbwVpBqlEw=="}"#)]
#[case::null_openid("200 OK", r#"{"session_key":"OI4Ucm1ZXgExNbwVpBqlEw==","openid":null}"#)]
#[tokio::test]
async fn names_the_host_that_does_not_speak_the_protocol(#[case] status: &'static str, #[case] body: &str) {
    let canned = Canned::start(vec![Answer {
        status,
        ..Answer::json(body)
    }])
    .await;
    let call = canned.wechat.code_to_session(&app(), &LoginCode::new(CODE)).await;
    let Err(Error::Unexpected { host, what }) = call.result else {
        panic!("{:?}", call.result);
    };
    assert!(host.starts_with("127.0.0.1:"), "{host}");
    assert!(!what.contains("OI4Ucm1Z"), "no body in the error: {what}");
}

#[tokio::test]
async fn names_the_host_that_does_not_answer() {
    // A port that was free a moment ago and that nobody listens on.
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let wechat = client(format!("http://127.0.0.1:{port}").parse().unwrap());
    let call = wechat.code_to_session(&app(), &LoginCode::new(CODE)).await;
    let host = format!("127.0.0.1:{port}");
    assert_eq!(call.result, Err(Error::Unreachable { host }));
}

#[rstest]
#[case("redirect_uri 参数错误")]
#[case("Scope 参数错误或没有 Scope 权限")]
#[case("AppID 参数错误")]
#[tokio::test]
async fn repeats_the_words_of_a_refused_page(#[case] words: &str) {
    let canned = Canned::start(vec![Answer::json(&format!("<html><h4>{words}</h4></html>"))]).await;
    let redirect = "https://shop.example.com/cb".parse().unwrap();
    let call = canned
        .wechat
        .open_qr_page("wx00112233445566aa", &redirect, "s1")
        .await;
    assert_eq!(
        call.result.unwrap_err(),
        Error::PageRefused {
            message: words.to_owned()
        }
    );
    let shown = call.request.unwrap();
    assert!(shown.ends_with("&scope=snsapi_login&state=••••"), "{shown}");
}

#[test]
fn the_authorize_address_has_the_documented_order() {
    let wechat = client("http://127.0.0.1:1/".parse().unwrap());
    let redirect = "https://id.example.com/connections/social/oa/callback"
        .parse()
        .unwrap();
    let url = wechat.authorize_url("wx00112233445566aa", &redirect, "s1");
    assert_eq!(
        url.as_str(),
        "http://127.0.0.1:1/connect/oauth2/authorize?appid=wx00112233445566aa\
         &redirect_uri=https%3A%2F%2Fid.example.com%2Fconnections%2Fsocial%2Foa%2Fcallback\
         &response_type=code&scope=snsapi_userinfo&state=s1#wechat_redirect"
    );
    let shown = wechat.authorize_url_shown("wx00112233445566aa", &redirect);
    assert!(shown.ends_with("&state=••••#wechat_redirect"), "{shown}");
}
