//! The client: hosts, HTTP and the API tokens it keeps.

use crate::{WeChatHosts, api_token::ApiTokens};
use std::fmt;
use yaopai_domain::AppSecret;

/// A client of the WeChat platform. One for the whole program: it keeps the API tokens.
pub struct WeChat {
    pub(crate) hosts: WeChatHosts,
    pub(crate) http: reqwest::Client,
    pub(crate) api_tokens: ApiTokens,
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
            api_tokens: ApiTokens::default(),
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
