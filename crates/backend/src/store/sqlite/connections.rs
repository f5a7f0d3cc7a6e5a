//! Connections in SQLite.

use super::{
    Sqlite, Writing,
    audit::{self, Entry},
    feed,
    row::Columns,
};
use crate::store::{
    ConnectionChange, ConnectionStore, NewConnection, Reply, SealedSecret, StoreError, Unique,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rusqlite::{ErrorCode, OptionalExtension, Row, Transaction, named_params, params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use yaopai_domain::{
    Connection, ConnectionId, ConnectionUsage, EntityKey, Fingerprint, IdentityId, PlatformAccountId, PoolId,
    SecretState, ValidConnection, VerificationFile,
};

const CONNECTION: &str = "SELECT c.id, c.kind, c.identifier, c.display_name, c.app_id, c.secret_fingerprint,
        c.secret_set_at, c.callback_url, c.verification_file, f.content AS verification_content, c.login_only,
        c.enabled, c.platform_account, c.created_at, c.updated_at
    FROM connection c LEFT JOIN verification_file f ON f.name = c.verification_file";

impl ConnectionStore for Sqlite {
    fn connections(&self, pool: &PoolId) -> Reply<'_, Vec<Connection>> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| {
            tx.prepare_cached(&format!(
                "{CONNECTION} WHERE c.pool = ?1 ORDER BY c.created_at, c.id"
            ))?
            .query_and_then([pool.as_str()], connection)?
            .collect()
        }))
    }

    fn connection(&self, pool: &PoolId, id: ConnectionId) -> Reply<'_, Option<Connection>> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| load(tx, &pool, id)))
    }

    fn connection_secret(&self, pool: &PoolId, id: ConnectionId) -> Reply<'_, Option<SealedSecret>> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| {
            Ok(tx
                .prepare_cached(
                    "SELECT secret_key_id, secret, secret_fingerprint FROM connection WHERE pool = ?1 AND id = ?2",
                )?
                .query_row(params![pool.as_str(), id.to_string()], |row| {
                    Ok(SealedSecret {
                        key_id: row.get(0)?,
                        bytes: row.get(1)?,
                        fingerprint: Fingerprint(row.get(2)?),
                    })
                })
                .optional()?)
        }))
    }

    fn create_connection(&self, pool: &PoolId, actor: &str, new: NewConnection) -> Reply<'_, Connection> {
        let (pool, actor) = (pool.clone(), actor.to_owned());
        Box::pin(self.write(move |writing| {
            let created = create(writing, &pool, &actor, &new)?;
            feed::commit(writing, &pool, &[EntityKey::Connection(new.id)])?;
            Ok(created)
        }))
    }

    fn change_connection(
        &self,
        pool: &PoolId,
        actor: &str,
        id: ConnectionId,
        change: ConnectionChange,
    ) -> Reply<'_, Connection> {
        let (pool, actor) = (pool.clone(), actor.to_owned());
        Box::pin(self.write(move |writing| {
            let (changed, now) = self::change(writing, &pool, &actor, id, &change)?;
            if changed {
                feed::commit(writing, &pool, &[EntityKey::Connection(id)])?;
            }
            Ok(now)
        }))
    }

    fn delete_connection(&self, pool: &PoolId, actor: &str, id: ConnectionId) -> Reply<'_, ()> {
        let (pool, actor) = (pool.clone(), actor.to_owned());
        Box::pin(self.write(move |writing| {
            let old = load(writing.tx(), &pool, id)?.ok_or(StoreError::NotFound("connection"))?;
            let mut touched = identities_of(writing.tx(), id)?;
            touched.push(EntityKey::Connection(id));
            writing
                .tx()
                .execute("DELETE FROM connection WHERE id = ?1", [id.to_string()])?;
            drop_unused_files(writing.tx())?;
            let entry = Entry {
                actor: &actor,
                action: "connection.delete",
                target: target(id),
                old: Some(audited(&old)),
                new: None,
            };
            audit::write(writing, &pool, entry)?;
            feed::commit(writing, &pool, &touched)?;
            Ok(())
        }))
    }

    fn connection_usage(&self, pool: &PoolId, id: ConnectionId) -> Reply<'_, ConnectionUsage> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| {
            let asked = load(tx, &pool, id)?.ok_or(StoreError::NotFound("connection"))?;
            // A binding belongs to an AppID: whichever enabled connection has it is a way in. A UnionID is one only
            // together with another connection, so only OpenIDs count.
            Ok(tx.query_row(
                "SELECT count(DISTINCT i.user_id),
                        count(DISTINCT CASE WHEN NOT EXISTS (
                            SELECT 1 FROM identity other
                            JOIN connection c ON c.pool = other.pool AND c.app_id = other.scope
                            WHERE other.user_id = i.user_id AND other.scope_kind = 'app'
                              AND c.enabled = 1 AND c.id <> ?3
                        ) THEN i.user_id END)
                 FROM identity i WHERE i.pool = ?1 AND i.scope_kind = 'app' AND i.scope = ?2",
                params![pool.as_str(), asked.app_id, id.to_string()],
                |row| {
                    Ok(ConnectionUsage {
                        users: row.get(0)?,
                        only_way_in: row.get(1)?,
                    })
                },
            )?)
        }))
    }

    fn verification_file(&self, name: &str) -> Reply<'_, Option<Vec<u8>>> {
        let name = name.to_owned();
        Box::pin(self.read(move |tx| {
            Ok(tx
                .prepare_cached("SELECT content FROM verification_file WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()?)
        }))
    }
}

