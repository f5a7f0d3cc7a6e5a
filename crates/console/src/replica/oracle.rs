//! Search and lists against what a look at every single row says.

use super::{
    build::{bare, build_indexes, build_search},
    edit_metadata, everybody_of, index,
    lists::Leg,
    name_order::name_order,
    open_in_memory,
    orders::Orders,
    person::{Person, Wanted},
    rows::{Into, delete, put_identity, put_user},
    users, users_at,
};
use crate::{
    MetadataEdit, SortBy, SyncFilter, SyncMark, TimeRange, UserFilter, UserPage, UserQuery, UserRow,
    UserSort,
    tests::{ambient, json, key, user_id},
};
use proptest::prelude::*;
use rusqlite::Connection;
use std::{cmp::Ordering, collections::BTreeSet};
use yaopai_domain::{
    ConnectionId, ConnectionKind, EntityKey, Identity, IdentityScope, MetadataEntry, PoolId, Profile,
    Revision, Source, Sourced, Timestamp, User, UserId, UserStatus,
};

/// Pieces that names, queries and values are made of: what people type, and what breaks query languages.
const PIECES: [&str; 34] = [
    "张",
    "伟",
    "王",
    "小明",
    "欧阳",
    "娜",
    "a",
    "B",
    "zhang",
    "Wei",
    " ",
    "é",
    "É",
    "🐶",
    "%",
    "_",
    "'",
    "\"",
    "\\",
    "*",
    "^",
    " AND ",
    "NEAR(",
    ")",
    "-",
    "1",
    "38",
    "0",
    "１３８",
    "ｗ",
    "=",
    ".",
    "@",
    "\u{200b}",
];

fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    proptest::collection::vec(0..PIECES.len(), pieces)
        .prop_map(|picks| picks.into_iter().map(|pick| PIECES[pick]).collect())
}

fn token() -> impl Strategy<Value = String> {
    // Few letters, so that parts of different identifiers meet.
    prop_oneof!["o[aB-]{5}[abC1_]{6}", "o[aB-]{5}[abC1_]{22}"]
}

#[derive(Debug, Clone)]
struct Someone {
    nickname: Option<String>,
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    username: Option<String>,
    ids: Vec<(String, Option<String>, u8)>,
    metadata: Vec<(String, String)>,
    blocked: bool,
    created: i64,
}

fn someone() -> impl Strategy<Value = Someone> {
    let maybe = proptest::option::of::<BoxedStrategy<String>>;
    (
        (maybe(text(0..5).boxed()), maybe(text(1..4).boxed())),
        maybe("\\+86(138|199)[0-2]{3,8}".boxed()),
        maybe("[a-c1]{1,5}(@[ab]\\.(cn|com))".boxed()),
        maybe(prop_oneof!["u[0-2]{1,6}", text(1..4)].boxed()),
        proptest::collection::vec((token(), maybe(token().boxed()), 0..3_u8), 0..3),
        proptest::collection::vec((text(1..3), text(0..3)), 0..3),
        any::<bool>(),
        0..6_i64,
    )
        .prop_map(
            |((nickname, name), phone, email, username, ids, metadata, blocked, created)| Someone {
                nickname,
                name,
                phone,
                email,
                username,
                ids,
                metadata,
                blocked,
                created,
            },
        )
}

fn door(number: u8) -> ConnectionId {
    user_id(5000 + u32::from(number)).uuid().into()
}

