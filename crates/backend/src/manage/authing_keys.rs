//! `/manage/v1/pools/{pool}/authing-keys`: what lets scripts in that speak with Authing's management SDKs. Only the
//! bootstrap file makes them, because their secrets are shared beforehand.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Place,
    openapi::Doc,
    store::AuthingKey,
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yaopai_domain::{Action, Role, Timestamp};

const ALL: &str = "/manage/v1/pools/{pool}/authing-keys";
const ONE: &str = "/manage/v1/pools/{pool}/authing-keys/{id}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let needs = Needs::Right(Action::EditAccess);
    vec![
        Endpoint::get(ALL, needs, list).doc(
            Doc::new(
                "list_authing_keys",
                "The keys of Authing's management SDKs, without their secrets",
            )
            .answers::<AuthingKeys>(StatusCode::OK, "In the order of their ids"),
        ),
        Endpoint::delete(ONE, needs, revoke).doc(
            Doc::new("revoke_authing_key", "Revoke a key of Authing's management SDKs").answers_nothing(
                StatusCode::NO_CONTENT,
                "What it signs is refused; a bootstrap file that names it brings it back",
            ),
        ),
    ]
}

#[derive(Serialize, JsonSchema)]
struct AuthingKeys {
    /// In the order of their ids.
    authing_keys: Vec<Shown>,
}

/// A key, without its secret.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuthingKey")]
struct Shown {
    /// What scripts are configured with (`accessKeyId`).
    id: String,
    /// Name for people.
    name: String,
    /// What it may do.
    role: Role,
    /// When it was made.
    created_at: Timestamp,
}

impl From<AuthingKey> for Shown {
    fn from(key: AuthingKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            role: key.role,
            created_at: key.created_at,
        }
    }
}

#[derive(Deserialize)]
struct OfAuthingKey {
    id: String,
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<AuthingKeys>, Error> {
    let authing_keys = app.store.authing_keys(&caller.pool).await?;
    let authing_keys = authing_keys.into_iter().map(Shown::from).collect();
    Ok(Json(AuthingKeys { authing_keys }))
}

async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfAuthingKey { id }): Place<OfAuthingKey>,
) -> Result<StatusCode, Error> {
    app.store
        .revoke_authing_key(&caller.pool, &caller.name, &id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};
    use yaopai_domain::Code;

    #[tokio::test]
    async fn a_key_is_shown_without_its_secret_and_revoked() {
        let bench = Bench::new().await;
        let secret = "a secret long enough to be one";
        let file =
            format!("[[authing_key]]\nname = 'scripts'\nid = 'k-1'\nsecret = '{secret}'\nrole = 'support'");
        bench.bootstrap(&file).await.unwrap();
        let list = async || bench.manage(Method::GET, "authing-keys", Value::Null).await;
        let shown = list().await;
        assert_eq!(shown.json()["authing_keys"][0]["name"], "scripts");
        assert!(!shown.text().contains(secret));
        let revoke = async || {
            bench
                .manage(Method::DELETE, "authing-keys/k-1", Value::Null)
                .await
        };
        assert_eq!(revoke().await.status, StatusCode::NO_CONTENT);
        assert_eq!(list().await.json()["authing_keys"], json!([]));
        assert_eq!(revoke().await.code(), Code::NotFound);
    }
}
