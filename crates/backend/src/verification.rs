//! `GET /<name>`: the domain verification files, byte for byte, for WeChat to read.

use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    extract::Place,
};
use axum::{extract::State, http::header, response::IntoResponse};
use serde::Deserialize;
use std::sync::Arc;
use yaopai_domain::is_verification_file_name;

/// The endpoint.
pub(crate) fn endpoint() -> Endpoint {
    Endpoint::get("/{name}", Needs::Nothing, serve)
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

async fn serve(
    State(app): State<Arc<App>>,
    Place(Named { name }): Place<Named>,
) -> Result<impl IntoResponse, Error> {
    if !is_verification_file_name(&name) {
        return Err(Error::NotFound("address"));
    }
    let content = app
        .store
        .verification_file(&name)
        .await?
        .ok_or(Error::NotFound("verification file"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, content))
}
