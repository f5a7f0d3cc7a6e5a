//! The programs of this workspace, as the tests run them.

use std::path::Path;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A program of this workspace, built beside the tests.
pub(crate) fn program(name: &str) -> Command {
    let path = Path::new(env!("CARGO_BIN_EXE_yaopai")).with_file_name(name);
    assert!(
        path.is_file(),
        "{} is missing: cargo build --workspace --bins",
        path.display()
    );
    let mut command = Command::new(path);
    command.kill_on_drop(true);
    command
}

/// What a program prints, line by line.
pub(crate) fn lines(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().unwrap()).lines()
}

/// The first line that a program prints.
pub(crate) async fn first_line(mut lines: Lines<BufReader<ChildStdout>>) -> String {
    lines.next_line().await.unwrap().unwrap_or_default()
}
