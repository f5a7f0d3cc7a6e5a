//! Access keys.

use super::Reply;
use yaopai_domain::{PoolId, Role};

/// Whose key was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyHolder {
    /// Nobody's.
    Nobody,
    /// A key of other pools only.
    Elsewhere,
    /// A key of this pool.
    Here {
        /// Name of the key.
        name: String,
        /// What it may do.
        role: Role,
    },
}

/// Access keys.
pub(crate) trait AccessStore {
    /// Looks a key up by its SHA-256 (hex).
    fn key_holder(&self, pool: &PoolId, key_hash: String) -> Reply<'_, KeyHolder>;

    /// Whether there is any access key.
    fn has_access_keys(&self) -> Reply<'_, bool>;
}
