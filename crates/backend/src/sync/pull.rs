//! `POST /sync/v1/pools/{pool}/pull`: a page of changes.

use super::cursor;
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Body,
    store::PullAnswer,
};
use axum::{Json, extract::State};
use std::sync::Arc;
use yaopai_domain::{Action, PullPage, PullRequest, ResetReason};

/// A page has at most this many changes.
const MAX_LIMIT: u32 = 5000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::post(
        "/sync/v1/pools/{pool}/pull",
        Needs::Right(Action::Pull),
        pull,
    )]
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
