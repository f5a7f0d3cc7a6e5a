//! Somebody knocks with a code: once, again, at two instances; with a person that is known better later.

use crate::{
    App, Error,
    facades::desk::{Desk, PAGE, parameter},
    login::{self, Door, Identified, Rejected, Via, Which},
    store::AttemptFilter,
};
use axum::http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use url::Url;
use yaopai_domain::{
    AttemptState, Clock, Failure, LegName, LegOutcome, LoginAttempt, PoolId, Refusal, System, Verdict,
};
use yaopai_sandbox::AppKind;
use yaopai_wechat::{LoginCode, PhoneCode};

const MINUTE: i64 = 60 * 1000;

pub(super) fn via() -> Via {
    Via {
        facade: "test",
        client: Some([192, 0, 2, 1].into()),
        request_id: Some("r1".to_owned()),
    }
}

pub(super) async fn door(app: &App, identifier: &str) -> Door {
    let which = Which::Identifier(identifier);
    login::door(app, &PoolId::default(), which, None, via())
        .await
        .unwrap()
}

/// Turns something in the sandbox.
pub(super) async fn sandbox(desk: &Desk, method: Method, path: &str, body: Value) -> Value {
    desk.sandbox(method, &format!("sandbox/{path}"), body).await
}

/// A login code of the mini program.
pub(super) async fn code(desk: &Desk, person: &str) -> LoginCode {
    let app = desk.app(AppKind::MiniProgram).app_id;
    let path = format!("people/{person}/wx-login");
    let login = sandbox(desk, Method::POST, &path, json!({ "app_id": app })).await;
    LoginCode::new(login["code"].as_str().unwrap())
}

/// A login code of the website.
async fn website_code(desk: &Desk, person: &str) -> String {
    let app_id = desk.app(AppKind::Website).app_id;
    let page = PAGE.parse().unwrap();
    let url = desk.app.wechat.qrconnect_url(&app_id, &page, "s");
    code_of(&desk.scan_page(url.as_str(), person).await)
}

/// The login code with which a browser is sent back.
pub(super) fn code_of(callback: &Url) -> String {
    parameter(callback, "code").unwrap()
}

pub(super) async fn attempts(desk: &Desk) -> Vec<LoginAttempt> {
    let (pool, all) = (PoolId::default(), AttemptFilter::default());
    let found = desk.app.store.find_attempts(&pool, all, 50).await.unwrap();
    found.attempts
}

pub(super) fn errcode(error: &Error) -> i32 {
    match error {
        Error::WeChat(yaopai_wechat::Error::WeChat(error)) => {
            assert!(error.rid.is_some(), "WeChat's support asks for the rid");
            error.errcode
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_login_is_written_with_every_leg_and_who_came() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "wxapp").await;
    let verdict = login::log_in(&desk.app, &door, code(&desk, "lin-xiaoman").await).await;
    assert!(matches!(verdict, Ok(Verdict::Create { user_id: Some(_), .. })));
    let attempts = attempts(&desk).await;
    let [attempt] = attempts.as_slice() else {
        panic!("{attempts:?}");
    };
    assert_eq!(attempt.state, AttemptState::Decided);
    assert_eq!(attempt.verdict.as_ref(), verdict.as_ref().ok());
    let legs: Vec<_> = attempt.legs.iter().map(|leg| (leg.name, leg.outcome)).collect();
    assert_eq!(
        legs,
        [
            (LegName::CodeExchange, LegOutcome::Done),
            (LegName::Resolve, LegOutcome::Done)
        ]
    );
    let came = attempt.via.as_ref().unwrap();
    assert_eq!(
        (came.facade.as_str(), came.client.as_deref()),
        ("test", Some("192.0.2.1"))
    );
}

#[tokio::test]
async fn rule_2_a_code_that_comes_again_gets_its_first_outcome_for_five_minutes() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "wxapp").await;
    let code = code(&desk, "lin-xiaoman").await;
    let first = login::log_in(&desk.app, &door, code.clone()).await.unwrap();
    desk.clock.turn(5 * MINUTE);
    assert_eq!(
        login::log_in(&desk.app, &door, code.clone()).await.unwrap(),
        first
    );
    let Ok(Identified { person, .. }) = login::identify(&desk.app, &door, code.clone()).await else {
        panic!("the person is known");
    };
    assert!(matches!(&first, Verdict::Create { person: named, .. } if *named == person));
    assert_eq!(attempts(&desk).await.len(), 1, "it is one attempt");

    desk.clock.turn(1);
    let late = login::log_in(&desk.app, &door, code).await;
    assert!(matches!(late, Err(Error::Replayed)), "{late:?}");
    let rejected = Failure::Rejected {
        why: Rejected::Replay,
    };
    assert!(matches!(
        &attempts(&desk).await[0].verdict,
        Some(Verdict::Fail { failure, .. }) if *failure == rejected
    ));
}

