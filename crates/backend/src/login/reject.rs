//! What never became a login is an attempt too: whoever wonders why nothing works finds it there.

use super::Via;
use crate::{App, Error, store::Ties};
use yaopai_domain::{
    AttemptId, AttemptState, Connection, Failure, Leg, LegName, LegOutcome, LoginAttempt, PoolId, Purpose,
    Rejected, Verdict,
};

/// Records that nobody knows the state or scene of a request. It says nothing about whose it was, so it is recorded only
/// where there is one pool.
pub(crate) async fn reject_unknown_state(app: &App, via: &Via) -> Result<(), Error> {
    if let Some(pool) = app.store.only_pool().await? {
        reject(app, &pool, None, via, Rejected::UnknownState).await;
    }
    Ok(())
}

/// Records something that never became a login, so that an operator can read it. Nothing of the request is kept but who
/// sent it.
pub(crate) async fn reject(
    app: &App,
    pool: &PoolId,
    connection: Option<&Connection>,
    via: &Via,
    what: Rejected,
) {
    let now = app.clock.now();
    let failure = Failure::Rejected { why: what };
    let kind = connection.map(|connection| connection.kind);
    app.metrics.login(kind, via.facade, "rejected");
    let attempt = LoginAttempt {
        id: AttemptId::new(app.clock.as_ref(), app.entropy.as_ref()),
        connection_id: connection.map(|connection| connection.id),
        kind,
        purpose: Purpose::Login,
        via: Some(via.shown()),
        dry_run: false,
        state: AttemptState::Failed,
        created_at: now,
        expires_at: now,
        finished_at: Some(now),
        legs: vec![Leg {
            name: LegName::Request,
            started_at: now,
            took_ms: Some(0),
            outcome: LegOutcome::Failed,
            request: None,
            answer: Vec::new(),
            failure: Some(failure.clone()),
        }],
        verdict: Some(Verdict::Fail {
            leg: LegName::Request,
            failure,
        }),
    };
    if let Err(error) = app.store.put_attempt(pool, attempt, Ties::default()).await {
        tracing::error!(%pool, %error, "a rejected request could not be recorded");
    }
}
