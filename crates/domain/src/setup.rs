//! What an administrator has to paste into WeChat's own console for a connection to work.

use crate::{ConnectionKind, PoolId, Reach, reach, web_url::parse_callback_url};
use serde::{Deserialize, Serialize};
use url::{Position, Url};

/// Values to paste into WeChat's console, and what to know about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SetupSheet {
    /// The values, in the order of WeChat's pages.
    pub values: Vec<SetupValue>,
    /// Whether WeChat and phones can reach the host that has to answer them.
    pub reach: Reach,
    /// Whether WeChat takes calls of this app only from addresses that are entered in its console (IP 白名单): the one
    /// from which the backend goes out belongs there.
    pub ip_whitelist: bool,
}

/// One value and the field of WeChat's console it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SetupValue {
    /// The field.
    pub place: SetupPlace,
    /// What to paste, exactly.
    pub value: String,
}

/// Fields of WeChat's console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum SetupPlace {
    /// 开放平台 → 网站应用 → 授权回调域: a bare host.
    AuthorizationCallbackDomain,
    /// 公众平台 → 设置 → 功能设置 → 网页授权域名: a bare host.
    WebAuthorizationDomain,
    /// 小程序后台 → 开发设置 → request 合法域名: scheme and host.
    RequestDomain,
    /// The address to which a mini program posts scene and code after a scan.
    MiniProgramScanUrl,
    /// The address to which a mini program posts launch token and code when a mobile app has opened it.
    AppLaunchUrl,
    /// 公众平台 → 设置与开发 → 基本配置 → 服务器地址(URL).
    ServerUrl,
    /// The address WeChat sends the browser back to.
    RedirectUri,
    /// The address at which the verification file is served.
    VerificationFileUrl,
}

impl SetupSheet {
    /// Path to which WeChat sends a browser back; `identifier` names the connection.
    pub fn callback_path(identifier: &str) -> String {
        format!("connections/social/{identifier}/callback")
    }

    /// Path to which WeChat pushes the events of an official account.
    pub fn events_path(identifier: &str, pool: &PoolId) -> String {
        format!("connections/social/{identifier}/{pool}/events")
    }

    /// Path to which a mini program posts its code when a mobile app has opened it.
    pub const LAUNCH_PATH: &'static str = "login/v1/app-launch/code";

    /// Path to which a mini program posts what happened after a scan.
    pub const SCAN_PATH: &'static str = "login/v1/miniprogram/scan";

    /// The `redirect_uri` the backend sends to WeChat for a connection.
    ///
    /// A website app (`wechat:pc`) is tested with its own callback URL, because WeChat compares the host with the one
    /// configured there and the code arrives by long poll, whether or not that host is ours. A page inside WeChat comes
    /// back to the backend, which has to take the code.
    pub fn redirect_uri(
        kind: ConnectionKind,
        public_url: &Url,
        identifier: &str,
        callback_url: Option<&Url>,
    ) -> Option<Url> {
        let ours = || below(public_url, &Self::callback_path(identifier));
        match kind {
            ConnectionKind::MiniProgram
            | ConnectionKind::MiniProgramQr
            | ConnectionKind::AppLaunch
            | ConnectionKind::Mobile
            | ConnectionKind::FollowCode => None,
            ConnectionKind::WebpageAuthorization => Some(ours()),
            ConnectionKind::Pc => Some(callback_url.cloned().unwrap_or_else(ours)),
        }
    }

