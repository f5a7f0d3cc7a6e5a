//! What a person is called: nickname or real name.

use crate::Rule;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

const MAX_CHARS: usize = 512;

/// A nickname or real name that somebody typed: 1 to 512 characters, no control characters, no blanks at the ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

impl PersonName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PersonName {
    type Err = Rule;

    /// Blanks at the ends are dropped.
    fn from_str(text: &str) -> Result<Self, Rule> {
        let name = text.trim();
        if name.is_empty() {
            Err(Rule::Required)
        } else if name.chars().any(char::is_control) {
            Err(Rule::ControlCharacters)
        } else if name.chars().count() > MAX_CHARS {
            Err(Rule::ProfileLength)
        } else {
            Ok(Self(name.to_owned()))
        }
    }
}

impl TryFrom<String> for PersonName {
    type Error = InvalidPersonName;

    fn try_from(text: String) -> Result<Self, InvalidPersonName> {
        text.parse().map_err(InvalidPersonName)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name: {0:?}")]
pub struct InvalidPersonName(pub Rule);

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::chinese("张伟", Ok("张伟"))]
    #[case::blanks_around(" 张伟\u{3000}", Ok("张伟"))]
    #[case::only_blanks("  ", Err(Rule::Required))]
    #[case::bell("a\u{7}b", Err(Rule::ControlCharacters))]
    #[case::long("字".repeat(513), Err(Rule::ProfileLength))]
    fn knows_which_names_are_allowed(#[case] text: impl Into<String>, #[case] expected: Result<&str, Rule>) {
        let name = text.into().parse::<PersonName>();
        assert_eq!(
            name.as_ref().map(PersonName::as_str).map_err(Clone::clone),
            expected
        );
    }
}