#[tokio::test]
async fn rule_2_two_instances_that_get_one_code_give_one_outcome() {
    let desk = Desk::open().await;
    let other = desk.another(&desk.sandbox.url()).await;
    let slow = json!({ "delay": { "path": "/sns/jscode2session", "milliseconds": 200 } });
    sandbox(&desk, Method::POST, "switches", slow).await;
    let code = code(&desk, "lin-xiaoman").await;
    let (here, there) = (door(&desk.app, "wxapp").await, door(&other, "wxapp").await);
    let (first, second) = tokio::join!(
        login::log_in(&desk.app, &here, code.clone()),
        login::log_in(&other, &there, code),
    );
    assert_eq!(first.unwrap(), second.unwrap());
    let exchanged: usize = attempts(&desk)
        .await
        .iter()
        .map(|attempt| attempt.legs.len())
        .sum();
    assert_eq!(exchanged, 2, "one exchange and one decision");
}

#[tokio::test]
async fn rule_4_who_was_identified_can_be_resolved_again() {
    let desk = Desk::open().await;
    let members = door(&desk.app, "pc-members").await;
    let open = door(&desk.app, "pc").await;
    let code = website_code(&desk, "lin-xiaoman").await;
    let identified = login::identify(&desk.app, &members, LoginCode::new(code))
        .await
        .unwrap();
    let refused = login::resolve(&desk.app, &members, &identified).await.unwrap();
    assert!(matches!(
        refused,
        Verdict::Refuse {
            refusal: Refusal::LoginOnly,
            ..
        }
    ));
    let let_in = login::resolve(&desk.app, &open, &identified).await.unwrap();
    assert!(matches!(let_in, Verdict::Create { .. }));
    let again = login::resolve(&desk.app, &members, &identified).await.unwrap();
    assert!(matches!(again, Verdict::LogIn { .. }));
    assert_eq!(attempts(&desk).await.len(), 3);
}

#[tokio::test]
async fn rule_4_who_was_identified_is_resolved_although_the_attempt_has_ended() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "wxapp").await;
    let identified = login::identify(&desk.app, &door, code(&desk, "lin-xiaoman").await).await;
    let identified = identified.unwrap();
    let expires = attempts(&desk).await[0].expires_at;
    desk.clock
        .turn(expires.millis_since(desk.clock.now()) + MINUTE - 1);
    desk.app.store.end_overdue_attempts().await.unwrap();
    assert_eq!(attempts(&desk).await[0].state, AttemptState::Confirmed);
    desk.clock.turn(1);
    desk.app.store.end_overdue_attempts().await.unwrap();
    assert_eq!(attempts(&desk).await[0].state, AttemptState::Failed);
    let verdict = login::resolve(&desk.app, &door, &identified).await;
    assert!(matches!(verdict, Ok(Verdict::Create { .. })), "{verdict:?}");
    let states: Vec<_> = attempts(&desk).await.iter().map(|one| one.state).collect();
    assert_eq!(states, [AttemptState::Decided, AttemptState::Failed]);
}

