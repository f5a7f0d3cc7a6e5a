//! What administrators' scripts change is in the audit log as what operators change (design rule 12).

use super::{POOL, enter, post, v3};
use crate::{
    facades::desk::Desk,
    router,
    testing::{SECRET, audited},
};
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The name of the key, as the audit log has it.
const ACTOR: &str = "authing:scripts";

/// Endpoints that change nothing of what operators administer, and why.
const NO_CHANGES: &[(&str, &str)] = &[
    ("POST /api/v3/list-users", "reads"),
    ("POST /api/v3/is-user-exists", "reads"),
    ("POST /api/v3/delete-ext-idp", "is always refused"),
    ("DELETE /api/v2/extIdp/{id}", "is always refused"),
    ("POST /api/v2/users/batch", "reads"),
    ("POST /api/v2/users/filter", "reads"),
    ("POST /api/v3/signin-by-mobile", "is the person's own"),
    ("POST /api/v3/update-profile", "is the person's own"),
    ("POST /api/v3/gene-qrcode", "is the person's own"),
    (
        "POST /api/v3/exchange-tokenset-with-qrcode-ticket",
        "is the person's own",
    ),
    ("POST /api/v3/change-qrcode-status", "is the person's own"),
    ("POST /api/v3/set-qrcode-status", "is the person's own"),
    ("POST /api/v2/login/email-code", "is the person's own"),
    ("POST /api/v2/register/email-code", "is the person's own"),
    ("POST /api/v2/sms/send", "is the person's own"),
    ("POST /api/v2/upload", "is the person's own"),
    ("POST /api/v2/qrcode/gene", "is the person's own"),
    ("POST /api/v2/qrcode/userinfo", "is the person's own"),
    ("POST /api/v2/qrcode/scanned", "is the person's own"),
    ("POST /api/v2/qrcode/confirm", "is the person's own"),
    ("POST /api/v2/qrcode/cancel", "is the person's own"),
];

/// A backend, and the token of a script of the second generation.
struct Scripts {
    desk: Desk,
    token: String,
    walked: BTreeSet<String>,
}

impl Scripts {
    async fn new() -> Self {
        let desk = v3::desk().await;
        let query =
            "query a($s: String!) { accessToken(userPoolId: \"default\", secret: $s) { accessToken } }";
        let body = json!({ "query": query, "variables": { "s": v3::ADMIN.1 } });
        let made = post(&desk, "/graphql/v2", &[POOL], body).await;
        let token = made["data"]["accessToken"]["accessToken"].as_str().unwrap();
        Self {
            token: format!("Bearer {token}"),
            desk,
            walked: BTreeSet::new(),
        }
    }

    /// A change of the third generation.
    async fn v3(&mut self, name: &str, body: Value) {
        let what = format!("POST /api/v3/{name}");
        let send = async || {
            let answer = v3::ask(&self.desk, &v3::ADMIN, Method::POST, name, body.clone()).await;
            done(&answer, "/statusCode")
        };
        audited(&self.desk, ACTOR, &what, send).await;
        self.walked.insert(what);
    }

    /// A change of the second generation; `{id}` in its path is this one.
    async fn v2(&mut self, method: Method, path: &str, id: &Value, body: Value) {
        let what = format!("{method} /api/v2/{path}");
        let address = format!(
            "/api/v2/{}",
            path.replace("{id}", id.as_str().unwrap_or_default())
        );
        let headers = [POOL, ("authorization", self.token.as_str())];
        let send = async || {
            let answer = self
                .desk
                .call(method.clone(), &address, &headers, body.to_string());
            done(&answer.await.json(), "/code")
        };
        audited(&self.desk, ACTOR, &what, send).await;
        self.walked.insert(what);
    }

    async fn graphql(&self, mutation: &str) {
        let headers = [POOL, ("authorization", self.token.as_str())];
        let send = async || {
            let body = json!({ "query": format!("mutation {{ {mutation} }}") });
            let answer = post(&self.desk, "/graphql/v2", &headers, body).await;
            match answer.get("errors") {
                None => Ok(()),
                Some(errors) => Err(errors.to_string()),
            }
        };
        audited(&self.desk, ACTOR, mutation, send).await;
    }

    /// The id of whoever has this user name.
    async fn user(&self, username: &str) -> Value {
        let asked = json!({ "userId": username, "userIdType": "username" });
        v3::ask(&self.desk, &v3::ADMIN, Method::GET, "get-user", asked).await["data"]["userId"].clone()
    }

    /// The newest source, and the connection with this identifier. What is made afterwards is newer.
    async fn source(&self, identifier: &str) -> (Value, Value) {
        self.desk.clock.turn(1000);
        let sources = v3::ask(&self.desk, &v3::ADMIN, Method::GET, "list-ext-idp", json!({})).await;
        let newest = sources["data"]["list"].as_array().unwrap().last().unwrap()["id"].clone();
        let connections = self
            .desk
            .manage(Method::GET, "connections", Value::Null)
            .await
            .json();
        let mut connections = connections["connections"].as_array().unwrap().iter();
        let connection = connections.find(|connection| connection["identifier"] == identifier);
        (
            newest,
            connection
                .map(|connection| connection["id"].clone())
                .unwrap_or_default(),
        )
    }
}

fn done(answer: &Value, code: &str) -> Result<(), String> {
    match answer.pointer(code) {
        Some(code) if *code == 200 => Ok(()),
        _ => Err(answer.to_string()),
    }
}

