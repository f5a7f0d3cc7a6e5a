//! A test login, and the code to scan for it.

use serde::{Deserialize, Serialize};
use yaopai_domain::LoginAttempt;

/// A started test login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TestLoginView {
    /// The attempt as it stands.
    pub attempt: LoginAttempt,
    /// What to show.
    pub qr: QrPicture,
    /// Whether a phone can follow the code; `false` if the callback host is not reachable from one.
    pub reachable_from_phone: bool,
    /// The host the phone calls after the scan, with a port that is not the usual one; absent if it calls nobody.
    pub callback_host: Option<String>,
}

/// A code to scan, as pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct QrPicture {
    /// The text in it; absent if it is WeChat's own picture and could not be read.
    pub text: Option<String>,
    /// `data:` URL to show: SVG for our own codes (crisp at any scale), WeChat's JPEG for its own.
    pub data_url: String,
    /// Whether it can be saved as SVG.
    pub has_svg: bool,
}

/// File formats a code can be saved in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum PictureFormat {
    /// Pixels.
    Png,
    /// Vectors.
    Svg,
}
