//! `wechat:pc` from the drawn code to the verdict.

use super::{Ends, failed_with, legs_done, refused};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use std::time::Duration;
use yaopai_domain::{AttemptState, Code, ConnectionKind, LegName, Refusal, Verdict};

const PC: ConnectionKind = ConnectionKind::Pc;

#[tokio::test]
async fn the_states_are_wechats_own_and_the_person_becomes_a_user() {
    let ends = Ends::open().await;
    let connection = ends.connect(PC).await;
    let (id, url) = ends.draw(connection, false).await;
    assert!(url.contains("/connect/confirm?uuid="), "{url}");
    let mut live = ends.follow(id).await;
    live.until(AttemptState::Waiting).await;
    ends.phone(&url, "", "scan").await;
    live.until(AttemptState::Scanned).await;
    ends.phone(&url, "lin-xiaoman", "approve").await;
    let last = live.end().await;
    assert_eq!(last.state, AttemptState::Decided);
    assert_eq!(
        legs_done(&last),
        [
            LegName::QrPage,
            LegName::LongPoll,
            LegName::CodeExchange,
            LegName::UserInfo,
            LegName::Resolve
        ]
    );
    let Some(Verdict::Create {
        user_id: Some(user),
        person,
    }) = &last.verdict
    else {
        panic!("{:?}", last.verdict);
    };
    assert_eq!(person.nickname.as_deref(), Some("小满"));
    assert!(person.union_id.is_some());
    assert_eq!(ends.users().await, 1);
    insta::assert_json_snapshot!(ends.timeless(&last));

    let (id, url) = ends.draw(connection, false).await;
    ends.phone(&url, "lin-xiaoman", "approve").await;
    let again = ends.ended(id).await;
    let Some(Verdict::LogIn { user_id, name, .. }) = &again.verdict else {
        panic!("{:?}", again.verdict);
    };
    assert_eq!((user_id, name.as_deref()), (user, Some("小满")));
    assert_eq!(ends.users().await, 1);
}

#[tokio::test]
async fn a_person_who_refuses_is_refused() {
    let ends = Ends::open().await;
    let connection = ends.connect(PC).await;
    let (id, url) = ends.draw(connection, false).await;
    ends.phone(&url, "", "refuse").await;
    let ended = ends.ended(id).await;
    assert_eq!((ended.state, ended.verdict), (AttemptState::Refused, None));
    assert_eq!(ends.users().await, 0);
}

#[test]
fn a_wechat_on_this_machine_is_not_asked_through_a_proxy() {
    // The variables belong to the whole process, so another one runs the login.
    let nowhere = "http://127.0.0.1:9";
    let login = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "login::tests::pc::a_person_who_refuses_is_refused"])
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, nowhere)))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&login.stdout);
    assert!(login.status.success() && told.contains("1 passed"), "{told}");
}

