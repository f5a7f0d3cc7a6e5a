//! Failed calls by request id, as `openapi/rid/get` tells them for a week.

use std::collections::HashMap;

/// Seconds a request id can be looked up.
pub(crate) const LOOKUP_SECONDS: u64 = 7 * 24 * 3600;

/// A failed call.
#[derive(Clone)]
pub(crate) struct FailedCall {
    /// The app that called, where it could be told.
    pub(crate) app_id: Option<String>,
    /// When, in seconds since the UNIX epoch.
    pub(crate) at: u64,
    /// The query, without the values of secrets.
    pub(crate) query: String,
    /// What it was answered.
    pub(crate) answer: String,
    /// Who called.
    pub(crate) client_ip: String,
}

/// The failed calls of the platform.
#[derive(Default)]
pub(crate) struct Rids {
    calls: HashMap<String, FailedCall>,
    swept_at: u64,
}

impl Rids {
    /// Remembers a call.
    pub(crate) fn keep(&mut self, rid: String, call: FailedCall) {
        let now = call.at;
        if now >= self.swept_at + 60 {
            self.swept_at = now;
            self.calls.retain(|_, call| call.at + 2 * LOOKUP_SECONDS > now);
        }
        self.calls.insert(rid, call);
    }

    /// The call with this request id, however old.
    pub(crate) fn find(&self, rid: &str) -> Option<&FailedCall> {
        self.calls.get(rid)
    }
}
