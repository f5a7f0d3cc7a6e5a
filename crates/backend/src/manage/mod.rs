//! `/manage/v1`: what operators do.

mod attempts;
mod test_logins;

use crate::endpoint::Endpoint;

/// Every endpoint of the management API.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    [attempts::endpoints(), test_logins::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
