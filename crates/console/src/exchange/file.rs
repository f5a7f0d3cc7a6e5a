//! Reading a file of users row by row, a table or JSON lines.

use super::row::{Row, meaning, of_cell};
use crate::{Error, FileFormat, ImportColumn, RowError, RowProblem};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

/// A line is at most this long: 256 metadata keys of 8 KiB.
const LINE_BYTES: u64 = 4 << 20;

/// A row as it was read.
pub(super) struct ReadRow {
    /// Counted from 1.
    pub(super) number: u64,
    /// What it says, or why it cannot be taken.
    pub(super) row: Result<Row, RowError>,
    /// Its values in the order of the columns.
    pub(super) values: Vec<Option<String>>,
}

/// What a file is, apart from its rows.
pub(super) struct About {
    pub(super) format: FileFormat,
    pub(super) columns: Vec<ImportColumn>,
    /// SHA-256 of its bytes.
    pub(super) hash: [u8; 32],
}

pub(super) fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    |source| Error::Exchange { path, source }
}

/// SHA-256 of a file.
pub(super) fn hash(path: &Path) -> Result<[u8; 32], Error> {
    let mut file = File::open(path).map_err(failed(path))?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut piece).map_err(failed(path))?;
        if read == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(piece.get(..read).unwrap_or_default());
    }
}

/// Reads the whole file once for what it is: its format by its name, its columns by its first line or all its keys.
pub(super) fn about(path: &Path) -> Result<About, Error> {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let format = if extension == "csv" || extension == "txt" {
        FileFormat::Csv
    } else {
        FileFormat::JsonLines
    };
    let names = match format {
        FileFormat::Csv => table(path)?
            .headers()
            .map_err(unreadable(path))?
            .iter()
            .map(str::to_owned)
            .collect(),
        FileFormat::JsonLines => names_of_objects(path)?,
    };
    let columns = names
        .into_iter()
        .map(|name: String| ImportColumn {
            meaning: meaning(&name),
            name,
        })
        .collect();
    Ok(About {
        format,
        columns,
        hash: hash(path)?,
    })
}

fn table(path: &Path) -> Result<csv::Reader<Box<dyn Read>>, Error> {
    let mut file = BufReader::new(File::open(path).map_err(failed(path))?);
    let mark = "\u{feff}".as_bytes();
    let marked = file.fill_buf().map_err(failed(path))?.starts_with(mark);
    if marked {
        file.consume(mark.len());
    }
    let file: Box<dyn Read> = Box::new(file);
    Ok(csv::ReaderBuilder::new().flexible(true).from_reader(file))
}

fn unreadable(path: &Path) -> impl FnOnce(csv::Error) -> Error {
    let failed = failed(path);
    |error| failed(io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Every key of every object, in the order in which they come; `metadata` is a column a key.
fn names_of_objects(path: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for line in lines(path)? {
        let Ok(Some(cells)) = line.map(|line| cells_of(&line)) else {
            continue;
        };
        for name in cells.into_keys() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

fn cells_of(line: &str) -> Option<BTreeMap<String, Value>> {
    let Ok(Value::Object(object)) = serde_json::from_str(line) else {
        return None;
    };
    let mut cells = BTreeMap::new();
    for (name, value) in object {
        match value {
            Value::Object(metadata) if name == "metadata" => {
                let columns = metadata
                    .into_iter()
                    .map(|(key, value)| (super::row::metadata_column(&key), value));
                cells.extend(columns);
            }
            value => {
                cells.insert(name, value);
            }
        }
    }
    Some(cells)
}

/// Lines that hold something; one that is too long is an error of its own.
fn lines(path: &Path) -> Result<impl Iterator<Item = io::Result<String>>, Error> {
    let mut file = BufReader::new(File::open(path).map_err(failed(path))?);
    Ok(std::iter::from_fn(move || {
        loop {
            let mut line = Vec::new();
            match file.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
                Err(error) => return Some(Err(error)),
                Ok(0) => return None,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() {
                return Some(Ok(text.to_owned()));
            }
        }
    }))
}

/// Reads the rows one by one; `take` may end it early with an error.
pub(super) fn rows(
    path: &Path,
    about: &About,
    mut take: impl FnMut(ReadRow) -> Result<(), Error>,
) -> Result<(), Error> {
    match about.format {
        FileFormat::Csv => {
            let mut table = table(path)?;
            for (number, record) in (1..).zip(table.records()) {
                match record {
                    Ok(record) => {
                        let cells: Vec<&str> = record.iter().collect();
                        let value = |place: usize, column: &ImportColumn| {
                            cells
                                .get(place)
                                .map_or(Value::Null, |cell| of_cell(&column.meaning, cell))
                        };
                        take(read(number, about, value))?;
                    }
                    Err(error) if error.is_io_error() => return Err(unreadable(path)(error)),
                    Err(_) => take(broken(number, about))?,
                }
            }
        }
        FileFormat::JsonLines => {
            for (number, line) in (1..).zip(lines(path)?) {
                let line = line.map_err(failed(path))?;
                match cells_of(&line) {
                    Some(cells) => {
                        let value = |_, column: &ImportColumn| {
                            cells.get(&column.name).cloned().unwrap_or(Value::Null)
                        };
                        take(read(number, about, value))?;
                    }
                    None => take(broken(number, about))?,
                }
            }
        }
    }
    Ok(())
}

fn broken(number: u64, about: &About) -> ReadRow {
    ReadRow {
        number,
        row: Err(RowError {
            row: number,
            column: None,
            problem: RowProblem::Unreadable,
        }),
        values: vec![None; about.columns.len()],
    }
}

fn read(number: u64, about: &About, value: impl Fn(usize, &ImportColumn) -> Value) -> ReadRow {
    let mut row = Row::default();
    let mut error = None;
    let mut values = Vec::with_capacity(about.columns.len());
    for (place, column) in about.columns.iter().enumerate() {
        let value = value(place, column);
        if let Err(problem) = row.set(&column.meaning, &value)
            && error.is_none()
        {
            error = Some(RowError {
                row: number,
                column: Some(column.name.clone()),
                problem,
            });
        }
        values.push(match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        });
    }
    if error.is_none() && row.is_empty() {
        let rule = yaopai_domain::Rule::Required;
        error = Some(RowError {
            row: number,
            column: None,
            problem: RowProblem::Rule { rule },
        });
    }
    ReadRow {
        number,
        row: error.map_or(Ok(row), Err),
        values,
    }
}
