//! `/manage/v1/pools/{pool}/merges`: two users who are one person become one, with a look before and a way back.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Parameters, Place},
    openapi::Doc,
    store::{By, MergeOutcome, UnmergeOutcome},
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yaopai_domain::{Action, Merge, MergeId, MergePreview, MergeRequest, Unmerged};

const USUAL_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let needs = Needs::Right(Action::MergeUsers);
    vec![
        Endpoint::get("/manage/v1/pools/{pool}/merges", needs, list).doc(
            Doc::new(
                "list_merges",
                "The merges that can still be undone, and those that were",
            )
            .query::<Page>()
            .answers::<Merges>(StatusCode::OK, "Newest first"),
        ),
        Endpoint::post("/manage/v1/pools/{pool}/merges", needs, merge).doc(
            Doc::new("merge_users", "Make two users one")
                .takes::<MergeRequest>()
                .answers::<Merge>(StatusCode::CREATED, "The merge"),
        ),
        Endpoint::post("/manage/v1/pools/{pool}/merges/preview", needs, preview).doc(
            Doc::new("preview_merge", "What a merge would do; nothing is written")
                .takes::<MergeRequest>()
                .answers::<MergePreview>(StatusCode::OK, "Both users, and what the one who stays would be"),
        ),
        Endpoint::post("/manage/v1/pools/{pool}/merges/{id}/undo", needs, undo).doc(
            Doc::new(
                "undo_merge",
                "Make them two again, as far as nobody has changed things since",
            )
            .answers::<Unmerged>(StatusCode::OK, "What came back, and what was left alone"),
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Page {
    /// At most this many, 50 unless told, 200 at most.
    limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Merges {
    /// Newest first.
    merges: Vec<Merge>,
}

/// Those of the last 30 days, newest first: so long a merge can be undone.
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Parameters(page): Parameters<Page>,
) -> Result<Json<Merges>, Error> {
    let limit = page.limit.unwrap_or(USUAL_LIMIT).clamp(1, MAX_LIMIT);
    let merges = app.store.merges(&caller.pool, limit).await?;
    Ok(Json(Merges { merges }))
}

/// What it would do; nothing is written.
async fn preview(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(request): Body<MergeRequest>,
) -> Result<Json<MergePreview>, Error> {
    let preview = app.store.preview_merge(&caller.pool, request).await?;
    let preview = preview.map_err(Error::InvalidFields)?;
    preview.map(Json).ok_or(Error::NotFound("user"))
}

async fn merge(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(request): Body<MergeRequest>,
) -> Result<(StatusCode, Json<Merge>), Error> {
    let by = By { actor: caller.name };
    match app.store.merge_users(&caller.pool, by, request).await? {
        MergeOutcome::Done(merge) => Ok((StatusCode::CREATED, Json(merge))),
        MergeOutcome::NoUser => Err(Error::NotFound("user")),
        MergeOutcome::Refused(fields) => Err(Error::InvalidFields(fields)),
    }
}

#[derive(Deserialize)]
struct OfMerge {
    id: MergeId,
}

async fn undo(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfMerge { id }): Place<OfMerge>,
) -> Result<Json<Unmerged>, Error> {
    let by = By { actor: caller.name };
    match app.store.undo_merge(&caller.pool, by, id).await? {
        UnmergeOutcome::Done(unmerged) => Ok(Json(unmerged)),
        UnmergeOutcome::NotFound => Err(Error::NotFound("merge")),
        UnmergeOutcome::TooLate => Err(Error::MergeStands),
    }
}
