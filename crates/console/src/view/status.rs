//! How the console stands, and what it tells of by itself.

use super::{error::ErrorView, jobs::Job};
use serde::{Deserialize, Serialize};
use yaopai_domain::{ServerInfo, Timestamp};

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
