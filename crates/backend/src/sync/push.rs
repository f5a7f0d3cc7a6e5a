//! `POST /sync/v1/pools/{pool}/push`: edits in order, each applied at most once.
//!
//! Everyone with a replica may push: an edit that the role does not allow gets an outcome like any other, so that it
//! never blocks the edits behind it.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Body,
    openapi::Doc,
    store::{PushAs, PushDecision},
};
use axum::{Json, extract::State, http::StatusCode};
use std::sync::Arc;
use yaopai_domain::{Action, PushAnswer, PushRequest};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/sync/v1/pools/{pool}/push", Needs::Right(Action::Pull), push).doc(
            Doc::new("push", "Edits in order, each applied at most once")
                .takes::<PushRequest>()
                .answers::<PushAnswer>(
                    StatusCode::OK,
                    "An outcome for each edit, the same however often asked",
                ),
        ),
    ]
}

async fn push(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(request): Body<PushRequest>,
) -> Result<Json<PushAnswer>, Error> {
    if request.mutations.len() > PushRequest::MAX_MUTATIONS {
        return Err(Error::TooLarge);
    }
    let in_order = request
        .mutations
        .windows(2)
        .all(|pair| pair[0].seq.checked_add(1) == Some(pair[1].seq));
    if !in_order || request.mutations.first().is_some_and(|first| first.seq == 0) {
        return Err(Error::Malformed(
            "mutations are numbered 1, 2, 3, … without gaps".to_owned(),
        ));
    }
    let by = PushAs {
        may_edit: caller.may(Action::EditUsers),
        actor: caller.name,
    };
    match app.store.push(&caller.pool, by, request).await? {
        PushDecision::Answered(answer) => Ok(Json(answer)),
        PushDecision::Gap { last_seq } => Err(Error::SyncGap { last_seq }),
        PushDecision::Fork { seq } => Err(Error::SyncFork { seq }),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;
    use axum::http::Method;
    use rstest::rstest;
    use serde_json::{Value, json};
    use yaopai_domain::{Code, Role};

    const PUSH: &str = "/sync/v1/pools/default/push";

    fn edits(numbers: impl IntoIterator<Item = u64>) -> Value {
        let mutations: Vec<_> = numbers
            .into_iter()
            .map(|seq| {
                json!({
                    "seq": seq,
                    "id": "00000000-0000-7000-8000-000000000002",
                    "patch": {
                        "user_id": "00000000-0000-7000-8000-000000000003",
                        "field": "metadata.tier",
                        "new": "gold",
                    },
                })
            })
            .collect();
        json!({"client_id": "00000000-0000-7000-8000-000000000001", "mutations": mutations})
    }

    #[rstest]
    #[case::from_zero(edits([0, 1]), Code::MalformedRequest)]
    #[case::out_of_order(edits([2, 1]), Code::MalformedRequest)]
    #[case::hole(edits([1, 3]), Code::MalformedRequest)]
    #[case::begins_too_late(edits([2]), Code::SyncGap)]
    #[case::too_many(edits(1..=501), Code::TooLarge)]
    #[tokio::test]
    async fn refuses_a_push_it_cannot_put_in_order(#[case] push: Value, #[case] code: Code) {
        let answer = Bench::new()
            .await
            .ask(Role::Support, Method::POST, PUSH, push)
            .await;
        assert_eq!(answer.code(), code);
    }

    #[tokio::test]
    async fn another_edit_under_a_decided_number_is_a_fork() {
        let bench = Bench::new().await;
        let first = bench
            .ask(Role::Support, Method::POST, PUSH, edits([1]))
            .await
            .json();
        assert_eq!(first["outcomes"][0]["outcome"]["rejection"], "user_gone");
        let mut other = edits([1]);
        other["mutations"][0]["id"] = json!("00000000-0000-7000-8000-00000000000f");
        let answer = bench.ask(Role::Support, Method::POST, PUSH, other).await;
        assert_eq!(answer.code(), Code::SyncFork);
    }

    #[tokio::test]
    async fn a_viewers_edit_is_rejected_and_not_in_the_way() {
        let bench = Bench::new().await;
        let answer = bench
            .ask(Role::Viewer, Method::POST, PUSH, edits([1]))
            .await
            .json();
        assert_eq!(answer["outcomes"][0]["outcome"]["rejection"], "forbidden");
        assert_eq!(answer["last_seq"], 1);
    }
}
