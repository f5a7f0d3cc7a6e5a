//! Replicas that came to be in every way, and what happened to them since.

use super::people::{Someone, put, someone, text};
use crate::{
    MetadataEdit,
    replica::{
        build::{bare, build_indexes, build_search},
        edit_metadata, index, open_in_memory,
        person::Person,
        rows::{Into, delete},
    },
    tests::{ambient, user_id},
};
use proptest::prelude::*;
use rusqlite::Connection;
use yaopai_domain::{EntityKey, PoolId, UserId};

/// What happens to a replica after its first load.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Put(u32, Someone),
    Delete(u32),
    Edit(u32, String, Option<String>),
    Conflict(u32),
    Rejected(u32),
    WriteIndex,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..25_u32, someone()).prop_map(|(number, someone)| Step::Put(number, someone)),
        1 => (0..25_u32).prop_map(Step::Delete),
        2 => (0..25_u32, text(1..3), proptest::option::of(text(0..3)))
            .prop_map(|(number, key, value)| Step::Edit(number, key, value)),
        1 => (0..25_u32).prop_map(Step::Conflict),
        1 => (0..25_u32).prop_map(Step::Rejected),
        1 => Just(Step::WriteIndex),
    ]
}

fn take(c: &Connection, rev: i64, step: &Step) {
    match step {
        Step::Put(number, someone) => put(c, *number, rev, someone, Into::Ready),
        Step::Delete(number) => {
            delete(c, &EntityKey::User(user_id(*number)), 1, rev, Into::Ready).unwrap();
        }
        Step::Edit(number, key, value) => {
            let edit = MetadataEdit {
                user_id: user_id(*number),
                key: key.trim().to_owned(),
                json: value.as_ref().map(|value| serde_json::to_string(value).unwrap()),
            };
            // Nobody's, or a key that breaks a rule: no edit.
            drop(edit_metadata(c, &edit, &ambient(rev.cast_unsigned())));
        }
        Step::Conflict(number) => verdict(c, "conflicts (id, user_id, field, opened_at)", "1", *number),
        Step::Rejected(number) => verdict(
            c,
            "rejected (id, user_id, field, rejected_at, rejection)",
            "1, '{}'",
            *number,
        ),
        Step::WriteIndex => index::write(c).unwrap(),
    }
}

/// How a replica came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// Row by row.
    InUse,
    /// By a first load.
    Loaded,
    /// By a first load, and the steps were taken when one half of the search index was there.
    Meanwhile,
    /// By a first load that has rows alone.
    Loading,
}

pub(super) fn made() -> impl Strategy<Value = Made> {
    prop_oneof![
        Just(Made::InUse),
        Just(Made::Loaded),
        Just(Made::Meanwhile),
        Just(Made::Loading)
    ]
}

fn verdict(c: &Connection, into: &str, rest: &str, number: u32) {
    let id = user_id(number).to_string();
    let sql = format!("INSERT OR IGNORE INTO {into} VALUES (?1, ?1, 'metadata.tier', {rest})");
    c.execute(&sql, [id]).unwrap();
}

pub(super) fn replica(people: &[Someone], steps: &[Step], made: Made) -> Connection {
    let c = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    let into = if made == Made::InUse {
        Into::Ready
    } else {
        bare(&c).unwrap();
        Into::Bare
    };
    for (number, someone) in (0..).zip(people) {
        put(&c, number, 1, someone, into);
    }
    if matches!(made, Made::Loaded | Made::Meanwhile) {
        let half = people.len() / 2;
        for table in ["people", "user_state"] {
            let sql = format!("UPDATE {table} SET row = row + ?1 WHERE row > ?2");
            c.execute(&sql, [index::CHUNK, half as i64]).unwrap();
        }
        while !build_indexes(&c).unwrap().is_whole() {}
        if made == Made::Meanwhile {
            build_search(&c).unwrap();
        } else {
            while !build_search(&c).unwrap().is_whole() {}
        }
    }
    for (rev, step) in (2..).zip(steps) {
        take(&c, rev, step);
    }
    while made == Made::Meanwhile && !build_search(&c).unwrap().is_whole() {}
    c
}

/// Every single row, looked at.
pub(super) fn rows(c: &Connection) -> Vec<(i64, UserId, Person)> {
    let mut statement = c.prepare("SELECT row, lower(hex(id)) FROM people").unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
        .unwrap();
    rows.map(|row| {
        let (row, id) = row.unwrap();
        (row, id.parse().unwrap(), Person::load(c, row).unwrap())
    })
    .collect()
}
