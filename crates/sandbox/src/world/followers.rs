//! Who follows which official account.

use std::collections::HashMap;

use super::scenes::SceneKey;

/// How somebody follows an account.
#[derive(Clone)]
pub(crate) struct Following {
    /// Since when, in seconds since the UNIX epoch.
    pub(crate) since: u64,
    /// The scene code that led to the account; none for a search.
    pub(crate) scene: Option<SceneKey>,
}

/// The followers of every account, by OpenID.
#[derive(Default)]
pub(crate) struct Followers(HashMap<String, Following>);

impl Followers {
    /// How they follow, if they do.
    pub(crate) fn get(&self, openid: &str) -> Option<&Following> {
        self.0.get(openid)
    }

    /// Begins to follow; false if they did before.
    pub(crate) fn follow(&mut self, openid: &str, following: Following) -> bool {
        let new = !self.0.contains_key(openid);
        if new {
            self.0.insert(openid.to_owned(), following);
        }
        new
    }

    /// Ends following; false if they did not.
    pub(crate) fn unfollow(&mut self, openid: &str) -> bool {
        self.0.remove(openid).is_some()
    }
}
