//! E-mail addresses, in the one form in which they are compared: lower case.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// RFC 5321, 4.5.3.1.
const LOCAL_PART_MAX: usize = 64;
const ADDRESS_MAX: usize = 254;
/// RFC 1035, 2.3.4.
const LABEL_MAX: usize = 63;

/// An e-mail address in lower case.
///
/// Takes the addresses that people have (RFC 5322 `dot-atom` before the `@`, a host name with a dot behind it) and none
/// of the rest of the grammar: no quotes, comments or address literals, so that an address is never more than one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let address = text.trim().to_ascii_lowercase();
        let (local, host) = address.split_once('@').ok_or(InvalidEmail)?;
        if address.len() <= ADDRESS_MAX && is_local_part(local) && is_host(host) {
            Ok(Self(address))
        } else {
            Err(InvalidEmail)
        }
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(value: Email) -> Self {
        value.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local_part(text: &str) -> bool {
    text.len() <= LOCAL_PART_MAX
        && text.split('.').all(|atom| {
            !atom.is_empty()
                && atom
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
        })
}

fn is_host(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|label| {
            (1..=LABEL_MAX).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::plain("li@example.com", Some("li@example.com"))]
    #[case::capitals(" Li.Wei@Example.COM ", Some("li.wei@example.com"))]
    #[case::tagged("li+shop@mail.example.com", Some("li+shop@mail.example.com"))]
    #[case::no_host("li@", None)]
    #[case::no_name("@example.com", None)]
    #[case::no_dot("li@localhost", None)]
    #[case::two("li@example.com,wu@example.com", None)]
    #[case::named("Li <li@example.com>", None)]
    #[case::line_break("li@example.com\r\nBcc: wu@example.com", None)]
    #[case::two_at("li@wu@example.com", None)]
    #[case::dots("li..wei@example.com", None)]
    #[case::quoted("\"li wei\"@example.com", None)]
    #[case::hyphen("li@-example.com", None)]
    #[case::long(format!("{}@example.com", "l".repeat(65)), None)]
    fn knows_addresses(#[case] text: impl AsRef<str>, #[case] expected: Option<&str>) {
        let email: Option<Email> = text.as_ref().parse().ok();
        assert_eq!(email.as_ref().map(Email::as_str), expected);
    }

    proptest! {
        #[test]
        fn an_address_is_one_line_and_read_back(text in "[ -~\r\n]{0,12}@[a-z.@-]{0,12}") {
            if let Ok(email) = text.parse::<Email>() {
                prop_assert!(!email.as_str().contains(|c: char| c.is_whitespace() || c == ',' || c == '<'));
                prop_assert_eq!(email.as_str().parse::<Email>(), Ok(email.clone()));
            }
        }
    }
}
