//! `POST /sync/v1/pools/{pool}/push`: edits in order, each applied at most once.
//!
//! Everyone with a replica may push: an edit that the role does not allow gets an outcome like any other, so that it
//! never blocks the edits behind it.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Body,
    store::{PushAs, PushDecision},
};
use axum::{Json, extract::State};
use std::sync::Arc;
use yaopai_domain::{Action, PushAnswer, PushRequest};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::post(
        "/sync/v1/pools/{pool}/push",
        Needs::Right(Action::Pull),
        push,
    )]
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
