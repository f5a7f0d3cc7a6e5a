//! `/manage/v1/pools/{pool}/operators`: the people who use the console, and their roles.

use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Place},
    openapi::Doc,
};
use axum::{Json, extract::State, http::StatusCode};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use yaopai_domain::{Action, Operator, OperatorDraft, OperatorId};

const ALL: &str = "/manage/v1/pools/{pool}/operators";
const ONE: &str = "/manage/v1/pools/{pool}/operators/{id}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let needs = Needs::Right(Action::EditAccess);
    vec![
        Endpoint::get(ALL, needs, list).doc(
            Doc::new("list_operators", "The operators of the pool")
                .answers::<Operators>(StatusCode::OK, "Oldest first"),
        ),
        Endpoint::post(ALL, needs, create).doc(
            Doc::new("create_operator", "Add an operator")
                .takes::<OperatorDraft>()
                .answers::<Operator>(StatusCode::CREATED, "The operator, who has no key yet"),
        ),
        Endpoint::put(ONE, needs, change).doc(
            Doc::new("change_operator", "Change name, address and role of an operator")
                .takes::<OperatorDraft>()
                .answers::<Operator>(
                    StatusCode::OK,
                    "The operator; another role counts from the next request on",
                ),
        ),
        Endpoint::delete(ONE, needs, delete).doc(
            Doc::new("delete_operator", "Delete an operator with all keys")
                .answers_nothing(StatusCode::NO_CONTENT, "Gone; the keys open nothing any more"),
        ),
    ]
}

#[derive(Serialize, JsonSchema)]
struct Operators {
    /// Oldest first.
    operators: Vec<Operator>,
}

#[derive(Deserialize)]
struct OfOperator {
    id: OperatorId,
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Operators>, Error> {
    let operators = app.store.operators(&caller.pool).await?;
    Ok(Json(Operators { operators }))
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(draft): Body<OperatorDraft>,
) -> Result<(StatusCode, Json<Operator>), Error> {
    let draft = draft.check().map_err(Error::InvalidFields)?;
    let operator = app
        .store
        .create_operator(&caller.pool, &caller.name, draft)
        .await?;
    Ok((StatusCode::CREATED, Json(operator)))
}

async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfOperator { id }): Place<OfOperator>,
    Body(draft): Body<OperatorDraft>,
) -> Result<Json<Operator>, Error> {
    let draft = draft.check().map_err(Error::InvalidFields)?;
    let keep_an_admin = !caller.is_embedding();
    let operator = app
        .store
        .change_operator(&caller.pool, &caller.name, id, draft, keep_an_admin)
        .await?;
    Ok(Json(operator))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfOperator { id }): Place<OfOperator>,
) -> Result<StatusCode, Error> {
    let keep_an_admin = !caller.is_embedding();
    app.store
        .delete_operator(&caller.pool, &caller.name, id, keep_an_admin)
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

    fn li(role: &str) -> Value {
        json!({ "name": "李娜", "email": "Li@example.com", "role": role })
    }

    /// An operator and a key of this role; their id and the key.
    async fn operator_with_key(bench: &Bench, role: &str) -> (String, String) {
        let operator = bench.manage(Method::POST, "operators", li(role)).await;
        assert_eq!(operator.status, StatusCode::CREATED, "{}", operator.text());
        let id = operator.json()["id"].as_str().unwrap().to_owned();
        let key = json!({ "name": "li's console", "role": "admin", "operator": id });
        let key = bench.manage(Method::POST, "access-keys", key).await.json();
        (id, key["key"].as_str().unwrap().to_owned())
    }

    async fn role_of(bench: &Bench, key: &str) -> Value {
        let answer = bench
            .send(Some(key), Method::GET, "/manage/v1/pools/default", "")
            .await;
        answer.json()["role"].clone()
    }

    #[tokio::test]
    async fn another_role_counts_from_the_next_request_on() {
        let bench = Bench::new().await;
        let (id, key) = operator_with_key(&bench, "viewer").await;
        assert_eq!(
            role_of(&bench, &key).await,
            "viewer",
            "a key is worth no more than its operator"
        );
        bench
            .manage(Method::PUT, &format!("operators/{id}"), li("support"))
            .await;
        assert_eq!(role_of(&bench, &key).await, "support");
    }

    #[tokio::test]
    async fn the_keys_of_a_deleted_operator_open_nothing() {
        let bench = Bench::new().await;
        let (id, key) = operator_with_key(&bench, "support").await;
        let gone = bench
            .manage(Method::DELETE, &format!("operators/{id}"), Value::Null)
            .await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        let refused = bench
            .send(Some(&key), Method::GET, "/manage/v1/pools/default", "")
            .await;
        assert_eq!(refused.code(), Code::Unauthenticated);
        let audit = bench
            .manage(Method::GET, "audit?action=access_key.delete", Value::Null)
            .await;
        assert_eq!(audit.json()["entries"][0]["old"]["name"], "li's console");
    }

    #[tokio::test]
    async fn what_an_operator_does_is_audited_under_the_address() {
        let bench = Bench::new().await;
        let (_, key) = operator_with_key(&bench, "admin").await;
        let path = "/manage/v1/pools/default/platform-accounts";
        bench
            .send(Some(&key), Method::POST, path, r#"{"name": "集团"}"#)
            .await;
        let audit = bench
            .manage(Method::GET, "audit?actor=li@example.com", Value::Null)
            .await;
        assert_eq!(audit.json()["entries"][0]["action"], "platform_account.create");
    }

    #[rstest]
    #[case::address(json!({ "email": "li" }), "email", "email_shape")]
    #[case::taken(json!({}), "email", "email_taken")]
    #[case::name(json!({ "name": " " }), "name", "required")]
    #[tokio::test]
    async fn refuses_a_value_at_its_field(#[case] changes: Value, #[case] field: &str, #[case] rule: &str) {
        let bench = Bench::new().await;
        bench.manage(Method::POST, "operators", li("viewer")).await;
        let mut draft = li("viewer");
        for (name, value) in changes.as_object().unwrap() {
            draft[name] = value.clone();
        }
        let answer = bench.manage(Method::POST, "operators", draft).await;
        assert_eq!(answer.refused(), [(field.to_owned(), json!(rule))]);
    }
}
