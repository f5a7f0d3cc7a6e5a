//! Users in SQLite.

use super::{
    Sqlite, Writing,
    row::{Columns, from_wire_name, wire_name},
};
use crate::store::{Reply, StoreError, UserStore};
use rusqlite::{Row, Transaction, named_params, params};
use yaopai_domain::{
    Identity, IdentityId, IdentityScope, Metadata, MetadataEntry, MetadataKey, PoolId, Profile, Revision,
    Sourced, User, UserId, UserRecord,
};

const USER: &str = "SELECT id, status, nickname, nickname_source, avatar_url, avatar_url_source, name, name_source,
        phone, phone_source, email, email_source, username, username_source, created_at, updated_at FROM users";
const IDENTITY: &str =
    "SELECT id, user_id, scope_kind, scope, subject, connection_id, kind, union_id, first_seen,
        last_seen FROM identity";

impl UserStore for Sqlite {
    fn user_record(&self, pool: &PoolId, id: UserId) -> Reply<'_, Option<UserRecord>> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| {
            let Some(user) = load(tx, &pool, id)? else {
                return Ok(None);
            };
            let identities = identities_of(tx, &pool, id)?;
            Ok(Some(UserRecord { user, identities }))
        }))
    }

    fn users(&self, pool: &PoolId, after: Option<UserId>, limit: u32) -> Reply<'_, Vec<User>> {
        let pool = pool.clone();
        // Every UUID is greater than the empty text.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        Box::pin(self.read(move |tx| {
            tx.prepare_cached(&format!(
                "{USER} WHERE pool = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
            ))?
            .query_and_then(params![pool.as_str(), after, limit], |row| user(tx, row))?
            .collect()
        }))
    }
}

/// One user with metadata.
pub(super) fn load(tx: &Transaction<'_>, pool: &PoolId, id: UserId) -> Result<Option<User>, StoreError> {
    tx.prepare_cached(&format!("{USER} WHERE pool = ?1 AND id = ?2"))?
        .query_and_then(params![pool.as_str(), id.to_string()], |row| user(tx, row))?
        .next()
        .transpose()
}

/// The bindings of a user, oldest first.
pub(super) fn identities_of(
    tx: &Transaction<'_>,
    pool: &PoolId,
    user: UserId,
) -> Result<Vec<Identity>, StoreError> {
    tx.prepare_cached(&format!(
        "{IDENTITY} WHERE pool = ?1 AND user_id = ?2 ORDER BY first_seen, id"
    ))?
    .query_and_then(params![pool.as_str(), user.to_string()], identity)?
    .collect()
}

/// One binding.
pub(super) fn load_identity(
    tx: &Transaction<'_>,
    pool: &PoolId,
    id: IdentityId,
) -> Result<Option<Identity>, StoreError> {
    tx.prepare_cached(&format!("{IDENTITY} WHERE pool = ?1 AND id = ?2"))?
        .query_and_then(params![pool.as_str(), id.to_string()], identity)?
        .next()
        .transpose()
}

