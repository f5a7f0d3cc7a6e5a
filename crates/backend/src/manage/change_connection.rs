//! `PUT /manage/v1/pools/{pool}/connections/{id}`: all fields at once; an empty secret keeps the stored one.

use super::{OfConnection, check_draft};
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Place},
    store::ConnectionChange,
};
use axum::{Json, extract::State};
use std::sync::Arc;
use yaopai_domain::{Action, Connection, ConnectionDraft};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::put(
        "/manage/v1/pools/{pool}/connections/{id}",
        Needs::Right(Action::EditConnections),
        change,
    )]
}

async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfConnection { id }): Place<OfConnection>,
    Body(draft): Body<ConnectionDraft>,
) -> Result<Json<Connection>, Error> {
    let existing = app
        .store
        .connection(&caller.pool, id)
        .await?
        .ok_or(Error::NotFound("connection"))?;
    let mut fields = check_draft(&draft, Some(&existing))?;
    let secret = fields
        .app_secret
        .take()
        .map(|secret| app.vault.seal(&caller.pool, id, &secret, app.entropy.as_ref()))
        .transpose()?;
    let change = ConnectionChange::Replace {
        fields: Box::new(fields),
        secret,
    };
    let changed = app
        .store
        .change_connection(&caller.pool, &caller.name, id, change)
        .await?;
    Ok(Json(changed))
}
