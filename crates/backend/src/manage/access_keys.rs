//! `/manage/v1/pools/{pool}/access-keys`: what lets consoles and programs in.

use crate::{
    App, Error,
    access::{Caller, key_hash, new_key},
    endpoint::{Endpoint, Needs},
    extract::{Body, Place},
    openapi::Doc,
    store::MadeKey,
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yaopai_domain::{AccessKey, AccessKeyDraft, AccessKeyId, Action, NewAccessKey, ShownOnce};

const ALL: &str = "/manage/v1/pools/{pool}/access-keys";
const ONE: &str = "/manage/v1/pools/{pool}/access-keys/{id}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let needs = Needs::Right(Action::EditAccess);
    vec![
        Endpoint::get(ALL, needs, list).doc(
            Doc::new(
                "list_access_keys",
                "The access keys of the pool, without the keys",
            )
            .answers::<AccessKeys>(StatusCode::OK, "Oldest first"),
        ),
        Endpoint::post(ALL, needs, create).doc(
            Doc::new(
                "create_access_key",
                "Make an access key for an operator or a program",
            )
            .takes::<AccessKeyDraft>()
            .answers::<NewAccessKey>(StatusCode::CREATED, "With the key, which nobody learns again"),
        ),
        Endpoint::delete(ONE, needs, revoke).doc(
            Doc::new("revoke_access_key", "Revoke an access key")
                .answers_nothing(StatusCode::NO_CONTENT, "It opens nothing any more"),
        ),
    ]
}

#[derive(Serialize, JsonSchema)]
struct AccessKeys {
    /// Oldest first.
    access_keys: Vec<AccessKey>,
}

