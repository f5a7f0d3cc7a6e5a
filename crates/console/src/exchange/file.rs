//! Reading a file of users row by row, a table or JSON lines.

use super::{
    row::{Row, meaning, metadata_column, of_cell},
    text::{Text, encoding_of, first_line, text},
};
use crate::{Error, FileFormat, ImportColumn, RowError, RowProblem};
use encoding_rs::{Encoding, UTF_8};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, Chain, Read},
    path::Path,
};

/// A line is at most this long: 256 metadata keys of 8 KiB.
const LINE_BYTES: u64 = 4 << 20;
/// What can stand between the cells of a table: commas, or what spreadsheets write in other places or under "text".
const DELIMITERS: [u8; 3] = [b',', b'\t', b';'];

/// A row as it was read.
pub(super) struct ReadRow {
    /// The line on which it begins, counted from 1.
    pub(super) line: u64,
    /// What it says, or why it cannot be taken.
    pub(super) row: Result<Row, RowError>,
    /// Its values in the order of the columns.
    pub(super) values: Vec<Option<String>>,
}

/// What a file is, apart from its rows.
pub(super) struct About {
    pub(super) format: FileFormat,
    pub(super) encoding: &'static Encoding,
    pub(super) columns: Vec<ImportColumn>,
    /// SHA-256 of its bytes.
    pub(super) hash: [u8; 32],
    /// How a table is written.
    layout: Layout,
}

/// How a table is written.
#[derive(Clone, Copy)]
struct Layout {
    delimiter: u8,
    /// Whether lines end in CR LF.
    crlf: bool,
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
    let format = if ["csv", "tsv", "txt"].iter().any(|table| extension == *table) {
        FileFormat::Csv
    } else {
        FileFormat::JsonLines
    };
    let encoding = encoding_of(path)?;
    if format == FileFormat::JsonLines && encoding != UTF_8 {
        // JSON between programs is UTF-8 (RFC 8259, 8.1); anything else would be a guess at people's names.
        return Err(Error::UnknownEncoding(path.to_owned()));
    }
    let layout = layout(&first_line(path, encoding)?);
    let names = match format {
        FileFormat::Csv => table(path, encoding, layout)?
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
        encoding,
        columns,
        hash: hash(path)?,
        layout,
    })
}

/// Takes from the first line of a table what stands between its cells: of the candidates the one that is there most often,
/// outside of quotes.
fn layout(first_line: &str) -> Layout {
    let unquoted: Vec<&str> = first_line.split('"').step_by(2).collect();
    let times = |delimiter: u8| -> usize {
        unquoted
            .iter()
            .map(|text| text.bytes().filter(|byte| *byte == delimiter).count())
            .sum()
    };
    // Of equals the last one wins.
    let delimiter = DELIMITERS
        .into_iter()
        .rev()
        .max_by_key(|delimiter| times(*delimiter));
    Layout {
        delimiter: delimiter.unwrap_or(b','),
        crlf: first_line.ends_with("\r\n"),
    }
}

type Table = csv::Reader<Chain<BufReader<Text>, &'static [u8]>>;

fn table(path: &Path, encoding: &'static Encoding, layout: Layout) -> Result<Table, Error> {
    // The last line ends like the others: by their ends lines are counted.
    let end: &[u8] = if layout.crlf { b"\r\n" } else { b"\n" };
    let text = text(path, encoding)?.chain(end);
    Ok(csv::ReaderBuilder::new()
        .delimiter(layout.delimiter)
        .flexible(true)
        .from_reader(text))
}

fn unreadable(path: &Path) -> impl FnOnce(csv::Error) -> Error {
    let failed = failed(path);
    |error| failed(io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Every key of every object, in the order in which they come; `metadata` is a column a key.
fn names_of_objects(path: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for line in lines(path)? {
        let (_, line) = line.map_err(failed(path))?;
        let Some(cells) = cells_of(&line) else {
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
                    .map(|(key, value)| (metadata_column(&key), value));
                cells.extend(columns);
            }
            value => {
                cells.insert(name, value);
            }
        }
    }
    Some(cells)
}

/// Lines that hold something, with their numbers. One that is too long comes in pieces, none of which is an object.
fn lines(path: &Path) -> Result<impl Iterator<Item = io::Result<(u64, String)>>, Error> {
    let mut file = text(path, UTF_8)?;
    let mut number = 1;
    Ok(std::iter::from_fn(move || {
        loop {
            let mut line = Vec::new();
            match file.by_ref().take(LINE_BYTES).read_until(b'\n', &mut line) {
                Err(error) => return Some(Err(error)),
                Ok(0) => return None,
                Ok(_) => {}
            }
            let this = number;
            number += u64::from(line.ends_with(b"\n"));
            let text = String::from_utf8_lossy(&line);
            let text = text.trim();
            if !text.is_empty() {
                return Some(Ok((this, text.to_owned())));
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
            let mut table = table(path, about.encoding, about.layout)?;
            let mut record = csv::StringRecord::new();
            table.headers().map_err(unreadable(path))?;
            while table.read_record(&mut record).map_err(unreadable(path))? {
                let line = line_of(&record, table.position().line(), about.layout);
                let surplus = record.iter().skip(about.columns.len());
                if surplus.into_iter().any(|cell| !cell.trim().is_empty()) {
                    // A comma without quotes: what follows it would be taken for something else.
                    take(broken(line, about))?;
                    continue;
                }
                let value = |place: usize, column: &ImportColumn| {
                    record
                        .get(place)
                        .map_or(Value::Null, |cell| of_cell(&column.meaning, cell))
                };
                take(read(line, about, value))?;
            }
        }
        FileFormat::JsonLines => {
            for line in lines(path)? {
                let (line, text) = line.map_err(failed(path))?;
                match cells_of(&text) {
                    Some(cells) => {
                        let value = |_, column: &ImportColumn| {
                            cells.get(&column.name).cloned().unwrap_or(Value::Null)
                        };
                        take(read(line, about, value))?;
                    }
                    None => take(broken(line, about))?,
                }
            }
        }
    }
    Ok(())
}

/// The line on which a record begins that has just been read, with the reader on line `end`. It has read the line feed behind
/// the record, but not one that follows a carriage return. (Where it was before it read the record says less: empty lines
/// that it passes over were still to come.)
fn line_of(record: &csv::StringRecord, end: u64, layout: Layout) -> u64 {
    let inside = record.as_slice().bytes().filter(|byte| *byte == b'\n').count() as u64;
    end.saturating_sub(inside + u64::from(!layout.crlf))
}

fn broken(line: u64, about: &About) -> ReadRow {
    ReadRow {
        line,
        row: Err(RowError {
            line,
            column: None,
            problem: RowProblem::Unreadable,
        }),
        values: vec![None; about.columns.len()],
    }
}

fn read(line: u64, about: &About, value: impl Fn(usize, &ImportColumn) -> Value) -> ReadRow {
    let mut row = Row::default();
    let mut error = None;
    let mut values = Vec::with_capacity(about.columns.len());
    for (place, column) in about.columns.iter().enumerate() {
        let value = value(place, column);
        if let Err(problem) = row.set(&column.meaning, &value)
            && error.is_none()
        {
            error = Some(RowError {
                line,
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
            line,
            column: None,
            problem: RowProblem::Rule { rule },
        });
    }
    ReadRow {
        line,
        row: error.map_or(Ok(row), Err),
        values,
    }
}
