//! WeChat's error numbers that logins meet, and what to do about each ("全局返回码说明", "返回码说明").

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// WeChat is busy: try again, two or three times, a little later each time.
    Retry,
    /// The API token died: fetch a fresh one and repeat the call once.
    FreshToken,
    /// The login code is spent or wrong: the person has to log in again.
    NewCode,
    /// The person's grant ended: the person has to authorise again.
    Reauthorise,
    /// WeChat refuses this person; nothing to configure.
    Refuse,
    /// Too many calls: wait, never repeat at once.
    SlowDown,
    /// An operator has to change something in WeChat's console or in the connection.
    Configuration,
    /// The request itself is wrong.
    Request,
}

macro_rules! errcodes {
    ($($(#[$doc:meta])* $name:ident = $number:literal => $class:ident,)+) => {
        /// An error number with a known meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Errcode {
            $($(#[$doc])* $name,)+
        }

        impl Errcode {
            /// Every known number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The number as WeChat sends it.
            pub const fn number(self) -> i32 {
                match self { $(Self::$name => $number,)+ }
            }

            /// The meaning of a number; `None` if it is not one that logins meet.
            pub const fn from_number(number: i32) -> Option<Self> {
                match number { $($number => Some(Self::$name),)+ _ => None }
            }

            /// What to do about it.
            pub const fn class(self) -> Class {
                match self { $(Self::$name => Class::$class,)+ }
            }
        }
    };
}

errcodes! {
    /// WeChat is busy.
    SystemError = -1 => Retry,
    /// The API token was replaced, or belongs to another account; at a token endpoint: wrong secret.
    InvalidCredential = 40001 => FreshToken,
    /// `grant_type` is not one of the three.
    InvalidGrantType = 40002 => Request,
    /// The OpenID is another app's or does not belong to the token.
    InvalidOpenId = 40003 => Request,
    /// The AppID is wrong or deleted.
    InvalidAppId = 40013 => Configuration,
    /// The token is malformed or of the other kind.
    InvalidAccessToken = 40014 => FreshToken,
    /// The code expired, is another app's, invented, or of the wrong kind.
    InvalidCode = 40029 => NewCode,
    /// The refresh token is another app's or revoked.
    InvalidRefreshToken = 40030 => Reauthorise,
    /// A parameter has a wrong type or range.
    InvalidArgs = 40097 => Request,
    /// The AppSecret was reset or is another app's.
    InvalidAppSecret = 40125 => Configuration,
    /// The code was exchanged before.
    CodeUsed = 40163 => NewCode,
    /// The caller's address is not on the whitelist.
    IpNotWhitelisted = 40164 => Configuration,
    /// `scene` is empty or too long, or the body is not JSON.
    InvalidScene = 40169 => Request,
    /// WeChat rates the person as high risk.
    CodeBlocked = 40226 => Refuse,
    /// The administrator froze the AppSecret.
    SecretFrozen = 40243 => Configuration,
    /// No token was sent.
    AccessTokenMissing = 41001 => Request,
    /// No AppID was sent.
    AppIdMissing = 41002 => Configuration,
    /// No refresh token was sent.
    RefreshTokenMissing = 41003 => Reauthorise,
    /// No AppSecret was sent.
    AppSecretMissing = 41004 => Configuration,
    /// No code was sent.
    CodeMissing = 41008 => NewCode,
    /// No OpenID was sent.
    OpenIdMissing = 41009 => Request,
    /// The page is not in the released version.
    InvalidPage = 41030 => Configuration,
    /// The token is older than two hours.
    AccessTokenExpired = 42001 => FreshToken,
    /// The refresh token is older than 30 days.
    RefreshTokenExpired = 42002 => Reauthorise,
    /// The code is older than its 5 or 10 minutes.
    CodeExpired = 42003 => NewCode,
    /// The person changed the WeChat password.
    PasswordChanged = 42007 => Reauthorise,
    /// GET is required.
    RequireGet = 43001 => Request,
    /// POST is required.
    RequirePost = 43002 => Request,
    /// https is required.
    RequireHttps = 43003 => Request,
    /// The body is empty.
    EmptyBody = 44002 => Request,
    /// The daily quota is used up.
    DailyQuota = 45009 => SlowDown,
    /// Too many calls in a minute.
    MinuteQuota = 45011 => SlowDown,
    /// All codes of this kind were made.
    QrCodeCount = 45029 => SlowDown,
    /// The token is not a mini program's.
    NotMiniProgram = 45063 => Configuration,
    /// The body is not UTF-8 JSON.
    DataFormat = 47001 => Request,
    /// The API is not open to this account, or the scope does not permit it.
    ApiUnauthorized = 48001 => Configuration,
    /// The person has not granted this, or withdrew it.
    UserUnauthorized = 50001 => Reauthorise,
    /// The person's account or the app is restricted.
    UserLimited = 50002 => Refuse,
    /// The account is punished.
    AccountPunished = 50004 => Configuration,
    /// The account is frozen.
    AccountFrozen = 50007 => Configuration,
    /// The caller's address is not registered (newer text of 40164).
    IpNotRegistered = 61004 => Configuration,
    /// The AppID is a third-party platform's.
    ComponentAppId = 61024 => Configuration,
    /// A confirmation by the administrator waits already.
    ConfirmationPending = 89501 => Configuration,
    /// The administrator has to confirm the address.
    ConfirmationNeeded = 89503 => Configuration,
    /// The administrator refused twice; 24 hours.
    ConfirmationRefusedTwice = 89506 => Configuration,
    /// The administrator refused once; an hour.
    ConfirmationRefused = 89507 => Configuration,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[test]
    fn every_number_finds_its_meaning_again() {
        for code in Errcode::ALL {
            assert_eq!(Errcode::from_number(code.number()), Some(*code));
        }
        assert_eq!(Errcode::from_number(0), None, "0 is no error");
    }

    #[rstest]
    #[case(-1, Class::Retry)]
    #[case(42001, Class::FreshToken)]
    #[case(40163, Class::NewCode)]
    #[case(42007, Class::Reauthorise)]
    #[case(40226, Class::Refuse)]
    #[case(45009, Class::SlowDown)]
    #[case(40125, Class::Configuration)]
    #[case(47001, Class::Request)]
    fn knows_what_to_do(#[case] number: i32, #[case] class: Class) {
        assert_eq!(Errcode::from_number(number).map(Errcode::class), Some(class));
    }
}
