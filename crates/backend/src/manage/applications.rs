//! `/manage/v1/pools/{pool}/applications`: the clients of a pool and their secrets.

use crate::{
    App, Error,
    access::{Caller, key_hash, random_secret},
    endpoint::{Endpoint, Needs},
    extract::{Body, Place},
    openapi::Doc,
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yaopai_domain::{
    Action, ApplicationDraft, ApplicationId, ApplicationRecord, FieldError, Fingerprint,
    NewApplicationSecret, Rule, ShownOnce,
};

const ALL: &str = "/manage/v1/pools/{pool}/applications";
const ONE: &str = "/manage/v1/pools/{pool}/applications/{id}";
const SECRETS: &str = "/manage/v1/pools/{pool}/applications/{id}/secrets";
const SECRET: &str = "/manage/v1/pools/{pool}/applications/{id}/secrets/{fingerprint}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let read = Needs::Right(Action::ReadApplications);
    let edit = Needs::Right(Action::EditApplications);
    vec![
        Endpoint::get(ALL, read, list).doc(
            Doc::new("list_applications", "The applications of the pool")
                .answers::<Applications>(StatusCode::OK, "Oldest first"),
        ),
        Endpoint::post(ALL, edit, create).doc(
            Doc::new("create_application", "Add an application")
                .takes::<ApplicationDraft>()
                .answers::<ApplicationRecord>(StatusCode::CREATED, "The application"),
        ),
        Endpoint::get(ONE, read, show).doc(
            Doc::new("read_application", "One application")
                .answers::<ApplicationRecord>(StatusCode::OK, "The application"),
        ),
        Endpoint::put(ONE, edit, change).doc(
            Doc::new(
                "change_application",
                "Change an application: all fields at once, but for its id",
            )
            .takes::<ApplicationDraft>()
            .answers::<ApplicationRecord>(StatusCode::OK, "The application"),
        ),
        Endpoint::delete(ONE, edit, delete).doc(
            Doc::new("delete_application", "Delete an application with its secrets")
                .answers_nothing(StatusCode::NO_CONTENT, "Gone; nobody can log in to it any more"),
        ),
        Endpoint::post(SECRETS, edit, create_secret).doc(
            Doc::new(
                "create_application_secret",
                "Make another secret; the old ones stay good until they are revoked",
            )
            .answers::<NewApplicationSecret>(
                StatusCode::CREATED,
                "With the secret, which nobody learns again",
            ),
        ),
        Endpoint::delete(SECRET, edit, revoke_secret).doc(
            Doc::new("revoke_application_secret", "Revoke a secret")
                .answers_nothing(StatusCode::NO_CONTENT, "It is good for nothing any more"),
        ),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Applications {
    /// Oldest first.
    applications: Vec<ApplicationRecord>,
}

#[derive(Deserialize)]
struct OfApplication {
    id: ApplicationId,
}

#[derive(Deserialize)]
struct OfSecret {
    id: ApplicationId,
    fingerprint: Fingerprint,
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Applications>, Error> {
    let applications = app.store.application_records(&caller.pool).await?;
    Ok(Json(Applications { applications }))
}

async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfApplication { id }): Place<OfApplication>,
) -> Result<Json<ApplicationRecord>, Error> {
    let found = app.store.application_record(&caller.pool, &id).await?;
    found.map(Json).ok_or(Error::NotFound("application"))
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(draft): Body<ApplicationDraft>,
) -> Result<(StatusCode, Json<ApplicationRecord>), Error> {
    let fields = draft.check().map_err(Error::InvalidFields)?;
    let created = app
        .store
        .create_application(&caller.pool, &caller.name, fields)
        .await?;
    Ok((StatusCode::CREATED, Json(created)))
}

async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfApplication { id }): Place<OfApplication>,
    Body(draft): Body<ApplicationDraft>,
) -> Result<Json<ApplicationRecord>, Error> {
    let fields = draft.check().map_err(Error::InvalidFields)?;
    if fields.id.as_ref().is_some_and(|wanted| *wanted != id) {
        let field = FieldError::new("id", Rule::ApplicationIdImmutable);
        return Err(Error::InvalidFields(vec![field]));
    }
    let changed = app
        .store
        .change_application(&caller.pool, &caller.name, &id, fields)
        .await?;
    Ok(Json(changed))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfApplication { id }): Place<OfApplication>,
) -> Result<StatusCode, Error> {
    app.store
        .delete_application(&caller.pool, &caller.name, &id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn create_secret(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfApplication { id }): Place<OfApplication>,
) -> Result<(StatusCode, Json<NewApplicationSecret>), Error> {
    let secret = random_secret(app.entropy.as_ref());
    let application_secret = app
        .store
        .create_application_secret(&caller.pool, &caller.name, &id, key_hash(&secret))
        .await?;
    let made = NewApplicationSecret {
        application_secret,
        secret: ShownOnce::new(secret.as_str()),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

async fn revoke_secret(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfSecret { id, fingerprint }): Place<OfSecret>,
) -> Result<StatusCode, Error> {
    app.store
        .revoke_application_secret(&caller.pool, &caller.name, &id, fingerprint)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;
    use axum::http::{Method, StatusCode};
    use rstest::rstest;
    use serde_json::{Value, json};
    use yaopai_domain::Code;

    fn shop() -> Value {
        json!({
            "id": "shop",
            "name": "商店",
            "redirect_urls": ["https://*.shop.example.com/login"],
            "connections": ["pc"],
        })
    }

    async fn bench() -> Bench {
        let bench = Bench::new().await;
        bench.connect("pc").await;
        let created = bench.manage(Method::POST, "applications", shop()).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
        bench
    }

    #[tokio::test]
    async fn an_application_is_added_changed_and_deleted() {
        let bench = bench().await;
        let read = async || bench.manage(Method::GET, "applications/shop", Value::Null).await;
        assert_eq!(read().await.json()["connections"], json!(["pc"]));
        let mut changed = shop();
        changed["connections"] = json!([]);
        changed["token_algorithm"] = json!("RS256");
        bench.manage(Method::PUT, "applications/shop", changed).await;
        assert_eq!(read().await.json()["connections"], json!([]));
        assert_eq!(read().await.json()["token_algorithm"], "RS256");
        let gone = bench
            .manage(Method::DELETE, "applications/shop", Value::Null)
            .await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        assert_eq!(read().await.code(), Code::NotFound);
    }

    #[tokio::test]
    async fn secrets_overlap_are_shown_once_and_end_with_their_application() {
        let bench = bench().await;
        let make = async || {
            let made = bench
                .manage(Method::POST, "applications/shop/secrets", Value::Null)
                .await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
            made.json()
        };
        let (first, second) = (make().await, make().await);
        let read = async || bench.manage(Method::GET, "applications/shop", Value::Null).await;
        let shown = read().await;
        assert_eq!(shown.json()["secrets"].as_array().unwrap().len(), 2);
        for made in [&first, &second] {
            assert!(!shown.text().contains(made["secret"].as_str().unwrap()));
        }
        let fingerprint = first["application_secret"]["fingerprint"].as_str().unwrap();
        let path = format!("applications/shop/secrets/{fingerprint}");
        let revoked = bench.manage(Method::DELETE, &path, Value::Null).await;
        assert_eq!(revoked.status, StatusCode::NO_CONTENT);
        assert_eq!(
            read().await.json()["secrets"],
            json!([second["application_secret"]])
        );
        let again = bench.manage(Method::DELETE, &path, Value::Null).await;
        assert_eq!(again.code(), Code::NotFound);

        bench
            .manage(Method::DELETE, "applications/shop", Value::Null)
            .await;
        bench.manage(Method::POST, "applications", shop()).await;
        assert_eq!(read().await.json()["secrets"], json!([]));
    }

    #[rstest]
    #[case::id(json!({ "name": "other" }), "id", "application_id_taken")]
    #[case::name(json!({ "id": null }), "name", "name_taken")]
    #[case::url(json!({ "redirect_urls": ["javascript:x"] }), "redirect_urls[0]", "redirect_url_shape")]
    #[case::connection(
        json!({ "id": "other", "name": "other", "connections": ["nope"] }),
        "connections", "connection_unknown"
    )]
    #[tokio::test]
    async fn refuses_a_value_at_its_field(#[case] changes: Value, #[case] field: &str, #[case] rule: &str) {
        let bench = bench().await;
        let mut draft = shop();
        for (name, value) in changes.as_object().unwrap() {
            draft[name] = value.clone();
        }
        let answer = bench.manage(Method::POST, "applications", draft).await;
        assert_eq!(answer.refused(), [(field.to_owned(), json!(rule))]);
    }

    #[tokio::test]
    async fn an_application_keeps_its_id_and_its_pool() {
        let bench = bench().await;
        let mut renamed = shop();
        renamed["id"] = json!("mall");
        let refused = bench.manage(Method::PUT, "applications/shop", renamed).await;
        assert_eq!(
            refused.refused(),
            [("id".to_owned(), json!("application_id_immutable"))]
        );
        let stranger = Some("the key of the stranger");
        for method in [Method::GET, Method::DELETE] {
            let path = "/manage/v1/pools/other/applications/shop";
            let answer = bench.send(stranger, method, path, "").await;
            assert_eq!(answer.code(), Code::NotFound);
        }
    }
}
