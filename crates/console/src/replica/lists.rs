//! Lists of users: who, in which order, page by page.

use super::{
    person::{Person, Wanted},
    row::Uuid16,
    rows::{kind_of, status_of},
};
use crate::{BindingChip, Error, SortBy, SyncFilter, SyncMark, UserFilter, UserPage, UserQuery, UserRow};
use rusqlite::{Connection, OptionalExtension, types::Value};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, collections::HashSet};
use yaopai_domain::{Timestamp, UserId};

const PAGE_MAX: u32 = 500;

/// A page of users. Keyset: what is inserted or deleted meanwhile neither repeats nor hides a row.
pub(crate) fn users(c: &Connection, query: &UserQuery) -> Result<UserPage, Error> {
    let list = List::of(c, query)?;
    let from = match &query.after {
        None => 0,
        Some(after) => {
            let place: Place = serde_json::from_str(after).map_err(|_| Error::NotFound)?;
            list.places
                .partition_point(|other| list.compare(other, &place) != Ordering::Greater)
        }
    };
    list.page(c, from, query.limit)
}

/// The page that holds the row at a position, counted from 0.
pub(crate) fn users_at(c: &Connection, query: &UserQuery, position: u32) -> Result<UserPage, Error> {
    List::of(c, query)?.page(c, position as usize, query.limit)
}

/// Where a row stands in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    key: Key,
    row: i64,
}

/// What a list is sorted by; absence comes last in both directions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
    None,
}

struct List {
    descending: bool,
    places: Vec<Place>,
}

impl List {
    fn of(c: &Connection, query: &UserQuery) -> Result<Self, Error> {
        let wanted = Wanted::parse(&query.search);
        let by = match (query.sort.by, &wanted) {
            (None | Some(SortBy::Relevance), Some(_)) => SortBy::Relevance,
            (None | Some(SortBy::Relevance), None) => SortBy::Created,
            (Some(by), _) => by,
        };
        let descending = match (query.sort.by, by) {
            (_, SortBy::Relevance) => false,
            (Some(SortBy::Relevance) | None, _) => true,
            _ => query.sort.descending,
        };
        let mut list = Self {
            descending,
            places: Vec::new(),
        };
        let filter = Filter::of(c, &query.filter)?;
        let column = match by {
            SortBy::Relevance => "0",
            SortBy::Created => "created_at",
            SortBy::LastSeen => "last_seen",
            SortBy::Name => "name_order",
            SortBy::Phone => "phone",
            SortBy::WechatId => "wechat_id",
            SortBy::Status => "status",
            SortBy::Updated => "updated_at",
        };
        let sql = format!(
            "SELECT row, {column}, id, status, created_at, last_seen, wechat_id, bindings FROM people"
        );
        let mut statement = c.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(person) = rows.next()? {
            let row = person.get(0)?;
            let mut key = match person.get(1)? {
                Value::Integer(number) => Key::Number(number),
                Value::Text(text) => Key::Text(text),
                _ => Key::None,
            };
            if !filter.takes(person)? {
                continue;
            }
            if let Some(wanted) = &wanted {
                let Some(fit) = Person::load(c, row)?.fit(wanted) else {
                    continue;
                };
                if by == SortBy::Relevance {
                    key = Key::Number(fit as i64);
                }
            }
            list.places.push(Place { key, row });
        }
        let mut places = std::mem::take(&mut list.places);
        places.sort_by(|a, b| list.compare(a, b));
        list.places = places;
        Ok(list)
    }

    fn compare(&self, a: &Place, b: &Place) -> Ordering {
        let keys = match (&a.key, &b.key) {
            (Key::None, Key::None) => Ordering::Equal,
            (Key::None, _) => Ordering::Greater,
            (_, Key::None) => Ordering::Less,
            (Key::Number(a), Key::Number(b)) => a.cmp(b),
            (Key::Text(a), Key::Text(b)) => a.cmp(b),
            (Key::Number(_), Key::Text(_)) => Ordering::Less,
            (Key::Text(_), Key::Number(_)) => Ordering::Greater,
        };
        let both = keys.then(a.row.cmp(&b.row));
        let absent = matches!((&a.key, &b.key), (Key::None, _) | (_, Key::None));
        if self.descending && (!absent || keys == Ordering::Equal) {
            both.reverse()
        } else {
            both
        }
    }

