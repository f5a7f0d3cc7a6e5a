//! Values on their way out of rows. Errors name the column, never the value.

use super::Value;
use crate::store::StoreError;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Display, str::FromStr, sync::Arc};
use yaopai_domain::Timestamp;

/// One row of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    columns: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    /// A row; every value has its column's name.
    pub(super) const fn new(columns: Arc<[String]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// A text.
    pub(crate) fn text(&self, column: &str) -> Result<String, StoreError> {
        self.str(column).map(str::to_owned)
    }

    /// A text or null.
    pub(crate) fn text_or_null(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(self.str_or_null(column)?.map(str::to_owned))
    }

    /// A text, to look at.
    pub(crate) fn str(&self, column: &str) -> Result<&str, StoreError> {
        self.str_or_null(column)?.ok_or_else(|| is_not(column, "a text"))
    }

    fn str_or_null(&self, column: &str) -> Result<Option<&str>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            Value::Integer(_) | Value::Bytes(_) => Err(is_not(column, "a text")),
        }
    }

    /// A number.
    pub(crate) fn integer(&self, column: &str) -> Result<i64, StoreError> {
        self.integer_or_null(column)?
            .ok_or_else(|| is_not(column, "a number"))
    }

    /// A number or null.
    pub(crate) fn integer_or_null(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Integer(number) => Ok(Some(*number)),
            Value::Text(_) | Value::Bytes(_) => Err(is_not(column, "a number")),
        }
    }

    /// A flag.
    pub(crate) fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.integer(column)? != 0)
    }

    /// Bytes.
    pub(crate) fn bytes(&self, column: &str) -> Result<Vec<u8>, StoreError> {
        self.bytes_or_null(column)?.ok_or_else(|| is_not(column, "bytes"))
    }

    /// Bytes or null.
    pub(crate) fn bytes_or_null(&self, column: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes.clone())),
            Value::Integer(_) | Value::Text(_) => Err(is_not(column, "bytes")),
        }
    }

    /// A moment.
    pub(crate) fn moment(&self, column: &str) -> Result<Timestamp, StoreError> {
        Ok(Timestamp(self.integer(column)?))
    }

    /// A moment or null.
    pub(crate) fn moment_or_null(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.integer_or_null(column)?.map(Timestamp))
    }

    /// Text that is an id, a kind, …
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, StoreError> {
        parse(column, self.str(column)?)
    }

    /// Text that is an id, a kind, … or null.
    pub(crate) fn parsed_or_null<T: FromStr<Err: Display>>(
        &self,
        column: &str,
    ) -> Result<Option<T>, StoreError> {
        self.str_or_null(column)?
            .map(|text| parse(column, text))
            .transpose()
    }

    /// Text that is JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        from_json(column, self.str(column)?)
    }

    /// Text that is JSON, or null.
    pub(crate) fn json_or_null<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, StoreError> {
        self.str_or_null(column)?
            .map(|text| from_json(column, text))
            .transpose()
    }

    /// Text that is the wire name of a unit variant.
    pub(crate) fn named<T: DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        from_wire_name(column, self.str(column)?)
    }

    /// The number in the first column, if it is one.
    pub(crate) fn first_integer(&self) -> Option<i64> {
        match self.values.first() {
            Some(Value::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// All values, in the order of the columns.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values
    }

    fn value(&self, column: &str) -> Result<&Value, StoreError> {
        self.columns
            .iter()
            .position(|name| name == column)
            .and_then(|index| self.values.get(index))
            .ok_or_else(|| is_not(column, "a column of this row"))
    }
}

fn is_not(column: &str, what: &str) -> StoreError {
    StoreError::Unreadable(format!("{column}: not {what}"))
}

fn parse<T: FromStr<Err: Display>>(column: &str, text: &str) -> Result<T, StoreError> {
    text.parse()
        .map_err(|error| StoreError::Unreadable(format!("{column}: {error}")))
}

fn from_json<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| {
        StoreError::Unreadable(format!(
            "{column}: JSON of another shape at column {}",
            error.column()
        ))
    })
}

/// JSON text for a column.
pub(crate) fn to_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable(error.to_string()))
}

/// The name that a unit variant has on the wire, for columns that hold one.
pub(crate) fn wire_name(value: &impl Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(StoreError::Unreadable("not a plain name".to_owned())),
    }
}

/// Reads a unit variant by the name it has on the wire.
fn from_wire_name<T: DeserializeOwned>(column: &str, name: &str) -> Result<T, StoreError> {
    serde_json::from_value(name.into()).map_err(|_| StoreError::Unreadable(format!("{column}: unknown name")))
}
