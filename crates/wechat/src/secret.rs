//! Things that only WeChat and we may read: codes, session keys, tokens, tickets.

use std::fmt;
use zeroize::Zeroizing;

/// What a secret looks like wherever people can see it.
pub(crate) const DOTS: &str = "••••";

macro_rules! secret {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        ///
        /// It prints as dots and is wiped from memory when dropped.
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Wraps the clear text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(Zeroizing::new(text.into()))
            }

            /// The clear text. Call it only to send it to WeChat, to hash it or to seal it.
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({DOTS})", stringify!($name))
            }
        }
    )+};
}

secret! {
    /// A code that a login brings back; WeChat takes it once, for 5 to 10 minutes.
    LoginCode,
    /// The key of a mini program's session with one person ("code2Session": never sent to the client).
    SessionKey,
    /// A token for what one person allowed one app (`sns/*`), 2 hours.
    UserToken,
    /// Renews a [`UserToken`] for 30 days.
    RefreshToken,
    /// A token of an app for WeChat's server API (`cgi-bin/*`, `wxa/*`), 2 hours.
    ApiToken,
    /// What a mobile app's scan-to-login is signed with (`ticket/getticket?type=2`), 2 hours.
    SdkTicket,
    /// A code of the phone-number button; WeChat takes it once, for 5 minutes. Not a [`LoginCode`].
    PhoneCode,
    /// Stands for the picture of a follow code (`cgi-bin/showqrcode`).
    FollowTicket,
    /// An address that opens a mini program; it can do what its query allows.
    Link,
    /// The Token that an operator enters in WeChat's console for pushes.
    PushToken,
    /// The EncodingAESKey of WeChat's console: 43 letters and digits.
    EncodingAesKey,
}
