//! Secrets of a connection: they go in and never come out.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! secret {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        ///
        /// It prints as dots. It serialises, because that way leads over HTTP; nothing that is stored, shown or logged
        /// holds one.
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a secret of any shape; [`crate::validate_draft`] checks it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The clear text. Call it only to seal it or to send it.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}(••••)", stringify!($name))
            }
        }
    )+};
}

secret! {
    /// An AppSecret in clear text, on its way from an operator to the backend or from the backend to WeChat.
    AppSecret,
    /// The Token of WeChat's message settings in clear text, on its way from an operator to the backend.
    PushToken,
    /// The EncodingAESKey of WeChat's message settings in clear text, on its way from an operator to the backend.
    EncodingAesKey,
}

/// Twelve hexadecimal digits by which people recognise a secret without seeing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Fingerprint(pub String);
