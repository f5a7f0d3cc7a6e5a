//! Login attempts: looked at, followed live, cancelled.

use crate::{
    App, Error,
    access::{Caller, while_allowed},
    endpoint::{Endpoint, Needs},
    extract::{Parameters, Place},
    login::Step,
    openapi::Doc,
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::broadcast;
use yaopai_domain::{Action, AttemptId, AttemptState, LoginAttempt, PoolId};

const LIST_DEFAULT: u32 = 50;
const LIST_MOST: u32 = 200;
/// Proxies close a connection on which nothing happens for a minute.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);

/// The endpoints.
pub(super) fn endpoints() -> Vec<Endpoint> {
    const READ: Needs = Needs::Right(Action::ReadAttempts);
    const ONE: &str = "/manage/v1/pools/{pool}/attempts/{id}";
    vec![
        Endpoint::get("/manage/v1/pools/{pool}/attempts", READ, list).doc(
            Doc::new("list_attempts", "Login attempts, newest first")
                .query::<ListParameters>()
                .answers::<Attempts>(StatusCode::OK, "The attempts"),
        ),
        Endpoint::get(ONE, READ, show).doc(
            Doc::new("read_attempt", "How an attempt stands")
                .answers::<LoginAttempt>(StatusCode::OK, "The attempt, leg by leg"),
        ),
        Endpoint::delete(ONE, Needs::Right(Action::TestLogin), cancel).doc(
            Doc::new("cancel_attempt", "Close an attempt nobody agreed to yet")
                .answers_nothing(StatusCode::NO_CONTENT, "It is cancelled, or had ended already"),
        ),
        Endpoint::get("/manage/v1/pools/{pool}/attempts/{id}/events", READ, follow)
            .long()
            .doc(
                Doc::new("follow_attempt", "Follow an attempt live").streams::<LoginAttempt>(
                    "An event `attempt` with the state now and with each that follows",
                ),
            ),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct ListParameters {
    /// At most this many, 50 unless told, 200 at most.
    limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Attempts {
    /// Newest first.
    attempts: Vec<LoginAttempt>,
}

/// `GET …/attempts?limit=`: newest first, 50 unless told, at most 200.
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Json<Attempts>, Error> {
    let limit = parameters.limit.unwrap_or(LIST_DEFAULT).clamp(1, LIST_MOST);
    let attempts = app.store.attempts(&caller.pool, limit).await?;
    Ok(Json(Attempts { attempts }))
}

/// `GET …/attempts/{id}`: how it stands.
async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place((_, id)): Place<(String, AttemptId)>,
) -> Result<Json<LoginAttempt>, Error> {
    read(&app, &caller.pool, id).await.map(Json)
}

/// `DELETE …/attempts/{id}`: 204. An attempt that was confirmed is decided all the same; one that ended stays as it is.
async fn cancel(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place((_, id)): Place<(String, AttemptId)>,
) -> Result<StatusCode, Error> {
    let finish = Step::Finish {
        state: AttemptState::Cancelled,
        verdict: None,
    };
    app.store.advance_attempt(&caller.pool, id, vec![finish]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET …/attempts/{id}/events`: an `attempt` event with the state now and one with each that follows, up to the last.
async fn follow(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place((_, id)): Place<(String, AttemptId)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Error> {
    // Listening begins before reading: no change falls between.
    let changes = app.news.attempts.subscribe();
    let first = read(&app, &caller.pool, id).await?;
    let stopping = app.stopping.clone().cancelled_owned();
    let follower = Follower {
        app: Arc::clone(&app),
        pool: caller.pool.clone(),
        changes,
        shown: first.clone(),
    };
    let states = stream::once(std::future::ready(first)).chain(stream::unfold(follower, Follower::next));
    let events = while_allowed(app, caller, Action::ReadAttempts, Box::pin(states))
        .map(|attempt| Ok(event(&attempt)))
        .take_until(stopping);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)))
}

/// Somebody who follows an attempt.
struct Follower {
    app: Arc<App>,
    pool: PoolId,
    changes: broadcast::Receiver<AttemptId>,
    shown: LoginAttempt,
}

impl Follower {
    /// The next state; `None` after the last. A message only says that something happened, the store says what: so
    /// states come in order, and none is missed by someone who lags behind.
    async fn next(mut self) -> Option<(LoginAttempt, Self)> {
        while !self.shown.state.is_final() {
            match self.changes.recv().await {
                Ok(changed) if changed != self.shown.id => continue,
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return None,
            }
            let attempt = read(&self.app, &self.pool, self.shown.id).await.ok()?;
            if attempt != self.shown {
                self.shown = attempt.clone();
                return Some((attempt, self));
            }
        }
        None
    }
}

fn event(attempt: &LoginAttempt) -> Event {
    // An attempt is plain data and always serialises; an empty event would still be a wake-up.
    Event::default()
        .event("attempt")
        .json_data(attempt)
        .unwrap_or_default()
}

async fn read(app: &App, pool: &PoolId, id: AttemptId) -> Result<LoginAttempt, Error> {
    app.store
        .attempt(pool, id)
        .await?
        .ok_or(Error::NotFound("attempt"))
}
