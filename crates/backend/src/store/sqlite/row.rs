//! Values in columns.

use crate::store::StoreError;
use rusqlite::Row;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Display, str::FromStr};
use yaopai_domain::Timestamp;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// Reads domain values from columns.
pub(super) trait Columns {
    /// Text that is an id, a kind, …
    fn parsed<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, StoreError>;

    /// Text that is an id, a kind, … or null.
    fn parsed_or_null<T: FromStr<Err: Display>>(&self, column: &str) -> Result<Option<T>, StoreError>;

    /// Text that is JSON.
    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError>;

    /// A moment.
    fn moment(&self, column: &str) -> Result<Timestamp, StoreError>;
}

impl Columns for Row<'_> {
    fn parsed<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, StoreError> {
        parse(column, &self.get::<_, String>(column)?)
    }

    fn parsed_or_null<T: FromStr<Err: Display>>(&self, column: &str) -> Result<Option<T>, StoreError> {
        self.get::<_, Option<String>>(column)?
            .map(|text| parse(column, &text))
            .transpose()
    }

    fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        from_json(column, &self.get::<_, String>(column)?)
    }

    fn moment(&self, column: &str) -> Result<Timestamp, StoreError> {
        Ok(Timestamp(self.get(column)?))
    }
}

fn parse<T: FromStr<Err: Display>>(column: &str, text: &str) -> Result<T, StoreError> {
    text.parse()
        .map_err(|error| StoreError::Unreadable(format!("{column}: {error}")))
}

/// Reads JSON text from a column. The error names the column, not the value.
pub(super) fn from_json<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| {
        StoreError::Unreadable(format!(
            "{column}: JSON of another shape at column {}",
            error.column()
        ))
    })
}

/// JSON text for a column.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// The name that a unit variant has on the wire, for columns that hold one.
pub(super) fn wire_name(value: &impl Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(StoreError::Unreadable("not a plain name".to_owned())),
    }
}

/// Reads a unit variant by the name it has on the wire.
pub(super) fn from_wire_name<T: DeserializeOwned>(column: &str, name: &str) -> Result<T, StoreError> {
    serde_json::from_value(name.into()).map_err(|_| StoreError::Unreadable(format!("{column}: unknown name")))
}
