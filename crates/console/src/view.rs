//! What the window shows: shapes made for reading, with nothing left to compute.

use serde::{Deserialize, Serialize};
use yaopai_domain::{
    ConnectionId, ConnectionKind, FieldError, IdentityId, LoginAttempt, Problem, Profile, ProfileField,
    PushRejection, RefusedPerson, Rule, ServerInfo, Side, Timestamp, UserId, UserStatus,
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
    /// Edits the backend refused for good, which nobody has put away yet.
    pub rejected: u32,
    /// When the replica was last known to equal the backend.
    pub last_sync: Option<Timestamp>,
    /// Whether the first load has ended, so that the list is whole.
    pub loaded: bool,
    /// Users in the replica.
    pub users: u32,
    /// The first load or a reset, while it is under way.
    pub loading: Option<Job>,
    /// The access was taken back, and everything it let this machine hold was removed. Told until something is loaded
    /// again.
    pub access_lost: Option<AccessLost>,
    /// Why the local file cannot be written, while it cannot (a full disk, say). What was saved before is safe.
    pub trouble: Option<ErrorView>,
}

/// The data left this machine because the access was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct AccessLost {
    /// Edits that the backend had not answered and that went with the data.
    pub unsent: u32,
    /// When.
    pub at: Timestamp,
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

/// Days up to now, today included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum DaySpan {
    /// Today alone.
    Today,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
    /// 365 days.
    Year,
}

/// A span of time; an end that is absent is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(default)]
pub struct TimeRange {
    /// From here on.
    pub from: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// In a saved view, instead of ends: days that are counted whenever it is applied, by whoever knows the time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<DaySpan>,
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

/// A list somebody wants to see again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SavedView {
    /// Names the view.
    pub id: String,
    /// What the operator calls it.
    pub name: String,
    /// Search, filter and sort; no page.
    pub query: UserQuery,
}

/// A view to be saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SavedViewDraft {
    /// The view to replace; absent makes a new one.
    pub id: Option<String>,
    /// What the operator calls it, 1 to 64 characters.
    pub name: String,
    /// Search, filter and sort; page and limit are not kept.
    pub query: UserQuery,
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

/// A connection as the replica knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct KnownConnection {
    /// Names the connection.
    pub id: ConnectionId,
    /// What people read on the login button.
    pub display_name: String,
    /// Which way to log in; absent until the backend tells of it again, or somebody has used it.
    pub kind: Option<ConnectionKind>,
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

/// Which refused people to list, latest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(default)]
pub struct RefusedQuery {
    /// Any part of the nickname, OpenID or UnionID; empty lists all.
    pub search: String,
    /// Only those whom this connection refused.
    pub connection: Option<ConnectionId>,
    /// When they came last.
    pub last_seen: TimeRange,
    /// Where the last page ended; absent for the first.
    pub after: Option<String>,
    /// People wanted, at most 200; 0 asks only how many there are.
    pub limit: u32,
}

/// A page of the people whom a connection refused, latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RefusedPage {
    /// The people.
    pub refused: Vec<RefusedPerson>,
    /// Where to go on; absent at the end.
    pub after: Option<String>,
    /// How many match, over all pages.
    pub total: u32,
}

/// Work that takes a while, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Job {
    /// Names the job.
    pub id: String,
    /// What is done.
    pub kind: JobKind,
    /// Which part of it is under way.
    pub phase: JobPhase,
    /// Rows done in this phase.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub done: u64,
    /// Rows of this phase, if known.
    #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
    pub total: Option<u64>,
    /// Rows a second, of late.
    pub per_second: u32,
    /// Time left of this phase, if it can be told.
    pub seconds_left: Option<u32>,
    /// Whether it goes on.
    pub state: JobState,
    /// The file that is read or written.
    pub file: Option<String>,
    /// Users that an import has created or changed so far; absent of everything else.
    pub changed: Option<u32>,
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Loads everything for the first time.
    FirstLoad,
    /// Loads everything again, beside what is there.
    Reset,
    /// Writes users to a file.
    Export,
    /// Takes users from a file.
    Import,
}

