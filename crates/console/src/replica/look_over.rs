//! Finding people before there is a search index: everybody is looked at, in one walk of each table, because nothing tells
//! yet which bindings are whose.

use super::{
    columns::{Uuid16, text_at},
    fold::fold,
    person::{Fit, IDENTIFIER_CHARS, Person, Wanted, any_own_edits},
    rows::row_of,
    search::Found,
    tokens::Term,
};
use crate::Error;
use roaring::RoaringBitmap;
use rusqlite::Connection;

/// Who fits a search; somebody may be found for several reasons.
pub(super) fn search(c: &Connection, wanted: &Wanted) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut note = |row: u32, fit: Option<Fit>| {
        if let Some(fit) = fit {
            found[fit as usize].insert(row);
        }
    };
    let edited = any_own_edits(c)?;
    let mut statement = c.prepare_cached(
        "SELECT p.row, p.id, s.profile, s.metadata FROM people p CROSS JOIN user_state s ON s.row = p.row",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: Uuid16 = row.get(1)?;
        let mut person = Person::default();
        person.know(text_at(row, 2)?.unwrap_or("{}"), text_at(row, 3)?.unwrap_or("{}"))?;
        person.know_id(id);
        if edited {
            person.know_own_edits(c, id)?;
        }
        note(row.get(0)?, person.fit(wanted));
    }
    if wanted.chars < IDENTIFIER_CHARS {
        return Ok(found);
    }
    let mut statement = c.prepare_cached("SELECT user_id, open_id, union_id FROM identities")?;
    let mut bindings = statement.query([])?;
    while let Some(binding) = bindings.next()? {
        let ids = [text_at(binding, 1)?, text_at(binding, 2)?];
        if !ids.iter().flatten().any(|id| fold(id).contains(&wanted.text)) {
            continue;
        }
        let mut person = Person::default();
        person.know_binding(ids[0], ids[1], None);
        // A binding may arrive before its user.
        if let Some(row) = row_of(c, binding.get::<_, Uuid16>(0)?.id())? {
            note(u32::try_from(row).unwrap_or(u32::MAX), person.fit(wanted));
        }
    }
    Ok(found)
}

/// Who has a mark.
pub(super) fn marked(c: &Connection, kind: Term, text: &str) -> Result<RoaringBitmap, Error> {
    let sql = match kind {
        Term::Blocked => "SELECT row FROM people WHERE status = 1 AND ?1 = ''",
        Term::United => {
            "SELECT p.row FROM identities i CROSS JOIN people p ON p.id = i.user_id
             WHERE i.union_id IS NOT NULL AND ?1 = ''"
        }
        Term::Connection => {
            "SELECT p.row FROM origins o CROSS JOIN identities i ON i.origin = o.row
             CROSS JOIN people p ON p.id = i.user_id WHERE o.connection_id = unhex(replace(?1, '-', ''))"
        }
        Term::Everybody | Term::Key | Term::Domain => "SELECT row FROM people WHERE ?1 = ''",
    };
    let mut statement = c.prepare_cached(sql)?;
    let rows = statement.query_map([text], |row| row.get::<_, u32>(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
