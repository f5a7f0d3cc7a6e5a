//! `wechat:miniprogram:default` from WeChat's picture to the verdict.

use super::{Ends, failed_with, legs, refused};
use reqwest::StatusCode;
use serde_json::{Value, json};
use yaopai_domain::{AttemptState, Code, ConnectionKind, LegName, LegOutcome, Rejected, Verdict};

const MINI_PROGRAM: ConnectionKind = ConnectionKind::MiniProgram;

async fn tell(ends: &Ends, event: Value) -> StatusCode {
    let url = ends.backend.url().join("login/v1/miniprogram/scan").unwrap();
    ends.http.post(url).json(&event).send().await.unwrap().status()
}

fn scene(text: &str) -> String {
    text.split_once("scene=").unwrap().1.to_owned()
}

#[tokio::test]
async fn the_mini_program_hands_over_its_code() {
    let ends = Ends::open().await;
    let connection = ends.connect(MINI_PROGRAM).await;
    let (id, text) = ends.draw(connection, false).await;
    ends.phone(&text, "", "scan").await;
    assert_eq!(ends.attempt(id).await.state, AttemptState::Scanned);
    ends.phone(&text, "lin-xiaoman", "approve").await;
    let ended = ends.ended(id).await;
    let Some(Verdict::Create { person, .. }) = &ended.verdict else {
        panic!("{:?}", ended.verdict);
    };
    assert_eq!(person.nickname, None, "a mini program's code names nobody");
    assert!(!person.anonymous);
    let done = LegOutcome::Done;
    assert_eq!(
        legs(&ended),
        [
            (LegName::ApiToken, done),
            (LegName::MiniProgramCode, done),
            (LegName::MiniProgramScan, done),
            (LegName::CodeExchange, done),
            (LegName::Resolve, done),
        ]
    );

    let (id, text) = ends.draw(connection, false).await;
    ends.phone(&text, "lin-xiaoman", "approve").await;
    let again = ends.ended(id).await;
    assert!(matches!(again.verdict, Some(Verdict::LogIn { .. })));
    assert_eq!(
        legs(&again)[0],
        (LegName::ApiToken, LegOutcome::Skipped),
        "the token was kept"
    );
    assert_eq!(ends.users().await, 1);
}

#[tokio::test]
async fn rule_1_the_same_person_by_website_and_mini_program_is_one_user() {
    let ends = Ends::open().await;
    let website = ends
        .connect_with(ConnectionKind::Pc, json!({ "identifier": "pc" }))
        .await;
    let mini_program = ends.connect(MINI_PROGRAM).await;
    for connection in [website, mini_program] {
        let (id, text) = ends.draw(connection, false).await;
        ends.phone(&text, "chen-mo", "approve").await;
        assert_eq!(ends.ended(id).await.state, AttemptState::Decided);
    }
    assert_eq!(ends.users().await, 1);
}

#[tokio::test]
async fn a_person_who_refuses_is_refused() {
    let ends = Ends::open().await;
    let connection = ends.connect(MINI_PROGRAM).await;
    let (id, text) = ends.draw(connection, false).await;
    ends.phone(&text, "", "refuse").await;
    assert_eq!(ends.ended(id).await.state, AttemptState::Refused);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_at_once_with_40125_and_kept() {
    let ends = Ends::open().await;
    let secret = json!({ "app_secret": "f".repeat(32) });
    let connection = ends.connect_with(MINI_PROGRAM, secret).await;
    let (code, problem) = refused(ends.start(connection, true).await);
    assert_eq!(code, Code::WechatRefused);
    let wechat = problem.wechat.unwrap();
    assert_eq!(wechat.errcode, 40125);
    assert!(wechat.rid.is_some());
    let answer = ends.ask(reqwest::Method::GET, "attempts").send().await.unwrap();
    let mut attempts: Value = answer.json().await.unwrap();
    let kept = serde_json::from_value(attempts["attempts"][0].take()).unwrap();
    assert_eq!(failed_with(&kept), (LegName::ApiToken, 40125));
}

#[tokio::test]
async fn an_unknown_scene_is_not_found() {
    let ends = Ends::open().await;
    let unknown = [
        json!({ "event": "scanned", "scene": "0000" }),
        json!({ "event": "refused", "scene": "0000" }),
        json!({ "event": "confirmed", "scene": "0000", "code": "c" }),
    ];
    for event in unknown {
        assert_eq!(tell(&ends, event).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(ends.rejected().await, [Rejected::UnknownState; 3]);
    let nonsense = json!({ "event": "danced", "scene": "0000" });
    assert_eq!(tell(&ends, nonsense).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn rule_2_a_confirmation_that_comes_twice_counts_once() {
    let ends = Ends::open().await;
    let connection = ends.connect(MINI_PROGRAM).await;
    let (id, text) = ends.draw(connection, false).await;
    let confirmed = json!({ "event": "confirmed", "scene": scene(&text), "code": "invented" });
    let (first, second) = tokio::join!(tell(&ends, confirmed.clone()), tell(&ends, confirmed.clone()));
    assert_eq!((first, second), (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT));
    let ended = ends.ended(id).await;
    assert_eq!(failed_with(&ended), (LegName::CodeExchange, 40029));
    assert_eq!(tell(&ends, confirmed).await, StatusCode::NO_CONTENT);
    assert_eq!(ends.attempt(id).await, ended, "what has ended never changes");
}
