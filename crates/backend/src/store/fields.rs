//! Single fields of users: metadata keys set and removed, and who last changed a field group.

use super::{
    Alone, Reading, StoreError,
    engine::{to_json, values},
};
use yaopai_domain::{FieldGroup, MetadataKey, MetadataValue, PoolId, Revision, Timestamp, UserId};

/// The value of one key.
pub(super) async fn metadata_value(
    reading: &Reading<'_>,
    user: UserId,
    key: &MetadataKey,
) -> Result<Option<MetadataValue>, StoreError> {
    let sql = "SELECT value FROM user_metadata WHERE user_id = $1 AND key = $2";
    let found = reading.row(sql, values![user, key.as_str()]).await?;
    found.map(|row| row.json("value")).transpose()
}

/// How many keys a user has.
pub(super) async fn count_metadata(reading: &Reading<'_>, user: UserId) -> Result<usize, StoreError> {
    let sql = "SELECT count(*) AS keys FROM user_metadata WHERE user_id = $1";
    let found = reading.row(sql, values![user]).await?;
    let keys = found.map_or(Ok(0), |row| row.integer("keys"))?;
    Ok(usize::try_from(keys).unwrap_or(usize::MAX))
}

/// Sets or removes one key. The caller commits the user to the feed and writes [`changed`] with its revision.
pub(super) async fn put_metadata(
    alone: &Alone<'_>,
    user: UserId,
    key: &MetadataKey,
    value: Option<&MetadataValue>,
) -> Result<(), StoreError> {
    if let Some(value) = value {
        let sql = "INSERT INTO user_metadata (user_id, key, value) VALUES ($1, $2, $3)
                ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value";
        alone
            .execute(sql, values![user, key.as_str(), to_json(value)?])
            .await?;
    } else {
        let sql = "DELETE FROM user_metadata WHERE user_id = $1 AND key = $2";
        alone.execute(sql, values![user, key.as_str()]).await?;
    }
    Ok(())
}

/// Who last changed a field group of a user, and when, if that was written down.
pub(super) async fn last_change(
    reading: &Reading<'_>,
    pool: &PoolId,
    user: UserId,
    field: &FieldGroup,
) -> Result<(Option<String>, Option<Timestamp>), StoreError> {
    let sql =
        "SELECT actor, at FROM field_rev WHERE pool = $1 AND etype = 'user' AND eid = $2 AND fgroup = $3";
    match reading.row(sql, values![pool, user, field.to_string()]).await? {
        Some(row) => Ok((row.text_or_null("actor")?, Some(row.moment("at")?))),
        None => Ok((None, None)),
    }
}

/// Writes down who changed a field group of a user, and at which revision. No `actor` means the user's own app.
pub(super) async fn changed(
    alone: &Alone<'_>,
    actor: Option<&str>,
    user: UserId,
    field: &FieldGroup,
    revision: Revision,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO field_rev (pool, etype, eid, fgroup, rev, actor, at)
        VALUES ($1, 'user', $2, $3, $4, $5, $6)
        ON CONFLICT (pool, etype, eid, fgroup)
        DO UPDATE SET rev = excluded.rev, actor = excluded.actor, at = excluded.at";
    let values = values![
        alone.pool(),
        user,
        field.to_string(),
        revision,
        actor,
        alone.now()
    ];
    alone.execute(sql, values).await?;
    Ok(())
}