/// The part of a job that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum JobPhase {
    /// Rows are read or written.
    Rows,
    /// The lists' orders are made.
    Indexes,
    /// The search index is made.
    Search,
}

/// Whether a job goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum JobState {
    /// It is under way.
    Running,
    /// It waits to be resumed.
    Paused,
    /// It is done.
    Done,
    /// Somebody ended it; what was done stays done.
    Cancelled,
    /// It could not go on.
    Failed {
        /// Why.
        error: Box<ErrorView>,
    },
}

/// A file users are written to or taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// A table: one user a line, values between commas, the first line names the columns.
    Csv,
    /// One JSON object a line and user.
    JsonLines,
}

/// What an import would do. Nothing is written yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportPreview {
    /// Names the preview; running it takes exactly this file as it was read.
    pub id: String,
    /// The file.
    pub file: String,
    /// How it is written.
    pub format: FileFormat,
    /// The encoding its text is in, by its name: `UTF-8`, `GB18030`, …
    pub encoding: String,
    /// Its columns and what they are taken for.
    pub columns: Vec<ImportColumn>,
    /// Rows in the file.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub rows: u64,
    /// Rows that make a new user.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub creates: u64,
    /// Rows that change a user.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub updates: u64,
    /// Rows that change nothing.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub unchanged: u64,
    /// Rows that are refused; the rest can be imported.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub errors: u64,
    /// The first of the refusals.
    pub first_errors: Vec<RowError>,
    /// The first rows as they would be taken.
    pub sample: Vec<ImportRow>,
}

/// A column of a file to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportColumn {
    /// As the file names it.
    pub name: String,
    /// What it is taken for.
    pub meaning: ImportMeaning,
}

/// What a column of a file is taken for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ImportMeaning {
    /// The user's id; a row without one makes a new user.
    Id,
    /// Nickname.
    Nickname,
    /// Real name.
    Name,
    /// Phone number.
    Phone,
    /// E-mail address.
    Email,
    /// User name.
    Username,
    /// A metadata key.
    Metadata {
        /// The key.
        key: String,
    },
    /// Nothing: the column is not read.
    Ignored,
}

/// Why a row of a file is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RowError {
    /// The line of the file on which the row begins, counted from 1.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub line: u64,
    /// The column, if one is to blame.
    pub column: Option<String>,
    /// What is wrong.
    pub problem: RowProblem,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RowProblem {
    /// A value breaks a rule.
    Rule {
        /// The rule.
        rule: Rule,
    },
    /// It is not written as the format asks.
    Unreadable,
    /// The id names nobody.
    UnknownUser,
    /// An earlier row has the same user.
    Repeated,
    /// The value can only be given to a new user.
    OnlyForNewUsers,
    /// Somebody else logs in with it: here, or in an earlier row.
    Taken,
    /// All of the row together is more than the backend takes of a user at once.
    TooLarge,
}

/// A row of a file as it would be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ImportRow {
    /// The line of the file on which it begins, counted from 1.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub line: u64,
    /// What would be done.
    pub action: ImportAction,
    /// The values in the order of the columns.
    pub values: Vec<Option<String>>,
}

/// What a row would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum ImportAction {
    /// Make a new user.
    Create,
    /// Change a user.
    Update,
    /// Nothing.
    Unchanged,
    /// It is refused.
    Refused,
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
    /// A file of users cannot be used.
    Exchange {
        /// Which.
        file: String,
        /// What is wrong.
        problem: FileProblem,
    },
    /// A file could not be written where the operator wanted it, or the clipboard refused.
    Desktop {
        /// For the ticket.
        detail: String,
    },
}

/// What is wrong with a file of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FileProblem {
    /// It could not be read or written.
    Unusable {
        /// For the ticket.
        detail: String,
    },
    /// It has changed since it was looked at.
    Changed,
    /// It is no text, or in an encoding that is not known.
    Encoding,
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
    /// A job began, got on or ended.
    Jobs,
}
