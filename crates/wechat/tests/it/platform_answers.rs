//! Every documented answer of the calls a login makes, as the client reads it.

use crate::canned::{Answer, Canned, Fixed, SCENE, SECRET, app, client, real};
use rstest::rstest;
use serde_json::Value;
use yaopai_domain::Timestamp;
use yaopai_wechat::{
    Call, Error, FollowTicket, LinkTarget, LoginCode, MiniProgramVersion, PhoneCode, QrState, RefreshToken,
    Scope, SdkSignature, SdkTicket, SessionKey, UserToken,
};

const CODE: &str = "0813NDFa1etq0M0SGBGa1X6UNk33NDFz";
const SESSION_KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
const OPEN_ID: &str = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0";
const NOW: Timestamp = Timestamp(1_735_689_600_000);
const TOKEN: &str = r#"{"access_token":"98_api","expires_in":7200}"#;
const TICKET: &str = r#"{"errcode":0,"errmsg":"ok","ticket":"sdk-ticket","expires_in":7200}"#;

/// A call with its value turned into text, so that one table holds them all.
fn told<T: std::fmt::Debug>(call: Call<T>) -> Call<String> {
    Call {
        request: call.request,
        answer: call.answer,
        result: call.result.map(|value| format!("{value:?}")),
    }
}

/// What WeChat is asked before the answer that a call is about.
fn asked_before(call: &str) -> &'static [&'static str] {
    match call {
        "code_to_session" | "api_token" | "exchange_code" | "refresh_grant" | "check_user_token"
        | "user_info" => &[],
        "open_sdk_qr" => &[TOKEN, TICKET],
        _ => &[TOKEN],
    }
}

async fn make(call: &str, canned: &Canned) -> Call<String> {
    let wechat = &canned.wechat;
    let app = app();
    let code = LoginCode::new(CODE);
    let token = UserToken::new("98_token");
    let key = SessionKey::new(SESSION_KEY);
    let target = LinkTarget {
        path: "pages/login",
        query: CODE,
        version: MiniProgramVersion::Release,
        until: NOW,
    };
    match call {
        "code_to_session" => told(wechat.code_to_session(&app, &code).await),
        "api_token" => told(wechat.api_token(&app, NOW).await),
        "check_session" => told(wechat.check_session(&app, OPEN_ID, &key, NOW).await),
        "reset_session_key" => told(wechat.reset_session_key(&app, OPEN_ID, &key, NOW).await),
        "phone_number" => {
            let code = PhoneCode::new(CODE);
            told(wechat.phone_number(&app, &code, Some(OPEN_ID), NOW).await)
        }
        "mini_program_code" => told(
            wechat
                .mini_program_code(&app, &yaopai_wechat::ScenePage::HOME, SCENE, NOW)
                .await,
        ),
        "path_code" => told(wechat.path_code(&app, CODE, MiniProgramVersion::Trial, NOW).await),
        "path_qr_code" => told(wechat.path_qr_code(&app, CODE, NOW).await),
        "scheme" => told(wechat.scheme(&app, &target, NOW).await),
        "url_link" => told(wechat.url_link(&app, &target, NOW).await),
        "exchange_code" => told(wechat.exchange_code(&app, &code).await),
        "refresh_grant" => {
            let refresh = RefreshToken::new("98_refresh");
            told(wechat.refresh_grant(&app.app_id, &refresh).await)
        }
        "check_user_token" => told(wechat.check_user_token(&token, OPEN_ID).await),
        "user_info" => told(wechat.user_info(&token, OPEN_ID).await),
        "sign_sdk_qr" => told(wechat.sign_sdk_qr(&app, &Fixed, NOW).await),
        "open_sdk_qr" => told(wechat.open_sdk_qr(&app, &Fixed, NOW).await),
        "follow_code" => told(wechat.follow_code(&app, SCENE, 300, NOW).await),
        "follower" => told(wechat.follower(&app, OPEN_ID, NOW).await),
        other => panic!("no such call: {other}"),
    }
}

