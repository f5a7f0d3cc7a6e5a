//! A first load of a million users, beside raw inserts of the same rows.

use super::{
    load,
    programs::{Programs, Server},
    timed,
};
use anyhow::Context;
use rusqlite::{Connection, OpenFlags, types::Value};
use std::{path::Path, time::Duration};

/// Rows a commit of the raw inserts: more make them no faster.
const RAW_ROWS: usize = 50_000;
/// The tables that hold nearly all of a replica.
const TABLES: [&str; 3] = ["people", "user_state", "identities"];

/// Loads an empty replica in `folder` and says how long it takes, how much memory, how large the file is. Answers how many
/// users there are.
pub(crate) fn run(programs: &Programs, server: &Server, folder: &Path, seed: u64) -> anyhow::Result<u64> {
    let replica = folder.join("replica.db");
    let run = programs.catch_up(server, &replica)?;
    let file = Connection::open_with_flags(&replica, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let users: i64 = file.query_row("SELECT count(*) FROM people", [], |row| row.get(0))?;
    let users = users.cast_unsigned();

    let raw = folder.join("raw.db");
    let rows = insert(&file, &raw)?;
    let indexes = index(&file, &raw)?;
    // The search index is made by the same code, alone and from the same kind of people.
    let alone = folder.join("alone.db");
    let search = load(&alone, users, seed)?.search;
    let peer = rows + indexes + search;

    let bytes = std::fs::metadata(&replica)?.len();
    println!(
        "(a) first load of {users} users, empty to searchable: {:.1} s",
        run.took.as_secs_f64()
    );
    println!(
        "    raw: rows {:.1} s, indexes {:.1} s, search index {:.1} s; ratio {:.2} (goal: at most 1.5)",
        rows.as_secs_f64(),
        indexes.as_secs_f64(),
        search.as_secs_f64(),
        run.took.as_secs_f64() / peer.as_secs_f64(),
    );
    println!(
        "(e) peak memory of the console: {} MB (goal: under 200)",
        run.peak / 1_000_000
    );
    println!("(f) file: {} bytes a user", bytes / users.max(1));
    Ok(users)
}

/// Inserts the rows of the replica into an empty file; the time it takes, without that of reading them.
fn insert(from: &Connection, path: &Path) -> anyhow::Result<Duration> {
    let mut file = Connection::open(path)?;
    file.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = FILE;")?;
    let mut spent = Duration::ZERO;
    for table in TABLES {
        let sql: String = from
            .query_row(
                "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1",
                [table],
                |row| row.get(0),
            )
            .with_context(|| format!("the table {table}"))?;
        file.execute_batch(&sql)?;
        let mut select = from.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = select.column_count();
        let places = vec!["?"; columns].join(", ");
        let insert = format!("INSERT INTO {table} VALUES ({places})");
        let mut rows = select.query([])?;
        loop {
            let mut batch: Vec<Vec<Value>> = Vec::with_capacity(RAW_ROWS);
            while batch.len() < RAW_ROWS
                && let Some(row) = rows.next()?
            {
                batch.push(
                    (0..columns)
                        .map(|column| row.get(column))
                        .collect::<Result<_, _>>()?,
                );
            }
            if batch.is_empty() {
                break;
            }
            let (inserted, took) = timed(|| -> rusqlite::Result<()> {
                let transaction = file.transaction()?;
                {
                    let mut statement = transaction.prepare_cached(&insert)?;
                    for row in &batch {
                        statement.execute(rusqlite::params_from_iter(row))?;
                    }
                }
                transaction.commit()
            });
            inserted?;
            spent += took;
        }
    }
    Ok(spent)
}

/// Makes the replica's indexes of those tables in the raw file.
fn index(from: &Connection, path: &Path) -> anyhow::Result<Duration> {
    let file = Connection::open(path)?;
    file.execute_batch("PRAGMA temp_store = FILE;")?;
    let mut select = from.prepare(
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL
         AND tbl_name IN ('people', 'user_state', 'identities')",
    )?;
    let indexes = select
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    let (made, took) = timed(|| file.execute_batch(&indexes.join(";")));
    made?;
    Ok(took)
}
