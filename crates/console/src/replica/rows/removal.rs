//! Rows that go: one by one as the backend deletes them, the rest of older generations, or all at once.

use super::{
    Found, Into, Put, find, identity,
    listed::{changing, derive_bindings},
    small::{FIND_CONNECTION, FIND_REFUSED, FIND_VERIFICATION_FILE},
    unless_newer, user,
};
use crate::{
    Error,
    replica::{columns::Uuid16, index},
};
use rusqlite::{Connection, params};
use yaopai_domain::EntityKey;

/// Takes away what the backend has deleted, unless a newer state is there.
pub(in crate::replica) fn delete(
    c: &Connection,
    key: &EntityKey,
    generation: i64,
    rev: i64,
    into: Into,
) -> Result<Put, Error> {
    let found = match key {
        EntityKey::User(id) => find(c, user::FIND, [id.uuid().into_bytes()]),
        EntityKey::Identity(id) => find(c, identity::FIND, [id.uuid().into_bytes()]),
        EntityKey::Connection(id) => find(c, FIND_CONNECTION, [id.uuid().into_bytes()]),
        EntityKey::VerificationFile(name) => find(c, FIND_VERIFICATION_FILE, [name]),
        EntityKey::RefusedPerson { app_id, open_id } => find(c, FIND_REFUSED, [app_id, open_id]),
    }?;
    let Some(Found { row, .. }) = found else {
        return Ok(Put::default());
    };
    unless_newer(found, generation, rev, || {
        match key {
            EntityKey::User(_) => delete_user(c, row, into)?,
            EntityKey::Identity(_) => delete_identity(c, row, into)?,
            EntityKey::Connection(id) => {
                c.execute("DELETE FROM connections WHERE id = ?1", [id.uuid().into_bytes()])?;
            }
            EntityKey::VerificationFile(name) => {
                c.execute("DELETE FROM verification_files WHERE name = ?1", [name])?;
            }
            EntityKey::RefusedPerson { .. } => {
                c.execute("DELETE FROM refused_people WHERE row = ?1", [row])?;
            }
        }
        Ok(())
    })
}

fn delete_user(c: &Connection, row: i64, into: Into) -> Result<(), Error> {
    if into == Into::Ready {
        index::removing(c, row)?;
    }
    c.prepare_cached("DELETE FROM user_state WHERE row = ?1")?
        .execute([row])?;
    c.prepare_cached("DELETE FROM people WHERE row = ?1")?
        .execute([row])?;
    if into == Into::Ready {
        index::tidy(c)?;
    }
    Ok(())
}

fn delete_identity(c: &Connection, row: i64, into: Into) -> Result<(), Error> {
    let owner = c
        .prepare_cached("SELECT user_id FROM identities WHERE row = ?1")?
        .query_row([row], |row| Ok(row.get::<_, Uuid16>(0)?.id()))?;
    if into == Into::Ready {
        changing(c, owner)?;
    }
    c.prepare_cached("DELETE FROM identities WHERE row = ?1")?
        .execute([row])?;
    if into == Into::Ready {
        derive_bindings(c, owner)?;
        index::tidy(c)?;
    }
    Ok(())
}

/// Takes away the rows of older generations, at most `limit` of them; `false` once there are none.
///
/// Without the index on generations this walks the tables: a reset of a million users takes a second, in steps.
pub(in crate::replica) fn sweep(
    c: &Connection,
    generation: i64,
    into: Into,
    limit: u32,
) -> Result<bool, Error> {
    let mut left = limit;
    for (table, delete) in [
        (
            "identities",
            delete_identity as fn(&Connection, i64, Into) -> Result<(), Error>,
        ),
        ("people", delete_user),
    ] {
        let sql = format!("SELECT row FROM {table} WHERE generation < ?1 LIMIT ?2");
        let rows: Vec<i64> = c
            .prepare_cached(&sql)?
            .query_map(params![generation, left], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for row in &rows {
            delete(c, *row, into)?;
        }
        left = left.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        if left == 0 {
            return Ok(true);
        }
    }
    for table in ["connections", "verification_files", "refused_people"] {
        c.execute(
            &format!("DELETE FROM {table} WHERE generation < ?1"),
            [generation],
        )?;
    }
    Ok(false)
}

/// Takes the whole mirror away. Edits, conflicts, refusals and saved views stay.
pub(in crate::replica) fn forget_everything(c: &Connection) -> Result<(), Error> {
    for table in [
        "people",
        "user_state",
        "identities",
        "origins",
        "connections",
        "verification_files",
        "refused_people",
        "postings",
        "terms",
        "unindexed",
    ] {
        c.execute(&format!("DELETE FROM {table}"), [])?;
    }
    c.execute("UPDATE search SET ready = 1, derived = 0, next_chunk = 0, people = 0, unindexed = 0, changes = changes + 1", [])?;
    Ok(())
}
