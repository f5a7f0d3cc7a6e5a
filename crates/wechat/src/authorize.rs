//! The pages a person opens in a browser to agree: only their addresses are ours ("网页授权", "网站应用微信登录开发指南").

use crate::{WeChat, hosts, secret::DOTS};
use url::Url;

/// What an official account asks a person for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Only who they are (OpenID); nobody is asked.
    Base,
    /// Nickname, avatar and UnionID too; the person is asked.
    UserInfo,
}

impl Scope {
    /// The word of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::UserInfo => "snsapi_userinfo",
        }
    }
}

impl WeChat {
    /// The address a person opens inside WeChat (`/connect/oauth2/authorize`); WeChat then calls `redirect_uri` with
    /// `code` and `state`.
    ///
    /// Parameters are in the documented order, since WeChat may match it; `state` is at most 128 letters and digits.
    /// `connect_redirect=1` keeps WeChat from calling back twice.
    pub fn authorize_url(&self, app_id: &str, redirect_uri: &Url, scope: Scope, state: &str) -> Url {
        let mut url = self.page(
            "connect/oauth2/authorize",
            app_id,
            redirect_uri,
            scope.as_str(),
            state,
        );
        url.query_pairs_mut().append_pair("connect_redirect", "1");
        url
    }

    /// The authorise address as people may see it, without the state.
    pub fn authorize_url_shown(&self, app_id: &str, redirect_uri: &Url, scope: Scope) -> String {
        self.authorize_url(app_id, redirect_uri, scope, "STATE")
            .as_str()
            .replace("&state=STATE&", &format!("&state={DOTS}&"))
    }

    /// The address of the QR page of a website app (`/connect/qrconnect`), for a browser on a PC.
    pub fn qrconnect_url(&self, app_id: &str, redirect_uri: &Url, state: &str) -> Url {
        self.page("connect/qrconnect", app_id, redirect_uri, "snsapi_login", state)
    }

    fn page(&self, path: &str, app_id: &str, redirect_uri: &Url, scope: &str, state: &str) -> Url {
        let mut url = hosts::below(&self.hosts.open, path);
        url.query_pairs_mut()
            .append_pair("appid", app_id)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .append_pair("response_type", "code")
            .append_pair("scope", scope)
            .append_pair("state", state);
        url.set_fragment(Some("wechat_redirect"));
        url
    }
}
