//! Edits, and what becomes of them: synced, refused for good, in conflict.

use serde::{Deserialize, Serialize};
use yaopai_domain::{ProfileField, PushRejection, Timestamp, UserId};

/// An edit of a metadata key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MetadataEdit {
    /// Whose.
    pub user_id: UserId,
    /// The key as typed.
    pub key: String,
    /// The value as typed, JSON; absent removes the key.
    pub json: Option<String>,
}

/// Whether the backend has an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum SyncMark {
    /// The backend has it.
    Synced,
    /// Stored here, not yet synced.
    Pending,
    /// The backend refused it for good; the edit is kept for reading.
    Rejected,
    /// Somebody else changed it too; a person has to decide.
    Conflict,
}

/// Two edits of the same field; a person has to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Conflict {
    /// Names the conflict.
    pub id: String,
    /// Whose field.
    pub user_id: UserId,
    /// The user's best name.
    pub user_name: Option<String>,
    /// The metadata key; empty if it is a field of the profile.
    pub key: String,
    /// The field of the profile, if it is one.
    pub field: Option<ProfileField>,
    /// The value both began with, as JSON.
    pub base: Option<String>,
    /// The value typed here; absent if it was removed here.
    pub mine: Option<String>,
    /// When it was typed here, if that is still known.
    pub mine_at: Option<Timestamp>,
    /// The backend's value; absent if it was removed there.
    pub theirs: Option<String>,
    /// Who changed it there.
    pub actor: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}

/// How to decide a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Push mine again, on top of theirs.
    Mine,
    /// Drop mine.
    Theirs,
    /// Push a third value, on top of theirs.
    Edited {
        /// The value as JSON; absent removes the key.
        json: Option<String>,
    },
}

/// An edit the backend refused for good, kept for reading until somebody dismisses it or edits the field again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RejectedEdit {
    /// Names the edit.
    pub id: String,
    /// Whose field. The user may be gone.
    pub user_id: UserId,
    /// The user's best name, if the user still exists.
    pub user_name: Option<String>,
    /// The metadata key.
    pub key: String,
    /// The value typed here, as JSON; absent if it was removed here.
    pub mine: Option<String>,
    /// Why it was refused.
    pub rejection: PushRejection,
    /// When it was refused.
    pub at: Timestamp,
}

/// A page of the edits that the backend refused for good, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RejectedPage {
    /// The edits.
    pub edits: Vec<RejectedEdit>,
    /// Where to go on; absent at the end.
    pub after: Option<String>,
}
