//! `/manage/v1`: what operators do. One endpoint, one file.

mod access_keys;
mod applications;
mod attempts;
mod audit;
#[cfg(test)]
mod audited;
mod authing_keys;
mod change_connection;
mod change_users;
mod create_connection;
mod delete_connection;
mod enable_connection;
mod merges;
mod operators;
mod page;
#[cfg(test)]
mod people_tests;
mod platform_accounts;
mod read_connections;
mod read_users;
mod refused;
mod server_info;
mod signing_keys;
mod test_logins;

pub(crate) use change_connection::change_connection;
pub(crate) use create_connection::create_connection;

use crate::{Error, endpoint::Endpoint};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use yaopai_domain::{Connection, ConnectionDraft, ConnectionId, ValidConnection, validate_draft};

/// Every endpoint of the management API.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    [
        server_info::endpoints(),
        read_connections::endpoints(),
        create_connection::endpoints(),
        change_connection::endpoints(),
        enable_connection::endpoints(),
        delete_connection::endpoints(),
        read_users::endpoints(),
        change_users::endpoints(),
        refused::endpoints(),
        merges::endpoints(),
        attempts::endpoints(),
        test_logins::endpoints(),
        operators::endpoints(),
        access_keys::endpoints(),
        authing_keys::endpoints(),
        signing_keys::endpoints(),
        applications::endpoints(),
        platform_accounts::endpoints(),
        audit::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A path that ends in a connection.
#[derive(Deserialize)]
struct OfConnection {
    id: ConnectionId,
}

/// Checks a draft against the rules that need no database.
pub(crate) fn check_draft(
    draft: &ConnectionDraft,
    existing: Option<&Connection>,
) -> Result<ValidConnection, Error> {
    validate_draft(draft, existing, |text| BASE64_STANDARD.decode(text).ok()).map_err(Error::InvalidFields)
}
