//! Connections and the rules of their fields.

use crate::{
    AppSecret, ConnectionId, ConnectionKind, ConnectionSettings, EncodingAesKey, FieldError, Fingerprint,
    PlatformAccountId, PushToken, Rule, Timestamp, VerificationFile,
    settings::{broken_aes_key, broken_push_token},
    web_url::parse_callback_url,
};
use serde::{Deserialize, Serialize};
use url::Url;

/// A unique identifier has at most this many characters: "fewer than 32" (Authing's console).
pub const IDENTIFIER_MAX: usize = 31;
/// `wx` and 16 hexadecimal digits.
pub const APP_ID_LENGTH: usize = 18;
const APP_SECRET_LENGTH: usize = 32;
const DISPLAY_NAME_MAX: usize = 64;

/// A connection as operators see it: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Which way to log in.
    pub kind: ConnectionKind,
    /// Name in URLs and SDK calls; unique in the pool, never changes.
    pub identifier: String,
    /// What people read on the login button.
    pub display_name: String,
    /// WeChat's id of the app.
    pub app_id: String,
    /// What is known of the AppSecret.
    pub secret: SecretState,
    /// What was chosen, by the kind.
    pub settings: ConnectionSettings,
    /// What is known of the Token of pushes; kinds without pushes have none.
    pub push_token: Option<SecretState>,
    /// What is known of the EncodingAESKey.
    pub encoding_aes_key: Option<SecretState>,
    /// Where the browser goes after the login. Kinds without a browser have none.
    pub callback_url: Option<String>,
    /// The domain verification file served for it.
    pub verification_file: Option<VerificationFile>,
    /// Whether only people who have an account may log in.
    pub login_only: bool,
    /// Whether people can log in with it.
    pub enabled: bool,
    /// The Open Platform account the AppID is bound to.
    pub platform_account: PlatformAccountId,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What may be known of a stored secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretState {
    /// By which people recognise it.
    pub fingerprint: Fingerprint,
    /// When it was set.
    pub set_at: Timestamp,
}

/// A connection as someone typed it; nothing is checked yet. The same shape creates and replaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConnectionDraft {
    /// Which way to log in.
    pub kind: ConnectionKind,
    /// Name in URLs and SDK calls.
    pub identifier: String,
    /// What people read on the login button.
    pub display_name: String,
    /// WeChat's id of the app.
    pub app_id: String,
    /// The AppSecret; absent or empty keeps the stored one.
    #[serde(default)]
    pub app_secret: Option<AppSecret>,
    /// What was chosen, by the kind; absent keeps the stored ones, or takes the usual ones.
    #[serde(default)]
    pub settings: Option<ConnectionSettings>,
    /// The Token of pushes; absent or empty keeps the stored one.
    #[serde(default)]
    pub push_token: Option<PushToken>,
    /// The EncodingAESKey; absent or empty keeps the stored one.
    #[serde(default)]
    pub encoding_aes_key: Option<EncodingAesKey>,
    /// Where the browser goes after the login; empty is the same as absent.
    #[serde(default)]
    pub callback_url: Option<String>,
    /// The domain verification file; absent means none is served.
    #[serde(default)]
    pub verification_file: Option<VerificationFile>,
    /// Whether only people who have an account may log in.
    #[serde(default)]
    pub login_only: bool,
    /// The Open Platform account; absent means the pool's first.
    #[serde(default)]
    pub platform_account: Option<PlatformAccountId>,
    /// `updated_at` of the connection this draft began with. If the stored one is another by now, replacing it is
    /// refused instead of overwriting somebody else's change; absent replaces whatever is stored.
    #[serde(default)]
    pub based_on: Option<Timestamp>,
}

/// A draft that kept every rule which needs no database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidConnection {
    /// Which way to log in.
    pub kind: ConnectionKind,
    /// 1 to 31 lower-case letters, digits and `-`.
    pub identifier: String,
    /// 1 to 64 characters, trimmed.
    pub display_name: String,
    /// `wx` and 16 lower-case hexadecimal digits.
    pub app_id: String,
    /// A new secret, of the right shape; `None` keeps the stored one.
    pub app_secret: Option<AppSecret>,
    /// What was chosen; of the right kind.
    pub settings: ConnectionSettings,
    /// A new Token, of the right shape; `None` keeps the stored one.
    pub push_token: Option<PushToken>,
    /// A new EncodingAESKey, of the right shape; `None` keeps the stored one.
    pub encoding_aes_key: Option<EncodingAesKey>,
    /// Absolute http(s) URL without fragment.
    pub callback_url: Option<Url>,
    /// File to serve: name and bytes.
    pub verification_file: Option<(String, Vec<u8>)>,
    /// Whether only people who have an account may log in.
    pub login_only: bool,
    /// The Open Platform account, if one was chosen.
    pub platform_account: Option<PlatformAccountId>,
}

