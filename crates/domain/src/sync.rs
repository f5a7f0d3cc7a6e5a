//! The sync protocol `/sync/v1`, from the backend to a console: a feed of the latest state of each entity.

use crate::{
    Action, ClientId, Connection, ConnectionId, Digest, Identity, IdentityId, Refusal, RefusedPerson, Role,
    Timestamp, User, UserId, VerificationFile,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A pool's monotone change number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Revision(pub i64);

/// What replicas hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EntityType {
    /// Users with metadata.
    User,
    /// Bindings.
    Identity,
    /// Connections without their secrets.
    Connection,
    /// Domain verification files.
    VerificationFile,
    /// People whom a connection refused.
    RefusedPerson,
}

impl EntityType {
    /// Every type.
    pub const ALL: [Self; 5] = [
        Self::User,
        Self::Identity,
        Self::Connection,
        Self::VerificationFile,
        Self::RefusedPerson,
    ];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Identity => "identity",
            Self::Connection => "connection",
            Self::VerificationFile => "verification_file",
            Self::RefusedPerson => "refused_person",
        }
    }

    /// The type of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|etype| etype.as_str() == name)
    }

    /// Whether replicas of people in this role hold it.
    pub const fn is_for(self, role: Role) -> bool {
        role.may(match self {
            Self::User | Self::Identity => Action::ReadUsers,
            Self::Connection => Action::ReadConnections,
            // Anybody may fetch one by its name, so no right to read hangs on it; who runs test logins asks whether it is
            // served.
            Self::VerificationFile => Action::TestLogin,
            Self::RefusedPerson => Action::ReadRefused,
        })
    }

    /// What a replica of somebody in this role holds.
    pub fn scope(role: Role) -> Vec<Self> {
        Self::ALL.into_iter().filter(|etype| etype.is_for(role)).collect()
    }
}

/// Names an entity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "id", rename_all = "snake_case")]
pub enum EntityKey {
    /// A user.
    User(UserId),
    /// A binding.
    Identity(IdentityId),
    /// A connection.
    Connection(ConnectionId),
    /// A verification file, by its name.
    VerificationFile(String),
    /// A refused person.
    RefusedPerson {
        /// The AppID that they came with.
        app_id: String,
        /// Their OpenID.
        open_id: String,
    },
}

impl EntityKey {
    /// What it names.
    pub const fn entity_type(&self) -> EntityType {
        match self {
            Self::User(_) => EntityType::User,
            Self::Identity(_) => EntityType::Identity,
            Self::Connection(_) => EntityType::Connection,
            Self::VerificationFile(_) => EntityType::VerificationFile,
            Self::RefusedPerson { .. } => EntityType::RefusedPerson,
        }
    }

    /// The id within the type, as one text.
    pub fn id(&self) -> String {
        match self {
            Self::User(id) => id.to_string(),
            Self::Identity(id) => id.to_string(),
            Self::Connection(id) => id.to_string(),
            Self::VerificationFile(name) => name.clone(),
            Self::RefusedPerson { app_id, open_id } => format!("{app_id}/{open_id}"),
        }
    }

    /// The key of this type and [`id`](Self::id); `None` if the type has no such ids.
    pub fn of_id(etype: EntityType, id: &str) -> Option<Self> {
        match etype {
            EntityType::User => id.parse().ok().map(Self::User),
            EntityType::Identity => id.parse().ok().map(Self::Identity),
            EntityType::Connection => id.parse().ok().map(Self::Connection),
            EntityType::VerificationFile => Some(Self::VerificationFile(id.to_owned())),
            // AppIDs are letters and digits.
            EntityType::RefusedPerson => {
                let (app_id, open_id) = id.split_once('/')?;
                Some(Self::RefusedPerson {
                    app_id: app_id.to_owned(),
                    open_id: open_id.to_owned(),
                })
            }
        }
    }
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
    /// A connection without its secrets.
    Connection(Box<Connection>),
    /// A verification file.
    VerificationFile(Box<VerificationFile>),
    /// A refused person.
    RefusedPerson(Box<Refused>),
}

impl Entity {
    /// Its name.
    pub fn key(&self) -> EntityKey {
        match self {
            Self::User(user) => EntityKey::User(user.id),
            Self::Identity(identity) => EntityKey::Identity(identity.id),
            Self::Connection(connection) => EntityKey::Connection(connection.id),
            Self::VerificationFile(file) => EntityKey::VerificationFile(file.name.clone()),
            Self::RefusedPerson(refused) => EntityKey::RefusedPerson {
                app_id: refused.app_id.clone(),
                open_id: refused.open_id.clone(),
            },
        }
    }
}

/// A refused person as replicas hold them: a [`crate::RefusedPerson`] without the holders of their identifiers, who follow
/// from the bindings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refused {
    /// The AppID that they came with.
    pub app_id: String,
    /// Their OpenID.
    pub open_id: String,
    /// The connection that refused them; absent once it is deleted.
    pub connection_id: Option<ConnectionId>,
    /// Their UnionID, if WeChat named it.
    pub union_id: Option<String>,
    /// Their nickname, if WeChat told it.
    pub nickname: Option<String>,
    /// Their avatar, if WeChat told it.
    pub avatar_url: Option<String>,
    /// Why they were refused.
    pub refusal: Refusal,
    /// When they came first.
    pub first_seen: Timestamp,
    /// When they came last.
    pub last_seen: Timestamp,
    /// How often they came.
    pub times: u32,
}

