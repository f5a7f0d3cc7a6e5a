//! `/sync/v1`: the change feed for consoles, and their edits.

pub(crate) mod cursor;
mod events;
mod pack;
mod pull;
mod push;

#[cfg(feature = "simulate")]
pub(crate) use {pull::page_line, push::check};

use crate::endpoint::Endpoint;

/// Every endpoint of the sync API.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    [pull::endpoints(), push::endpoints(), events::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
