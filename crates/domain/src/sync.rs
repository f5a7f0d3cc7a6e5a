//! The sync protocol `/sync/v1`: a feed of the latest state of each entity, and ordered, idempotent mutations.

use crate::{
    ClientId, Connection, ConnectionId, Identity, IdentityId, MetadataKey, MetadataValue, MutationId,
    Timestamp, User, UserId,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A pool's monotone change number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Revision(pub i64);

/// Names an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum EntityKey {
    /// A user.
    User(UserId),
    /// A binding.
    Identity(IdentityId),
    /// A connection.
    Connection(ConnectionId),
}

/// An entity's latest state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "state", rename_all = "snake_case")]
pub enum Entity {
    /// A user with metadata.
    User(Box<User>),
    /// A binding.
    Identity(Box<Identity>),
    /// A connection without its secret.
    Connection(Box<Connection>),
}

/// One row of the feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The revision at which the entity last changed.
    pub revision: Revision,
    /// Which entity.
    pub key: EntityKey,
    /// Its state; absent if it was deleted.
    pub entity: Option<Entity>,
}

/// Body of `POST /sync/v1/pools/{pool}/pull`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PullRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the last page ended; absent for a first load. Opaque to consoles.
    pub cursor: Option<String>,
    /// At most this many changes; the backend may send fewer.
    pub limit: u32,
}

/// Answer of a pull.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PullPage {
    /// Changes in the order of their revisions.
    pub changes: Vec<Change>,
    /// Where this page ends; send it back with the next pull.
    pub cursor: String,
    /// Whether there is nothing more for now.
    pub caught_up: bool,
    /// The sequence number of the client's last mutation that these changes include.
    pub last_seq: u64,
}

/// Why a console has to load everything again (travels as [`crate::Code::SyncReset`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ResetReason {
    /// Not a cursor of this backend.
    Malformed,
    /// The pool was created anew or restored.
    OtherFeed,
    /// The console has seen revisions that the backend does not have.
    LostTail,
    /// Tombstones the console has not seen are gone.
    HorizonPassed,
}

/// A field group: fields that only make sense together. Each metadata key is its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldGroup {
    /// One metadata key: `metadata.<key>`.
    Metadata(MetadataKey),
}

impl fmt::Display for FieldGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata(key) => write!(f, "metadata.{key}"),
        }
    }
}

/// A field group this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown field group")]
pub struct UnknownFieldGroup;

impl FromStr for FieldGroup {
    type Err = UnknownFieldGroup;

    fn from_str(text: &str) -> Result<Self, UnknownFieldGroup> {
        let key = text.strip_prefix("metadata.").ok_or(UnknownFieldGroup)?;
        key.parse().map(Self::Metadata).map_err(|_| UnknownFieldGroup)
    }
}

impl Serialize for FieldGroup {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldGroup {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// One edit: one field group of one user, from a base value to a new one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Patch {
    /// Whose field.
    pub user_id: UserId,
    /// Which field group.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub field: FieldGroup,
    /// What the operator saw; absent if the field was absent. A JSON `null` is a value, not an absence.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub base: Option<MetadataValue>,
    /// What it shall be; absent removes it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub new: Option<MetadataValue>,
}

/// Whatever is written is a value, `null` too; serde's own `Option` would take that for an absence.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<MetadataValue>, D::Error> {
    MetadataValue::deserialize(deserializer).map(Some)
}

/// An edit in its place in the console's order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mutation {
    /// 1, 2, 3, … without gaps for one client.
    pub seq: u64,
    /// Its identity: the same id is applied at most once.
    pub id: MutationId,
    /// The edit.
    pub patch: Patch,
}

/// Body of `POST /sync/v1/pools/{pool}/push`: at most 500 mutations, 1 MiB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushRequest {
    /// Who pushes.
    pub client_id: ClientId,
    /// In order of `seq`, without gaps.
    pub mutations: Vec<Mutation>,
}

impl PushRequest {
    /// At most this many mutations a push.
    pub const MAX_MUTATIONS: usize = 500;
}

/// Answer of a push: one outcome a mutation, the same however often it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushAnswer {
    /// The highest sequence number decided.
    pub last_seq: u64,
    /// In the order of the request.
    pub outcomes: Vec<MutationOutcome>,
}

/// What became of a mutation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MutationOutcome {
    /// Its place.
    pub seq: u64,
    /// Its identity.
    pub id: MutationId,
    /// What became of it.
    pub outcome: Outcome,
}

/// What can become of a mutation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// It was written, at this revision.
    Applied {
        /// The revision.
        revision: Revision,
    },
    /// The field had the new value already.
    Noop,
    /// Somebody else changed the field since; nothing was written.
    Conflict {
        /// What it is now; absent if the field is absent.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "present"
        )]
        theirs: Option<MetadataValue>,
        /// Who changed it, if known.
        actor: Option<String>,
        /// When.
        at: Option<Timestamp>,
    },
    /// It cannot be applied, now or later.
    Rejected {
        /// Why.
        rejection: PushRejection,
    },
}

/// Why a mutation can never be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PushRejection {
    /// The user was deleted.
    UserGone,
    /// The user has the most metadata keys allowed.
    TooManyKeys,
    /// The operator's role may not edit users.
    Forbidden,
}

/// An SSE event of `GET /sync/v1/pools/{pool}/events`: a hint, never data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hint {
    /// The pool's head.
    pub head: Revision,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetadataValue;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::absent(None)]
    #[case::null(Some("null"))]
    #[case::text(Some("\"gold\""))]
    fn null_is_a_value_and_absence_is_none(#[case] json: Option<&str>) {
        let value = json.map(|json| MetadataValue::parse(json).unwrap());
        let patch = Patch {
            user_id: uuid::Uuid::from_u128(1).into(),
            field: "metadata.vip".parse().unwrap(),
            base: value.clone(),
            new: value.clone(),
        };
        let wire = serde_json::to_string(&patch).unwrap();
        assert_eq!(serde_json::from_str::<Patch>(&wire).unwrap(), patch);
        let outcome = Outcome::Conflict {
            theirs: value,
            actor: None,
            at: None,
        };
        let wire = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<Outcome>(&wire).unwrap(), outcome);
    }

    proptest! {
        #[test]
        fn a_field_group_survives_the_wire(key in "[a-z.会员]{1,20}") {
            let group = FieldGroup::Metadata(key.parse().unwrap());
            let json = serde_json::to_string(&group).unwrap();
            prop_assert_eq!(serde_json::from_str::<FieldGroup>(&json).unwrap(), group);
        }
    }
}
