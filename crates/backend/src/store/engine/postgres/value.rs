//! Values on their way to PostgreSQL and back.

use super::{Row, Value};
use crate::store::StoreError;
use std::{error::Error, sync::Arc};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, WrongType, private::BytesMut, to_sql_checked};

/// The parameters of a statement.
pub(super) fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// Rows in the words of every engine.
pub(super) fn rows(answered: &[tokio_postgres::Row]) -> Result<Vec<Row>, StoreError> {
    let Some(first) = answered.first() else {
        return Ok(Vec::new());
    };
    let columns: Arc<[String]> = first
        .columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect();
    answered
        .iter()
        .map(|row| {
            let values = (0..columns.len())
                .map(|index| {
                    row.try_get(index).map_err(|_| {
                        StoreError::Unreadable(format!(
                            "{}: not of a type that every engine has",
                            columns[index]
                        ))
                    })
                })
                .collect::<Result<_, _>>()?;
            Ok(Row::new(Arc::clone(&columns), values))
        })
        .collect()
}

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Integer(number) if <i64 as ToSql>::accepts(kind) => number.to_sql(kind, out),
            // PostgreSQL has no place for this character in a text.
            Self::Text(text) if <String as ToSql>::accepts(kind) && text.contains('\0') => {
                text.replace('\0', "\u{fffd}").to_sql(kind, out)
            }
            Self::Text(text) if <String as ToSql>::accepts(kind) => text.to_sql(kind, out),
            Self::Bytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            Self::Integer(_) => Err(Box::new(WrongType::new::<i64>(kind.clone()))),
            Self::Text(_) => Err(Box::new(WrongType::new::<String>(kind.clone()))),
            Self::Bytes(_) => Err(Box::new(WrongType::new::<Vec<u8>>(kind.clone()))),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *kind {
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(kind, raw)?.into()),
            Type::BOOL => Self::Integer(bool::from_sql(kind, raw)?.into()),
            Type::BYTEA => Self::Bytes(raw.to_vec()),
            _ => Self::Text(String::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::INT4 | Type::BOOL | Type::BYTEA)
            || <String as FromSql>::accepts(kind)
    }
}