impl From<RefusedPerson> for Refused {
    fn from(person: RefusedPerson) -> Self {
        Self {
            app_id: person.app_id,
            open_id: person.open_id,
            connection_id: person.connection_id,
            union_id: person.union_id,
            nickname: person.nickname,
            avatar_url: person.avatar_url,
            refusal: person.refusal,
            first_seen: person.first_seen,
            last_seen: person.last_seen,
            times: person.times,
        }
    }
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

/// The highest head that a console has seen, by which the backend knows whether the console's history is its own.
///
/// It is not where the console stands: commits lost behind that head may have moved entities of which the console was
/// told that they are further on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Seen {
    /// The head.
    pub head: Revision,
    /// The random mark that it was given.
    pub mark: i64,
}

impl Seen {
    /// The one of the higher head.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        if other.head > self.head { other } else { self }
    }
}

/// Body of `POST /sync/v1/pools/{pool}/load`: begins a first load, or another one after a reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoadRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// How many parts are wanted at most, 1 to [`MAX_PARTS`](Self::MAX_PARTS).
    pub parts: u32,
}

impl LoadRequest {
    /// More parts are not made.
    pub const MAX_PARTS: u32 = 8;
}

/// Answer of a load: what to pull, in any order or at the same time, and where to go on after all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LoadPlan {
    /// A cursor for each part. Together they cover everything up to the head at this moment.
    pub parts: Vec<String>,
    /// Where to go on when every part is done: what has changed since.
    pub tail: String,
    /// The head at this moment.
    pub seen: Seen,
    /// How many entities of each type there are, for a progress bar.
    pub counts: BTreeMap<EntityType, u64>,
    /// What this replica holds. Other types have to leave the machine.
    pub scope: Vec<EntityType>,
}

/// Body of `POST /sync/v1/pools/{pool}/pull`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PullRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the last page ended, or a cursor of a [`LoadPlan`]. Opaque to consoles.
    pub cursor: String,
    /// The highest head of any page applied since the last load, of all parts.
    pub seen: Option<Seen>,
    /// At most this many changes a page; the backend may send fewer.
    pub limit: u32,
    /// At most this many pages in the answer.
    pub pages: u32,
}

impl PullRequest {
    /// A page has at most this many changes.
    pub const MAX_LIMIT: u32 = 5000;
    /// A page has at most this much JSON (bytes), and the one change that crosses it.
    pub const PAGE_BYTES: usize = 2 * 1024 * 1024;
}

/// One line of the answer of a pull.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PullPage {
    /// Changes in the order of their revisions.
    pub changes: Vec<Change>,
    /// Where this page ends.
    pub cursor: String,
    /// The head it was read at.
    pub seen: Seen,
    /// What comes behind it.
    pub end: PageEnd,
    /// The sequence number of the client's last mutation that these changes include.
    pub last_seq: u64,
    /// The client's chain of outcomes at `last_seq`, see [`crate::next_chain`].
    pub chain: String,
    /// What a replica holds that has applied everything up to here; only on pages that are caught up.
    pub digests: Option<BTreeMap<EntityType, Digest>>,
}

/// What comes behind a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PageEnd {
    /// Another page.
    More,
    /// Nothing in this part of a load.
    PartDone,
    /// Nothing for now.
    CaughtUp,
}

/// The last line of an answer whose history turned out to be another one under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PullReset {
    /// Why.
    pub reset: ResetReason,
}

/// Why a console has to load everything again (travels as [`crate::Code::SyncReset`], or as a [`PullReset`]).
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
    /// The console may see more or less than it did.
    RightsChanged,
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
    use rstest::rstest;

    #[rstest]
    #[case::user(EntityKey::User(uuid::Uuid::from_u128(1).into()))]
    #[case::identity(EntityKey::Identity(uuid::Uuid::from_u128(2).into()))]
    #[case::connection(EntityKey::Connection(uuid::Uuid::from_u128(3).into()))]
    #[case::verification_file(EntityKey::VerificationFile("6ynZPDvfTF.txt".to_owned()))]
    #[case::refused_person(EntityKey::RefusedPerson { app_id: "wx1".to_owned(), open_id: "o/p".to_owned() })]
    fn an_entitys_key_survives_its_columns_and_the_wire(#[case] key: EntityKey) {
        let etype = EntityType::of_name(key.entity_type().as_str()).unwrap();
        assert_eq!(EntityKey::of_id(etype, &key.id()), Some(key.clone()));
        let wire = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<EntityKey>(&wire).unwrap(), key);
        assert_eq!(serde_json::to_value(etype).unwrap(), etype.as_str());
    }

    #[test]
    fn an_id_of_another_shape_is_no_key() {
        for etype in [
            EntityType::User,
            EntityType::Identity,
            EntityType::Connection,
            EntityType::RefusedPerson,
        ] {
            assert_eq!(EntityKey::of_id(etype, "0"), None);
        }
        assert_eq!(EntityType::of_name("spaceship"), None);
    }

    #[test]
    fn a_viewer_holds_neither_files_nor_refused_people() {
        assert_eq!(EntityType::scope(Role::Viewer).len(), 3);
        assert_eq!(EntityType::scope(Role::Support), EntityType::ALL);
        assert_eq!(EntityType::scope(Role::Admin), EntityType::ALL);
    }
}
