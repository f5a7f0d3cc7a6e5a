//! The mirror: what the backend said.

use super::{
    progress::{advance, complete, progress},
    row::to_json,
};
use crate::Error;
use rusqlite::{Connection, params};
use yaopai_domain::{Change, Entity, EntityKey, Identity, IdentityScope, Profile, PullPage, Timestamp, User};

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The cursor had moved meanwhile; nothing was done.
    Stale,
    /// Its changes are in the mirror.
    Done {
        /// Whether users or bindings changed.
        users: bool,
        /// Whether connections changed.
        connections: bool,
    },
}

/// Applies a page that was asked for at the cursor `from`. A caught-up page also sweeps what a reset left behind.
pub(crate) fn apply_page(
    connection: &Connection,
    from: Option<&str>,
    page: &PullPage,
    now: Timestamp,
) -> Result<Applied, Error> {
    if !advance(connection, from, &page.cursor)? {
        return Ok(Applied::Stale);
    }
    let generation = progress(connection)?.generation;
    let (mut users, mut connections) = (false, false);
    for change in &page.changes {
        apply(connection, generation, change)?;
        match change.key {
            EntityKey::User(_) | EntityKey::Identity(_) => users = true,
            EntityKey::Connection(_) => connections = true,
        }
    }
    if page.caught_up && complete(connection, now)? {
        for table in ["users", "identities", "connections"] {
            let sql = format!("DELETE FROM {table} WHERE generation < ?1");
            connection.execute(&sql, [generation])?;
        }
        (users, connections) = (true, true);
    }
    Ok(Applied::Done { users, connections })
}

fn apply(connection: &Connection, generation: i64, change: &Change) -> Result<(), Error> {
    let rev = change.revision.0;
    match (&change.entity, change.key) {
        (Some(Entity::User(user)), _) => put_user(connection, generation, rev, user),
        (Some(Entity::Identity(identity)), _) => put_identity(connection, generation, rev, identity),
        (Some(Entity::Connection(state)), _) => {
            connection
                .prepare_cached(
                    "INSERT INTO connections (id, rev, generation, display_name) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (id) DO UPDATE
                     SET rev = excluded.rev, generation = excluded.generation, display_name = excluded.display_name
                     WHERE (excluded.generation, excluded.rev) >= (generation, rev)",
                )?
                .execute(params![state.id.to_string(), rev, generation, state.display_name])?;
            Ok(())
        }
        (None, EntityKey::User(id)) => delete(connection, "users", &id.to_string(), generation, rev),
        (None, EntityKey::Identity(id)) => delete(connection, "identities", &id.to_string(), generation, rev),
        (None, EntityKey::Connection(id)) => {
            delete(connection, "connections", &id.to_string(), generation, rev)
        }
    }
}

fn delete(connection: &Connection, table: &str, id: &str, generation: i64, rev: i64) -> Result<(), Error> {
    let sql = format!("DELETE FROM {table} WHERE id = ?1 AND (generation, rev) <= (?2, ?3)");
    connection
        .prepare_cached(&sql)?
        .execute(params![id, generation, rev])?;
    Ok(())
}

fn put_user(connection: &Connection, generation: i64, rev: i64, user: &User) -> Result<(), Error> {
    let id = user.id.to_string();
    let text = |field: &Option<yaopai_domain::Sourced>| field.as_ref().map(|field| field.value.clone());
    let written = connection
        .prepare_cached(
            "INSERT INTO users (id, rev, generation, status, profile, name, avatar_url, phone, search, created_at,
                                updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO UPDATE
             SET rev = excluded.rev, generation = excluded.generation, status = excluded.status,
                 profile = excluded.profile, name = excluded.name, avatar_url = excluded.avatar_url,
                 phone = excluded.phone, search = excluded.search, created_at = excluded.created_at,
                 updated_at = excluded.updated_at
             WHERE (excluded.generation, excluded.rev) >= (generation, rev)",
        )?
        .execute(params![
            id,
            rev,
            generation,
            to_json(&user.status)?,
            to_json(&user.profile)?,
            user.profile.best_name(),
            text(&user.profile.avatar_url),
            text(&user.profile.phone),
            found_by(&id, &user.profile),
            user.created_at.0,
            user.updated_at.0,
        ])?;
    if written == 0 {
        return Ok(());
    }
    connection
        .prepare_cached("DELETE FROM metadata WHERE user_id = ?1")?
        .execute([&id])?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO metadata (user_id, key, value, rev, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (key, entry) in &user.metadata {
        insert.execute(params![
            id,
            key.as_str(),
            entry.value.to_string(),
            entry.revision.0,
            entry.actor,
            entry.at.0
        ])?;
    }
    Ok(())
}

/// Everything a user is found by, lower case, one item a line: no search text spans two of them.
fn found_by(id: &str, profile: &Profile) -> String {
    let fields = [
        &profile.nickname,
        &profile.name,
        &profile.phone,
        &profile.email,
        &profile.username,
    ];
    let values = fields.into_iter().flatten().map(|field| field.value.as_str());
    let lines: Vec<String> = std::iter::once(id).chain(values).map(str::to_lowercase).collect();
    lines.join("\n")
}

fn put_identity(
    connection: &Connection,
    generation: i64,
    rev: i64,
    identity: &Identity,
) -> Result<(), Error> {
    let mut columns = ScopeColumns::default();
    match &identity.scope {
        IdentityScope::OpenId {
            connection_id,
            kind,
            app_id,
            open_id,
            union_id,
        } => {
            columns.scope = "app";
            columns.kind = Some(kind.as_str());
            columns.connection_id = connection_id.map(|id| id.to_string());
            columns.app_id = Some(app_id);
            columns.open_id = Some(open_id);
            columns.union_id = union_id.as_deref();
        }
        IdentityScope::UnionId {
            platform_account,
            union_id,
        } => {
            columns.scope = "platform";
            columns.platform_account = Some(platform_account.to_string());
            columns.union_id = Some(union_id);
        }
    }
    connection
        .prepare_cached(
            "INSERT INTO identities (id, rev, generation, user_id, scope, kind, connection_id, app_id, open_id,
                                     platform_account, union_id, first_seen, last_seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (id) DO UPDATE
             SET rev = excluded.rev, generation = excluded.generation, user_id = excluded.user_id,
                 scope = excluded.scope, kind = excluded.kind, connection_id = excluded.connection_id,
                 app_id = excluded.app_id, open_id = excluded.open_id,
                 platform_account = excluded.platform_account, union_id = excluded.union_id,
                 first_seen = excluded.first_seen, last_seen = excluded.last_seen
             WHERE (excluded.generation, excluded.rev) >= (generation, rev)",
        )?
        .execute(params![
            identity.id.to_string(),
            rev,
            generation,
            identity.user_id.to_string(),
            columns.scope,
            columns.kind,
            columns.connection_id,
            columns.app_id,
            columns.open_id,
            columns.platform_account,
            columns.union_id,
            identity.first_seen.0,
            identity.last_seen.0,
        ])?;
    Ok(())
}

#[derive(Default)]
struct ScopeColumns<'a> {
    scope: &'static str,
    kind: Option<&'static str>,
    connection_id: Option<String>,
    app_id: Option<&'a str>,
    open_id: Option<&'a str>,
    platform_account: Option<String>,
    union_id: Option<&'a str>,
}
