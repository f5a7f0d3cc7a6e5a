//! People whom a connection refused.

use super::times::TimeRange;
use serde::{Deserialize, Serialize};
use yaopai_domain::{ConnectionId, RefusedPerson};

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
