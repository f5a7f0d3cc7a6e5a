//! The audit log, as operators read it.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// One change by an operator, a program, a bootstrap file or a person's own request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditEntry {
    /// The id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Who: an operator's e-mail address, the name of a program's access key, `bootstrap`, `console` (the desktop around
    /// this backend), `person:<id>`.
    pub actor: String,
    /// What was done: `connection.create`, `user.patch`, …
    pub action: String,
    /// To what: `connection:<id>`, `user:<id>`, …
    pub target: String,
    /// How it was, secrets as fingerprints; absent if there was nothing.
    pub old: Option<serde_json::Value>,
    /// How it is since then; absent if nothing is left.
    pub new: Option<serde_json::Value>,
}

/// `GET /manage/v1/pools/{pool}/audit`: newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// What to send as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
