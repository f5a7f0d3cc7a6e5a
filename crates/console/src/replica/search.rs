//! Finding people: from the index, and row by row for the few that it does not have yet.

use super::{
    columns::Uuid16,
    index, look_over,
    person::{Fit, Person, Wanted, any_own_edits},
    postings::Postings,
    tokens::{Part, Term, plan, term},
};
use crate::{Error, SyncFilter, TimeRange, UserFilter};
use roaring::RoaringBitmap;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use yaopai_domain::{UserId, UserStatus};

/// At most so many rows are looked at for whether a phone number or a user name is meant as a whole.
const FEW: u64 = 256;

/// Rows by how well they fit, best first; a row is in one of them.
pub(super) type Found = [RoaringBitmap; Fit::ALL.len()];

/// Who fits a search.
pub(super) fn search(c: &Connection, wanted: &Wanted) -> Result<Found, Error> {
    let mut found = Found::default();
    if !index::is_ready(c)? {
        return Ok(at_their_best(look_over::search(c, wanted)?));
    }
    let postings = Postings::of(c)?;
    let plan = plan(c, wanted)?;
    let mut perhaps_whole = RoaringBitmap::new();
    for (fit, tokens) in &plan.sure {
        let rows = postings.all(tokens)?;
        if plan.may_be_whole && *fit == Fit::Identifier {
            perhaps_whole |= &rows;
        }
        found[*fit as usize] |= rows;
    }
    for (fit, tokens) in &plan.spans {
        found[*fit as usize] |= postings.span(tokens.clone())?;
    }
    let mut unsure: HashMap<Part, RoaringBitmap> = HashMap::new();
    for (part, tokens) in &plan.unsure {
        *unsure.entry(*part).or_default() |= postings.all(tokens)?;
    }
    if perhaps_whole.len() <= FEW {
        *unsure.entry(Part::Profile).or_default() |= perhaps_whole;
    }
    let waiting = waiting(c)?;
    let edited = any_own_edits(c)?;
    for (part, rows) in unsure {
        for row in rows - &waiting {
            if let Some(fit) = Person::load_part(c, i64::from(row), part, edited)?.fit(wanted) {
                found[fit as usize].insert(row);
            }
        }
    }
    for rows in &mut found {
        *rows -= &waiting;
    }
    for row in waiting {
        look(c, i64::from(row), wanted, &mut found)?;
    }
    Ok(at_their_best(found))
}

/// Where several fit, the best counts.
fn at_their_best(mut found: Found) -> Found {
    let mut better = RoaringBitmap::new();
    for rows in &mut found {
        *rows -= &better;
        better |= &*rows;
    }
    found
}