    /// The sheet for a connection as far as it is typed. `public_url` is where the backend is reached from outside.
    pub fn new(
        kind: ConnectionKind,
        public_url: &Url,
        pool: &PoolId,
        identifier: &str,
        callback_url: Option<&str>,
        verification_file: Option<&str>,
    ) -> Self {
        let callback = callback_url.and_then(|text| parse_callback_url(text.trim()).ok());
        let redirect = Self::redirect_uri(kind, public_url, identifier, callback.as_ref());
        let mut values = Vec::new();
        let mut add = |place, value: String| values.push(SetupValue { place, value });
        let domain = redirect.as_ref().and_then(Url::host_str).unwrap_or_default();
        match kind {
            ConnectionKind::Pc => add(SetupPlace::AuthorizationCallbackDomain, domain.to_owned()),
            ConnectionKind::WebpageAuthorization => {
                add(SetupPlace::WebAuthorizationDomain, domain.to_owned());
            }
            ConnectionKind::MiniProgram | ConnectionKind::MiniProgramQr | ConnectionKind::AppLaunch => {
                add(
                    SetupPlace::RequestDomain,
                    public_url[..Position::BeforePath].to_owned(),
                );
                if kind == ConnectionKind::AppLaunch {
                    let url = below(public_url, Self::LAUNCH_PATH);
                    add(SetupPlace::AppLaunchUrl, url.into());
                } else {
                    let url = below(public_url, Self::SCAN_PATH);
                    add(SetupPlace::MiniProgramScanUrl, url.into());
                }
            }
            ConnectionKind::FollowCode if !identifier.is_empty() => {
                let url = below(public_url, &Self::events_path(identifier, pool));
                add(SetupPlace::ServerUrl, url.into());
            }
            // The OpenSDK hands its code to the app: WeChat calls nobody.
            ConnectionKind::FollowCode | ConnectionKind::Mobile => {}
        }
        // Without an identifier our own callback has no address yet.
        if let Some(uri) = redirect
            .as_ref()
            .filter(|_| !identifier.is_empty() || callback.is_some())
        {
            add(SetupPlace::RedirectUri, uri.to_string());
        }
        if let Some(name) = verification_file.filter(|name| !name.is_empty()) {
            // WeChat looks on the host it was given. If that is not ours, that host has to forward this one address.
            let host = callback.as_ref().filter(|_| kind == ConnectionKind::Pc);
            let url = host.and_then(|url| url.join(&format!("/{name}")).ok());
            let url = url.unwrap_or_else(|| below(public_url, name));
            add(SetupPlace::VerificationFileUrl, url.into());
        }
        let reach = match kind {
            ConnectionKind::Pc => redirect.as_ref().map_or(Reach::ThisMachine, reach),
            ConnectionKind::WebpageAuthorization
            | ConnectionKind::MiniProgram
            | ConnectionKind::MiniProgramQr
            | ConnectionKind::AppLaunch
            | ConnectionKind::Mobile
            | ConnectionKind::FollowCode => reach(public_url),
        };
        Self {
            values,
            reach,
            ip_whitelist: matches!(
                kind,
                ConnectionKind::WebpageAuthorization | ConnectionKind::FollowCode
            ),
        }
    }
}