/// Writes a user's own row, new or changed; metadata is another table. The caller commits the user to the feed.
pub(super) fn save(writing: &Writing<'_>, pool: &PoolId, user: &User) -> Result<(), StoreError> {
    let value = |field: &Option<Sourced>| field.as_ref().map(|field| field.value.clone());
    let source = |field: &Option<Sourced>| field.as_ref().map(|field| wire_name(&field.source)).transpose();
    let profile = &user.profile;
    writing
        .tx()
        .prepare_cached(
            "INSERT INTO users (id, pool, status, nickname, nickname_source, avatar_url, avatar_url_source, name,
                 name_source, phone, phone_source, email, email_source, username, username_source, created_at,
                 updated_at)
             VALUES (:id, :pool, :status, :nickname, :nickname_source, :avatar_url, :avatar_url_source, :name,
                 :name_source, :phone, :phone_source, :email, :email_source, :username, :username_source, :created_at,
                 :updated_at)
             ON CONFLICT (id) DO UPDATE SET status = excluded.status, nickname = excluded.nickname,
                 nickname_source = excluded.nickname_source, avatar_url = excluded.avatar_url,
                 avatar_url_source = excluded.avatar_url_source, name = excluded.name,
                 name_source = excluded.name_source, phone = excluded.phone, phone_source = excluded.phone_source,
                 email = excluded.email, email_source = excluded.email_source, username = excluded.username,
                 username_source = excluded.username_source, updated_at = excluded.updated_at",
        )?
        .execute(named_params! {
            ":id": user.id.to_string(),
            ":pool": pool.as_str(),
            ":status": wire_name(&user.status)?,
            ":nickname": value(&profile.nickname),
            ":nickname_source": source(&profile.nickname)?,
            ":avatar_url": value(&profile.avatar_url),
            ":avatar_url_source": source(&profile.avatar_url)?,
            ":name": value(&profile.name),
            ":name_source": source(&profile.name)?,
            ":phone": value(&profile.phone),
            ":phone_source": source(&profile.phone)?,
            ":email": value(&profile.email),
            ":email_source": source(&profile.email)?,
            ":username": value(&profile.username),
            ":username_source": source(&profile.username)?,
            ":created_at": user.created_at.0,
            ":updated_at": user.updated_at.0,
        })?;
    Ok(())
}

fn user(tx: &Transaction<'_>, row: &Row<'_>) -> Result<User, StoreError> {
    let id: UserId = row.parsed("id")?;
    let sourced = |column: &str| -> Result<Option<Sourced>, StoreError> {
        let source_column = format!("{column}_source");
        let value: Option<String> = row.get(column)?;
        let source: Option<String> = row.get(source_column.as_str())?;
        match (value, source) {
            (Some(value), Some(source)) => Ok(Some(Sourced {
                value,
                source: from_wire_name(&source_column, &source)?,
            })),
            _ => Ok(None),
        }
    };
    Ok(User {
        id,
        status: from_wire_name("status", &row.get::<_, String>("status")?)?,
        profile: Profile {
            nickname: sourced("nickname")?,
            avatar_url: sourced("avatar_url")?,
            name: sourced("name")?,
            phone: sourced("phone")?,
            email: sourced("email")?,
            username: sourced("username")?,
        },
        metadata: metadata_of(tx, id)?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}

fn metadata_of(tx: &Transaction<'_>, id: UserId) -> Result<Metadata, StoreError> {
    tx.prepare_cached(
        "SELECT m.key, m.value, r.rev, r.actor, r.at
         FROM user_metadata m
         JOIN users u ON u.id = m.user_id
         JOIN field_rev r
           ON r.pool = u.pool AND r.etype = 'user' AND r.eid = m.user_id AND r.fgroup = 'metadata.' || m.key
         WHERE m.user_id = ?1",
    )?
    .query_and_then([id.to_string()], |row| {
        let entry = MetadataEntry {
            value: row.json("value")?,
            revision: Revision(row.get("rev")?),
            actor: row.get("actor")?,
            at: row.moment("at")?,
        };
        Ok((metadata_key(row)?, entry))
    })?
    .collect()
}

fn identity(row: &Row<'_>) -> Result<Identity, StoreError> {
    let scope_kind: String = row.get("scope_kind")?;
    let scope = match scope_kind.as_str() {
        "app" => IdentityScope::OpenId {
            connection_id: row.parsed_or_null("connection_id")?,
            kind: row.parsed("kind")?,
            app_id: row.get("scope")?,
            open_id: row.get("subject")?,
            union_id: row.get("union_id")?,
        },
        "platform" => IdentityScope::UnionId {
            platform_account: row.parsed("scope")?,
            union_id: row.get("subject")?,
        },
        _ => return Err(StoreError::Unreadable("scope_kind: unknown name".to_owned())),
    };
    Ok(Identity {
        id: row.parsed("id")?,
        user_id: row.parsed("user_id")?,
        scope,
        first_seen: row.moment("first_seen")?,
        last_seen: row.moment("last_seen")?,
    })
}

fn metadata_key(row: &Row<'_>) -> Result<MetadataKey, StoreError> {
    row.get::<_, String>("key")?
        .parse()
        .map_err(|rule| StoreError::Unreadable(format!("key: {rule:?}")))
}
