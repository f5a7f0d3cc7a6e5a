//! Reading columns into the domain's types.

use rusqlite::{Row, types::Type};
use serde::{Serialize, de::DeserializeOwned};
use std::str::FromStr;
use yaopai_domain::{FieldGroup, MetadataKey, MetadataValue, UserId};

/// A column that holds JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let index = row.as_ref().column_index(column)?;
    decode(index, row.get_ref(index)?.as_str()?)
}

/// A column that holds JSON or NULL. JSON `null` is a value, NULL is none.
pub(super) fn optional_json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let index = row.as_ref().column_index(column)?;
    row.get_ref(index)?
        .as_str_or_null()?
        .map(|text| decode(index, text))
        .transpose()
}

/// A column that holds text of a known shape.
pub(super) fn parsed<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let index = row.as_ref().column_index(column)?;
    let text = row.get_ref(index)?.as_str()?;
    text.parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}

/// JSON text for a column.
pub(super) fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// JSON text of an optional value: `None` becomes NULL, JSON `null` stays JSON.
pub(super) fn value_text(value: Option<&MetadataValue>) -> Option<String> {
    value.map(ToString::to_string)
}

/// A field of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) user_id: UserId,
    pub(super) group: FieldGroup,
}

impl Field {
    pub(super) fn metadata(user_id: UserId, key: MetadataKey) -> Self {
        Self {
            user_id,
            group: FieldGroup::Metadata(key),
        }
    }

    pub(super) fn key(&self) -> &MetadataKey {
        let FieldGroup::Metadata(key) = &self.group;
        key
    }

    /// The columns `user_id` and `field`.
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            user_id: parsed(row, "user_id")?,
            group: parsed(row, "field")?,
        })
    }

    /// The values of the columns `user_id` and `field`.
    pub(super) fn columns(&self) -> [String; 2] {
        [self.user_id.to_string(), self.group.to_string()]
    }
}

fn decode<T: DeserializeOwned>(index: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}
