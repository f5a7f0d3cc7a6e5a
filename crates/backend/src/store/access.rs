//! Access keys.

use super::{
    Alone, Reading, Store, StoreError, Unique, Writing,
    audit::{self, Entry},
    engine::{Row, values},
    operators,
};
use serde_json::{Value, json};
use yaopai_domain::{
    AccessKey, AccessKeyDraft, AccessKeyId, Fingerprint, OperatorId, PoolId, Role, Timestamp,
};

/// How exactly it is known when a key was last shown.
const USE_MILLIS: i64 = 60 * 60 * 1000;
/// Digits of a key's hash that people see.
const FINGERPRINT_DIGITS: usize = 12;

/// Whose key was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyHolder {
    /// Nobody's, or of one that has expired.
    Nobody,
    /// A key of other pools only.
    Elsewhere,
    /// A key of this pool.
    Here {
        /// The key.
        id: AccessKeyId,
        /// Name of the key, or its operator's e-mail address.
        name: String,
        /// What it may do: no more than its operator.
        role: Role,
        /// Whether this use has to be noted.
        note: bool,
    },
}

/// An access key to make.
#[derive(Debug, Clone)]
pub(crate) struct MadeKey {
    /// Its id.
    pub(crate) id: AccessKeyId,
    /// What was asked for.
    pub(crate) draft: AccessKeyDraft,
    /// SHA-256 of the key (hex).
    pub(crate) hash: String,
}

impl Store {
    /// Looks a key up by its SHA-256 (hex).
    pub(crate) async fn key_holder(
        &self,
        pool: &PoolId,
        key_hash: String,
        now: Timestamp,
    ) -> Result<KeyHolder, StoreError> {
        self.read((pool.clone(), key_hash, now), |reading, (pool, key_hash, now)| {
            Box::pin(key_holder(reading, pool, key_hash, *now))
        })
        .await
    }

    /// Whether this is the SHA-256 (hex) of a key of any pool that has not expired.
    pub(crate) async fn is_access_key(&self, key_hash: String, now: Timestamp) -> Result<bool, StoreError> {
        self.read((key_hash, now), |reading, (key_hash, now)| {
            Box::pin(reading.any(
                "SELECT id FROM access_key WHERE key_hash = $1 AND (expires_at IS NULL OR expires_at > $2) LIMIT 1",
                values![key_hash, *now],
            ))
        })
        .await
    }

    /// Whether there is any access key.
    pub(crate) async fn has_access_keys(&self) -> Result<bool, StoreError> {
        self.read((), |reading, ()| {
            Box::pin(reading.any("SELECT id FROM access_key LIMIT 1", values![]))
        })
        .await
    }

    /// Notes that a key was shown just now.
    pub(crate) async fn note_use(&self, id: AccessKeyId) -> Result<(), StoreError> {
        self.write(id, |writing, id| Box::pin(note_use(writing, *id)))
            .await
    }

    /// The keys of a pool, oldest first.
    pub(crate) async fn access_keys(&self, pool: &PoolId) -> Result<Vec<AccessKey>, StoreError> {
        self.read(pool.clone(), |reading, pool| Box::pin(access_keys(reading, pool)))
            .await
    }

    /// Makes a key.
    pub(crate) async fn create_access_key(
        &self,
        pool: &PoolId,
        actor: &str,
        made: MadeKey,
    ) -> Result<AccessKey, StoreError> {
        let data = (pool.clone(), actor.to_owned(), made);
        self.write(data, |writing, (pool, actor, made)| {
            Box::pin(create(writing, pool, actor, made))
        })
        .await
    }

    /// Revokes a key. With `keep_an_admin` the last one that can administer the pool is not revoked.
    pub(crate) async fn revoke_access_key(
        &self,
        pool: &PoolId,
        actor: &str,
        id: AccessKeyId,
        keep_an_admin: bool,
    ) -> Result<(), StoreError> {
        let data = (pool.clone(), actor.to_owned(), id, keep_an_admin);
        self.write(data, |writing, (pool, actor, id, keep_an_admin)| {
            Box::pin(revoke(writing, pool, actor, *id, *keep_an_admin))
        })
        .await
    }
}

const COLUMNS: &str = "k.id, k.pool, k.name, k.role, k.operator, k.from_file, k.key_hash, k.created_at, k.last_used, \
                       k.expires_at";

async fn key_holder(
    reading: &Reading<'_>,
    pool: &PoolId,
    key_hash: &str,
    now: Timestamp,
) -> Result<KeyHolder, StoreError> {
    let sql = "SELECT k.id, k.pool, k.name, k.role, k.last_used, o.email, o.role AS operator_role
         FROM access_key k LEFT JOIN operator o ON o.pool = k.pool AND o.id = k.operator
         WHERE k.key_hash = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)";
    let mut holder = KeyHolder::Nobody;
    for row in reading.rows(sql, values![key_hash, now]).await? {
        if row.text("pool")? == pool.as_str() {
            let name = match row.text_or_null("email")? {
                Some(email) => email,
                None => row.text("name")?,
            };
            let last_used = row.moment_or_null("last_used")?;
            return Ok(KeyHolder::Here {
                id: row.parsed("id")?,
                name,
                role: effective_role(&row)?,
                note: last_used.is_none_or(|moment| now.millis_since(moment) >= USE_MILLIS),
            });
        }
        holder = KeyHolder::Elsewhere;
    }
    Ok(holder)
}

/// The lower of the key's role and its operator's.
fn effective_role(row: &Row) -> Result<Role, StoreError> {
    let role: Role = row.named("role")?;
    match row.text_or_null("operator_role")? {
        Some(_) => Ok(role.min(row.named("operator_role")?)),
        None => Ok(role),
    }
}

