//! Opening the file: settings, schema, and files that cannot be used.

use crate::store::{StoreError, engine::migrations};
use jiff::tz::TimeZone;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, config::DbConfig};
use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
};
use url::Url;
use yaopai_domain::Timestamp;

/// Marks a SQLite file as ours ("YAOP"); the first migration sets it.
const APPLICATION_ID: i64 = 0x5941_4f50;
/// Files up to this size are looked through at every start; larger ones (a second a gigabyte) after an unclean end.
const ALWAYS_CHECKED_BYTES: u64 = 64 << 20;
/// Companions of a SQLite file in WAL mode.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// Opens the file for writing and brings its schema up to date.
///
/// A file that is damaged or of a newer version is kept aside under a name with `now`'s date, and refused. The database
/// of another program is refused and left as it is.
pub(super) fn writer(file: &Path, now: Timestamp) -> Result<Connection, StoreError> {
    match open_writer(file) {
        Ok(connection) => Ok(connection),
        Err(Unusable::Newer { found, known }) => Err(StoreError::NewerSchema {
            found,
            known,
            kept: keep_aside(file, "newer", now)?,
        }),
        Err(Unusable::Foreign) => Err(StoreError::Foreign {
            file: file.to_owned(),
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
    plan_once(&connection)?;
    Ok(connection)
}

/// Lets plans depend on the statement alone. Otherwise SQLite plans some joins anew for every value that is bound, which
/// takes longer than the look itself.
fn plan_once(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(drop)
}

enum Unusable {
    Newer { found: i64, known: i64 },
    Foreign,
    Corrupt(String),
    Other(StoreError),
}

impl From<StoreError> for Unusable {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
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
    let runner = migrations::sqlite();
    let known = migrations::newest(&runner);
    let there = |file: &Path| {
        file.try_exists()
            .map_err(|error| StoreError::Engine(Box::new(error)))
    };
    // Who ends as one should leaves no log.
    let unclean = there(&with_suffix(file, "-wal"))?;
    if there(file)? {
        let found = schema_of_ours(&onlooker(file)?)?;
        if found > known {
            return Err(Unusable::Newer { found, known });
        }
    } else {
        make_private(file)?;
    }
    let mut connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    plan_once(&connection)?;

    if is_looked_through(file, unclean) {
        let checked: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if checked != "ok" {
            return Err(Unusable::Corrupt(checked));
        }
    }
    runner
        .run(&mut connection)
        .map_err(|error| Unusable::Other(StoreError::Engine(Box::new(error))))?;
    Ok(connection)
}

/// Whether the whole file is read before it is used.
fn is_looked_through(file: &Path, unclean: bool) -> bool {
    unclean
        || file
            .metadata()
            .map_or(true, |about| about.len() <= ALWAYS_CHECKED_BYTES)
}

/// Opens a file that may be anybody's, to look into it only.
fn onlooker(file: &Path) -> Result<Connection, Unusable> {
    // Without a log the file is whole, and immutable: nothing is then written beside it either.
    let log = with_suffix(file, "-wal");
    let how = if log.try_exists().unwrap_or(true) {
        "mode=ro"
    } else {
        "immutable=1"
    };
    let mut uri = std::path::absolute(file)
        .ok()
        .and_then(|file| Url::from_file_path(file).ok())
        .ok_or_else(|| Unusable::Corrupt("its path is not one".to_owned()))?;
    uri.set_query(Some(how));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(uri.as_str(), flags)?)
}

/// The schema version of a file of ours; 0 for one without any table.
fn schema_of_ours(connection: &Connection) -> Result<i64, Unusable> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || application != 0) {
        return Err(Unusable::Foreign);
    }
    Ok(schema_version(connection)?)
}

