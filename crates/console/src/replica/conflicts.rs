//! What a person has to look at: conflicts to decide, refused edits to read.

use super::{
    columns::{Field, json, optional_json, parsed},
    outbox::{Verdict, forget_verdicts, give_up, queue},
};
use crate::{Ambient, Conflict, Error, Keep, RejectedEdit, RejectedPage};
use rusqlite::{Connection, OptionalExtension, Row, params};
use yaopai_domain::{FieldError, FieldGroup, MetadataValue, PersonName, Timestamp, UserId};

/// Refused edits of a page at most.
const REJECTED_A_PAGE: u32 = 200;

/// Open conflicts, oldest first; of one user or of all.
pub(crate) fn conflicts(connection: &Connection, of: Option<UserId>) -> Result<Vec<Conflict>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT c.id, c.user_id, c.field, c.base, c.mine, c.mine_at, c.theirs, c.actor, c.at, p.name AS user_name
         FROM conflicts c LEFT JOIN people p ON p.id = unhex(c.user_id, '-')
         WHERE ?1 IS NULL OR c.user_id = ?1
         ORDER BY c.opened_at, c.id",
    )?;
    let rows = statement.query_map([of.map(|id| id.to_string())], |row| {
        let field = Field::of(row)?;
        Ok(Conflict {
            id: row.get("id")?,
            user_id: field.user_id,
            user_name: row.get("user_name")?,
            key: field.key().to_owned(),
            field: field.of_profile(),
            base: row.get("base")?,
            mine: row.get("mine")?,
            mine_at: row.get::<_, Option<i64>>("mine_at")?.map(Timestamp),
            theirs: row.get("theirs")?,
            actor: row.get("actor")?,
            at: row.get::<_, Option<i64>>("at")?.map(Timestamp),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Step C: decides a conflict. Mine, or what was typed instead, becomes a new edit on top of theirs; if that loses again, it
/// is a new conflict.
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
    // An edit typed after the losing one and not yet answered is what mine looks like by now.
    let newer = connection
        .query_row(
            "SELECT value FROM overlay WHERE user_id = ?1 AND field = ?2",
            field.columns(),
            |row: &Row<'_>| optional_json(row, "value"),
        )
        .optional()?;
    let wanted = match keep {
        Keep::Theirs => None,
        Keep::Mine => Some(newer.unwrap_or(mine)),
        Keep::Edited { json } => Some(typed(&field.group, json.as_deref())?),
    };
    // Whoever decides what the field shall be has decided of a refused edit of it, too.
    forget_verdicts(connection, &field)?;
    // No edit changes nothing: such a row of the outbox is one that was given up.
    if let Some(wanted) = wanted
        && wanted != theirs
    {
        queue(connection, &field, theirs.as_ref(), wanted.as_ref(), ambient)?;
    }
    Ok(())
}

/// What somebody typed for a field, as JSON; nothing removes it.
fn typed(group: &FieldGroup, json: Option<&str>) -> Result<Option<MetadataValue>, Error> {
    let refused = |rule| Error::InvalidFields(vec![FieldError::new("value", rule)]);
    let Some(json) = json else { return Ok(None) };
    let value = MetadataValue::parse(json).map_err(refused)?;
    match group {
        FieldGroup::Metadata(_) => Ok(Some(value)),
        FieldGroup::Nickname | FieldGroup::Name => {
            let text = value.json().as_str().unwrap_or_default();
            let name: PersonName = text.parse().map_err(refused)?;
            Ok(Some(
                MetadataValue::new(name.to_string().into()).map_err(refused)?,
            ))
        }
    }
}

/// A page of refused edits, newest first, also of those of users who are gone. `after` is where the last page ended.
pub(crate) fn rejected_edits(
    connection: &Connection,
    after: Option<&str>,
    limit: u32,
) -> Result<RejectedPage, Error> {
    let limit = limit.clamp(1, REJECTED_A_PAGE);
    let (before, id) = after
        .and_then(|place| place.split_once(' '))
        .and_then(|(at, id)| Some((at.parse().ok()?, id)))
        .unwrap_or((i64::MAX, ""));
    let mut statement = connection.prepare_cached(
        "SELECT r.id, r.user_id, r.field, r.mine, r.rejection, r.rejected_at, p.name AS user_name
         FROM rejected r LEFT JOIN people p ON p.id = unhex(r.user_id, '-')
         WHERE (r.rejected_at, r.id) < (?1, ?2)
         ORDER BY r.rejected_at DESC, r.id DESC LIMIT ?3",
    )?;
    let rows = statement.query_map(params![before, id, limit], |row| {
        let field = row.get_ref("field")?.as_str()?.parse().ok();
        let field: Option<FieldGroup> = field;
        Ok(RejectedEdit {
            id: row.get("id")?,
            user_id: parsed(row, "user_id")?,
            user_name: row.get("user_name")?,
            key: match field {
                Some(FieldGroup::Metadata(key)) => key.to_string(),
                Some(FieldGroup::Nickname | FieldGroup::Name) | None => String::new(),
            },
            mine: row.get("mine")?,
            rejection: json(row, "rejection")?,
            at: Timestamp(row.get("rejected_at")?),
        })
    })?;
    let edits: Vec<RejectedEdit> = rows.collect::<Result<_, _>>()?;
    let last = edits.last().filter(|_| edits.len() == limit as usize);
    Ok(RejectedPage {
        after: last.map(|edit| format!("{} {}", edit.at.0, edit.id)),
        edits,
    })
}

/// Forgets a refused edit that somebody has read.
pub(crate) fn dismiss_rejected(connection: &Connection, id: &str) -> Result<(), Error> {
    let columns: [String; 2] = connection
        .query_row("SELECT user_id, field FROM rejected WHERE id = ?1", [id], |row| {
            Ok([row.get("user_id")?, row.get("field")?])
        })
        .optional()?
        .ok_or(Error::NotFound)?;
    give_up(connection, &columns, Verdict::Rejected)
}

/// Forgets all refused edits.
pub(crate) fn dismiss_all_rejected(connection: &Connection) -> Result<(), Error> {
    let mut statement = connection.prepare_cached("SELECT user_id, field FROM rejected")?;
    let all: Vec<[String; 2]> = statement
        .query_map([], |row| Ok([row.get(0)?, row.get(1)?]))?
        .collect::<Result<_, _>>()?;
    for columns in &all {
        give_up(connection, columns, Verdict::Rejected)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        replica::{open_in_memory, standing},
        tests::{ambient, user_id},
    };
    use yaopai_domain::PoolId;

    #[test]
    fn many_refused_edits_are_counted_read_in_pages_and_put_away_at_once() {
        let file = open_in_memory(PoolId::default(), ambient(1)).unwrap();
        for number in 0..450_u32 {
            let user = user_id(number).to_string();
            // Many are refused at the same moment: one push.
            file.execute(
                "INSERT INTO rejected (id, user_id, field, rejection, rejected_at) VALUES (?1, ?1, 'user', '\"user_exists\"', ?2)",
                params![user, number / 100],
            )
            .unwrap();
        }
        assert_eq!(standing(&file).unwrap().rejected, 450);
        let mut seen: Vec<UserId> = Vec::new();
        let mut after = None;
        loop {
            let page = rejected_edits(&file, after.as_deref(), u32::MAX).unwrap();
            assert!(page.edits.len() <= 200);
            seen.extend(page.edits.iter().map(|edit| edit.user_id));
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        let all: Vec<UserId> = (0..450).rev().map(user_id).collect();
        assert_eq!(seen, all);
        dismiss_all_rejected(&file).unwrap();
        assert_eq!(standing(&file).unwrap().rejected, 0);
        assert_eq!(rejected_edits(&file, None, 50).unwrap().edits, []);
    }
}
