//! Connections.

use super::{
    Alone, Reading, Store, StoreError, Unique, Writing,
    audit::{self, Entry},
    connection_secrets::{self, NewSecrets, SealedSecret, SecretField, sealed},
    engine::{Row, to_json, values},
    feed, refused, verification_files,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use yaopai_domain::{
    Connection, ConnectionId, ConnectionKind, ConnectionSettings, ConnectionUsage, EntityKey, Fingerprint,
    IdentityId, PlatformAccountId, PoolId, SecretState, Timestamp, ValidConnection, VerificationFile,
};

const CONNECTION: &str = "SELECT c.id, c.kind, c.identifier, c.display_name, c.app_id, c.secret_fingerprint,
        c.secret_set_at, c.settings, t.fingerprint AS push_token, t.set_at AS push_token_set_at,
        k.fingerprint AS encoding_aes_key, k.set_at AS encoding_aes_key_set_at, c.callback_url, c.verification_file,
        f.content AS verification_content, c.login_only, c.enabled, c.platform_account, c.created_at, c.updated_at,
        c.secret_key_id, c.secret
    FROM connection c
    LEFT JOIN verification_file f ON f.name = c.verification_file
    LEFT JOIN connection_secret t ON t.connection_id = c.id AND t.field = 'push_token'
    LEFT JOIN connection_secret k ON k.connection_id = c.id AND k.field = 'encoding_aes_key'";

/// A connection to create.
#[derive(Debug, Clone)]
pub(crate) struct NewConnection {
    /// Its id.
    pub(crate) id: ConnectionId,
    /// Its fields.
    pub(crate) fields: ValidConnection,
    /// Its AppSecret.
    pub(crate) secret: SealedSecret,
    /// Its other secrets.
    pub(crate) other_secrets: Vec<(SecretField, SealedSecret)>,
    /// Whether people can log in with it.
    pub(crate) enabled: bool,
}

/// What shall change of a connection.
#[derive(Debug, Clone)]
pub(crate) enum ConnectionChange {
    /// All fields; a secret stays if there is no new one.
    Replace {
        /// `updated_at` of the state that the fields began with: if another one is stored, the change is outdated.
        based_on: Option<Timestamp>,
        /// The fields.
        fields: Box<ValidConnection>,
        /// New secrets.
        secrets: NewSecrets,
    },
    /// Only whether people can log in with it.
    Enable(bool),
}

/// Changes are audited under the name of their actor.
impl Store {
    /// All connections of the pool, oldest first.
    pub(crate) async fn connections(&self, pool: &PoolId) -> Result<Vec<Connection>, StoreError> {
        self.glance(pool.clone(), |reading, pool| Box::pin(all(reading, pool)))
            .await
    }

    /// All connections of the pool with their sealed AppSecrets, oldest first.
    pub(crate) async fn connections_with_secrets(
        &self,
        pool: &PoolId,
    ) -> Result<Vec<(Connection, SealedSecret)>, StoreError> {
        self.glance(pool.clone(), |reading, pool| {
            Box::pin(async move {
                let rows = rows_of_all(reading, pool).await?;
                rows.iter().map(|row| Ok((of_row(row)?, sealed(row)?))).collect()
            })
        })
        .await
    }

    /// One connection.
    pub(crate) async fn connection(
        &self,
        pool: &PoolId,
        id: ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        self.glance((pool.clone(), id), |reading, (pool, id)| {
            Box::pin(load(reading, pool, *id))
        })
        .await
    }

    /// Creates a connection.
    pub(crate) async fn create_connection(
        &self,
        pool: &PoolId,
        actor: &str,
        new: NewConnection,
    ) -> Result<Connection, StoreError> {
        self.write(
            (pool.clone(), actor.to_owned(), new),
            |writing, (pool, actor, new)| {
                Box::pin(async move {
                    let alone = writing.alone(pool).await?;
                    let created = create(&alone, actor, new).await?;
                    feed::commit(&alone, &touched(new.id, None, Some(&created))).await?;
                    Ok(created)
                })
            },
        )
        .await
    }

    /// Changes a connection and answers what it is now.
    pub(crate) async fn change_connection(
        &self,
        pool: &PoolId,
        actor: &str,
        id: ConnectionId,
        change: ConnectionChange,
    ) -> Result<Connection, StoreError> {
        self.write(
            (pool.clone(), actor.to_owned(), id, change),
            |writing, (pool, actor, id, change)| {
                Box::pin(async move {
                    let alone = writing.alone(pool).await?;
                    let (touched, now) = self::change(&alone, actor, *id, change).await?;
                    feed::commit(&alone, &touched).await?;
                    Ok(now)
                })
            },
        )
        .await
    }

    /// Deletes a connection. Its people keep their bindings.
    pub(crate) async fn delete_connection(
        &self,
        pool: &PoolId,
        actor: &str,
        id: ConnectionId,
    ) -> Result<(), StoreError> {
        self.write(
            (pool.clone(), actor.to_owned(), id),
            |writing, (pool, actor, id)| Box::pin(delete(writing, pool, actor, *id)),
        )
        .await
    }

    /// What deleting it would mean to the people bound to its AppID.
    pub(crate) async fn connection_usage(
        &self,
        pool: &PoolId,
        id: ConnectionId,
    ) -> Result<ConnectionUsage, StoreError> {
        self.read((pool.clone(), id), |reading, (pool, id)| {
            Box::pin(usage(reading, pool, *id))
        })
        .await
    }
}

async fn all(reading: &Reading<'_>, pool: &PoolId) -> Result<Vec<Connection>, StoreError> {
    rows_of_all(reading, pool).await?.iter().map(of_row).collect()
}

async fn rows_of_all(reading: &Reading<'_>, pool: &PoolId) -> Result<Vec<Row>, StoreError> {
    let sql = format!("{CONNECTION} WHERE c.pool = $1 ORDER BY c.created_at, c.id");
    reading.rows(&sql, values![pool]).await
}

/// One connection.
pub(super) async fn load(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: ConnectionId,
) -> Result<Option<Connection>, StoreError> {
    let sql = format!("{CONNECTION} WHERE c.pool = $1 AND c.id = $2");
    let found = reading.row(&sql, values![pool, id]).await?;
    found.as_ref().map(of_row).transpose()
}

/// One connection that has to be there.
async fn existing(reading: &Reading<'_>, pool: &PoolId, id: ConnectionId) -> Result<Connection, StoreError> {
    load(reading, pool, id)
        .await?
        .ok_or(StoreError::NotFound("connection"))
}

/// Whether a connection of the pool has this identifier.
pub(super) async fn has_identifier(
    reading: &Reading<'_>,
    pool: &PoolId,
    identifier: &str,
) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM connection WHERE pool = $1 AND identifier = $2";
    reading.any(sql, values![pool, identifier]).await
}

