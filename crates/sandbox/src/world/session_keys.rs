//! Session keys: one valid key per person and mini program.

use std::collections::HashMap;

use crate::ambient::Entropy;
use crate::shapes;

struct SessionKey {
    text: String,
    made_at: u64,
}

/// The current key behind every OpenID of a mini program.
#[derive(Default)]
pub(crate) struct SessionKeys(HashMap<String, SessionKey>);

impl SessionKeys {
    /// The key that a login gives now: the same one as long as it is kept, then a new one.
    pub(crate) fn current(&mut self, openid: &str, kept_seconds: u64, now: u64, entropy: &Entropy) -> String {
        match self.0.get(openid) {
            Some(key) if now < key.made_at + kept_seconds => key.text.clone(),
            _ => self.rotate(openid, now, entropy),
        }
    }

    /// The key as it is; none if the person never logged in.
    pub(crate) fn get(&self, openid: &str) -> Option<&str> {
        self.0.get(openid).map(|key| key.text.as_str())
    }

    /// A new key; the old one is dead.
    pub(crate) fn rotate(&mut self, openid: &str, now: u64, entropy: &Entropy) -> String {
        let text = shapes::session_key(entropy);
        let key = SessionKey {
            text: text.clone(),
            made_at: now,
        };
        self.0.insert(openid.to_owned(), key);
        text
    }
}
