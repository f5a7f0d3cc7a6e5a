//! `PUT /manage/v1/pools/{pool}/connections/{id}/enabled`: `{"enabled": bool}`.

use super::OfConnection;
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Place},
    store::ConnectionChange,
};
use axum::{Json, extract::State};
use serde::Deserialize;
use std::sync::Arc;
use yaopai_domain::{Action, Connection};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::put(
        "/manage/v1/pools/{pool}/connections/{id}/enabled",
        Needs::Right(Action::EditConnections),
        enable,
    )]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    enabled: bool,
}

async fn enable(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfConnection { id }): Place<OfConnection>,
    Body(Wish { enabled }): Body<Wish>,
) -> Result<Json<Connection>, Error> {
    let change = ConnectionChange::Enable(enabled);
    let changed = app
        .store
        .change_connection(&caller.pool, &caller.name, id, change)
        .await?;
    Ok(Json(changed))
}
