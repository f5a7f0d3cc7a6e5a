//! `POST /manage/v1/pools/{pool}/connections`: a new connection, enabled from the start.

use super::check_draft;
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::Body,
    openapi::Doc,
    store::NewConnection,
};
use axum::{Json, extract::State, http::StatusCode};
use std::sync::Arc;
use yaopai_domain::{Action, Connection, ConnectionDraft, ConnectionId, FieldError, PoolId, Rule};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post(
            "/manage/v1/pools/{pool}/connections",
            Needs::Right(Action::EditConnections),
            create,
        )
        .doc(
            Doc::new("create_connection", "Add a connection, enabled from the start")
                .takes::<ConnectionDraft>()
                .answers::<Connection>(StatusCode::CREATED, "The connection, without its secret"),
        ),
    ]
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(draft): Body<ConnectionDraft>,
) -> Result<(StatusCode, Json<Connection>), Error> {
    let created = create_connection(&app, &caller.pool, &caller.name, &draft).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Checks a draft, seals its secrets and creates the connection in the name of `actor`.
pub(crate) async fn create_connection(
    app: &App,
    pool: &PoolId,
    actor: &str,
    draft: &ConnectionDraft,
) -> Result<Connection, Error> {
    let mut fields = check_draft(draft, None)?;
    let id = ConnectionId::new(app.clock.as_ref(), app.entropy.as_ref());
    let secrets = app.vault.seal_all(pool, id, &mut fields, app.entropy.as_ref())?;
    let secret = secrets
        .app_secret
        .ok_or_else(|| Error::InvalidFields(vec![FieldError::new("app_secret", Rule::Required)]))?;
    let new = NewConnection {
        id,
        secret,
        other_secrets: secrets.others,
        fields,
        enabled: true,
    };
    Ok(app.store.create_connection(pool, actor, new).await?)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Bench, SECRET, draft};
    use axum::http::{Method, StatusCode};
    use rstest::rstest;
    use serde_json::{Value, json};
    use yaopai_domain::Code;

    fn with(changes: Value) -> Value {
        let mut draft = draft("pc");
        for (field, value) in changes.as_object().unwrap() {
            draft[field] = value.clone();
        }
        draft
    }

    #[rstest]
    #[case::identifier(json!({"identifier": "WeChat"}), "identifier", "identifier_characters")]
    #[case::identifier_length(json!({"identifier": "a".repeat(32)}), "identifier", "identifier_length")]
    #[case::display_name(json!({"display_name": " "}), "display_name", "required")]
    #[case::app_id(json!({"app_id": "gh_0123456789ab"}), "app_id", "app_id_shape")]
    #[case::no_secret(json!({"app_secret": ""}), "app_secret", "required")]
    #[case::secret(json!({"app_secret": "•".repeat(32)}), "app_secret", "app_secret_shape")]
    #[case::callback(json!({"callback_url": "shop.example.com"}), "callback_url", "callback_url_shape")]
    #[case::file_path(
        json!({"verification_file": {"name": "../6ynZPDvfTF.txt", "content_base64": "eA=="}}),
        "verification_file.name", "verification_file_name"
    )]
    #[case::file_encoding(
        json!({"verification_file": {"name": "6ynZPDvfTF.txt", "content_base64": "?"}}),
        "verification_file.content", "verification_file_encoding"
    )]
    #[case::platform_account(
        json!({"platform_account": "00000000-0000-7000-8000-000000000000"}),
        "platform_account", "platform_account_unknown"
    )]
    #[tokio::test]
    async fn refuses_a_value_at_its_field_and_saves_nothing(
        #[case] changes: Value,
        #[case] field: &str,
        #[case] rule: &str,
    ) {
        let bench = Bench::new().await;
        let answer = bench.manage(Method::POST, "connections", with(changes)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.refused(), [(field.to_owned(), json!(rule))]);
        assert_eq!(bench.head().await, 0);
    }

    #[tokio::test]
    async fn an_identifier_exists_once_in_a_pool() {
        let bench = Bench::new().await;
        bench.connect("pc").await;
        let again = bench.manage(Method::POST, "connections", draft("pc")).await;
        assert_eq!(
            again.refused(),
            [("identifier".to_owned(), json!("identifier_taken"))]
        );
        let other_pool = "/manage/v1/pools/other/connections";
        let key = Some("the key of the stranger");
        let elsewhere = bench
            .send(key, Method::POST, other_pool, draft("pc").to_string())
            .await;
        assert_eq!(elsewhere.status, StatusCode::CREATED);
    }

    #[tokio::test]
    async fn a_verification_file_has_one_content_in_the_whole_backend() {
        let bench = Bench::new().await;
        let file = |content: &str| json!({"name": "6ynZPDvfTF.txt", "content_base64": content});
        let with_file = |identifier: &str, content: &str| {
            with(json!({"identifier": identifier, "verification_file": file(content)}))
        };
        let create = |draft| bench.manage(Method::POST, "connections", draft);
        assert_eq!(create(with_file("a", "YQ==")).await.status, StatusCode::CREATED);
        assert_eq!(create(with_file("b", "YQ==")).await.status, StatusCode::CREATED);
        assert_eq!(
            create(with_file("c", "Yg==")).await.refused(),
            [(
                "verification_file.name".to_owned(),
                json!("verification_file_taken")
            )]
        );
    }

    #[rstest]
    #[case::not_json("{", Code::MalformedRequest)]
    #[case::unknown_field(r#"{"nonsense": 1}"#, Code::MalformedRequest)]
    #[case::too_large(" ".repeat(1024 * 1024 + 1), Code::TooLarge)]
    #[tokio::test]
    async fn refuses_bodies_it_cannot_take(#[case] body: impl Into<String>, #[case] code: Code) {
        let bench = Bench::new().await;
        let path = "/manage/v1/pools/default/connections";
        let key = Some("the key of the admin");
        let answer = bench.send(key, Method::POST, path, body.into()).await;
        assert_eq!(answer.code(), code);
    }

    #[tokio::test]
    async fn a_malformed_body_is_not_repeated() {
        let bench = Bench::new().await;
        let body = with(json!({"kind": SECRET}));
        let answer = bench.manage(Method::POST, "connections", body).await;
        assert_eq!(answer.code(), Code::MalformedRequest);
        assert!(!answer.text().contains(SECRET));
    }
}
