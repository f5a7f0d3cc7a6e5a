//! Who a WeChat person is.

use super::Reply;
use crate::identity::Arrival;
use yaopai_domain::Verdict;

/// Who a WeChat person is.
pub(crate) trait IdentityStore {
    /// Decides who the person is, and writes it unless it is a dry run: one transaction, so that many arrivals of one
    /// person make one user.
    fn resolve(&self, arrival: Arrival) -> Reply<'_, Verdict>;
}
