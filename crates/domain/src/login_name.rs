//! What people type to say who they are: a phone number, an e-mail address or a user name. None can be taken for another.

use crate::{Email, Phone};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

const USERNAME_MAX: usize = 64;

/// A user name: 1 to 64 letters and digits of any script, `.`, `_` and `-`.
///
/// It is kept as typed and compared without case. It has no `@` and is no number, so nobody can take a name that is
/// somebody's address or phone number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

/// A text that is no user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user name has 1 to 64 letters, digits, '.', '_' and '-', and is not a number")]
pub struct InvalidUsername;

impl Username {
    /// The name as typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names are compared.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        let text = text.trim();
        let shaped = (1..=USERNAME_MAX).contains(&text.chars().count())
            && text
                .chars()
                .all(|character| character.is_alphanumeric() || matches!(character, '.' | '_' | '-'));
        let number = text
            .chars()
            .all(|character| !character.is_alphabetic() && character != '_');
        if shaped && !number {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidUsername)
        }
    }
}

impl TryFrom<String> for Username {
    type Error = InvalidUsername;

    fn try_from(text: String) -> Result<Self, InvalidUsername> {
        text.parse()
    }
}

impl From<Username> for String {
    fn from(value: Username) -> Self {
        value.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody logs in by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LoginName {
    /// A phone number.
    Phone(Phone),
    /// An e-mail address.
    Email(Email),
    /// A user name.
    Username(Username),
}

/// The kinds of login names; a user has at most one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginNameKind {
    /// A phone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A user name.
    Username,
}

/// A text by which nobody can log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number, an e-mail address or a user name")]
pub struct InvalidLoginName;

impl LoginName {
    /// Which kind it is.
    pub const fn kind(&self) -> LoginNameKind {
        match self {
            Self::Phone(_) => LoginNameKind::Phone,
            Self::Email(_) => LoginNameKind::Email,
            Self::Username(_) => LoginNameKind::Username,
        }
    }

    /// The form in which names of one kind are compared.
    pub fn key(&self) -> String {
        match self {
            Self::Phone(phone) => phone.to_string(),
            Self::Email(email) => email.to_string(),
            Self::Username(username) => username.key(),
        }
    }

    /// The form that people read.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.as_str(),
            Self::Email(email) => email.as_str(),
            Self::Username(username) => username.as_str(),
        }
    }
}

impl LoginNameKind {
    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Username => "username",
        }
    }
}

impl fmt::Display for LoginNameKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LoginName {
    type Err = InvalidLoginName;

    fn from_str(text: &str) -> Result<Self, InvalidLoginName> {
        None.or_else(|| text.parse().ok().map(Self::Phone))
            .or_else(|| text.parse().ok().map(Self::Email))
            .or_else(|| text.parse().ok().map(Self::Username))
            .ok_or(InvalidLoginName)
    }
}

impl From<Phone> for LoginName {
    fn from(phone: Phone) -> Self {
        Self::Phone(phone)
    }
}

impl From<Email> for LoginName {
    fn from(email: Email) -> Self {
        Self::Email(email)
    }
}

impl From<Username> for LoginName {
    fn from(username: Username) -> Self {
        Self::Username(username)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case::phone("138 0013 8000", Some((LoginNameKind::Phone, "+8613800138000")))]
    #[case::email("Li@Example.com", Some((LoginNameKind::Email, "li@example.com")))]
    #[case::username("Li.Wei", Some((LoginNameKind::Username, "li.wei")))]
    #[case::chinese("张伟", Some((LoginNameKind::Username, "张伟")))]
    #[case::number("12345", None)]
    #[case::broken_address("li@", None)]
    #[case::blank("li wei", None)]
    #[case::invisible("li\u{200b}wei", None)]
    #[case::empty("", None)]
    #[case::long("l".repeat(65), None)]
    fn knows_what_people_type(
        #[case] text: impl AsRef<str>,
        #[case] expected: Option<(LoginNameKind, &str)>,
    ) {
        let name: Option<LoginName> = text.as_ref().parse().ok();
        let found = name.as_ref().map(|name| (name.kind(), name.key()));
        assert_eq!(found, expected.map(|(kind, key)| (kind, key.to_owned())));
    }

    proptest! {
        #[test]
        fn a_user_name_is_never_a_number_or_an_address(text in ".{0,20}") {
            if let Ok(name) = text.parse::<Username>() {
                prop_assert!(name.as_str().parse::<Phone>().is_err());
                prop_assert!(name.as_str().parse::<Email>().is_err());
            }
        }
    }
}
