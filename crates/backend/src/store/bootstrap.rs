//! Applying a bootstrap file.

use super::Reply;
use crate::bootstrap::Plan;

/// Applying a bootstrap file.
pub(crate) trait BootstrapStore {
    /// Creates what the plan names and is not there yet, and changes what differs; all or nothing.
    fn apply(&self, plan: Plan) -> Reply<'_, ()>;
}
