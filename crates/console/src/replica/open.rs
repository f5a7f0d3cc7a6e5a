//! Opening the file: what this version cannot use is kept aside, old is migrated.

use super::keep_aside::{keep_aside, with_suffix};
use crate::{Ambient, Error};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use yaopai_domain::{Bug, ClientId, PoolId, planted};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Files up to this size are checked at every start; larger ones (a second a gigabyte) after an unclean end.
const ALWAYS_CHECKED_BYTES: u64 = 64 << 20;

/// Statements kept ready on each connection.
const STATEMENTS: usize = 128;

/// What a replica is opened with.
pub(crate) struct Opening {
    /// The file.
    pub(crate) path: PathBuf,
    /// The pool it mirrors.
    pub(crate) pool: PoolId,
    /// Time and randomness.
    pub(crate) ambient: Ambient,
}

/// Opens the file for writing; tells where one was kept that is corrupt or of a newer version.
pub(super) fn open(opening: &Opening) -> Result<(Connection, Option<PathBuf>), Error> {
    let path = &opening.path;
    if let Some(folder) = path.parent() {
        make_folder(folder).map_err(|source| Error::File {
            path: folder.to_owned(),
            source,
        })?;
    }
    let unusable = match inspect(path) {
        Ok(reason) => reason,
        Err(Error::Sqlite(error)) if is_corrupt(&error) => Some("corrupt"),
        Err(error) => return Err(error),
    };
    let kept_aside = unusable
        .map(|reason| keep_aside(path, reason, opening.ambient.clock.now()))
        .transpose()?;
    if let (Some(reason), Some(kept)) = (unusable, &kept_aside) {
        tracing::error!(kept = %kept.display(), reason, "the local file cannot be used; starting with an empty one");
    }
    make_file(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })?;
    let mut connection = Connection::open(path)?;
    prepare(&mut connection, path, opening)?;
    Ok((connection, kept_aside))
}

/// Makes a folder that only its owner can enter; one that is there stays as it is.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the file, empty, before SQLite would make it readable for everybody. What SQLite puts beside it follows its mode.
fn make_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "busy_timeout", 5000)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cache_size", -16384)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// What the writer does last, so that the next start finds a clean file.
pub(super) fn finish(connection: &Connection) {
    if let Err(error) = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE);") {
        tracing::warn!(%error, "the local file was not tidied up");
    }
}

/// A replica without a file.
#[cfg(test)]
pub(crate) fn open_in_memory(pool: PoolId, ambient: Ambient) -> Result<Connection, Error> {
    let mut connection = Connection::open_in_memory()?;
    let path = PathBuf::from(":memory:");
    let opening = Opening {
        path: path.clone(),
        pool,
        ambient,
    };
    prepare(&mut connection, &path, &opening)?;
    Ok(connection)
}

/// Reads an existing file without changing it; tells why this version cannot use it, if it cannot. Damage may also show
/// as an error of SQLite's.
fn inspect(path: &Path) -> Result<Option<&'static str>, Error> {
    let Ok(about) = fs::metadata(path) else {
        return Ok(None);
    };
    let unclean = with_suffix(path, "-wal").exists();
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    if schema_version(&connection)?.is_some_and(|found| found > known_version()) {
        return Ok(Some("newer"));
    }
    if unclean || about.len() <= ALWAYS_CHECKED_BYTES {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Ok(Some("corrupt"));
        }
    }
    Ok(None)
}

fn schema_version(connection: &Connection) -> Result<Option<i64>, Error> {
    let has_history: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'refinery_schema_history')",
        [],
        |row| row.get(0),
    )?;
    if !has_history {
        return Ok(None);
    }
    Ok(
        connection.query_row("SELECT max(version) FROM refinery_schema_history", [], |row| {
            row.get(0)
        })?,
    )
}

fn known_version() -> i64 {
    embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(|migration| i64::from(migration.version()))
        .max()
        .unwrap_or(0)
}

fn is_corrupt(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    )
}

/// Makes an open file ready: settings, schema, owner.
pub(super) fn prepare(connection: &mut Connection, path: &Path, opening: &Opening) -> Result<(), Error> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = 1;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA temp_store = FILE; -- sorting a million rows is not for memory
         PRAGMA cache_size = -65536;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA mmap_size = 0;
         PRAGMA busy_timeout = 5000;
         PRAGMA secure_delete = FAST;",
    )?;
    if planted(Bug::NotDurable) {
        connection.pragma_update(None, "synchronous", "NORMAL")?;
    }
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    migrate(connection)?;
    claim(connection, path, opening)
}

/// Brings the schema up to date.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    // As one transaction: otherwise a crash between a migration and its entry in the history would have it run again.
    embedded::migrations::runner().set_grouped(true).run(connection)?;
    Ok(())
}

/// Writes down whose a new file is; refuses somebody else's.
fn claim(connection: &Connection, path: &Path, opening: &Opening) -> Result<(), Error> {
    let wanted = &opening.pool;
    let found: Option<String> = connection
        .query_row("SELECT pool FROM replica", [], |row| row.get(0))
        .optional()?;
    match found {
        Some(found) if found != wanted.as_str() => Err(Error::OtherPool {
            path: path.to_owned(),
            found,
            wanted: wanted.clone(),
        }),
        Some(_) => Ok(()),
        None => {
            let client_id = ClientId::new(&*opening.ambient.clock, &*opening.ambient.entropy);
            connection.execute(
                "INSERT INTO replica (only_row, pool, client_id, generation, sweeping, loaded)
                 VALUES (1, ?1, ?2, 1, 0, 0)",
                params![wanted.as_str(), client_id.to_string()],
            )?;
            Ok(())
        }
    }
}
