//! The events that WeChat pushed to servers, and what became of them.

use std::collections::VecDeque;

use serde::Serialize;

/// How many events are remembered.
const REMEMBERED: usize = 500;

/// What became of a pushed event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Push {
    pub(crate) app_id: String,
    pub(crate) openid: String,
    /// `subscribe`, `SCAN` or `unsubscribe`.
    pub(crate) event: &'static str,
    pub(crate) event_key: String,
    /// The same in every try.
    pub(crate) create_time: u64,
    /// One line for every try: `answered`, or what was wrong.
    pub(crate) tries: Vec<String>,
    /// What the account said to the person: empty for silence, none if the account gave no answer.
    pub(crate) reply: Option<String>,
}

/// How often WeChat tries again if a server gives no answer.
const RETRIES: u32 = 3;

/// The latest pushes, oldest first.
pub(crate) struct Pushes {
    latest: VecDeque<Push>,
    /// How often an event is pushed again if nobody answers.
    pub(crate) retries: u32,
}

impl Default for Pushes {
    fn default() -> Self {
        Self {
            latest: VecDeque::new(),
            retries: RETRIES,
        }
    }
}

impl Pushes {
    /// Remembers a push.
    pub(crate) fn keep(&mut self, push: Push) {
        if self.latest.len() == REMEMBERED {
            self.latest.pop_front();
        }
        self.latest.push_back(push);
    }

    /// The pushes to one app, oldest first.
    pub(crate) fn to(&self, app_id: &str) -> Vec<Push> {
        self.latest
            .iter()
            .filter(|push| push.app_id == app_id)
            .cloned()
            .collect()
    }
}
