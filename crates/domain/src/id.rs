//! Identifiers. UUIDs are version 7: sortable by age, made by the application, never by the database.

use crate::{Clock, Entropy};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(#[cfg_attr(feature = "specta", specta(type = String))] Uuid);

        impl $name {
            /// A new identifier, made at the clock's present moment.
            pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                Self(uuid_v7(clock, entropy))
            }

            /// The identifier as a UUID.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

uuid_id! {
    /// One configured way to log in with WeChat.
    ConnectionId,
    /// A person in a pool.
    UserId,
    /// A login that lasts: whatever was issued for it ends with it.
    SessionId,
    /// A binding of a WeChat identifier to a user.
    IdentityId,
    /// One merge of two users.
    MergeId,
    /// One try to log in.
    AttemptId,
    /// One edit made on a console; the backend applies it at most once.
    MutationId,
    /// One installation of a console with one pool.
    ClientId,
    /// Someone who uses the console.
    OperatorId,
    /// A key that lets a program or a console in.
    AccessKeyId,
    /// The WeChat Open Platform account that several AppIDs are bound to; the scope of a UnionID.
    PlatformAccountId,
}

fn uuid_v7(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(clock.now().0).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! name_id {
    ($($(#[$doc:meta])* $name:ident: $what:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                if is_name(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidName($what))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(serde::de::Error::custom)
            }
        }
    )+};
}

name_id! {
    /// Name of a pool in URLs, keys and SDK configuration: 1 to 63 letters, digits, `-` and `_`.
    ///
    /// Not a UUID, because SDKs are configured with names that exist elsewhere already (Authing: user pool id,
    /// CloudBase: environment id) and moving here must not change them.
    PoolId: "a pool id",
    /// A client of a pool, as SDKs are configured with it (Authing: app id, CloudBase: client id, OpenID Connect:
    /// `client_id`): 1 to 63 letters, digits, `-` and `_`, unique in the whole backend. Not a UUID, for the same reason.
    ApplicationId: "an application id",
}

impl PoolId {
    /// The pool that an embedded backend starts with.
    pub const DEFAULT: &'static str = "default";
}

impl Default for PoolId {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl ApplicationId {
    /// A new identifier, made at the clock's present moment.
    pub fn new(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
        Self(uuid_v7(clock, entropy).to_string())
    }
}

/// A name of a wrong shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} has 1 to 63 letters, digits, '-' and '_'")]
pub struct InvalidName(&'static str);

fn is_name(text: &str) -> bool {
    (1..64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
