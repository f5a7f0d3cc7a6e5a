//! The contract with the window is current, and nothing in it is out of the window's reach.

use specta_typescript::Typescript;
use std::{collections::BTreeSet, fs, path::Path};

const BINDINGS: &str = "ui/src/ipc/bindings.ts";

/// `make bindings` sets `YAOPAI_WRITE_BINDINGS` and so writes the file instead of comparing it.
#[test]
fn the_bindings_of_the_window_are_current() {
    let folder = tempfile::tempdir().unwrap();
    let fresh_file = folder.path().join("bindings.ts");
    let header = "// Written by `make bindings` from src-tauri/src/contract.rs; never edited by hand.\n";
    yaopai_desktop::contract()
        .export(Typescript::default().header(header), &fresh_file)
        .unwrap();
    let fresh = fs::read_to_string(fresh_file).unwrap();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join(BINDINGS);
    if std::env::var_os("YAOPAI_WRITE_BINDINGS").is_some() {
        fs::create_dir_all(committed.parent().unwrap()).unwrap();
        fs::write(&committed, &fresh).unwrap();
    }
    let current = fs::read_to_string(&committed).unwrap_or_default();
    assert!(
        current == fresh,
        "{BINDINGS} is stale: run `make bindings` and commit the result"
    );
}

/// A command that is missing in the build script's list is refused by Tauri at run time; one too many is a dead right.
#[test]
fn the_window_may_call_exactly_the_commands_of_the_contract() {
    let bindings = include_str!("../../ui/src/ipc/bindings.ts");
    let called: BTreeSet<&str> = bindings
        .split("\"plugin:console|")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let script = include_str!("../../src-tauri/build.rs");
    let list = script
        .split_once("COMMANDS: &[&str] = &[")
        .and_then(|(_, rest)| rest.split_once("];"))
        .map(|(list, _)| list)
        .unwrap();
    let allowed: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    assert_eq!(called, allowed);
    assert!(!called.is_empty());
}
