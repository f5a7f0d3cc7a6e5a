//! The second generation: authing-wxapp-sdk 4 and authing-js-sdk 4.

mod administration;
mod calls;
mod management;
mod mini_program;
mod rest;
mod schema;

pub(super) use calls::{check_login_status, update};

use super::{
    caller::Caller,
    graphql,
    wire::{Fault, GraphQl, Rest},
};
use crate::{
    App,
    endpoint::{Endpoint, Needs},
    facades::{Browsers, Call},
};
use axum::extract::State;
use std::sync::Arc;

/// Everything of this generation.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let anybody = Needs::Nothing;
    let mut endpoints = vec![
        Endpoint::post(
            "/connections/social/wechat-miniprogram/auth",
            anybody,
            mini_program::auth,
        ),
        Endpoint::post(
            "/connections/social/wechat-miniprogram/auth-by-phone",
            anybody,
            mini_program::auth_by_phone,
        ),
        Endpoint::post(
            "/connections/social/wechat-miniprogram/getphone",
            anybody,
            mini_program::get_phone,
        ),
        Endpoint::post(
            "/connections/social/wechat-miniprogram/bind",
            anybody,
            mini_program::bind,
        ),
    ];
    endpoints.extend(rest::endpoints());
    endpoints.extend(administration::endpoints());
    endpoints = endpoints
        .into_iter()
        .map(|endpoint| endpoint.failing(Rest::early))
        .collect();
    endpoints.push(Endpoint::post("/graphql/v2", anybody, graphql).failing(GraphQl::early));
    endpoints
        .into_iter()
        .map(|endpoint| endpoint.from(Browsers::Listed))
        .collect()
}

async fn graphql(State(app): State<Arc<App>>, call: Call) -> GraphQl {
    let caller = Caller::of(app, &call, None);
    let body = match call.body() {
        Ok(body) => body,
        Err(error) => return GraphQl(Err(caller.malformed(Fault::from(error)).await)),
    };
    graphql::answer(&schema::SCHEMA, body, &caller).await
}
