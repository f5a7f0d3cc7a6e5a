//! The apps registered with the platform: mini programs, official accounts, websites and mobile apps.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::shapes;

/// The open platform account that the built-in apps are bound to.
pub(crate) const BUILT_IN_ACCOUNT: &str = "yaopai-open-platform";
/// How long a session key is kept unless an app says otherwise. WeChat does not publish its own period.
const KEY_KEPT_SECONDS: u64 = 600;

/// What an app is; decides which calls it may make and what its codes are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// 小程序: `wx.login` and mini-program codes.
    MiniProgram,
    /// 公众号 (service account): the authorize page inside WeChat.
    OfficialAccount,
    /// 网站应用 of the open platform: the QR page for computers.
    Website,
    /// 移动应用 of the open platform: WeChat's SDK in a native app, and its QR code on devices without WeChat.
    MobileApp,
}

impl AppKind {
    /// Seconds that a login code of such an app lives.
    pub(crate) fn code_seconds(self) -> u64 {
        match self {
            Self::MiniProgram | Self::OfficialAccount => 300,
            Self::Website | Self::MobileApp => 600,
        }
    }

    /// The kind in Chinese and in English.
    pub(crate) fn label(self) -> (&'static str, &'static str) {
        match self {
            Self::MiniProgram => ("小程序", "Mini program"),
            Self::OfficialAccount => ("公众号", "Official account"),
            Self::Website => ("网站应用", "Website"),
            Self::MobileApp => ("移动应用", "Mobile app"),
        }
    }
}

/// An app as the platform's own console would show it, with its secret: a sandbox has nothing to hide.
/// `Debug` leaves the secret out all the same.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct AppSheet {
    /// What the app is.
    pub kind: AppKind,
    /// Its name, as people see it on the phone.
    pub name: String,
    /// `wx` and 16 hex digits.
    pub app_id: String,
    /// `gh_` and 12 hex digits: what pushed messages call the account.
    pub original_id: String,
    /// 32 hex digits.
    pub app_secret: String,
    /// Whether the administrator froze the secret: every call with it is then refused.
    pub secret_frozen: bool,
    /// Hosts that a redirect_uri may have: compared exactly, without scheme and port.
    pub callback_domains: Vec<String>,
    /// The open platform account the app is bound to; without one its people have no UnionID here.
    pub platform_account: Option<String>,
    /// Where the simulated mini program finds its own server.
    pub miniprogram_server: Option<Url>,
    /// Addresses that may fetch API tokens; without a list everybody may.
    pub ip_whitelist: Option<Vec<IpAddr>>,
    /// Whether fetching an API token waits for the administrator's confirmation.
    pub admin_confirmation: bool,
    /// Seconds that a session key outlives further exchanges; at 0 every exchange makes a new one.
    pub session_key_kept_seconds: u64,
    /// Where WeChat pushes events, if message pushing is on.
    pub messages: Option<MessageSettings>,
}

/// How an account wants its events.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageSettings {
    /// Where events are posted.
    pub server_url: Url,
    /// The Token that signs every request: 3 to 32 letters and digits.
    pub token: String,
    /// The EncodingAESKey: 43 letters and digits.
    pub encoding_aes_key: String,
    /// Whether events are encrypted.
    pub mode: MessageMode,
}

impl std::fmt::Debug for MessageSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageSettings")
            .field("server_url", &self.server_url.as_str())
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// Whether pushed events are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageMode {
    /// 明文模式.
    Plain,
    /// 兼容模式: both forms in one document.
    Compatible,
    /// 安全模式: the encrypted form alone.
    Aes,
}

impl std::fmt::Debug for AppSheet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppSheet")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .field("app_id", &self.app_id)
            .field("callback_domains", &self.callback_domains)
            .field("platform_account", &self.platform_account)
            .field("miniprogram_server", &self.miniprogram_server)
            .field("messages", &self.messages)
            .finish_non_exhaustive()
    }
}

impl AppSheet {
    /// An app with this identity and nothing configured.
    pub(crate) fn bare(kind: AppKind, name: String, app_id: String, app_secret: String) -> Self {
        Self {
            original_id: shapes::original_id(&app_id),
            kind,
            name,
            app_id,
            app_secret,
            secret_frozen: false,
            callback_domains: Vec::new(),
            platform_account: None,
            miniprogram_server: None,
            ip_whitelist: None,
            admin_confirmation: false,
            session_key_kept_seconds: KEY_KEPT_SECONDS,
            messages: None,
        }
    }

    /// Whether a redirect_uri may lead there: http or https, and a host equal to a callback domain of the app.
    pub(crate) fn may_redirect_to(&self, redirect_uri: &str) -> bool {
        Url::parse(redirect_uri).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url
                    .host_str()
                    .is_some_and(|host| self.callback_domains.iter().any(|domain| domain == host))
        })
    }
}

/// The apps every sandbox starts with: one of each kind, bound to one open platform account.
pub(crate) fn built_in(callback_domains: &[String], miniprogram_server: Option<&Url>) -> Vec<AppSheet> {
    let app = |kind: AppKind, name: &str, seed: &str| AppSheet {
        platform_account: Some(BUILT_IN_ACCOUNT.to_owned()),
        ..AppSheet::bare(
            kind,
            name.to_owned(),
            shapes::built_in_app_id(seed),
            shapes::built_in_app_secret(seed),
        )
    };
    let on_the_web = |app: AppSheet| AppSheet {
        callback_domains: callback_domains.to_vec(),
        ..app
    };
    vec![
        AppSheet {
            miniprogram_server: miniprogram_server.cloned(),
            ..app(AppKind::MiniProgram, "腰牌小程序", "mini program")
        },
        on_the_web(app(AppKind::OfficialAccount, "腰牌服务号", "official account")),
        on_the_web(app(AppKind::Website, "腰牌网站", "website")),
        app(AppKind::MobileApp, "腰牌移动版", "mobile app"),
    ]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:8080/callback", true)]
    #[case("https://localhost/callback?x=1", true)]
    #[case("http://www.localhost/callback", false)]
    #[case("http://localhost.example.com/", false)]
    #[case("http://localhost@example.com/", false)]
    #[case("javascript://localhost/%0aalert(1)", false)]
    #[case("localhost/callback", false)]
    #[case("", false)]
    fn compares_the_redirect_host_exactly(#[case] redirect_uri: &str, #[case] expected: bool) {
        let domains = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let website = built_in(&domains, None).remove(2);
        assert_eq!(website.may_redirect_to(redirect_uri), expected);
    }

    #[test]
    fn debug_hides_the_secret() {
        let app = built_in(&[], None).remove(0);
        assert!(!format!("{app:?}").contains(&app.app_secret));
    }
}