#[tokio::test]
async fn rule_1_a_union_id_that_appears_later_is_added() {
    let desk = Desk::open().await;
    let sheet = desk.app(AppKind::MiniProgram);
    let path = format!("apps/{}", sheet.app_id);
    let bound = sandbox(&desk, Method::GET, &path, json!({})).await["platform_account"].clone();
    sandbox(&desk, Method::PATCH, &path, json!({ "platform_account": null })).await;
    let door = door(&desk.app, "wxapp").await;
    let first = login::log_in(&desk.app, &door, code(&desk, "lin-xiaoman").await).await;
    let Ok(Verdict::Create {
        user_id: Some(user),
        person,
    }) = first
    else {
        panic!("{first:?}");
    };
    assert_eq!(person.union_id, None);

    sandbox(&desk, Method::PATCH, &path, json!({ "platform_account": bound })).await;
    let second = login::log_in(&desk.app, &door, code(&desk, "lin-xiaoman").await).await;
    assert!(matches!(
        second,
        Ok(Verdict::LogIn { user_id, union_id_added: true, .. }) if user_id == user
    ));
    let pc = self::door(&desk.app, "pc").await;
    let website = LoginCode::new(website_code(&desk, "lin-xiaoman").await);
    let third = login::log_in(&desk.app, &pc, website).await;
    assert!(matches!(third, Ok(Verdict::LogIn { user_id, .. }) if user_id == user));
}

#[tokio::test]
async fn the_device_that_waits_takes_the_login_once() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "pc").await;
    let pool = PoolId::default();
    let scan = login::begin_scan(&desk.app, &door).await.unwrap();
    let yaopai_domain::Drawing::Text { text } = scan.drawing else {
        panic!("a website's code is a text");
    };
    let waiting = login::scan(&desk.app, &pool, &scan.ticket).await.unwrap();
    assert_eq!(waiting.state, AttemptState::Waiting);
    let early = login::redeem_scan(&desk.app, &pool, &scan.ticket).await;
    assert!(matches!(early, Err(Error::NotFound("ticket"))));

    let approve = json!({ "url": text, "person": "lin-xiaoman", "decision": "approve" });
    sandbox(&desk, Method::POST, "scan", approve).await;
    let ended = login::running::outcome(Arc::clone(&desk.app), pool.clone(), scan.attempt).await;
    assert_eq!(ended.unwrap().state, AttemptState::Decided);
    let stranger = login::redeem_scan(&desk.app, &pool, &"0".repeat(32)).await;
    assert!(matches!(stranger, Err(Error::NotFound("ticket"))));
    let (_, verdict) = login::redeem_scan(&desk.app, &pool, &scan.ticket).await.unwrap();
    assert!(matches!(verdict, Some(Verdict::Create { user_id: Some(_), .. })));
    let again = login::redeem_scan(&desk.app, &pool, &scan.ticket).await;
    assert!(matches!(again, Err(Error::NotFound("ticket"))));
}

#[tokio::test]
async fn an_app_that_opened_the_mini_program_gets_the_login() {
    let desk = Desk::open().await;
    let app = desk.app(AppKind::MiniProgram);
    let launch = format!(
        "[[connection]]\nkind = 'wechat:miniprogram:app-launch'\nidentifier = 'launch'\ndisplay_name = 'l'\n\
         app_id = '{}'\napp_secret = '{}'\n",
        app.app_id, app.app_secret
    );
    desk.bootstrap(&launch).await.unwrap();
    let door = door(&desk.app, "launch").await;
    let pool = PoolId::default();
    let scan = login::begin_scan(&desk.app, &door).await.unwrap();
    let yaopai_domain::Drawing::Text { text: token } = scan.drawing else {
        panic!("a launch token is a text");
    };
    let code = code(&desk, "lin-xiaoman").await;
    let hand_over = async |launch: &str| {
        let body = json!({ "launch": launch, "code": code.expose() }).to_string();
        let path = "/login/v1/app-launch/code";
        desk.send(None, Method::POST, path, body).await.status.as_u16()
    };
    assert_eq!(hand_over(&"0".repeat(32)).await, 404);
    assert_eq!(hand_over(&token).await, 204);
    let ended = login::running::outcome(Arc::clone(&desk.app), pool.clone(), scan.attempt).await;
    assert_eq!(ended.unwrap().state, AttemptState::Decided);
    let (_, verdict) = login::redeem_scan(&desk.app, &pool, &scan.ticket).await.unwrap();
    assert!(matches!(verdict, Some(Verdict::Create { .. })));
}

