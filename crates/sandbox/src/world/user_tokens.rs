//! User tokens of `sns/oauth2`: an access token for two hours, a refresh token for thirty days.

use super::codes::Grant;
use crate::ambient::Entropy;
use crate::shapes;

/// Seconds an access token lives.
pub(crate) const ACCESS_SECONDS: u64 = 7200;
/// Seconds a refresh token lives, counted from the authorisation; refreshing does not prolong it.
pub(crate) const REFRESH_SECONDS: u64 = 30 * 24 * 3600;
/// How long a dead pair is remembered, so that its user hears why it is dead.
const REMEMBERED_SECONDS: u64 = 24 * 3600;

/// A pair of tokens and whom it stands for.
#[derive(Clone)]
pub(crate) struct UserToken {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) app_id: String,
    pub(crate) grant: Grant,
    access_until: u64,
    refresh_until: u64,
}

/// Why a user token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserTokenFault {
    /// Nobody was ever given this, or it is of another app.
    Unknown,
    /// Its time is over.
    Expired,
}

/// All user tokens of the platform.
#[derive(Default)]
pub(crate) struct UserTokens(Vec<UserToken>);

impl UserTokens {
    /// Makes a pair for what a code stood for.
    pub(crate) fn issue(&mut self, app_id: &str, grant: Grant, now: u64, entropy: &Entropy) -> UserToken {
        self.0
            .retain(|pair| pair.refresh_until + REMEMBERED_SECONDS > now);
        let pair = UserToken {
            access_token: shapes::token(entropy),
            refresh_token: shapes::token(entropy),
            app_id: app_id.to_owned(),
            grant,
            access_until: now + ACCESS_SECONDS,
            refresh_until: now + REFRESH_SECONDS,
        };
        self.0.push(pair.clone());
        pair
    }

    /// Renews the access token: an expired one is replaced, a live one stays and starts its time again.
    pub(crate) fn refresh(
        &mut self,
        app_id: &str,
        refresh_token: &str,
        now: u64,
        entropy: &Entropy,
    ) -> Result<UserToken, UserTokenFault> {
        let pair = self
            .0
            .iter_mut()
            .find(|pair| pair.refresh_token == refresh_token && pair.app_id == app_id)
            .ok_or(UserTokenFault::Unknown)?;
        if now >= pair.refresh_until {
            return Err(UserTokenFault::Expired);
        }
        if now >= pair.access_until {
            pair.access_token = shapes::token(entropy);
        }
        pair.access_until = now + ACCESS_SECONDS;
        Ok(pair.clone())
    }

    /// The pair that this access token belongs to.
    pub(crate) fn find(&self, access_token: &str, now: u64) -> Result<&UserToken, UserTokenFault> {
        let pair = self
            .0
            .iter()
            .find(|pair| pair.access_token == access_token)
            .ok_or(UserTokenFault::Unknown)?;
        if now >= pair.access_until {
            Err(UserTokenFault::Expired)
        } else {
            Ok(pair)
        }
    }

    /// Whether this is an access token of a person.
    pub(crate) fn knows(&self, text: &str) -> bool {
        self.0.iter().any(|pair| pair.access_token == text)
    }
}
