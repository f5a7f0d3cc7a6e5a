//! `PUT /manage/v1/pools/{pool}/connections/{id}`: all fields at once; an empty secret keeps the stored one.
//! 409 `outdated` if somebody else changed the connection since the draft began, and nothing is saved.

use super::{OfConnection, check_draft};
use crate::{
    App, Error,
    access::Caller,
    endpoint::{Endpoint, Needs},
    extract::{Body, Place},
    openapi::Doc,
    store::ConnectionChange,
};
use axum::{Json, extract::State, http::StatusCode};
use std::sync::Arc;
use yaopai_domain::{Action, Connection, ConnectionDraft, ConnectionId, PoolId};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::put(
            "/manage/v1/pools/{pool}/connections/{id}",
            Needs::Right(Action::EditConnections),
            change,
        )
        .doc(
            Doc::new(
                "change_connection",
                "Change a connection: all fields at once; an empty secret keeps the stored one",
            )
            .takes::<ConnectionDraft>()
            .answers::<Connection>(StatusCode::OK, "The connection, without its secret"),
        ),
    ]
}

async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfConnection { id }): Place<OfConnection>,
    Body(draft): Body<ConnectionDraft>,
) -> Result<Json<Connection>, Error> {
    let changed = change_connection(&app, &caller.pool, &caller.name, id, &draft).await?;
    Ok(Json(changed))
}

/// Checks a draft, seals its secrets and puts it in place of the connection in the name of `actor`.
pub(crate) async fn change_connection(
    app: &App,
    pool: &PoolId,
    actor: &str,
    id: ConnectionId,
    draft: &ConnectionDraft,
) -> Result<Connection, Error> {
    let existing = app
        .store
        .connection(pool, id)
        .await?
        .ok_or(Error::NotFound("connection"))?;
    let mut fields = check_draft(draft, Some(&existing))?;
    let secrets = app.vault.seal_all(pool, id, &mut fields, app.entropy.as_ref())?;
    let change = ConnectionChange::Replace {
        based_on: draft.based_on,
        fields: Box::new(fields),
        secrets,
    };
    Ok(app.store.change_connection(pool, actor, id, change).await?)
}

