//! The authorise page of the in-WeChat browser (`/connect/oauth2/authorize`, "网页授权"): only its address is ours.

use crate::{WeChat, hosts};
use url::Url;

impl WeChat {
    /// The address a person opens inside WeChat to agree; WeChat then calls `redirect_uri` with `code` and `state`.
    ///
    /// Parameters in the documented order, since WeChat may match it; `state` is at most 128 letters and digits.
    pub fn authorize_url(&self, app_id: &str, redirect_uri: &Url, state: &str) -> Url {
        let mut url = hosts::below(&self.hosts.open, "connect/oauth2/authorize");
        url.query_pairs_mut()
            .append_pair("appid", app_id)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .append_pair("response_type", "code")
            .append_pair("scope", "snsapi_userinfo")
            .append_pair("state", state);
        url.set_fragment(Some("wechat_redirect"));
        url
    }

    /// The authorise address as people may see it, without the state.
    pub fn authorize_url_shown(&self, app_id: &str, redirect_uri: &Url) -> String {
        self.authorize_url(app_id, redirect_uri, "STATE")
            .as_str()
            .replace("state=STATE", "state=••••")
    }
}
