//! `GET /manage/v1/pools/{pool}/users` for scripts, and `…/users/{id}` with all bindings.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Parameters, Place},
};
use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use yaopai_domain::{Action, UserId, UserRecord};

const USUAL_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let needs = Needs::Right(Action::ReadUsers);
    vec![
        Endpoint::get("/manage/v1/pools/{pool}/users", needs, list),
        Endpoint::get("/manage/v1/pools/{pool}/users/{id}", needs, one),
    ]
}

#[derive(Deserialize)]
struct Page {
    after: Option<UserId>,
    limit: Option<u32>,
}

/// `{"users": […], "after": id}`; `after` is absent on the last page.
async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Parameters(page): Parameters<Page>,
) -> Result<Json<Value>, Error> {
    let limit = page.limit.unwrap_or(USUAL_LIMIT).clamp(1, MAX_LIMIT);
    // One more than asked for tells whether there is another page.
    let mut users = app.store.users(&caller.pool, page.after, limit + 1).await?;
    let more = users.len() > limit as usize;
    users.truncate(limit as usize);
    let after = users.last().map(|user| user.id).filter(|_| more);
    Ok(Json(match after {
        Some(after) => json!({ "users": users, "after": after }),
        None => json!({ "users": users }),
    }))
}

#[derive(Deserialize)]
struct OfUser {
    id: UserId,
}

async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfUser { id }): Place<OfUser>,
) -> Result<Json<UserRecord>, Error> {
    let found = app.store.user_record(&caller.pool, id).await?;
    found.map(Json).ok_or(Error::NotFound("user"))
}
