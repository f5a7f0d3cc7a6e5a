//! The client: hosts, HTTP and the cached API tokens.

use crate::WeChatHosts;

/// A client of the WeChat platform.
pub struct WeChat {
    pub(crate) hosts: WeChatHosts,
    pub(crate) http: reqwest::Client,
}

impl WeChat {
    /// A client of these hosts. `http` brings the time limits (connect 3 s, whole call 10 s) and follows no redirects.
    pub fn new(hosts: WeChatHosts, http: reqwest::Client) -> Self {
        Self { hosts, http }
    }
}
