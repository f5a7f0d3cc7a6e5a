//! Files of users: what is written is what is read, and what is imported is imported once.

use super::{
    decide::Decider,
    export::export,
    import::write_batch,
    preview::{Plan, preview},
    row::{Row, guarded, metadata_cell, of_cell},
};
use crate::{
    Error, ErrorView, FileFormat, FileProblem, ImportMeaning, ImportPreview, RowProblem, UserQuery,
    jobs::Progress,
    replica,
    tests::{BackendModel, LOADED_BY, ambient, json, key, pull, user_id},
};
use proptest::prelude::*;
use rstest::rstest;
use rusqlite::Connection;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;
use yaopai_domain::{ConnectionKind, Entity, Identity, IdentityScope, PoolId, ProfileField, Rule, Timestamp};

fn replica_of(backend: &BackendModel) -> Connection {
    let file = replica::open_in_memory(PoolId::default(), ambient(1)).unwrap();
    pull(&file, backend);
    file
}

fn backend() -> BackendModel {
    let mut backend = BackendModel::new();
    backend.page = 1000;
    for (number, name) in (1..).zip(["张伟", "=cmd|'/c calc'!A0", "a,\"b\"\nc", "  blanks", "+86"]) {
        backend.add_user(user_id(number), name, i64::from(number));
        backend.rename(user_id(number), ProfileField::Name, Some(name.trim()));
    }
    for (user, name, value) in [
        (1, "tier", "\"gold\""),
        (1, "会员", "{\"since\": [2026, null]}"),
        (2, "tier", "\"12\""),
        (3, "tier", "12"),
        (4, "tier", "\"- x\""),
    ] {
        backend.set(user_id(user), &key(name), Some(json(value)), "李娜");
    }
    backend
}

fn written(file: &Connection, format: FileFormat, path: &Path) {
    let query = UserQuery {
        limit: 2,
        ..UserQuery::default()
    };
    let progress = Progress::detached(CancellationToken::new());
    export(file, query, format, path, &progress).unwrap();
}

fn looked_at(file: &Connection, path: &Path) -> (Plan, ImportPreview) {
    preview(file, path.to_owned()).unwrap()
}

/// The rows of a file that can be read.
fn rows(plan: &Plan) -> Vec<(u64, Row)> {
    let mut all = Vec::new();
    super::file::rows(&plan.path, &plan.about, |read| {
        all.extend(read.row.ok().map(|row| (read.line, row)));
        Ok(())
    })
    .unwrap();
    all
}

/// Imports a file in batches of this many rows; answers how many users that created or changed.
fn imported(file: &mut Connection, path: &Path, batch: usize) -> u32 {
    let (plan, _) = looked_at(file, path);
    let mut decider = Decider::begin(file, &plan.about).unwrap();
    // No two imports draw the same ids.
    let ambient = ambient(4 + u64::from(replica::standing(file).unwrap().waiting));
    let batches = rows(&plan);
    let batches = batches.chunks(batch);
    batches
        .map(|batch| {
            replica::transact(file, |transaction| {
                write_batch(transaction, &plan, &mut decider, batch.to_vec(), &ambient)
            })
            .unwrap()
        })
        .sum()
}

fn file_of(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Refusals of a preview: line, column, problem.
fn refusals(preview: &ImportPreview) -> Vec<(u64, Option<&str>, RowProblem)> {
    let errors = preview.first_errors.iter();
    errors
        .map(|error| (error.line, error.column.as_deref(), error.problem))
        .collect()
}

#[rstest]
#[case::table(FileFormat::Csv, "users.csv")]
#[case::json_lines(FileFormat::JsonLines, "users.jsonl")]
fn what_was_exported_changes_nothing_when_imported(#[case] format: FileFormat, #[case] name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = replica_of(&backend());
    let path = folder.path().join(name);
    written(&file, format, &path);
    let (_, preview) = looked_at(&file, &path);
    assert_eq!(preview.first_errors, []);
    assert_eq!((preview.rows, preview.unchanged, preview.format), (5, 5, format));
}

#[test]
fn a_table_is_what_a_spreadsheet_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.csv");
    written(&replica_of(&backend()), FileFormat::Csv, &path);
    insta::assert_snapshot!(std::fs::read_to_string(path).unwrap());
}

