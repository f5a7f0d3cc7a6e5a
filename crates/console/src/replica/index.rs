//! The search index follows the rows: what changed is put aside with the tokens the index still has of it, and written into
//! the index once enough has come together, because many rows share a token.

use super::{
    person::Person,
    postings::{Turn, key, turn},
    tokens::{Terms, Token, tokens_of},
};
use crate::Error;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::BTreeSet;

/// So many rows may wait: a search looks at each of them.
const WAITING: i64 = 512;
/// Rows that are written into the index at once: those that share a key of the postings.
pub(super) const CHUNK: i64 = 1 << 16;

/// Whether the index is there.
pub(super) fn is_ready(c: &Connection) -> Result<bool, Error> {
    Ok(c.prepare_cached("SELECT ready FROM search")?
        .query_row([], |row| row.get(0))?)
}

/// Whether the index has been written as far as this row: what is not written yet will be written as it is then.
fn covers(c: &Connection, row: i64) -> Result<bool, Error> {
    Ok(c.prepare_cached("SELECT ready OR ?1 < next_chunk FROM search")?
        .query_row([row.div_euclid(CHUNK)], |row| row.get(0))?)
}

/// A row is about to change, or the own edits on top of it: to be called before.
pub(super) fn changing(c: &Connection, row: i64) -> Result<(), Error> {
    if !covers(c, row)? || is_waiting(c, row)? {
        return counted(c, 0);
    }
    let tokens = current(c, row)?;
    wait(c, row, &tokens)
}

/// A row was added.
pub(super) fn added(c: &Connection, row: i64) -> Result<(), Error> {
    counted(c, 1)?;
    if !covers(c, row)? || is_waiting(c, row)? {
        return Ok(());
    }
    wait(c, row, &BTreeSet::new())
}

/// A row is about to be taken away.
pub(super) fn removing(c: &Connection, row: i64) -> Result<(), Error> {
    counted(c, -1)?;
    changing(c, row)
}

/// A row stands elsewhere in some list, and is found by the same.
pub(super) fn moved(c: &Connection) -> Result<(), Error> {
    counted(c, 0)
}

fn counted(c: &Connection, more: i64) -> Result<(), Error> {
    c.prepare_cached("UPDATE search SET people = people + ?1, changes = changes + 1")?
        .execute([more])?;
    Ok(())
}

fn is_waiting(c: &Connection, row: i64) -> Result<bool, Error> {
    Ok(
        c.prepare_cached("SELECT EXISTS (SELECT 1 FROM unindexed WHERE row = ?1)")?
            .query_row([row], |row| row.get(0))?,
    )
}

fn wait(c: &Connection, row: i64, tokens: &BTreeSet<Token>) -> Result<(), Error> {
    let stored: Vec<u8> = tokens.iter().flat_map(|token| token.0.to_le_bytes()).collect();
    c.prepare_cached("INSERT INTO unindexed (row, tokens) VALUES (?1, ?2)")?
        .execute(params![row, stored])?;
    c.prepare_cached("UPDATE search SET unindexed = unindexed + 1, changes = changes + 1")?
        .execute([])?;
    Ok(())
}

/// The tokens of a row as it is, own edits included; none if it is not there.
fn current(c: &Connection, row: i64) -> Result<BTreeSet<Token>, Error> {
    let there = c
        .prepare_cached("SELECT 1 FROM people WHERE row = ?1")?
        .query_row([row], |_| Ok(()))
        .optional()?
        .is_some();
    let mut tokens = BTreeSet::new();
    if there {
        let person = Person::load(c, row)?;
        tokens_of(&person, &mut Terms::of(c), &mut |token| {
            tokens.insert(token);
        })?;
    }
    Ok(tokens)
}

/// Writes what waits into the index, if enough does.
pub(super) fn tidy(c: &Connection) -> Result<(), Error> {
    let waiting: i64 = c
        .prepare_cached("SELECT unindexed FROM search")?
        .query_row([], |row| row.get(0))?;
    if waiting < WAITING { Ok(()) } else { write(c) }
}

/// Writes what waits into the index.
pub(super) fn write(c: &Connection) -> Result<(), Error> {
    let waiting = c
        .prepare_cached("SELECT row, tokens FROM unindexed")?
        .query_map([], |row| {
            let stored: Vec<u8> = row.get(1)?;
            let tokens = stored.chunks_exact(8).map(|bytes| {
                let mut number = [0; 8];
                number.copy_from_slice(bytes);
                Token(u64::from_le_bytes(number))
            });
            Ok((row.get(0)?, tokens.collect()))
        })?
        .collect::<Result<Vec<(i64, BTreeSet<Token>)>, _>>()?;
    let mut turns = Vec::new();
    for (row, old) in waiting {
        let new = current(c, row)?;
        let place = u32::try_from(row).unwrap_or(u32::MAX);
        for token in old.symmetric_difference(&new) {
            turns.push(Turn {
                key: key(place >> 16, *token),
                low: place as u16,
                has: new.contains(token),
            });
        }
    }
    turn(c, turns)?;
    c.execute("DELETE FROM unindexed", [])?;
    c.execute("UPDATE search SET unindexed = 0", [])?;
    Ok(())
}