#[rstest]
#[case::without_union_id("su-he", false, Some("苏禾"))]
#[case::anonymous("zhou-ning", true, None)]
#[case::emoji("ye-zi", false, Some("叶子🍃👩‍🌾"))]
#[tokio::test]
async fn everybody_is_somebody(#[case] who: &str, #[case] anonymous: bool, #[case] name: Option<&str>) {
    let ends = Ends::open().await;
    let connection = ends.connect(PC).await;
    for _ in 0..2 {
        let (id, url) = ends.draw(connection, false).await;
        ends.phone(&url, who, "approve").await;
        let ended = ends.ended(id).await;
        match ended.verdict {
            Some(Verdict::Create { person, .. }) => {
                assert_eq!(person.anonymous, anonymous);
                assert_eq!(person.union_id.is_none(), who == "su-he");
            }
            Some(Verdict::LogIn { name: known, .. }) => assert_eq!(known.as_deref(), name),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ends.users().await, 1);
}

#[tokio::test]
async fn a_dry_run_works_on_a_disabled_connection_and_writes_no_user() {
    let ends = Ends::open().await;
    let connection = ends.connect(PC).await;
    ends.disable(connection).await;
    let (code, _) = refused(ends.start(connection, false).await);
    assert_eq!(code, Code::ConnectionDisabled);
    let (id, url) = ends.draw(connection, true).await;
    ends.phone(&url, "chen-mo", "approve").await;
    let ended = ends.ended(id).await;
    assert!(
        matches!(ended.verdict, Some(Verdict::Create { user_id: None, .. })),
        "{:?}",
        ended.verdict
    );
    assert_eq!(ends.users().await, 0);
}

#[tokio::test]
async fn rule_3_login_only_refuses_a_stranger() {
    let ends = Ends::open().await;
    let connection = ends.connect_with(PC, json!({ "login_only": true })).await;
    let (id, url) = ends.draw(connection, false).await;
    ends.phone(&url, "lin-xiaoman", "approve").await;
    let ended = ends.ended(id).await;
    assert_eq!(ended.state, AttemptState::Decided);
    let Some(Verdict::Refuse { refusal, .. }) = ended.verdict else {
        panic!("{:?}", ended.verdict);
    };
    assert_eq!(refusal, Refusal::LoginOnly);
    assert_eq!(ends.users().await, 0);
}

#[tokio::test]
async fn a_wrong_secret_fails_at_the_exchange_with_40125() {
    let ends = Ends::open().await;
    let connection = ends
        .connect_with(PC, json!({ "app_secret": "f".repeat(32) }))
        .await;
    let (id, url) = ends.draw(connection, false).await;
    ends.phone(&url, "lin-xiaoman", "approve").await;
    let ended = ends.ended(id).await;
    assert_eq!(failed_with(&ended), (LegName::CodeExchange, 40125));
}

#[tokio::test]
async fn a_foreign_callback_host_is_refused_by_the_page_and_kept() {
    let ends = Ends::open().await;
    let callback = json!({ "callback_url": "https://shop.example.com/cb" });
    let connection = ends.connect_with(PC, callback).await;
    let (code, problem) = refused(ends.start(connection, true).await);
    assert_eq!(code, Code::WechatPageRefused);
    assert!(
        problem.detail.contains("redirect_uri 参数错误"),
        "{}",
        problem.detail
    );
    let answer = ends.ask(Method::GET, "attempts?limit=1").send().await.unwrap();
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["attempts"][0]["state"], "failed");
    assert_eq!(body["attempts"][0]["verdict"]["leg"], "qr_page");
}

#[tokio::test]
async fn an_unreachable_wechat_is_named_by_its_host() {
    let mut ends = Ends::open().await;
    let connection = ends.connect(PC).await;
    let url = ends.sandbox.url();
    let other = yaopai_sandbox::Sandbox::start(yaopai_sandbox::Config::default());
    let sandbox = std::mem::replace(&mut ends.sandbox, other.await.unwrap());
    sandbox.stop().await;
    let (code, problem) = refused(ends.start(connection, true).await);
    assert_eq!(code, Code::WechatUnreachable);
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    assert_eq!(problem.host, Some(host));
}

#[tokio::test]
async fn an_operator_can_cancel_and_the_phone_comes_too_late() {
    let ends = Ends::open().await;
    let connection = ends.connect(PC).await;
    let (id, url) = ends.draw(connection, false).await;
    let path = format!("attempts/{id}");
    let answer = ends.ask(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(ends.ended(id).await.state, AttemptState::Cancelled);
    ends.phone(&url, "lin-xiaoman", "approve").await;
    assert_eq!(ends.attempt(id).await.state, AttemptState::Cancelled);
    assert_eq!(ends.users().await, 0);
}

#[tokio::test]
async fn a_stop_is_quick_and_the_attempt_it_leaves_ends_with_the_next_start() {
    let ends = Ends::open_on_file().await;
    let connection = ends.connect(PC).await;
    let (id, _) = ends.draw(connection, false).await;
    let mut live = ends.follow(id).await;
    live.until(AttemptState::Waiting).await;
    // Below the patience of a stop that has to wait for something.
    let restarted = tokio::time::timeout(Duration::from_secs(4), ends.restart());
    let ends = restarted
        .await
        .expect("nothing waits for the long poll or the stream");
    while live.hear().await {}
    let ended = ends.attempt(id).await;
    assert_eq!(ended.state, AttemptState::Expired);
    assert!(ended.finished_at.is_some());
}
