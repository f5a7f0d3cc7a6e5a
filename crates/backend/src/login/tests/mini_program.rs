//! `wechat:miniprogram:default` from WeChat's picture to the verdict.

use super::{Desk, failed_with, legs, refused};
use reqwest::StatusCode;
use serde_json::{Value, json};
use yaopai_domain::{AttemptState, Code, ConnectionKind, LegName, LegOutcome, Verdict};

const MINI_PROGRAM: ConnectionKind = ConnectionKind::MiniProgram;

async fn tell(desk: &Desk, event: Value) -> StatusCode {
    let url = desk.backend.url().join("login/v1/miniprogram/scan").unwrap();
    desk.http.post(url).json(&event).send().await.unwrap().status()
}

fn scene(text: &str) -> String {
    text.split_once("scene=").unwrap().1.to_owned()
}

#[tokio::test]
async fn the_mini_program_hands_over_its_code() {
    let desk = Desk::open().await;
    let connection = desk.connect(MINI_PROGRAM).await;
    let (id, text) = desk.draw(connection, false).await;
    desk.phone(&text, "", "scan").await;
    assert_eq!(desk.attempt(id).await.state, AttemptState::Scanned);
    desk.phone(&text, "lin-xiaoman", "approve").await;
    let ended = desk.ended(id).await;
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

    let (id, text) = desk.draw(connection, false).await;
    desk.phone(&text, "lin-xiaoman", "approve").await;
    let again = desk.ended(id).await;
    assert!(matches!(again.verdict, Some(Verdict::LogIn { .. })));
    assert_eq!(
        legs(&again)[0],
        (LegName::ApiToken, LegOutcome::Skipped),
        "the token was kept"
    );
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn rule_1_the_same_person_by_website_and_mini_program_is_one_user() {
    let desk = Desk::open().await;
    let website = desk
        .connect_with(ConnectionKind::Pc, json!({ "identifier": "pc" }))
        .await;
    let mini_program = desk.connect(MINI_PROGRAM).await;
    for connection in [website, mini_program] {
        let (id, text) = desk.draw(connection, false).await;
        desk.phone(&text, "chen-mo", "approve").await;
        assert_eq!(desk.ended(id).await.state, AttemptState::Decided);
    }
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn a_person_who_refuses_is_refused() {
    let desk = Desk::open().await;
    let connection = desk.connect(MINI_PROGRAM).await;
    let (id, text) = desk.draw(connection, false).await;
    desk.phone(&text, "", "refuse").await;
    assert_eq!(desk.ended(id).await.state, AttemptState::Refused);
}

#[tokio::test]
async fn a_wrong_secret_is_refused_at_once_with_40125_and_kept() {
    let desk = Desk::open().await;
    let secret = json!({ "app_secret": "f".repeat(32) });
    let connection = desk.connect_with(MINI_PROGRAM, secret).await;
    let (code, problem) = refused(desk.start(connection, true).await);
    assert_eq!(code, Code::WechatRefused);
    let wechat = problem.wechat.unwrap();
    assert_eq!(wechat.errcode, 40125);
    assert!(wechat.rid.is_some());
    let answer = desk.ask(reqwest::Method::GET, "attempts").send().await.unwrap();
    let mut attempts: Value = answer.json().await.unwrap();
    let kept = serde_json::from_value(attempts["attempts"][0].take()).unwrap();
    assert_eq!(failed_with(&kept), (LegName::ApiToken, 40125));
}

#[tokio::test]
async fn an_unknown_scene_is_not_found() {
    let desk = Desk::open().await;
    for event in [
        json!({ "event": "scanned", "scene": "0000" }),
        json!({ "event": "refused", "scene": "0000" }),
        json!({ "event": "confirmed", "scene": "0000", "code": "c" }),
    ] {
        assert_eq!(tell(&desk, event).await, StatusCode::NOT_FOUND);
    }
    let nonsense = json!({ "event": "danced", "scene": "0000" });
    assert_eq!(tell(&desk, nonsense).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn rule_2_a_confirmation_that_comes_twice_counts_once() {
    let desk = Desk::open().await;
    let connection = desk.connect(MINI_PROGRAM).await;
    let (id, text) = desk.draw(connection, false).await;
    let confirmed = json!({ "event": "confirmed", "scene": scene(&text), "code": "invented" });
    let (first, second) = tokio::join!(tell(&desk, confirmed.clone()), tell(&desk, confirmed.clone()));
    assert_eq!((first, second), (StatusCode::NO_CONTENT, StatusCode::NO_CONTENT));
    let ended = desk.ended(id).await;
    assert_eq!(failed_with(&ended), (LegName::CodeExchange, 40029));
    assert_eq!(tell(&desk, confirmed).await, StatusCode::NO_CONTENT);
    assert_eq!(desk.attempt(id).await, ended, "what has ended never changes");
}
