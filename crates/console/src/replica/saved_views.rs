//! Lists somebody wants to see again. They belong to this console and survive resets.

use super::columns::{json, to_json};
use crate::{Error, SavedView, SavedViewDraft, UserQuery, options::Ambient};
use rusqlite::{Connection, OptionalExtension, params};
use yaopai_domain::{FieldError, Rule};

const NAME_MAX_CHARS: usize = 64;

/// Saved views by name.
pub(crate) fn saved_views(c: &Connection) -> Result<Vec<SavedView>, Error> {
    let mut statement =
        c.prepare_cached("SELECT id, name, query FROM saved_views ORDER BY name, created_at, id")?;
    let rows = statement.query_map([], |row| {
        Ok(SavedView {
            id: row.get("id")?,
            name: row.get("name")?,
            query: json(row, "query")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Saves a view, or replaces the one the draft names.
pub(crate) fn save_view(
    c: &Connection,
    draft: &SavedViewDraft,
    ambient: &Ambient,
) -> Result<SavedView, Error> {
    let name = draft.name.trim();
    let broken = if name.is_empty() {
        Some(Rule::Required)
    } else if name.chars().any(char::is_control) {
        Some(Rule::ControlCharacters)
    } else {
        (name.chars().count() > NAME_MAX_CHARS).then_some(Rule::DisplayNameLength)
    };
    let taken: bool = c
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM saved_views WHERE name = ?1 AND id IS NOT ?2)")?
        .query_row(params![name, draft.id], |row| row.get(0))?;
    if let Some(rule) = broken.or(taken.then_some(Rule::NameTaken)) {
        return Err(Error::InvalidFields(vec![FieldError::new("name", rule)]));
    }
    let query = UserQuery {
        after: None,
        limit: 0,
        ..draft.query.clone()
    };
    let stored = to_json(&query)?;
    let id = if let Some(id) = &draft.id {
        let sql = "UPDATE saved_views SET name = ?2, query = ?3 WHERE id = ?1 RETURNING id";
        c.query_row(sql, params![id, name, stored], |row| row.get(0))
            .optional()?
            .ok_or(Error::NotFound)?
    } else {
        let mut bytes = [0; 16];
        ambient.entropy.fill(&mut bytes);
        let id = uuid::Uuid::from_bytes(bytes).simple().to_string();
        let sql = "INSERT INTO saved_views (id, name, query, created_at) VALUES (?1, ?2, ?3, ?4)";
        c.execute(sql, params![id, name, stored, ambient.clock.now().0])?;
        id
    };
    Ok(SavedView {
        id,
        name: name.to_owned(),
        query,
    })
}

/// Forgets a view.
pub(crate) fn delete_view(c: &Connection, id: &str) -> Result<(), Error> {
    match c.execute("DELETE FROM saved_views WHERE id = ?1", [id])? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}