/// `path` below `base`, which keeps its own path, whether or not that ends with a slash.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn values(sheet: SetupSheet) -> Vec<(SetupPlace, String)> {
        sheet
            .values
            .into_iter()
            .map(|value| (value.place, value.value))
            .collect()
    }

    #[test]
    fn a_website_is_configured_by_the_bare_host_of_its_own_callback() {
        let public = "http://127.0.0.1:8060/".parse().unwrap();
        let sheet = SetupSheet::new(
            ConnectionKind::Pc,
            &public,
            &PoolId::default(),
            "pc",
            Some("https://shop.example.com/cb"),
            None,
        );
        assert_eq!(sheet.reach, Reach::Public);
        assert_eq!(
            values(sheet),
            [
                (
                    SetupPlace::AuthorizationCallbackDomain,
                    "shop.example.com".to_owned()
                ),
                (SetupPlace::RedirectUri, "https://shop.example.com/cb".to_owned()),
            ]
        );
    }

    #[test]
    fn wechat_looks_for_a_websites_file_on_the_websites_own_host() {
        let public = "http://127.0.0.1:8060/".parse().unwrap();
        let callback = Some("https://shop.example.com/cb?x=1");
        let sheet = SetupSheet::new(
            ConnectionKind::Pc,
            &public,
            &PoolId::default(),
            "pc",
            callback,
            Some("6ynZPDvfTF.txt"),
        );
        let file = values(sheet).pop();
        let url = "https://shop.example.com/6ynZPDvfTF.txt".to_owned();
        assert_eq!(file, Some((SetupPlace::VerificationFileUrl, url)));
    }

    #[test]
    fn a_page_inside_wechat_comes_back_to_the_backend() {
        let public = "https://id.example.com/".parse().unwrap();
        let name = "MP_verify_0a1B2c3D4e5F6g7H.txt";
        let sheet = SetupSheet::new(
            ConnectionKind::WebpageAuthorization,
            &public,
            &PoolId::default(),
            "oa",
            Some("half typ"),
            Some(name),
        );
        assert_eq!(
            values(sheet),
            [
                (SetupPlace::WebAuthorizationDomain, "id.example.com".to_owned()),
                (
                    SetupPlace::RedirectUri,
                    "https://id.example.com/connections/social/oa/callback".to_owned()
                ),
                (
                    SetupPlace::VerificationFileUrl,
                    format!("https://id.example.com/{name}")
                ),
            ]
        );
    }

    #[rstest]
    #[case("https://example.com/id")]
    #[case("https://example.com/id/")]
    fn a_backend_below_a_path_keeps_it(#[case] public: &str) {
        let public = public.parse().unwrap();
        let name = "6ynZPDvfTF.txt";
        let webpage = ConnectionKind::WebpageAuthorization;
        let sheet = SetupSheet::new(webpage, &public, &PoolId::default(), "oa", None, Some(name));
        let callback = "https://example.com/id/connections/social/oa/callback";
        assert_eq!(
            values(sheet)[1..],
            [
                (SetupPlace::RedirectUri, callback.to_owned()),
                (
                    SetupPlace::VerificationFileUrl,
                    format!("https://example.com/id/{name}")
                ),
            ]
        );
        let redirect = SetupSheet::redirect_uri(webpage, &public, "oa", None);
        assert_eq!(redirect.unwrap().as_str(), callback);
        let sheet = SetupSheet::new(
            ConnectionKind::MiniProgram,
            &public,
            &PoolId::default(),
            "mp",
            None,
            None,
        );
        assert_eq!(
            values(sheet)[1].1,
            "https://example.com/id/login/v1/miniprogram/scan"
        );
    }

    #[rstest]
    #[case::follow_code(
        ConnectionKind::FollowCode,
        "https://id.example.com/connections/social/wechat/default/events",
        true
    )]
    #[case::app_launch(
        ConnectionKind::AppLaunch,
        "https://id.example.com/login/v1/app-launch/code",
        false
    )]
    #[case::mini_program_code(
        ConnectionKind::MiniProgramQr,
        "https://id.example.com/login/v1/miniprogram/scan",
        false
    )]
    fn wechat_is_told_where_to_call(#[case] kind: ConnectionKind, #[case] url: &str, #[case] listed: bool) {
        let public = "https://id.example.com/".parse().unwrap();
        let sheet = SetupSheet::new(kind, &public, &PoolId::default(), "wechat", None, None);
        assert_eq!(sheet.ip_whitelist, listed);
        assert_eq!(values(sheet).pop().unwrap().1, url);
    }

    #[test]
    fn a_mini_program_is_told_where_to_post_its_code() {
        let public = "http://127.0.0.1:8060/".parse().unwrap();
        let sheet = SetupSheet::new(
            ConnectionKind::MiniProgram,
            &public,
            &PoolId::default(),
            "mp",
            None,
            None,
        );
        assert_eq!(sheet.reach, Reach::ThisMachine);
        assert_eq!(
            values(sheet),
            [
                (SetupPlace::RequestDomain, "http://127.0.0.1:8060".to_owned()),
                (
                    SetupPlace::MiniProgramScanUrl,
                    "http://127.0.0.1:8060/login/v1/miniprogram/scan".to_owned()
                ),
            ]
        );
    }
}
