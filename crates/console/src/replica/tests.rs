//! The file: lists, search, opening what is whole, newer, corrupt or somebody else's.

use super::{
    Opening, Orders, Place, Replica, apply_page, edit_metadata, known_connections, open_in_memory, save_view,
    users,
};
use crate::{
    Error, MetadataEdit, SavedViewDraft, SyncFilter, UserFilter, UserPage, UserQuery,
    tests::{BackendModel, ambient, json, key, pull, user_id},
};
use proptest::prelude::*;
use rstest::rstest;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use yaopai_domain::{
    ClientId, ConnectionId, ConnectionKind, Entity, Identity, IdentityScope, LoadRequest, PoolId,
    PullRequest, Rule, Timestamp,
};

fn mirror_of(backend: &mut BackendModel) -> Connection {
    let file = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    pull(&file, backend);
    file
}

fn search(file: &Connection, text: &str) -> UserPage {
    let query = UserQuery {
        search: text.to_owned(),
        limit: 100,
        ..UserQuery::default()
    };
    users(file, &Orders::default(), &query).unwrap()
}

fn names(page: &UserPage) -> Vec<&str> {
    page.rows.iter().filter_map(|row| row.name.as_deref()).collect()
}

#[rstest]
#[case::part_of_a_name("伟", &["张伟"])]
#[case::percent_is_no_wildcard("%", &["100%"])]
#[case::underscore_is_no_wildcard("_", &["a_b"])]
#[case::backslash_is_no_escape("\\", &["c\\d"])]
#[case::case_does_not_matter("A_B", &["a_b"])]
#[case::blanks_around_do_not_matter("  张伟 ", &["张伟"])]
#[case::quote("'", &[])]
#[case::open_id("opfvtx", &["张伟"])]
#[case::union_id("UNION-1", &["张伟"])]
#[case::id("00000000-0000-7000-8000-000000000002", &["100%"])]
#[case::empty("", &["c\\d", "a_b", "100%", "张伟"])]
fn search_takes_every_character_literally(#[case] text: &str, #[case] expected: &[&str]) {
    let mut backend = BackendModel::new();
    for (number, name) in (1..).zip(["张伟", "100%", "a_b", "c\\d"]) {
        backend.add_user(user_id(number), name, i64::from(number));
    }
    backend.put(Entity::Identity(Box::new(binding(1))));
    let page = search(&mirror_of(&mut backend), text);
    assert_eq!(names(&page), expected);
    assert_eq!(page.total as usize, expected.len());
}

fn binding(user: u32) -> Identity {
    let id = user_id(1000 + user);
    Identity {
        id: id.uuid().into(),
        user_id: user_id(user),
        scope: IdentityScope::OpenId {
            connection_id: None,
            kind: ConnectionKind::Pc,
            app_id: "wx0123456789abcdef".to_owned(),
            open_id: "oPfVTx0001".to_owned(),
            union_id: Some("union-1".to_owned()),
        },
        first_seen: Timestamp(5),
        last_seen: Timestamp(6),
    }
}

#[test]
fn a_row_shows_the_bindings_and_the_union_id() {
    let mut backend = BackendModel::new();
    backend.put(Entity::Identity(Box::new(binding(1))));
    backend.add_user(user_id(1), "张伟", 1);
    let page = search(&mirror_of(&mut backend), "");
    let row = &page.rows[0];
    assert_eq!(row.wechat_id.as_deref(), Some("union-1"));
    assert_eq!(row.last_seen, Some(Timestamp(6)));
    assert_eq!(row.bindings.len(), 1);
    assert!(row.bindings[0].has_union_id);
}

#[test]
fn lists_only_users_with_something_unsynced() {
    let mut backend = BackendModel::of(1..4);
    let file = mirror_of(&mut backend);
    edit_metadata(&file, &edit(2, "tier", Some("1")), &ambient(2)).unwrap();
    let query = UserQuery {
        filter: UserFilter {
            sync: Some(SyncFilter::Unsynced),
            ..UserFilter::default()
        },
        limit: 10,
        ..UserQuery::default()
    };
    let page = users(&file, &Orders::default(), &query).unwrap();
    assert_eq!(
        page.rows.iter().map(|row| row.id).collect::<Vec<_>>(),
        [user_id(2)]
    );
    assert_eq!(page.total, 1);
}