/// Rows the index does not have as they are.
fn waiting(c: &Connection) -> Result<RoaringBitmap, Error> {
    let mut statement = c.prepare_cached("SELECT row FROM unindexed ORDER BY row")?;
    let rows = statement.query_map([], |row| row.get::<_, u32>(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn look(c: &Connection, row: i64, wanted: &Wanted, found: &mut Found) -> Result<(), Error> {
    if let Some(person) = load(c, row)?
        && let Some(fit) = person.fit(wanted)
    {
        found[fit as usize].insert(u32::try_from(row).unwrap_or(u32::MAX));
    }
    Ok(())
}

/// A person, if the row is still there.
fn load(c: &Connection, row: i64) -> Result<Option<Person>, Error> {
    let there = c
        .prepare_cached("SELECT 1 FROM people WHERE row = ?1")?
        .query_row([row], |_| Ok(()))
        .optional()?;
    there.map(|()| Person::load(c, row)).transpose()
}

/// Who passes a filter; `None` if everybody does.
pub(super) fn filter(c: &Connection, filter: &UserFilter) -> Result<Option<RoaringBitmap>, Error> {
    let mut passing: Option<RoaringBitmap> = None;
    let mut narrow = |rows: RoaringBitmap| {
        passing = Some(match passing.take() {
            None => rows,
            Some(passing) => passing & rows,
        });
    };
    if let Some(connection) = filter.connection {
        let connection = connection.to_string();
        narrow(marked(c, Term::Connection, &connection, true, &|person| {
            person.connections.contains(&connection)
        })?);
    }
    if let Some(wanted) = filter.union_id {
        narrow(marked(c, Term::United, "", wanted, &|person| {
            person.united == wanted
        })?);
    }
    if let Some(status) = filter.status {
        let wanted = status == UserStatus::Blocked;
        narrow(marked(c, Term::Blocked, "", wanted, &|person| {
            person.blocked == wanted
        })?);
    }
    for (range, column) in [(&filter.created, "created_at"), (&filter.last_seen, "last_seen")] {
        if *range != TimeRange::default() {
            narrow(within(c, range, column)?);
        }
    }
    if let Some(sync) = filter.sync {
        narrow(unsynced(c, sync)?);
    }
    Ok(passing)
}

/// Who has a mark, or who has not.
fn marked(
    c: &Connection,
    kind: Term,
    text: &str,
    wanted: bool,
    has: &dyn Fn(&Person) -> bool,
) -> Result<RoaringBitmap, Error> {
    if !index::is_ready(c)? {
        let with = look_over::marked(c, kind, text)?;
        return Ok(if wanted { with } else { everybody(c)? - with });
    }
    let postings = Postings::of(c)?;
    let of = |kind, text| match term(c, kind, text)? {
        Some(token) => postings.all(&[token]),
        None => Ok(RoaringBitmap::new()),
    };
    let with = of(kind, text)?;
    let mut rows = if wanted {
        with
    } else {
        of(Term::Everybody, "")? - with
    };
    let to_look_at = waiting(c)?;
    rows -= &to_look_at;
    for row in to_look_at {
        if load(c, i64::from(row))?.is_some_and(|person| has(&person)) {
            rows.insert(row);
        }
    }
    Ok(rows)
}

fn within(c: &Connection, range: &TimeRange, column: &str) -> Result<RoaringBitmap, Error> {
    let sql = format!("SELECT row FROM people WHERE {column} >= ?1 AND {column} < ?2");
    let ends = params![
        range.from.map_or(i64::MIN, |from| from.0),
        range.until.map_or(i64::MAX, |until| until.0)
    ];
    let mut statement = c.prepare_cached(&sql)?;
    let rows = statement.query_map(ends, |row| row.get::<_, u32>(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const CONFLICTS: &str = "SELECT DISTINCT user_id FROM conflicts";
const REJECTED: &str = "SELECT DISTINCT user_id FROM rejected";
const WAITING: &str = "SELECT DISTINCT user_id FROM outbox WHERE state <> 'decided'";

fn unsynced(c: &Connection, sync: SyncFilter) -> Result<RoaringBitmap, Error> {
    let conflicts = rows_of(c, CONFLICTS)?;
    Ok(match sync {
        SyncFilter::Unsynced => conflicts | rows_of(c, REJECTED)? | rows_of(c, WAITING)?,
        SyncFilter::Conflict => conflicts,
    })
}

/// These rows, or everybody's, by the worst sync mark of their fields: conflicts, rejected edits, edits on their way, the
/// rest.
pub(super) fn by_mark(c: &Connection, rows: Option<&RoaringBitmap>) -> Result<[RoaringBitmap; 4], Error> {
    let mut rest = match rows {
        Some(rows) => rows.clone(),
        None => everybody(c)?,
    };
    let mut take = |sql| -> Result<RoaringBitmap, Error> {
        let taken = rows_of(c, sql)? & &rest;
        rest -= &taken;
        Ok(taken)
    };
    let marked = [take(CONFLICTS)?, take(REJECTED)?, take(WAITING)?];
    let [conflicts, rejected, waiting] = marked;
    Ok([conflicts, rejected, waiting, rest])
}

fn everybody(c: &Connection) -> Result<RoaringBitmap, Error> {
    if !index::is_ready(c)? {
        return look_over::marked(c, Term::Everybody, "");
    }
    let mut rows = match term(c, Term::Everybody, "")? {
        Some(token) => Postings::of(c)?.all(&[token])?,
        None => RoaringBitmap::new(),
    };
    let mut there = c.prepare_cached("SELECT EXISTS (SELECT 1 FROM people WHERE row = ?1)")?;
    for row in waiting(c)? {
        if there.query_row([row], |there| there.get(0))? {
            rows.insert(row);
        } else {
            rows.remove(row);
        }
    }
    Ok(rows)
}

/// The rows of the users whom a query of ids names.
fn rows_of(c: &Connection, sql: &str) -> Result<RoaringBitmap, Error> {
    let mut statement = c.prepare_cached(sql)?;
    let users = statement
        .query_map([], |row| super::columns::parsed::<UserId>(row, "user_id"))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut rows = RoaringBitmap::new();
    for user_id in users {
        let row = super::rows::row_of(c, user_id)?;
        rows.extend(row.and_then(|row| u32::try_from(row).ok()));
    }
    Ok(rows)
}

/// The users who have this OpenID of this app, or this UnionID; nobody while the index is being made, because without it
/// everybody would have to be looked at.
pub(super) fn holders(c: &Connection, id: &str, app_id: &str) -> Result<Vec<UserId>, Error> {
    if !index::is_ready(c)? {
        return Ok(Vec::new());
    }
    let Some(wanted) = Wanted::parse(id) else {
        return Ok(Vec::new());
    };
    let [whole, ..] = search(c, &wanted)?;
    let mut statement = c.prepare_cached(
        "SELECT DISTINCT i.user_id FROM people p JOIN identities i ON i.user_id = p.id
         JOIN origins o ON o.row = i.origin
         WHERE p.row = ?1 AND (i.union_id = ?2 OR (i.open_id = ?2 AND o.app_id = ?3))",
    )?;
    let mut holders = Vec::new();
    for row in whole {
        holders.extend(
            statement
                .query_row(params![row, id, app_id], |row| {
                    Ok(row.get::<_, Uuid16>(0)?.id::<UserId>())
                })
                .optional()?,
        );
    }
    Ok(holders)
}
