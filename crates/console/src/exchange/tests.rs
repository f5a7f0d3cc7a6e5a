//! Files of users: what is written is what is read, and what is imported is imported once.

use super::{
    export::export,
    import::write_batch,
    preview::{Plan, preview},
    row::{guarded, metadata_cell, of_cell},
};
use crate::{
    Error, FileFormat, ImportMeaning, ImportPreview, RowProblem, UserQuery,
    jobs::Progress,
    replica,
    tests::{BackendModel, ambient, json, key, pull, user_id},
};
use proptest::prelude::*;
use rstest::rstest;
use rusqlite::Connection;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;
use yaopai_domain::{PoolId, ProfileField, Rule};

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

/// Imports a file in batches of this many rows.
fn imported(file: &mut Connection, path: &Path, rows: usize) {
    let (plan, _) = looked_at(file, path);
    let mut all = Vec::new();
    super::file::rows(path, &plan.about, |read| {
        all.extend(read.row.ok().map(|row| (read.number, row)));
        Ok(())
    })
    .unwrap();
    let ambient = ambient(4);
    for batch in all.chunks(rows) {
        replica::transact(file, |transaction| {
            write_batch(transaction, &plan, batch.to_vec(), &ambient)
        })
        .unwrap();
    }
}

fn file_of(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
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
    let errors: Vec<_> = preview
        .first_errors
        .iter()
        .map(|error| (error.row, error.column.as_deref(), error.problem))
        .collect();
    let broken = |rule| RowProblem::Rule { rule };
    assert_eq!(
        errors,
        [
            (3, Some("id"), RowProblem::Repeated),
            (4, Some("id"), RowProblem::UnknownUser),
            (5, Some("phone"), broken(Rule::PhoneShape)),
            (6, None, broken(Rule::Required)),
            (7, Some("phone"), RowProblem::OnlyForNewUsers),
        ]
    );
    assert_eq!(
        replica::standing(&file).unwrap().waiting,
        0,
        "looking changes nothing"
    );

    imported(&mut file, &path, 100);
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
    let mut rows = Vec::new();
    super::file::rows(&path, &plan.about, |read| {
        rows.extend(read.row.ok().map(|row| (read.number, row)));
        Ok(())
    })
    .unwrap();
    rows.truncate(before);
    replica::transact(&mut file, |transaction| {
        write_batch(transaction, &plan, rows, &ambient(3))
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

proptest! {
    #[test]
    fn a_metadata_value_survives_its_cell(text in "\\PC{0,20}", number in any::<i32>()) {
        let meaning = ImportMeaning::Metadata { key: "k".to_owned() };
        for value in [Value::String(text), number.into(), true.into()] {
            let cell = guarded(metadata_cell(&value.to_string()));
            prop_assert!(!cell.starts_with(['=', '-', '@']), "{cell}");
            prop_assert_eq!(of_cell(&meaning, &cell), value);
        }
    }
}
