//! Every change an operator makes is in the audit log, in the transaction of the change itself (design rule 12): walked
//! over the table that mounts the endpoints. Those of Authing's scripts are walked in their facade.

use crate::{
    router,
    testing::{Answer, Bench, SECRET, audited, draft},
};
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const USER: &str = "00000000-0000-7000-8000-0000000000aa";
const OTHER: &str = "00000000-0000-7000-8000-0000000000bb";
const THIRD: &str = "00000000-0000-7000-8000-0000000000cc";
const BINDING: &str = "00000000-0000-7000-8000-0000000000dd";
const CLIENT: &str = "00000000-0000-7000-8000-000000000001";

/// Endpoints that change nothing of what operators administer, and why.
const NO_CHANGES: &[(&str, &str, &str)] = &[
    ("POST", "/sync/v1/pools/{pool}/load", "reads"),
    ("POST", "/sync/v1/pools/{pool}/pull", "reads"),
    ("POST", "/manage/v1/pools/{pool}/merges/preview", "reads"),
    (
        "POST",
        "/manage/v1/pools/{pool}/connections/{id}/test-logins",
        "the attempt itself is the record",
    ),
    (
        "DELETE",
        "/manage/v1/pools/{pool}/attempts/{id}",
        "the attempt itself is the record",
    ),
];

/// What is there before the walk, by the parameter that names it.
struct Known {
    connection: String,
    operator: String,
    access_key: String,
    platform_account: String,
    fingerprint: String,
    merge: String,
}

impl Known {
    async fn in_a(bench: &Bench) -> Self {
        let connection = bench.connect("pc").await;
        bench
            .bootstrap(&format!(
                "[[user]]\nid = \"{USER}\"\nnickname = \"张伟\"\n[[user]]\nid = \"{OTHER}\"\nnickname = \"阿伟\"\n\
                 [[user]]\nid = \"{THIRD}\"\nnickname = \"小伟\"\n[[application]]\nid = \"shop\"\nname = \"shop\"\n\
                 [[authing_key]]\nid = \"k-1\"\nname = \"scripts\"\nrole = \"viewer\"\nsecret = \"{SECRET}\""
            ))
            .await
            .unwrap();
        for sql in [
            format!(
                "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, kind, first_seen, last_seen)
                 VALUES ('{BINDING}', 'default', '{USER}', 'app', 'wx1', 'o-1', 'wechat:pc', 0, 0),
                     ('{CLIENT}', 'default', '{USER}', 'app', 'wx2', 'o-1', 'wechat:pc', 0, 0)"
            ),
            format!(
                "INSERT INTO refused_person (pool, app_id, open_id, connection_id, first_seen, last_seen, times)
                 VALUES ('default', 'wx0123456789abcdef', 'o-9', '{connection}', 0, 0, 1)"
            ),
        ] {
            bench.change(&sql, vec![]).await;
        }
        let make = async |path: &str, body: Value| {
            let made = bench.manage(Method::POST, path, body).await;
            assert!(made.status.is_success(), "{path}: {}", made.text());
            made.json()
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let operator = json!({ "name": "李娜", "email": "li@example.com", "role": "viewer" });
        let key = json!({ "name": "reports", "role": "viewer" });
        let merge = json!({ "kept": OTHER, "removed": THIRD });
        Self {
            merge: text(&make("merges", merge).await["id"]),
            connection,
            operator: text(&make("operators", operator).await["id"]),
            access_key: text(&make("access-keys", key).await["access_key"]["id"]),
            platform_account: text(&make("platform-accounts", json!({ "name": "集团" })).await["id"]),
            fingerprint: text(
                &make("applications/shop/secrets", Value::Null).await["application_secret"]["fingerprint"],
            ),
        }
    }

    /// A request that changes something, for each endpoint that can: path below the pool and body.
    fn request(&self, method: &str, path: &str) -> Option<(String, Value)> {
        let Self {
            connection,
            operator,
            access_key,
            platform_account,
            fingerprint,
            merge,
        } = self;
        let mut changed = draft("pc");
        changed["app_secret"] = json!(SECRET.replace('5', "6"));
        let li = json!({ "name": "王芳", "email": "wang@example.com", "role": "support" });
        let application = json!({ "name": "mall", "redirect_urls": ["https://mall.example.com/"] });
        let edit = json!({
            "client_id": CLIENT,
            "mutations": [{
                "seq": 1,
                "id": "00000000-0000-7000-8000-000000000002",
                "patch": { "user_id": USER, "field": "metadata.tier", "new": "gold" },
            }],
        });
        let below = path
            .strip_prefix("/manage/v1/pools/{pool}/")
            .unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default());
        let (below, body) = match (method, below) {
            ("POST", "connections") => (below.to_owned(), draft("mobile")),
            ("PUT", "connections/{id}") => (format!("connections/{connection}"), changed),
            ("DELETE", "connections/{id}") => (format!("connections/{connection}"), Value::Null),
            ("PUT", "connections/{id}/enabled") => (
                format!("connections/{connection}/enabled"),
                json!({ "enabled": false }),
            ),
            ("POST", "operators") => (below.to_owned(), li),
            ("PUT", "operators/{id}") => (format!("operators/{operator}"), li),
            ("DELETE", "operators/{id}") => (format!("operators/{operator}"), Value::Null),
            ("POST", "access-keys") => (below.to_owned(), json!({ "name": "x", "role": "viewer" })),
            ("DELETE", "access-keys/{id}") => (format!("access-keys/{access_key}"), Value::Null),
            ("DELETE", "authing-keys/{id}") => ("authing-keys/k-1".to_owned(), Value::Null),
            ("POST", "keys/rotate") => (below.to_owned(), json!({ "algorithm": "RS256" })),
            ("POST", "applications") => (below.to_owned(), application),
            ("PUT", "applications/{id}") => ("applications/shop".to_owned(), application),
            ("DELETE", "applications/{id}") => ("applications/shop".to_owned(), Value::Null),
            ("POST", "applications/{id}/secrets") => ("applications/shop/secrets".to_owned(), Value::Null),
            ("DELETE", "applications/{id}/secrets/{fingerprint}") => {
                (format!("applications/shop/secrets/{fingerprint}"), Value::Null)
            }
            ("POST", "platform-accounts") => (below.to_owned(), json!({ "name": "门店" })),
            ("PUT", "platform-accounts/{id}") => (
                format!("platform-accounts/{platform_account}"),
                json!({ "name": "总部" }),
            ),
            ("POST", "users") => (below.to_owned(), json!({ "profile": { "name": "赵敏" } })),
            ("PATCH", "users/{id}") => (format!("users/{USER}"), json!({ "status": "blocked" })),
            ("DELETE", "users/{id}") => (format!("users/{USER}"), Value::Null),
            ("DELETE", "users/{id}/identities/{identity}") => {
                (format!("users/{USER}/identities/{BINDING}"), Value::Null)
            }
            ("PUT", "refused/{app_id}/{open_id}") => (
                "refused/wx0123456789abcdef/o-9".to_owned(),
                json!({ "user_id": USER }),
            ),
            ("DELETE", "refused/{app_id}/{open_id}") => {
                ("refused/wx0123456789abcdef/o-9".to_owned(), Value::Null)
            }
            ("POST", "merges") => (below.to_owned(), json!({ "kept": USER, "removed": OTHER })),
            ("POST", "merges/{id}/undo") => (format!("merges/{merge}/undo"), Value::Null),
            ("POST", "push") => ("push".to_owned(), edit),
            _ => return None,
        };
        let prefix = path.split("{pool}").next().unwrap_or_default();
        Some((format!("{prefix}default/{below}"), body))
    }
}