fn connection(source: &Value, identifier: &str) -> Value {
    json!({
        "extIdpId": source, "type": "wechat:pc", "identifier": identifier, "displayName": identifier,
        "fields": { "clientID": "wx0123456789abcdee", "clientSecret": SECRET },
    })
}

#[tokio::test]
async fn every_change_of_a_script_is_written_with_its_audit_entry_or_not_at_all() {
    let mut scripts = Scripts::new().await;
    let (source, wxapp) = scripts.source("wxapp").await;
    let person = enter(&scripts.desk, "lin-xiaoman").await["id"].clone();

    scripts
        .v3(
            "create-user",
            json!({ "username": "bob", "password": "correct horse" }),
        )
        .await;
    scripts
        .v3("create-users-batch", json!({ "list": [{ "username": "eve" }] }))
        .await;
    let (bob, eve) = (scripts.user("bob").await, scripts.user("eve").await);
    let update = json!({ "userId": bob, "nickname": "Bob", "password": "battery staple" });
    scripts.v3("update-user", update).await;
    scripts.v3("kick-users", json!({ "userId": person })).await;
    let data = json!({ "targetType": "USER", "targetIdentifier": bob, "list": [{ "key": "tier", "value": "gold" }] });
    scripts.v3("set-custom-data", data).await;
    let link = json!({ "extIdpId": source, "connId": wxapp, "userId": bob, "userIdInIdp": "o-of-bob" });
    scripts.v3("link-identity", link.clone()).await;
    scripts.v3("unlink-identity", link.clone()).await;
    scripts
        .v3("delete-users-batch", json!({ "userIds": [eve] }))
        .await;
    scripts
        .v3("create-ext-idp", json!({ "name": "门店", "type": "wechat" }))
        .await;
    let (shop, _) = scripts.source("wxapp").await;
    scripts
        .v3("update-ext-idp", json!({ "id": shop, "name": "分店" }))
        .await;
    scripts
        .v3("create-ext-idp-conn", connection(&shop, "branch"))
        .await;
    let (_, branch) = scripts.source("branch").await;
    scripts
        .v3(
            "update-ext-idp-conn",
            json!({ "id": branch, "displayName": "二" }),
        )
        .await;
    scripts
        .v3(
            "change-ext-idp-conn-state",
            json!({ "id": branch, "enabled": false }),
        )
        .await;
    scripts.v3("delete-ext-idp-conn", json!({ "id": branch })).await;
    let fields = json!({ "list": [{ "targetType": "USER", "key": "school", "dataType": "STRING" }] });
    scripts.v3("set-custom-fields", fields.clone()).await;
    scripts.v3("delete-custom-fields", fields).await;

    scripts
        .v2(
            Method::POST,
            "users/kick",
            &Value::Null,
            json!({ "userIds": [person] }),
        )
        .await;
    scripts
        .v2(Method::POST, "users/identity/link", &Value::Null, link.clone())
        .await;
    scripts
        .v2(Method::POST, "users/identity/unlink", &Value::Null, link)
        .await;
    scripts
        .v2(
            Method::POST,
            "extIdp",
            &Value::Null,
            json!({ "name": "集团", "type": "wechat" }),
        )
        .await;
    let (group, _) = scripts.source("wxapp").await;
    scripts
        .v2(Method::PUT, "extIdp/{id}", &group, json!({ "name": "总部" }))
        .await;
    scripts
        .v2(
            Method::POST,
            "extIdpConn",
            &Value::Null,
            connection(&group, "head"),
        )
        .await;
    let (_, head) = scripts.source("head").await;
    scripts
        .v2(
            Method::PUT,
            "extIdpConn/{id}",
            &head,
            json!({ "displayName": "三" }),
        )
        .await;
    scripts
        .v2(
            Method::PUT,
            "extIdpConn/{id}/state",
            &head,
            json!({ "enabled": false }),
        )
        .await;
    scripts
        .v2(Method::DELETE, "extIdpConn/{id}", &head, json!({}))
        .await;

    scripts
        .graphql("createUser(userInfo: { username: \"amy\" }) { id }")
        .await;
    let amy = scripts.user("amy").await;
    for mutation in [
        "updateUser(id: ID, input: { nickname: \"Amy\" }) { id }",
        "setUdv(targetType: USER, targetId: ID, key: \"k\", value: \"1\") { key }",
        "setUdvBatch(targetType: USER, targetId: ID, udvList: [{ key: \"k\", value: \"2\" }]) { key }",
        "setUdfValueBatch(targetType: USER, input: [{ targetId: ID, key: \"k\", value: \"3\" }]) { code }",
        "removeUdv(targetType: USER, targetId: ID, key: \"k\") { key }",
        "deleteUser(id: ID) { code }",
    ] {
        scripts.graphql(&mutation.replace("ID", &amy.to_string())).await;
    }
    scripts
        .graphql(&format!("deleteUsers(ids: [{bob}]) {{ code }}"))
        .await;

    for endpoint in router::endpoints() {
        let (method, path) = (endpoint.method, endpoint.path);
        let change = method != Method::GET && (path.starts_with("/api/v2/") || path.starts_with("/api/v3/"));
        let what = format!("{method} {path}");
        if change && !NO_CHANGES.iter().any(|(other, _)| *other == what) {
            assert!(
                scripts.walked.contains(&what),
                "{what} changes something: say how, so that its audit entry is looked for"
            );
        }
    }
}
