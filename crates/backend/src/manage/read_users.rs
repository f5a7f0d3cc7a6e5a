//! `GET /manage/v1/pools/{pool}/users` for scripts, and `…/users/{id}` with all bindings.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Parameters, Place},
    openapi::Doc,
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yaopai_domain::{Action, User, UserId, UserRecord};

const USUAL_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 200;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let needs = Needs::Right(Action::ReadUsers);
    vec![
        Endpoint::get("/manage/v1/pools/{pool}/users", needs, list).doc(
            Doc::new("list_users", "Users in the order of their ids, for scripts")
                .query::<Page>()
                .answers::<Users>(StatusCode::OK, "A page of users"),
        ),
        Endpoint::get("/manage/v1/pools/{pool}/users/{id}", needs, one).doc(
            Doc::new("read_user", "One user with all bindings")
                .answers::<UserRecord>(StatusCode::OK, "The user"),
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Page {
    /// What the last page answered as `after`.
    after: Option<UserId>,
    /// At most this many, 50 unless told, 200 at most.
    limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
struct Users {
    /// In the order of their ids.
    users: Vec<User>,
    /// What to send as `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<UserId>,
}

async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Parameters(page): Parameters<Page>,
) -> Result<Json<Users>, Error> {
    let limit = page.limit.unwrap_or(USUAL_LIMIT).clamp(1, MAX_LIMIT);
    // One more than asked for tells whether there is another page.
    let mut users = app.store.users(&caller.pool, page.after, limit + 1).await?;
    let more = users.len() > limit as usize;
    users.truncate(limit as usize);
    let after = users.last().map(|user| user.id).filter(|_| more);
    Ok(Json(Users { users, after }))
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