/// Checks a draft, either for a new connection (`existing` is `None`) or for one that replaces `existing`.
///
/// `decode_base64` turns the content of a verification file into bytes (the crate has no codec of its own).
/// All broken rules are reported, at most one a field.
pub fn validate_draft(
    draft: &ConnectionDraft,
    existing: Option<&Connection>,
    decode_base64: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<ValidConnection, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut check = |field: &str, broken: Option<Rule>| {
        errors.extend(broken.map(|rule| FieldError::new(field, rule)));
    };

    check(
        "kind",
        existing.and_then(|old| (old.kind != draft.kind).then_some(Rule::KindImmutable)),
    );
    check(
        "identifier",
        match existing {
            Some(old) if old.identifier != draft.identifier => Some(Rule::IdentifierImmutable),
            Some(_) => None,
            None => broken_identifier(&draft.identifier),
        },
    );
    let display_name = draft.display_name.trim();
    check("display_name", broken_display_name(display_name));
    check("app_id", broken_app_id(&draft.app_id));
    let app_secret = draft
        .app_secret
        .clone()
        .filter(|secret| !secret.expose().is_empty());
    check(
        "app_secret",
        match &app_secret {
            Some(secret) => broken_secret(secret.expose()),
            None => existing.is_none().then_some(Rule::Required),
        },
    );
    let settings = match (&draft.settings, existing) {
        (Some(settings), _) => settings.check(draft.kind, &mut errors),
        (None, Some(old)) => old.settings.clone(),
        (None, None) => ConnectionSettings::of(draft.kind),
    };
    let mut check = |field: &str, broken: Option<Rule>| {
        errors.extend(broken.map(|rule| FieldError::new(field, rule)));
    };
    let push_token = draft
        .push_token
        .clone()
        .filter(|token| !token.expose().is_empty());
    check(
        "push_token",
        broken_push_secret(
            draft.kind,
            push_token.as_ref().map(PushToken::expose),
            existing.is_some_and(|old| old.push_token.is_some()),
            true,
            broken_push_token,
        ),
    );
    let encoding_aes_key = draft
        .encoding_aes_key
        .clone()
        .filter(|key| !key.expose().is_empty());
    check(
        "encoding_aes_key",
        broken_push_secret(
            draft.kind,
            encoding_aes_key.as_ref().map(EncodingAesKey::expose),
            existing.is_some_and(|old| old.encoding_aes_key.is_some()),
            settings.is_encrypted(),
            broken_aes_key,
        ),
    );
    let callback = draft
        .callback_url
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let callback_url = match callback {
        Some(_) if !draft.kind.has_callback() => {
            check("callback_url", Some(Rule::CallbackUrlNotForKind));
            None
        }
        Some(text) => parse_callback_url(text)
            .map_err(|rule| check("callback_url", Some(rule)))
            .ok(),
        None => None,
    };
    let verification_file = draft.verification_file.as_ref().and_then(|file| {
        let content = decode_base64(&file.content_base64);
        file.check(content.as_deref(), &mut errors);
        content.map(|bytes| (file.name.clone(), bytes))
    });

    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(ValidConnection {
        kind: draft.kind,
        identifier: draft.identifier.clone(),
        display_name: display_name.to_owned(),
        app_id: draft.app_id.clone(),
        app_secret,
        settings,
        push_token,
        encoding_aes_key,
        callback_url,
        verification_file,
        login_only: draft.login_only,
        platform_account: draft.platform_account,
    })
}

fn broken_identifier(text: &str) -> Option<Rule> {
    if text.is_empty() {
        Some(Rule::Required)
    } else if !text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    {
        Some(Rule::IdentifierCharacters)
    } else {
        (text.len() > IDENTIFIER_MAX).then_some(Rule::IdentifierLength)
    }
}

/// Which rule a name for people breaks.
pub(crate) fn broken_display_name(text: &str) -> Option<Rule> {
    if text.is_empty() {
        Some(Rule::Required)
    } else if text.chars().any(char::is_control) {
        Some(Rule::ControlCharacters)
    } else {
        (text.chars().count() > DISPLAY_NAME_MAX).then_some(Rule::DisplayNameLength)
    }
}

fn broken_app_id(text: &str) -> Option<Rule> {
    if text.is_empty() {
        return Some(Rule::Required);
    }
    let shaped = text.len() == APP_ID_LENGTH && text.strip_prefix("wx").is_some_and(is_lower_hex);
    (!shaped).then_some(Rule::AppIdShape)
}

fn broken_secret(text: &str) -> Option<Rule> {
    (text.len() != APP_SECRET_LENGTH || !is_lower_hex(text)).then_some(Rule::AppSecretShape)
}