#[test]
fn connections_are_known_without_the_backend() {
    let file = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    let ids: Vec<ConnectionId> = (0..3).map(|number| user_id(number).uuid().into()).collect();
    for (id, name, kind) in [
        (&ids[0], "网页", Some(1)),
        (&ids[1], "App", None),
        (&ids[2], "小程序", None),
    ] {
        file.execute(
            "INSERT INTO connections (id, rev, generation, display_name, kind) VALUES (?1, 1, 1, ?2, ?3)",
            rusqlite::params![id.uuid().into_bytes(), name, kind],
        )
        .unwrap();
    }
    // Mirrored before kinds were kept, and used.
    let sql = "INSERT INTO origins (kind, connection_id) VALUES (3, ?1)";
    file.execute(sql, [ids[2].uuid().into_bytes()]).unwrap();
    let known: Vec<_> = known_connections(&file)
        .unwrap()
        .into_iter()
        .map(|one| (one.id, one.display_name, one.kind))
        .collect();
    let expected = [
        (ids[1], "App".to_owned(), None),
        (ids[2], "小程序".to_owned(), Some(ConnectionKind::MiniProgram)),
        (ids[0], "网页".to_owned(), Some(ConnectionKind::Pc)),
    ];
    assert_eq!(known, expected);
}

