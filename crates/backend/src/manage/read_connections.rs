//! `GET /manage/v1/pools/{pool}/connections`, `…/{id}` and `…/{id}/usage`.

use super::OfConnection;
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Place,
    openapi::Doc,
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use yaopai_domain::{Action, Connection, ConnectionUsage};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let needs = Needs::Right(Action::ReadConnections);
    vec![
        Endpoint::get("/manage/v1/pools/{pool}/connections", needs, list).doc(
            Doc::new(
                "list_connections",
                "The connections of the pool, without their secrets",
            )
            .answers::<Connections>(StatusCode::OK, "Oldest first"),
        ),
        Endpoint::get("/manage/v1/pools/{pool}/connections/{id}", needs, one).doc(
            Doc::new("read_connection", "One connection, without its secret")
                .answers::<Connection>(StatusCode::OK, "The connection"),
        ),
        Endpoint::get("/manage/v1/pools/{pool}/connections/{id}/usage", needs, usage).doc(
            Doc::new("read_connection_usage", "What deleting a connection would mean")
                .answers::<ConnectionUsage>(StatusCode::OK, "How many people it is a way in for"),
        ),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Connections {
    /// Oldest first.
    connections: Vec<Connection>,
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Connections>, Error> {
    let connections = app.store.connections(&caller.pool).await?;
    Ok(Json(Connections { connections }))
}

async fn one(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfConnection { id }): Place<OfConnection>,
) -> Result<Json<Connection>, Error> {
    let found = app.store.connection(&caller.pool, id).await?;
    found.map(Json).ok_or(Error::NotFound("connection"))
}

async fn usage(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfConnection { id }): Place<OfConnection>,
) -> Result<Json<ConnectionUsage>, Error> {
    Ok(Json(app.store.connection_usage(&caller.pool, id).await?))
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, draft};
    use axum::http::Method;
    use serde_json::{Value, json};

    const ANOTHER_APP: &str = "wx00000000000000ff";

    /// How many people log in with the connection, and how many have no other way in.
    async fn usage(bench: &Bench, id: &str) -> (i64, i64) {
        let path = format!("connections/{id}/usage");
        let usage = bench.manage(Method::GET, &path, Value::Null).await.json();
        (
            usage["users"].as_i64().unwrap(),
            usage["only_way_in"].as_i64().unwrap(),
        )
    }

    async fn enable(bench: &Bench, id: &str, enabled: bool) {
        let path = format!("connections/{id}/enabled");
        bench
            .manage(Method::PUT, &path, json!({ "enabled": enabled }))
            .await;
    }

    #[tokio::test]
    async fn people_are_bound_to_an_app_id_and_every_enabled_connection_of_it_is_a_way_in() {
        let bench = Bench::new().await;
        let first = bench.connect("first").await;
        let mut other = draft("other");
        other["app_id"] = json!(ANOTHER_APP);
        let other = bench.manage(Method::POST, "connections", other).await.json();
        let other = other["id"].as_str().unwrap();
        bench
            .bootstrap("[[user]]\nusername = \"one\"\n[[user]]\nusername = \"both\"")
            .await
            .unwrap();
        // Both came by the first connection; one of them by another app, too.
        let came = "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, connection_id, kind,
                 first_seen, last_seen)";
        for rows in [
            format!("SELECT id, pool, id, 'app', 'wx0123456789abcdef', id, '{first}', 'wechat:pc', 0, 0 FROM users"),
            format!(
                "SELECT id || '+', pool, id, 'app', '{ANOTHER_APP}', id, '{other}', 'wechat:pc', 0, 0 FROM users
                 WHERE username = 'both'"
            ),
        ] {
            bench.change(&format!("{came} {rows}"), vec![]).await;
        }
        assert_eq!(usage(&bench, &first).await, (2, 1));
        enable(&bench, other, false).await;
        assert_eq!(
            usage(&bench, &first).await,
            (2, 2),
            "a disabled connection is no way in"
        );

        let second = bench.connect("second").await;
        assert_eq!(
            usage(&bench, &first).await,
            (2, 0),
            "the second has the same AppID"
        );
        assert_eq!(usage(&bench, &second).await, (2, 0), "and the same people");
        enable(&bench, &first, false).await;
        assert_eq!(usage(&bench, &second).await, (2, 2));
    }
}
