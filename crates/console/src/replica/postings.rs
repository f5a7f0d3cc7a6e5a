//! Postings: in which rows a token is found, as bitmaps kept in chunks of 65,536 rows.
//!
//! A chunk's rows of one token are sorted two-byte numbers while there are few, a bitmap of 8 KiB when there are many, so
//! that a list of rows costs at most two bytes each and is counted, cut and joined at memory speed.

use super::tokens::Token;
use crate::Error;
use roaring::RoaringBitmap;
use rusqlite::{Connection, OptionalExtension, params};
use std::ops::RangeInclusive;

/// Bytes of a bitmap of one chunk; shorter values are numbers.
const BITS: usize = 8192;
/// As many numbers are smaller than a bitmap.
const MOST_NUMBERS: usize = BITS / 2 - 1;

/// Where a token's rows of a chunk are stored.
pub(super) const fn key(chunk: u32, token: Token) -> i64 {
    (chunk as i64) << 48 | token.0 as i64
}

/// Reads postings as one reader sees them.
pub(super) struct Postings<'a> {
    c: &'a Connection,
    chunks: u32,
}

impl<'a> Postings<'a> {
    pub(super) fn of(c: &'a Connection) -> Result<Self, Error> {
        let last: Option<i64> = c
            .prepare_cached("SELECT max(key) FROM postings")?
            .query_row([], |row| row.get(0))?;
        Ok(Self {
            c,
            chunks: last.map_or(0, |key| (key >> 48) as u32 + 1),
        })
    }

    /// The rows of a token; of chunks in which `among` has no rows, nothing is read.
    fn rows(&self, token: Token, among: Option<&RoaringBitmap>) -> Result<RoaringBitmap, Error> {
        let mut rows = RoaringBitmap::new();
        let mut statement = self
            .c
            .prepare_cached("SELECT rows FROM postings WHERE key = ?1")?;
        for chunk in 0..self.chunks {
            let first = chunk << 16;
            if among.is_some_and(|among| among.range_cardinality(first..=first | 0xffff) == 0) {
                continue;
            }
            statement
                .query_row([key(chunk, token)], |row| {
                    add(&mut rows, chunk, row.get_ref(0)?.as_blob()?);
                    Ok(())
                })
                .optional()?;
        }
        Ok(rows)
    }

    /// The rows that have all of these tokens.
    pub(super) fn all(&self, tokens: &[Token]) -> Result<RoaringBitmap, Error> {
        let mut all: Option<RoaringBitmap> = None;
        for token in tokens {
            let mut rows = self.rows(*token, all.as_ref())?;
            if let Some(all) = &all {
                rows &= all;
            }
            if rows.is_empty() {
                return Ok(rows);
            }
            all = Some(rows);
        }
        Ok(all.unwrap_or_default())
    }

    /// The rows that have one of a span of tokens.
    pub(super) fn span(&self, tokens: RangeInclusive<Token>) -> Result<RoaringBitmap, Error> {
        let mut rows = RoaringBitmap::new();
        let mut statement = self
            .c
            .prepare_cached("SELECT rows FROM postings WHERE key BETWEEN ?1 AND ?2")?;
        for chunk in 0..self.chunks {
            let mut found =
                statement.query(params![key(chunk, *tokens.start()), key(chunk, *tokens.end())])?;
            while let Some(row) = found.next()? {
                let mut more = RoaringBitmap::new();
                add(
                    &mut more,
                    chunk,
                    row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?,
                );
                rows |= more;
            }
        }
        Ok(rows)
    }
}

/// Adds the rows of a chunk that comes after all that are there.
fn add(rows: &mut RoaringBitmap, chunk: u32, stored: &[u8]) {
    let first = chunk << 16;
    if stored.len() == BITS {
        *rows |= RoaringBitmap::from_lsb0_bytes(first, stored);
    } else {
        // Never refused: they are sorted, and above all that are there.
        drop(rows.append(numbers(stored).map(|low| first | u32::from(low))));
    }
}

fn numbers(stored: &[u8]) -> impl Iterator<Item = u16> {
    stored
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
}

/// Rows of one chunk, in order, as they are stored; `into` is cleared first.
pub(super) fn encode(lows: &[u16], into: &mut Vec<u8>) {
    into.clear();
    if lows.len() > MOST_NUMBERS {
        into.resize(BITS, 0);
        for low in lows {
            into[usize::from(low >> 3)] |= 1 << (low & 7);
        }
    } else {
        into.extend(lows.iter().flat_map(|low| low.to_le_bytes()));
    }
}

fn decode(stored: &[u8]) -> Vec<u16> {
    if stored.len() == BITS {
        (0..=u16::MAX)
            .filter(|low| stored[usize::from(low >> 3)] & 1 << (low & 7) != 0)
            .collect()
    } else {
        numbers(stored).collect()
    }
}

/// A row that gets or loses a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    /// Where the token's rows are stored.
    pub(super) key: i64,
    /// The row within its chunk.
    pub(super) low: u16,
    /// Whether the row has the token from now on.
    pub(super) has: bool,
}

/// Writes turns into what is stored.
pub(super) fn turn(c: &Connection, mut turns: Vec<Turn>) -> Result<(), Error> {
    turns.sort_unstable();
    let mut read = c.prepare_cached("SELECT rows FROM postings WHERE key = ?1")?;
    let mut write = c.prepare_cached("INSERT OR REPLACE INTO postings (key, rows) VALUES (?1, ?2)")?;
    let mut delete = c.prepare_cached("DELETE FROM postings WHERE key = ?1")?;
    let mut stored = Vec::new();
    for turns in turns.chunk_by(|a, b| a.key == b.key) {
        let Some(Turn { key, .. }) = turns.first().copied() else {
            continue;
        };
        let mut lows = read
            .query_row([key], |row| Ok(decode(row.get_ref(0)?.as_blob()?)))
            .optional()?
            .unwrap_or_default();
        for turn in turns {
            match (lows.binary_search(&turn.low), turn.has) {
                (Err(at), true) => lows.insert(at, turn.low),
                (Ok(at), false) => {
                    lows.remove(at);
                }
                (Ok(_), true) | (Err(_), false) => {}
            }
        }
        if lows.is_empty() {
            delete.execute([key])?;
        } else {
            encode(&lows, &mut stored);
            write.execute(params![key, stored])?;
        }
    }
    Ok(())
}
