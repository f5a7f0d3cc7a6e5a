//! The lists' orders and the search index, made from the rows once they are there: several times faster than keeping them
//! while a first load writes.

use super::{
    columns::{Uuid16, text_at},
    index::{self, CHUNK},
    person::Person,
    postings::{encode, key},
    rows::{self, Bindings},
    tokens::{Terms, Token, tokens_of},
};
use crate::Error;
use rusqlite::{Connection, fallible_streaming_iterator::FallibleStreamingIterator, params};
use yaopai_domain::UserId;

/// What bindings are found by; first, because the next steps need it.
const BINDINGS: (&str, &str) = ("identities_of_user", "identities (user_id)");

/// What lists are read off. Each ends in the row, as every index does.
const INDEXES: [(&str, &str); 8] = [
    ("people_by_created", "people (created_at)"),
    ("people_by_last_seen", "people (last_seen)"),
    ("people_by_name", "people (name_order)"),
    ("people_by_phone", "people (phone)"),
    ("people_by_wechat_id", "people (wechat_id)"),
    ("people_by_status", "people (status)"),
    ("people_by_updated", "people (updated_at)"),
    ("people_by_bindings", "people (binding_count)"),
];

/// Drops what would slow a first load down.
pub(super) fn bare(c: &Connection) -> Result<(), Error> {
    for (name, _) in INDEXES.into_iter().chain([BINDINGS]) {
        c.execute(&format!("DROP INDEX IF EXISTS {name}"), [])?;
    }
    c.execute_batch(
        "DELETE FROM postings; DELETE FROM terms; DELETE FROM unindexed;
         UPDATE search SET ready = 0, derived = 0, next_chunk = 0, unindexed = 0, changes = changes + 1;",
    )?;
    Ok(())
}

/// How far a build is, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Built {
    /// Rows done.
    pub(super) done: u64,
    /// Rows in all.
    pub(super) total: u64,
}

impl Built {
    /// Whether nothing is left.
    pub(super) const fn is_whole(self) -> bool {
        self.done >= self.total
    }
}

/// Takes the next step towards the lists' orders. Call it, a transaction each, until it [is whole](Built::is_whole); after an
/// interruption it goes on where it was.
pub(super) fn build_indexes(c: &Connection) -> Result<Built, Error> {
    let last = last_row(c)?;
    let chunks = last.div_euclid(CHUNK) + 1;
    let steps = chunks + 1 + INDEXES.len() as i64;
    let built = |step: i64| Built {
        done: (last * step / steps).cast_unsigned(),
        total: last.cast_unsigned(),
    };
    if make(c, BINDINGS)? {
        return Ok(built(1));
    }
    let derived: i64 = c.query_row("SELECT derived FROM search", [], |row| row.get(0))?;
    if derived < chunks {
        derive_bindings(c, derived * CHUNK)?;
        c.execute("UPDATE search SET derived = ?1", [derived + 1])?;
        return Ok(built(2 + derived));
    }
    for (step, one) in (chunks + 2..).zip(INDEXES) {
        if make(c, one)? {
            return Ok(built(step.min(steps - 1)));
        }
    }
    Ok(built(steps))
}

fn last_row(c: &Connection) -> Result<i64, Error> {
    let last: Option<i64> = c.query_row("SELECT max(row) FROM people", [], |row| row.get(0))?;
    Ok(last.unwrap_or(0))
}

/// Makes an index; `false` if it is there.
fn make(c: &Connection, (name, columns): (&str, &str)) -> Result<bool, Error> {
    let there: bool = c.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1)",
        [name],
        |row| row.get(0),
    )?;
    if !there {
        c.execute(&format!("CREATE INDEX {name} ON {columns}"), [])?;
    }
    Ok(!there)
}

/// Puts what lists show of bindings beside the users of a chunk, where it does not stand there yet: most users came
/// together with their bindings.
fn derive_bindings(c: &Connection, first: i64) -> Result<(), Error> {
    let mut statement = c.prepare(
        "SELECT p.row, o.kind, i.open_id, i.union_id, i.last_seen, p.bindings, p.wechat_id, p.last_seen
         FROM people p LEFT JOIN identities i ON i.user_id = p.id LEFT JOIN origins o ON o.row = i.origin
         WHERE p.row BETWEEN ?1 AND ?2 ORDER BY p.row, i.first_seen, i.id",
    )?;
    let mut found = statement.query([first, first + CHUNK - 1])?;
    let mut missing: Vec<(i64, Bindings)> = Vec::new();
    let mut current = Bindings::default();
    let mut next = found.next()?;
    while let Some(binding) = next {
        let person: i64 = binding.get(0)?;
        if let Some(last_seen) = binding.get(4)? {
            current.add(
                binding.get(1)?,
                text_at(binding, 2)?,
                text_at(binding, 3)?,
                last_seen,
            );
        }
        let stands = current.stand_in(binding, 5)?;
        next = found.next()?;
        let is_last = match next {
            Some(next) => next.get::<_, i64>(0)? != person,
            None => true,
        };
        if is_last {
            let bindings = std::mem::take(&mut current);
            if !stands {
                missing.push((person, bindings));
            }
        }
    }
    for (person, bindings) in missing {
        bindings.write(c, person)?;
    }
    Ok(())
}