async fn usage(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: ConnectionId,
) -> Result<ConnectionUsage, StoreError> {
    let asked = existing(reading, pool, id).await?;
    // A binding belongs to an AppID: whichever enabled connection has it is a way in. A UnionID is one only together with
    // another connection, so only OpenIDs count.
    let sql = "SELECT count(DISTINCT i.user_id) AS users,
            count(DISTINCT CASE WHEN NOT EXISTS (
                SELECT 1 FROM identity other
                JOIN connection c ON c.pool = other.pool AND c.app_id = other.scope
                WHERE other.user_id = i.user_id AND other.scope_kind = 'app'
                  AND c.enabled = 1 AND c.id <> $3
            ) THEN i.user_id END) AS only_way_in
        FROM identity i WHERE i.pool = $1 AND i.scope_kind = 'app' AND i.scope = $2";
    let row = reading
        .row(sql, values![pool, &asked.app_id, id])
        .await?
        .ok_or(StoreError::NotFound("connection"))?;
    let people = |column| Ok::<_, StoreError>(u32::try_from(row.integer(column)?).unwrap_or(u32::MAX));
    Ok(ConnectionUsage {
        users: people("users")?,
        only_way_in: people("only_way_in")?,
    })
}

/// Creates a connection and audits it; the caller commits it to the feed.
pub(super) async fn create(
    alone: &Alone<'_>,
    actor: &str,
    new: &NewConnection,
) -> Result<Connection, StoreError> {
    let pool = alone.pool();
    if has_identifier(alone, pool, &new.fields.identifier).await? {
        return Err(StoreError::Taken(Unique::ConnectionIdentifier));
    }
    let platform_account = platform_account(alone, pool, new.fields.platform_account).await?;
    let file = new.fields.verification_file.as_ref();
    verification_files::put(alone, file, new.id).await?;
    let sql =
        "INSERT INTO connection (id, pool, kind, identifier, display_name, app_id, secret, secret_key_id,
            secret_fingerprint, secret_set_at, settings, callback_url, verification_file, login_only, enabled,
            platform_account, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    let values = values![
        new.id,
        pool,
        new.fields.kind.as_str(),
        &new.fields.identifier,
        &new.fields.display_name,
        &new.fields.app_id,
        new.secret.bytes.as_slice(),
        &new.secret.key_id,
        &new.secret.fingerprint.0,
        alone.now(),
        to_json(&new.fields.settings)?,
        new.fields.callback_url.as_ref().map(url::Url::as_str),
        file.map(|(name, _)| name),
        new.fields.login_only,
        new.enabled,
        platform_account,
        alone.now(),
        alone.now(),
    ];
    alone.execute(sql, values).await?;
    connection_secrets::put(alone, new.id, &new.other_secrets).await?;
    let created = existing(alone, pool, new.id).await?;
    let entry = Entry {
        actor,
        action: "connection.create",
        target: target(new.id),
        old: None,
        new: Some(audited(&created)),
    };
    audit::write(alone, pool, entry).await?;
    Ok(created)
}