/// Makes an empty file that only its owner can read. SQLite gives its companions the same rights.
fn make_private(file: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let made = options.open(file);
    made.map(drop)
        .map_err(|error| StoreError::Engine(Box::new(error)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use rusqlite::StatementStatus;
    use std::fs;

    const NOW: Timestamp = Timestamp(1_735_689_600_000);

    fn version_of(file: &Path) -> i64 {
        schema_version(&Connection::open(file).unwrap()).unwrap()
    }

    fn schema_of(connection: &Connection) -> Vec<(String, String)> {
        connection
            .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn refuses_newer_schema_and_keeps_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backend.db");
        let connection = writer(&file, NOW).unwrap();
        connection
            .execute(
                "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
                 VALUES (9999, 'future', '2026-01-01T00:00:00Z', '1')",
                [],
            )
            .unwrap();
        drop(connection);
        let Err(StoreError::NewerSchema { found, known, kept }) = writer(&file, NOW) else {
            panic!("a newer file was opened")
        };
        assert!(found == 9999 && known < found);
        assert_eq!(kept, dir.path().join("backend.db.newer-20250101T000000Z"));
        assert_eq!(version_of(&kept), 9999);
        assert!(!file.exists());
        writer(&file, NOW).unwrap();
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backend.db");
        let mut all_kept = Vec::new();
        for damage in ["no database, but somebody's only copy", "another one"] {
            fs::write(&file, damage.repeat(100)).unwrap();
            let Err(StoreError::Corrupt { kept, .. }) = writer(&file, NOW) else {
                panic!("a damaged file was opened")
            };
            assert_eq!(fs::read_to_string(&kept).unwrap(), damage.repeat(100));
            all_kept.push(kept);
        }
        assert_ne!(all_kept[0], all_kept[1], "both happened in the same second");
    }

    #[test]
    fn a_page_that_was_overwritten_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backend.db");
        drop(writer(&file, NOW).unwrap());
        let mut bytes = fs::read(&file).unwrap();
        let page = bytes.len() / 2;
        bytes[page..page + 4096].fill(0xa5);
        fs::write(&file, bytes).unwrap();
        let refused = writer(&file, NOW).unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused}");
    }

    #[rstest]
    #[case::small(ALWAYS_CHECKED_BYTES, false, true)]
    #[case::small_and_not_ended_well(ALWAYS_CHECKED_BYTES, true, true)]
    #[case::large(ALWAYS_CHECKED_BYTES + 1, false, false)]
    #[case::large_and_not_ended_well(ALWAYS_CHECKED_BYTES + 1, true, true)]
    fn a_large_file_is_looked_through_after_an_unclean_end(
        #[case] bytes: u64,
        #[case] unclean: bool,
        #[case] looked_through: bool,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backend.db");
        fs::File::create(&file).unwrap().set_len(bytes).unwrap();
        assert_eq!(is_looked_through(&file, unclean), looked_through);
    }

    #[test]
    fn only_an_unclean_end_leaves_a_log() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backend.db");
        let log = with_suffix(&file, "-wal");
        let running = (writer(&file, NOW).unwrap(), reader(&file).unwrap());
        let sql = "INSERT INTO pool (id, name, created_at) VALUES ('p', 'P', 0)";
        running.0.execute(sql, []).unwrap();
        assert!(log.exists());
        // As the store does: the readers first.
        drop(running.1);
        drop(running.0);
        assert!(!log.exists());
    }

    #[rstest]
    #[case::without_mark("CREATE TABLE recipes (name TEXT)")]
    #[case::with_its_mark("PRAGMA application_id = 7; CREATE TABLE recipes (name TEXT)")]
    #[case::empty_with_its_mark("PRAGMA application_id = 7; VACUUM")]
    #[case::with_a_log("PRAGMA journal_mode = WAL; CREATE TABLE recipes (name TEXT)")]
    fn another_programs_database_is_left_as_it_is(#[case] sql: &str) {
        let dir = tempfile::tempdir().unwrap();
        // A name that means something in an address.
        let file = dir.path().join("our ?recipes#1 100%.db");
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        let names = || fs::read_dir(dir.path()).unwrap().count();
        let before = (fs::read(&file).unwrap(), names());
        let refused = writer(&file, NOW).unwrap_err();
        assert!(
            matches!(&refused, StoreError::Foreign { file: named } if *named == file),
            "{refused}"
        );
        assert_eq!((fs::read(&file).unwrap(), names()), before);
    }

    #[test]
    fn another_programs_database_is_left_as_it_is_while_that_program_uses_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("recipes.db");
        let theirs = Connection::open(&file).unwrap();
        theirs
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE recipes (name TEXT)")
            .unwrap();
        let log = with_suffix(&file, "-wal");
        let bytes = || (fs::read(&file).unwrap(), fs::read(&log).unwrap());
        let before = bytes();
        let refused = writer(&file, NOW).unwrap_err();
        assert!(matches!(refused, StoreError::Foreign { .. }), "{refused}");
        assert_eq!(bytes(), before);
    }

    #[test]
    fn a_file_of_ours_whose_first_changes_are_still_in_the_log_is_ours() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backend.db");
        let running = writer(&file, NOW).unwrap();
        let copy = dir.path().join("copy.db");
        for companion in ["", "-wal"] {
            fs::copy(with_suffix(&file, companion), with_suffix(&copy, companion)).unwrap();
        }
        drop(running);
        writer(&copy, NOW).unwrap();
    }

    #[test]
    fn an_upgraded_schema_is_the_fresh_schema() {
        let dir = tempfile::tempdir().unwrap();
        let fresh = writer(&dir.path().join("fresh.db"), NOW).unwrap();
        let runner = migrations::sqlite();
        for from in runner.get_migrations() {
            let file = dir.path().join(format!("from-{}.db", from.version()));
            let mut old = Connection::open(&file).unwrap();
            migrations::sqlite()
                .set_target(refinery::Target::Version(from.version()))
                .run(&mut old)
                .unwrap();
            drop(old);
            let upgraded = writer(&file, NOW).unwrap();
            assert_eq!(schema_of(&upgraded), schema_of(&fresh));
        }
    }

    #[test]
    fn a_statement_is_planned_once_whatever_is_bound() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backend.db");
        for connection in [writer(&file, NOW).unwrap(), reader(&file).unwrap()] {
            let sql = "SELECT u.id FROM identity i JOIN users u ON u.pool = i.pool AND u.id = i.user_id
                WHERE i.pool = ?1 AND i.scope_kind = 'app' AND i.scope = ?2 AND i.subject = ?3";
            let mut look = connection.prepare(sql).unwrap();
            for subject in ["one", "another"] {
                assert!(!look.exists(("default", "wx1", subject)).unwrap());
            }
            assert_eq!(look.get_status(StatementStatus::RePrepare), 0);
        }
    }

    #[test]
    fn opening_again_keeps_everything() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("backend.db");
        let connection = writer(&file, NOW).unwrap();
        connection
            .execute("INSERT INTO pool (id, name, created_at) VALUES ('p', 'P', 0)", [])
            .unwrap();
        drop(connection);
        let pools: i64 = writer(&file, NOW)
            .unwrap()
            .query_row("SELECT count(*) FROM pool", [], |row| row.get(0))
            .unwrap();
        assert_eq!(pools, 1);
    }
}