async fn send(bench: &Bench, method: &Method, path: &str, body: &Value) -> Answer {
    let key = Some("the key of the admin");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    bench.send(key, method.clone(), path, body).await
}

/// Whether the change was answered as done.
fn is_done(answer: &Answer, path: &str) -> bool {
    let applied = !path.starts_with("/sync/") || answer.text().contains("\"applied\"");
    answer.status.is_success() && applied
}

#[tokio::test]
async fn every_change_is_written_with_its_audit_entry_or_not_at_all() {
    let mut walked = BTreeSet::new();
    for endpoint in router::endpoints() {
        let (method, path) = (endpoint.method, endpoint.path);
        let operators_own = path.starts_with("/manage/") || path.starts_with("/sync/");
        if !operators_own || method == Method::GET {
            continue;
        }
        let exempt = |(other, at, _): &&(&str, &str, &str)| *other == method.as_str() && *at == path;
        if NO_CHANGES.iter().any(|row| exempt(&row)) {
            continue;
        }
        let bench = Bench::new().await;
        let known = Known::in_a(&bench).await;
        let Some((address, body)) = known.request(method.as_str(), path) else {
            panic!("{method} {path} changes something: say how, so that its audit entry is looked for");
        };
        let send = async || {
            let answer = send(&bench, &method, &address, &body).await;
            if is_done(&answer, path) {
                Ok(())
            } else {
                Err(answer.text())
            }
        };
        audited(&bench, "admin", &format!("{method} {path}"), send).await;
        walked.insert((method.to_string(), path));
    }
    assert!(walked.len() >= 25, "{walked:?}");
}
