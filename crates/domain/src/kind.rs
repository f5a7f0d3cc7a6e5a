//! Connection kinds: the ways to log in with WeChat.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One way to log in with WeChat. The names are Authing's, so that its users find what they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ConnectionKind {
    /// A mini program logs its user in with the code of `wx.login`.
    #[serde(rename = "wechat:miniprogram:default")]
    MiniProgram,
    /// A website on a computer shows a code that opens a mini program on the phone, which hands over its login code.
    #[serde(rename = "wechat:miniprogram:qrconnect")]
    MiniProgramQr,
    /// A mobile app opens a mini program, which hands over its login code for the app.
    #[serde(rename = "wechat:miniprogram:app-launch")]
    AppLaunch,
    /// A web page opened inside WeChat (official account, service account).
    #[serde(rename = "wechat:webpage-authorization")]
    WebpageAuthorization,
    /// A website on a computer shows a QR code that the phone scans (Open Platform website app).
    #[serde(rename = "wechat:pc")]
    Pc,
    /// A mobile app asks the WeChat app beside it, or shows a QR code on a device without WeChat (Open Platform mobile
    /// app).
    #[serde(rename = "wechat:mobile")]
    Mobile,
    /// A website shows a QR code of an official account: who scans it and follows is logged in.
    #[serde(rename = "wechatmp-qrcode")]
    FollowCode,
}

impl ConnectionKind {
    /// Every kind, in the order the console offers them.
    pub const ALL: [Self; 7] = [
        Self::Pc,
        Self::WebpageAuthorization,
        Self::MiniProgram,
        Self::MiniProgramQr,
        Self::AppLaunch,
        Self::Mobile,
        Self::FollowCode,
    ];

    /// The name on the wire, in the database and in bootstrap files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MiniProgram => "wechat:miniprogram:default",
            Self::MiniProgramQr => "wechat:miniprogram:qrconnect",
            Self::AppLaunch => "wechat:miniprogram:app-launch",
            Self::WebpageAuthorization => "wechat:webpage-authorization",
            Self::Pc => "wechat:pc",
            Self::Mobile => "wechat:mobile",
            Self::FollowCode => "wechatmp-qrcode",
        }
    }

    /// Whether a business page is called after the login, so that the connection has a callback URL.
    pub const fn has_callback(self) -> bool {
        match self {
            Self::MiniProgram | Self::AppLaunch => false,
            Self::WebpageAuthorization | Self::Pc | Self::MiniProgramQr | Self::Mobile | Self::FollowCode => {
                true
            }
        }
    }

    /// Whether WeChat itself sends a browser back to an address (`redirect_uri`), with the login code.
    pub const fn redirects(self) -> bool {
        matches!(self, Self::WebpageAuthorization | Self::Pc)
    }

    /// Whether WeChat pushes events to the backend, so that the connection has a Token.
    pub const fn has_pushes(self) -> bool {
        matches!(self, Self::FollowCode)
    }

    /// How long a person has to scan and decide; longer than WeChat's own code lives makes no sense.
    ///
    /// Milliseconds. QR codes of WeChat's own pages live about 5 minutes; the codes that WeChat draws for us live
    /// longer, so it is the backend that ends them.
    pub const fn scan_lifetime_millis(self) -> i64 {
        5 * 60 * 1000
    }
}

impl fmt::Display for ConnectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A kind this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown connection kind")]
pub struct UnknownKind;

impl FromStr for ConnectionKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownKind)
    }
}
