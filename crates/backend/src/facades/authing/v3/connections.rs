//! Identity sources and their connections: a source of type `wechat` is one of our platform accounts.

use crate::{
    facades::authing::{fields::Fields, operator::Operator, wire::Fault},
    manage,
    store::ConnectionChange,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use yaopai_domain::{
    Action, Connection, ConnectionDraft, ConnectionId, ConnectionKind, PlatformAccount, PlatformAccountDraft,
};

/// Answers a call.
pub(in crate::facades::authing) async fn answer(
    operator: &Operator,
    name: &str,
    fields: Fields<'_>,
) -> Result<Value, Fault> {
    match name {
        "list-ext-idp" => {
            let sources: Vec<Value> = sources(operator).await?.iter().map(shown).collect();
            Ok(json!({ "totalCount": sources.len(), "list": sources }))
        }
        "get-ext-idp" => {
            let source = source(operator, fields.need("id")?).await?;
            let connections = connections(operator).await?;
            let own = connections
                .iter()
                .filter(|connection| connection.platform_account == source.id);
            let mut shown = shown(&source);
            shown["autoJoin"] = json!(true);
            shown["connections"] = own.map(described).collect();
            Ok(shown)
        }
        "create-ext-idp" => {
            operator.may(Action::EditConnections)?;
            if fields.need("type")? != "wechat" {
                return Err(Fault::malformed("type 只支持 wechat"));
            }
            let name = checked(fields.need("name")?)?;
            let store = &operator.app.store;
            let made = store
                .create_platform_account(&operator.pool, &operator.name, name)
                .await?;
            Ok(shown(&made))
        }
        "update-ext-idp" => {
            operator.may(Action::EditConnections)?;
            let source = source(operator, fields.need("id")?).await?;
            let name = checked(fields.need("name")?)?;
            let store = &operator.app.store;
            let renamed = store
                .rename_platform_account(&operator.pool, &operator.name, source.id, name)
                .await?;
            Ok(shown(&renamed))
        }
        // A UnionID is worth something only within its platform account, so that one stays.
        "delete-ext-idp" => Err(Fault::malformed("身份源不能删除；请删除它的连接")),
        "create-ext-idp-conn" => {
            operator.may(Action::EditConnections)?;
            let draft = draft(operator, fields, None).await?;
            let created =
                manage::create_connection(&operator.app, &operator.pool, &operator.name, &draft).await?;
            Ok(described(&created))
        }
        "update-ext-idp-conn" => {
            operator.may(Action::EditConnections)?;
            let existing = connection(operator, fields).await?;
            let draft = draft(operator, fields, Some(&existing)).await?;
            let (pool, name) = (&operator.pool, &operator.name);
            let changed = manage::change_connection(&operator.app, pool, name, existing.id, &draft).await?;
            Ok(described(&changed))
        }
        "delete-ext-idp-conn" => {
            operator.may(Action::EditConnections)?;
            let existing = connection(operator, fields).await?;
            let store = &operator.app.store;
            store
                .delete_connection(&operator.pool, &operator.name, existing.id)
                .await?;
            Ok(json!({ "success": true }))
        }
        "change-ext-idp-conn-state" => {
            operator.may(Action::EditConnections)?;
            let existing = connection(operator, fields).await?;
            let change = ConnectionChange::Enable(fields.flag("enabled"));
            let store = &operator.app.store;
            store
                .change_connection(&operator.pool, &operator.name, existing.id, change)
                .await?;
            Ok(json!({ "success": true }))
        }
        "ext-idp-conn-apps" => {
            operator.may(Action::ReadConnections)?;
            Ok(json!([]))
        }
        _ => Err(Fault::new(404, "不支持的接口")),
    }
}

async fn sources(operator: &Operator) -> Result<Vec<PlatformAccount>, Fault> {
    operator.may(Action::ReadConnections)?;
    Ok(operator.app.store.platform_accounts(&operator.pool).await?)
}

pub(super) async fn source(operator: &Operator, id: &str) -> Result<PlatformAccount, Fault> {
    let mut sources = sources(operator).await?.into_iter();
    sources
        .find(|source| source.id.to_string() == id)
        .ok_or_else(|| Fault::new(404, "身份源不存在"))
}

async fn connections(operator: &Operator) -> Result<Vec<Connection>, Fault> {
    operator.may(Action::ReadConnections)?;
    Ok(operator.app.store.connections(&operator.pool).await?)
}

async fn connection(operator: &Operator, fields: Fields<'_>) -> Result<Connection, Fault> {
    let unknown = || Fault::new(1100, "身份源连接不存在");
    let id: ConnectionId = fields.need("id")?.parse().map_err(|_| unknown())?;
    let store = &operator.app.store;
    store.connection(&operator.pool, id).await?.ok_or_else(unknown)
}

fn checked(name: &str) -> Result<String, Fault> {
    let draft = PlatformAccountDraft {
        name: name.to_owned(),
    };
    draft
        .check()
        .map(|draft| draft.name)
        .map_err(|_| Fault::malformed("参数不合法: name"))
}

fn shown(source: &PlatformAccount) -> Value {
    json!({ "id": source.id, "name": source.name, "type": "wechat", "logo": null, "tenantId": null })
}

fn described(connection: &Connection) -> Value {
    json!({
        "id": connection.id,
        "type": connection.kind,
        "extIdpId": connection.platform_account,
        "logo": null,
        "identifier": connection.identifier,
        "displayName": connection.display_name,
        "loginOnly": connection.login_only,
        "associationMode": "none",
        "challengeBindingMethods": [],
        "enabled": connection.enabled,
        // The secret is told by nobody; whoever updates leaves it out to keep it.
        "fields": {
            "clientID": connection.app_id,
            "callbackURL": connection.callback_url,
            "verificationFileName": connection.verification_file.as_ref().map(|file| &file.name),
        },
    })
}

/// The connection that a request describes. Members of `fields` that are left out stay.
///
/// `clientID` and `clientSecret` come in two capitalisations. For what Authing's public sources do not name there are our
/// names: `verificationFileName`, `verificationFileContent` (text), `token`, `encodingAESKey`.
async fn draft(
    operator: &Operator,
    sent: Fields<'_>,
    existing: Option<&Connection>,
) -> Result<ConnectionDraft, Fault> {
    let nothing = Map::new();
    let fields = Fields(sent.object("fields").unwrap_or(&nothing));
    let either = |names: [&str; 2]| {
        names
            .into_iter()
            .find_map(|name| fields.text(name))
            .map(str::to_owned)
    };
    let kind: ConnectionKind = match existing {
        Some(existing) => existing.kind,
        None => sent
            .need("type")?
            .parse()
            .map_err(|_| Fault::malformed("参数不合法: type"))?,
    };
    let platform_account = match existing {
        Some(existing) => existing.platform_account,
        None => source(operator, sent.need("extIdpId")?).await?.id,
    };
    let file = match (
        fields.text("verificationFileName"),
        fields.text("verificationFileContent"),
    ) {
        (Some(name), Some(content)) => Some(yaopai_domain::VerificationFile {
            name: name.to_owned(),
            content_base64: STANDARD.encode(content),
        }),
        _ => existing.and_then(|existing| existing.verification_file.clone()),
    };
    let settings = existing.map(|existing| existing.settings.clone());
    let settings = match fields.0.get("scopes").and_then(Value::as_array) {
        Some(scopes) if kind == ConnectionKind::WebpageAuthorization => {
            let scope = if scopes.iter().any(|scope| scope == "snsapi_userinfo") {
                yaopai_domain::WebScope::UserInfo
            } else {
                yaopai_domain::WebScope::Base
            };
            Some(yaopai_domain::ConnectionSettings::WebPage { scope })
        }
        _ => settings,
    };
    Ok(ConnectionDraft {
        kind,
        identifier: match existing {
            Some(existing) => existing.identifier.clone(),
            None => sent.need("identifier")?.to_owned(),
        },
        display_name: sent
            .text("displayName")
            .or(existing.map(|existing| existing.display_name.as_str()))
            .ok_or_else(|| Fault::missing("displayName"))?
            .to_owned(),
        app_id: either(["clientID", "clientId"])
            .or_else(|| existing.map(|existing| existing.app_id.clone()))
            .ok_or_else(|| Fault::missing("clientID"))?,
        app_secret: either(["clientSecret", "client_secret"]).map(yaopai_domain::AppSecret::new),
        settings,
        push_token: fields.text("token").map(yaopai_domain::PushToken::new),
        encoding_aes_key: either(["encodingAESKey", "encodingAesKey"])
            .map(yaopai_domain::EncodingAesKey::new),
        callback_url: either(["callbackURL", "callbackUrl"])
            .or_else(|| existing.and_then(|existing| existing.callback_url.clone())),
        verification_file: file,
        login_only: match (sent.0.get("loginOnly"), existing) {
            (Some(Value::Bool(flag)), _) => *flag,
            (_, Some(existing)) => existing.login_only,
            _ => false,
        },
        platform_account: Some(platform_account),
        based_on: existing.map(|existing| existing.updated_at),
    })
}