    fn page(&self, c: &Connection, from: usize, limit: u32) -> Result<UserPage, Error> {
        let limit = limit.clamp(1, PAGE_MAX) as usize;
        let places: Vec<&Place> = self.places.iter().skip(from).take(limit).collect();
        let more = from + places.len() < self.places.len();
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
            total: u32::try_from(self.places.len()).unwrap_or(u32::MAX),
        })
    }
}

struct Filter {
    filter: UserFilter,
    /// Users with a binding of the connection.
    bound: Option<HashSet<[u8; 16]>>,
    /// Users with something unsynced.
    unsynced: Option<HashSet<[u8; 16]>>,
    /// Users whose UnionID is known.
    united: HashSet<[u8; 16]>,
}

impl Filter {
    fn of(c: &Connection, filter: &UserFilter) -> Result<Self, Error> {
        let bound = match filter.connection {
            None => None,
            Some(connection) => Some(
                c.prepare_cached(
                    "SELECT i.user_id FROM origins o JOIN identities i ON i.origin = o.row WHERE o.connection_id = ?1",
                )?
                .query_map([connection.uuid().into_bytes()], |row| Ok(row.get::<_, Uuid16>(0)?.0))?
                .collect::<Result<_, _>>()?,
            ),
        };
        let unsynced = match filter.sync {
            None => None,
            Some(sync) => {
                let mut statement = c.prepare_cached(match sync {
                    SyncFilter::Unsynced => UNSYNCED,
                    SyncFilter::Conflict => "SELECT user_id FROM conflicts",
                })?;
                let rows = statement.query_map([], |row| {
                    Ok(super::row::parsed::<UserId>(row, "user_id")?.uuid().into_bytes())
                })?;
                Some(rows.collect::<Result<_, _>>()?)
            }
        };
        let united = match filter.union_id {
            None => HashSet::new(),
            Some(_) => c
                .prepare_cached("SELECT user_id FROM identities WHERE union_id IS NOT NULL")?
                .query_map([], |row| Ok(row.get::<_, Uuid16>(0)?.0))?
                .collect::<Result<_, _>>()?,
        };
        Ok(Self {
            filter: filter.clone(),
            bound,
            unsynced,
            united,
        })
    }

    fn takes(&self, person: &rusqlite::Row<'_>) -> Result<bool, Error> {
        let id = person.get::<_, Uuid16>("id")?.0;
        let within = |range: &crate::TimeRange, at: Option<i64>| {
            let from = range.from.is_none_or(|from| at.is_some_and(|at| at >= from.0));
            from && range.until.is_none_or(|until| at.is_some_and(|at| at < until.0))
        };
        let status = status_of(person.get("status")?);
        Ok(self.bound.as_ref().is_none_or(|bound| bound.contains(&id))
            && self
                .unsynced
                .as_ref()
                .is_none_or(|unsynced| unsynced.contains(&id))
            && self
                .filter
                .union_id
                .is_none_or(|wanted| self.united.contains(&id) == wanted)
            && self.filter.status.is_none_or(|wanted| wanted == status)
            && within(&self.filter.created, person.get("created_at")?)
            && within(&self.filter.last_seen, person.get("last_seen")?))
    }
}

/// Users with something the backend has not answered, or that a person has to look at.
const UNSYNCED: &str = "SELECT user_id FROM outbox WHERE state <> 'decided'
    UNION SELECT user_id FROM rejected UNION SELECT user_id FROM conflicts";

fn user_row(c: &Connection, row: i64) -> Result<Option<UserRow>, Error> {
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

/// The users who have this OpenID of this app, or this UnionID.
pub(super) fn holders(c: &Connection, id: &str, app_id: &str) -> Result<Vec<UserId>, Error> {
    let mut statement = c.prepare_cached(
        "SELECT DISTINCT i.user_id FROM identities i JOIN origins o ON o.row = i.origin
         WHERE i.union_id = ?1 OR (i.open_id = ?1 AND o.app_id = ?2)",
    )?;
    let rows = statement.query_map([id, app_id], |row| Ok(row.get::<_, Uuid16>(0)?.id()))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