fn put(c: &Connection, number: u32, rev: i64, someone: &Someone, into: Into) {
    let sourced = |value: &Option<String>| {
        value.clone().map(|value| Sourced {
            value,
            source: Source::Operator,
        })
    };
    let metadata = someone.metadata.iter().filter_map(|(key, value)| {
        let entry = MetadataEntry {
            value: json(&serde_json::to_string(value).unwrap()),
            revision: Revision(rev),
            actor: None,
            at: Timestamp(0),
        };
        Some((key.trim().parse().ok()?, entry))
    });
    let user = User {
        id: user_id(number),
        status: if someone.blocked {
            UserStatus::Blocked
        } else {
            UserStatus::Active
        },
        profile: Profile {
            nickname: sourced(&someone.nickname),
            avatar_url: None,
            name: sourced(&someone.name),
            phone: sourced(&someone.phone),
            email: sourced(&someone.email),
            username: sourced(&someone.username),
        },
        metadata: metadata.collect(),
        created_at: Timestamp(someone.created),
        updated_at: Timestamp(rev),
    };
    for (nth, (open_id, union_id, way)) in (0..).zip(&someone.ids) {
        let identity = Identity {
            id: user_id(1000 + number * 10 + nth).uuid().into(),
            user_id: user.id,
            scope: IdentityScope::OpenId {
                connection_id: (*way > 0).then(|| door(*way)),
                kind: ConnectionKind::Pc,
                app_id: format!("wx{way}"),
                open_id: open_id.clone(),
                union_id: union_id.clone(),
            },
            first_seen: Timestamp(i64::from(nth)),
            last_seen: Timestamp(someone.created * 2 + i64::from(nth)),
        };
        // Bindings come before or after their user.
        if nth % 2 == 0 {
            put_identity(c, 1, rev, &identity, into).unwrap();
        }
        put_user(c, 1, rev, &user, into).unwrap();
        put_identity(c, 1, rev, &identity, into).unwrap();
    }
    put_user(c, 1, rev, &user, into).unwrap();
}

/// What happens to a replica after its first load.
#[derive(Debug, Clone)]
enum Step {
    Put(u32, Someone),
    Delete(u32),
    Edit(u32, String, Option<String>),
    Conflict(u32),
    Rejected(u32),
    WriteIndex,
}

