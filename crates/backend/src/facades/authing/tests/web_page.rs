//! Web pages: wxmp and the social pop-up.

use crate::facades::desk::{Desk, PAGE, parameter};
use axum::http::{Method, StatusCode, header};
use rstest::rstest;
use serde_json::Value;
use url::Url;

async fn sent_to(desk: &Desk, path: &str) -> Result<String, Value> {
    let answer = desk.call(Method::GET, path, &[], "").await;
    if answer.status == StatusCode::FOUND {
        return Ok(answer.headers[header::LOCATION].to_str().unwrap().to_owned());
    }
    assert_eq!(answer.status, StatusCode::OK);
    Err(answer.json())
}

/// Lets the person agree, and follows the browser to our callback.
async fn agreed(desk: &Desk, page: &str, person: &str) -> crate::testing::Answer {
    let callback = desk.authorize(page, person).await;
    desk.browse(&callback).await
}

#[rstest]
#[case::seed("/oauth/wechatmp/url/default".to_owned())]
#[case::by_kind("/connections/social/wechat:webpage-authorization?app_id=shop".to_owned())]
#[case::by_identifier(format!("/connections/social/wxweb?app_id=shop&redirect_url={PAGE}"))]
#[tokio::test]
async fn the_browser_comes_back_with_the_user(#[case] path: String) {
    let desk = Desk::open().await;
    let page = sent_to(&desk, &path).await.unwrap();
    let back = agreed(&desk, &page, "lin-xiaoman").await;
    assert_eq!(back.status, StatusCode::FOUND, "{}", back.text());
    assert_eq!(back.headers[header::REFERRER_POLICY], "no-referrer");
    let url: Url = back.headers[header::LOCATION].to_str().unwrap().parse().unwrap();
    assert!(url.as_str().starts_with(PAGE));
    assert_eq!(parameter(&url, "code").as_deref(), Some("200"));
    let user: Value = serde_json::from_str(&parameter(&url, "data").unwrap()).unwrap();
    assert!(user["token"].is_string() && user["id"] == user["_id"]);
    assert_eq!(desk.users().await, 1);
}

#[rstest]
#[case::foreign(
    "/connections/social/wxweb?app_id=shop&redirect_url=https://evil.example/login",
    1104
)]
#[case::unknown("/connections/social/nothing?app_id=shop", 1100)]
#[case::not_offered("/connections/social/wxweb?app_id=members", 1100)]
#[case::disabled("/connections/social/pc-disabled?app_id=shop", 1101)]
#[case::unknown_application("/connections/social/wxweb?app_id=nobody", 1001)]
#[tokio::test]
async fn what_is_not_allowed_goes_nowhere(#[case] path: &str, #[case] code: i32) {
    let desk = Desk::open().await;
    let refused = sent_to(&desk, path).await.unwrap_err();
    assert_eq!(refused["code"], code, "{refused}");
    if code != 1001 {
        assert_eq!(desk.attempts().await.len(), 1);
    }
}

#[tokio::test]
async fn a_window_that_a_page_opened_tells_only_that_page() {
    let desk = Desk::open().await;
    let page = sent_to(&desk, "/connections/social/wxweb?from_guard=1&app_id=shop")
        .await
        .unwrap();
    let back = agreed(&desk, &page, "lin-xiaoman").await;
    assert_eq!(back.status, StatusCode::OK);
    let text = back.text();
    assert!(text.contains("\"eventType\":\"socialLogin\""), "{text}");
    assert!(text.contains("\"http://127.0.0.1:9\""), "{text}");
    assert!(!text.contains("'*'") && !text.contains("\"*\""));
}

#[tokio::test]
async fn a_callback_that_another_browser_opens_logs_nobody_in() {
    let desk = Desk::open().await;
    let page = sent_to(
        &desk,
        &format!("/connections/social/wxweb?app_id=shop&redirect_url={PAGE}"),
    )
    .await
    .unwrap();
    let callback = desk.authorize(&page, "lin-xiaoman").await;
    let own = desk.another_browser();
    for _ in 0..2 {
        let refused = location(&desk.browse(&callback).await);
        assert!(refused.as_str().starts_with(PAGE), "{refused}");
        assert_eq!(parameter(&refused, "code").as_deref(), Some("1106"));
        assert_eq!(parameter(&refused, "data"), None);
        // Now a browser with a mark, but of its own.
        sent_to(&desk, "/connections/social/wxweb?app_id=shop")
            .await
            .unwrap();
    }
    assert_eq!(desk.users().await, 0, "WeChat was not even asked");
    let why = desk.attempts().await.into_iter();
    let why = why.filter(|attempt| attempt["verdict"]["failure"]["why"] == "other_browser");
    assert_eq!(why.count(), 2);

    desk.browser(own);
    let back = [desk.browse(&callback).await, desk.browse(&callback).await];
    let [first, again] = back.map(|answer| user_id(&location(&answer)));
    assert_eq!(first, again, "a reload gets the first outcome");
}

#[tokio::test]
async fn two_windows_of_one_browser_log_in() {
    let desk = Desk::open().await;
    let path = "/connections/social/wxweb?app_id=shop";
    let pages = [
        sent_to(&desk, path).await.unwrap(),
        sent_to(&desk, path).await.unwrap(),
    ];
    for page in pages {
        let back = agreed(&desk, &page, "lin-xiaoman").await;
        assert!(user_id(&location(&back)).is_string());
    }
}

fn location(answer: &crate::testing::Answer) -> Url {
    assert_eq!(answer.status, StatusCode::FOUND, "{}", answer.text());
    answer.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

fn user_id(page: &Url) -> Value {
    let data = parameter(page, "data").unwrap_or_else(|| panic!("no user: {page}"));
    let user: Value = serde_json::from_str(&data).unwrap();
    user["id"].clone()
}
