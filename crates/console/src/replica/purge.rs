//! What an operator may no longer see leaves the machine (design rule 11).

use super::{keep_aside, rows};
use crate::{Ambient, Error};
use rusqlite::{Connection, params};
use std::path::Path;
use yaopai_domain::{Bug, ClientId, EntityType, planted};

/// What left the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Nothing: what is here was loaded with another key.
    Nothing,
    /// Everything.
    Everything {
        /// Edits the backend never answered.
        unsent: u32,
    },
}

/// Step X: the backend no longer lets in whom `key` names. If it was they who loaded this replica, everything goes:
/// mirror, search index, edits and views. The number of edits that were not sent stays.
pub(crate) fn access_lost(connection: &Connection, key: &str, ambient: &Ambient) -> Result<Lost, Error> {
    let (loaded_by, unsent): (Option<String>, u32) =
        connection.query_row("SELECT loaded_by, waiting FROM replica, tally", [], |row| {
            Ok((row.get("loaded_by")?, row.get("waiting")?))
        })?;
    if loaded_by.as_deref() != Some(key) {
        return Ok(Lost::Nothing);
    }
    connection.pragma_update(None, "secure_delete", true)?;
    rows::forget_everything(connection)?;
    for table in [
        "overlay",
        "outbox",
        "conflicts",
        "rejected",
        "load_part",
        "digests",
        "saved_views",
    ] {
        if planted(Bug::EditsStay) && table == "outbox" {
            continue;
        }
        connection.execute(&format!("DELETE FROM {table}"), [])?;
    }
    connection.execute("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'outbox'", [])?;
    let client_id = ClientId::new(&*ambient.clock, &*ambient.entropy);
    connection.execute(
        "UPDATE replica SET client_id = ?1, generation = generation + 1, cursor = NULL, seen_head = NULL,
             seen_mark = NULL, phase = 'rows', expected = 0, scope = NULL, loaded_by = NULL, sweeping = 0, sweep = 0, loaded = 0,
             server = NULL, last_sync = NULL, scrub = 1, unsent = ?2, access_lost = ?3",
        params![client_id.to_string(), unsent, ambient.clock.now().0],
    )?;
    Ok(Lost::Everything { unsent })
}

/// Takes one type out of the mirror; its bytes go with the next scrubbing.
pub(super) fn forget_type(connection: &Connection, etype: EntityType) -> Result<(), Error> {
    connection.pragma_update(None, "secure_delete", true)?;
    match etype {
        EntityType::VerificationFile => connection.execute("DELETE FROM verification_files", [])?,
        EntityType::RefusedPerson => connection.execute("DELETE FROM refused_people", [])?,
        // Every role reads these. If one did not, they would be swept with their generation.
        EntityType::User | EntityType::Identity | EntityType::Connection => 0,
    };
    connection.execute("UPDATE replica SET scrub = 1", [])?;
    Ok(())
}

/// Rewrites the file without what was deleted, empties the log beside it, and removes damaged copies that were kept. Not
/// inside a transaction; begun again at the next start if it did not get to its end.
pub(crate) fn scrub(connection: &Connection, path: &Path) -> Result<(), Error> {
    connection.pragma_update(None, "secure_delete", true)?;
    connection.execute_batch("VACUUM")?;
    let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy {
        // Somebody reads what was there before. The next try finds them gone.
        return Err(Error::Sqlite(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            Some("the log beside the file is in use".to_owned()),
        )));
    }
    keep_aside::remove_kept(path)?;
    connection.execute("UPDATE replica SET scrub = 0", [])?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA secure_delete = FAST;")?;
    Ok(())
}
