//! The outbox: edits on their way to the backend, and what the edited fields look like meanwhile.
//!
//! An edit is durable before anybody calls it saved. Its overlay keeps it on the screen until a caught-up page includes
//! it, so nothing flickers; its row stays, decided, as an archive for a backend that loses it in a failover.

use super::{
    row::{Field, json, optional_json, text_at, to_json, value_text},
    rows::{Entry, editing, metadata_of, refresh, row_of},
};
use crate::{Ambient, Error, MetadataEdit};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeSet;
use yaopai_domain::{
    Act, ClientId, FieldError, FieldGroup, MetadataKey, MetadataValue, Mutation, MutationId, MutationOutcome,
    Outcome, Patch, PushAnswer, PushRequest, Rule, Timestamp, UserId, parse_entry,
};

/// Decided edits stay this long.
const ARCHIVE_MILLIS: i64 = 30 * 24 * 3600 * 1000;
/// A push takes at most 1 MiB; half of it leaves room for names and escapes.
const PUSH_BYTES: usize = 512 << 10;

/// Step E: stores an edit and queues it. An edit that changes nothing queues nothing.
pub(crate) fn edit_metadata(
    connection: &Connection,
    edit: &MetadataEdit,
    ambient: &Ambient,
) -> Result<(), Error> {
    let (key, new) = check(edit)?;
    let field = Field::metadata(edit.user_id, key);
    if row_of(connection, edit.user_id)?.is_none() {
        return Err(Error::NotFound);
    }
    let base = base_of_next(connection, &field)?;
    // Whoever types a value has decided what the field shall be: an open conflict and a refused edit are superseded.
    forget_verdicts(connection, &field)?;
    if base == new {
        return Ok(());
    }
    if base.is_none() && count_keys(connection, edit.user_id)? >= MetadataKey::MAX_PER_USER {
        return Err(Error::InvalidFields(vec![FieldError::new(
            "key",
            Rule::MetadataCount,
        )]));
    }
    queue(connection, &field, base.as_ref(), new.as_ref(), ambient)
}

fn check(edit: &MetadataEdit) -> Result<(MetadataKey, Option<MetadataValue>), Error> {
    match &edit.json {
        Some(text) => parse_entry(&edit.key, text)
            .map(|(key, value)| (key, Some(value)))
            .map_err(Error::InvalidFields),
        None => edit
            .key
            .parse()
            .map(|key| (key, None))
            .map_err(|rule| Error::InvalidFields(vec![FieldError::new("key", rule)])),
    }
}

/// Gives an edit the next number and puts it on the screen.
pub(super) fn queue(
    connection: &Connection,
    field: &Field,
    base: Option<&MetadataValue>,
    new: Option<&MetadataValue>,
    ambient: &Ambient,
) -> Result<(), Error> {
    let id = MutationId::new(&*ambient.clock, &*ambient.entropy);
    let [user, group] = field.columns();
    connection.execute(
        "INSERT INTO outbox (mutation_id, user_id, field, base, new, state, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6)",
        params![
            id.to_string(),
            user,
            group,
            value_text(base),
            value_text(new),
            ambient.clock.now().0
        ],
    )?;
    put_overlay(connection, field, new, connection.last_insert_rowid())
}

/// What the next edit of a field builds on: what the operator sees, own edits included; in a conflict, theirs.
fn base_of_next(connection: &Connection, field: &Field) -> Result<Option<MetadataValue>, Error> {
    let [user, group] = field.columns();
    let value_of = |row: &Row<'_>| optional_json(row, "value");
    let overlay = connection
        .query_row(
            "SELECT value FROM overlay WHERE user_id = ?1 AND field = ?2",
            [&user, &group],
            value_of,
        )
        .optional()?;
    if let Some(value) = overlay {
        return Ok(value);
    }
    let theirs = connection
        .query_row(
            "SELECT theirs AS value FROM conflicts WHERE user_id = ?1 AND field = ?2",
            [&user, &group],
            value_of,
        )
        .optional()?;
    if let Some(value) = theirs {
        return Ok(value);
    }
    let mut mirrored = metadata_of(connection, field.user_id)?;
    Ok(match &field.group {
        FieldGroup::Metadata(key) => mirrored.remove(key).map(|Entry(value, ..)| value),
        FieldGroup::Nickname | FieldGroup::Name => None,
    })
}

