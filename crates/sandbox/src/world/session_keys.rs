//! Session keys: one valid key per person and mini program.

use std::collections::HashMap;

use crate::ambient::Entropy;
use crate::shapes;

/// Within this time a new exchange gives the same key; later it rotates. WeChat does not publish its own period.
const KEPT_SECONDS: u64 = 600;

struct SessionKey {
    text: String,
    made_at: u64,
}

/// The current key of every person at every mini program.
#[derive(Default)]
pub(crate) struct SessionKeys(HashMap<(&'static str, String), SessionKey>);

impl SessionKeys {
    /// The key that an exchange gives now.
    pub(crate) fn current(
        &mut self,
        person: &'static str,
        app_id: &str,
        now: u64,
        entropy: &Entropy,
    ) -> String {
        let fresh = || SessionKey {
            text: shapes::session_key(entropy),
            made_at: now,
        };
        let key = self.0.entry((person, app_id.to_owned())).or_insert_with(fresh);
        if now >= key.made_at + KEPT_SECONDS {
            *key = fresh();
        }
        key.text.clone()
    }
}
