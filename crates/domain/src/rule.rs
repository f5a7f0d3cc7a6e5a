//! Rules that a field can break. The console has a sentence for each, in every language.

use crate::connection::broken_display_name;
use serde::{Deserialize, Serialize};

/// A rule that a value broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A value is needed.
    Required,
    /// Unique identifier: lower-case letters, digits and `-`.
    IdentifierCharacters,
    /// Unique identifier: fewer than 32 characters.
    IdentifierLength,
    /// Unique identifier: another connection of the pool has it.
    IdentifierTaken,
    /// Unique identifier: it cannot change after creation.
    IdentifierImmutable,
    /// Connection kind: it cannot change after creation.
    KindImmutable,
    /// Display name: at most 64 characters.
    DisplayNameLength,
    /// Text contains characters that cannot be seen (control characters).
    ControlCharacters,
    /// AppID: `wx` and 16 lower-case hexadecimal digits.
    AppIdShape,
    /// AppSecret: 32 lower-case hexadecimal digits.
    AppSecretShape,
    /// Callback URL: absolute, `http` or `https`, with a host.
    CallbackUrlShape,
    /// Callback URL: no `#` part, WeChat would lose it or append the code behind it.
    CallbackUrlFragment,
    /// Callback URL: no user name or password.
    CallbackUrlCredentials,
    /// Callback URL: this kind has none.
    CallbackUrlNotForKind,
    /// Settings: they belong to another kind.
    SettingsNotForKind,
    /// Mini-program page: up to 128 letters, digits, `/`, `-`, `_` and `.`, without `/` before it and without a query.
    MiniProgramPageShape,
    /// Logo: an absolute `https` address.
    LogoUrlShape,
    /// Token of pushes: 3 to 32 letters and digits.
    PushTokenShape,
    /// EncodingAESKey: 43 letters, digits, `+` and `/`.
    EncodingAesKeyShape,
    /// Token or EncodingAESKey: WeChat pushes nothing for this kind.
    PushSecretNotForKind,
    /// Verification file name: one of the shapes WeChat uses, a bare file name.
    VerificationFileName,
    /// Verification file: it is empty.
    VerificationFileEmpty,
    /// Verification file: at most 16 KiB.
    VerificationFileSize,
    /// Verification file: its content is not valid base64 on the wire.
    VerificationFileEncoding,
    /// Verification file: another connection serves a different file of this name.
    VerificationFileTaken,
    /// Platform account: the pool has none of this id.
    PlatformAccountUnknown,
    /// Metadata key: 1 to 64 characters.
    MetadataKeyLength,
    /// Metadata key: no blanks at the ends, no control characters.
    MetadataKeyCharacters,
    /// Metadata value: not valid JSON.
    MetadataValueJson,
    /// Metadata value: at most 8 KiB.
    MetadataValueSize,
    /// Metadata value: a number that does not fit 64 bits would be rounded.
    MetadataValueNumber,
    /// Metadata value: nested deeper than 16 levels.
    MetadataValueDepth,
    /// Metadata: a user has at most 256 keys.
    MetadataCount,
    /// Name: another one of its sort in the pool has it.
    NameTaken,
    /// E-mail address: not of a shape that can be written to.
    EmailShape,
    /// E-mail address: another operator of the pool has it.
    EmailTaken,
    /// Redirect URL: absolute, no `#` part, no password; a `*` only in place of one whole part of the host name.
    RedirectUrlShape,
    /// Connection: the pool has none of this identifier.
    ConnectionUnknown,
    /// Operator: the pool has none of this id.
    OperatorUnknown,
    /// Application id: another application has it, here or in another pool.
    ApplicationIdTaken,
    /// Application id: it cannot change.
    ApplicationIdImmutable,
    /// Expiry: it is not in the future.
    ExpiryPast,
    /// Phone number: not one.
    PhoneShape,
    /// User name: not a shape that can be logged in with.
    UsernameShape,
    /// Phone, address or user name: somebody else logs in with it.
    LoginNameTaken,
    /// Profile field: at most 512 characters.
    ProfileLength,
    /// User: the pool has none of this id.
    UserUnknown,
    /// There is no field of this name.
    FieldUnknown,
    /// A user cannot be merged with itself.
    SameUser,
}

/// A value that was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// The field, named as in the JSON body: `app_id`, `verification_file.name`.
    pub field: String,
    /// The rule it broke.
    pub rule: Rule,
}

impl FieldError {
    /// A field broke a rule.
    pub fn new(field: impl Into<String>, rule: Rule) -> Self {
        Self {
            field: field.into(),
            rule,
        }
    }
}

/// Checks a name for people, and answers it without blanks at its ends.
pub(crate) fn check_name(field: &str, text: &str, refused: &mut Vec<FieldError>) -> String {
    let name = text.trim();
    refused.extend(broken_display_name(name).map(|rule| FieldError::new(field, rule)));
    name.to_owned()
}