/// Keys of a user as they look here.
fn count_keys(connection: &Connection, id: UserId) -> Result<usize, Error> {
    let mut keys: BTreeSet<String> = metadata_of(connection, id)?
        .into_keys()
        .map(|key| format!("metadata.{key}"))
        .collect();
    let mut statement = connection.prepare_cached(
        "SELECT field, value IS NULL FROM overlay WHERE user_id = ?1 AND field LIKE 'metadata.%'",
    )?;
    let mut rows = statement.query([id.to_string()])?;
    while let Some(row) = rows.next()? {
        if row.get(1)? {
            keys.remove(text_at(row, 0)?.unwrap_or_default());
        } else {
            keys.insert(row.get(0)?);
        }
    }
    Ok(keys.len())
}

/// Step F: the next edits to push, in order. From now on they are sent as they are, same numbers, same ids.
pub(crate) fn freeze(connection: &Connection) -> Result<Vec<Mutation>, Error> {
    let mut mutations = Vec::new();
    let mut bytes = 0;
    let mut statement = connection.prepare_cached(
        "SELECT seq, mutation_id, user_id, field, base, new FROM outbox WHERE state <> 'decided' ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let length = |column: &str| -> rusqlite::Result<usize> {
            Ok(row.get_ref(column)?.as_str_or_null()?.map_or(0, str::len))
        };
        bytes += 512 + length("base")? + length("new")?;
        if mutations.len() == PushRequest::MAX_MUTATIONS || (bytes > PUSH_BYTES && !mutations.is_empty()) {
            break;
        }
        mutations.push(mutation(row)?);
    }
    drop(rows);
    if let Some(last) = mutations.last() {
        connection.execute(
            "UPDATE outbox SET state = 'sent' WHERE state = 'queued' AND seq <= ?1",
            [last.seq as i64],
        )?;
    }
    Ok(mutations)
}

fn mutation(row: &Row<'_>) -> rusqlite::Result<Mutation> {
    let field = Field::of(row)?;
    Ok(Mutation {
        seq: row.get::<_, i64>("seq")? as u64,
        id: super::row::parsed(row, "mutation_id")?,
        act: Act::Patch(Patch {
            user_id: field.user_id,
            field: field.group,
            base: optional_json(row, "base")?,
            new: optional_json(row, "new")?,
        }),
    })
}

/// The patch of a mutation that came from [`mutation`].
fn patch(mutation: &Mutation) -> Result<&Patch, Error> {
    match &mutation.act {
        Act::Patch(patch) => Ok(patch),
        Act::Create(_) => Err(Error::Defect),
    }
}

/// Step P: writes down what became of pushed edits; answers how many were decided for the first time.
pub(crate) fn take_outcomes(
    connection: &Connection,
    answer: &PushAnswer,
    now: Timestamp,
) -> Result<usize, Error> {
    let mut decided = 0;
    for outcome in &answer.outcomes {
        let sent = connection
            .query_row(
                "SELECT seq, mutation_id, user_id, field, base, new FROM outbox
                 WHERE seq = ?1 AND mutation_id = ?2 AND state <> 'decided'",
                params![outcome.seq as i64, outcome.id.to_string()],
                mutation,
            )
            .optional()?;
        if let Some(sent) = sent {
            decide(connection, &sent, outcome, now)?;
            decided += 1;
        }
    }
    Ok(decided)
}

