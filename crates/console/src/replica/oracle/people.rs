//! People at random: names, numbers and keys that break query languages, and few letters, so that parts of them meet.

use crate::{
    replica::rows::{Into, Together, put_identity, put_user},
    tests::{json, user_id},
};
use proptest::prelude::*;
use rusqlite::Connection;
use yaopai_domain::{
    ConnectionId, ConnectionKind, Identity, IdentityScope, MetadataEntry, Profile, Revision, Source, Sourced,
    Timestamp, User, UserStatus,
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

pub(super) fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    proptest::collection::vec(0..PIECES.len(), pieces)
        .prop_map(|picks| picks.into_iter().map(|pick| PIECES[pick]).collect())
}

fn token() -> impl Strategy<Value = String> {
    // Few letters, so that parts of different identifiers meet.
    prop_oneof!["o[aB-]{5}[abC1_]{6}", "o[aB-]{5}[abC1_]{22}"]
}

/// Somebody as far as search and lists can tell; `ids` are OpenID, UnionID and the number of a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Someone {
    pub(super) nickname: Option<String>,
    pub(super) name: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    pub(super) username: Option<String>,
    pub(super) ids: Vec<(String, Option<String>, u8)>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) blocked: bool,
    pub(super) created: i64,
}

pub(super) fn someone() -> impl Strategy<Value = Someone> {
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

pub(super) fn connection(number: u8) -> ConnectionId {
    user_id(5000 + u32::from(number)).uuid().into()
}

/// Writes somebody and their bindings.
pub(super) fn put(c: &Connection, number: u32, rev: i64, someone: &Someone, into: Into) {
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
    let identities: Vec<Identity> = (0..)
        .zip(&someone.ids)
        .map(|(nth, (open_id, union_id, by))| Identity {
            id: user_id(1000 + number * 10 + nth).uuid().into(),
            user_id: user.id,
            scope: IdentityScope::OpenId {
                connection_id: (*by > 0).then(|| connection(*by)),
                kind: ConnectionKind::Pc,
                app_id: format!("wx{by}"),
                open_id: open_id.clone(),
                union_id: union_id.clone(),
            },
            first_seen: Timestamp(i64::from(nth)),
            last_seen: Timestamp(someone.created * 2 + i64::from(nth)),
        })
        .collect();
    // Some come together with their user, the others before or after.
    let mut together = Together::with(identities.iter().skip(1));
    for (nth, identity) in identities.iter().enumerate() {
        if nth % 2 == 0 {
            put_identity(c, 1, rev, identity, &mut together, into).unwrap();
        }
        put_user(c, 1, rev, &user, &mut together, into).unwrap();
        put_identity(c, 1, rev, identity, &mut together, into).unwrap();
    }
    put_user(c, 1, rev, &user, &mut together, into).unwrap();
}