#[cfg(unix)]
#[test]
fn an_export_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.csv");
    written(&replica_of(&backend()), FileFormat::Csv, &path);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn an_export_that_is_ended_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.csv");
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let progress = Progress::detached(cancelled);
    let file = replica_of(&backend());
    let ended = export(&file, UserQuery::default(), FileFormat::Csv, &path, &progress);
    assert!(matches!(ended, Err(Error::Cancelled)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn rows_make_and_change_users_and_each_refusal_says_which_cell() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = replica_of(&backend());
    let text = format!(
        "id,昵称,phone,metadata.tier,note\n\
         ,王芳,138 0013 8000,silver,x\n\
         {one},,,platinum,\n\
         {one},,,gold,\n\
         {nobody},王芳,,,\n\
         ,,12,,\n\
         ,,,,\n\
         {two},,13800138001,,\n",
        one = user_id(1),
        two = user_id(2),
        nobody = user_id(99),
    );
    let path = file_of(folder.path(), "users.csv", &text);
    let (_, preview) = looked_at(&file, &path);
    let counts = (
        preview.creates,
        preview.updates,
        preview.unchanged,
        preview.errors,
    );
    assert_eq!(counts, (1, 1, 0, 5));
    assert_eq!(preview.columns[4].meaning, ImportMeaning::Ignored);
    let broken = |rule| RowProblem::Rule { rule };
    assert_eq!(
        refusals(&preview),
        [
            (4, Some("id"), RowProblem::Repeated),
            (5, Some("id"), RowProblem::UnknownUser),
            (6, Some("phone"), broken(Rule::PhoneShape)),
            (7, None, broken(Rule::Required)),
            (8, Some("phone"), RowProblem::OnlyForNewUsers),
        ]
    );
    assert_eq!(
        replica::standing(&file).unwrap().waiting,
        0,
        "looking changes nothing"
    );

    // However the rows are cut into batches, what the preview left out is left out.
    assert_eq!(imported(&mut file, &path, 1), 2);
    assert_eq!(replica::standing(&file).unwrap().waiting, 2);
    let detail = replica::user(&file, user_id(1)).unwrap();
    let tier = detail.metadata.iter().find(|item| item.key == "tier").unwrap();
    assert_eq!(tier.json.as_deref(), Some("\"platinum\""));
    let query = UserQuery {
        search: "王芳".to_owned(),
        limit: 10,
        ..UserQuery::default()
    };
    let found = replica::users(&file, &replica::Orders::default(), &query).unwrap();
    assert_eq!(found.total, 1);
    assert_eq!(found.rows[0].phone.as_deref(), Some("+8613800138000"));
}

#[rstest]
#[case::at_the_beginning(1)]
#[case::halfway(2)]
#[case::all(4)]
fn an_import_that_was_interrupted_is_begun_anew_and_nothing_comes_twice(#[case] before: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut file = replica_of(&backend());
    let lines =
        "{\"nickname\": \"一\"}\n{\"nickname\": \"二\"}\n{\"nickname\": \"三\"}\n{\"nickname\": \"四\"}\n";
    let path = file_of(folder.path(), "users.jsonl", lines);
    let (plan, _) = looked_at(&file, &path);
    let mut decider = Decider::begin(&file, &plan.about).unwrap();
    let mut rows = rows(&plan);
    rows.truncate(before);
    replica::transact(&mut file, |transaction| {
        write_batch(transaction, &plan, &mut decider, rows, &ambient(3))
    })
    .unwrap();
    imported(&mut file, &path, 3);
    assert_eq!(replica::standing(&file).unwrap().waiting, 4);
    let (_, preview) = looked_at(&file, &path);
    assert_eq!((preview.unchanged, preview.creates), (4, 0));
}

#[test]
fn a_line_that_is_no_object_spoils_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = replica_of(&backend());
    let path = file_of(
        folder.path(),
        "users.jsonl",
        "[1]\n{\"nickname\": \"一\"}\nnot json\n{\"phone\": 138}\n",
    );
    let (_, preview) = looked_at(&file, &path);
    assert_eq!((preview.rows, preview.creates, preview.errors), (4, 1, 3));
}

