//! Rows of the mirror: written as the backend sends them, with what lists show and sort by kept beside them.

mod codes;
mod identity;
mod listed;
mod origin;
mod removal;
mod small;
#[cfg(test)]
mod tests;
mod together;
mod user;

use crate::Error;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use yaopai_domain::{Bug, planted};

pub(super) use codes::{kind_of, status_of};
pub(super) use identity::put_identity;
pub(super) use listed::{Bindings, changing, refresh, with_own_edits};
pub(super) use removal::{delete, forget_everything, sweep};
pub(super) use small::{put_connection, put_refused, put_verification_file};
pub(super) use together::Together;
pub(super) use user::{Entry, metadata_of, profile_of, put_user, row_of};

/// Into which state of the file rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    /// A first load: rows, with what lists show of those bindings that came together with their user.
    /// [`super::build::build_indexes`] and [`super::build::build_search`] make the rest; until then lists may lack bindings.
    Bare,
    /// A replica in use, or one whose search index is being made: lists and search follow at once.
    Ready,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Put {
    /// What was there before.
    pub(super) old: Option<Old>,
    /// Whether the row is now as was asked. `false`: what was there is newer, or there was nothing to delete.
    pub(super) written: bool,
}

impl Put {
    /// A row was added.
    const NEW: Self = Self {
        old: None,
        written: true,
    };
}

/// A row as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Old {
    /// Its revision.
    pub(super) rev: i64,
    /// Its generation.
    pub(super) generation: i64,
}

/// A row that is there.
#[derive(Debug, Clone, Copy)]
struct Found {
    /// Its number; 0 in a table whose rows nobody counts.
    row: i64,
    old: Old,
}

impl Found {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            row: row.get(0)?,
            old: Old {
                rev: row.get(1)?,
                generation: row.get(2)?,
            },
        })
    }
}

/// The row with a key, if there is one; `sql` gives row, revision and generation.
fn find(c: &Connection, sql: &str, key: impl Params) -> Result<Option<Found>, Error> {
    Ok(c.prepare_cached(sql)?.query_row(key, Found::read).optional()?)
}

/// Writes over what was found, or where nothing was, unless that is of a later generation, or of a higher revision of the
/// same.
fn unless_newer(
    found: Option<Found>,
    generation: i64,
    rev: i64,
    write: impl FnOnce() -> Result<(), Error>,
) -> Result<Put, Error> {
    let old = found.map(|found| found.old);
    let is_newer = old.is_some_and(|old| {
        let guard = (old.generation, old.rev) > (generation, rev);
        guard || (planted(Bug::RevisionGuard) && old.rev > rev)
    });
    if !is_newer {
        write()?;
    }
    Ok(Put {
        old,
        written: !is_newer,
    })
}