fn decide(
    connection: &Connection,
    sent: &Mutation,
    outcome: &MutationOutcome,
    now: Timestamp,
) -> Result<(), Error> {
    let seq = sent.seq as i64;
    let edit = patch(sent)?;
    let field = Field {
        user_id: edit.user_id,
        group: edit.field.clone(),
    };
    let [user, group] = field.columns();
    connection.execute(
        "UPDATE outbox SET state = 'decided', outcome = ?2, decided_at = ?3 WHERE seq = ?1",
        params![seq, to_json(&outcome.outcome)?, now.0],
    )?;
    if is_given_up(edit) {
        return Ok(());
    }
    let id = sent.id.to_string();
    let mine = value_text(edit.new.as_ref());
    match &outcome.outcome {
        // The overlay stays until a caught-up page includes the edit. What lost before it is superseded.
        Outcome::Applied { .. } | Outcome::Noop => forget_verdicts(connection, &field)?,
        Outcome::Conflict { theirs, actor, at } => {
            drop_overlay(connection, &field, seq)?;
            // A later edit of the same field built on one that lost, and loses with it: one conflict, newest value.
            connection.execute(
                "INSERT INTO conflicts (id, user_id, field, base, mine, theirs, actor, at, opened_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                 ON CONFLICT (user_id, field) DO UPDATE
                 SET mine = excluded.mine, theirs = excluded.theirs, actor = excluded.actor, at = excluded.at",
                params![
                    id,
                    user,
                    group,
                    value_text(edit.base.as_ref()),
                    mine,
                    value_text(theirs.as_ref()),
                    actor,
                    at.map(|at| at.0),
                    now.0
                ],
            )?;
        }
        Outcome::Rejected { rejection } => {
            drop_overlay(connection, &field, seq)?;
            connection.execute(
                "INSERT INTO rejected (id, user_id, field, mine, rejection, rejected_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (user_id, field) DO UPDATE
                 SET id = excluded.id, mine = excluded.mine, rejection = excluded.rejection,
                     rejected_at = excluded.rejected_at",
                params![id, user, group, mine, to_json(rejection)?, now.0],
            )?;
        }
    }
    Ok(())
}

/// What settling found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Decided edits the backend has lost; they are queued again.
    pub(crate) lost: usize,
    /// Whether something looks different on the screen.
    pub(crate) changed: bool,
}

/// Step D: a caught-up page includes this client's edits up to `last_seq`.
pub(crate) fn settle(connection: &Connection, last_seq: u64, now: Timestamp) -> Result<Settled, Error> {
    let last_seq = i64::try_from(last_seq).unwrap_or(i64::MAX);
    let lost = requeue_lost(connection, last_seq)?;
    let includes = "seq <= ?1
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.seq = overlay.seq AND state <> 'decided')";
    let settled = connection
        .prepare_cached(&format!("SELECT DISTINCT user_id FROM overlay WHERE {includes}"))?
        .query_map([last_seq], |row| super::row::parsed(row, "user_id"))?
        .collect::<Result<Vec<UserId>, _>>()?;
    for user_id in &settled {
        editing(connection, *user_id)?;
    }
    let dropped = connection.execute(&format!("DELETE FROM overlay WHERE {includes}"), [last_seq])?;
    for user_id in settled {
        refresh(connection, user_id)?;
    }
    connection.execute(
        "DELETE FROM outbox WHERE state = 'decided' AND decided_at < ?1 AND seq <= ?2",
        [now.plus_millis(-ARCHIVE_MILLIS).0, last_seq],
    )?;
    Ok(Settled {
        lost,
        changed: lost + dropped > 0,
    })
}

