//! Files of users: what is read from one, and what an import would do.

use serde::{Deserialize, Serialize};
use yaopai_domain::Rule;

/// A file users are written to or taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// A table: one user a line, values between commas, the first line names the columns.
    Csv,
    /// One JSON object a line and user.
    JsonLines,
}

/// What an import would do. Nothing is written yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportPreview {
    /// Names the preview; running it takes exactly this file as it was read.
    pub id: String,
    /// The file.
    pub file: String,
    /// How it is written.
    pub format: FileFormat,
    /// The encoding its text is in, by its name: `UTF-8`, `GB18030`, …
    pub encoding: String,
    /// Its columns and what they are taken for.
    pub columns: Vec<ImportColumn>,
    /// Rows in the file.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub rows: u64,
    /// Rows that make a new user.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub creates: u64,
    /// Rows that change a user.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub updates: u64,
    /// Rows that change nothing.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub unchanged: u64,
    /// Rows that are refused; the rest can be imported.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub errors: u64,
    /// The first of the refusals.
    pub first_errors: Vec<RowError>,
    /// The first rows as they would be taken.
    pub sample: Vec<ImportRow>,
}

/// A column of a file to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportColumn {
    /// As the file names it.
    pub name: String,
    /// What it is taken for.
    pub meaning: ImportMeaning,
}

/// What a column of a file is taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ImportMeaning {
    /// The user's id; a row without one makes a new user.
    Id,
    /// Nickname.
    Nickname,
    /// Real name.
    Name,
    /// Phone number.
    Phone,
    /// E-mail address.
    Email,
    /// User name.
    Username,
    /// A metadata key.
    Metadata {
        /// The key.
        key: String,
    },
    /// Nothing: the column is not read.
    Ignored,
}

/// Why a row of a file is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RowError {
    /// The line of the file on which the row begins, counted from 1.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub line: u64,
    /// The column, if one is to blame.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: RowProblem,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RowProblem {
    /// A value breaks a rule.
    Rule {
        /// The rule.
        rule: Rule,
    },
    /// It is not written as the format asks.
    Unreadable,
    /// The id names nobody.
    UnknownUser,
    /// An earlier row has the same user.
    Repeated,
    /// The value can only be given to a new user.
    OnlyForNewUsers,
    /// Somebody else logs in with it: here, or in an earlier row.
    Taken,
    /// All of the row together is more than the backend takes of a user at once.
    TooLarge,
}

/// A row of a file as it would be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportRow {
    /// The line of the file on which it begins, counted from 1.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub line: u64,
    /// What would be done.
    pub action: ImportAction,
    /// The values in the order of the columns.
    pub values: Vec<Option<String>>,
}

/// What a row would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum ImportAction {
    /// Make a new user.
    Create,
    /// Change a user.
    Update,
    /// Nothing.
    Unchanged,
    /// It is refused.
    Refused,
}

/// What is wrong with a file of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FileProblem {
    /// It could not be read or written.
    Unusable {
        /// For the ticket.
        detail: String,
    },
    /// It has changed since it was looked at.
    Changed,
    /// It is no text, or in an encoding that is not known.
    Encoding,
}
