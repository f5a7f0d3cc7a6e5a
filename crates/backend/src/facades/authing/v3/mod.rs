//! The third generation: authing-node-sdk 4 (scripts of administrators) and the client SDKs 5.

mod applications;
mod client;
mod connections;
mod custom_fields;
mod login_history;
mod management;
mod users;

pub(super) use connections::answer as connections;
pub(super) use users::{link, search, unlink};

use super::wire::Envelope;
use crate::endpoint::Endpoint;

/// Entries of one page, as Authing's own limit is.
const PAGE_MAX: i64 = 50;

/// Everything of this generation.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = management::endpoints();
    endpoints.extend(client::endpoints());
    endpoints
        .into_iter()
        .map(|endpoint| endpoint.failing(Envelope::early))
        .collect()
}
