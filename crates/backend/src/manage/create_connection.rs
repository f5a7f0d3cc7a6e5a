//! `POST /manage/v1/pools/{pool}/connections`: a new connection, enabled from the start.

use super::check_draft;
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Body,
    store::NewConnection,
};
use axum::{Json, extract::State, http::StatusCode};
use std::sync::Arc;
use yaopai_domain::{Action, Connection, ConnectionDraft, ConnectionId, FieldError, Rule};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::post(
        "/manage/v1/pools/{pool}/connections",
        Needs::Right(Action::EditConnections),
        create,
    )]
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(draft): Body<ConnectionDraft>,
) -> Result<(StatusCode, Json<Connection>), Error> {
    let mut fields = check_draft(&draft, None)?;
    let id = ConnectionId::new(app.clock.as_ref(), app.entropy.as_ref());
    let secret = fields
        .app_secret
        .take()
        .ok_or_else(|| Error::InvalidFields(vec![FieldError::new("app_secret", Rule::Required)]))?;
    let new = NewConnection {
        id,
        secret: app.vault.seal(&caller.pool, id, &secret, app.entropy.as_ref())?,
        fields,
        enabled: true,
    };
    let created = app
        .store
        .create_connection(&caller.pool, &caller.name, new)
        .await?;
    Ok((StatusCode::CREATED, Json(created)))
}
