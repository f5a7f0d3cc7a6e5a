//! Applications.

use super::{
    Record, audited,
    fault::{Fault, at},
    pool,
};
use crate::{
    bootstrap::ApplicationEntry,
    store::{
        StoreError, Writing, connections,
        engine::{to_json, values},
    },
};
use serde_json::{Value, json};
use yaopai_domain::{ApplicationId, TokenAlgorithm};

/// Makes an application, or brings the one of that name to what the entry says.
pub(super) async fn put(writing: &Writing<'_>, entry: &ApplicationEntry) -> Result<(), Fault> {
    pool::known(writing, &entry.pool).await?;
    for identifier in &entry.connections {
        if !connections::has_identifier(writing, &entry.pool, identifier).await? {
            return Err(at(
                "connections",
                "the pool has no connection of one of these identifiers",
            ));
        }
    }
    let sql =
        "SELECT redirect_urls, connections, token_algorithm FROM application WHERE pool = $1 AND name = $2";
    let old = writing.row(sql, values![&entry.pool, &entry.name]).await?;
    let id = id_of(writing, entry).await?;
    let old = old
        .map(|row| {
            let (urls, connections): (Value, Value) = (row.json("redirect_urls")?, row.json("connections")?);
            let algorithm: TokenAlgorithm = row.named("token_algorithm")?;
            Ok::<_, StoreError>(shown(&urls, &connections, algorithm))
        })
        .transpose()?;
    let new = shown(
        &json!(entry.redirect_urls),
        &json!(entry.connections),
        entry.token_algorithm,
    );
    if old.as_ref() == Some(&new) {
        return Ok(());
    }
    let sql =
        "INSERT INTO application (id, pool, name, redirect_urls, connections, token_algorithm, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (pool, name)
        DO UPDATE SET redirect_urls = excluded.redirect_urls, connections = excluded.connections,
            token_algorithm = excluded.token_algorithm";
    let values = values![
        id,
        &entry.pool,
        &entry.name,
        to_json(&entry.redirect_urls)?,
        to_json(&entry.connections)?,
        entry.token_algorithm.as_str(),
        writing.now(),
    ];
    writing.execute(sql, values).await?;
    let record = Record {
        action: "application.put",
        target: format!("application:{}", entry.name),
        old,
        new: Some(new),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}

/// An application as the audit log shows it.
fn shown(redirect_urls: &Value, connections: &Value, token_algorithm: TokenAlgorithm) -> Value {
    json!({ "redirect_urls": redirect_urls, "connections": connections, "token_algorithm": token_algorithm })
}

/// The id that an application has, or gets.
async fn id_of(writing: &Writing<'_>, entry: &ApplicationEntry) -> Result<ApplicationId, Fault> {
    let sql = "SELECT id FROM application WHERE pool = $1 AND name = $2";
    let known = writing.row(sql, values![&entry.pool, &entry.name]).await?;
    let known: Option<ApplicationId> = known.map(|row| row.parsed("id")).transpose()?;
    match (known, &entry.id) {
        (Some(known), Some(id)) if known != *id => Err(at("id", "an application keeps the id it has")),
        (Some(known), _) => Ok(known),
        (None, None) => Ok(ApplicationId::new(writing.clock(), writing.entropy())),
        (None, Some(id)) => {
            let sql = "SELECT id FROM application WHERE id = $1";
            if writing.any(sql, values![id.as_str()]).await? {
                return Err(at("id", "another application has this id"));
            }
            Ok(id.clone())
        }
    }
}
