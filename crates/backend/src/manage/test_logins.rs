//! `POST /manage/v1/pools/{pool}/connections/{id}/test-logins`: try a connection with a real scan.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Place},
    login,
    openapi::Doc,
    store::StoreError,
};
use axum::{Json, extract::State, http::StatusCode};
use std::sync::Arc;
use yaopai_domain::{Action, ConnectionId, TestLogin, TestLoginRequest};

/// The endpoints.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/manage/v1/pools/{pool}/connections/{id}/test-logins",
            Needs::Right(Action::TestLogin),
            start,
        )
        .doc(
            Doc::new("start_test_login", "Try a connection with a real scan")
                .takes::<TestLoginRequest>()
                .answers::<TestLogin>(StatusCode::CREATED, "What to draw, and the attempt to follow"),
        ),
    ]
}

/// 201 with what to draw. 409 for a disabled connection unless it is a dry run; 502 if WeChat refuses at once, and then
/// the attempt is kept as failed.
async fn start(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place((_, id)): Place<(String, ConnectionId)>,
    Body(request): Body<TestLoginRequest>,
) -> Result<(StatusCode, Json<TestLogin>), Error> {
    let pool = caller.pool;
    let connection = app
        .store
        .connection(&pool, id)
        .await?
        .ok_or(Error::NotFound("connection"))?;
    if !connection.enabled && !request.dry_run {
        return Err(Error::ConnectionDisabled);
    }
    // In its own task: a caller who leaves must not leave half an attempt behind. What a stop leaves behind, the next
    // start ends.
    let start = login::start_test(Arc::clone(&app), pool, connection, request.dry_run);
    let start = app.stopping.clone().run_until_cancelled_owned(start);
    let started = app.tasks.spawn(start).await;
    let started = started.map_err(|_| Error::Internal("the test login broke off"))?;
    let login = started.ok_or(StoreError::Closed)??;
    Ok((StatusCode::CREATED, Json(login)))
}