/// What of the feed changes with a connection that was and is so: itself, and files that it no longer has or has now.
pub(super) fn touched(
    id: ConnectionId,
    old: Option<&Connection>,
    now: Option<&Connection>,
) -> Vec<EntityKey> {
    let file = |state: Option<&Connection>| state.and_then(|state| state.verification_file.clone());
    let (had, has) = (file(old), file(now));
    let mut keys = vec![EntityKey::Connection(id)];
    if had != has {
        let files = had.into_iter().chain(has);
        keys.extend(files.map(|file| EntityKey::VerificationFile(file.name)));
    }
    keys
}

/// Changes a connection and audits it; the caller commits what that touches to the feed.
async fn change(
    alone: &Alone<'_>,
    actor: &str,
    id: ConnectionId,
    change: &ConnectionChange,
) -> Result<(Vec<EntityKey>, Connection), StoreError> {
    let pool = alone.pool();
    let old = existing(alone, pool, id).await?;
    let action = match change {
        ConnectionChange::Enable(enabled) => {
            let sql = "UPDATE connection SET enabled = $2 WHERE id = $1";
            alone.execute(sql, values![id, *enabled]).await?;
            if *enabled {
                "connection.enable"
            } else {
                "connection.disable"
            }
        }
        ConnectionChange::Replace {
            based_on,
            fields,
            secrets,
        } => {
            if based_on.is_some_and(|based_on| based_on != old.updated_at) {
                return Err(StoreError::Outdated("connection"));
            }
            replace(alone, &old, fields, secrets).await?;
            "connection.change"
        }
    };
    let now = existing(alone, pool, id).await?;
    if now == old {
        return Ok((Vec::new(), old));
    }
    // Two changes never have the same moment, however the clock goes: drafts are told apart by it.
    let updated_at = alone.now().max(old.updated_at.plus_millis(1));
    let sql = "UPDATE connection SET updated_at = $2 WHERE id = $1";
    alone.execute(sql, values![id, updated_at]).await?;
    let now = Connection { updated_at, ..now };
    let entry = Entry {
        actor,
        action,
        target: target(id),
        old: Some(audited(&old)),
        new: Some(audited(&now)),
    };
    audit::write(alone, pool, entry).await?;
    Ok((touched(id, Some(&old), Some(&now)), now))
}

