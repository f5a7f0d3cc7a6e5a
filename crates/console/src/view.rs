//! What the window shows: shapes made for reading, with nothing left to compute.

use serde::{Deserialize, Serialize};
use yaopai_domain::{
    ConnectionKind, FieldError, IdentityId, LoginAttempt, Problem, Profile, PushRejection, RefusedPerson,
    ServerInfo, Side, Timestamp, UserId, UserStatus,
};

/// How the console stands with its backend. One line of status, always true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Status {
    /// Whether the backend answers.
    pub link: Link,
    /// What the backend said of itself; kept from the last time while offline.
    pub server: Option<ServerInfo>,
    /// Edits the backend has not answered yet.
    pub waiting: u32,
    /// Conflicts nobody has decided yet.
    pub conflicts: u32,
    /// When the replica was last known to equal the backend.
    pub last_sync: Option<Timestamp>,
    /// Whether the first load has ended, so that the list is whole.
    pub loaded: bool,
    /// Users in the replica.
    pub users: u32,
}

/// Whether the backend answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Link {
    /// Not asked yet.
    Connecting,
    /// It answers.
    Connected,
    /// It does not.
    Offline {
        /// Host and port that was called.
        host: String,
        /// Since when.
        since: Timestamp,
    },
    /// It answers, but does not accept the access key.
    Denied,
}

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct UserQuery {
    /// Any part of a name, phone, e-mail, id, OpenID or UnionID; empty lists all.
    pub search: String,
    /// Only users with edits the backend has not answered, or with conflicts.
    pub unsynced_only: bool,
    /// Where the last page ended; absent for the first.
    pub after: Option<String>,
    /// Rows wanted, at most 500.
    pub limit: u32,
}

/// A page of users, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct UserPage {
    /// The rows.
    pub rows: Vec<UserRow>,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
    /// How many users match, over all pages.
    pub total: u32,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct UserRow {
    /// The user.
    pub id: UserId,
    /// Best name; absent if none is known.
    pub name: Option<String>,
    /// Avatar.
    pub avatar_url: Option<String>,
    /// Whether the person may log in.
    pub status: UserStatus,
    /// Phone number.
    pub phone: Option<String>,
    /// The UnionID, or else an OpenID.
    pub wechat_id: Option<String>,
    /// One chip a binding.
    pub bindings: Vec<BindingChip>,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When WeChat last named one of the bindings.
    pub last_seen: Option<Timestamp>,
    /// Worst sync mark of the user's fields.
    pub sync: SyncMark,
}

/// A binding in one glyph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BindingChip {
    /// The kind.
    pub kind: ConnectionKind,
    /// Whether the UnionID is known.
    pub has_union_id: bool,
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
    /// The metadata key.
    pub key: String,
    /// The value both began with, as JSON.
    pub base: Option<String>,
    /// The value typed here; absent if it was removed here.
    pub mine: Option<String>,
    /// The backend's value; absent if it was removed there.
    pub theirs: Option<String>,
    /// Who changed it there.
    pub actor: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
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

/// A page of the people whom a connection refused, latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RefusedPage {
    /// The people.
    pub refused: Vec<RefusedPerson>,
    /// Where to go on; absent at the end.
    pub after: Option<String>,
}

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

/// Something the operator has to be told once after the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Notice {
    /// The local file is damaged or of a newer version. It was kept, and everything is loaded anew into an empty one.
    ReplicaKeptAside {
        /// Where it is now.
        path: String,
    },
}

/// How to decide a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Push mine again, on top of theirs.
    Mine,
    /// Drop mine.
    Theirs,
}

/// A started test login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TestLoginView {
    /// The attempt as it stands.
    pub attempt: LoginAttempt,
    /// What to show.
    pub qr: QrPicture,
    /// Whether a phone can follow the code; `false` if the callback host is not reachable from one.
    pub reachable_from_phone: bool,
    /// The host the phone calls after the scan, with a port that is not the usual one; absent if it calls nobody.
    pub callback_host: Option<String>,
}

/// A code to scan, as pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct QrPicture {
    /// The text in it; absent if it is WeChat's own picture and could not be read.
    pub text: Option<String>,
    /// `data:` URL to show: SVG for our own codes (crisp at any scale), WeChat's JPEG for its own.
    pub data_url: String,
    /// Whether it can be saved as SVG.
    pub has_svg: bool,
}

/// File formats a code can be saved in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum PictureFormat {
    /// Pixels.
    Png,
    /// Vectors.
    Svg,
}

/// An error as the window shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ErrorView {
    /// Values were refused, here or by the backend.
    InvalidFields {
        /// Which and why.
        fields: Vec<FieldError>,
    },
    /// The backend did not answer.
    BackendUnreachable {
        /// Host and port that was called.
        host: String,
    },
    /// The backend refused.
    Backend {
        /// How.
        problem: Box<Problem>,
    },
    /// Something that was asked for does not exist here (any more).
    NotFound,
    /// The local file could not be read or written.
    LocalStore {
        /// For the ticket.
        detail: String,
    },
    /// A file could not be written where the operator wanted it, or the clipboard refused.
    Desktop {
        /// For the ticket.
        detail: String,
    },
}

/// What a listener is told; it then reads what it shows anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Status changed.
    Status,
    /// Users, bindings, metadata or conflicts changed.
    Users,
    /// Connections changed.
    Connections,
}
