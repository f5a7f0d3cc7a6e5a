//! Lists of users: who, in which order, page by page. A page begins where the last one ended, so what is inserted or deleted
//! meanwhile neither repeats nor hides a row, and the last page costs what the first does.

mod groups;
mod leg;
mod row;

use super::{
    columns::Uuid16,
    index,
    orders::{Order, Orders},
    person::Wanted,
    search::{Found, by_mark, filter, search},
};
use crate::{Error, SortBy, UserPage, UserQuery};
use groups::by_group;
use roaring::RoaringBitmap;
use row::user_row;
use rusqlite::{Connection, OptionalExtension, ToSql, types::Value};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, ops::ControlFlow};
use yaopai_domain::UserId;

pub(super) use leg::Leg;

const PAGE_MAX: u32 = 500;
/// Reading what a few rows are sorted by is cheaper than looking for them along the order. Tests go every way with few.
const FEW: u64 = if cfg!(test) { 3 } else { 1500 };
/// Along an index, at most so many rows are passed over before the whole order is taken to hand.
const STEPS: u32 = if cfg!(test) { 5 } else { 20_000 };

/// A page of users.
pub(crate) fn users(c: &Connection, orders: &Orders, query: &UserQuery) -> Result<UserPage, Error> {
    let after = match &query.after {
        None => None,
        Some(after) => Some(serde_json::from_str::<Place>(after).map_err(|_| Error::NotFound)?),
    };
    List::of(c, orders, query)?.page(c, After::Place(after), query.limit)
}

/// The page that begins with the row at a position, counted from 0.
pub(crate) fn users_at(
    c: &Connection,
    orders: &Orders,
    query: &UserQuery,
    position: u32,
) -> Result<UserPage, Error> {
    List::of(c, orders, query)?.page(c, After::Rows(position), query.limit)
}

/// Everybody in a list, in its order; without its pages.
pub(crate) fn everybody_of(c: &Connection, orders: &Orders, query: &UserQuery) -> Result<Vec<UserId>, Error> {
    let list = List::of(c, orders, query)?;
    let places = list.places(c, After::Place(None), u32::MAX as usize)?;
    let mut statement = c.prepare_cached("SELECT id FROM people WHERE row = ?1")?;
    let mut ids = Vec::with_capacity(places.len());
    for place in places {
        let id = statement.query_row([place.row], |row| Ok(row.get::<_, Uuid16>(0)?.id::<UserId>()));
        ids.extend(id.optional()?);
    }
    Ok(ids)
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

struct List<'a> {
    orders: &'a Orders,
    by: SortBy,
    descending: bool,
    /// Who is in it, by fit if there is a search; `None` is everybody.
    found: Option<Found>,
    /// Who is in it; `None` is everybody.
    rows: Option<RoaringBitmap>,
}

impl<'a> List<'a> {
    fn of(c: &Connection, orders: &'a Orders, query: &UserQuery) -> Result<Self, Error> {
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
            orders,
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
        let mut places = self.places(c, after, limit + 1)?;
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

    fn places(&self, c: &Connection, after: After, wanted: usize) -> Result<Vec<Place>, Error> {
        match (self.by, &self.found, &self.rows) {
            (SortBy::Relevance, Some(found), _) => Ok(by_group(found, false, &after, wanted)),
            (SortBy::Sync, _, rows) => {
                let groups = by_mark(c, rows.as_ref())?;
                Ok(by_group(&groups, self.descending, &after, wanted))
            }
            (_, _, None) => self.of_everybody(c, after, wanted),
            (_, _, Some(rows)) => self.of_some(c, rows, after, wanted),
        }
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
        let mut places = Vec::new();
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
        if rows.len() <= FEW {
            return self.of_few(c, rows, &after, wanted);
        }
        if let After::Place(after) = &after {
            let mut places = Vec::new();
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
        // They stand together far away: the order tells where.
        let order = self.orders.of(c, self.column())?;
        let mut places: Vec<u32> = rows
            .iter()
            .filter_map(|row| order.place(row, self.descending))
            .collect();
        let first = match &after {
            After::Place(None) => 0,
            After::Place(Some(after)) => {
                let begin = self.place_after(c, &order, after)?;
                places.retain(|place| *place >= begin);
                0
            }
            After::Rows(before) => *before as usize,
        };
        let page = nearest(&mut places, first, wanted, Ord::cmp);
        let rows: Vec<u32> = page
            .iter()
            .filter_map(|place| order.row(*place, self.descending))
            .collect();
        self.keys_of(c, rows)
    }

    /// A page of a list of few: all of them are read.
    fn of_few(
        &self,
        c: &Connection,
        rows: &RoaringBitmap,
        after: &After,
        wanted: usize,
    ) -> Result<Vec<Place>, Error> {
        let mut places = self.keys_of(c, rows)?;
        let compare = |a: &Place, b: &Place| self.compare(a, b);
        let first = match after {
            After::Place(None) => 0,
            After::Place(Some(after)) => {
                places.retain(|place| compare(place, after) == Ordering::Greater);
                0
            }
            After::Rows(before) => *before as usize,
        };
        Ok(nearest(&mut places, first, wanted, compare).to_vec())
    }

    /// Where in the order of everybody the first row after a place stands, whether the place is still taken or not.
    fn place_after(&self, c: &Connection, order: &Order, after: &Place) -> Result<u32, Error> {
        let (mut begin, mut end) = (0, order.len());
        while begin < end {
            let middle = begin + (end - begin) / 2;
            let row = order.row(middle, self.descending);
            let place = self.keys_of(c, row)?.pop();
            if place.is_some_and(|place| self.compare(&place, after) == Ordering::Greater) {
                end = middle;
            } else {
                begin = middle + 1;
            }
        }
        Ok(begin)
    }

    /// What rows are sorted by.
    fn keys_of(&self, c: &Connection, rows: impl IntoIterator<Item = u32>) -> Result<Vec<Place>, Error> {
        let sql = format!("SELECT {} FROM people WHERE row = ?1", self.column());
        let mut statement = c.prepare_cached(&sql)?;
        let mut places = Vec::new();
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
            // Relevance and sync marks are sorted by in groups.
            SortBy::Relevance | SortBy::Sync | SortBy::Created => "created_at",
            SortBy::LastSeen => "last_seen",
            SortBy::Name => "name_order",
            SortBy::Phone => "phone",
            SortBy::WechatId => "wechat_id",
            SortBy::Status => "status",
            SortBy::Updated => "updated_at",
            SortBy::Bindings => "binding_count",
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
        if position >= STEPS {
            let order = self.orders.of(c, self.column())?;
            let row = order.row(position, self.descending);
            return Ok(self.keys_of(c, row)?.pop());
        }
        let mut last = None;
        let mut left = position;
        self.walk(c, None, position as usize + 1, &mut |place| {
            if left == 0 {
                last = Some(place);
                return ControlFlow::Break(());
            }
            left -= 1;
            ControlFlow::Continue(())
        })?;
        Ok(last)
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

/// The `wanted` first after the `first`, sorted.
fn nearest<T>(all: &mut [T], first: usize, wanted: usize, compare: impl Fn(&T, &T) -> Ordering) -> &[T] {
    let end = first.saturating_add(wanted).min(all.len());
    if end < all.len() {
        all.select_nth_unstable_by(end, &compare);
    }
    let all = &mut all[..end];
    all.sort_unstable_by(compare);
    all.get(first..).unwrap_or_default()
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
