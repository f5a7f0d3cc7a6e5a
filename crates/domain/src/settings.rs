//! What only some kinds of connections have: choices, and the secrets of pushed events.

use crate::{ConnectionKind, FieldError, Rule};
use serde::{Deserialize, Serialize};
use url::Url;

const PAGE_MAX: usize = 128;
const ENCODING_AES_KEY_LENGTH: usize = 43;

/// What can be chosen for a connection, by its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ConnectionSettings {
    /// Nothing.
    Nothing {},
    /// `wechat:webpage-authorization`.
    WebPage {
        /// What people are asked for.
        scope: WebScope,
    },
    /// `wechat:miniprogram:qrconnect`.
    MiniProgramCode {
        /// The page that opens, without `/` before it and without a query; absent is the home page.
        #[serde(default)]
        page: Option<String>,
        /// Which version opens.
        #[serde(default)]
        version: MiniProgramVersion,
        /// Picture to show with the code, an `https` address.
        #[serde(default)]
        logo_url: Option<String>,
    },
    /// `wechatmp-qrcode`.
    Pushes {
        /// How WeChat sends events.
        mode: PushMode,
    },
}

/// What an official account asks people for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum WebScope {
    /// Only who they are; nobody is asked, and there is no UnionID.
    #[serde(rename = "snsapi_base")]
    Base,
    /// Nickname, avatar and UnionID too.
    #[default]
    #[serde(rename = "snsapi_userinfo")]
    UserInfo,
}

/// Which version of a mini program opens. Only its testers can open one that is not released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MiniProgramVersion {
    /// The published one.
    #[default]
    Release,
    /// The one under review.
    Trial,
    /// The one of the developer tools.
    Develop,
}

/// How WeChat sends events ("消息加解密方式").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PushMode {
    /// 明文模式: in the clear.
    #[default]
    Plain,
    /// 兼容模式: both in the clear and encrypted. Only the encrypted part counts.
    Compatible,
    /// 安全模式: encrypted.
    Encrypted,
}

impl PushMode {
    /// Whether an EncodingAESKey is needed.
    pub const fn is_encrypted(self) -> bool {
        matches!(self, Self::Compatible | Self::Encrypted)
    }
}

impl ConnectionSettings {
    /// What a new connection of a kind has.
    pub fn of(kind: ConnectionKind) -> Self {
        match kind {
            ConnectionKind::WebpageAuthorization => Self::WebPage {
                scope: WebScope::default(),
            },
            ConnectionKind::MiniProgramQr => Self::MiniProgramCode {
                page: None,
                version: MiniProgramVersion::default(),
                logo_url: None,
            },
            ConnectionKind::FollowCode => Self::Pushes {
                mode: PushMode::default(),
            },
            ConnectionKind::MiniProgram
            | ConnectionKind::AppLaunch
            | ConnectionKind::Pc
            | ConnectionKind::Mobile => Self::Nothing {},
        }
    }

    /// Whether events come encrypted.
    pub const fn is_encrypted(&self) -> bool {
        matches!(self, Self::Pushes { mode } if mode.is_encrypted())
    }

    /// Checks settings that someone chose, and tidies them: empty is the same as absent.
    pub(crate) fn check(&self, kind: ConnectionKind, errors: &mut Vec<FieldError>) -> Self {
        if std::mem::discriminant(self) != std::mem::discriminant(&Self::of(kind)) {
            errors.push(FieldError::new("settings", Rule::SettingsNotForKind));
        }
        let Self::MiniProgramCode {
            page,
            version,
            logo_url,
        } = self
        else {
            return self.clone();
        };
        let typed = |text: &Option<String>| {
            text.as_deref()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let (page, logo_url) = (typed(page), typed(logo_url));
        if page.as_deref().is_some_and(|page| !is_page(page)) {
            errors.push(FieldError::new("settings.page", Rule::MiniProgramPageShape));
        }
        if logo_url.as_deref().is_some_and(|url| !is_https(url)) {
            errors.push(FieldError::new("settings.logo_url", Rule::LogoUrlShape));
        }
        Self::MiniProgramCode {
            page,
            version: *version,
            logo_url,
        }
    }
}

/// Whether a page is named as `getwxacodeunlimit` wants it: `pages/login/index`.
fn is_page(text: &str) -> bool {
    text.len() <= PAGE_MAX
        && !text.starts_with('/')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.'))
}

fn is_https(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.host().is_some())
}

