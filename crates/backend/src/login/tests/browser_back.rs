//! A browser that WeChat sent back: once, again, to two instances, with a code of somebody else.

use super::knock::{attempts, code_of, door, sandbox};
use crate::{
    App, Error,
    facades::desk::{Desk, parameter},
    login::{
        self, Arrived, Door, Rejected, Then,
        nonce::hash,
        redirect::{Brought, arrived},
        running::Running,
    },
};
use axum::http::{HeaderMap, Method};
use serde_json::json;
use std::sync::Arc;
use url::Url;
use yaopai_domain::{Failure, LegName, Refusal, Verdict};
use yaopai_wechat::LoginCode;

fn then() -> Then {
    Then {
        facade: "test".to_owned(),
        memo: json!({ "to": "https://shop.example.com/" }),
    }
}

/// Where a browser is sent.
async fn begin(desk: &Desk, door: &Door) -> Url {
    let away = login::begin_redirect(&desk.app, door, then(), &HeaderMap::new()).await;
    away.unwrap().url
}

/// The browser that was sent to this address comes back to an instance.
async fn come_back(app: &Arc<App>, url: &Url, code: Option<&str>) -> Arrived {
    let nonce = hash(&parameter(url, "state").unwrap());
    let tied = app.store.attempt_of_nonce(nonce).await.unwrap().unwrap();
    let running = Running::resume(Arc::clone(app), tied.pool.clone(), &tied.attempt).await;
    let brought = code.map_or(Brought::Nothing, |code| Brought::Code(LoginCode::new(code)));
    arrived(&running.unwrap(), &tied, then(), brought)
}

#[tokio::test]
async fn a_browser_that_comes_back_twice_is_one_login() {
    let desk = Desk::open().await;
    let url = begin(&desk, &door(&desk.app, "wxweb").await).await;
    let code = code_of(&desk.authorize(url.as_str(), "lin-xiaoman").await);
    let back = come_back(&desk.app, &url, Some(&code)).await;
    assert_eq!(back.then, then());
    assert!(back.agreed);
    let first = back.log_in(&desk.app).await.unwrap();
    assert!(matches!(first, Verdict::Create { .. }));
    let again = come_back(&desk.app, &url, Some(&code)).await;
    assert_eq!(again.log_in(&desk.app).await.unwrap(), first);
    let other = come_back(&desk.app, &url, Some("another")).await;
    let other = other.log_in(&desk.app).await;
    assert!(matches!(other, Err(Error::NotFound("state"))), "{other:?}");
    assert!(!come_back(&desk.app, &url, None).await.agreed);
}

#[tokio::test]
async fn rule_2_a_browser_that_comes_back_to_two_instances_is_one_login() {
    let desk = Desk::open().await;
    let other = desk.another(&desk.sandbox.url()).await;
    let slow = json!({ "delay": { "path": "/sns/oauth2/access_token", "milliseconds": 200 } });
    sandbox(&desk, Method::POST, "switches", slow).await;
    let url = begin(&desk, &door(&desk.app, "wxweb").await).await;
    let code = code_of(&desk.authorize(url.as_str(), "lin-xiaoman").await);
    let (here, there) = (
        come_back(&desk.app, &url, Some(&code)).await,
        come_back(&other, &url, Some(&code)).await,
    );
    let (first, second) = tokio::join!(here.log_in(&desk.app), there.log_in(&other));
    let first = first.unwrap();
    assert!(matches!(first, Verdict::Create { .. }), "{first:?}");
    assert_eq!(second.unwrap(), first);
    let reloaded = come_back(&other, &url, Some(&code)).await;
    assert_eq!(reloaded.log_in(&other).await.unwrap(), first);
    let attempts = attempts(&desk).await;
    let exchanges = attempts
        .iter()
        .flat_map(|attempt| &attempt.legs)
        .filter(|leg| leg.name == LegName::CodeExchange);
    assert_eq!((attempts.len(), exchanges.count()), (1, 1), "{attempts:?}");
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn a_used_code_that_comes_back_with_another_state_is_refused() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "wxweb").await;
    let (theirs, own) = (begin(&desk, &door).await, begin(&desk, &door).await);
    let code = code_of(&desk.authorize(theirs.as_str(), "lin-xiaoman").await);
    let verdict = come_back(&desk.app, &theirs, Some(&code)).await;
    let verdict = verdict.log_in(&desk.app).await;
    assert!(matches!(verdict, Ok(Verdict::Create { .. })), "{verdict:?}");
    for _ in 0..2 {
        let stolen = come_back(&desk.app, &own, Some(&code)).await;
        let stolen = stolen.log_in(&desk.app).await;
        assert!(matches!(stolen, Err(Error::Replayed)), "{stolen:?}");
    }
    let stolen = login::log_in(&desk.app, &door, LoginCode::new(code)).await;
    assert!(matches!(stolen, Err(Error::Replayed)), "{stolen:?}");
    let replay = Failure::Rejected {
        why: Rejected::Replay,
    };
    let written = attempts(&desk).await.into_iter().filter(
        |attempt| matches!(&attempt.verdict, Some(Verdict::Fail { failure, .. }) if *failure == replay),
    );
    assert_eq!(written.count(), 3);
}

#[tokio::test]
async fn rule_6_a_snapshot_visitor_is_refused() {
    let desk = Desk::open().await;
    let door = door(&desk.app, "wxweb").await;
    let visit = json!({ "url": begin(&desk, &door).await, "snapshot": true });
    let agreed = sandbox(&desk, Method::POST, "people/lin-xiaoman/authorize", visit).await;
    let code = code_of(&agreed["location"].as_str().unwrap().parse().unwrap());
    let verdict = login::log_in(&desk.app, &door, LoginCode::new(code)).await;
    let Ok(Verdict::Refuse { refusal, .. }) = verdict else {
        panic!("{verdict:?}");
    };
    assert_eq!(refusal, Refusal::SnapshotUser);
}
