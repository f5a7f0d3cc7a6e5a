//! Browsers on their way to WeChat and back, and pages that call from elsewhere.

use super::{Sdk, ok, word};
use crate::{
    facades::desk::{Desk, FAR_PAGE, PAGE, parameter},
    testing::Answer,
};
use axum::http::{Method, StatusCode, header};
use rstest::rstest;

#[tokio::test]
async fn rule_2_a_page_that_is_loaded_again_gets_the_same_person() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let code = sdk.code("wx_open", "lin-xiaoman").await;
    let mut subs = Vec::new();
    for _ in 0..2 {
        let granted = ok(sdk.grant("wx_open", &code).await);
        let token = granted["provider_token"].as_str().unwrap().to_owned();
        subs.push(ok(sdk.sign_in(&token).await)["sub"].clone());
    }
    assert_eq!(subs[0], subs[1]);
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn a_host_that_wechat_does_not_know_is_reached_through_ours() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let uri = ok(sdk.uri("pc-relay", FAR_PAGE).await)["uri"]
        .as_str()
        .unwrap()
        .to_owned();
    let ours = desk
        .scan_page(departed(&desk, &uri).await.as_str(), "chen-mo")
        .await;
    assert_eq!(ours.path(), "/auth/v1/provider/callback");
    let page = sent_on(&desk.browse(&ours).await);
    assert!(page.as_str().starts_with(FAR_PAGE), "{page}");
    assert_eq!(parameter(&page, "state").as_deref(), Some("wx_open"));
    let granted = ok(sdk.grant("pc-relay", &parameter(&page, "code").unwrap()).await);
    let token = granted["provider_token"].as_str().unwrap().to_owned();
    ok(sdk.sign_in(&token).await);
    assert_eq!(sdk.me().await["name"], "陈默");

    desk.clock.turn(11 * 60 * 1000);
    let late = desk.browse(&ours).await;
    assert_eq!(word(&late), "invalid_argument");
}

/// Where our own address sends the browser, which it marks.
async fn departed(desk: &Desk, uri: &str) -> url::Url {
    let ours: url::Url = uri.parse().unwrap();
    assert_eq!(ours.path(), "/auth/v1/provider/begin");
    sent_on(&desk.browse(&ours).await)
}

fn sent_on(answer: &Answer) -> url::Url {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
    answer.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_browser_that_did_not_begin_is_not_sent_on_with_a_code() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let uri = ok(sdk.uri("pc-relay", FAR_PAGE).await)["uri"].clone();
    let wechat = departed(&desk, uri.as_str().unwrap()).await;
    let twice: url::Url = uri.as_str().unwrap().parse().unwrap();
    assert_ne!(parameter(&wechat, "state"), parameter(&twice, "ticket"));
    let twice = desk.browse(&twice).await;
    assert_eq!(word(&twice), "invalid_argument", "a link begins one login");

    let ours = desk.scan_page(wechat.as_str(), "chen-mo").await;
    let own = desk.another_browser();
    let refused = sent_on(&desk.browse(&ours).await);
    assert!(refused.as_str().starts_with(FAR_PAGE), "{refused}");
    assert_eq!(parameter(&refused, "error").as_deref(), Some("other_browser"));
    assert_eq!(parameter(&refused, "code"), None);

    desk.browser(own);
    let page = sent_on(&desk.browse(&ours).await);
    assert!(parameter(&page, "code").is_some(), "{page}");
    assert_eq!(sent_on(&desk.browse(&ours).await), page, "a reload");
    let mut stolen = ours.clone();
    let state = parameter(&ours, "state").unwrap();
    stolen.set_query(Some(&format!("code=another&state={state}")));
    let refused = sent_on(&desk.browse(&stolen).await);
    assert_eq!(parameter(&refused, "error").as_deref(), Some("replayed"));
    let attempts = desk.attempts().await;
    let why: Vec<_> = attempts
        .iter()
        .filter_map(|attempt| attempt["verdict"]["failure"]["why"].as_str())
        .collect();
    assert_eq!(why.len(), 2, "{attempts:?}");
    assert!(
        why.contains(&"replay") && why.contains(&"other_browser"),
        "{why:?}"
    );
}

#[rstest]
#[case::exact("pc", PAGE, true)]
#[case::of_the_application("pc-relay", FAR_PAGE, true)]
#[case::other_path("pc", "http://127.0.0.1:9/login/evil", false)]
#[case::other_query("pc", "http://127.0.0.1:9/login?next=x", false)]
#[case::other_port("pc", "http://127.0.0.1:10/login", false)]
#[case::other_host("pc", "http://evil.example/login", false)]
#[case::user_info("pc", "http://127.0.0.1:9@evil.example/login", false)]
#[case::script("pc", "javascript:alert(1)", false)]
#[case::no_url("pc", "curpage", false)]
#[case::nothing("pc", "", false)]
#[case::a_host_that_nobody_registered("pc", FAR_PAGE, true)]
#[tokio::test]
async fn only_pages_of_the_list_are_returned_to(
    #[case] provider_id: &str,
    #[case] page: &str,
    #[case] allowed: bool,
) {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let answer = sdk.uri(provider_id, page).await;
    if allowed {
        ok(answer);
    } else {
        assert_eq!(word(&answer), "invalid_argument");
        assert_eq!(desk.attempts().await.len(), 1, "an operator can read it");
    }
}

#[tokio::test]
async fn a_page_inside_wechat_logs_in_through_ours() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let uri = ok(sdk.uri("wx_mp", FAR_PAGE).await)["uri"]
        .as_str()
        .unwrap()
        .to_owned();
    let ours = desk
        .authorize(departed(&desk, &uri).await.as_str(), "zhao-yuan")
        .await;
    let page = sent_on(&desk.browse(&ours).await);
    let granted = ok(sdk.grant("wx_mp", &parameter(&page, "code").unwrap()).await);
    let token = granted["provider_token"].as_str().unwrap().to_owned();
    ok(sdk.sign_in(&token).await);
    assert_eq!(sdk.me().await["providers"][0]["id"], "wx_mp");
}

#[tokio::test]
async fn any_page_may_call_without_cookies() {
    let desk = Desk::open().await;
    let headers = [
        ("origin", "https://shop.example.com"),
        ("access-control-request-method", "PATCH"),
        (
            "access-control-request-headers",
            "authorization,content-type,x-device-id,x-sdk-version",
        ),
    ];
    let answer = desk
        .call(Method::OPTIONS, "/auth/v1/user/profile", &headers, "")
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(
        answer.headers[header::ACCESS_CONTROL_ALLOW_METHODS]
            .to_str()
            .unwrap()
            .contains("PATCH")
    );
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_HEADERS], headers[2].1);
    assert!(
        !answer
            .headers
            .contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS)
    );
    let origin = [("origin", "https://shop.example.com")];
    let answer = desk.call(Method::GET, "/auth/v1/user/me", &origin, "").await;
    assert_eq!(
        answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN],
        "*",
        "errors can be read too"
    );
    let manage = desk
        .call(Method::OPTIONS, "/manage/v1/pools/default", &headers, "")
        .await;
    assert!(!manage.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}
