//! `/manage/v1/pools/{pool}/platform-accounts`: the WeChat Open Platform accounts that connections are bound to.

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
use yaopai_domain::{Action, PlatformAccount, PlatformAccountDraft, PlatformAccountId};

const ALL: &str = "/manage/v1/pools/{pool}/platform-accounts";
const ONE: &str = "/manage/v1/pools/{pool}/platform-accounts/{id}";

pub(super) fn endpoints() -> Vec<Endpoint> {
    let edit = Needs::Right(Action::EditConnections);
    vec![
        Endpoint::get(ALL, Needs::Right(Action::ReadConnections), list).doc(
            Doc::new("list_platform_accounts", "The platform accounts of the pool")
                .answers::<PlatformAccounts>(StatusCode::OK, "Oldest first"),
        ),
        Endpoint::post(ALL, edit, create).doc(
            Doc::new("create_platform_account", "Add a platform account")
                .takes::<PlatformAccountDraft>()
                .answers::<PlatformAccount>(StatusCode::CREATED, "The platform account"),
        ),
        Endpoint::put(ONE, edit, rename).doc(
            Doc::new("rename_platform_account", "Rename a platform account")
                .takes::<PlatformAccountDraft>()
                .answers::<PlatformAccount>(StatusCode::OK, "The platform account"),
        ),
    ]
}

#[derive(Serialize, JsonSchema)]
struct PlatformAccounts {
    /// Oldest first.
    platform_accounts: Vec<PlatformAccount>,
}

#[derive(Deserialize)]
struct OfPlatformAccount {
    id: PlatformAccountId,
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<PlatformAccounts>, Error> {
    let platform_accounts = app.store.platform_accounts(&caller.pool).await?;
    Ok(Json(PlatformAccounts { platform_accounts }))
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(draft): Body<PlatformAccountDraft>,
) -> Result<(StatusCode, Json<PlatformAccount>), Error> {
    let draft = draft.check().map_err(Error::InvalidFields)?;
    let account = app
        .store
        .create_platform_account(&caller.pool, &caller.name, draft.name)
        .await?;
    Ok((StatusCode::CREATED, Json(account)))
}

async fn rename(
    State(app): State<Arc<App>>,
    caller: Caller,
    Place(OfPlatformAccount { id }): Place<OfPlatformAccount>,
    Body(draft): Body<PlatformAccountDraft>,
) -> Result<Json<PlatformAccount>, Error> {
    let draft = draft.check().map_err(Error::InvalidFields)?;
    let account = app
        .store
        .rename_platform_account(&caller.pool, &caller.name, id, draft.name)
        .await?;
    Ok(Json(account))
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;
    use axum::http::Method;
    use serde_json::{Value, json};
    use yaopai_domain::Code;

    #[tokio::test]
    async fn a_platform_account_is_added_and_renamed_and_its_name_exists_once() {
        let bench = Bench::new().await;
        let name = |name: &str| json!({ "name": name });
        let create = async |it| bench.manage(Method::POST, "platform-accounts", it).await;
        let id = create(name("集团")).await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let taken = [("name".to_owned(), json!("name_taken"))];
        assert_eq!(create(name("集团")).await.refused(), taken);
        create(name("门店")).await;
        let path = format!("platform-accounts/{id}");
        let clash = bench.manage(Method::PUT, &path, name("门店")).await;
        assert_eq!(clash.refused(), taken);
        let renamed = bench.manage(Method::PUT, &path, name("总部")).await.json();
        assert_eq!(renamed["name"], "总部");
        let all = bench.manage(Method::GET, "platform-accounts", Value::Null).await;
        assert!(all.text().contains("总部") && !all.text().contains("集团"));
        let unknown = "platform-accounts/00000000-0000-7000-8000-000000000000";
        let unknown = bench.manage(Method::PUT, unknown, name("x")).await;
        assert_eq!(unknown.code(), Code::NotFound);
    }
}
