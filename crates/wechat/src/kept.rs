//! What WeChat lends for two hours (API tokens, tickets): kept by AppID, with one refresher for many callers.

use crate::Credentials;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use yaopai_domain::{AppSecret, Timestamp};

/// A kept thing is not used any more this long before its end (ms): WeChat renews by itself 5 minutes before.
const MARGIN_MILLIS: i64 = 5 * 60 * 1000;

/// The place of one app; who holds its lock is the one that fetches.
pub(crate) type Place<T> = Arc<tokio::sync::Mutex<Option<Kept<T>>>>;

/// Things of one sort, by AppID.
pub(crate) struct Shelf<T>(Mutex<HashMap<String, Place<T>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Shelf<T> {
    pub(crate) fn of(&self, app_id: &str) -> Place<T> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(app_id.to_owned()).or_default())
    }
}

/// One kept thing.
pub(crate) struct Kept<T> {
    // What was fetched with another secret says nothing about the one that is asked for now.
    secret: AppSecret,
    value: T,
    usable_until: Timestamp,
}

impl<T: Clone + PartialEq> Kept<T> {
    /// Something fetched at `now` that lives `seconds`. It is a little younger than that: `now` is before the call.
    pub(crate) fn new(app: &Credentials, value: T, seconds: i64, now: Timestamp) -> Self {
        Self {
            secret: app.app_secret.clone(),
            value,
            usable_until: now.plus_millis(seconds.saturating_mul(1000).saturating_sub(MARGIN_MILLIS)),
        }
    }

    /// The value, unless it is too old, of another secret, or the one known to be `dead`.
    pub(crate) fn usable(&self, app: &Credentials, dead: Option<&T>, now: Timestamp) -> Option<T> {
        (self.secret == app.app_secret && self.usable_until > now && dead != Some(&self.value))
            .then(|| self.value.clone())
    }
}
