//! `/sync/v1`: the change feed for consoles, and their edits.

use crate::endpoint::Endpoint;

/// Every endpoint of the sync API.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    Vec::new()
}
