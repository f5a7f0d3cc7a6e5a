//! The client: hosts, HTTP, and the tokens and tickets it keeps.

use crate::{ApiToken, SdkTicket, WeChatHosts, kept::Shelf};
use std::fmt;
use yaopai_domain::AppSecret;

/// A client of the WeChat platform. One for the whole program: it keeps the API tokens and tickets.
pub struct WeChat {
    pub(crate) hosts: WeChatHosts,
    pub(crate) http: reqwest::Client,
    pub(crate) api_tokens: Shelf<ApiToken>,
    pub(crate) sdk_tickets: Shelf<SdkTicket>,
}

/// An app of the WeChat platform and the secret by which it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The AppID.
    pub app_id: String,
    /// The AppSecret.
    pub app_secret: AppSecret,
}

impl WeChat {
    /// A client of these hosts. `http` brings the time limits (connect 3 s, whole call 10 s) and follows no redirects.
    pub fn new(hosts: WeChatHosts, http: reqwest::Client) -> Self {
        Self {
            hosts,
            http,
            api_tokens: Shelf::default(),
            sdk_tickets: Shelf::default(),
        }
    }
}

impl fmt::Debug for WeChat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeChat")
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