fn requeue_lost(connection: &Connection, last_seq: i64) -> Result<usize, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, mutation_id, user_id, field, base, new, outcome FROM outbox
         WHERE state = 'decided' AND seq > ?1 ORDER BY seq",
    )?;
    let lost = statement
        .query_map([last_seq], |row| {
            Ok((mutation(row)?, json::<Outcome>(row, "outcome")?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    for (mutation, outcome) in &lost {
        let edit = patch(mutation)?;
        if matches!(outcome, Outcome::Applied { .. } | Outcome::Noop) && !is_given_up(edit) {
            let field = Field {
                user_id: edit.user_id,
                group: edit.field.clone(),
            };
            let newer =
                "SELECT EXISTS (SELECT 1 FROM overlay WHERE user_id = ?1 AND field = ?2 AND seq > ?3)";
            let [user, group] = field.columns();
            if !connection.query_row(newer, params![user, group, mutation.seq as i64], |row| row.get(0))? {
                put_overlay(connection, &field, edit.new.as_ref(), mutation.seq as i64)?;
            }
        }
    }
    connection.execute(
        "UPDATE outbox SET state = 'queued', outcome = NULL, decided_at = NULL WHERE state = 'decided' AND seq > ?1",
        [last_seq],
    )?;
    Ok(lost.len())
}

/// Somebody else pushes under this client id (a copied file), or the backend lost more than the archive holds: the
/// undecided edits go on under a new id, numbered from 1, with their mutation ids.
pub(crate) fn change_client(connection: &Connection, ambient: &Ambient) -> Result<(), Error> {
    let client_id = ClientId::new(&*ambient.clock, &*ambient.entropy);
    connection.execute("UPDATE replica SET client_id = ?1", [client_id.to_string()])?;
    // Decided edits wait for any caught-up page: it is younger than they are.
    connection.execute(
        "UPDATE overlay SET seq = 0
         WHERE seq NOT IN (SELECT seq FROM outbox WHERE state <> 'decided')",
        [],
    )?;
    connection.execute("DELETE FROM outbox WHERE state = 'decided'", [])?;
    // From the lowest number up, each new number is at most the old one: none is taken.
    let mut statement = connection.prepare("SELECT seq FROM outbox ORDER BY seq")?;
    let old: Vec<i64> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for (new, old) in (1_i64..).zip(&old) {
        connection.execute(
            "UPDATE outbox SET seq = ?1, state = 'queued' WHERE seq = ?2",
            [new, *old],
        )?;
        connection.execute("UPDATE overlay SET seq = ?1 WHERE seq = ?2", [new, *old])?;
    }
    connection.execute(
        "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'outbox'",
        [old.len() as i64],
    )?;
    Ok(())
}

fn put_overlay(
    connection: &Connection,
    field: &Field,
    value: Option<&MetadataValue>,
    seq: i64,
) -> Result<(), Error> {
    let [user, group] = field.columns();
    editing(connection, field.user_id)?;
    connection.execute(
        "INSERT INTO overlay (user_id, field, value, seq) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (user_id, field) DO UPDATE SET value = excluded.value, seq = excluded.seq",
        params![user, group, value_text(value), seq],
    )?;
    refresh(connection, field.user_id)
}

/// Takes an edit off the screen, unless a later one of the same field is there.
fn drop_overlay(connection: &Connection, field: &Field, seq: i64) -> Result<(), Error> {
    let [user, group] = field.columns();
    editing(connection, field.user_id)?;
    connection.execute(
        "DELETE FROM overlay WHERE user_id = ?1 AND field = ?2 AND seq <= ?3",
        params![user, group, seq],
    )?;
    refresh(connection, field.user_id)
}

/// What a person has to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Conflict,
    Rejected,
}

/// Forgets conflict and refusal of a field.
fn forget_verdicts(connection: &Connection, field: &Field) -> Result<(), Error> {
    give_up(connection, field, Verdict::Conflict)?;
    give_up(connection, field, Verdict::Rejected)
}

/// Forgets a verdict that a person has decided. The edits that lost keep their numbers but change nothing any more: a
/// backend that lost them in a failover gets them again, and must not apply what was given up.
pub(super) fn give_up(connection: &Connection, field: &Field, verdict: Verdict) -> Result<(), Error> {
    let (table, outcome) = match verdict {
        Verdict::Conflict => ("conflicts", "conflict"),
        Verdict::Rejected => ("rejected", "rejected"),
    };
    let [user, group] = field.columns();
    connection.execute(
        &format!("DELETE FROM {table} WHERE user_id = ?1 AND field = ?2"),
        [&user, &group],
    )?;
    connection.execute(
        "UPDATE outbox SET new = base
         WHERE user_id = ?1 AND field = ?2 AND state = 'decided' AND outcome ->> 'type' = ?3",
        [user.as_str(), &group, outcome],
    )?;
    Ok(())
}

/// Whether an edit was given up after it had lost: no other edit changes nothing.
fn is_given_up(edit: &Patch) -> bool {
    edit.base == edit.new
}
