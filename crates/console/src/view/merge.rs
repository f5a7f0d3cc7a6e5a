//! What a merge of two users would do.

use super::user::Binding;
use serde::{Deserialize, Serialize};
use yaopai_domain::{Side, Timestamp, UserId, UserStatus};

/// What a merge would do. Nothing is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MergeView {
    /// The user who stays, as it is.
    pub kept: MergeUser,
    /// The user who goes, as it is.
    pub removed: MergeUser,
    /// The user who stays, as it would be.
    pub result: MergeUser,
    /// The fields in which the two differ.
    pub differences: Vec<MergeDifference>,
}

/// One user of a merge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MergeUser {
    /// The user.
    pub id: UserId,
    /// Best name; absent if none is known.
    pub name: Option<String>,
    /// Avatar.
    pub avatar_url: Option<String>,
    /// Whether the person may log in.
    pub status: UserStatus,
    /// When the user was created.
    pub created_at: Timestamp,
    /// The bindings, oldest first.
    pub bindings: Vec<Binding>,
}

/// A field in which two users differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MergeDifference {
    /// The field: `nickname`, `status`, `metadata.vip`, …
    pub field: String,
    /// What the user who stays has: JSON of metadata, plain text of everything else.
    pub kept: Option<String>,
    /// What the user who goes has, in the same way.
    pub removed: Option<String>,
    /// Which of them the merge takes.
    pub taken: Side,
}
