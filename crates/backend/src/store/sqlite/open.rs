//! Opening the file: settings, schema, and files that cannot be used.

use crate::store::StoreError;
use jiff::tz::TimeZone;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use std::path::{Path, PathBuf};
use yaopai_domain::Timestamp;

mod migrations {
    #![expect(clippy::unwrap_used, reason = "written by the macro")]

    refinery::embed_migrations!("migrations/sqlite");
}

/// Marks a SQLite file as ours ("YAOP"); the first migration sets it.
const APPLICATION_ID: i64 = 0x5941_4f50;
/// Companions of a SQLite file in WAL mode.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// Opens the file for writing and brings its schema up to date.
///
/// A file that is damaged, foreign or of a newer version is kept aside under a name with `now`'s date, and refused.
pub(super) fn writer(file: &Path, now: Timestamp) -> Result<Connection, StoreError> {
    match open_writer(file) {
        Ok(connection) => Ok(connection),
        Err(Unusable::Newer { found, known }) => Err(StoreError::NewerSchema {
            found,
            known,
            kept: keep_aside(file, "newer", now)?,
        }),
        Err(Unusable::Corrupt(reason)) => Err(StoreError::Corrupt {
            reason,
            kept: keep_aside(file, "corrupt", now)?,
        }),
        Err(Unusable::Other(error)) => Err(error),
    }
}

/// Opens the file for reading.
pub(super) fn reader(file: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        file,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

enum Unusable {
    Newer { found: i64, known: i64 },
    Corrupt(String),
    Other(StoreError),
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Corrupt(error.to_string()),
            _ => Self::Other(error.into()),
        }
    }
}

fn open_writer(file: &Path) -> Result<Connection, Unusable> {
    let mut connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;

    let checked: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if checked != "ok" {
        return Err(Unusable::Corrupt(checked));
    }
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(Unusable::Corrupt(
            "it is the database of another program".to_owned(),
        ));
    }

    let runner = migrations::migrations::runner().set_grouped(true);
    let known = runner
        .get_migrations()
        .iter()
        .map(|migration| i64::from(migration.version()))
        .max()
        .unwrap_or(0);
    let found = schema_version(&connection)?;
    if found > known {
        return Err(Unusable::Newer { found, known });
    }
    runner
        .run(&mut connection)
        .map_err(|error| Unusable::Other(StoreError::Engine(Box::new(error))))?;
    Ok(connection)
}

fn schema_version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    let history: Option<i64> = connection
        .query_row(
            "SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history'",
            [],
            |row| row.get(0),
        )
        .optional()?;
    match history {
        None => Ok(0),
        Some(_) => connection.query_row(
            "SELECT coalesce(max(version), 0) FROM refinery_schema_history",
            [],
            |row| row.get(0),
        ),
    }
}

/// Renames the file and its companions; never over another file.
fn keep_aside(file: &Path, why: &str, now: Timestamp) -> Result<PathBuf, StoreError> {
    let failed = |error: std::io::Error| StoreError::Engine(Box::new(error));
    let when = jiff::Timestamp::from_millisecond(now.0)
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
        .strftime("%Y%m%dT%H%M%SZ")
        .to_string();
    let mut kept = with_suffix(file, &format!(".{why}-{when}"));
    let mut again = 1;
    while kept.try_exists().map_err(failed)? {
        again += 1;
        kept = with_suffix(file, &format!(".{why}-{when}-{again}"));
    }
    for companion in COMPANIONS {
        let from = with_suffix(file, companion);
        if from.try_exists().map_err(failed)? {
            std::fs::rename(from, with_suffix(&kept, companion)).map_err(failed)?;
        }
    }
    Ok(kept)
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
