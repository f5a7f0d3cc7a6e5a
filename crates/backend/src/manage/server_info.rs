//! `GET /manage/v1/pools/{pool}`: whom the console is talking to, and what it may do.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
};
use axum::{Json, extract::State};
use std::sync::Arc;
use yaopai_domain::{Action, ServerInfo};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::get(
        "/manage/v1/pools/{pool}",
        Needs::Right(Action::Pull),
        server_info,
    )]
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
