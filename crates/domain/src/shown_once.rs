//! Secrets that the backend makes: answered once, kept as a hash only.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A key or secret in clear text, on its way from the backend to whoever asked for it. Nobody learns it again.
///
/// It prints as dots. It serialises, because that way leads over HTTP; nothing that is stored or logged holds one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ShownOnce(String);

impl ShownOnce {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The clear text. Call it only to hash it or to use it as what it is.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ShownOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShownOnce(••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_dots() {
        assert_eq!(format!("{:?}", ShownOnce::new("yp_canary")), "ShownOnce(••••)");
    }
}
