//! Searches, filters and orders at random, and what a look at a single row says of them.

use super::people::{connection, text};
use crate::{
    SortBy, SyncFilter, SyncMark, TimeRange, UserFilter, UserRow,
    replica::{name_order::name_order, person::Person},
};
use proptest::prelude::*;
use rusqlite::Connection;
use yaopai_domain::{Timestamp, UserId, UserStatus};

/// A part of something somebody has, as somebody may type it; or anything.
pub(super) fn search_text() -> impl Strategy<Value = (usize, usize, usize, usize, u8, String)> {
    (
        0..100_usize,
        0..12_usize,
        0..40_usize,
        1..30_usize,
        0..6_u8,
        text(1..4),
    )
}

pub(super) fn typed(
    people: &[(i64, UserId, Person)],
    (who, field, from, length, way, any): &(usize, usize, usize, usize, u8, String),
) -> String {
    let Some((_, id, person)) = people.get(who % people.len().max(1)) else {
        return any.clone();
    };
    let mut fields: Vec<String> = person.names.clone();
    fields.extend(person.phone.clone());
    fields.extend(person.email.clone());
    fields.extend(person.username.clone());
    fields.extend(person.ids.iter().cloned());
    fields.push(id.to_string());
    fields.push(person.hex.clone());
    for (key, value) in &person.metadata {
        fields.push(key.clone());
        fields.push(format!("{key}={value}"));
    }
    let field: Vec<char> = fields[field % fields.len()].chars().collect();
    let (from, length) = if *way < 2 {
        (0, 99)
    } else {
        (from % field.len().max(1), *length)
    };
    let part: String = field.iter().skip(from).take(length).collect();
    match way {
        0 | 2 => part,
        1 => format!("\u{3000} {} \n", part.to_uppercase()),
        3 => part.to_uppercase(),
        4 => part.chars().map(wide).collect(),
        _ => any.clone(),
    }
}

pub(super) fn wide(character: char) -> char {
    match character {
        '!'..='~' => char::from_u32(u32::from(character) + 0xfee0).unwrap(),
        other => other,
    }
}

pub(super) fn filters() -> impl Strategy<Value = UserFilter> {
    let end = || proptest::option::of((0..12_i64).prop_map(Timestamp));
    let range = move || {
        (end(), end()).prop_map(|(from, until)| TimeRange {
            from,
            until,
            span: None,
        })
    };
    (
        proptest::option::weighted(0.3, (1..3_u8).prop_map(connection)),
        proptest::option::weighted(0.3, any::<bool>()),
        proptest::option::weighted(
            0.3,
            prop_oneof![Just(UserStatus::Active), Just(UserStatus::Blocked)],
        ),
        prop_oneof![3 => Just(TimeRange::default()), 1 => range()],
        prop_oneof![3 => Just(TimeRange::default()), 1 => range()],
        proptest::option::weighted(
            0.2,
            prop_oneof![Just(SyncFilter::Unsynced), Just(SyncFilter::Conflict)],
        ),
    )
        .prop_map(
            |(connection, union_id, status, created, last_seen, sync)| UserFilter {
                connection,
                union_id,
                status,
                created,
                last_seen,
                sync,
            },
        )
}

pub(super) fn passes(c: &Connection, filter: &UserFilter, person: &Person, row: &UserRow) -> bool {
    let within = |range: &TimeRange, at: Option<Timestamp>| {
        range.from.is_none_or(|from| at.is_some_and(|at| at >= from))
            && range.until.is_none_or(|until| at.is_some_and(|at| at < until))
    };
    let has = |table: &str| -> bool {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE user_id = ?1)");
        c.query_row(&sql, [row.id.to_string()], |row| row.get(0)).unwrap()
    };
    filter
        .connection
        .is_none_or(|connection| person.connections.contains(&connection.to_string()))
        && filter.union_id.is_none_or(|wanted| person.united == wanted)
        && filter.status.is_none_or(|status| row.status == status)
        && within(&filter.created, Some(row.created_at))
        && within(&filter.last_seen, row.last_seen)
        && match filter.sync {
            None => true,
            Some(SyncFilter::Unsynced) => ["outbox", "conflicts", "rejected"].into_iter().any(has),
            Some(SyncFilter::Conflict) => has("conflicts"),
        }
}

pub(super) const SORTS: [Option<SortBy>; 11] = [
    None,
    Some(SortBy::Relevance),
    Some(SortBy::Created),
    Some(SortBy::LastSeen),
    Some(SortBy::Name),
    Some(SortBy::Phone),
    Some(SortBy::WechatId),
    Some(SortBy::Status),
    Some(SortBy::Updated),
    Some(SortBy::Bindings),
    Some(SortBy::Sync),
];

/// What a row is sorted by, as text that compares alike.
pub(super) fn sorted_by(by: Option<SortBy>, row: &UserRow) -> Option<String> {
    let number = |number: i64| format!("{number:020}");
    match by {
        None | Some(SortBy::Relevance | SortBy::Created) => Some(number(row.created_at.0)),
        Some(SortBy::LastSeen) => row.last_seen.map(|at| number(at.0)),
        Some(SortBy::Name) => row.name.as_deref().map(name_order),
        Some(SortBy::Phone) => row.phone.clone(),
        Some(SortBy::WechatId) => row.wechat_id.clone(),
        Some(SortBy::Status) => Some(number(i64::from(row.status == UserStatus::Blocked))),
        Some(SortBy::Updated) => Some(number(row.updated_at.0)),
        Some(SortBy::Bindings) => Some(number(row.bindings.len() as i64)),
        Some(SortBy::Sync) => Some(number(match row.sync {
            SyncMark::Conflict => 0,
            SyncMark::Rejected => 1,
            SyncMark::Pending => 2,
            SyncMark::Synced => 3,
        })),
    }
}