#[test]
fn a_name_of_a_view_that_is_taken_is_refused() {
    let file = open_in_memory(PoolId::default(), ambient(1)).unwrap();
    let draft = |id: Option<&str>, name: &str| SavedViewDraft {
        id: id.map(str::to_owned),
        name: name.to_owned(),
        query: UserQuery::default(),
    };
    let time = ambient(1);
    let first = save_view(&file, &draft(None, "VIP"), &time).unwrap();
    let second = save_view(&file, &draft(None, "张"), &time).unwrap();
    for taken in [draft(None, " VIP "), draft(Some(&second.id), "VIP")] {
        let refused = save_view(&file, &taken, &time);
        let Err(Error::InvalidFields(fields)) = refused else {
            panic!("refused: {refused:?}")
        };
        assert_eq!((&*fields[0].field, fields[0].rule), ("name", Rule::NameTaken));
    }
    save_view(&file, &draft(Some(&first.id), "VIP"), &time).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn pages_neither_repeat_nor_skip_while_users_come_and_go(
        ages in proptest::collection::vec(0..8_i64, 1..30),
        newcomers in proptest::collection::vec(0..8_i64, 0..10),
        limit in 1..7_u32,
    ) {
        let mut backend = BackendModel::new();
        for (number, age) in (0..).zip(&ages) {
            backend.add_user(user_id(number), "张伟", *age);
        }
        let file = mirror_of(&mut backend);
        let mut newcomers = (1000..).zip(newcomers);
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = users(&file, &Orders::default(), &UserQuery { after, limit, ..UserQuery::default() }).unwrap();
            prop_assert!(page.rows.len() <= limit as usize);
            seen.extend(page.rows.iter().map(|row| (row.created_at, row.id)));
            if let Some((number, age)) = newcomers.next() {
                backend.add_user(user_id(number), "李娜", age);
                pull(&file, &backend);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        prop_assert!(seen.is_sorted_by(|a, b| a > b), "strictly newest first");
        let old = seen.iter().filter(|(_, id)| *id < user_id(1000)).count();
        prop_assert_eq!(old, ages.len(), "everybody who was there all the time, once");
    }
}

fn edit(user: u32, key: &str, json: Option<&str>) -> MetadataEdit {
    MetadataEdit {
        user_id: user_id(user),
        key: key.to_owned(),
        json: json.map(str::to_owned),
    }
}

#[rstest]
#[case::key_missing(edit(1, "", Some("1")), "key", Rule::Required)]
#[case::key_of_a_removal(edit(1, " tier", None), "key", Rule::MetadataKeyCharacters)]
#[case::no_json(edit(1, "tier", Some("gold")), "value", Rule::MetadataValueJson)]
fn refuses_an_edit_at_its_field(#[case] edit: MetadataEdit, #[case] field: &str, #[case] rule: Rule) {
    let mut backend = BackendModel::new();
    backend.add_user(user_id(1), "张伟", 1);
    let file = mirror_of(&mut backend);
    let Err(Error::InvalidFields(fields)) = edit_metadata(&file, &edit, &ambient(2)) else {
        panic!("refused");
    };
    assert_eq!((fields[0].field.as_str(), fields[0].rule), (field, rule));
    assert_eq!(super::standing(&file).unwrap().waiting, 0);
}

#[test]
fn refuses_one_key_too_many_counting_own_edits() {
    let mut backend = BackendModel::new();
    backend.add_user(user_id(1), "张伟", 1);
    backend.set(user_id(1), &key("k0"), Some(json("0")), "李娜");
    let file = mirror_of(&mut backend);
    let ambient = ambient(2);
    for number in 1..256 {
        edit_metadata(&file, &edit(1, &format!("k{number}"), Some("1")), &ambient).unwrap();
    }
    let Err(Error::InvalidFields(fields)) = edit_metadata(&file, &edit(1, "k256", Some("1")), &ambient)
    else {
        panic!("refused");
    };
    assert_eq!(fields[0].rule, Rule::MetadataCount);
    edit_metadata(&file, &edit(1, "k0", None), &ambient).unwrap();
    edit_metadata(&file, &edit(1, "k256", Some("1")), &ambient).unwrap();
}

#[test]
fn an_edit_that_changes_nothing_queues_nothing() {
    let mut backend = BackendModel::new();
    backend.add_user(user_id(1), "张伟", 1);
    backend.set(user_id(1), &key("tier"), Some(json("{\"a\": [1]}")), "李娜");
    let file = mirror_of(&mut backend);
    edit_metadata(&file, &edit(1, "tier", Some("{ \"a\":[1] }")), &ambient(2)).unwrap();
    edit_metadata(&file, &edit(1, "other", None), &ambient(2)).unwrap();
    assert_eq!(super::standing(&file).unwrap().waiting, 0);
}

#[test]
fn a_page_asked_for_at_an_older_cursor_changes_nothing() {
    let mut backend = BackendModel::new();
    backend.add_user(user_id(1), "张伟", 1);
    let file = mirror_of(&mut backend);
    let client_id = ClientId::from(user_id(0).uuid());
    let request = PullRequest {
        client_id,
        cursor: backend.load(&LoadRequest { client_id, parts: 1 }).tail,
        seen: None,
        limit: 10,
        pages: 1,
    };
    let page = backend.pull(&request).unwrap().remove(0);
    let elsewhere = Place {
        part: None,
        cursor: "elsewhere".to_owned(),
    };
    let applied = apply_page(&file, &elsewhere, &page, Timestamp(0)).unwrap();
    assert_eq!(applied, super::Applied::Stale);
}

fn opening(path: &Path) -> Opening {
    Opening {
        path: path.to_owned(),
        pool: PoolId::default(),
        ambient: ambient(1),
    }
}

async fn open(path: &Path) -> Result<(Replica, Option<PathBuf>), Error> {
    Replica::open(opening(path), Box::new(|_| {})).await
}

#[tokio::test]
async fn a_committed_step_survives_reopening_and_a_failed_one_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/replica.db");
    let (replica, _) = open(&path).await.unwrap();
    let mut backend = BackendModel::new();
    backend.add_user(user_id(1), "张伟", 1);
    replica
        .write(move |transaction| {
            pull(transaction, &backend);
            edit_metadata(transaction, &edit(1, "tier", Some("1")), &ambient(2))
        })
        .await
        .unwrap();
    let undone = replica
        .write(|transaction| {
            edit_metadata(transaction, &edit(1, "tier", Some("2")), &ambient(3))?;
            Err::<(), _>(Error::NotFound)
        })
        .await;
    assert!(matches!(undone, Err(Error::NotFound)));
    replica.close().await;
    assert!(matches!(replica.read(|_| Ok(())).await, Err(Error::Closed)));

    let (replica, kept_aside) = open(&path).await.unwrap();
    assert_eq!(kept_aside, None);
    let detail = replica.read(|file| super::user(file, user_id(1))).await.unwrap();
    assert_eq!(detail.metadata[0].json.as_deref(), Some("1"));
    assert_eq!(replica.read(super::standing).await.unwrap().waiting, 1);
    replica.close().await;
}

