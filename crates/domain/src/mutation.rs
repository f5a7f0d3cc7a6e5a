//! The sync protocol `/sync/v1`, from a console to the backend: ordered, idempotent mutations.

use crate::{
    ClientId, Email, MetadataKey, MetadataValue, MutationId, PersonName, Phone, ProfileField, Revision,
    Timestamp, UserId, Username,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// A field group: fields that only make sense together. Each metadata key is its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldGroup {
    /// The nickname: `profile.nickname`. Its values are JSON texts.
    Nickname,
    /// The real name: `profile.name`. Its values are JSON texts.
    Name,
    /// One metadata key: `metadata.<key>`.
    Metadata(MetadataKey),
}

impl FieldGroup {
    /// The group of a field of the profile, if it is edited on consoles.
    pub const fn of_profile(field: ProfileField) -> Option<Self> {
        match field {
            ProfileField::Nickname => Some(Self::Nickname),
            ProfileField::Name => Some(Self::Name),
            ProfileField::AvatarUrl | ProfileField::Phone | ProfileField::Email | ProfileField::Username => {
                None
            }
        }
    }
}

impl fmt::Display for FieldGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nickname => f.write_str("profile.nickname"),
            Self::Name => f.write_str("profile.name"),
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
        match text {
            "profile.nickname" => Ok(Self::Nickname),
            "profile.name" => Ok(Self::Name),
            _ => {
                let key = text.strip_prefix("metadata.").ok_or(UnknownFieldGroup)?;
                key.parse().map(Self::Metadata).map_err(|_| UnknownFieldGroup)
            }
        }
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

/// A user to create, for imports. Somebody who is there with exactly these fields is created already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The id, made by the console.
    pub user_id: UserId,
    /// The nickname.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub nickname: Option<PersonName>,
    /// The real name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub name: Option<PersonName>,
    /// The phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub phone: Option<Phone>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub email: Option<Email>,
    /// The user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub username: Option<Username>,
    /// Custom keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<MetadataKey, MetadataValue>,
}

/// What a mutation does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Changes one field group of a user.
    Patch(Patch),
    /// Creates a user.
    Create(Box<NewUser>),
}

impl Act {
    /// Whom it is about.
    pub const fn user_id(&self) -> UserId {
        match self {
            Self::Patch(patch) => patch.user_id,
            Self::Create(new) => new.user_id,
        }
    }

    /// Whether a mutation of it is at most [`Mutation::MAX_BYTES`] long, whatever its number. Every patch is; a user with
    /// many large values is not.
    pub fn fits(&self) -> bool {
        serde_json::to_string(self)
            .is_ok_and(|json| json.len() + Mutation::ENVELOPE_BYTES <= Mutation::MAX_BYTES)
    }
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
    #[serde(flatten)]
    pub act: Act,
}

impl Mutation {
    /// A mutation is at most this long (bytes of JSON).
    pub const MAX_BYTES: usize = 64 * 1024;
    /// What a mutation's number and id take of that at most: 19 digits, 36 characters, and their names.
    const ENVELOPE_BYTES: usize = 80;
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
    /// A push is at most this long (bytes of JSON).
    pub const MAX_BYTES: usize = 1024 * 1024;
}

/// Answer of a push: one outcome a mutation, the same however often it is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushAnswer {
    /// The highest sequence number decided.
    pub last_seq: u64,
    /// In the order of the request.
    pub outcomes: Vec<MutationOutcome>,
    /// The client's chain of outcomes at `last_seq`, see [`next_chain`].
    pub chain: String,
}

/// Answer of `GET /sync/v1/pools/{pool}/results?ids=…`: what became of mutations, whoever pushed them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushResults {
    /// Those that were decided; the backend has never seen the others.
    pub results: Vec<PushResult>,
}

impl PushResults {
    /// At most this many ids are asked for at once.
    pub const MAX_IDS: usize = 200;
}

/// What became of a mutation, whoever pushed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PushResult {
    /// Its identity.
    pub id: MutationId,
    /// What became of it.
    pub outcome: Outcome,
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

impl Outcome {
    /// Its name on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::Noop => "noop",
            Self::Conflict { .. } => "conflict",
            Self::Rejected { .. } => "rejected",
        }
    }
}