#[tokio::test]
async fn reads_every_documented_answer_and_shows_no_secret() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    let answers = vectors["responses"].as_array().unwrap();
    // WeChat Work is nothing a login of ours needs.
    let answers: Vec<&Value> = answers.iter().filter(|answer| answer["call"] != "none").collect();
    assert_eq!(answers.len(), 70);
    for answer in answers {
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        let id = text("id");
        let body: Value = serde_json::from_str(&text("body")).unwrap_or_default();
        let mut prepared: Vec<Answer> = asked_before(&text("call"))
            .iter()
            .map(|body| Answer::json(body))
            .collect();
        prepared.push(match text("content_type").as_str() {
            "image/jpeg" => Answer::picture(),
            content_type => Answer {
                content_type: content_type.to_owned(),
                ..Answer::json(&text("body"))
            },
        });
        let canned = Canned::start(prepared).await;
        // Spawned, as a backend does it.
        let made = text("call");
        let call = tokio::spawn(async move { make(&made, &canned).await })
            .await
            .unwrap();
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
        for secret in [
            "98_",
            SECRET,
            SCENE,
            CODE,
            SESSION_KEY,
            "session_key\":",
            "k33NDFz",
            "13800138000",
            "sdk-ticket",
            "SimUuid",
            "SimTicket",
            "SimLink",
            "SimScene",
            "gQH47jo",
        ] {
            assert!(!shown.contains(secret), "{id} shows {secret}: {shown}");
        }
        for name in ["session_key", "access_token", "refresh_token", "ticket"] {
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

    let canned = Canned::start(vec![Answer::json(TOKEN), Answer::picture()]).await;
    let image = canned
        .wechat
        .mini_program_code(&app(), &yaopai_wechat::ScenePage::HOME, SCENE, NOW)
        .await;
    let shown = image.request.unwrap();
    let (_, body) = shown
        .split_once("/wxa/getwxacodeunlimit?access_token=•••• ")
        .unwrap();
    assert!(
        body.starts_with(r#"{"scene":"••••","check_path":false"#),
        "{body}"
    );
    assert!(canned.asked()[1].contains(SCENE), "the scene is sent");
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

/// The addresses of the vectors that a backend makes.
fn address(id: &str) -> String {
    let vectors: Value = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    vectors["urls"][id].as_str().unwrap().to_owned()
}

#[test]
fn the_addresses_are_those_of_the_vectors() {
    let wechat = real();
    let app_id = "wx00112233445566aa";
    let web = "https://id.example.com/callback/wechat".parse().unwrap();
    let state = "3d6be0a4035d839573b04816624a415e";
    assert_eq!(
        wechat.qrconnect_url(app_id, &web, state).as_str(),
        address("qrconnect")
    );
    let inside = "https://id.example.com/callback/oa".parse().unwrap();
    // Ours always asks not to be called back twice.
    let once = |address: String| address.replace("#wechat_redirect", "&connect_redirect=1#wechat_redirect");
    assert_eq!(
        wechat.authorize_url(app_id, &inside, Scope::Base, "123").as_str(),
        once(address("oauth2-authorize-base"))
    );
    assert_eq!(
        wechat
            .authorize_url(app_id, &inside, Scope::UserInfo, "STATE")
            .as_str(),
        address("oauth2-authorize-userinfo").replace("&forcePopup=true", "")
    );
    let shown = wechat.authorize_url_shown(app_id, &inside, Scope::UserInfo);
    assert!(
        shown.ends_with("&state=••••&connect_redirect=1#wechat_redirect"),
        "{shown}"
    );
    let ticket = FollowTicket::new("gQH47joAAAAAAAAAASim0001");
    assert_eq!(
        wechat.follow_code_picture(&ticket).as_str(),
        address("showqrcode")
    );
}

#[tokio::test]
async fn a_mobile_apps_code_is_asked_for_and_followed_in_the_vectors_words() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    let find = |id: &str| {
        let mut answers = vectors["responses"].as_array().unwrap().iter();
        let answer = answers.find(|answer| answer["id"] == id).unwrap();
        Answer::json(answer["body"].as_str().unwrap())
    };
    let canned = Canned::start(vec![
        Answer::json(TOKEN),
        find("ticket-sdk-ok"),
        find("sdk-qrconnect-ok"),
        Answer::json(r#"{"wx_errcode":404,"wx_code":""}"#),
        Answer::json(r#"{"wx_errcode":405,"wx_code":"0813NDFa1etq0M0SGBGa1X6UNk33NDFz"}"#),
    ])
    .await;
    let wechat = &canned.wechat;
    let qr = wechat.open_sdk_qr(&app(), &Fixed, NOW).await.result.unwrap();
    assert_eq!(qr.app_name, "示例应用");
    assert_eq!(qr.image.bytes, [0xff, 0xd8, 0xff, 0xe0]);
    assert_eq!(real().confirm_url(&qr.uuid).as_str(), address("confirm"));
    let scanned = wechat.poll_sdk_qr(&qr.uuid, &QrState::Waiting).await.result;
    assert_eq!(scanned, Ok(QrState::Scanned));
    let agreed = wechat.poll_sdk_qr(&qr.uuid, &QrState::Scanned).await.result;
    assert_eq!(agreed, Ok(QrState::Confirmed(LoginCode::new(CODE))));
    let asked = canned.asked();
    assert!(
        asked[1].contains("/cgi-bin/ticket/getticket?type=2&access_token=98_api"),
        "{asked:?}"
    );
    let signature = SdkSignature::new(
        "wx00112233445566aa",
        &"07".repeat(16),
        "1735689600",
        &SdkTicket::new(
            "-p3A5zVP95IuafPhzA6lRR95_F9nZEBfJ_n4E9t8ZFWKJTDPOwccVQhHCwDBmvLkayF_jh-m9HOExhumOziDWA",
        ),
    );
    let expected = address("sdk-qrconnect")
        .replace("https://open.weixin.qq.com", "")
        .replace("5K8264ILTKCH16CQ2502SI8ZNMTM67VS", &signature.noncestr)
        .replace("9a4232553b70910229f15e7d1e351a0018e6efcf", &signature.signature);
    assert!(asked[2].contains(&expected), "{expected} in {asked:?}");
    let polls: Vec<&str> = asked[3..]
        .iter()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(
        polls,
        [
            "/connect/l/qrconnect?f=json&uuid=051SimUuid0000Ab",
            "/connect/l/qrconnect?f=json&uuid=051SimUuid0000Ab&last=404"
        ]
    );
}

#[tokio::test]
async fn a_session_is_checked_with_the_signature_of_nothing() {
    let canned = Canned::start(vec![
        Answer::json(TOKEN),
        Answer::json(r#"{"errcode":0,"errmsg":"ok"}"#),
    ])
    .await;
    let key = SessionKey::new("qXDQ9DjIMLefEpO0kRxmzA==");
    let call = canned.wechat.check_session(&app(), OPEN_ID, &key, NOW).await;
    assert_eq!(call.result, Ok(()));
    let asked = canned.asked();
    let expected = format!(
        "GET /wxa/checksession?openid={OPEN_ID}\
         &signature=0234ebc98b4da84a08204bb68500a2508937d8ff38fb0141ac2f74e4fff50554\
         &sig_method=hmac_sha256&access_token=98_api "
    );
    assert!(asked[1].starts_with(&expected), "{asked:?}");
}

#[rstest]
#[case::another_app(
    "phone_number",
    r#"{"errcode":0,"phone_info":{"purePhoneNumber":"1380013","countryCode":"86","watermark":{"appid":"wxff"}}}"#
)]
#[case::no_watermark(
    "phone_number",
    r#"{"errcode":0,"phone_info":{"purePhoneNumber":"1380013","countryCode":"86"}}"#
)]
#[case::no_number(
    "phone_number",
    r#"{"errcode":0,"phone_info":{"watermark":{"appid":"wx00112233445566aa"}}}"#
)]
#[case::another_person("reset_session_key", r#"{"errcode":0,"openid":"o2","session_key":"x"}"#)]
#[case::another_follower("follower", r#"{"subscribe":1,"openid":"o2"}"#)]
#[case::no_follower("follower", "{}")]
#[case::no_verdict("check_session", "{}")]
#[case::no_verdict_on_a_token("check_user_token", "{}")]
#[case::another_user("user_info", r#"{"openid":"o2","nickname":"x"}"#)]
#[case::no_picture("mini_program_code", "{}")]
#[case::no_picture_of_a_qr(
    "open_sdk_qr",
    r#"{"errcode":0,"uuid":"u","appname":"a","qrcode":{"qrcodebase64":"AAAA"}}"#
)]
#[case::no_uuid(
    "open_sdk_qr",
    r#"{"errcode":0,"appname":"a","qrcode":{"qrcodebase64":"/9j/4A=="}}"#
)]
#[case::no_link("url_link", r#"{"errcode":0}"#)]
#[tokio::test]
async fn an_answer_about_something_else_is_no_answer(#[case] call: &str, #[case] body: &str) {
    let mut answers: Vec<Answer> = asked_before(call).iter().map(|body| Answer::json(body)).collect();
    answers.push(Answer::json(body));
    let canned = Canned::start(answers).await;
    let result = make(call, &canned).await.result;
    assert!(matches!(result, Err(Error::Unexpected { .. })), "{result:?}");
}
