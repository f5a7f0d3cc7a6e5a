//! The console without a window: users go to files and come from them.

use crate::programs::{first_line, lines, program};
use std::{fs, path::Path, process::Stdio, time::Duration};
use tokio::{process::Child, time::timeout};

const KEY: &str = "headless-0123456789abcdef0123456789ab";
/// Far longer than anything here takes; a test that gets here hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// A backend with one user, and where it listens.
async fn backend(folder: &Path) -> (Child, String) {
    let bootstrap = format!(
        "[[access_key]]\nname = \"headless\"\nrole = \"admin\"\nkey = \"{KEY}\"\n\
         [[user]]\nid = \"00000000-0000-7000-8000-000000000001\"\nnickname = \"张伟\"\n"
    );
    fs::write(folder.join("bootstrap.toml"), bootstrap).unwrap();
    let mut backend = program("yaopai-server")
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder.join("backend"))
        .arg("--bootstrap")
        .arg(folder.join("bootstrap.toml"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let listening = timeout(PATIENCE, first_line(lines(&mut backend))).await.unwrap();
    let url = listening
        .split_whitespace()
        .find(|word| word.starts_with("http://"));
    let url = url.unwrap_or_else(|| panic!("{listening:?}")).to_owned();
    (backend, url)
}

/// What the console prints, last line last, and whether it ended well.
async fn console(folder: &Path, url: &str, what: &[&str]) -> (bool, Vec<String>) {
    let mut command = program("yaopai-headless");
    command
        .env("YAOPAI_SERVER_URL", url)
        .env("YAOPAI_ACCESS_KEY", KEY)
        .current_dir(folder)
        .args(what);
    let output = timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    (output.status.success(), said.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn a_file_is_looked_at_imported_and_exported_without_a_window() {
    let folder = tempfile::tempdir().unwrap();
    let (mut backend, url) = backend(folder.path()).await;
    let run = |what: &'static [&'static str]| console(folder.path(), &url, what);
    let text = "id,昵称,phone,metadata.tier,note\n\
        00000000-0000-7000-8000-000000000001,,,gold,x\n,王芳,13800138000,,\n,李娜,12,,\n";
    fs::write(folder.path().join("people.csv"), text).unwrap();

    let (is_done, said) = run(&["import", "people.csv"]).await;
    assert!(!is_done);
    assert!(said[0].contains("sync --until-caught-up"), "{said:?}");

    let (is_done, said) = run(&["sync", "--until-caught-up"]).await;
    assert!(is_done, "{said:?}");
    let preview = [
        "people.csv: 3 rows, UTF-8",
        "column id: user id",
        "column 昵称: nickname",
        "column phone: phone",
        "column metadata.tier: metadata tier",
        "column note: not read",
        "1 to create, 1 to change, 0 that change nothing, 1 left out",
        "line 4, phone: breaks the rule PhoneShape",
    ];
    assert_eq!(run(&["import", "people.csv", "--preview"]).await.1, preview);

    let (is_done, said) = run(&["import", "people.csv"]).await;
    assert!(is_done, "{said:?}");
    assert_eq!(said[..preview.len()], preview);
    let last = said.last().map(String::as_str);
    assert_eq!(last, Some("done: 3 rows, 2 users created or changed"));
    let (_, said) = run(&["import", "people.csv"]).await;
    let last = said.last().map(String::as_str);
    assert_eq!(last, Some("done: 3 rows, 0 users created or changed"));

    let (is_done, said) = run(&["sync", "--until-caught-up"]).await;
    assert!(is_done, "{said:?}");
    assert_eq!(said.last().map(String::as_str), Some("caught up: 2 users"));
    let (is_done, said) = run(&["export", "out.jsonl", "--search", "138 0013 8000"]).await;
    // Whether progress is told before depends on how fast it was.
    assert!(is_done, "{said:?}");
    assert_eq!(said.last().map(String::as_str), Some("done: 1 rows"));
    let written = fs::read_to_string(folder.path().join("out.jsonl")).unwrap();
    let user: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(user["nickname"], "王芳");
    assert_eq!(user["phone"], "+8613800138000");
    backend.kill().await.unwrap();
}