/// One connection.
pub(super) fn load(
    tx: &Transaction<'_>,
    pool: &PoolId,
    id: ConnectionId,
) -> Result<Option<Connection>, StoreError> {
    tx.prepare_cached(&format!("{CONNECTION} WHERE c.pool = ?1 AND c.id = ?2"))?
        .query_and_then(params![pool.as_str(), id.to_string()], connection)?
        .next()
        .transpose()
}

/// Creates a connection and audits it; the caller commits it to the feed.
pub(super) fn create(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    new: &NewConnection,
) -> Result<Connection, StoreError> {
    let tx = writing.tx();
    let platform_account = platform_account(tx, pool, new.fields.platform_account)?;
    let file = new.fields.verification_file.as_ref();
    put_file(tx, file, new.id)?;
    tx.prepare_cached(
        "INSERT INTO connection (id, pool, kind, identifier, display_name, app_id, secret, secret_key_id,
             secret_fingerprint, secret_set_at, callback_url, verification_file, login_only, enabled,
             platform_account, created_at, updated_at)
         VALUES (:id, :pool, :kind, :identifier, :display_name, :app_id, :secret, :secret_key_id,
             :secret_fingerprint, :now, :callback_url, :verification_file, :login_only, :enabled,
             :platform_account, :now, :now)",
    )?
    .execute(named_params! {
        ":id": new.id.to_string(),
        ":pool": pool.as_str(),
        ":kind": new.fields.kind.as_str(),
        ":identifier": new.fields.identifier,
        ":display_name": new.fields.display_name,
        ":app_id": new.fields.app_id,
        ":secret": new.secret.bytes,
        ":secret_key_id": new.secret.key_id,
        ":secret_fingerprint": new.secret.fingerprint.0,
        ":callback_url": new.fields.callback_url.as_ref().map(url::Url::as_str),
        ":verification_file": file.map(|(name, _)| name),
        ":login_only": new.fields.login_only,
        ":enabled": new.enabled,
        ":platform_account": platform_account.to_string(),
        ":now": writing.now().0,
    })
    .map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) if error.to_string().contains("connection.identifier") => {
            StoreError::Taken(Unique::ConnectionIdentifier)
        }
        _ => error.into(),
    })?;
    let created = load(tx, pool, new.id)?.ok_or(StoreError::NotFound("connection"))?;
    let entry = Entry {
        actor,
        action: "connection.create",
        target: target(new.id),
        old: None,
        new: Some(audited(&created)),
    };
    audit::write(writing, pool, entry)?;
    Ok(created)
}

/// Changes a connection and audits it; the caller commits it to the feed if it did change.
pub(super) fn change(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: ConnectionId,
    change: &ConnectionChange,
) -> Result<(bool, Connection), StoreError> {
    let tx = writing.tx();
    let old = load(tx, pool, id)?.ok_or(StoreError::NotFound("connection"))?;
    let action = match change {
        ConnectionChange::Enable(enabled) => {
            tx.execute(
                "UPDATE connection SET enabled = ?2 WHERE id = ?1",
                params![id.to_string(), enabled],
            )?;
            if *enabled {
                "connection.enable"
            } else {
                "connection.disable"
            }
        }
        ConnectionChange::Replace {
            based_on,
            fields,
            secret,
        } => {
            if based_on.is_some_and(|based_on| based_on != old.updated_at) {
                return Err(StoreError::Outdated("connection"));
            }
            replace(writing, pool, id, fields, secret.as_ref())?;
            "connection.change"
        }
    };
    let now = load(tx, pool, id)?.ok_or(StoreError::NotFound("connection"))?;
    if now == old {
        return Ok((false, old));
    }
    // Two changes never have the same moment, however the clock goes: drafts are told apart by it.
    let updated_at = writing.now().max(old.updated_at.plus_millis(1));
    tx.execute(
        "UPDATE connection SET updated_at = ?2 WHERE id = ?1",
        params![id.to_string(), updated_at.0],
    )?;
    let now = Connection { updated_at, ..now };
    let entry = Entry {
        actor,
        action,
        target: target(id),
        old: Some(audited(&old)),
        new: Some(audited(&now)),
    };
    audit::write(writing, pool, entry)?;
    Ok((true, now))
}