async fn replace(
    alone: &Alone<'_>,
    old: &Connection,
    fields: &ValidConnection,
    secrets: &NewSecrets,
) -> Result<(), StoreError> {
    let platform_account = match fields.platform_account {
        Some(_) => platform_account(alone, alone.pool(), fields.platform_account).await?,
        None => old.platform_account,
    };
    let file = fields.verification_file.as_ref();
    verification_files::put(alone, file, old.id).await?;
    let sql =
        "UPDATE connection SET display_name = $2, app_id = $3, callback_url = $4, verification_file = $5,
            login_only = $6, platform_account = $7, settings = $8
        WHERE id = $1";
    let values = values![
        old.id,
        &fields.display_name,
        &fields.app_id,
        fields.callback_url.as_ref().map(url::Url::as_str),
        file.map(|(name, _)| name),
        fields.login_only,
        platform_account,
        to_json(&fields.settings)?,
    ];
    alone.execute(sql, values).await?;
    connection_secrets::put(alone, old.id, &secrets.others).await?;
    if let Some(secret) = &secrets.app_secret {
        let sql = "UPDATE connection SET secret = $2, secret_key_id = $3, secret_fingerprint = $4, secret_set_at = $5
            WHERE id = $1";
        let values = values![
            old.id,
            secret.bytes.as_slice(),
            &secret.key_id,
            &secret.fingerprint.0,
            alone.now()
        ];
        alone.execute(sql, values).await?;
    }
    verification_files::drop_if_unused(alone, old).await
}

async fn delete(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: ConnectionId,
) -> Result<(), StoreError> {
    let alone = writing.alone(pool).await?;
    let old = existing(&alone, pool, id).await?;
    let mut touched = touched(id, Some(&old), None);
    touched.extend(identities_of(&alone, id).await?);
    touched.extend(refused::refused_by(&alone, id).await?);
    alone
        .execute("DELETE FROM connection WHERE id = $1", values![id])
        .await?;
    verification_files::drop_if_unused(&alone, &old).await?;
    let entry = Entry {
        actor,
        action: "connection.delete",
        target: target(id),
        old: Some(audited(&old)),
        new: None,
    };
    audit::write(&alone, pool, entry).await?;
    feed::commit(&alone, &touched).await?;
    Ok(())
}

/// The platform account that was asked for, or the pool's first, which was made with the pool.
async fn platform_account(
    reading: &Reading<'_>,
    pool: &PoolId,
    wanted: Option<PlatformAccountId>,
) -> Result<PlatformAccountId, StoreError> {
    let found = if let Some(id) = wanted {
        let sql = "SELECT id FROM platform_account WHERE pool = $1 AND id = $2";
        reading.row(sql, values![pool, id]).await?
    } else {
        let sql = "SELECT id FROM platform_account WHERE pool = $1
                ORDER BY name <> 'default', created_at, id LIMIT 1";
        reading.row(sql, values![pool]).await?
    };
    found.ok_or(StoreError::Unknown("platform account"))?.parsed("id")
}

/// The bindings that forget a connection when it is deleted.
async fn identities_of(reading: &Reading<'_>, id: ConnectionId) -> Result<Vec<EntityKey>, StoreError> {
    let sql = "SELECT id FROM identity WHERE connection_id = $1";
    let rows = reading.rows(sql, values![id]).await?;
    rows.iter()
        .map(|row| row.parsed::<IdentityId>("id").map(EntityKey::Identity))
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

fn of_row(row: &Row) -> Result<Connection, StoreError> {
    let content = row.bytes_or_null("verification_content")?.unwrap_or_default();
    let kind: ConnectionKind = row.parsed("kind")?;
    let state = |fingerprint: &str, set_at: &str| {
        let fingerprint = row.text_or_null(fingerprint)?.map(Fingerprint);
        fingerprint
            .map(|fingerprint| {
                Ok::<_, StoreError>(SecretState {
                    fingerprint,
                    set_at: row.moment(set_at)?,
                })
            })
            .transpose()
    };
    Ok(Connection {
        id: row.parsed("id")?,
        kind,
        identifier: row.text("identifier")?,
        display_name: row.text("display_name")?,
        app_id: row.text("app_id")?,
        secret: SecretState {
            fingerprint: Fingerprint(row.text("secret_fingerprint")?),
            set_at: row.moment("secret_set_at")?,
        },
        // Connections of before there was anything to choose have what is usual.
        settings: row
            .json_or_null("settings")?
            .unwrap_or_else(|| ConnectionSettings::of(kind)),
        push_token: state("push_token", "push_token_set_at")?,
        encoding_aes_key: state("encoding_aes_key", "encoding_aes_key_set_at")?,
        callback_url: row.text_or_null("callback_url")?,
        verification_file: row
            .text_or_null("verification_file")?
            .map(|name| VerificationFile {
                name,
                content_base64: BASE64_STANDARD.encode(content),
            }),
        login_only: row.flag("login_only")?,
        enabled: row.flag("enabled")?,
        platform_account: row.parsed("platform_account")?,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}