#[test]
fn a_corrected_sorted_and_saved_again_file_creates_only_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = replica_of(&backend());
    let first = file_of(
        folder.path(),
        "first.csv",
        "nickname,phone,metadata.tier\n一,,1\n一,,1\n二,12,\n三,,\n",
    );
    assert_eq!(imported(&mut file, &first, 2), 3);
    // Sorted, another order of columns, one more of those who are the same, and the phone number is one now.
    let second = file_of(
        folder.path(),
        "second.csv",
        "metadata.tier,phone,昵称,note\r\n,,三,x\r\n,13800138002,二,\r\n1,,一,\r\n1,,一,\r\n1,,一,\r\n",
    );
    let (_, preview) = looked_at(&file, &second);
    assert_eq!((preview.creates, preview.unchanged, preview.errors), (2, 3, 0));
    assert_eq!(imported(&mut file, &second, 2), 2);
    assert_eq!(replica::standing(&file).unwrap().waiting, 5);
}

#[test]
fn the_same_file_names_other_people_in_another_pool() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_of(folder.path(), "users.csv", "nickname\n一\n");
    let mut made = Vec::new();
    for pool in ["default", "other"] {
        let mut file = replica::open_in_memory(pool.parse().unwrap(), ambient(1)).unwrap();
        imported(&mut file, &path, 2);
        made.extend(
            replica::freeze(&file, 500)
                .unwrap()
                .iter()
                .map(|one| one.act.user_id()),
        );
    }
    assert_ne!(made[0], made[1]);
}

#[test]
fn a_row_with_a_key_too_many_is_left_out_and_the_others_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut backend = backend();
    for number in 0..255 {
        backend.set(user_id(3), &key(&format!("k{number}")), Some(json("1")), "李娜");
    }
    let mut file = replica_of(&backend);
    let names: Vec<String> = (0..257).map(|number| format!("metadata.n{number}")).collect();
    let all = ["1"; 257].join(",");
    let text = format!(
        "nickname,id,{}\n,{one},1\n,{three},1\n张伟,,{all}\n",
        names.join(","),
        one = user_id(1),
        three = user_id(3),
    );
    let path = file_of(folder.path(), "users.csv", text);
    let (_, preview) = looked_at(&file, &path);
    let rule = Rule::MetadataCount;
    let mut names: Vec<_> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        refusals(&preview),
        [
            (3, Some("metadata.n0"), RowProblem::Rule { rule }),
            (4, Some(names[256]), RowProblem::Rule { rule }),
        ]
    );
    assert_eq!(imported(&mut file, &path, 10), 1);
}

#[test]
fn a_row_that_cannot_be_taken_any_more_leaves_nothing_of_itself_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = replica_of(&backend());
    let text = format!(
        "id,metadata.a,metadata.b\n{},1,1\n{},1,1\n",
        user_id(1),
        user_id(2)
    );
    let path = file_of(folder.path(), "users.csv", text);
    let (plan, _) = looked_at(&file, &path);
    let mut decider = Decider::begin(&file, &plan.about).unwrap();
    // Between the two cells of the first row the user gets as many keys as fit.
    let keys = serde_json::to_string(&(0..256).collect::<Vec<_>>()).unwrap();
    file.execute_batch(&format!(
        "CREATE TEMP TRIGGER crowd AFTER INSERT ON outbox WHEN NEW.field = 'metadata.a' AND NEW.user_id = '{}' BEGIN
             INSERT INTO overlay SELECT NEW.user_id, 'metadata.k' || value, '1', 0 FROM json_each('{keys}');
         END",
        user_id(1)
    ))
    .unwrap();
    let changed = replica::transact(&mut file, |transaction| {
        write_batch(transaction, &plan, &mut decider, rows(&plan), &ambient(3))
    });
    assert_eq!(changed.unwrap(), 1);
    let keys = |number| replica::keys(&file, user_id(number)).unwrap();
    assert_eq!(
        (keys(1).len(), keys(2).len()),
        (2, 3),
        "tier and 会员; tier, a and b"
    );
    assert_eq!(replica::standing(&file).unwrap().waiting, 2);
}

