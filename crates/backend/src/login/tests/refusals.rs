//! Codes that get nobody in: refused by WeChat, at a door that is closed or unknown, empty, or of somebody else.

use super::knock::{attempts, code, door, errcode, sandbox, via};
use crate::{
    Error,
    facades::desk::Desk,
    login::{self, Door, Rejected, Which},
};
use axum::http::Method;
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_domain::{AttemptState, ConnectionKind, Failure, PoolId, Verdict};
use yaopai_sandbox::AppKind;
use yaopai_wechat::LoginCode;

#[rstest]
#[case::quota(json!({ "errcode": { "path": "/sns/jscode2session", "errcode": 45011 } }), 45011)]
#[case::risk(json!({ "errcode": { "path": "/sns/jscode2session", "errcode": 40226 } }), 40226)]
#[case::busy(json!({ "errcode": { "path": "/sns/jscode2session", "errcode": -1 } }), -1)]
#[tokio::test]
async fn what_wechat_refuses_is_told_with_its_number(#[case] switch: Value, #[case] expected: i32) {
    let desk = Desk::open().await;
    let code = code(&desk, "lin-xiaoman").await;
    sandbox(&desk, Method::POST, "switches", switch).await;
    let door = door(&desk.app, "wxapp").await;
    let refused = login::log_in(&desk.app, &door, code).await;
    assert_eq!(errcode(&refused.unwrap_err()), expected);
}

#[tokio::test]
async fn after_a_reset_of_the_secret_logins_fail_with_40125() {
    let desk = Desk::open().await;
    let code = code(&desk, "lin-xiaoman").await;
    let app = desk.app(AppKind::MiniProgram).app_id;
    sandbox(
        &desk,
        Method::POST,
        &format!("apps/{app}/reset-secret"),
        json!({}),
    )
    .await;
    let door = door(&desk.app, "wxapp").await;
    let refused = login::log_in(&desk.app, &door, code).await;
    assert_eq!(errcode(&refused.unwrap_err()), 40125);
}

#[tokio::test]
async fn an_address_that_is_not_on_the_whitelist_is_refused_with_40164_and_kept() {
    let desk = Desk::open().await;
    let app = desk.app(AppKind::MiniProgram).app_id;
    let nobody = json!({ "ip_whitelist": ["192.0.2.7"] });
    sandbox(&desk, Method::PATCH, &format!("apps/{app}"), nobody).await;
    let door = door(&desk.app, "wxapp").await;
    let refused = login::begin_scan(&desk.app, &door).await.err().unwrap();
    assert_eq!(errcode(&refused), 40164);
    assert_eq!(attempts(&desk).await[0].state, AttemptState::Failed);
}

#[tokio::test]
async fn closed_and_unknown_doors_are_written_down() {
    let desk = Desk::open().await;
    let knock = async |which| login::door(&desk.app, &PoolId::default(), which, None, via()).await;
    let unknown = knock(Which::Identifier("nothing")).await;
    assert!(matches!(unknown, Err(Error::NotFound("connection"))));
    let closed = knock(Which::Identifier("pc-disabled")).await;
    assert!(matches!(closed, Err(Error::ConnectionDisabled)));
    assert!(
        knock(Which::Kind(ConnectionKind::Pc)).await.is_ok(),
        "an open one first"
    );
    let members = Some("members".parse().unwrap());
    let hidden = Which::Identifier("pc");
    let hidden = login::door(&desk.app, &PoolId::default(), hidden, members, via()).await;
    assert!(matches!(hidden, Err(Error::NotFound("connection"))));

    let why: Vec<_> = attempts(&desk)
        .await
        .into_iter()
        .map(|attempt| match attempt.verdict {
            Some(Verdict::Fail {
                failure: Failure::Rejected { why },
                ..
            }) => (why, attempt.connection_id.is_some()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        why.iter()
            .filter(|(why, _)| *why == Rejected::UnknownConnection)
            .count(),
        2
    );
    assert!(why.contains(&(Rejected::Disabled, true)));
}

#[tokio::test]
async fn an_empty_code_never_reaches_wechat() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "wxapp").await;
    let refused = login::log_in(&desk.app, &door, LoginCode::new("")).await;
    assert!(matches!(refused, Err(Error::Malformed(_))), "{refused:?}");
    let rejected = Failure::Rejected {
        why: Rejected::BadRequest,
    };
    assert!(matches!(
        &attempts(&desk).await[0].verdict,
        Some(Verdict::Fail { failure, .. }) if *failure == rejected
    ));
}

#[rstest]
#[case::from_elsewhere(|door: &mut Door| door.via.client = Some([192, 0, 2, 2].into()))]
#[case::from_nowhere(|door: &mut Door| door.via.client = None)]
#[case::by_another_application(|door: &mut Door| door.application = Some("shop".parse().unwrap()))]
#[tokio::test]
async fn a_used_code_gives_nobody_else_its_outcome(#[case] other: fn(&mut Door)) {
    let desk = Desk::open().await;
    let door = door(&desk.app, "wxapp").await;
    let code = code(&desk, "lin-xiaoman").await;
    let first = login::log_in(&desk.app, &door, code.clone()).await.unwrap();
    let mut stranger = door.clone();
    other(&mut stranger);
    let stolen = login::log_in(&desk.app, &stranger, code.clone()).await;
    assert!(matches!(stolen, Err(Error::Replayed)), "{stolen:?}");
    let stolen = login::identify(&desk.app, &stranger, code.clone()).await;
    assert!(matches!(stolen, Err(Error::Replayed)), "{stolen:?}");
    assert_eq!(login::log_in(&desk.app, &door, code).await.unwrap(), first);
}

#[tokio::test]
async fn rule_2_a_refusal_of_wechat_is_an_outcome_too() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "wxapp").await;
    let invented = LoginCode::new("0".repeat(32));
    for _ in 0..2 {
        let refused = login::log_in(&desk.app, &door, invented.clone()).await;
        assert_eq!(errcode(&refused.unwrap_err()), 40029);
    }
    let attempts = attempts(&desk).await;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].state, AttemptState::Failed);
}
