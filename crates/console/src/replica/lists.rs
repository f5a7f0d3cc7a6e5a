//! Lists of users: who, in which order, page by page. A page begins where the last one ended, so what is inserted or deleted
//! meanwhile neither repeats nor hides a row, and the last page costs what the first does.

use super::{
    index,
    person::Wanted,
    row::Uuid16,
    rows::{kind_of, status_of},
    search::{Found, filter, search},
};
use crate::{BindingChip, Error, SortBy, SyncMark, UserPage, UserQuery, UserRow};
use roaring::RoaringBitmap;
use rusqlite::{Connection, OptionalExtension, ToSql, types::Value};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, ops::ControlFlow};
use yaopai_domain::{Timestamp, UserId};

const PAGE_MAX: u32 = 500;
/// Reading what a few rows are sorted by is cheaper than looking for them along the order.
const FEW: u64 = 1500;
/// Along the order, at most so many rows are passed over before all that fit are read instead.
const STEPS: u32 = 40_000;

/// A page of users.
pub(crate) fn users(c: &Connection, query: &UserQuery) -> Result<UserPage, Error> {
    let after = match &query.after {
        None => None,
        Some(after) => Some(serde_json::from_str::<Place>(after).map_err(|_| Error::NotFound)?),
    };
    List::of(c, query)?.page(c, After::Place(after), query.limit)
}

/// The page that begins with the row at a position, counted from 0.
pub(crate) fn users_at(c: &Connection, query: &UserQuery, position: u32) -> Result<UserPage, Error> {
    List::of(c, query)?.page(c, After::Rows(position), query.limit)
}

enum After {
    Place(Option<Place>),
    Rows(u32),
}

/// Where a row stands in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    key: Key,
    row: u32,
}

/// What a list is sorted by; absence comes last in both directions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
    Absent,
}

impl Key {
    fn of(value: Value) -> Self {
        match value {
            Value::Integer(number) => Self::Number(number),
            Value::Text(text) => Self::Text(text),
            _ => Self::Absent,
        }
    }

    fn to_sql(&self) -> &dyn ToSql {
        match self {
            Self::Number(number) => number,
            Self::Text(text) => text,
            Self::Absent => &rusqlite::types::Null,
        }
    }
}

struct List {
    by: SortBy,
    descending: bool,
    /// Who is in it, by fit if there is a search; `None` is everybody.
    found: Option<Found>,
    /// Who is in it; `None` is everybody.
    rows: Option<RoaringBitmap>,
}

impl List {
    fn of(c: &Connection, query: &UserQuery) -> Result<Self, Error> {
        let wanted = Wanted::parse(&query.search);
        let by = query.sort.by.unwrap_or(SortBy::Relevance);
        let (by, descending) = match (by, &wanted) {
            (SortBy::Relevance, Some(_)) => (SortBy::Relevance, false),
            (SortBy::Relevance, None) => (SortBy::Created, true),
            (by, _) => (by, query.sort.descending),
        };
        let mut found = wanted.map(|wanted| search(c, &wanted)).transpose()?;
        let mut rows = filter(c, &query.filter)?;
        if let Some(found) = &mut found {
            if let Some(rows) = &rows {
                for fit in &mut *found {
                    *fit &= rows;
                }
            }
            rows = Some(found.iter().fold(RoaringBitmap::new(), |all, fit| all | fit));
        }
        Ok(Self {
            by,
            descending,
            found,
            rows,
        })
    }

    fn page(&self, c: &Connection, after: After, limit: u32) -> Result<UserPage, Error> {
        let total = match &self.rows {
            Some(rows) => rows.len(),
            None => everybody(c)?,
        };
        let limit = limit.clamp(1, PAGE_MAX) as usize;
        // One more than wanted tells whether there is a next page.
        let mut places = match (self.by, &self.found, &self.rows) {
            (SortBy::Relevance, Some(found), _) => by_relevance(found, &after, limit + 1),
            (_, _, None) => self.of_everybody(c, after, limit + 1)?,
            (_, _, Some(rows)) => self.of_some(c, rows, after, limit + 1)?,
        };
        let more = places.len() > limit;
        places.truncate(limit);
        let next = places
            .last()
            .filter(|_| more)
            .and_then(|place| serde_json::to_string(place).ok());
        let mut rows = Vec::with_capacity(places.len());
        for place in places {
            rows.extend(user_row(c, place.row)?);
        }
        Ok(UserPage {
            rows,
            next,
            total: u32::try_from(total).unwrap_or(u32::MAX),
        })
    }

