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
    /// A web page opened inside WeChat (official account, service account).
    #[serde(rename = "wechat:webpage-authorization")]
    WebpageAuthorization,
    /// A website on a computer shows a QR code that the phone scans (Open Platform website app).
    #[serde(rename = "wechat:pc")]
    Pc,
}

impl ConnectionKind {
    /// Every kind, in the order the console offers them.
    pub const ALL: [Self; 3] = [Self::Pc, Self::WebpageAuthorization, Self::MiniProgram];

    /// The name on the wire, in the database and in bootstrap files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MiniProgram => "wechat:miniprogram:default",
            Self::WebpageAuthorization => "wechat:webpage-authorization",
            Self::Pc => "wechat:pc",
        }
    }

    /// Whether a browser is sent back to an address after the login, so that the connection has a callback URL.
    pub const fn has_callback(self) -> bool {
        match self {
            Self::MiniProgram => false,
            Self::WebpageAuthorization | Self::Pc => true,
        }
    }

    /// How long a person has to scan and decide; longer than WeChat's own code lives makes no sense.
    ///
    /// Milliseconds. `wechat:pc`: the QR code of the qrconnect page lives about 5 minutes. The others: the login code
    /// lives 5 minutes.
    pub const fn scan_lifetime_millis(self) -> i64 {
        match self {
            Self::MiniProgram | Self::WebpageAuthorization | Self::Pc => 5 * 60 * 1000,
        }
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
