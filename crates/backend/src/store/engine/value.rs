//! Values on their way into statements.

use yaopai_domain::{
    AccessKeyId, ApplicationId, AttemptId, ClientId, ConnectionId, IdentityId, MergeId, MutationId,
    OperatorId, PlatformAccountId, PoolId, Revision, SessionId, Timestamp, UserId,
};

/// A value of one of the types that every engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// NULL.
    Null,
    /// BIGINT; flags are 0 and 1.
    Integer(i64),
    /// TEXT.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The values of a statement's parameters, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::store::engine::Value::from($value)),*]
    };
}
pub(crate) use values;

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

impl From<Timestamp> for Value {
    fn from(moment: Timestamp) -> Self {
        Self::Integer(moment.0)
    }
}

impl From<Revision> for Value {
    fn from(revision: Revision) -> Self {
        Self::Integer(revision.0)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<&PoolId> for Value {
    fn from(pool: &PoolId) -> Self {
        Self::Text(pool.as_str().to_owned())
    }
}

impl From<&ApplicationId> for Value {
    fn from(application: &ApplicationId) -> Self {
        Self::Text(application.as_str().to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! from_ids {
    ($($id:ty),+ $(,)?) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Text(id.to_string())
            }
        }
    )+};
}

from_ids! {
    AccessKeyId, ApplicationId, AttemptId, ClientId, ConnectionId, IdentityId, MergeId, MutationId, OperatorId,
    PlatformAccountId, SessionId, UserId,
}
