//! What undoing a merge needs.

use super::{details::Detail, names::Name, password::Password};
use serde::{Deserialize, Serialize};
use yaopai_domain::{IdentityId, User};

/// Everything that undoing needs. Kept for [`super::KEPT_MILLIS`].
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) kept_before: User,
    pub(super) kept_after: User,
    pub(super) removed: User,
    /// Bindings that moved.
    pub(super) moved: Vec<IdentityId>,
    /// Names the removed user logged in by, and those the kept user gave up for them.
    pub(super) names: Vec<Name>,
    /// What the removed user said of themselves beyond the profile.
    pub(super) details: Vec<Detail>,
    /// The removed user's password (an Argon2id hash), sealed by nothing more: it leaves the database in no answer.
    pub(super) password: Option<Password>,
}