fn replace(
    writing: &Writing<'_>,
    pool: &PoolId,
    id: ConnectionId,
    fields: &ValidConnection,
    secret: Option<&SealedSecret>,
) -> Result<(), StoreError> {
    let tx = writing.tx();
    let platform_account = match fields.platform_account {
        Some(_) => Some(platform_account(tx, pool, fields.platform_account)?.to_string()),
        None => None,
    };
    let file = fields.verification_file.as_ref();
    put_file(tx, file, id)?;
    tx.prepare_cached(
        "UPDATE connection SET display_name = :display_name, app_id = :app_id, callback_url = :callback_url,
             verification_file = :verification_file, login_only = :login_only,
             platform_account = coalesce(:platform_account, platform_account)
         WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": id.to_string(),
        ":display_name": fields.display_name,
        ":app_id": fields.app_id,
        ":callback_url": fields.callback_url.as_ref().map(url::Url::as_str),
        ":verification_file": file.map(|(name, _)| name),
        ":login_only": fields.login_only,
        ":platform_account": platform_account,
    })?;
    if let Some(secret) = secret {
        tx.prepare_cached(
            "UPDATE connection SET secret = ?2, secret_key_id = ?3, secret_fingerprint = ?4, secret_set_at = ?5
             WHERE id = ?1",
        )?
        .execute(params![
            id.to_string(),
            secret.bytes,
            secret.key_id,
            secret.fingerprint.0,
            writing.now().0
        ])?;
    }
    drop_unused_files(tx)
}

/// The platform account that was asked for, or the pool's first, which was made with the pool.
fn platform_account(
    tx: &Transaction<'_>,
    pool: &PoolId,
    wanted: Option<PlatformAccountId>,
) -> Result<PlatformAccountId, StoreError> {
    tx.prepare_cached(
        "SELECT id FROM platform_account WHERE pool = ?1 AND (?2 IS NULL OR id = ?2)
         ORDER BY name <> 'default', created_at, id LIMIT 1",
    )?
    .query_and_then(params![pool.as_str(), wanted.map(|id| id.to_string())], |row| {
        row.parsed("id")
    })?
    .next()
    .unwrap_or(Err(StoreError::Unknown("platform account")))
}

/// Stores a file under its name. Another content under the same name is refused while another connection uses it.
fn put_file(
    tx: &Transaction<'_>,
    file: Option<&(String, Vec<u8>)>,
    connection: ConnectionId,
) -> Result<(), StoreError> {
    let Some((name, content)) = file else {
        return Ok(());
    };
    tx.prepare_cached(
        "INSERT INTO verification_file (name, content) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET content = excluded.content
         WHERE NOT EXISTS (SELECT 1 FROM connection c WHERE c.verification_file = ?1 AND c.id <> ?3)",
    )?
    .execute(params![name, content, connection.to_string()])?;
    let stored: Vec<u8> = tx.query_row(
        "SELECT content FROM verification_file WHERE name = ?1",
        [name],
        |row| row.get(0),
    )?;
    if stored == *content {
        Ok(())
    } else {
        Err(StoreError::Taken(Unique::VerificationFile))
    }
}

fn drop_unused_files(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM verification_file
         WHERE NOT EXISTS (SELECT 1 FROM connection c WHERE c.verification_file = verification_file.name)",
        [],
    )?;
    Ok(())
}

/// The bindings that forget a connection when it is deleted.
fn identities_of(tx: &Transaction<'_>, id: ConnectionId) -> Result<Vec<EntityKey>, StoreError> {
    tx.prepare_cached("SELECT id FROM identity WHERE connection_id = ?1")?
        .query_and_then([id.to_string()], |row| {
            row.parsed::<IdentityId>("id").map(EntityKey::Identity)
        })?
        .collect()
}

fn target(id: ConnectionId) -> String {
    format!("connection:{id}")
}

/// A connection as the audit log keeps it: the secret is a fingerprint already, the file is long.
fn audited(connection: &Connection) -> Value {
    let mut value = json!(connection);
    if let Some(file) = &connection.verification_file {
        let content = BASE64_STANDARD.decode(&file.content_base64).unwrap_or_default();
        value["verification_file"] = json!({
            "name": file.name,
            "content_sha256": hex::encode(Sha256::digest(content)),
        });
    }
    value
}

fn connection(row: &Row<'_>) -> Result<Connection, StoreError> {
    let file_name: Option<String> = row.get("verification_file")?;
    let content: Option<Vec<u8>> = row.get("verification_content")?;
    Ok(Connection {
        id: row.parsed("id")?,
        kind: row.parsed("kind")?,
        identifier: row.get("identifier")?,
        display_name: row.get("display_name")?,
        app_id: row.get("app_id")?,
        secret: SecretState {
            fingerprint: Fingerprint(row.get("secret_fingerprint")?),
            set_at: row.moment("secret_set_at")?,
        },
        callback_url: row.get("callback_url")?,
        verification_file: file_name.map(|name| VerificationFile {
            name,
            content_base64: BASE64_STANDARD.encode(content.unwrap_or_default()),
        }),
        login_only: row.get("login_only")?,
        enabled: row.get("enabled")?,
        platform_account: row.parsed("platform_account")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
