//! What the mirror holds of one field.

use super::columns::{Field, optional_json};
use crate::Error;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;
use yaopai_domain::{FieldGroup, MetadataValue, UserId};

/// The backend's value of a field, as far as it is known here; a name as a JSON text.
pub(super) fn mirrored(connection: &Connection, field: &Field) -> Result<Option<MetadataValue>, Error> {
    let id = field.user_id.uuid();
    let of_profile = |name: &str| -> Result<Option<MetadataValue>, Error> {
        let sql = "SELECT s.profile -> ('$.' || ?2 || '.value') AS value
            FROM people p JOIN user_state s ON s.row = p.row WHERE p.id = ?1";
        let found = connection
            .prepare_cached(sql)?
            .query_row(params![id.as_bytes(), name], |row| optional_json(row, "value"))
            .optional()?;
        Ok(found.flatten())
    };
    match &field.group {
        FieldGroup::Nickname => of_profile("nickname"),
        FieldGroup::Name => of_profile("name"),
        FieldGroup::Metadata(key) => {
            let sql = "SELECT e.value -> '$[0]' AS value
                FROM people p JOIN user_state s ON s.row = p.row, json_each(s.metadata) e
                WHERE p.id = ?1 AND e.key = ?2";
            let found = connection
                .prepare_cached(sql)?
                .query_row(params![id.as_bytes(), key.as_str()], |row| {
                    optional_json(row, "value")
                })
                .optional()?;
            Ok(found.flatten())
        }
    }
}

pub(super) fn user_exists(connection: &Connection, id: UserId) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM people WHERE id = ?1)";
    let id = id.uuid();
    Ok(connection
        .prepare_cached(sql)?
        .query_row([id.as_bytes()], |row| row.get(0))?)
}

/// Metadata keys of a user as they look here, own edits included.
pub(crate) fn keys(connection: &Connection, id: UserId) -> Result<BTreeSet<String>, Error> {
    let sql = "SELECT 'metadata.' || e.key AS field
            FROM people p JOIN user_state s ON s.row = p.row, json_each(s.metadata) e WHERE p.id = ?1
            UNION SELECT field FROM overlay
            WHERE user_id = ?2 AND value IS NOT NULL AND field LIKE 'metadata.%'
            EXCEPT SELECT field FROM overlay WHERE user_id = ?2 AND value IS NULL";
    let mut statement = connection.prepare_cached(sql)?;
    let fields = statement.query_map(params![id.uuid().as_bytes(), id.to_string()], |row| {
        let field = row.get_ref(0)?.as_str()?;
        Ok(field.strip_prefix("metadata.").unwrap_or(field).to_owned())
    })?;
    Ok(fields.collect::<Result<_, _>>()?)
}
