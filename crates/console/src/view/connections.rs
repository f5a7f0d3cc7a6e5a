//! Connections as the replica knows them.

use serde::{Deserialize, Serialize};
use yaopai_domain::{ConnectionId, ConnectionKind};

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
