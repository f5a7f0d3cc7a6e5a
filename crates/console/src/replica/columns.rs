//! Reading columns into the domain's types.

use rusqlite::{
    Connection, Row,
    types::{FromSql, FromSqlResult, Type, ValueRef},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::str::FromStr;
use yaopai_domain::{FieldGroup, MetadataValue, Patch, ProfileField, UserId};

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

/// Text in a column, or NULL, without copying it.
pub(super) fn text_at<'a>(row: &'a Row<'_>, index: usize) -> rusqlite::Result<Option<&'a str>> {
    Ok(row.get_ref(index)?.as_str_or_null()?)
}

/// JSON in the only column of a row.
pub(super) fn json_of<T: DeserializeOwned>(c: &Connection, sql: &str, row: i64) -> Result<T, crate::Error> {
    Ok(c.prepare_cached(sql)?
        .query_row([row], |row| decode(0, row.get_ref(0)?.as_str()?))?)
}

/// A column that holds the 16 bytes of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uuid16(pub(super) [u8; 16]);

impl Uuid16 {
    /// The id.
    pub(super) fn id<T: From<uuid::Uuid>>(self) -> T {
        uuid::Uuid::from_bytes(self.0).into()
    }
}

impl FromSql for Uuid16 {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(Self)
    }
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
    pub(super) fn of_patch(patch: &Patch) -> Self {
        Self {
            user_id: patch.user_id,
            group: patch.field.clone(),
        }
    }

    /// The metadata key; empty of a field of the profile.
    pub(super) fn key(&self) -> &str {
        match &self.group {
            FieldGroup::Metadata(key) => key.as_str(),
            FieldGroup::Nickname | FieldGroup::Name => "",
        }
    }

    /// The field of the profile, if it is one.
    pub(super) const fn of_profile(&self) -> Option<ProfileField> {
        match &self.group {
            FieldGroup::Metadata(_) => None,
            FieldGroup::Nickname => Some(ProfileField::Nickname),
            FieldGroup::Name => Some(ProfileField::Name),
        }
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

/// JSON text of a column.
pub(super) fn decode<'a, T: Deserialize<'a>>(index: usize, text: &'a str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error)))
}