#[tokio::test]
async fn a_login_that_nobody_takes_for_five_minutes_is_lost() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "pc").await;
    let pool = PoolId::default();
    let scan = login::begin_scan(&desk.app, &door).await.unwrap();
    let yaopai_domain::Drawing::Text { text } = scan.drawing else {
        panic!("a website's code is a text");
    };
    let approve = json!({ "url": text, "person": "lin-xiaoman", "decision": "approve" });
    sandbox(&desk, Method::POST, "scan", approve).await;
    let ended = login::running::outcome(Arc::clone(&desk.app), pool.clone(), scan.attempt).await;
    assert_eq!(ended.unwrap().state, AttemptState::Decided);
    desk.clock.turn(5 * MINUTE);
    let late = login::redeem_scan(&desk.app, &pool, &scan.ticket).await;
    assert!(matches!(late, Err(Error::NotFound("ticket"))), "{late:?}");
}

#[tokio::test]
async fn rule_7_a_phone_number_counts_when_wechat_gave_it_for_this_person() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "wxapp").await;
    let verdict = login::log_in(&desk.app, &door, code(&desk, "lin-xiaoman").await)
        .await
        .unwrap();
    let Verdict::Create { person, .. } = verdict else {
        panic!("{verdict:?}");
    };
    let open_id = person.open_id.as_str();
    let button = async || {
        let app = desk.app(AppKind::MiniProgram).app_id;
        let path = "people/lin-xiaoman/phone-code";
        sandbox(&desk, Method::POST, path, json!({ "app_id": app })).await
    };
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();

    let pressed = button().await;
    let code = PhoneCode::new(text(&pressed, "code"));
    let phone = login::phone_by_code(&desk.app, &door, Some(open_id), code)
        .await
        .unwrap();
    let number = phone.number.e164();
    let taken = async |open_id: &str| {
        let taken = login::take_phone(&desk.app, &door, open_id, &number).await;
        taken.unwrap()
    };
    assert!(!taken("o-somebody-else").await);
    assert!(taken(open_id).await);
    assert!(!taken(open_id).await, "it counts once");
    let pressed_again = button().await;
    let code = PhoneCode::new(text(&pressed_again, "code"));
    login::phone_by_code(&desk.app, &door, Some(open_id), code)
        .await
        .unwrap();
    desk.clock.turn(10 * MINUTE);
    assert!(!taken(open_id).await, "it was theirs, but that is long ago");

    let pressed = button().await;
    let (iv, data) = (text(&pressed, "iv"), text(&pressed, "encryptedData"));
    desk.clock.turn(System.now().millis_since(desk.clock.now()));
    let sealed = login::phone_by_data(&desk.app, &door, open_id, &iv, &data).await;
    assert_eq!(sealed.unwrap().number.e164(), number);
    let again = login::phone_by_data(&desk.app, &door, open_id, &iv, &data).await;
    assert!(
        matches!(again, Err(Error::TamperedData)),
        "sealed data counts once"
    );
    let other = login::phone_by_data(&desk.app, &door, "o-somebody-else", &iv, &data).await;
    assert!(matches!(other, Err(Error::TamperedData)));
    let altered = data.replacen(&data[..4], "AAAA", 1);
    let altered = login::phone_by_data(&desk.app, &door, open_id, &iv, &altered).await;
    assert!(matches!(altered, Err(Error::TamperedData)), "{altered:?}");
    desk.clock.turn(11 * MINUTE);
    let late = login::phone_by_data(&desk.app, &door, open_id, &iv, &data).await;
    assert!(matches!(late, Err(Error::TamperedData)));
}
