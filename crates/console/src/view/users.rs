//! Lists of users: who is wanted in which order, and what a line shows.

use super::{edits::SyncMark, times::TimeRange};
use serde::{Deserialize, Serialize};
use yaopai_domain::{ConnectionId, ConnectionKind, Timestamp, UserId, UserStatus};

/// What to list, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct UserQuery {
    /// Any part of a nickname, name, user name, phone, e-mail, OpenID, UnionID, user id or metadata key, or a whole
    /// `key=value`; empty lists all. One or two Latin letters or digits are looked for in names only, phone numbers, e-mail
    /// addresses and user names from three characters on, OpenIDs and UnionIDs from five, user ids from eight.
    pub search: String,
    /// Who of those.
    pub filter: UserFilter,
    /// In which order.
    pub sort: UserSort,
    /// Where the last page ended; absent for the first.
    pub after: Option<String>,
    /// Rows wanted, at most 500.
    pub limit: u32,
}

/// Which users to list. The default lists all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(default)]
pub struct UserFilter {
    /// Only people with a binding of this connection.
    pub connection: Option<ConnectionId>,
    /// Only people whose UnionID is known, or only those for whom it is not.
    pub union_id: Option<bool>,
    /// Only people who may log in, or only those who may not.
    pub status: Option<UserStatus>,
    /// When the user was created.
    pub created: TimeRange,
    /// When WeChat last named one of the bindings.
    pub last_seen: TimeRange,
    /// Only users with something that the backend does not have.
    pub sync: Option<SyncFilter>,
}

/// What a user has that the backend does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum SyncFilter {
    /// Edits on their way, refused edits and conflicts.
    Unsynced,
    /// Conflicts nobody has decided yet.
    Conflict,
}

/// The order of a list. People who do not have what is sorted by come last in both directions; ties keep one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(default)]
pub struct UserSort {
    /// By what; absent: relevance of a search, newest first of a list.
    pub by: Option<SortBy>,
    /// Largest, latest or last in the alphabet first. Relevance has one direction.
    pub descending: bool,
}

/// What a list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// How well the search fits: whole, beginning, part; names before the rest, metadata last. Without a search: newest
    /// first.
    Relevance,
    /// When the user was created.
    Created,
    /// When WeChat last named one of the bindings.
    LastSeen,
    /// Best name, Chinese by its sound (pinyin) among the Latin ones.
    Name,
    /// Phone number.
    Phone,
    /// The UnionID, or else an OpenID.
    WechatId,
    /// Those who may log in, then those who may not.
    Status,
    /// When the user last changed.
    Updated,
    /// How many bindings there are.
    Bindings,
    /// What somebody has to look at first: conflicts, rejected edits, edits on their way, then the rest.
    Sync,
}

/// A page of users.
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
    /// When the user last changed.
    pub updated_at: Timestamp,
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
