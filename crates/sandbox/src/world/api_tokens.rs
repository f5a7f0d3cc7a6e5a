//! API tokens of `cgi-bin/token` and `cgi-bin/stable_token`: separate lists with different manners.

use std::collections::HashMap;

use crate::ambient::Entropy;
use crate::shapes;

/// Seconds an API token lives.
pub(crate) const TOKEN_SECONDS: u64 = 7200;
/// Seconds a replaced token stays valid, and how long before its end a stable token is renewed.
pub(crate) const OVERLAP_SECONDS: u64 = 300;
/// How long a dead token is remembered, so that its user hears why it is dead.
const REMEMBERED_SECONDS: u64 = 24 * 3600;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mint {
    Ordinary,
    Stable,
}

struct ApiToken {
    app_id: String,
    mint: Mint,
    /// The end of its own life.
    expires_at: u64,
    /// The end that a successor set.
    replaced_at: Option<u64>,
}

/// Why an API token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApiTokenFault {
    /// Nobody was ever given this.
    Unknown,
    /// A newer one took its place.
    Replaced,
    /// Its two hours are over.
    Expired,
}

/// All API tokens of the platform.
#[derive(Default)]
pub(crate) struct ApiTokens(HashMap<String, ApiToken>);

impl ApiTokens {
    /// A new token, always; the ones before it end within five minutes.
    pub(crate) fn ordinary(&mut self, app_id: &str, now: u64, entropy: &Entropy) -> String {
        self.replace(app_id, Mint::Ordinary, now + OVERLAP_SECONDS);
        self.make(app_id, Mint::Ordinary, now, entropy)
    }

    /// The stable token and its remaining seconds: the same one until five minutes before its end. `force` kills it
    /// at once and makes another.
    pub(crate) fn stable(&mut self, app_id: &str, force: bool, now: u64, entropy: &Entropy) -> (String, u64) {
        if force {
            self.replace(app_id, Mint::Stable, now);
        } else if let Some((text, token)) = self.0.iter().find(|(_, token)| {
            token.app_id == app_id
                && token.mint == Mint::Stable
                && token.replaced_at.is_none()
                && token.expires_at > now + OVERLAP_SECONDS
        }) {
            return (text.clone(), token.expires_at - now);
        }
        (self.make(app_id, Mint::Stable, now, entropy), TOKEN_SECONDS)
    }

    /// The app that this token speaks for.
    pub(crate) fn app_of(&self, text: &str, now: u64) -> Result<&str, ApiTokenFault> {
        let token = self.0.get(text).ok_or(ApiTokenFault::Unknown)?;
        if token.replaced_at.is_some_and(|end| now >= end) {
            return Err(ApiTokenFault::Replaced);
        }
        if now >= token.expires_at {
            return Err(ApiTokenFault::Expired);
        }
        Ok(&token.app_id)
    }

    /// The app that a token was made for, dead or alive.
    pub(crate) fn owner(&self, text: &str) -> Option<&str> {
        self.0.get(text).map(|token| token.app_id.as_str())
    }

    fn replace(&mut self, app_id: &str, mint: Mint, end: u64) {
        for token in self
            .0
            .values_mut()
            .filter(|token| token.app_id == app_id && token.mint == mint)
        {
            token.replaced_at = Some(token.replaced_at.map_or(end, |earlier| earlier.min(end)));
        }
    }

    fn make(&mut self, app_id: &str, mint: Mint, now: u64, entropy: &Entropy) -> String {
        self.0
            .retain(|_, token| token.expires_at + REMEMBERED_SECONDS > now);
        let text = shapes::token(entropy);
        let token = ApiToken {
            app_id: app_id.to_owned(),
            mint,
            expires_at: now + TOKEN_SECONDS,
            replaced_at: None,
        };
        self.0.insert(text.clone(), token);
        text
    }
}
