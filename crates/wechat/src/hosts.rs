//! Where WeChat is: the real platform, or a stand-in.

use url::Url;

/// The three hosts a backend talks to. A stand-in may answer for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeChatHosts {
    /// The server API: `https://api.weixin.qq.com`.
    pub api: Url,
    /// Pages: `https://open.weixin.qq.com`.
    pub open: Url,
    /// The long poll of the QR page: `https://lp.open.weixin.qq.com`.
    pub poll: Url,
}

impl WeChatHosts {
    /// Address of the server API.
    pub const API: &str = "https://api.weixin.qq.com/";
    /// Address of the pages.
    pub const OPEN: &str = "https://open.weixin.qq.com/";
    /// Address of the long poll.
    pub const POLL: &str = "https://lp.open.weixin.qq.com/";

    /// WeChat itself.
    #[expect(clippy::expect_used, reason = "three constants, parsed by a test")]
    pub fn real() -> Self {
        let url = |text: &str| text.parse().expect("a constant address");
        Self {
            api: url(Self::API),
            open: url(Self::OPEN),
            poll: url(Self::POLL),
        }
    }
}

impl WeChatHosts {
    /// Where pictures of follow codes are: a host of its own at WeChat, and with the pages at a stand-in.
    pub(crate) fn pictures(&self) -> Url {
        let mut url = self.open.clone();
        if url.host_str() == Some("open.weixin.qq.com") {
            // A name for a name: this cannot fail.
            let _ = url.set_host(Some("mp.weixin.qq.com"));
        }
        url
    }
}

/// `path` below `base`, whether or not `base` ends with a slash.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// Host and port, the way people name an unreachable server.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wechat_itself_is_reached_over_tls() {
        let hosts = WeChatHosts::real();
        assert!(
            [hosts.api, hosts.open, hosts.poll]
                .iter()
                .all(|url| url.scheme() == "https")
        );
    }
}