#[cfg(test)]
mod tests {
    use crate::{
        store::engine::Row,
        testing::{Bench, SECRET, draft},
    };
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};
    use sha2::{Digest, Sha256};
    use yaopai_domain::{Code, PoolId};

    #[tokio::test]
    async fn an_empty_secret_keeps_the_stored_one_and_a_new_one_replaces_it() {
        let bench = Bench::new().await;
        let id = bench.connect("pc").await;
        let path = format!("connections/{id}");
        let before = bench.manage(Method::GET, &path, json!(null)).await.json();
        bench.clock.turn(1000);

        let mut keeping = draft("pc");
        keeping["app_secret"] = json!("");
        keeping["display_name"] = json!("扫码登录");
        let kept = bench.manage(Method::PUT, &path, keeping).await.json();
        assert_eq!(kept["secret"], before["secret"]);
        assert_eq!(kept["display_name"], "扫码登录");
        let stored = async || {
            let credentials = bench
                .app
                .credentials(&PoolId::default(), id.parse().unwrap(), "")
                .await;
            credentials.unwrap().app_secret.expose().to_owned()
        };
        assert_eq!(stored().await, SECRET);

        let mut replacing = draft("pc");
        let new_secret = "f".repeat(32);
        replacing["app_secret"] = json!(new_secret);
        let replaced = bench.manage(Method::PUT, &path, replacing).await.json();
        assert_ne!(replaced["secret"]["fingerprint"], before["secret"]["fingerprint"]);
        assert_ne!(replaced["secret"]["set_at"], before["secret"]["set_at"]);
        assert_eq!(stored().await, new_secret);
    }

    #[tokio::test]
    async fn a_draft_that_began_before_another_change_overwrites_nothing() {
        let bench = Bench::new().await;
        let path = format!("connections/{}", bench.connect("pc").await);
        let began = bench.manage(Method::GET, &path, json!(null)).await.json()["updated_at"].clone();
        let mut one = draft("pc");
        one["based_on"] = began.clone();
        one["display_name"] = json!("扫码登录");
        let mut two = draft("pc");
        two["based_on"] = began;
        two["login_only"] = json!(true);
        // The clock stands still: it is the change that counts.
        let saved = bench.manage(Method::PUT, &path, one).await;
        assert_eq!(saved.status, StatusCode::OK);
        let refused = bench.manage(Method::PUT, &path, two.clone()).await;
        assert_eq!(refused.code(), Code::Outdated);
        let now = bench.manage(Method::GET, &path, json!(null)).await.json();
        assert_eq!(now, saved.json());

        two["based_on"] = now["updated_at"].clone();
        let looked_again = bench.manage(Method::PUT, &path, two.clone()).await;
        assert_eq!(looked_again.status, StatusCode::OK);
        two["based_on"] = json!(null);
        let careless = bench.manage(Method::PUT, &path, two).await;
        assert_eq!(careless.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_verification_file_is_audited_by_its_hash() {
        let bench = Bench::new().await;
        let with_file = |content: &str| {
            let mut draft = draft("pc");
            draft["verification_file"] = json!({"name": "6ynZPDvfTF.txt", "content_base64": content});
            draft
        };
        let created = bench
            .manage(Method::POST, "connections", with_file("YQ=="))
            .await
            .json();
        let path = format!("connections/{}", created["id"].as_str().unwrap());
        bench.manage(Method::PUT, &path, with_file("Yg==")).await;
        let entry = "SELECT old, new FROM audit WHERE action = 'connection.change'";
        let entry = bench.look(entry, vec![]).await.remove(0);
        let file = |column: &str| entry.json::<Value>(column).unwrap()["verification_file"].clone();
        let (old, new) = (file("old"), file("new"));
        let hash = |content: &str| hex::encode(Sha256::digest(content));
        assert_eq!(old["name"], "6ynZPDvfTF.txt");
        assert_eq!(old["content_sha256"], hash("a"));
        assert_eq!(new["content_sha256"], hash("b"));
    }

    #[tokio::test]
    async fn identifier_and_kind_never_change() {
        let bench = Bench::new().await;
        let path = format!("connections/{}", bench.connect("pc").await);
        let mut draft = draft("other");
        draft["kind"] = json!("wechat:webpage-authorization");
        let answer = bench.manage(Method::PUT, &path, draft).await;
        assert_eq!(
            answer.refused(),
            [
                ("kind".to_owned(), json!("kind_immutable")),
                ("identifier".to_owned(), json!("identifier_immutable")),
            ]
        );
    }

    #[tokio::test]
    async fn writing_the_same_again_changes_nothing() {
        let bench = Bench::new().await;
        let path = format!("connections/{}", bench.connect("pc").await);
        let mut same = draft("pc");
        same["app_secret"] = json!(null);
        let head = bench.head().await;
        let answer = bench.manage(Method::PUT, &path, same).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(bench.head().await, head);
    }

    /// Actor, action, old and new display name, whether the secret is another.
    type Audited = (String, String, Option<String>, Option<String>, Option<bool>);

    fn audited(entry: &Row) -> Audited {
        let side = |column: &str| entry.json_or_null::<Value>(column).unwrap().unwrap_or_default();
        let (old, new) = (side("old"), side("new"));
        let name = |side: &Value| side["display_name"].as_str().map(str::to_owned);
        let secret = |side: &Value| side["secret"]["fingerprint"].as_str().map(str::to_owned);
        (
            entry.text("actor").unwrap(),
            entry.text("action").unwrap(),
            name(&old),
            name(&new),
            secret(&old).zip(secret(&new)).map(|(old, new)| old != new),
        )
    }

    #[tokio::test]
    async fn every_change_is_audited_with_old_and_new_values() {
        let bench = Bench::new().await;
        let path = format!("connections/{}", bench.connect("pc").await);
        let mut changed = draft("pc");
        changed["display_name"] = json!("扫码登录");
        changed["app_secret"] = json!("f".repeat(32));
        bench.clock.turn(1);
        bench.manage(Method::PUT, &path, changed).await;
        bench.clock.turn(1);
        let disable = json!({"enabled": false});
        bench
            .manage(Method::PUT, &format!("{path}/enabled"), disable)
            .await;
        bench.clock.turn(1);
        bench.manage(Method::DELETE, &path, json!(null)).await;

        let entries =
            "SELECT actor, action, old, new FROM audit WHERE action LIKE 'connection.%' ORDER BY at";
        let audited: Vec<Audited> = bench.look(entries, vec![]).await.iter().map(audited).collect();
        let (old, new) = (Some("微信登录".to_owned()), Some("扫码登录".to_owned()));
        let row = |action: &str, old: &Option<String>, new: &Option<String>, secret_changed| {
            (
                "admin".to_owned(),
                action.to_owned(),
                old.clone(),
                new.clone(),
                secret_changed,
            )
        };
        assert_eq!(
            audited,
            [
                row("connection.create", &None, &old, None),
                row("connection.change", &old, &new, Some(true)),
                row("connection.disable", &new, &new, Some(false)),
                row("connection.delete", &new, &None, None),
            ]
        );
    }
}
