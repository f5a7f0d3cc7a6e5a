//! Platform accounts: WeChat Open Platform accounts, the scopes of UnionIDs.

use crate::{FieldError, PlatformAccountId, Timestamp, rule::check_name};
use serde::{Deserialize, Serialize};

/// A WeChat Open Platform account that several AppIDs are bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlatformAccount {
    /// The id.
    pub id: PlatformAccountId,
    /// Name for people, unique in the pool.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
}

/// `POST /manage/v1/pools/{pool}/platform-accounts`, `PUT …/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlatformAccountDraft {
    /// Name for people, 1 to 64 characters, unique in the pool.
    pub name: String,
}

impl PlatformAccountDraft {
    /// Checks the name, and puts it into the form in which it is kept.
    pub fn check(self) -> Result<Self, Vec<FieldError>> {
        let mut refused = Vec::new();
        let name = check_name("name", &self.name, &mut refused);
        if refused.is_empty() {
            Ok(Self { name })
        } else {
            Err(refused)
        }
    }
}