#[derive(Deserialize)]
struct OfAccessKey {
    id: AccessKeyId,
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<AccessKeys>, Error> {
    let access_keys = app.store.access_keys(&caller.pool).await?;
    Ok(Json(AccessKeys { access_keys }))
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(draft): Body<AccessKeyDraft>,
) -> Result<(StatusCode, Json<NewAccessKey>), Error> {
    let draft = draft.check(app.clock.now()).map_err(Error::InvalidFields)?;
    // Nobody gives what they do not have.
    if draft.role > caller.role {
        return Err(Error::Forbidden);
    }
    let key = new_key(app.entropy.as_ref());
    let made = MadeKey {
        id: AccessKeyId::new(app.clock.as_ref(), app.entropy.as_ref()),
        draft,
        hash: key_hash(&key),
    };
    let access_key = app
        .store
        .create_access_key(&caller.pool, &caller.name, made)
        .await?;
    let key = ShownOnce::new(key.as_str());
    Ok((StatusCode::CREATED, Json(NewAccessKey { access_key, key })))
}

async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfAccessKey { id }): Place<OfAccessKey>,
) -> Result<StatusCode, Error> {
    let keep_an_admin = !caller.is_embedding();
    app.store
        .revoke_access_key(&caller.pool, &caller.name, id, keep_an_admin)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use crate::{testing::Bench, testing::draft};
    use axum::http::{Method, StatusCode};
    use rstest::rstest;
    use serde_json::{Value, json};
    use yaopai_domain::{Code, Role};

    async fn make(bench: &Bench, draft: Value) -> Value {
        let made = bench.manage(Method::POST, "access-keys", draft).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        made.json()
    }

    async fn keys(bench: &Bench) -> Vec<Value> {
        let all = bench.manage(Method::GET, "access-keys", Value::Null).await;
        all.json()["access_keys"].as_array().unwrap().clone()
    }

    async fn opens(bench: &Bench, key: &str) -> StatusCode {
        bench
            .send(Some(key), Method::GET, "/manage/v1/pools/default", "")
            .await
            .status
    }

    #[tokio::test]
    async fn a_key_is_shown_once_and_opens_until_it_is_revoked() {
        let bench = Bench::new().await;
        let made = make(&bench, json!({ "name": "reports", "role": "viewer" })).await;
        let key = made["key"].as_str().unwrap();
        assert!(
            key.starts_with("yp_") && key.len() == 67,
            "256 bits behind a prefix"
        );
        assert_eq!(opens(&bench, key).await, StatusCode::OK);

        let listed = bench.manage(Method::GET, "access-keys", Value::Null).await;
        assert!(!listed.text().contains(key));
        let found = keys(&bench).await;
        let found = found.iter().find(|one| one["name"] == "reports").unwrap();
        assert_eq!(found["role"], "viewer");
        assert_eq!(found["fingerprint"], made["access_key"]["fingerprint"]);

        let id = made["access_key"]["id"].as_str().unwrap();
        let revoked = bench
            .manage(Method::DELETE, &format!("access-keys/{id}"), Value::Null)
            .await;
        assert_eq!(revoked.status, StatusCode::NO_CONTENT);
        assert_eq!(opens(&bench, key).await, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn an_expired_key_opens_nothing() {
        let bench = Bench::new().await;
        let expires_at = bench.app.clock.now().plus_millis(60_000);
        let made = make(
            &bench,
            json!({ "name": "guest", "role": "viewer", "expires_at": expires_at }),
        )
        .await;
        let key = made["key"].as_str().unwrap();
        assert_eq!(opens(&bench, key).await, StatusCode::OK);
        bench.clock.turn(60_000);
        assert_eq!(opens(&bench, key).await, StatusCode::UNAUTHORIZED);
        let metrics = bench.send(Some(key), Method::GET, "/metrics", "").await;
        assert_eq!(metrics.status, StatusCode::UNAUTHORIZED);
    }

    #[tokio::test]
    async fn a_use_is_noted_at_most_once_an_hour() {
        let bench = Bench::new().await;
        let made = make(&bench, json!({ "name": "reports", "role": "viewer" })).await;
        let key = made["key"].as_str().unwrap();
        let last_used = async || {
            let keys = keys(&bench).await;
            let found = keys.iter().find(|one| one["name"] == "reports").unwrap();
            found["last_used"].clone()
        };
        assert_eq!(last_used().await, Value::Null);
        let first = bench.app.clock.now();
        opens(&bench, key).await;
        assert_eq!(last_used().await, json!(first));
        bench.clock.turn(3_599_999);
        opens(&bench, key).await;
        assert_eq!(last_used().await, json!(first));
        bench.clock.turn(1);
        opens(&bench, key).await;
        assert_eq!(last_used().await, json!(first.plus_millis(3_600_000)));
    }

    #[tokio::test]
    async fn the_last_key_that_can_administer_stays() {
        let bench = Bench::new().await;
        let id_of = async |name: &str| {
            let keys = keys(&bench).await;
            let found = keys.iter().find(|one| one["name"] == name).unwrap();
            found["id"].as_str().unwrap().to_owned()
        };
        // It would be the last one for an hour only.
        let expires_at = bench.app.clock.now().plus_millis(3_600_000);
        let guest = json!({ "name": "guest", "role": "admin", "expires_at": expires_at });
        make(&bench, guest).await;
        let path = format!("access-keys/{}", id_of("admin").await);
        let refused = bench.manage(Method::DELETE, &path, Value::Null).await;
        assert_eq!(refused.code(), Code::LastAdminKey);
        assert_eq!(opens(&bench, "the key of the admin").await, StatusCode::OK);

        make(&bench, json!({ "name": "second", "role": "admin" })).await;
        let revoked = bench.manage(Method::DELETE, &path, Value::Null).await;
        assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    }

    #[tokio::test]
    async fn neither_role_nor_operator_of_the_last_admin_can_go() {
        let bench = Bench::new().await;
        let operator = json!({ "name": "李娜", "email": "li@example.com", "role": "admin" });
        let operator = bench.manage(Method::POST, "operators", operator).await.json();
        let id = operator["id"].as_str().unwrap();
        let made = make(&bench, json!({ "name": "li", "role": "admin", "operator": id })).await;
        let key = made["key"].as_str().unwrap();
        let first = keys(&bench).await;
        let first = first.iter().find(|one| one["name"] == "admin").unwrap()["id"].clone();
        let path = format!("/manage/v1/pools/default/access-keys/{}", first.as_str().unwrap());
        let gone = bench.send(Some(key), Method::DELETE, &path, "").await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);

        let path = format!("/manage/v1/pools/default/operators/{id}");
        let demoted = json!({ "name": "李娜", "email": "li@example.com", "role": "support" });
        let demoted = bench
            .send(Some(key), Method::PUT, &path, demoted.to_string())
            .await;
        assert_eq!(demoted.code(), Code::LastAdminKey);
        let deleted = bench.send(Some(key), Method::DELETE, &path, "").await;
        assert_eq!(deleted.code(), Code::LastAdminKey);
        assert_eq!(opens(&bench, key).await, StatusCode::OK);
    }

    #[rstest]
    #[case::taken(json!({ "name": "admin", "role": "viewer" }), "name", "name_taken")]
    #[case::no_name(json!({ "name": "", "role": "viewer" }), "name", "required")]
    #[case::past(json!({ "name": "x", "role": "viewer", "expires_at": 1 }), "expires_at", "expiry_past")]
    #[case::operator(
        json!({ "name": "x", "role": "viewer", "operator": "00000000-0000-7000-8000-000000000000" }),
        "operator", "operator_unknown"
    )]
    #[tokio::test]
    async fn refuses_a_value_at_its_field(#[case] draft: Value, #[case] field: &str, #[case] rule: &str) {
        let bench = Bench::new().await;
        let answer = bench.manage(Method::POST, "access-keys", draft).await;
        assert_eq!(answer.refused(), [(field.to_owned(), json!(rule))]);
    }

    #[tokio::test]
    async fn a_revoked_key_ends_the_streams_it_opened() {
        let bench = Bench::new().await;
        let made = make(&bench, json!({ "name": "desk", "role": "viewer" })).await;
        let key = made["key"].as_str().unwrap();
        let mut stream = bench.stream(key, "/sync/v1/pools/default/events").await;
        assert!(stream.next().await.is_some(), "the head now");
        let id = made["access_key"]["id"].as_str().unwrap();
        bench
            .manage(Method::DELETE, &format!("access-keys/{id}"), Value::Null)
            .await;
        let created = bench
            .ask(
                Role::Admin,
                Method::POST,
                "/manage/v1/pools/default/connections",
                draft("pc"),
            )
            .await;
        assert_eq!(created.status, StatusCode::CREATED);
        assert_eq!(
            stream.next().await,
            None,
            "no hint of what happened after the key was revoked"
        );
    }
}
