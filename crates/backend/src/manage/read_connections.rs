//! `GET /manage/v1/pools/{pool}/connections`, `…/{id}` and `…/{id}/usage`.

use super::OfConnection;
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Place,
};
use axum::{Json, extract::State};
use serde_json::{Value, json};
use std::sync::Arc;
use yaopai_domain::{Action, Connection, ConnectionUsage};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let needs = Needs::Right(Action::ReadConnections);
    vec![
        Endpoint::get("/manage/v1/pools/{pool}/connections", needs, list),
        Endpoint::get("/manage/v1/pools/{pool}/connections/{id}", needs, one),
        Endpoint::get("/manage/v1/pools/{pool}/connections/{id}/usage", needs, usage),
    ]
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, Error> {
    let connections = app.store.connections(&caller.pool).await?;
    Ok(Json(json!({ "connections": connections })))
}

async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfConnection { id }): Place<OfConnection>,
) -> Result<Json<Connection>, Error> {
    let found = app.store.connection(&caller.pool, id).await?;
    found.map(Json).ok_or(Error::NotFound("connection"))
}

async fn usage(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfConnection { id }): Place<OfConnection>,
) -> Result<Json<ConnectionUsage>, Error> {
    Ok(Json(app.store.connection_usage(&caller.pool, id).await?))
}
