//! `PUT /manage/v1/pools/{pool}/connections/{id}/enabled`: `{"enabled": bool}`.

use super::OfConnection;
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Place},
    openapi::Doc,
    store::ConnectionChange,
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use yaopai_domain::{Action, Connection};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::put(
            "/manage/v1/pools/{pool}/connections/{id}/enabled",
            Needs::Right(Action::EditConnections),
            enable,
        )
        .doc(
            Doc::new(
                "enable_connection",
                "Let people log in with a connection, or shut them out",
            )
            .takes::<Enabled>()
            .answers::<Connection>(StatusCode::OK, "The connection"),
        ),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Enabled {
    /// Whether people can log in with it.
    enabled: bool,
}

async fn enable(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfConnection { id }): Place<OfConnection>,
    Body(Enabled { enabled }): Body<Enabled>,
) -> Result<Json<Connection>, Error> {
    let change = ConnectionChange::Enable(enabled);
    let changed = app
        .store
        .change_connection(&caller.pool, &caller.name, id, change)
        .await?;
    Ok(Json(changed))
}
