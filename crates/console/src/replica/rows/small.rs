//! Rows of the small tables: connections, verification files and refused people.

use super::{Put, codes::kind_code, find, unless_newer};
use crate::{
    Error,
    replica::{columns::to_json, refused::found_by},
};
use rusqlite::{Connection, ToSql};
use yaopai_domain::{Refused, VerificationFile};

/// Revision and generation of a connection.
pub(super) const FIND_CONNECTION: &str = "SELECT 0, rev, generation FROM connections WHERE id = ?1";
/// Revision and generation of a verification file.
pub(super) const FIND_VERIFICATION_FILE: &str =
    "SELECT 0, rev, generation FROM verification_files WHERE name = ?1";
/// Row, revision and generation of a refused person.
pub(super) const FIND_REFUSED: &str =
    "SELECT row, rev, generation FROM refused_people WHERE app_id = ?1 AND open_id = ?2";

/// Writes a connection, unless a newer state is there.
pub(in crate::replica) fn put_connection(
    c: &Connection,
    generation: i64,
    rev: i64,
    connection: &yaopai_domain::Connection,
) -> Result<Put, Error> {
    put_small(
        c,
        FIND_CONNECTION,
        "INSERT OR REPLACE INTO connections (id, rev, generation, display_name, kind) VALUES (?1, ?2, ?3, ?4, ?5)",
        (generation, rev),
        &[&connection.id.uuid().into_bytes()],
        &[&connection.display_name, &kind_code(connection.kind)],
    )
}

/// Writes a verification file, unless a newer state is there.
pub(in crate::replica) fn put_verification_file(
    c: &Connection,
    generation: i64,
    rev: i64,
    file: &VerificationFile,
) -> Result<Put, Error> {
    put_small(
        c,
        FIND_VERIFICATION_FILE,
        "INSERT OR REPLACE INTO verification_files (name, rev, generation, content_base64)
         VALUES (?1, ?2, ?3, ?4)",
        (generation, rev),
        &[&file.name],
        &[&file.content_base64],
    )
}

/// Writes a refused person, unless a newer state is there.
pub(in crate::replica) fn put_refused(
    c: &Connection,
    generation: i64,
    rev: i64,
    person: &Refused,
) -> Result<Put, Error> {
    let connection_id = person.connection_id.map(|id| id.uuid().into_bytes());
    put_small(
        c,
        FIND_REFUSED,
        "INSERT INTO refused_people (app_id, open_id, rev, generation, connection_id, union_id, nickname,
                                     avatar_url, refusal, first_seen, last_seen, times, found_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (app_id, open_id) DO UPDATE
         SET rev = excluded.rev, generation = excluded.generation, connection_id = excluded.connection_id,
             union_id = excluded.union_id, nickname = excluded.nickname, avatar_url = excluded.avatar_url,
             refusal = excluded.refusal, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
             times = excluded.times, found_by = excluded.found_by",
        (generation, rev),
        &[&person.app_id, &person.open_id],
        &[
            &connection_id,
            &person.union_id,
            &person.nickname,
            &person.avatar_url,
            &to_json(&person.refusal)?,
            &person.first_seen.0,
            &person.last_seen.0,
            &person.times,
            &found_by(person),
        ],
    )
}

/// Writes a row of a small table: key columns, revision, generation, other columns.
fn put_small(
    c: &Connection,
    find_sql: &str,
    write: &str,
    (generation, rev): (i64, i64),
    key: &[&dyn ToSql],
    rest: &[&dyn ToSql],
) -> Result<Put, Error> {
    unless_newer(find(c, find_sql, key)?, generation, rev, || {
        let version: [&dyn ToSql; 2] = [&rev, &generation];
        let columns: Vec<&dyn ToSql> = key.iter().chain(&version).chain(rest).copied().collect();
        c.prepare_cached(write)?.execute(&*columns)?;
        Ok(())
    })
}
