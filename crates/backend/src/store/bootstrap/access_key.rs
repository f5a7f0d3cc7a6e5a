//! Access keys.

use super::{
    KEY_MIN_CHARS, Record, audited,
    fault::{Fault, at},
    pool,
};
use crate::{
    access::key_hash,
    bootstrap::AccessKeyEntry,
    store::{Reading, StoreError, Writing, engine::values},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use yaopai_domain::{AccessKeyId, PoolId, Role};

/// Makes an access key, or gives the one of that name this role and this secret.
pub(super) async fn put(writing: &Writing<'_>, entry: &AccessKeyEntry) -> Result<(), Fault> {
    pool::known(writing, &entry.pool).await?;
    if entry.key.chars().count() < KEY_MIN_CHARS {
        return Err(at("key", "an access key has at least 20 characters"));
    }
    let hash = key_hash(&entry.key);
    let sql = "SELECT id FROM access_key WHERE pool = $1 AND key_hash = $2 AND name <> $3";
    if writing.any(sql, values![&entry.pool, &hash, &entry.name]).await? {
        return Err(at("key", "another access key of the pool is the same"));
    }
    let old = stored(writing, &entry.pool, &entry.name).await?;
    let new = Stored {
        role: entry.role,
        hash,
    };
    if old.as_ref() == Some(&new) {
        return Ok(());
    }
    let id = AccessKeyId::new(writing.clock(), writing.entropy());
    let sql =
        "INSERT INTO access_key (id, pool, name, role, key_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (pool, name) DO UPDATE SET role = excluded.role, key_hash = excluded.key_hash, from_file = 1,
            operator = NULL, expires_at = NULL, last_used = NULL";
    let values = values![
        id,
        &entry.pool,
        &entry.name,
        new.role.as_str(),
        &new.hash,
        writing.now(),
    ];
    writing.execute(sql, values).await?;
    let record = Record {
        action: "access_key.put",
        target: format!("access_key:{}", entry.name),
        old: old.map(|key| key.shown()),
        new: Some(new.shown()),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}

/// A key that was taken out of the file opens nothing any more. A pool of which the file names no key keeps its keys, and
/// keys that were made over the API are not the file's to take.
pub(super) async fn remove_others(
    writing: &Writing<'_>,
    entries: &[AccessKeyEntry],
) -> Result<(), StoreError> {
    let mut named: BTreeMap<&PoolId, BTreeSet<&str>> = BTreeMap::new();
    for entry in entries {
        named.entry(&entry.pool).or_default().insert(&entry.name);
    }
    for (pool, named) in named {
        let sql = "SELECT name FROM access_key WHERE pool = $1 AND from_file = 1 ORDER BY name";
        for row in writing.rows(sql, values![pool]).await? {
            let name = row.text("name")?;
            if named.contains(name.as_str()) {
                continue;
            }
            let old = stored(writing, pool, &name).await?;
            let sql = "DELETE FROM access_key WHERE pool = $1 AND name = $2";
            writing.execute(sql, values![pool, &name]).await?;
            let record = Record {
                action: "access_key.delete",
                target: format!("access_key:{name}"),
                old: old.map(|key| key.shown()),
                new: None,
            };
            audited(writing, pool, record).await?;
        }
    }
    Ok(())
}

/// What is stored of an access key.
#[derive(PartialEq)]
struct Stored {
    role: Role,
    hash: String,
}

impl Stored {
    /// As the audit log shows it: by the first digits of its hash.
    fn shown(&self) -> Value {
        json!({ "role": self.role, "fingerprint": self.hash.get(..12) })
    }
}

async fn stored(reading: &Reading<'_>, pool: &PoolId, name: &str) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT role, key_hash FROM access_key WHERE pool = $1 AND name = $2";
    let found = reading.row(sql, values![pool, name]).await?;
    found
        .map(|row| {
            Ok(Stored {
                role: row.named("role")?,
                hash: row.text("key_hash")?,
            })
        })
        .transpose()
}
