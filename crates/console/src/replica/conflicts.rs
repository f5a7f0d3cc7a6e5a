//! What a person has to look at: conflicts to decide, refused edits to read.

use super::{
    outbox::{Verdict, give_up, queue},
    row::{Field, json, optional_json},
    rows::name_of,
};
use crate::{Ambient, Conflict, Error, Keep, RejectedEdit};
use rusqlite::{Connection, OptionalExtension, Row};
use yaopai_domain::{FieldError, MetadataValue, Timestamp, UserId};

/// Open conflicts, oldest first; of one user or of all.
pub(crate) fn conflicts(connection: &Connection, of: Option<UserId>) -> Result<Vec<Conflict>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT c.id, c.user_id, c.field, c.base, c.mine, c.theirs, c.actor, c.at, o.created_at AS mine_at
         FROM conflicts c LEFT JOIN outbox o ON o.mutation_id = c.id
         WHERE ?1 IS NULL OR c.user_id = ?1
         ORDER BY c.opened_at, c.id",
    )?;
    let rows = statement.query_map([of.map(|id| id.to_string())], |row| {
        let field = Field::of(row)?;
        Ok(Conflict {
            id: row.get("id")?,
            user_id: field.user_id,
            user_name: None,
            key: field.key().to_string(),
            field: None,
            base: row.get("base")?,
            mine: row.get("mine")?,
            theirs: row.get("theirs")?,
            actor: row.get("actor")?,
            at: row.get::<_, Option<i64>>("at")?.map(Timestamp),
            mine_at: row.get::<_, Option<i64>>("mine_at")?.map(Timestamp),
        })
    })?;
    let mut conflicts = rows.collect::<Result<Vec<_>, _>>()?;
    for conflict in &mut conflicts {
        conflict.user_name = name_of(connection, conflict.user_id)?;
    }
    Ok(conflicts)
}

/// Step C: decides a conflict. Mine becomes a new edit on top of theirs; if that loses again, it is a new conflict.
pub(crate) fn resolve_conflict(
    connection: &Connection,
    id: &str,
    keep: &Keep,
    ambient: &Ambient,
) -> Result<(), Error> {
    let (field, mine, theirs) = connection
        .query_row(
            "SELECT user_id, field, mine, theirs FROM conflicts WHERE id = ?1",
            [id],
            |row| {
                let mine: Option<MetadataValue> = optional_json(row, "mine")?;
                let theirs: Option<MetadataValue> = optional_json(row, "theirs")?;
                Ok((Field::of(row)?, mine, theirs))
            },
        )
        .optional()?
        .ok_or(Error::NotFound)?;
    give_up(connection, &field, Verdict::Conflict)?;
    let mine = match keep {
        Keep::Theirs => return Ok(()),
        Keep::Edited { json: None } => None,
        Keep::Edited { json: Some(json) } => {
            let value = MetadataValue::parse(json)
                .map_err(|rule| Error::InvalidFields(vec![FieldError::new("value", rule)]))?;
            Some(value)
        }
        Keep::Mine => {
            // An edit typed after the losing one and not yet answered is what mine looks like by now.
            let newer = connection
                .query_row(
                    "SELECT value FROM overlay WHERE user_id = ?1 AND field = ?2",
                    field.columns(),
                    |row: &Row<'_>| optional_json(row, "value"),
                )
                .optional()?;
            newer.unwrap_or(mine)
        }
    };
    // No edit changes nothing: such a row of the outbox is one that was given up.
    if mine == theirs {
        return Ok(());
    }
    queue(connection, &field, theirs.as_ref(), mine.as_ref(), ambient)
}

/// Refused edits, newest first, also those of users who are gone.
pub(crate) fn rejected_edits(connection: &Connection) -> Result<Vec<RejectedEdit>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT r.id, r.user_id, r.field, r.mine, r.rejection, r.rejected_at
         FROM rejected r
         ORDER BY r.rejected_at DESC, r.id DESC",
    )?;
    let rows = statement.query_map([], |row| {
        let field = Field::of(row)?;
        Ok(RejectedEdit {
            id: row.get("id")?,
            user_id: field.user_id,
            user_name: None,
            key: field.key().to_string(),
            mine: row.get("mine")?,
            rejection: json(row, "rejection")?,
            at: Timestamp(row.get("rejected_at")?),
        })
    })?;
    let mut edits = rows.collect::<Result<Vec<_>, _>>()?;
    for edit in &mut edits {
        edit.user_name = name_of(connection, edit.user_id)?;
    }
    Ok(edits)
}

/// Forgets a refused edit that somebody has read.
pub(crate) fn dismiss_rejected(connection: &Connection, id: &str) -> Result<(), Error> {
    let field = connection
        .query_row(
            "SELECT user_id, field FROM rejected WHERE id = ?1",
            [id],
            Field::of,
        )
        .optional()?
        .ok_or(Error::NotFound)?;
    give_up(connection, &field, Verdict::Rejected)
}
