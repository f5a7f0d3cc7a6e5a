//! Search: each class of queries as people type them, count and first page included, beside a scan of the same rows with
//! `LIKE` that only looks at the column that matters.

use super::{Times, timed, worked};
use std::path::Path;
use yaopai_console::{SortBy, UserQuery, UserSort, measure::Lists};
use yaopai_domain::{IdentityScope, Profile};
use yaopai_xtask::{
    dice::Dice,
    people::{Directory, Person},
};

const QUERIES: usize = 500;
const SCANS: usize = 7;

struct Class {
    name: &'static str,
    /// What somebody types to find this person.
    typed: fn(&Person, &mut Dice) -> Option<String>,
    /// The scan.
    scan: &'static str,
}

const PROFILE: &str = "SELECT count(*), max(p.created_at) FROM user_state s JOIN people p ON p.row = s.row
    WHERE s.profile LIKE ?1";
const IDENTITY: &str =
    "SELECT count(*), max(last_seen) FROM identities WHERE open_id LIKE ?1 OR union_id LIKE ?1";
const METADATA: &str = "SELECT count(*), max(p.created_at) FROM user_state s JOIN people p ON p.row = s.row
    WHERE s.metadata LIKE ?1";
const USER: &str = "SELECT count(*), max(created_at) FROM people WHERE lower(hex(id)) LIKE ?1";

const CLASSES: [Class; 9] = [
    Class {
        name: "one character of a name",
        typed: |person, dice| name_part(&person.user.profile, dice, 1),
        scan: PROFILE,
    },
    Class {
        name: "two characters of a name",
        typed: |person, dice| name_part(&person.user.profile, dice, 2),
        scan: PROFILE,
    },
    Class {
        name: "whole name",
        typed: |person, _| person.user.profile.name.as_ref().map(|name| name.value.clone()),
        scan: PROFILE,
    },
    Class {
        name: "phone, 4 to 8 digits of it",
        typed: |person, dice| {
            let phone = &person.user.profile.phone.as_ref()?.value;
            let length = 4 + dice.below(5) as usize;
            let start = 3 + dice.below((phone.len() - 3 - length + 1) as u64) as usize;
            Some(phone[start..start + length].to_owned())
        },
        scan: PROFILE,
    },
    Class {
        name: "phone, pasted",
        typed: |person, _| {
            person
                .user
                .profile
                .phone
                .as_ref()
                .map(|phone| phone.value.clone())
        },
        scan: PROFILE,
    },
    Class {
        name: "OpenID, pasted",
        typed: |person, _| open_id(person),
        scan: IDENTITY,
    },
    Class {
        name: "OpenID, 8 characters of it",
        typed: |person, dice| {
            let id = open_id(person)?;
            let start = dice.below(20) as usize;
            Some(id[start..start + 8].to_owned())
        },
        scan: IDENTITY,
    },
    Class {
        name: "key=value",
        typed: |person, dice| {
            let nth = dice.below(person.user.metadata.len() as u64) as usize;
            let (key, entry) = person.user.metadata.iter().nth(nth)?;
            let value = match entry.value.json() {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Some(format!("{key}={value}"))
        },
        scan: METADATA,
    },
    Class {
        name: "user id, pasted",
        typed: |person, _| Some(person.user.id.to_string()),
        scan: USER,
    },
];

fn name_part(profile: &Profile, dice: &mut Dice, length: usize) -> Option<String> {
    let name = if dice.chance(50) {
        &profile.name
    } else {
        &profile.nickname
    };
    let characters: Vec<char> = name.as_ref()?.value.chars().collect();
    let starts = (characters.len() + 1)
        .checked_sub(length)
        .filter(|starts| *starts > 0)?;
    let start = dice.below(starts as u64) as usize;
    let part: String = characters[start..start + length].iter().collect();
    // One or two Latin letters are a search of another class.
    (!part.is_ascii()).then_some(part)
}

fn open_id(person: &Person) -> Option<String> {
    match &person.identities.first()?.scope {
        IdentityScope::OpenId { open_id, .. } => Some(open_id.clone()),
        IdentityScope::UnionId { union_id, .. } => Some(union_id.clone()),
    }
}

/// Prints a line a class and order.
pub(crate) fn run(replica: &Path, users: u64, seed: u64) -> anyhow::Result<()> {
    let directory = Directory::standalone(seed);
    let lists = Lists::open(replica)?;
    println!(
        "{:<28} {:<10} {:>8} {:>8} {:>8} {:>8} {:>10} {:>8}",
        "search", "order", "p50 ms", "p99 ms", "cpu p50", "cpu p99", "LIKE ms", "ratio"
    );
    for class in &CLASSES {
        let mut dice = Dice::new(seed ^ 0x5ea7);
        let mut queries = Vec::with_capacity(QUERIES);
        while queries.len() < QUERIES {
            let person = directory.person(dice.below(users));
            queries.extend((class.typed)(&person, &mut dice));
        }
        let scans: Vec<_> = queries
            .iter()
            .take(SCANS)
            .map(|search| scan(&lists, class, search))
            .collect::<Result<_, _>>()?;
        let scan = Times::new(scans).within(50);
        for (order, sort) in [
            ("relevance", UserSort::default()),
            (
                "created",
                UserSort {
                    by: Some(SortBy::Created),
                    descending: true,
                },
            ),
            (
                "name",
                UserSort {
                    by: Some(SortBy::Name),
                    descending: false,
                },
            ),
        ] {
            let mut times = Vec::with_capacity(QUERIES);
            let mut processor = Vec::with_capacity(QUERIES);
            for search in &queries {
                let query = UserQuery {
                    search: search.clone(),
                    sort,
                    limit: 100,
                    ..UserQuery::default()
                };
                let (page, took, worked) = worked(|| lists.users(&query));
                anyhow::ensure!(page?.total > 0, "{search} finds nobody");
                times.push(took);
                processor.extend(worked);
            }
            let (times, processor) = (Times::new(times), Times::new(processor));
            println!(
                "{:<28} {:<10} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>10.0} {:>8.0}",
                class.name,
                order,
                times.within(50),
                times.within(99),
                processor.within(50),
                processor.within(99),
                scan,
                scan / times.within(99)
            );
        }
    }
    Ok(())
}

fn scan(lists: &Lists, class: &Class, search: &str) -> anyhow::Result<std::time::Duration> {
    let text = match (class.name, search.split_once('=')) {
        ("key=value", Some((key, value))) => format!("%\"{key}\":[%{value}%"),
        ("user id, pasted", _) => format!("%{}%", search.replace('-', "")),
        _ => format!("%{search}%"),
    };
    let (counted, took) = timed(|| {
        lists
            .connection()
            .query_row(class.scan, [text], |row| row.get::<_, i64>(0))
    });
    anyhow::ensure!(counted? > 0, "{search} is not there");
    Ok(took)
}
