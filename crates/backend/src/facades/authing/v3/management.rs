//! The management API (`ManagementClient` of authing-node-sdk 4.0.1): signed requests.

use super::{applications, connections, custom_fields, users};
use crate::{
    App,
    endpoint::{Endpoint, Needs},
    facades::{
        Call,
        authing::{
            fields::Fields,
            operator::Operator,
            wire::{Envelope, Fault},
        },
    },
};
use axum::{extract::State, http::Method};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What is read with `GET`.
const READ: [&str; 13] = [
    "/api/v3/list-users",
    "/api/v3/get-user",
    "/api/v3/get-user-batch",
    "/api/v3/get-custom-data",
    "/api/v3/get-user-identities",
    "/api/v3/list-ext-idp",
    "/api/v3/get-ext-idp",
    "/api/v3/ext-idp-conn-apps",
    "/api/v3/get-user-login-history",
    "/api/v3/get-custom-fields",
    "/api/v3/list-custom-fields",
    "/api/v3/list-applications",
    "/api/v3/get-application",
];
/// What is asked with `POST`.
const CHANGE: [&str; 19] = [
    "/api/v3/list-users",
    "/api/v3/create-user",
    "/api/v3/create-users-batch",
    "/api/v3/update-user",
    "/api/v3/delete-users-batch",
    "/api/v3/is-user-exists",
    "/api/v3/kick-users",
    "/api/v3/set-custom-data",
    "/api/v3/link-identity",
    "/api/v3/unlink-identity",
    "/api/v3/create-ext-idp",
    "/api/v3/update-ext-idp",
    "/api/v3/delete-ext-idp",
    "/api/v3/create-ext-idp-conn",
    "/api/v3/update-ext-idp-conn",
    "/api/v3/delete-ext-idp-conn",
    "/api/v3/change-ext-idp-conn-state",
    "/api/v3/set-custom-fields",
    "/api/v3/delete-custom-fields",
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    let read = READ.map(|path| Endpoint::get(path, Needs::Nothing, handle));
    let change = CHANGE.map(|path| Endpoint::post(path, Needs::Nothing, handle));
    read.into_iter().chain(change).collect()
}

async fn handle(State(app): State<Arc<App>>, call: Call) -> Envelope {
    Envelope(answer(app, &call).await)
}

async fn answer(app: Arc<App>, call: &Call) -> Result<Value, Fault> {
    let parameters: Map<String, Value> = if call.method == Method::GET {
        let queries = call.queries().iter();
        queries
            .map(|(name, value)| (name.clone(), Value::String(value.clone())))
            .collect()
    } else {
        call.json()?
    };
    let operator = Operator::of_signature(app, call, &parameters).await?;
    let fields = Fields(&parameters);
    let name = call.uri.path().strip_prefix("/api/v3/").unwrap_or_default();
    if let Some(answer) = users::answer(&operator, name, fields).await? {
        return Ok(answer);
    }
    if let Some(answer) = custom_fields::answer(&operator, name, fields).await? {
        return Ok(answer);
    }
    match applications::answer(&operator, name, fields).await? {
        Some(answer) => Ok(answer),
        None => connections::answer(&operator, name, fields).await,
    }
}