/// The rule that a Token of WeChat's message settings breaks: 3 to 32 letters and digits.
pub(crate) fn broken_push_token(text: &str) -> Option<Rule> {
    let shaped = (3..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (!shaped).then_some(Rule::PushTokenShape)
}

/// The rule that an EncodingAESKey breaks: 43 characters of base64. WeChat's console makes letters and digits; keys with
/// `+` and `/` are in use, too.
pub(crate) fn broken_aes_key(text: &str) -> Option<Rule> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let shaped = text.len() == ENCODING_AES_KEY_LENGTH && text.bytes().all(known);
    (!shaped).then_some(Rule::EncodingAesKeyShape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn code(page: &str, logo_url: &str) -> ConnectionSettings {
        ConnectionSettings::MiniProgramCode {
            page: Some(page.to_owned()),
            version: MiniProgramVersion::Trial,
            logo_url: Some(logo_url.to_owned()),
        }
    }

    fn broken(settings: &ConnectionSettings, kind: ConnectionKind) -> Vec<(String, Rule)> {
        let mut errors = Vec::new();
        settings.check(kind, &mut errors);
        errors
            .into_iter()
            .map(|error| (error.field, error.rule))
            .collect()
    }

    #[rstest]
    #[case::fine(code("pages/login/index", "https://example.com/logo.png"), &[])]
    #[case::empty_is_absent(code(" ", ""), &[])]
    #[case::slash_before(code("/pages/login", ""), &[("settings.page", Rule::MiniProgramPageShape)])]
    #[case::query(code("pages/login?a=1", ""), &[("settings.page", Rule::MiniProgramPageShape)])]
    #[case::no_https(code("", "http://example.com/"), &[("settings.logo_url", Rule::LogoUrlShape)])]
    #[case::another_kinds(
        ConnectionSettings::Nothing {},
        &[("settings", Rule::SettingsNotForKind)]
    )]
    fn checks_the_settings_of_a_mini_program_code(
        #[case] settings: ConnectionSettings,
        #[case] expected: &[(&str, Rule)],
    ) {
        let expected: Vec<(String, Rule)> = expected
            .iter()
            .map(|(field, rule)| ((*field).to_owned(), *rule))
            .collect();
        assert_eq!(broken(&settings, ConnectionKind::MiniProgramQr), expected);
    }

    #[test]
    fn what_a_new_connection_has_is_for_its_kind() {
        for kind in ConnectionKind::ALL {
            assert_eq!(broken(&ConnectionSettings::of(kind), kind), [], "{kind}");
        }
    }

    #[rstest]
    #[case("abc", None)]
    #[case("A1b2C3d4", None)]
    #[case("ab", Some(Rule::PushTokenShape))]
    #[case("a".repeat(33), Some(Rule::PushTokenShape))]
    #[case("a-b-c", Some(Rule::PushTokenShape))]
    fn knows_a_token(#[case] text: impl AsRef<str>, #[case] expected: Option<Rule>) {
        assert_eq!(broken_push_token(text.as_ref()), expected);
    }

    #[rstest]
    #[case("a".repeat(43), None)]
    #[case("a".repeat(42), Some(Rule::EncodingAesKeyShape))]
    #[case(format!("{}=", "a".repeat(42)), Some(Rule::EncodingAesKeyShape))]
    fn knows_an_encoding_aes_key(#[case] text: String, #[case] expected: Option<Rule>) {
        assert_eq!(broken_aes_key(&text), expected);
    }
}
