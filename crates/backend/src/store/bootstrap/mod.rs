//! Applying a bootstrap file, in one transaction: each sort of entry has a file.

mod access_key;
mod application;
mod authing_key;
mod connection;
mod fault;
mod operator;
mod platform_account;
mod pool;
mod user;

use super::{
    Alone, Store, StoreError, Writing,
    audit::{self, Entry},
    feed, fields, pools,
};
use crate::bootstrap::Plan;
use fault::told;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use yaopai_domain::{EntityKey, FieldGroup, MetadataKey, PoolId, UserId};

/// Who it was, in the audit log.
const ACTOR: &str = "bootstrap";
/// Access keys are kept as plain hashes, so they must be too many to try.
const KEY_MIN_CHARS: usize = 20;

impl Store {
    /// Creates what the plan names and is not there yet, and changes what differs; all or nothing.
    pub(crate) async fn apply(&self, plan: Plan) -> Result<(), StoreError> {
        self.write(plan, |writing, plan| Box::pin(apply(writing, plan)))
            .await
    }
}

/// A pool in which the file changes synced entities: what will be committed to its feed, and who has which metadata.
struct Touched<'a> {
    alone: Alone<'a>,
    keys: Vec<EntityKey>,
    metadata: Vec<(UserId, MetadataKey)>,
}

async fn apply(writing: &Writing<'_>, plan: &Plan) -> Result<(), StoreError> {
    let entries = plan.entries.as_ref();
    for (index, entry) in entries.pool.iter().enumerate() {
        told("pool", index, pool::put(writing, entry).await)?;
    }
    pools::ensure_one(writing).await?;

    // Every pool of the file is waited for in the order of their ids, so that two who apply files never wait for each
    // other.
    let named: BTreeSet<&PoolId> = (entries.connection.iter().map(|entry| &entry.pool))
        .chain(entries.user.iter().map(|entry| &entry.pool))
        .collect();
    let mut touched: BTreeMap<&PoolId, Touched<'_>> = BTreeMap::new();
    for pool in named {
        let alone = writing.alone(pool).await?;
        let (keys, metadata) = (Vec::new(), Vec::new());
        touched.insert(
            pool,
            Touched {
                alone,
                keys,
                metadata,
            },
        );
    }

    for (index, entry) in entries.platform_account.iter().enumerate() {
        told(
            "platform_account",
            index,
            platform_account::put(writing, entry).await,
        )?;
    }
    for (index, entry) in entries.connection.iter().enumerate() {
        if let Some(pool) = touched.get_mut(&entry.pool) {
            told(
                "connection",
                index,
                connection::put(pool, entry, &plan.vault).await,
            )?;
        }
    }
    for (index, entry) in entries.application.iter().enumerate() {
        told("application", index, application::put(writing, entry).await)?;
    }
    for (index, entry) in entries.user.iter().enumerate() {
        if let Some(pool) = touched.get_mut(&entry.pool) {
            told("user", index, user::put(pool, entry).await)?;
        }
    }
    for (index, entry) in entries.operator.iter().enumerate() {
        told("operator", index, operator::put(writing, entry).await)?;
    }
    for (index, entry) in entries.access_key.iter().enumerate() {
        told("access_key", index, access_key::put(writing, entry).await)?;
    }
    for (index, entry) in entries.authing_key.iter().enumerate() {
        told(
            "authing_key",
            index,
            authing_key::put(writing, entry, &plan.vault).await,
        )?;
    }
    access_key::remove_others(writing, &entries.access_key).await?;
    authing_key::remove_others(writing, entries).await?;

    for Touched {
        alone,
        keys,
        metadata,
    } in touched.into_values()
    {
        let revisions = feed::commit(&alone, &keys).await?;
        for (user, key) in metadata {
            let revision = revisions.get(&EntityKey::User(user)).copied().unwrap_or_default();
            fields::changed(&alone, Some(ACTOR), user, &FieldGroup::Metadata(key), revision).await?;
        }
    }
    Ok(())
}

/// A change for the audit log.
struct Record {
    action: &'static str,
    target: String,
    old: Option<Value>,
    new: Option<Value>,
}

async fn audited(writing: &Writing<'_>, pool: &PoolId, record: Record) -> Result<(), StoreError> {
    let entry = Entry {
        actor: ACTOR,
        action: record.action,
        target: record.target,
        old: record.old,
        new: record.new,
    };
    audit::write(writing, pool, entry).await
}
