//! Writing users to a file: exactly those a query finds, all of one read of the replica.

use super::row::{COLUMNS, cells, guarded, metadata, metadata_cell, metadata_column, object};
use crate::{
    Error, FileFormat, UserQuery,
    jobs::Progress,
    replica::{self, Orders},
};
use rusqlite::Connection;
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};
use yaopai_domain::UserId;

/// By this Excel knows that a table is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes the file beside its place and moves it there when it is whole.
pub(super) fn export(
    connection: &Connection,
    query: UserQuery,
    format: FileFormat,
    path: &Path,
    progress: &Progress,
) -> Result<(), Error> {
    let part = part_of(path);
    let written = write(connection, query, format, &part, progress);
    let moved = written.and_then(|()| fs::rename(&part, path).map_err(|source| failed(path, source)));
    if moved.is_err() {
        // Half a file is no file.
        drop(fs::remove_file(&part));
    }
    moved
}

fn part_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    path.with_file_name(name)
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Exchange {
        path: path.to_owned(),
        source,
    }
}

fn write(
    connection: &Connection,
    query: UserQuery,
    format: FileFormat,
    path: &Path,
    progress: &Progress,
) -> Result<(), Error> {
    // Ids alone: a million of them are 16 MB.
    let ids = replica::everybody_of(connection, &Orders::default(), &query)?;
    go_on(progress)?;
    let file = make(path).map_err(|source| failed(path, source))?;
    let mut out = BufWriter::new(file);
    let columns = match format {
        FileFormat::Csv => keys(connection, &ids, progress)?,
        FileFormat::JsonLines => Vec::new(),
    };
    let mut write = |line: &str| {
        out.write_all(line.as_bytes())
            .map_err(|source| failed(path, source))
    };
    if format == FileFormat::Csv {
        let names = columns.iter().map(|key| metadata_column(key));
        let names: Vec<String> = COLUMNS.into_iter().map(str::to_owned).chain(names).collect();
        write(&format!("{BYTE_ORDER_MARK}{}", line(names)))?;
    }
    for (done, id) in (1_u64..).zip(&ids) {
        let user = replica::user(connection, *id)?;
        match format {
            FileFormat::JsonLines => write(&format!("{}\n", object(&user)))?,
            FileFormat::Csv => {
                let known: std::collections::BTreeMap<_, _> = metadata(&user).collect();
                let more = columns.iter().map(|key| {
                    known
                        .get(key.as_str())
                        .map_or(String::new(), |json| metadata_cell(json))
                });
                write(&line(cells(&user).into_iter().chain(more).map(guarded)))?;
            }
        }
        go_on(progress)?;
        progress.tell(done, ids.len() as u64);
    }
    let file = out
        .into_inner()
        .map_err(|error| failed(path, error.into_error()))?;
    file.sync_all().map_err(|source| failed(path, source))
}

/// Makes the file, for its owner alone: people's names and numbers are in it.
fn make(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn go_on(progress: &Progress) -> Result<(), Error> {
    if progress.is_cancelled() {
        Err(Error::Cancelled)
    } else {
        Ok(())
    }
}

/// The metadata keys that these users have: the columns of a table are named on its first line.
fn keys(connection: &Connection, ids: &[UserId], progress: &Progress) -> Result<Vec<String>, Error> {
    let mut keys = BTreeSet::new();
    for id in ids {
        let user = replica::user(connection, *id)?;
        for (key, _) in metadata(&user) {
            if !keys.contains(key) {
                keys.insert(key.to_owned());
            }
        }
        go_on(progress)?;
    }
    Ok(keys.into_iter().collect())
}

/// A line of a table (RFC 4180).
fn line(cells: impl IntoIterator<Item = String>) -> String {
    let mut line = String::new();
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            line.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) || cell.trim() != cell {
            line.push('"');
            line.push_str(&cell.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(&cell);
        }
    }
    line.push_str("\r\n");
    line
}
