//! User tokens of `sns/oauth2`: an access token for two hours, a refresh token for thirty days.

use std::collections::HashMap;

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
    revoked: Option<Revocation>,
}

impl UserToken {
    /// The OpenID behind the pair.
    pub(crate) fn openid(&self) -> String {
        self.grant.openid(&self.app_id)
    }
}

/// Why a person's tokens end before their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Revocation {
    /// The person changed their WeChat password.
    PasswordChanged,
    /// The person withdrew the authorisation of the app.
    Withdrawn,
}

/// Why a user token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserTokenFault {
    /// Nobody was ever given this, or it is of another app.
    Unknown,
    /// Its time is over.
    Expired,
    /// The person ended it.
    Revoked(Revocation),
}

/// All user tokens of the platform: pairs by refresh token, which never changes, and the way to them by access token.
#[derive(Default)]
pub(crate) struct UserTokens {
    pairs: HashMap<String, UserToken>,
    by_access: HashMap<String, String>,
    swept_at: u64,
}

impl UserTokens {
    /// Makes a pair for what a code stood for.
    pub(crate) fn issue(&mut self, app_id: &str, grant: Grant, now: u64, entropy: &Entropy) -> UserToken {
        self.sweep(now);
        let pair = UserToken {
            access_token: shapes::token(entropy),
            refresh_token: shapes::token(entropy),
            app_id: app_id.to_owned(),
            grant,
            access_until: now + ACCESS_SECONDS,
            refresh_until: now + REFRESH_SECONDS,
            revoked: None,
        };
        self.by_access
            .insert(pair.access_token.clone(), pair.refresh_token.clone());
        self.pairs.insert(pair.refresh_token.clone(), pair.clone());
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
            .pairs
            .get_mut(refresh_token)
            .filter(|pair| pair.app_id == app_id)
            .ok_or(UserTokenFault::Unknown)?;
        if let Some(why) = pair.revoked {
            return Err(UserTokenFault::Revoked(why));
        }
        if now >= pair.refresh_until {
            return Err(UserTokenFault::Expired);
        }
        if now >= pair.access_until {
            pair.access_token = shapes::token(entropy);
            self.by_access
                .insert(pair.access_token.clone(), refresh_token.to_owned());
        }
        pair.access_until = now + ACCESS_SECONDS;
        Ok(pair.clone())
    }

    /// The pair that this access token belongs to.
    pub(crate) fn find(&self, access_token: &str, now: u64) -> Result<&UserToken, UserTokenFault> {
        let pair = self.pair(access_token).ok_or(UserTokenFault::Unknown)?;
        if let Some(why) = pair.revoked {
            Err(UserTokenFault::Revoked(why))
        } else if now >= pair.access_until || pair.access_token != access_token {
            Err(UserTokenFault::Expired)
        } else {
            Ok(pair)
        }
    }

    /// The app that an access token was made for, dead or alive.
    pub(crate) fn app_of(&self, access_token: &str) -> Option<&str> {
        self.pair(access_token).map(|pair| pair.app_id.as_str())
    }

    /// Ends every token of a person at an app.
    pub(crate) fn revoke(&mut self, person: &str, app_id: &str, why: Revocation) {
        for pair in self.pairs.values_mut() {
            if pair.grant.person.id == person && pair.app_id == app_id {
                pair.revoked = Some(why);
            }
        }
    }

    fn pair(&self, access_token: &str) -> Option<&UserToken> {
        self.pairs.get(self.by_access.get(access_token)?)
    }

    fn sweep(&mut self, now: u64) {
        if now >= self.swept_at + 60 {
            self.swept_at = now;
            self.pairs
                .retain(|_, pair| pair.refresh_until + REMEMBERED_SECONDS > now);
            let pairs = &self.pairs;
            self.by_access
                .retain(|_, refresh_token| pairs.contains_key(refresh_token));
        }
    }
}
