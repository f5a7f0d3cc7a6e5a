//! `GET /manage/v1/pools/{pool}`: whom the console is talking to, and what it may do.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    openapi::Doc,
};
use axum::{Json, extract::State, http::StatusCode};
use std::sync::Arc;
use yaopai_domain::{Action, ServerInfo};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/manage/v1/pools/{pool}", Needs::Right(Action::Pull), server_info).doc(
            Doc::new("read_server_info", "Whom one is talking to, and what one may do")
                .answers::<ServerInfo>(StatusCode::OK, "The server and the caller's role"),
        ),
    ]
}

async fn server_info(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<ServerInfo>, Error> {
    let pool = app
        .store
        .pool(&caller.pool)
        .await?
        .ok_or(Error::NotFound("pool"))?;
    Ok(Json(ServerInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pool_name: pool.name,
        public_url: app.public_url.to_string(),
        wechat: app.wechat_environment.clone(),
        role: caller.role,
    }))
}
