//! The search index follows the rows.

use crate::Error;
use rusqlite::Connection;

/// A row is about to change.
pub(super) fn changing(c: &Connection, row: i64) -> Result<(), Error> {
    stale(c, row)
}

/// A row was added.
pub(super) fn added(c: &Connection, row: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE search SET people = people + 1")?
        .execute([])?;
    stale(c, row)
}

/// A row is about to be taken away.
pub(super) fn removing(c: &Connection, row: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE search SET people = people - 1")?
        .execute([])?;
    stale(c, row)
}

/// What a row is found by has changed, or is about to.
pub(super) fn stale(_: &Connection, _: i64) -> Result<(), Error> {
    Ok(())
}

/// Brings the index up to date once enough rows have changed.
pub(super) fn tidy(_: &Connection) -> Result<(), Error> {
    Ok(())
}
