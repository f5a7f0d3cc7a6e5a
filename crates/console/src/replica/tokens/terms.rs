//! Texts that many people share, known by number.

use super::{Space, Token, token};
use crate::{Error, replica::columns::text_at};
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;

/// What kind of text a term is; the numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::replica) enum Term {
    /// A metadata key.
    Key = 0,
    /// What follows the `@` of an e-mail address.
    Domain = 1,
    /// A connection that a person is bound by.
    Connection = 2,
    /// May not log in.
    Blocked = 3,
    /// The UnionID is known.
    United = 4,
    /// Everybody has it, so that there is something to take from.
    Everybody = 5,
}

/// The texts that are known by number.
pub(in crate::replica) struct Terms<'a> {
    c: &'a Connection,
    known: HashMap<(Term, String), u64>,
}

/// As many texts are kept at hand; the rest is looked up.
const AT_HAND: usize = 10_000;

impl<'a> Terms<'a> {
    pub(in crate::replica) fn of(c: &'a Connection) -> Self {
        Self {
            c,
            known: HashMap::new(),
        }
    }

    /// The token of a text, which gets a number if it has none.
    pub(super) fn of_text(&mut self, term: Term, text: &str) -> Result<Token, Error> {
        let asked = (term, text.to_owned());
        if let Some(number) = self.known.get(&asked) {
            return Ok(token(Space::Term, *number));
        }
        let number = if let Some(number) = find(self.c, term, text)? {
            number
        } else {
            self.c
                .prepare_cached("INSERT INTO terms (kind, text) VALUES (?1, ?2)")?
                .execute(params![term as u8, text])?;
            self.c.last_insert_rowid().cast_unsigned()
        };
        if self.known.len() < AT_HAND {
            self.known.insert(asked, number);
        }
        Ok(token(Space::Term, number))
    }
}

fn find(c: &Connection, term: Term, text: &str) -> Result<Option<u64>, Error> {
    Ok(
        c.prepare_cached("SELECT number FROM terms WHERE kind = ?1 AND text = ?2")?
            .query_row(params![term as u8, text], |row| row.get::<_, i64>(0))
            .optional()?
            .map(i64::cast_unsigned),
    )
}

/// The token of a numbered text; `None` if nobody has it.
pub(in crate::replica) fn term(c: &Connection, term: Term, text: &str) -> Result<Option<Token>, Error> {
    Ok(find(c, term, text)?.map(|number| token(Space::Term, number)))
}

/// The tokens of all texts of a kind that fit.
pub(super) fn terms_like(
    c: &Connection,
    term: Term,
    fits: impl Fn(&str) -> bool,
) -> Result<Vec<Token>, Error> {
    let mut statement = c.prepare_cached("SELECT number, text FROM terms WHERE kind = ?1")?;
    let mut rows = statement.query([term as u8])?;
    let mut tokens = Vec::new();
    while let Some(row) = rows.next()? {
        if text_at(row, 1)?.is_some_and(&fits) {
            tokens.push(token(Space::Term, row.get::<_, i64>(0)?.cast_unsigned()));
        }
    }
    Ok(tokens)
}
