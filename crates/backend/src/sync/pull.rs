//! `POST /sync/v1/pools/{pool}/pull`: a page of changes.

use super::cursor;
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Body,
    openapi::Doc,
    store::PullAnswer,
};
use axum::{Json, extract::State, http::StatusCode};
use std::sync::Arc;
use yaopai_domain::{Action, PullPage, PullRequest, ResetReason};

/// A page has at most this many changes.
const MAX_LIMIT: u32 = 5000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/sync/v1/pools/{pool}/pull", Needs::Right(Action::Pull), pull).doc(
            Doc::new("pull", "A page of changes")
                .takes::<PullRequest>()
                .answers::<PullPage>(StatusCode::OK, "Changes in the order of their revisions"),
        ),
    ]
}

async fn pull(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(request): Body<PullRequest>,
) -> Result<Json<PullPage>, Error> {
    let from = request
        .cursor
        .map(|text| cursor::read(&text).ok_or(Error::SyncReset(ResetReason::Malformed)))
        .transpose()?;
    let limit = request.limit.clamp(1, MAX_LIMIT);
    match app
        .store
        .pull(&caller.pool, request.client_id, from, limit)
        .await?
    {
        PullAnswer::Reset(reason) => Err(Error::SyncReset(reason)),
        PullAnswer::Page {
            changes,
            position,
            caught_up,
            last_seq,
        } => Ok(Json(PullPage {
            changes,
            cursor: cursor::write(&position),
            caught_up,
            last_seq,
        })),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;
    use axum::http::{Method, StatusCode};
    use rstest::rstest;
    use serde_json::{Value, json};
    use yaopai_domain::{Code, Role};

    const PULL: &str = "/sync/v1/pools/default/pull";

    fn from(cursor: &Value) -> Value {
        json!({"client_id": "00000000-0000-7000-8000-000000000001", "cursor": cursor, "limit": 10})
    }

    async fn cursor_after_one_change(bench: &Bench) -> Value {
        bench.connect("pc").await;
        let answer = bench
            .ask(Role::Viewer, Method::POST, PULL, from(&Value::Null))
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.json()["cursor"].clone()
    }

    #[rstest]
    #[case::never_written("", json!("not a cursor"), "malformed")]
    #[case::pool_made_anew(
        "UPDATE pool_head SET feed_id = 'another' WHERE pool = 'default'",
        Value::Null,
        "other_feed"
    )]
    #[case::restored_backup(
        "UPDATE rev_mark SET mark = mark + 1 WHERE pool = 'default'",
        Value::Null,
        "lost_tail"
    )]
    #[case::away_too_long(
        "UPDATE pool_head SET horizon = 2 WHERE pool = 'default'",
        Value::Null,
        "horizon_passed"
    )]
    #[tokio::test]
    async fn a_cursor_of_another_history_is_reset_and_told_why(
        #[case] meanwhile: &str,
        #[case] cursor: Value,
        #[case] reason: &str,
    ) {
        let bench = Bench::new().await;
        let ours = cursor_after_one_change(&bench).await;
        if !meanwhile.is_empty() {
            bench.change(meanwhile, vec![]).await;
        }
        let cursor = if cursor.is_null() { ours } else { cursor };
        let answer = bench.ask(Role::Viewer, Method::POST, PULL, from(&cursor)).await;
        assert_eq!(answer.code(), Code::SyncReset);
        assert_eq!(answer.problem().detail, reason);
    }

    #[tokio::test]
    async fn a_cursor_of_this_history_goes_on() {
        let bench = Bench::new().await;
        let ours = cursor_after_one_change(&bench).await;
        let answer = bench
            .ask(Role::Viewer, Method::POST, PULL, from(&ours))
            .await
            .json();
        assert_eq!(answer["changes"], json!([]));
        assert_eq!(answer["caught_up"], true);
    }
}