#[tokio::test]
async fn keeps_a_file_of_a_newer_version_aside_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replica.db");
    open(&path).await.unwrap().0.close().await;
    let file = Connection::open(&path).unwrap();
    file.execute(
        "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
         SELECT 99, 'later', applied_on, checksum FROM refinery_schema_history WHERE version = 1",
        [],
    )
    .unwrap();
    file.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    let (replica, kept_aside) = open(&path).await.unwrap();
    replica.close().await;
    let kept = kept_aside.unwrap();
    assert!(
        kept.ends_with("replica.db.newer-19700101-001640"),
        "{}",
        kept.display()
    );
    assert!(std::fs::read(&kept).unwrap() == before, "not a byte changed");
}

#[rstest]
#[case::no_database(|bytes: &mut Vec<u8>| bytes[..16].fill(b'x'))]
#[case::broken_page(|bytes: &mut Vec<u8>| bytes[4096..8192].fill(0xff))]
#[case::cut_short(|bytes: &mut Vec<u8>| bytes.truncate(5000))]
#[tokio::test]
async fn keeps_a_corrupt_file_aside_and_never_overwrites_one(#[case] spoil: fn(&mut Vec<u8>)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replica.db");
    let mut kept = Vec::new();
    for _ in 0..2 {
        open(&path).await.unwrap().0.close().await;
        let mut bytes = std::fs::read(&path).unwrap();
        spoil(&mut bytes);
        std::fs::write(&path, &bytes).unwrap();
        // The clock stands at the same second both times.
        let (replica, kept_aside) = open(&path).await.unwrap();
        replica.close().await;
        kept.push((kept_aside.unwrap(), bytes));
    }
    for (path, bytes) in &kept {
        assert!(&std::fs::read(path).unwrap() == bytes, "kept as it was");
    }
    let names: Vec<_> = kept
        .iter()
        .map(|(path, _)| path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "replica.db.corrupt-19700101-001640",
            "replica.db.corrupt-19700101-001640-2"
        ]
    );
}

#[tokio::test]
async fn refuses_the_replica_of_another_pool() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("replica.db");
    open(&path).await.unwrap().0.close().await;
    let other = Opening {
        pool: "other".parse().unwrap(),
        ..opening(&path)
    };
    let refused = Replica::open(other, Box::new(|_| {})).await.map(drop);
    assert!(matches!(refused, Err(Error::OtherPool { .. })));
}

#[cfg(unix)]
#[tokio::test]
async fn what_it_stores_is_for_its_owner_only_even_in_an_open_folder() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let open_to_all = tempfile::tempdir().unwrap();
    std::fs::set_permissions(open_to_all.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = open_to_all.path().join("replica.db");
    let (replica, _) = open(&path).await.unwrap();
    assert_eq!(mode(open_to_all.path()), 0o755, "not ours to close");
    for suffix in ["", "-wal", "-shm"] {
        assert_eq!(mode(&super::keep_aside::with_suffix(&path, suffix)), 0o600);
    }
    replica.close().await;

    let path = open_to_all.path().join("new/replica.db");
    let (replica, _) = open(&path).await.unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    replica.close().await;
}

#[tokio::test]
async fn a_defect_ends_its_step_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (replica, _) = open(&folder.path().join("replica.db")).await.unwrap();
    for _ in 0..2 * super::READERS {
        let looked = replica
            .read(|_| -> Result<(), Error> { panic!("a defect") })
            .await;
        assert!(matches!(looked, Err(Error::Defect)));
    }
    let written = replica
        .write(|transaction| -> Result<(), Error> {
            transaction.execute("UPDATE replica SET loaded = 1", [])?;
            panic!("a defect")
        })
        .await;
    assert!(matches!(written, Err(Error::Defect)));
    assert!(
        !replica.read(super::standing).await.unwrap().loaded,
        "it was undone"
    );
    replica.write(|_| Ok(())).await.unwrap();
    replica.close().await;
}

#[tokio::test]
async fn a_step_counts_even_if_those_who_look_at_it_fail() {
    let folder = tempfile::tempdir().unwrap();
    let mut looks = 0;
    let after_commit = Box::new(move |_: &Connection| {
        looks += 1;
        assert!(looks == 1, "a defect after the first look");
    });
    let opening = opening(&folder.path().join("replica.db"));
    let (replica, _) = Replica::open(opening, after_commit).await.unwrap();
    for loaded in [1, 0, 1] {
        let sql = "UPDATE replica SET loaded = ?1";
        replica
            .write(move |transaction| Ok(transaction.execute(sql, [loaded])?))
            .await
            .unwrap();
    }
    assert!(replica.read(super::standing).await.unwrap().loaded);
    replica.close().await;
}
