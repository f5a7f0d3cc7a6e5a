//! All endpoints, and what every request passes through.

use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    login, manage, sync, verification,
};
use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, Request},
};
use serde_json::{Value, json};
use std::sync::Arc;
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

/// Bytes of a request body.
const BODY_LIMIT: usize = 1024 * 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Every endpoint there is.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        Endpoint::get("/healthz", Needs::Nothing, healthy),
        verification::endpoint(),
    ];
    endpoints.extend(manage::endpoints());
    endpoints.extend(sync::endpoints());
    endpoints.extend(login::endpoints());
    endpoints
}

/// The router of all endpoints.
pub(crate) fn router(app: Arc<App>) -> Router {
    endpoints()
        .into_iter()
        .fold(Router::new(), |router, endpoint| endpoint.mount(router, &app))
        .fallback(async || Error::NotFound("address"))
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        // The path only: a query can hold codes.
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request<_>| {
            tracing::info_span!(
                "request",
                method = %request.method(),
                path = request.uri().path(),
                id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()),
            )
        }))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .with_state(app)
}

async fn healthy() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
