//! Keys of Authing's SDKs.

use super::{
    ACTOR, KEY_MIN_CHARS, Record, audited,
    fault::{Fault, at},
    pool,
};
use crate::{
    access::key_hash,
    bootstrap::{AuthingKeyEntry, Entries},
    facades::secret_place,
    store::{StoreError, Writing, authing_keys, engine::values},
    vault::Vault,
};
use serde_json::json;
use std::collections::BTreeSet;
use yaopai_domain::{PoolId, Role};

/// Makes a key of Authing's SDKs, or brings the one of that id to what the entry says.
pub(super) async fn put(writing: &Writing<'_>, entry: &AuthingKeyEntry, vault: &Vault) -> Result<(), Fault> {
    pool::known(writing, &entry.pool).await?;
    let secret = entry.secret.expose();
    if secret.chars().count() < KEY_MIN_CHARS {
        return Err(at("secret", "a key's secret has at least 20 characters"));
    }
    let sql = "SELECT pool, name, role, secret, secret_key_id FROM authing_key WHERE id = $1";
    let old = writing.row(sql, values![&entry.id]).await?;
    let place = secret_place(&entry.pool, &entry.id);
    let mut old_role = None;
    if let Some(row) = &old {
        if row.parsed::<PoolId>("pool")? != entry.pool {
            return Err(at("id", "another pool has a key of this id"));
        }
        let role: Role = row.named("role")?;
        let known = vault.open_bytes(place, &row.text("secret_key_id")?, &row.bytes("secret")?);
        let same_secret = known.is_ok_and(|known| key_hash_of(&known) == key_hash(secret));
        if same_secret && role == entry.role && row.text("name")? == entry.name {
            return Ok(());
        }
        old_role = Some(json!({ "role": role }));
    }
    let sealed = vault
        .seal_bytes(place, secret.as_bytes(), writing.entropy())
        .map_err(|_| at("secret", "the secret could not be sealed"))?;
    let sql = "INSERT INTO authing_key (id, pool, name, role, secret, secret_key_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, secret = excluded.secret,
            secret_key_id = excluded.secret_key_id";
    let values = values![
        &entry.id,
        &entry.pool,
        &entry.name,
        entry.role.as_str(),
        sealed.bytes,
        sealed.key_id,
        writing.now(),
    ];
    writing.execute(sql, values).await?;
    let record = Record {
        action: "authing_key.put",
        target: format!("authing_key:{}", entry.id),
        old: old_role,
        new: Some(json!({ "role": entry.role })),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}

fn key_hash_of(secret: &[u8]) -> String {
    key_hash(&String::from_utf8_lossy(secret))
}

/// As [`super::access_key::remove_others`]: only files make keys of Authing's SDKs, so a file that names keys of either
/// sort says which there are.
pub(super) async fn remove_others(writing: &Writing<'_>, entries: &Entries) -> Result<(), StoreError> {
    let access_keys = entries.access_key.iter().map(|entry| &entry.pool);
    let pools: BTreeSet<&PoolId> = access_keys
        .chain(entries.authing_key.iter().map(|entry| &entry.pool))
        .collect();
    let named: BTreeSet<&str> = entries
        .authing_key
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    for pool in pools {
        for key in authing_keys::all(writing, pool).await? {
            if !named.contains(key.id.as_str()) {
                authing_keys::remove(writing, pool, ACTOR, &key.id).await?;
            }
        }
    }
    Ok(())
}
