//! Login attempts: looked at, followed live, cancelled.

use super::page::{read_after, write_after};
use crate::{
    App, Error,
    access::{Caller, while_allowed},
    endpoint::{Endpoint, Needs},
    extract::{Parameters, Place},
    login::Step,
    openapi::Doc,
    store::AttemptFilter,
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
use tokio::{sync::broadcast, time::timeout};
use yaopai_domain::{Action, AttemptId, AttemptState, ConnectionId, LoginAttempt, PoolId, Timestamp, UserId};

const LIST_DEFAULT: u32 = 50;
const LIST_MOST: u32 = 200;
/// Proxies close a connection on which nothing happens for a minute.
const SIGN_OF_LIFE: Duration = Duration::from_secs(20);
/// How late the news of other instances may be.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The endpoints.
pub(super) fn endpoints() -> Vec<Endpoint> {
    const READ: Needs = Needs::Right(Action::ReadAttempts);
    const ONE: &str = "/manage/v1/pools/{pool}/attempts/{id}";
    vec![
        Endpoint::get("/manage/v1/pools/{pool}/attempts", READ, list).doc(
            Doc::new("list_attempts", "Login attempts, newest first")
                .query::<Wanted>()
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
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Only those that stand so.
    state: Option<AttemptState>,
    /// Only those with this connection.
    connection: Option<ConnectionId>,
    /// Only of whom WeChat named by this OpenID or UnionID.
    person: Option<String>,
    /// Only those that came to this user.
    user: Option<UserId>,
    /// Only the one that the backend's log knows by this request id.
    request_id: Option<String>,
    /// Only those that WeChat's support knows by this rid.
    rid: Option<String>,
    /// Only those that did not begin before this moment.
    since: Option<i64>,
    /// Only those that began before this moment.
    until: Option<i64>,
    /// What the last page answered as `after`.
    after: Option<String>,
    /// At most this many, 50 unless told, 200 at most.
    limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Attempts {
    /// Newest first.
    attempts: Vec<LoginAttempt>,
    /// What to send as `after` for the next page, which can be empty when few match; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// `GET …/attempts`: newest first.
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Attempts>, Error> {
    let limit = wanted.limit.unwrap_or(LIST_DEFAULT).clamp(1, LIST_MOST);
    let filter = AttemptFilter {
        state: wanted.state,
        connection: wanted.connection,
        person: wanted.person,
        user: wanted.user,
        request_id: wanted.request_id,
        rid: wanted.rid,
        since: wanted.since.map(Timestamp),
        until: wanted.until.map(Timestamp),
        after: wanted.after.as_deref().map(read_after).transpose()?,
    };
    let found = app.store.find_attempts(&caller.pool, filter, limit).await?;
    Ok(Json(Attempts {
        attempts: found.attempts,
        after: found.after.map(|(at, id)| write_after(at, &id)),
    }))
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
    /// states come in order, and none is missed by someone who lags behind. Of what another instance writes there is no
    /// message, so the store is looked at now and then anyhow.
    async fn next(mut self) -> Option<(LoginAttempt, Self)> {
        while !self.shown.state.is_final() {
            let news = async {
                loop {
                    match self.changes.recv().await {
                        Ok(changed) if changed != self.shown.id => {}
                        Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return Some(()),
                        Err(broadcast::error::RecvError::Closed) => return None,
                    }
                }
            };
            if timeout(LOOK_EVERY, news).await == Ok(None) {
                return None;
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

#[cfg(test)]
mod tests {
    use crate::{
        login::Step,
        store::engine::values,
        testing::{Bench, On},
    };
    use axum::http::{Method, StatusCode};
    use rstest::rstest;
    use serde_json::Value;
    use yaopai_domain::{AttemptState, PoolId};

    const USER: &str = "00000000-0000-7000-8000-0000000000aa";
    const CONNECTION: &str = "00000000-0000-7000-8000-0000000000cc";

    /// Six attempts a second apart: five of strangers, the fourth of somebody known; the fifth was refused by WeChat.
    async fn bench() -> Bench {
        let bench = Bench::new().await;
        for number in 1..=6 {
            let person = if number == 4 {
                ("oid", "uid")
            } else {
                ("other", "another")
            };
            let (legs, verdict) = if number == 5 {
                let failure =
                    r#"{"type":"we_chat","errcode":40029,"errmsg":"x","rid":"aaaaaaaa-bbbbbbbb-cccccccc"}"#;
                (
                    format!(
                        r#"[{{"name":"code_exchange","started_at":1,"took_ms":1,"outcome":"failed","request":null,
                            "answer":[],"failure":{failure}}}]"#
                    ),
                    format!(r#"{{"outcome":"fail","leg":"code_exchange","failure":{failure}}}"#),
                )
            } else {
                let person = format!(
                    r#"{{"open_id":"{}","union_id":"{}","nickname":null,"avatar_url":null,"anonymous":true}}"#,
                    person.0, person.1
                );
                let user = if number == 4 { USER } else { CONNECTION };
                (
                    "[]".to_owned(),
                    format!(
                        r#"{{"outcome":"log_in","user_id":"{user}","name":null,"union_id_added":false,"person":{person}}}"#
                    ),
                )
            };
            let state = if number == 5 { "failed" } else { "decided" };
            bench
                .change(
                    "INSERT INTO attempt (id, pool, connection_id, kind, purpose, via, dry_run, state, legs, verdict,
                         created_at, expires_at)
                     VALUES ($1, 'default', $2, 'wechat:pc', 'login', $3, 0, $4, $5, $6, $7, 0)",
                    values![
                        format!("00000000-0000-7000-8000-00000000000{number}"),
                        CONNECTION,
                        format!(r#"{{"facade":"plain","client":null,"request_id":"r{number}"}}"#),
                        state,
                        legs,
                        verdict,
                        i64::from(number) * 1000,
                    ],
                )
                .await;
        }
        bench
    }

    /// The last digits of the attempts found, and where to go on.
    async fn find(bench: &Bench, query: &str) -> (String, Option<String>) {
        let page = bench
            .manage(Method::GET, &format!("attempts?{query}"), Value::Null)
            .await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let page = page.json();
        let ids = page["attempts"].as_array().unwrap().iter();
        let digits = ids
            .filter_map(|attempt| attempt["id"].as_str()?.chars().last())
            .collect();
        (digits, page["after"].as_str().map(str::to_owned))
    }

    #[rstest]
    #[case::all("", "654321")]
    #[case::state("state=failed", "5")]
    #[case::connection(&format!("connection={CONNECTION}"), "654321")]
    #[case::other_connection(&format!("connection={USER}"), "")]
    #[case::open_id("person=oid", "4")]
    #[case::union_id("person=uid", "4")]
    #[case::nobody("person=oi", "")]
    #[case::user(&format!("user={USER}"), "4")]
    #[case::request("request_id=r2", "2")]
    #[case::rid("rid=aaaaaaaa-bbbbbbbb-cccccccc", "5")]
    #[case::time("since=2000&until=4000", "32")]
    #[case::both("person=another&until=4000", "321")]
    #[tokio::test]
    async fn attempts_are_found_by_what_support_is_told(#[case] query: &str, #[case] expected: &str) {
        let bench = bench().await;
        assert_eq!(find(&bench, query).await, (expected.to_owned(), None));
    }

    #[rstest]
    #[case::sqlite(On::Sqlite)]
    #[case::postgres(On::Postgres)]
    #[tokio::test]
    async fn who_follows_an_attempt_hears_what_another_instance_does(#[case] engine: On) {
        let bench = Bench::on(engine).await;
        let other = bench.another(&bench.app.public_url).await;
        let id = "00000000-0000-7000-8000-000000000001";
        let sql = "INSERT INTO attempt (id, pool, purpose, dry_run, state, legs, created_at, expires_at)
                   VALUES ($1, 'default', 'test', 0, 'waiting', '[]', 0, 9000000000000)";
        bench.change(sql, values![id]).await;
        let path = format!("/manage/v1/pools/default/attempts/{id}/events");
        let mut events = bench.stream("the key of the viewer", &path).await;
        assert!(events.next().await.unwrap().contains("waiting"));
        let scanned = vec![Step::Move(AttemptState::Scanned)];
        let pool = PoolId::default();
        let moved = other.store.advance_attempt(&pool, id.parse().unwrap(), scanned);
        assert!(moved.await.unwrap().is_some());
        assert!(events.next().await.unwrap().contains("scanned"));
    }

    #[tokio::test]
    async fn pages_follow_each_other_without_gap_or_repeat() {
        let bench = bench().await;
        for query in ["limit=2", "limit=2&person=other"] {
            let mut all = String::new();
            let mut next = query.to_owned();
            loop {
                let (page, after) = find(&bench, &next).await;
                assert!(page.len() <= 2);
                all.push_str(&page);
                let Some(after) = after else { break };
                next = format!("{query}&after={after}");
            }
            let expected = if query.contains("person") {
                "6321"
            } else {
                "654321"
            };
            assert_eq!(all, expected);
        }
    }
}