fn step() -> impl Strategy<Value = Step> {
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
enum Made {
    /// Row by row.
    InUse,
    /// By a first load.
    Loaded,
    /// By a first load, and the steps were taken when one half of the search index was there.
    Meanwhile,
}

fn made() -> impl Strategy<Value = Made> {
    prop_oneof![Just(Made::InUse), Just(Made::Loaded), Just(Made::Meanwhile)]
}

fn verdict(c: &Connection, into: &str, rest: &str, number: u32) {
    let id = user_id(number).to_string();
    let sql = format!("INSERT OR IGNORE INTO {into} VALUES (?1, ?1, 'metadata.tier', {rest})");
    c.execute(&sql, [id]).unwrap();
}

fn replica(people: &[Someone], steps: &[Step], made: Made) -> Connection {
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
    if made != Made::InUse {
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

fn rows(c: &Connection) -> Vec<(i64, UserId, Person)> {
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

fn all(c: &Connection, query: UserQuery) -> UserPage {
    users(c, &Orders::default(), &UserQuery { limit: 500, ..query }).unwrap()
}

/// A part of something somebody has, as somebody may type it; or anything.
fn search_text() -> impl Strategy<Value = (usize, usize, usize, usize, u8, String)> {
    (
        0..100_usize,
        0..12_usize,
        0..40_usize,
        1..30_usize,
        0..6_u8,
        text(1..4),
    )
}

fn typed(
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

fn wide(character: char) -> char {
    match character {
        '!'..='~' => char::from_u32(u32::from(character) + 0xfee0).unwrap(),
        other => other,
    }
}

fn filters() -> impl Strategy<Value = UserFilter> {
    let end = || proptest::option::of((0..12_i64).prop_map(Timestamp));
    let range = move || {
        (end(), end()).prop_map(|(from, until)| TimeRange {
            from,
            until,
            span: None,
        })
    };
    (
        proptest::option::weighted(0.3, (1..3_u8).prop_map(door)),
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

fn passes(c: &Connection, filter: &UserFilter, person: &Person, row: &UserRow) -> bool {
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

const SORTS: [Option<SortBy>; 11] = [
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
fn sorted_by(by: Option<SortBy>, row: &UserRow) -> Option<String> {
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_search_finds_what_a_look_at_every_row_finds(
        people in proptest::collection::vec(someone(), 1..25),
        steps in proptest::collection::vec(step(), 0..12),
        made in made(),
        searches in proptest::collection::vec(search_text(), 12),
    ) {
        let c = replica(&people, &steps, made);
        let rows = rows(&c);
        for search in &searches {
            let search = typed(&rows, search);
            let wanted = Wanted::parse(&search);
            let mut expected: Vec<_> = rows
                .iter()
                .filter_map(|(row, id, person)| match &wanted {
                    None => Some((0, *row, *id)),
                    Some(wanted) => person.fit(wanted).map(|fit| (fit as u8, *row, *id)),
                })
                .collect();
            expected.sort_unstable();
            let page = all(&c, UserQuery { search: search.clone(), ..UserQuery::default() });
            prop_assert_eq!(page.total as usize, expected.len(), "{:?}", &search);
            let expected: Vec<UserId> = expected.into_iter().map(|(_, _, id)| id).collect();
            let found: Vec<UserId> = page.rows.iter().map(|row| row.id).collect();
            if wanted.is_some() {
                prop_assert_eq!(found, expected, "{:?}", &search);
            }
        }
    }

    #[test]
    fn a_pasted_identifier_always_finds_its_row(
        people in proptest::collection::vec(someone(), 1..20),
        made in made(),
    ) {
        let c = replica(&people, &[], made);
        for (_, id, person) in rows(&c) {
            let mut pasted = vec![id.to_string(), format!(" {}\r\n", id.to_string().to_uppercase())];
            pasted.extend(person.ids.iter().map(|id| format!("\t{}", id.to_uppercase())));
            pasted.extend(person.ids.iter().cloned());
            if let Some(phone) = &person.phone {
                let national = &phone[2..];
                pasted.push(format!("+{phone}"));
                pasted.push(format!("+86 {}-{}", &national[..3], &national[3..]));
                pasted.push(national.chars().map(wide).collect());
            }
            pasted.extend(person.email.iter().map(|email| email.to_uppercase()));
            for search in pasted {
                let page = all(&c, UserQuery { search: search.clone(), ..UserQuery::default() });
                prop_assert!(page.rows.iter().any(|row| row.id == id), "{search:?}");
            }
        }
    }

    #[test]
    fn pages_of_every_order_are_the_sorted_list(
        people in proptest::collection::vec(someone(), 1..25),
        steps in proptest::collection::vec(step(), 0..6),
        made in made(),
        filter in filters(),
        search in proptest::option::of(search_text()),
        by in 0..SORTS.len(),
        descending in any::<bool>(),
        limit in 1..8_u32,
    ) {
        let c = replica(&people, &steps, made);
        let rows = rows(&c);
        let search = search.map(|search| typed(&rows, &search)).unwrap_or_default();
        let wanted = Wanted::parse(&search);
        let query = UserQuery {
            search,
            filter: filter.clone(),
            sort: UserSort { by: SORTS[by], descending },
            after: None,
            limit,
        };
        let whole = all(&c, query.clone());
        let everybody = all(&c, UserQuery::default());
        let expected: BTreeSet<UserId> = everybody
            .rows
            .iter()
            .filter(|row| {
                let (_, _, person) = rows.iter().find(|(_, id, _)| *id == row.id).unwrap();
                passes(&c, &filter, person, row)
                    && wanted.as_ref().is_none_or(|wanted| person.fit(wanted).is_some())
            })
            .map(|row| row.id)
            .collect();
        let found: BTreeSet<UserId> = whole.rows.iter().map(|row| row.id).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(whole.total as usize, expected.len());
        prop_assert_eq!(whole.rows.len(), expected.len(), "nobody twice");

        let by_relevance = matches!(SORTS[by], None | Some(SortBy::Relevance));
        if !by_relevance || wanted.is_none() {
            let descending = descending || by_relevance;
            let keys: Vec<_> = whole.rows.iter().map(|row| sorted_by(SORTS[by], row)).collect();
            let sorted = keys.windows(2).all(|pair| match (&pair[0], &pair[1]) {
                (None, Some(_)) => false,
                (_, None) => true,
                (Some(a), Some(b)) => a.cmp(b) != if descending { Ordering::Less } else { Ordering::Greater },
            });
            prop_assert!(sorted, "{keys:?}");
        }

        let orders = Orders::default();
        let mut walked = Vec::new();
        let mut after = None;
        loop {
            let page = users(&c, &orders, &UserQuery { after, ..query.clone() }).unwrap();
            prop_assert!(page.rows.len() <= limit as usize);
            walked.extend(page.rows);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        prop_assert_eq!(&walked, &whole.rows);
        let ids: Vec<UserId> = whole.rows.iter().map(|row| row.id).collect();
        prop_assert_eq!(everybody_of(&c, &orders, &query).unwrap(), ids);
        for position in 0..=whole.total {
            let page = users_at(&c, &orders, &query, position).unwrap();
            let rest = &whole.rows[position as usize..];
            prop_assert_eq!(&page.rows[..], &rest[..rest.len().min(limit as usize)], "at {}", position);
        }
    }

    #[test]
    fn no_text_is_an_error(search in any::<String>(), other in text(0..8)) {
        let c = replica(&[], &[], Made::InUse);
        for search in [search, other] {
            all(&c, UserQuery { search, ..UserQuery::default() });
        }
    }
}

#[test]
fn a_value_typed_here_is_found_before_it_is_synced_and_a_removed_one_is_not() {
    let c = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    let someone = Someone {
        nickname: Some("张伟".to_owned()),
        name: None,
        phone: None,
        email: None,
        username: None,
        ids: Vec::new(),
        metadata: vec![("tier".to_owned(), "gold".to_owned())],
        blocked: false,
        created: 0,
    };
    put(&c, 1, 1, &someone, Into::Ready);
    index::write(&c).unwrap();
    let count = |search: &str| {
        let search = search.to_owned();
        all(
            &c,
            UserQuery {
                search,
                ..UserQuery::default()
            },
        )
        .total
    };
    let time = ambient(2);
    let edit = |value: Option<&str>| {
        let edit = MetadataEdit {
            user_id: user_id(1),
            key: key("tier").to_string(),
            json: value.map(str::to_owned),
        };
        edit_metadata(&c, &edit, &time).unwrap();
    };
    assert_eq!((count("tier=gold"), count("tier=silver")), (1, 0));
    edit(Some("\"silver\""));
    assert_eq!((count("tier=gold"), count("TIER = \"Silver\"")), (0, 1));
    index::write(&c).unwrap();
    assert_eq!(
        (count("tier=gold"), count("tier=silver"), count("ier")),
        (0, 1, 1)
    );
    edit(None);
    assert_eq!((count("tier=silver"), count("tier")), (0, 0));
}

#[test]
fn a_binding_that_a_reset_brings_again_as_it_was_changes_nothing_that_is_found() {
    let c = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    let binding = |last_seen| Identity {
        id: user_id(1000).uuid().into(),
        user_id: user_id(1),
        scope: IdentityScope::OpenId {
            connection_id: None,
            kind: ConnectionKind::Pc,
            app_id: "wx1".to_owned(),
            open_id: "oPfVTx0001".to_owned(),
            union_id: None,
        },
        first_seen: Timestamp(1),
        last_seen: Timestamp(last_seen),
    };
    let someone = Someone {
        nickname: Some("张伟".to_owned()),
        name: None,
        phone: None,
        email: None,
        username: None,
        ids: Vec::new(),
        metadata: Vec::new(),
        blocked: false,
        created: 0,
    };
    put(&c, 1, 1, &someone, Into::Ready);
    put_identity(&c, 1, 2, &binding(5), Into::Ready).unwrap();
    index::write(&c).unwrap();
    let waiting = || -> i64 {
        c.query_row("SELECT unindexed FROM search", [], |row| row.get(0))
            .unwrap()
    };
    let put = put_identity(&c, 2, 1, &binding(5), Into::Ready).unwrap();
    assert!(put.written, "it is of the new generation");
    assert_eq!(waiting(), 0);
    put_identity(&c, 2, 3, &binding(6), Into::Ready).unwrap();
    assert_eq!(waiting(), 1);
    let row = &all(&c, UserQuery::default()).rows[0];
    assert_eq!(row.last_seen, Some(Timestamp(6)));
}

#[test]
fn a_page_is_read_off_its_index() {
    let c = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    for column in [
        "created_at",
        "last_seen",
        "name_order",
        "phone",
        "wechat_id",
        "status",
        "updated_at",
        "binding_count",
    ] {
        for leg in [
            Leg::Present,
            Leg::Alike,
            Leg::Beyond,
            Leg::Absent,
            Leg::AbsentAfter,
        ] {
            for descending in [false, true] {
                let never_absent = ["created_at", "status", "updated_at", "binding_count"].contains(&column);
                if never_absent && matches!(leg, Leg::Absent | Leg::AbsentAfter) {
                    continue;
                }
                let sql = leg.sql(column, descending);
                let mut statement = c.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
                let mut plan = statement.raw_query();
                while let Some(step) = plan.next().unwrap() {
                    let step: String = step.get("detail").unwrap();
                    assert!(step.contains("USING COVERING INDEX people_by_"), "{sql}: {step}");
                    if matches!(leg, Leg::Alike | Leg::AbsentAfter) {
                        assert!(step.contains("rowid"), "{sql}: {step}");
                    }
                }
            }
        }
    }
}