#[test]
fn a_user_who_is_more_than_the_backend_takes_at_once_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = replica_of(&backend());
    let value = "x".repeat(6000);
    let metadata: Vec<String> = (0..200)
        .map(|number| format!("\"k{number}\":\"{value}\""))
        .collect();
    let metadata = metadata.join(",");
    let one = user_id(1);
    let text = format!(
        "{{\"nickname\":\"一\",\"metadata\":{{{metadata}}}}}\n{{\"nickname\":\"二\"}}\n\
         {{\"id\":\"{one}\",\"metadata\":{{{metadata}}}}}\n"
    );
    let path = file_of(folder.path(), "users.jsonl", text);
    let (_, preview) = looked_at(&file, &path);
    assert_eq!(refusals(&preview), [(1, None, RowProblem::TooLarge)]);
    assert_eq!(imported(&mut file, &path, 10), 2);
    let pushed = replica::freeze(&file, 500).unwrap();
    assert!(
        pushed.iter().all(|mutation| mutation.act.fits()),
        "and no other way leads into the outbox"
    );
    let (plan, _) = looked_at(&file, &path);
    let large = rows(&plan).remove(0).1;
    let new = yaopai_domain::NewUser {
        user_id: user_id(77),
        nickname: None,
        name: None,
        phone: None,
        email: None,
        username: None,
        metadata: large.metadata,
    };
    let refused = replica::create_user(&file, &new, &ambient(5));
    assert!(matches!(refused, Err(Error::TooLarge)));
}

#[test]
fn a_login_name_that_somebody_has_is_refused_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = replica_of(&backend());
    let first = file_of(
        folder.path(),
        "first.csv",
        "nickname,phone,email,username\n一,13800138001,yi@example.com,Yi.One\n",
    );
    imported(&mut file, &first, 10);
    let second = file_of(
        folder.path(),
        "second.csv",
        "nickname,phone,email,username\n\
         二,138 0013 8001,,\n三,,YI@example.com,\n四,,,yi.one\n\
         五,13800138005,wu@example.com,Wu\n\
         六,+8613800138005,,\n七,,wu@example.com,\n八,,,WU\n九,,jiu@example.com,\n",
    );
    let (_, preview) = looked_at(&file, &second);
    let taken = RowProblem::Taken;
    assert_eq!(
        refusals(&preview),
        [
            (2, Some("phone"), taken),
            (3, Some("email"), taken),
            (4, Some("username"), taken),
            (6, Some("phone"), taken),
            (7, Some("email"), taken),
            (8, Some("username"), taken),
        ]
    );
    assert_eq!(imported(&mut file, &second, 1), 2);
    let (_, again) = looked_at(&file, &second);
    assert_eq!((again.unchanged, again.creates, again.errors), (2, 0, 6));
}

#[rstest]
#[case::utf_8("昵称,phone\n张伟,13800138000\n".as_bytes().to_vec(), "users.csv", "UTF-8")]
#[case::gbk(encoding_rs::GBK.encode("昵称,phone\r\n张伟,13800138000\r\n").0.into_owned(), "users.csv", "gb18030")]
#[case::tabs("\u{feff}昵称\tphone\r\n张伟\t13800138000\r\n".as_bytes().to_vec(), "users.txt", "UTF-8")]
#[case::semicolons("昵称;phone\n张伟;13800138000\n".as_bytes().to_vec(), "users.csv", "UTF-8")]
#[case::quoted("昵称;\"phone,,\";手机\n张伟;;13800138000\n".as_bytes().to_vec(), "users.csv", "UTF-8")]
#[case::unicode_text(utf_16("昵称\tphone\r\n张伟\t13800138000\r\n"), "users.txt", "UTF-16LE")]
fn a_table_is_read_as_spreadsheets_save_it(
    #[case] bytes: Vec<u8>,
    #[case] name: &str,
    #[case] encoding: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    let mut file = replica_of(&backend());
    let path = file_of(folder.path(), name, bytes);
    let (_, preview) = looked_at(&file, &path);
    assert_eq!(preview.first_errors, []);
    assert_eq!((preview.encoding.as_str(), preview.creates), (encoding, 1));
    imported(&mut file, &path, 10);
    let query = UserQuery {
        search: "13800138000".to_owned(),
        limit: 10,
        ..UserQuery::default()
    };
    let found = replica::users(&file, &replica::Orders::default(), &query).unwrap();
    assert_eq!(found.rows[0].name.as_deref(), Some("张伟"));
}

fn utf_16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_long_text_in_another_encoding_is_read_to_its_last_character() {
    let folder = tempfile::tempdir().unwrap();
    // Longer than every buffer, and a character of two bytes at every place in them.
    let rows: Vec<String> = (0..30_000).map(|number| format!("张{number}伟")).collect();
    let text = format!("nickname\n{}\n", rows.join("\n"));
    let bytes = encoding_rs::GB18030.encode(&text).0.into_owned();
    let path = file_of(folder.path(), "users.csv", bytes);
    let file = replica_of(&backend());
    let (plan, _) = looked_at(&file, &path);
    let names: Vec<String> = self::rows(&plan)
        .into_iter()
        .filter_map(|(_, row)| row.nickname)
        .collect();
    assert_eq!(names, rows);
}