/// Makes the search index of the next 65,536 rows. Call it, a transaction each, until it [is whole](Built::is_whole); after an
/// interruption it goes on where it was. Needs the indexes; what changes meanwhile has to be put [as into a replica in
/// use](super::rows::Into::Ready).
pub(super) fn build_search(c: &Connection) -> Result<Built, Error> {
    let last = last_row(c)?;
    let total = last.cast_unsigned();
    let chunk: i64 = c.query_row("SELECT next_chunk FROM search", [], |row| row.get(0))?;
    if !index::is_ready(c)? && chunk * CHUNK <= last {
        write_chunk(c, chunk)?;
        c.execute("UPDATE search SET next_chunk = ?1", [chunk + 1])?;
    }
    let next = (chunk + 1) * CHUNK;
    if next <= last {
        return Ok(Built {
            done: next.cast_unsigned(),
            total,
        });
    }
    if !index::is_ready(c)? {
        c.execute(
            "UPDATE search SET ready = 1, people = (SELECT count(*) FROM people), changes = changes + 1",
            [],
        )?;
        refresh_edited(c)?;
    }
    Ok(Built { done: total, total })
}

/// Edits made while the rows were loaded show in lists, too. The search index has them already.
fn refresh_edited(c: &Connection) -> Result<(), Error> {
    let edited = c
        .prepare("SELECT DISTINCT user_id FROM overlay")?
        .query_map([], |row| super::columns::parsed(row, "user_id"))?
        .collect::<Result<Vec<UserId>, _>>()?;
    for user_id in edited {
        rows::refresh(c, user_id)?;
    }
    Ok(())
}

fn write_chunk(c: &Connection, chunk: i64) -> Result<(), Error> {
    let mut packed = pack_chunk(c, chunk)?;
    packed.sort_unstable();
    packed.dedup();
    let chunk = u32::try_from(chunk).unwrap_or(u32::MAX);
    let mut insert = c.prepare("INSERT INTO postings (key, rows) VALUES (?1, ?2)")?;
    let mut lows: Vec<u16> = Vec::new();
    let mut stored = Vec::new();
    for of_one in packed.chunk_by(|a, b| a >> 16 == b >> 16) {
        let token = Token(of_one.first().map_or(0, |first| first >> 16));
        lows.clear();
        lows.extend(of_one.iter().map(|packed| *packed as u16));
        encode(&lows, &mut stored);
        insert.execute(params![key(chunk, token), stored])?;
    }
    Ok(())
}

/// So many tokens, repeated ones included, has a person with a few metadata keys.
const USUAL_TOKENS: usize = 96;

/// Every token of a chunk with the row that has it: token << 16 | row within the chunk.
fn pack_chunk(c: &Connection, chunk: i64) -> Result<Vec<u64>, Error> {
    let span = [chunk * CHUNK, (chunk + 1) * CHUNK - 1];
    let mut people = c.prepare(
        "SELECT p.row, p.id, p.status, s.profile, s.metadata
         FROM people p CROSS JOIN user_state s ON s.row = p.row WHERE p.row BETWEEN ?1 AND ?2 ORDER BY p.row",
    )?;
    let mut bindings = c.prepare(
        "SELECT p.row, i.open_id, i.union_id, o.connection_id
         FROM people p CROSS JOIN identities i ON i.user_id = p.id CROSS JOIN origins o ON o.row = i.origin
         WHERE p.row BETWEEN ?1 AND ?2 ORDER BY p.row",
    )?;
    let mut people = people.query(span)?;
    let mut bindings = bindings.query(span)?;
    let mut terms = Terms::of(c);
    let rows = (last_row(c)? - span[0] + 1).clamp(0, CHUNK) as usize;
    // Growing by itself, it would be twice as large as it need be.
    let mut packed: Vec<u64> = Vec::with_capacity(rows * USUAL_TOKENS);
    bindings.advance()?;
    while let Some(row) = people.next()? {
        let number: i64 = row.get(0)?;
        let id: Uuid16 = row.get(1)?;
        let mut person = Person {
            blocked: row.get(2)?,
            ..Person::default()
        };
        person.know(text_at(row, 3)?.unwrap_or("{}"), text_at(row, 4)?.unwrap_or("{}"))?;
        person.know_own_edits(c, id)?;
        person.know_id(id);
        while let Some(binding) = bindings.get() {
            if binding.get::<_, i64>(0)? != number {
                break;
            }
            person.know_binding(text_at(binding, 1)?, text_at(binding, 2)?, binding.get(3)?);
            bindings.advance()?;
        }
        if packed.capacity() - packed.len() < USUAL_TOKENS {
            packed.reserve_exact(rows * USUAL_TOKENS / 4);
        }
        let low = number.cast_unsigned() & 0xffff;
        tokens_of(&person, &mut terms, &mut |token| packed.push(token.0 << 16 | low))?;
    }
    Ok(packed)
}