/// The rule that a secret of pushes breaks: one `typed`, or its absence.
fn broken_push_secret(
    kind: ConnectionKind,
    typed: Option<&str>,
    is_stored: bool,
    is_needed: bool,
    broken: impl Fn(&str) -> Option<Rule>,
) -> Option<Rule> {
    match typed {
        Some(_) if !kind.has_pushes() => Some(Rule::PushSecretNotForKind),
        Some(text) => broken(text),
        None => (kind.has_pushes() && is_needed && !is_stored).then_some(Rule::Required),
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PushMode, WebScope};
    use proptest::prelude::*;
    use rstest::rstest;

    fn draft() -> ConnectionDraft {
        ConnectionDraft {
            kind: ConnectionKind::Pc,
            identifier: "wechat-pc".into(),
            display_name: "微信登录".into(),
            app_id: "wx0123456789abcdef".into(),
            app_secret: Some(AppSecret::new("0123456789abcdef".repeat(2))),
            settings: None,
            push_token: None,
            encoding_aes_key: None,
            callback_url: Some("https://example.com/cb".into()),
            verification_file: None,
            login_only: false,
            platform_account: None,
            based_on: None,
        }
    }

    fn connection() -> Connection {
        let id = uuid::Uuid::from_u128(1);
        Connection {
            id: id.into(),
            kind: ConnectionKind::Pc,
            identifier: "wechat-pc".into(),
            display_name: "微信登录".into(),
            app_id: "wx0123456789abcdef".into(),
            secret: SecretState {
                fingerprint: Fingerprint("0f".into()),
                set_at: Timestamp(0),
            },
            settings: ConnectionSettings::of(ConnectionKind::Pc),
            push_token: None,
            encoding_aes_key: None,
            callback_url: None,
            verification_file: None,
            login_only: false,
            enabled: true,
            platform_account: id.into(),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    fn plain(text: &str) -> Option<Vec<u8>> {
        (text != "!").then(|| text.as_bytes().to_vec())
    }

    fn broken(draft: &ConnectionDraft, existing: Option<&Connection>) -> Vec<(String, Rule)> {
        validate_draft(draft, existing, plain)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|error| (error.field, error.rule))
            .collect()
    }

    #[rstest]
    #[case::empty("", Rule::Required)]
    #[case::upper("WeChat", Rule::IdentifierCharacters)]
    #[case::underscore("we_chat", Rule::IdentifierCharacters)]
    #[case::chinese("微信", Rule::IdentifierCharacters)]
    #[case::thirty_two("a".repeat(32), Rule::IdentifierLength)]
    fn refuses_identifiers(#[case] identifier: impl Into<String>, #[case] rule: Rule) {
        let draft = ConnectionDraft {
            identifier: identifier.into(),
            ..draft()
        };
        assert_eq!(broken(&draft, None), [("identifier".to_owned(), rule)]);
    }

    #[rstest]
    #[case::empty("", Rule::Required)]
    #[case::upper_hex("wx0123456789ABCDEF", Rule::AppIdShape)]
    #[case::original_id("gh_0123456789ab", Rule::AppIdShape)]
    #[case::blank_at_end("wx0123456789abcdef ", Rule::AppIdShape)]
    #[case::short("wx0123456789abcde", Rule::AppIdShape)]
    fn refuses_app_ids(#[case] app_id: &str, #[case] rule: Rule) {
        let draft = ConnectionDraft {
            app_id: app_id.into(),
            ..draft()
        };
        assert_eq!(broken(&draft, None), [("app_id".to_owned(), rule)]);
    }

    #[test]
    fn a_new_connection_needs_a_secret_and_an_existing_one_keeps_its_own() {
        for empty in [None, Some(AppSecret::new(""))] {
            let draft = ConnectionDraft {
                app_secret: empty,
                ..draft()
            };
            assert_eq!(broken(&draft, None), [("app_secret".to_owned(), Rule::Required)]);
            let valid = validate_draft(&draft, Some(&connection()), plain).unwrap();
            assert_eq!(valid.app_secret, None);
        }
    }

    #[test]
    fn refuses_a_masked_secret_written_back() {
        let draft = ConnectionDraft {
            app_secret: Some(AppSecret::new("•".repeat(32))),
            ..draft()
        };
        assert_eq!(
            broken(&draft, Some(&connection())),
            [("app_secret".to_owned(), Rule::AppSecretShape)]
        );
    }

    #[rstest]
    #[case::nothing(PushMode::Plain, None, None, &[("push_token", Rule::Required)])]
    #[case::in_the_clear(PushMode::Plain, Some("simToken2025"), None, &[])]
    #[case::compatible_needs_the_key(
        PushMode::Compatible,
        Some("simToken2025"),
        None,
        &[("encoding_aes_key", Rule::Required)]
    )]
    #[case::encrypted_needs_both(
        PushMode::Encrypted,
        None,
        None,
        &[("push_token", Rule::Required), ("encoding_aes_key", Rule::Required)]
    )]
    #[case::wrong_shapes(
        PushMode::Encrypted,
        Some("a b"),
        Some("short"),
        &[("push_token", Rule::PushTokenShape), ("encoding_aes_key", Rule::EncodingAesKeyShape)]
    )]
    fn a_follow_code_needs_the_secrets_of_its_mode(
        #[case] mode: PushMode,
        #[case] token: Option<&str>,
        #[case] key: Option<&str>,
        #[case] expected: &[(&str, Rule)],
    ) {
        let draft = ConnectionDraft {
            kind: ConnectionKind::FollowCode,
            settings: Some(ConnectionSettings::Pushes { mode }),
            push_token: token.map(PushToken::new),
            encoding_aes_key: key.map(EncodingAesKey::new),
            ..draft()
        };
        let expected: Vec<(String, Rule)> = expected
            .iter()
            .map(|(field, rule)| ((*field).to_owned(), *rule))
            .collect();
        assert_eq!(broken(&draft, None), expected);
    }

    #[test]
    fn secrets_of_pushes_are_for_kinds_with_pushes() {
        let draft = ConnectionDraft {
            push_token: Some(PushToken::new("simToken2025")),
            ..draft()
        };
        let refused = [("push_token".to_owned(), Rule::PushSecretNotForKind)];
        assert_eq!(broken(&draft, None), refused);
    }

    #[test]
    fn settings_that_nobody_mentions_stay() {
        let kind = ConnectionKind::WebpageAuthorization;
        let base = ConnectionSettings::WebPage {
            scope: WebScope::Base,
        };
        let old = Connection {
            kind,
            settings: base.clone(),
            ..connection()
        };
        let draft = ConnectionDraft { kind, ..draft() };
        assert_eq!(validate_draft(&draft, Some(&old), plain).unwrap().settings, base);
        let usual = ConnectionSettings::of(kind);
        assert_eq!(validate_draft(&draft, None, plain).unwrap().settings, usual);
    }

    #[test]
    fn identifier_and_kind_never_change() {
        let draft = ConnectionDraft {
            identifier: "other".into(),
            kind: ConnectionKind::WebpageAuthorization,
            ..draft()
        };
        assert_eq!(
            broken(&draft, Some(&connection())),
            [
                ("kind".to_owned(), Rule::KindImmutable),
                ("identifier".to_owned(), Rule::IdentifierImmutable),
            ]
        );
    }

    #[test]
    fn a_mini_program_has_no_callback_url() {
        let draft = ConnectionDraft {
            kind: ConnectionKind::MiniProgram,
            ..draft()
        };
        assert_eq!(
            broken(&draft, None),
            [("callback_url".to_owned(), Rule::CallbackUrlNotForKind)]
        );
    }

    #[rstest]
    #[case::path("../MP_verify_0a1B2c3D4e5F6g7H.txt", "x".into(), "verification_file.name", Rule::VerificationFileName)]
    #[case::empty(
        "6ynZPDvfTF.txt",
        String::new(),
        "verification_file.content",
        Rule::VerificationFileEmpty
    )]
    #[case::big("6ynZPDvfTF.txt", "x".repeat(16 * 1024 + 1), "verification_file.content", Rule::VerificationFileSize)]
    #[case::encoding("6ynZPDvfTF.txt", "!".into(), "verification_file.content", Rule::VerificationFileEncoding)]
    fn refuses_verification_files(
        #[case] name: &str,
        #[case] content: String,
        #[case] field: &str,
        #[case] rule: Rule,
    ) {
        let file = VerificationFile {
            name: name.into(),
            content_base64: content,
        };
        let draft = ConnectionDraft {
            verification_file: Some(file),
            ..draft()
        };
        assert_eq!(broken(&draft, None), [(field.to_owned(), rule)]);
    }

    #[test]
    fn reports_every_broken_field_at_once() {
        let draft = ConnectionDraft {
            identifier: "A".into(),
            display_name: " ".into(),
            app_id: "x".into(),
            ..draft()
        };
        let fields: Vec<_> = broken(&draft, None).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["identifier", "display_name", "app_id"]);
    }

    #[test]
    fn a_secret_never_prints() {
        assert!(!format!("{:?}", draft()).contains("0123456789abcdef0123"));
    }

    proptest! {
        #[test]
        fn accepts_exactly_the_identifiers_of_the_rule(text in "[a-zA-Z0-9_ -]{0,40}") {
            let allowed = !text.is_empty()
                && text.len() < 32
                && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            prop_assert_eq!(broken_identifier(&text).is_none(), allowed);
        }
    }
}