    /// A page of a list of everybody: read off the order's index.
    fn of_everybody(&self, c: &Connection, after: After, wanted: usize) -> Result<Vec<Place>, Error> {
        let after = match after {
            After::Place(after) => after,
            After::Rows(0) => None,
            After::Rows(before) => match self.place_at(c, before - 1)? {
                None => return Ok(Vec::new()),
                place => place,
            },
        };
        let mut places = Vec::with_capacity(wanted);
        self.walk(c, after.as_ref(), wanted, &mut |place| {
            places.push(place);
            if places.len() == wanted {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(places)
    }

    /// A page of a list of those who fit.
    fn of_some(
        &self,
        c: &Connection,
        rows: &RoaringBitmap,
        after: After,
        wanted: usize,
    ) -> Result<Vec<Place>, Error> {
        if let After::Place(after) = &after
            && rows.len() > FEW
            && index::is_ready(c)?
        {
            let mut places = Vec::with_capacity(wanted);
            let mut steps = STEPS;
            self.walk(c, after.as_ref(), STEPS as usize, &mut |place| {
                if rows.contains(place.row) {
                    places.push(place);
                }
                steps -= 1;
                if places.len() == wanted || steps == 0 {
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            })?;
            // Steps left: either the page is full or the order has ended.
            if places.len() == wanted || steps > 0 {
                return Ok(places);
            }
        }
        let mut places = self.keys_of(c, rows)?;
        let compare = |a: &Place, b: &Place| self.compare(a, b);
        let first = match after {
            After::Place(None) => 0,
            After::Place(Some(after)) => {
                places.retain(|place| compare(place, &after) == Ordering::Greater);
                0
            }
            After::Rows(before) => before as usize,
        };
        let end = first.saturating_add(wanted);
        if end < places.len() {
            places.select_nth_unstable_by(end, compare);
            places.truncate(end);
        }
        places.sort_unstable_by(compare);
        Ok(places.split_off(first.min(places.len())))
    }

    /// What rows are sorted by.
    fn keys_of(&self, c: &Connection, rows: &RoaringBitmap) -> Result<Vec<Place>, Error> {
        let sql = format!("SELECT {} FROM people WHERE row = ?1", self.column());
        let mut statement = c.prepare_cached(&sql)?;
        let mut places = Vec::with_capacity(rows.len() as usize);
        for row in rows {
            let key = statement.query_row([row], |row| row.get(0)).optional()?;
            places.extend(key.map(|key| Place {
                key: Key::of(key),
                row,
            }));
        }
        Ok(places)
    }

    const fn column(&self) -> &'static str {
        match self.by {
            SortBy::Relevance | SortBy::Created => "created_at",
            SortBy::LastSeen => "last_seen",
            SortBy::Name => "name_order",
            SortBy::Phone => "phone",
            SortBy::WechatId => "wechat_id",
            SortBy::Status => "status",
            SortBy::Updated => "updated_at",
        }
    }

    const fn may_be_absent(&self) -> bool {
        matches!(
            self.by,
            SortBy::LastSeen | SortBy::Name | SortBy::Phone | SortBy::WechatId
        )
    }

    /// Gives the rows after a place in their order, those who have what is sorted by and then those who do not.
    fn walk(
        &self,
        c: &Connection,
        after: Option<&Place>,
        limit: usize,
        each: &mut dyn FnMut(Place) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let legs: &[Leg] = match (after.map(|after| &after.key), self.may_be_absent()) {
            (None, true) => &[Leg::Present, Leg::Absent],
            (None, false) => &[Leg::Present],
            (Some(Key::Absent), _) => &[Leg::AbsentAfter],
            (Some(_), true) => &[Leg::Alike, Leg::Beyond, Leg::Absent],
            (Some(_), false) => &[Leg::Alike, Leg::Beyond],
        };
        let mut left = i64::try_from(limit).unwrap_or(i64::MAX);
        for leg in legs {
            let mut statement = c.prepare_cached(&leg.sql(self.column(), self.descending))?;
            let mut parameters: Vec<&dyn ToSql> = vec![&left];
            if let Some(after) = after {
                parameters.extend(leg.takes_key().then(|| after.key.to_sql()));
                parameters.extend(leg.takes_row().then_some(&after.row as &dyn ToSql));
            }
            let mut rows = statement.query(&*parameters)?;
            let mut given = 0;
            while let Some(row) = rows.next()? {
                given += 1;
                let place = Place {
                    key: Key::of(row.get(1)?),
                    row: row.get(0)?,
                };
                if each(place).is_break() {
                    return Ok(());
                }
            }
            drop(rows);
            left -= given;
        }
        Ok(())
    }

    /// The place of the row at a position of a list of everybody.
    fn place_at(&self, c: &Connection, position: u32) -> Result<Option<Place>, Error> {
        let column = self.column();
        let all = u32::try_from(everybody(c)?).unwrap_or(u32::MAX);
        let present: u32 = if self.may_be_absent() {
            c.prepare_cached(&format!("SELECT count(*) FROM people WHERE {column} IS NOT NULL"))?
                .query_row([], |row| row.get(0))?
        } else {
            all
        };
        let (leg, position, of) = if position < present {
            (Leg::Present, position, present)
        } else {
            (Leg::Absent, position - present, all.saturating_sub(present))
        };
        if position >= of {
            return Ok(None);
        }
        // From the nearer end.
        let (descending, offset) = if position > of / 2 {
            (!self.descending, of - 1 - position)
        } else {
            (self.descending, position)
        };
        let sql = format!("{} OFFSET ?2", leg.sql(column, descending));
        let mut statement = c.prepare_cached(&sql)?;
        let mut rows = statement.query([1, offset])?;
        Ok(match rows.next()? {
            None => None,
            Some(row) => Some(Place {
                key: Key::of(row.get(1)?),
                row: row.get(0)?,
            }),
        })
    }

    fn compare(&self, a: &Place, b: &Place) -> Ordering {
        let keys = match (&a.key, &b.key) {
            (Key::Absent, Key::Absent) => Ordering::Equal,
            // Last in both directions.
            (Key::Absent, _) => return Ordering::Greater,
            (_, Key::Absent) => return Ordering::Less,
            (Key::Number(a), Key::Number(b)) => a.cmp(b),
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            (Key::Number(_), Key::Text(_)) => Ordering::Less,
            (Key::Text(_), Key::Number(_)) => Ordering::Greater,
        };
        let both = keys.then(a.row.cmp(&b.row));
        if self.descending { both.reverse() } else { both }
    }
}

/// A stretch of an order that is read off its index in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leg {
    /// Rows that have what is sorted by.
    Present,
    /// Rows with the same key after a row. An index ends in the row, but SQLite does not see that in `(key, row) > (…)`.
    Alike,
    /// Rows after a key.
    Beyond,
    /// Rows that do not have what is sorted by.
    Absent,
    /// Those after a row.
    AbsentAfter,
}

impl Leg {
    const fn takes_key(self) -> bool {
        matches!(self, Self::Alike | Self::Beyond)
    }

    const fn takes_row(self) -> bool {
        matches!(self, Self::Alike | Self::AbsentAfter)
    }

    /// Rows and keys in their order, at most `?1`; then the key and the row that the leg takes.
    pub(super) fn sql(self, column: &str, descending: bool) -> String {
        let (than, direction) = if descending { ("<", "DESC") } else { (">", "ASC") };
        let which = match self {
            Self::Present => format!("{column} IS NOT NULL"),
            Self::Alike => format!("{column} = ?2 AND row {than} ?3"),
            Self::Beyond => format!("{column} {than} ?2"),
            Self::Absent => format!("{column} IS NULL"),
            Self::AbsentAfter => format!("{column} IS NULL AND row {than} ?2"),
        };
        let order = match self {
            Self::Present | Self::Beyond => format!("{column} {direction}, row {direction}"),
            Self::Alike | Self::Absent | Self::AbsentAfter => format!("row {direction}"),
        };
        format!("SELECT row, {column} FROM people WHERE {which} ORDER BY {order} LIMIT ?1")
    }
}

/// How many there are.
fn everybody(c: &Connection) -> Result<u64, Error> {
    let sql = if index::is_ready(c)? {
        "SELECT people FROM search"
    } else {
        "SELECT count(*) FROM people"
    };
    Ok(c.prepare_cached(sql)?
        .query_row([], |row| row.get::<_, i64>(0))?
        .cast_unsigned())
}

/// The best fits first; those that fit alike in the order of their rows.
fn by_relevance(found: &Found, after: &After, wanted: usize) -> Vec<Place> {
    let mut places = Vec::with_capacity(wanted);
    let mut passed_over = match after {
        After::Rows(before) => u64::from(*before),
        After::Place(_) => 0,
    };
    for (fit, rows) in (0_i64..).zip(found) {
        let mut rest = rows.iter();
        match after {
            After::Place(Some(place)) => match Key::Number(fit) {
                key if key == place.key => rest.advance_to(place.row.saturating_add(1)),
                Key::Number(fit) if matches!(place.key, Key::Number(at) if fit < at) => continue,
                _ => {}
            },
            After::Place(None) => {}
            After::Rows(_) => {
                let first = u32::try_from(passed_over).ok().and_then(|nth| rows.select(nth));
                passed_over = passed_over.saturating_sub(rows.len());
                match first {
                    Some(first) => rest.advance_to(first),
                    None => continue,
                }
            }
        }
        places.extend(rest.take(wanted - places.len()).map(|row| Place {
            key: Key::Number(fit),
            row,
        }));
        if places.len() == wanted {
            break;
        }
    }
    places
}

fn user_row(c: &Connection, row: u32) -> Result<Option<UserRow>, Error> {
    let found = c
        .prepare_cached(
            "SELECT id, name, avatar_url, status, phone, wechat_id, bindings, created_at, last_seen
             FROM people WHERE row = ?1",
        )?
        .query_row([row], |row| {
            let bindings: Option<Vec<u8>> = row.get("bindings")?;
            Ok(UserRow {
                id: row.get::<_, Uuid16>("id")?.id(),
                name: row.get("name")?,
                avatar_url: row.get("avatar_url")?,
                status: status_of(row.get("status")?),
                phone: row.get("phone")?,
                wechat_id: row.get("wechat_id")?,
                bindings: bindings.iter().flatten().filter_map(|byte| chip(*byte)).collect(),
                created_at: Timestamp(row.get("created_at")?),
                last_seen: row.get::<_, Option<i64>>("last_seen")?.map(Timestamp),
                sync: SyncMark::Synced,
            })
        })
        .optional()?;
    let Some(mut user) = found else { return Ok(None) };
    user.sync = mark(c, user.id)?;
    Ok(Some(user))
}

fn chip(byte: u8) -> Option<BindingChip> {
    Some(BindingChip {
        kind: kind_of(byte >> 1)?,
        has_union_id: byte & 1 == 1,
    })
}

/// The worst sync mark of a user's fields.
fn mark(c: &Connection, user_id: UserId) -> Result<SyncMark, Error> {
    let user_id = user_id.to_string();
    for (sql, mark) in [
        (
            "SELECT EXISTS (SELECT 1 FROM conflicts WHERE user_id = ?1)",
            SyncMark::Conflict,
        ),
        (
            "SELECT EXISTS (SELECT 1 FROM rejected WHERE user_id = ?1)",
            SyncMark::Rejected,
        ),
        (
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE user_id = ?1 AND state <> 'decided')",
            SyncMark::Pending,
        ),
    ] {
        if c.prepare_cached(sql)?.query_row([&user_id], |row| row.get(0))? {
            return Ok(mark);
        }
    }
    Ok(SyncMark::Synced)
}
