//! The calls of administrators' scripts that are not GraphQL (`ManagementClient` of authing-js-sdk 4.23.55).

use super::management;
use crate::{
    App,
    endpoint::{Endpoint, Needs},
    facades::{
        Call,
        authing::{
            caller::Caller,
            fields::Fields,
            operator::Operator,
            v3,
            wire::{Fault, Rest},
        },
    },
};
use axum::{extract::State, http::Method};
use serde_json::{Map, Value};
use std::sync::Arc;
use yaopai_domain::{Action, UserId};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let anybody = Needs::Nothing;
    vec![
        Endpoint::get("/api/v2/users/{id}", anybody, handle),
        Endpoint::post("/api/v2/users/batch", anybody, handle),
        Endpoint::post("/api/v2/users/kick", anybody, handle),
        Endpoint::post("/api/v2/users/filter", anybody, handle),
        Endpoint::post("/api/v2/users/identity/link", anybody, handle),
        Endpoint::post("/api/v2/users/identity/unlink", anybody, handle),
        Endpoint::get("/api/v2/extIdp", anybody, handle),
        Endpoint::post("/api/v2/extIdp", anybody, handle),
        Endpoint::get("/api/v2/extIdp/{id}", anybody, handle),
        Endpoint::put("/api/v2/extIdp/{id}", anybody, handle),
        Endpoint::delete("/api/v2/extIdp/{id}", anybody, handle),
        Endpoint::post("/api/v2/extIdpConn", anybody, handle),
        Endpoint::put("/api/v2/extIdpConn/{id}", anybody, handle),
        Endpoint::delete("/api/v2/extIdpConn/{id}", anybody, handle),
        Endpoint::put("/api/v2/extIdpConn/{id}/state", anybody, handle),
    ]
}

async fn handle(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(answer(app, &call).await)
}

async fn answer(app: Arc<App>, call: &Call) -> Result<Value, Fault> {
    let caller = Caller::of(app, call, None);
    let operator = management::operator(&caller)
        .await?
        .ok_or_else(Fault::signed_out)?;
    let mut sent = caller.fields(call).await?;
    let path = call.uri.path().strip_prefix("/api/v2/").unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    if let [_, id, ..] = parts.as_slice() {
        sent.insert("id".to_owned(), Value::String((*id).to_owned()));
    }
    let fields = Fields(&sent);
    let connections = async |name| v3::connections(&operator, name, fields).await;
    match (&call.method, parts.as_slice()) {
        (_, ["users", "batch"]) => {
            let mut users = Vec::new();
            for id in fields.texts("ids") {
                users.push(user(&operator, &id).await?);
            }
            Ok(Value::Array(users))
        }
        (_, ["users", "kick"]) => {
            let users = fields.texts("userIds");
            let users = users
                .iter()
                .map(|id| user_id(id))
                .collect::<Result<Vec<_>, _>>()?;
            operator.kick(&users).await?;
            Ok(Value::Null)
        }
        (_, ["users", "filter"]) => {
            let filter = Map::from_iter([("advancedFilter".to_owned(), sent.get("filter").cloned().into())]);
            management::users(&operator, v3::search(Fields(&filter))?, fields).await
        }
        (_, ["users", "identity", "link"]) => v3::link(&operator, fields).await,
        (_, ["users", "identity", _]) => v3::unlink(&operator, fields).await,
        (_, ["users", id]) => user(&operator, id).await,
        (&Method::GET, ["extIdp"]) => connections("list-ext-idp").await,
        (_, ["extIdp"]) => create_source(&operator, &sent).await,
        (&Method::GET, ["extIdp", _]) => connections("get-ext-idp").await,
        (&Method::PUT, ["extIdp", _]) => connections("update-ext-idp").await,
        (_, ["extIdp", _]) => connections("delete-ext-idp").await,
        (_, ["extIdpConn"]) => connections("create-ext-idp-conn").await,
        (&Method::PUT, ["extIdpConn", _]) => connections("update-ext-idp-conn").await,
        (&Method::DELETE, ["extIdpConn", _]) => connections("delete-ext-idp-conn").await,
        _ => connections("change-ext-idp-conn-state").await,
    }
}

/// A source, and the connections that come with it.
async fn create_source(operator: &Operator, sent: &Map<String, Value>) -> Result<Value, Fault> {
    let made = v3::connections(operator, "create-ext-idp", Fields(sent)).await?;
    for connection in Fields(sent).list("connections") {
        let mut connection = connection
            .as_object()
            .cloned()
            .ok_or_else(|| Fault::malformed("connections 不合法"))?;
        connection.insert("extIdpId".to_owned(), made["id"].clone());
        v3::connections(operator, "create-ext-idp-conn", Fields(&connection)).await?;
    }
    let id = Map::from_iter([("id".to_owned(), made["id"].clone())]);
    v3::connections(operator, "get-ext-idp", Fields(&id)).await
}

async fn user(operator: &Operator, id: &str) -> Result<Value, Fault> {
    operator.may(Action::ReadUsers)?;
    Ok(operator.portrait(user_id(id)?).await?.v2())
}

fn user_id(text: &str) -> Result<UserId, Fault> {
    text.parse().map_err(|_| Fault::no_user())
}
