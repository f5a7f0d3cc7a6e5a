//! What is told about a pool's custom data: a definition for a key of the metadata.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    engine::{to_json, values},
};
use serde_json::Value;
use yaopai_domain::{MetadataKey, PoolId, Timestamp};

/// A custom field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CustomField {
    /// The key of the metadata that it is about.
    pub(crate) key: MetadataKey,
    /// What is told about it: a JSON object.
    pub(crate) definition: Value,
    /// When it was defined first.
    pub(crate) created_at: Timestamp,
}

impl Store {
    /// The custom fields of a pool, by their keys.
    pub(crate) async fn custom_fields(&self, pool: &PoolId) -> Result<Vec<CustomField>, StoreError> {
        self.read(pool.clone(), |reading, pool| Box::pin(all(reading, pool)))
            .await
    }

    /// Defines fields, anew or for the first time; `None` removes one. All or nothing.
    pub(crate) async fn define_custom_fields(
        &self,
        pool: &PoolId,
        actor: &str,
        changes: Vec<(MetadataKey, Option<Value>)>,
    ) -> Result<(), StoreError> {
        let data = (pool.clone(), actor.to_owned(), changes);
        self.write(data, |writing, (pool, actor, changes)| {
            Box::pin(define(writing, pool, actor, changes))
        })
        .await
    }
}

async fn all(reading: &Reading<'_>, pool: &PoolId) -> Result<Vec<CustomField>, StoreError> {
    let sql = "SELECT field_key, definition, created_at FROM custom_field WHERE pool = $1 ORDER BY field_key";
    let rows = reading.rows(sql, values![pool]).await?;
    rows.iter()
        .map(|row| {
            Ok(CustomField {
                key: row.named("field_key")?,
                definition: row.json("definition")?,
                created_at: row.moment("created_at")?,
            })
        })
        .collect()
}

async fn define(
    writing: &Writing<'_>,
    pool: &PoolId,
    actor: &str,
    changes: &[(MetadataKey, Option<Value>)],
) -> Result<(), StoreError> {
    let alone = writing.alone(pool).await?;
    for (key, new) in changes {
        one(&alone, actor, key, new.as_ref()).await?;
    }
    Ok(())
}

async fn one(
    alone: &Alone<'_>,
    actor: &str,
    key: &MetadataKey,
    new: Option<&Value>,
) -> Result<(), StoreError> {
    let pool = alone.pool();
    let sql = "SELECT definition FROM custom_field WHERE pool = $1 AND field_key = $2";
    let old = alone.row(sql, values![pool, key.as_str()]).await?;
    let old: Option<Value> = old.map(|row| row.json("definition")).transpose()?;
    if old.as_ref() == new {
        return Ok(());
    }
    match new {
        None => {
            let sql = "DELETE FROM custom_field WHERE pool = $1 AND field_key = $2";
            alone.execute(sql, values![pool, key.as_str()]).await?;
        }
        Some(definition) => {
            let sql =
                "INSERT INTO custom_field (pool, field_key, definition, created_at) VALUES ($1, $2, $3, $4)
                ON CONFLICT (pool, field_key) DO UPDATE SET definition = excluded.definition";
            let values = values![pool, key.as_str(), to_json(definition)?, alone.now()];
            alone.execute(sql, values).await?;
        }
    }
    let action = match (&old, new) {
        (None, _) => "custom_field.create",
        (Some(_), Some(_)) => "custom_field.change",
        (Some(_), None) => "custom_field.delete",
    };
    let entry = Entry {
        actor,
        action,
        target: format!("custom_field:{key}"),
        old,
        new: new.cloned(),
    };
    audit::write(alone, pool, entry).await
}
