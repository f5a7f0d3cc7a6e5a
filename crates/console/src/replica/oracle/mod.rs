//! Search and lists against what a look at every single row says.

mod people;
mod queries;
mod replicas;

use super::{
    edit_metadata, everybody_of, index,
    lists::Leg,
    open_in_memory,
    orders::Orders,
    person::Wanted,
    rows::{Into, Together, put_identity},
    users, users_at,
};
use crate::{
    MetadataEdit, SortBy, UserPage, UserQuery, UserSort,
    tests::{ambient, binding, key, user_id},
};
use people::{Someone, put, someone, text};
use proptest::prelude::*;
use queries::{SORTS, filters, passes, search_text, sorted_by, typed, wide};
use replicas::{Made, made, replica, rows, step};
use rusqlite::Connection;
use std::{cmp::Ordering, collections::BTreeSet};
use yaopai_domain::{PoolId, Timestamp, UserId};

fn all(c: &Connection, query: UserQuery) -> UserPage {
    users(c, &Orders::default(), &UserQuery { limit: 500, ..query }).unwrap()
}

fn searched(c: &Connection, search: &str) -> UserPage {
    let search = search.to_owned();
    all(
        c,
        UserQuery {
            search,
            ..UserQuery::default()
        },
    )
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
            let page = searched(&c, &search);
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
                let page = searched(&c, &search);
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
            searched(&c, &search);
        }
    }
}

#[test]
fn a_value_typed_here_is_found_before_it_is_synced_and_a_removed_one_is_not() {
    let c = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    let someone = Someone {
        nickname: Some("张伟".to_owned()),
        metadata: vec![("tier".to_owned(), "gold".to_owned())],
        ..Someone::default()
    };
    put(&c, 1, 1, &someone, Into::Ready);
    index::write(&c).unwrap();
    let count = |search: &str| searched(&c, search).total;
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
    let someone = Someone {
        nickname: Some("张伟".to_owned()),
        ..Someone::default()
    };
    put(&c, 1, 1, &someone, Into::Ready);
    put_identity(&c, 1, 2, &binding(1, 1, 5), &mut Together::default(), Into::Ready).unwrap();
    index::write(&c).unwrap();
    let waiting = || -> i64 {
        c.query_row("SELECT unindexed FROM search", [], |row| row.get(0))
            .unwrap()
    };
    let put = put_identity(&c, 2, 1, &binding(1, 1, 5), &mut Together::default(), Into::Ready).unwrap();
    assert!(put.written, "it is of the new generation");
    assert_eq!(waiting(), 0);
    put_identity(&c, 2, 3, &binding(1, 1, 6), &mut Together::default(), Into::Ready).unwrap();
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