#[rstest]
#[case::json_lines(encoding_rs::GBK.encode("{\"nickname\":\"张伟\"}\n").0.into_owned(), "users.jsonl")]
#[case::a_workbook(vec![0x50, 0x4b, 3, 4, 0xff, 0xff, 0x80], "users.csv")]
#[case::a_broken_mark(vec![0xef, 0xbb, 0xbf, 0xd5, 0xc5], "users.csv")]
fn a_file_in_an_unknown_encoding_is_refused(#[case] bytes: Vec<u8>, #[case] name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = file_of(folder.path(), name, bytes);
    let refused = preview(&replica_of(&backend()), path.clone())
        .map(|_| ())
        .unwrap_err();
    assert_eq!(
        refused.view(),
        ErrorView::Exchange {
            file: path.display().to_string(),
            problem: FileProblem::Encoding
        }
    );
}

#[rstest]
#[case::line_feeds("\n")]
#[case::both("\r\n")]
fn a_shifted_row_is_refused_and_every_row_has_the_line_that_people_see(#[case] end: &str) {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        "metadata.note,phone",
        "张伟",
        "张, 伟,13800138000",
        "",
        "\"two\nlines\",13800138001,",
        "一,1",
        "",
        "二,2",
    ];
    for tail in ["", end] {
        let path = file_of(folder.path(), "users.csv", rows.join(end) + tail);
        let (_, preview) = looked_at(&replica_of(&backend()), &path);
        let rule = Rule::PhoneShape;
        assert_eq!(
            refusals(&preview),
            [
                (3, None, RowProblem::Unreadable),
                (7, Some("phone"), RowProblem::Rule { rule }),
                (9, Some("phone"), RowProblem::Rule { rule }),
            ]
        );
        let lines: Vec<u64> = preview.sample.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 3, 5, 7, 9]);
    }
}

#[test]
fn json_lines_hold_every_binding_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let mut backend = backend();
    for (number, union_id) in (1..).zip([Some("union-a"), Some("union-b"), None]) {
        backend.put(Entity::Identity(Box::new(Identity {
            id: uuid::Uuid::from_u128(number).into(),
            user_id: user_id(1),
            scope: IdentityScope::OpenId {
                connection_id: None,
                kind: ConnectionKind::WebpageAuthorization,
                app_id: format!("wx{number}"),
                open_id: format!("open-{number}"),
                union_id: union_id.map(str::to_owned),
            },
            first_seen: Timestamp(1),
            last_seen: Timestamp(2),
        })));
    }
    let path = folder.path().join("users.jsonl");
    written(&replica_of(&backend), FileFormat::JsonLines, &path);
    insta::assert_snapshot!(std::fs::read_to_string(path).unwrap());
}

#[test]
fn nothing_is_imported_for_somebody_who_lost_their_access_since_they_looked() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = replica_of(&backend());
    let path = file_of(folder.path(), "users.csv", "nickname\n一\n");
    let (plan, _) = looked_at(&file, &path);
    let mut decider = Decider::begin(&file, &plan.about).unwrap();
    replica::access_lost(&file, LOADED_BY, &ambient(2)).unwrap();
    let ended = replica::transact(&mut file, |transaction| {
        write_batch(transaction, &plan, &mut decider, rows(&plan), &ambient(3))
    });
    assert!(matches!(ended, Err(Error::Cancelled)));
    assert_eq!(replica::standing(&file).unwrap().waiting, 0);
}

proptest! {
    #[test]
    fn a_metadata_value_survives_its_cell(text in "\\PC{0,20}", number in any::<i32>()) {
        let meaning = ImportMeaning::Metadata { key: "k".to_owned() };
        for value in [Value::String(text), number.into(), true.into()] {
            let cell = guarded(metadata_cell(&value.to_string()));
            let is_number = cell.parse::<i32>().is_ok();
            prop_assert!(is_number || !cell.starts_with(['=', '+', '-', '@']), "{cell}");
            prop_assert_eq!(of_cell(&meaning, &cell), value);
        }
    }
}
