use super::{Into, Old, Put, Together, delete, put_identity, put_user};
use crate::{
    replica::{
        build::{bare, build_indexes},
        open_in_memory,
    },
    tests::{ambient, binding, user, user_id},
};
use rstest::rstest;
use rusqlite::Connection;
use yaopai_domain::{EntityKey, Identity, PoolId, Timestamp, User};

#[rstest]
#[case::a_lower_revision((2, 4), false)]
#[case::a_lower_generation((1, 9), false)]
#[case::the_same_again((2, 5), true)]
#[case::a_higher_revision((2, 6), true)]
#[case::a_higher_generation((3, 1), true)]
fn a_row_gives_way_to_what_is_not_older(
    #[values(Into::Bare, Into::Ready)] into: Into,
    #[case] (generation, rev): (i64, i64),
    #[case] written: bool,
) {
    let c = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    if into == Into::Bare {
        bare(&c).unwrap();
    }
    let mut together = Together::default();
    let mut put = |generation, rev, at| {
        let user = User {
            updated_at: Timestamp(at),
            ..user(1)
        };
        let user = put_user(&c, generation, rev, &user, &mut together, into).unwrap();
        let binding = put_identity(&c, generation, rev, &binding(1, 1, at), &mut together, into).unwrap();
        assert_eq!(user, binding);
        user
    };
    let added = Put {
        old: None,
        written: true,
    };
    assert_eq!(put(2, 5, 100), added);
    let old = Some(Old {
        rev: 5,
        generation: 2,
    });
    assert_eq!(put(generation, rev, 200), Put { old, written });

    let stands = if written {
        (rev, generation, 200)
    } else {
        (5, 2, 100)
    };
    for sql in [
        "SELECT rev, generation, updated_at FROM people",
        "SELECT rev, generation, last_seen FROM identities",
    ] {
        let row = c.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        assert_eq!(row.unwrap(), stands, "{sql}");
    }
}

#[test]
fn a_first_load_shows_bindings_at_once_and_in_the_end_those_that_are_there() {
    let c = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    bare(&c).unwrap();
    let [stays, goes, moves, comes] = [(1, 1), (2, 2), (3, 3), (4, 1)].map(|(nth, of)| binding(nth, of, 9));
    let arriving = [stays, goes.clone(), moves.clone()];
    let mut together = Together::with(arriving.iter());
    for number in 1..=4 {
        put_user(&c, 1, 1, &user(number), &mut together, Into::Bare).unwrap();
    }
    for (rev, binding) in (2..).zip(&arriving) {
        put_identity(&c, 1, rev, binding, &mut together, Into::Bare).unwrap();
    }
    let one = |open_id: &str| (Some(open_id.to_owned()), 1);
    let at_once = [one("open-id-1"), one("open-id-2"), one("open-id-3"), (None, 0)];
    assert_eq!(shown(&c), at_once);

    // On another page.
    let mut together = Together::default();
    delete(&c, &EntityKey::Identity(goes.id), 1, 5, Into::Bare).unwrap();
    let moved = Identity {
        user_id: user_id(4),
        ..moves
    };
    put_identity(&c, 1, 6, &moved, &mut together, Into::Bare).unwrap();
    put_identity(&c, 1, 7, &comes, &mut together, Into::Bare).unwrap();
    while !build_indexes(&c).unwrap().is_whole() {}
    let two = (Some("open-id-1".to_owned()), 2);
    assert_eq!(shown(&c), [two, (None, 0), (None, 0), one("open-id-3")]);
}

fn shown(c: &Connection) -> Vec<(Option<String>, u32)> {
    c.prepare("SELECT wechat_id, binding_count FROM people ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}
