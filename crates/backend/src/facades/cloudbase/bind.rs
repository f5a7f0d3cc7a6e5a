//! Binding WeChat people to users, and unbinding them.

use super::{
    fault::{Fault, Word},
    sign_in::{taken, used_up},
    user::shown_lately,
    visit::{Visit, which},
};
use crate::{
    identity::Arrival,
    login::{Door, Identified, Which},
    store::{Bind, By, Unbind},
};
use serde::Deserialize;
use serde_json::{Value, json};
use yaopai_domain::{Connection, ConnectionKind, IdentityScope, UserId, UserRecord, Verdict};

#[derive(Deserialize)]
struct WithProvider {
    provider_token: String,
    sudo_token: Option<String>,
}

/// `POST /auth/v1/user/provider/bind`, for who has signed in lately. Only a success uses the token up (design rule 4).
pub(super) async fn with_provider(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    let asked: WithProvider = visit.body()?;
    shown_lately(visit, &bearer, asked.sudo_token.as_deref())?;
    let (_, door, identified) = taken(visit, &bearer.pool, &asked.provider_token).await?;
    bound(visit, &door, &identified, bearer.user).await?;
    used_up(visit, &asked.provider_token).await?;
    Ok(json!({}))
}

/// Binds the person to the user.
async fn bound(visit: &Visit, door: &Door, identified: &Identified, user: UserId) -> Result<(), Fault> {
    let by = By {
        actor: format!("person:{user}"),
    };
    match visit
        .app
        .store
        .bind(arrival(door, identified, false), user, by)
        .await?
    {
        Bind::Bound | Bind::Already => Ok(()),
        Bind::Elsewhere(_) => Err(elsewhere()),
        Bind::NoUser => Err(Fault::unauthenticated()),
        Bind::Snapshot => Err(yaopai_domain::Refusal::SnapshotUser.into()),
    }
}

/// Makes sure that nobody is bound to the person yet.
pub(super) async fn free(visit: &Visit, door: &Door, identified: &Identified) -> Result<(), Fault> {
    let mut asked = arrival(door, identified, true);
    asked.login_only = false;
    match visit.app.store.resolve(asked).await? {
        Verdict::Create { .. } => Ok(()),
        Verdict::Refuse { refusal, .. } => Err(refusal.into()),
        Verdict::LogIn { .. } | Verdict::Fail { .. } => Err(elsewhere()),
    }
}

pub(super) fn elsewhere() -> Fault {
    Fault::new(
        Word::AlreadyExists,
        "this WeChat identity is bound to another user",
    )
}

/// The person at the door.
pub(super) fn arrival(door: &Door, identified: &Identified, dry_run: bool) -> Arrival {
    Arrival {
        snapshot_user: identified.snapshot_user,
        dry_run,
        ..Arrival::at(&door.pool, &door.connection, identified.person.clone())
    }
}

/// `GET /auth/v1/user/provider`: the ways of WeChat that are open, and which of them the user has used.
pub(super) async fn list(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    let record = visit.record_of(&bearer).await?;
    let connections = visit.offered_to(&bearer).await?;
    let nickname = record.user.profile.nickname.as_ref().map(|name| &name.value);
    let data: Vec<Value> = connections
        .iter()
        .filter(|connection| connection.enabled)
        .map(|connection| {
            let bind = open_id(&record, &connection.app_id).is_some();
            json!({
                "id": provider_id(connection, &connections),
                "name": connection.display_name,
                "provider_user_name": nickname.filter(|_| bind),
                "bind": bind,
            })
        })
        .collect();
    Ok(json!({ "total": data.len(), "data": data }))
}

/// `DELETE /auth/v1/user/provider/{id}`: unbinds, for who has signed in lately, but never the last way in.
pub(super) async fn unbind(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    shown_lately(visit, &bearer, None)?;
    let wanted = visit
        .call
        .uri
        .path()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    let record = visit.record_of(&bearer).await?;
    let connections = visit.offered_to(&bearer).await?;
    let app_id = connections
        .iter()
        .find(|connection| names(&wanted, connection, &connections))
        .map(|connection| connection.app_id.clone());
    let unknown = || Fault::new(Word::NotFound, "the user is not bound to this provider");
    let app_id = app_id.ok_or_else(unknown)?;
    let by = By {
        actor: format!("person:{}", bearer.user),
    };
    let identity = record.identities.iter().find(
        |identity| matches!(&identity.scope, IdentityScope::OpenId { app_id: of, .. } if *of == app_id),
    );
    let identity = identity.ok_or_else(unknown)?.id;
    let store = &visit.app.store;
    match store
        .unbind(&bearer.pool, bearer.user, &[identity], by, false)
        .await?
    {
        Unbind::Unbound(_) => Ok(json!({})),
        Unbind::NotFound => Err(unknown()),
        Unbind::LastWayIn => Err(Fault::new(
            Word::FailedPrecondition,
            "this is the user's last way in; bind another one or set a password first",
        )),
    }
}

/// The connection that an app's people log in by: the oldest one, but an enabled one before all that are closed.
pub(super) fn of_app<'c>(connections: &'c [Connection], app_id: &str) -> Option<&'c Connection> {
    let of_app = || {
        connections
            .iter()
            .filter(|connection| connection.app_id == app_id)
    };
    of_app()
        .find(|connection| connection.enabled)
        .or_else(|| of_app().next())
}

/// The OpenID that a user has at an app.
fn open_id<'r>(record: &'r UserRecord, wanted: &str) -> Option<&'r str> {
    record
        .identities
        .iter()
        .find_map(|identity| match &identity.scope {
            IdentityScope::OpenId { app_id, open_id, .. } if app_id == wanted => Some(open_id.as_str()),
            _ => None,
        })
}

/// The id by which SDKs know a connection: CloudBase's own word for what that word leads to, the AppID of a mini program
/// (SDKs look for their own in the list), otherwise its identifier.
pub(super) fn provider_id<'c>(connection: &'c Connection, all: &[Connection]) -> &'c str {
    let is_first = || {
        let mut enabled = all
            .iter()
            .filter(|other| other.enabled && other.kind == connection.kind);
        enabled.next().is_some_and(|first| first.id == connection.id)
    };
    match connection.kind {
        ConnectionKind::Pc if is_first() => "wx_open",
        ConnectionKind::WebpageAuthorization if is_first() => "wx_mp",
        ConnectionKind::MiniProgram => &connection.app_id,
        _ => &connection.identifier,
    }
}

/// Whether a provider id leads to the connection.
fn names(wanted: &str, connection: &Connection, all: &[Connection]) -> bool {
    match which(wanted) {
        Which::AppId(app_id) => connection.app_id == app_id,
        Which::Identifier(identifier) => connection.identifier == identifier,
        Which::Kind(_) | Which::Id(_) => provider_id(connection, all) == wanted,
    }
}
