//! How far the replica got: cursor, generation, and what the status line says.

use super::row::{optional_json, parsed, to_json};
use crate::Error;
use rusqlite::{Connection, params};
use yaopai_domain::{ClientId, ServerInfo, Timestamp};

/// Where the sync stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Who this console is to the backend.
    pub(crate) client_id: ClientId,
    /// Where the last page ended.
    pub(crate) cursor: Option<String>,
    /// Grows with every reset; rows of older generations are swept once the new one is complete.
    pub(crate) generation: i64,
}

/// The part of the status line that is stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Standing {
    /// What the backend last said of itself.
    pub(crate) server: Option<ServerInfo>,
    /// Edits the backend has not answered.
    pub(crate) waiting: u32,
    /// Open conflicts.
    pub(crate) conflicts: u32,
    /// When the replica was last known to equal the backend.
    pub(crate) last_sync: Option<Timestamp>,
    /// Whether a first load has ended.
    pub(crate) loaded: bool,
    /// Users in the mirror.
    pub(crate) users: u32,
}

pub(crate) fn progress(connection: &Connection) -> Result<Progress, Error> {
    let sql = "SELECT client_id, cursor, generation FROM replica";
    Ok(connection.query_row(sql, [], |row| {
        Ok(Progress {
            client_id: parsed(row, "client_id")?,
            cursor: row.get("cursor")?,
            generation: row.get("generation")?,
        })
    })?)
}

pub(crate) fn standing(connection: &Connection) -> Result<Standing, Error> {
    let sql = "SELECT server, last_sync, loaded,
            (SELECT count(*) FROM outbox WHERE state <> 'decided') AS waiting,
            (SELECT count(*) FROM conflicts) AS conflicts,
            (SELECT count(*) FROM people) AS users
        FROM replica";
    Ok(connection.query_row(sql, [], |row| {
        Ok(Standing {
            server: optional_json(row, "server")?,
            waiting: row.get("waiting")?,
            conflicts: row.get("conflicts")?,
            last_sync: row.get::<_, Option<i64>>("last_sync")?.map(Timestamp),
            loaded: row.get("loaded")?,
            users: row.get("users")?,
        })
    })?)
}

/// Keeps what the backend said of itself, for the time when it cannot be asked.
pub(crate) fn remember_server(connection: &Connection, server: &ServerInfo) -> Result<(), Error> {
    connection.execute("UPDATE replica SET server = ?1", [to_json(server)?])?;
    Ok(())
}

/// Starts to load everything again. What is there stays visible until the new generation is complete.
pub(crate) fn begin_generation(connection: &Connection) -> Result<(), Error> {
    let sql = "UPDATE replica SET generation = generation + 1, cursor = NULL, sweeping = 1";
    connection.execute(sql, [])?;
    Ok(())
}

/// Moves the cursor from `from` to `to`; `false` (and nothing done) if it is not at `from` any more.
pub(super) fn advance(connection: &Connection, from: Option<&str>, to: &str) -> Result<bool, Error> {
    let sql = "UPDATE replica SET cursor = ?2 WHERE cursor IS ?1";
    Ok(connection.execute(sql, params![from, to])? == 1)
}

/// The replica equals the backend now; answers whether rows of older generations have to go first.
pub(super) fn complete(connection: &Connection, now: Timestamp) -> Result<bool, Error> {
    let sweeping = connection.query_row("SELECT sweeping FROM replica", [], |row| row.get(0))?;
    connection.execute(
        "UPDATE replica SET sweeping = 0, loaded = 1, last_sync = ?1",
        [now.0],
    )?;
    Ok(sweeping)
}
