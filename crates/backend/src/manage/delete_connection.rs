//! `DELETE /manage/v1/pools/{pool}/connections/{id}`. Its people keep their bindings.

use super::OfConnection;
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Place,
    openapi::Doc,
};
use axum::{extract::State, http::StatusCode};
use std::sync::Arc;
use yaopai_domain::Action;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::delete(
            "/manage/v1/pools/{pool}/connections/{id}",
            Needs::Right(Action::EditConnections),
            delete,
        )
        .doc(
            Doc::new(
                "delete_connection",
                "Delete a connection; its people keep their bindings",
            )
            .answers_nothing(StatusCode::NO_CONTENT, "Gone"),
        ),
    ]
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfConnection { id }): Place<OfConnection>,
) -> Result<StatusCode, Error> {
    app.store
        .delete_connection(&caller.pool, &caller.name, id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