async fn note_use(writing: &Writing<'_>, id: AccessKeyId) -> Result<(), StoreError> {
    let now = writing.now();
    let sql = "UPDATE access_key SET last_used = $1 WHERE id = $2 AND (last_used IS NULL OR last_used <= $3)";
    let values = values![now, id, now.plus_millis(-USE_MILLIS)];
    writing.execute(sql, values).await?;
    Ok(())
}

async fn access_keys(reading: &Reading<'_>, pool: &PoolId) -> Result<Vec<AccessKey>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM access_key k WHERE k.pool = $1 ORDER BY k.created_at, k.id");
    let rows = reading.rows(&sql, values![pool]).await?;
    rows.iter().map(of_row).collect()
}

fn of_row(row: &Row) -> Result<AccessKey, StoreError> {
    let mut hash = row.text("key_hash")?;
    hash.truncate(FINGERPRINT_DIGITS);
    Ok(AccessKey {
        id: row.parsed("id")?,
        name: row.text("name")?,
        role: row.named("role")?,
        operator: row.parsed_or_null("operator")?,
        from_file: row.flag("from_file")?,
        fingerprint: Fingerprint(hash),
        created_at: row.moment("created_at")?,
        last_used: row.moment_or_null("last_used")?,
        expires_at: row.moment_or_null("expires_at")?,
    })
}

/// A key as the audit log shows it.
fn shown(key: &AccessKey) -> Value {
    json!({
        "name": key.name,
        "role": key.role,
        "operator": key.operator,
        "fingerprint": key.fingerprint,
        "expires_at": key.expires_at,
    })
}

async fn create(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    made: &MadeKey,
) -> Result<AccessKey, StoreError> {
    let alone = writing.alone(pool).await?;
    let draft = &made.draft;
    if let Some(operator) = draft.operator
        && operators::one(&alone, pool, operator).await?.is_none()
    {
        return Err(StoreError::Unknown("operator"));
    }
    let taken = "SELECT id FROM access_key WHERE pool = $1 AND name = $2";
    if alone.any(taken, values![pool, &draft.name]).await? {
        return Err(StoreError::Taken(Unique::Name));
    }
    let sql =
        "INSERT INTO access_key (id, pool, name, role, key_hash, created_at, operator, from_file, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = values![
        made.id,
        pool,
        &draft.name,
        draft.role.as_str(),
        &made.hash,
        alone.now(),
        draft.operator,
        false,
        draft.expires_at,
    ];
    alone.execute(sql, values).await?;
    let key = existing(&alone, pool, made.id).await?;
    let entry = Entry {
        actor,
        action: "access_key.create",
        target: format!("access_key:{}", key.id),
        old: None,
        new: Some(shown(&key)),
    };
    audit::write(&alone, pool, entry).await?;
    Ok(key)
}

async fn existing(reading: &Reading<'_>, pool: &PoolId, id: AccessKeyId) -> Result<AccessKey, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM access_key k WHERE k.pool = $1 AND k.id = $2");
    let row = reading.row(&sql, values![pool, id]).await?;
    of_row(&row.ok_or(StoreError::NotFound("access key"))?)
}

async fn revoke(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    id: AccessKeyId,
    keep_an_admin: bool,
) -> Result<(), StoreError> {
    let alone = writing.alone(pool).await?;
    let key = existing(&alone, pool, id).await?;
    let admin = AnAdmin::before(&alone, keep_an_admin).await?;
    delete(&alone, actor, &key).await?;
    admin.after(&alone).await
}

/// Deletes a key that is there.
async fn delete(alone: &Alone<'_>, actor: &str, key: &AccessKey) -> Result<(), StoreError> {
    let pool = alone.pool();
    let sql = "DELETE FROM access_key WHERE pool = $1 AND id = $2";
    alone.execute(sql, values![pool, key.id]).await?;
    let entry = Entry {
        actor,
        action: "access_key.delete",
        target: format!("access_key:{}", key.id),
        old: Some(shown(key)),
        new: None,
    };
    audit::write(alone, pool, entry).await
}

/// Deletes all keys of an operator.
pub(super) async fn delete_of(
    alone: &Alone<'_>,
    actor: &str,
    operator: OperatorId,
) -> Result<(), StoreError> {
    for key in access_keys(alone, alone.pool()).await? {
        if key.operator == Some(operator) {
            delete(alone, actor, &key).await?;
        }
    }
    Ok(())
}

/// That somebody can administer the pool with a key, before a change and after it.
pub(super) struct AnAdmin {
    stays: bool,
}

impl AnAdmin {
    /// Looks before the change: a pool without an admin needs none behind it either.
    pub(super) async fn before(alone: &Alone<'_>, keep_an_admin: bool) -> Result<Self, StoreError> {
        let stays = keep_an_admin && has_an_admin(alone).await?;
        Ok(Self { stays })
    }

    /// [`StoreError::LastAdminKey`] if the change has taken the last one.
    pub(super) async fn after(self, alone: &Alone<'_>) -> Result<(), StoreError> {
        if self.stays && !has_an_admin(alone).await? {
            return Err(StoreError::LastAdminKey);
        }
        Ok(())
    }
}

/// Whether anybody can administer the pool with a key: one that does not expire, so that this stays true.
async fn has_an_admin(alone: &Alone<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT k.role, o.role AS operator_role
        FROM access_key k LEFT JOIN operator o ON o.pool = k.pool AND o.id = k.operator
        WHERE k.pool = $1 AND k.expires_at IS NULL";
    for row in alone.rows(sql, values![alone.pool()]).await? {
        if effective_role(&row)? == Role::Admin {
            return Ok(true);
        }
    }
    Ok(false)
}
