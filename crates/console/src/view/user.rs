//! One person.

use super::edits::{Conflict, SyncMark};
use serde::{Deserialize, Serialize};
use yaopai_domain::{ConnectionKind, IdentityId, Profile, PushRejection, Timestamp, UserId, UserStatus};

/// One person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct UserDetail {
    /// The user.
    pub id: UserId,
    /// Best name; absent if none is known.
    pub name: Option<String>,
    /// Whether the person may log in.
    pub status: UserStatus,
    /// Name, avatar and ways to reach the person.
    pub profile: Profile,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
    /// The bindings, oldest first.
    pub bindings: Vec<Binding>,
    /// The metadata as it looks here, own edits included, by key.
    pub metadata: Vec<MetadataItem>,
    /// Conflicts of this user that nobody has decided yet.
    pub conflicts: Vec<Conflict>,
}

/// One OpenID of a person, with the UnionID WeChat named beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Binding {
    /// The identity.
    pub id: IdentityId,
    /// The kind of connection.
    pub kind: ConnectionKind,
    /// The connection's display name, if it still exists.
    pub connection: Option<String>,
    /// The AppID the OpenID belongs to.
    pub app_id: String,
    /// The OpenID.
    pub open_id: String,
    /// The UnionID, once WeChat named one.
    pub union_id: Option<String>,
    /// When WeChat first named it.
    pub first_seen: Timestamp,
    /// When WeChat last named it.
    pub last_seen: Timestamp,
}

/// One metadata key as it looks here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MetadataItem {
    /// The key.
    pub key: String,
    /// The value as JSON; absent if its removal waits to be synced. Of a refused edit, the value typed here.
    pub json: Option<String>,
    /// Whether the backend has it.
    pub sync: SyncMark,
    /// Why the backend refused the edit for good.
    pub rejection: Option<PushRejection>,
    /// Who set it, if known.
    pub actor: Option<String>,
    /// When it was set.
    pub at: Option<Timestamp>,
}