/// The chain of a client's outcomes one mutation further: the first 16 bytes (hex) of SHA-256 of the chain so far (empty at
/// the beginning), the mutation's id and the kind of its outcome.
///
/// A backend that lost a tail and decided a mutation anew, and otherwise, has another chain.
pub fn next_chain(previous: &str, id: MutationId, outcome: &Outcome) -> String {
    let hash = Sha256::new()
        .chain_update(previous)
        .chain_update(id.to_string())
        .chain_update(outcome.kind())
        .finalize();
    hex::encode(&hash[..16])
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
    /// Somebody else has the phone number.
    PhoneTaken,
    /// Somebody else has the e-mail address.
    EmailTaken,
    /// Somebody else has the user name.
    UsernameTaken,
    /// The user it would create exists, with other fields.
    UserExists,
    /// It cannot be read, or is too large.
    Invalid,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

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
        let mutation = Mutation {
            seq: 1,
            id: uuid::Uuid::from_u128(2).into(),
            act: Act::Patch(patch),
        };
        let wire = serde_json::to_string(&mutation).unwrap();
        assert_eq!(serde_json::from_str::<Mutation>(&wire).unwrap(), mutation);
        let outcome = Outcome::Conflict {
            theirs: value,
            actor: None,
            at: None,
        };
        let wire = serde_json::to_string(&outcome).unwrap();
        assert_eq!(serde_json::from_str::<Outcome>(&wire).unwrap(), outcome);
    }

    #[test]
    fn every_patch_fits_and_a_user_fits_up_to_the_last_byte() {
        let largest = |byte: u8| {
            let text = String::from_utf8(vec![byte; 8 * 1024 - 2]).unwrap();
            MetadataValue::new(text.into()).unwrap()
        };
        let patch = Patch {
            user_id: uuid::Uuid::from_u128(1).into(),
            field: FieldGroup::Metadata("键".repeat(64).parse().unwrap()),
            base: Some(largest(b'a')),
            new: Some(largest(b'b')),
        };
        assert!(Act::Patch(patch).fits());

        let user = |bytes: usize| {
            let mut left = bytes;
            let values = (0..9).map(|number| {
                let part = left.min(8000);
                left -= part;
                let value = MetadataValue::new("a".repeat(part).into()).unwrap();
                (format!("k{number}").parse().unwrap(), value)
            });
            Act::Create(Box::new(NewUser {
                user_id: uuid::Uuid::from_u128(1).into(),
                nickname: None,
                name: None,
                phone: None,
                email: None,
                username: None,
                metadata: values.collect(),
            }))
        };
        let longest = (65_000..65_536).rev().find(|bytes| user(*bytes).fits()).unwrap();
        let mutation = Mutation {
            seq: i64::MAX.cast_unsigned(),
            id: uuid::Uuid::from_u128(2).into(),
            act: user(longest),
        };
        let length = serde_json::to_string(&mutation).unwrap().len();
        assert!(
            (Mutation::MAX_BYTES - 16..=Mutation::MAX_BYTES).contains(&length),
            "{length}"
        );
    }

    #[rstest]
    #[case::nickname("profile.nickname", FieldGroup::Nickname)]
    #[case::name("profile.name", FieldGroup::Name)]
    fn a_profile_field_is_a_group(#[case] name: &str, #[case] group: FieldGroup) {
        assert_eq!(name.parse::<FieldGroup>(), Ok(group.clone()));
        assert_eq!(group.to_string(), name);
        assert_eq!("profile.phone".parse::<FieldGroup>(), Err(UnknownFieldGroup));
    }

    #[test]
    fn a_new_user_survives_the_wire_and_its_fields_are_checked() {
        let wire = json!({"seq": 1, "id": uuid::Uuid::from_u128(1), "create": {
            "user_id": uuid::Uuid::from_u128(2), "phone": "+8613800138000", "name": "张伟", "metadata": {"tier": null},
        }});
        let mutation: Mutation = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(serde_json::to_value(&mutation).unwrap(), wire);
        for (field, value) in [
            ("phone", "138"),
            ("email", "nobody"),
            ("username", " "),
            ("name", "a\u{7}b"),
        ] {
            let mut broken = wire.clone();
            broken["create"][field] = json!(value);
            assert!(serde_json::from_value::<Mutation>(broken).is_err(), "{field}");
        }
    }

    #[test]
    fn a_chain_tells_other_outcomes_and_other_orders_apart() {
        let [first, second] = [1, 2].map(|number| MutationId::from(uuid::Uuid::from_u128(number)));
        let noop = Outcome::Noop;
        let refused = Outcome::Rejected {
            rejection: PushRejection::UserGone,
        };
        let chain = |links: &[(MutationId, &Outcome)]| {
            let empty = String::new();
            links
                .iter()
                .fold(empty, |chain, (id, outcome)| next_chain(&chain, *id, outcome))
        };
        let plain = chain(&[(first, &noop), (second, &noop)]);
        assert_eq!(plain.len(), 32);
        assert_ne!(plain, chain(&[(second, &noop), (first, &noop)]));
        assert_ne!(plain, chain(&[(first, &noop), (second, &refused)]));
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
