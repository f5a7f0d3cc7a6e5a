//! The first generation: `authing.js` for mini programs (tag v3 of Authing/authing-wxapp-sdk).

mod calls;
mod mini_program;
mod schema;

use super::{
    caller::Caller,
    graphql,
    wire::{Fault, GraphQl, Rest},
};
use crate::{
    App,
    endpoint::{Endpoint, Needs},
    facades::Call,
};
use axum::extract::State;
use std::sync::Arc;

/// Everything of this generation.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let anybody = Needs::Nothing;
    let mut endpoints = vec![
        Endpoint::post("/oauth/wechatapp/auth/{pool}", anybody, mini_program::auth),
        Endpoint::post(
            "/oauth/wechatapp/getphone/{pool}",
            anybody,
            mini_program::get_phone,
        ),
        Endpoint::post("/oauth/wechatapp/phone/{pool}", anybody, mini_program::bind_phone),
        Endpoint::post("/oauth/wechatapp/decrypt/{pool}", anybody, mini_program::decrypt),
        Endpoint::get("/send_smscode/{phone}/{pool}", anybody, send_sms),
    ];
    endpoints = endpoints
        .into_iter()
        .map(|endpoint| endpoint.failing(Rest::early))
        .collect();
    endpoints.push(Endpoint::post("/graphql", anybody, graphql).failing(GraphQl::early));
    endpoints
}

async fn graphql(State(app): State<Arc<App>>, call: Call) -> GraphQl {
    let body = match call.body() {
        Ok(body) => body,
        Err(error) => {
            let caller = Caller::of(app, &call, None);
            return GraphQl(Err(caller.malformed(Fault::from(error)).await));
        }
    };
    // The pool of a call that needs no token is one of its variables.
    let variables = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    let pool = variables["variables"]["registerInClient"].as_str();
    let caller = calls::Old(Caller::of(app, &call, pool));
    graphql::answer(&schema::SCHEMA, body, &caller).await
}

async fn send_sms(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(calls::send_sms(app, &call).await)
}
