//! What a console is opened with.

use sha2::{Digest, Sha256};
use std::{path::PathBuf, sync::Arc};
use url::Url;
use yaopai_domain::{Clock, Entropy, PoolId};

/// What a console is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The backend.
    pub server: Url,
    /// What lets the console in.
    pub access_key: AccessKey,
    /// The pool to administer.
    pub pool: PoolId,
    /// The replica's file; created if it does not exist.
    pub replica: PathBuf,
}

/// A key that lets the console in; it prints as dots.
#[derive(Clone)]
pub struct AccessKey(String);

impl AccessKey {
    /// Wraps a key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key in clear text, to be sent.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Tells this key at this backend and pool apart from others, without giving it away: 128 bits of its SHA-256.
    pub(crate) fn fingerprint(&self, server: &Url, pool: &PoolId) -> String {
        let hash = Sha256::new()
            .chain_update(server.origin().ascii_serialization())
            .chain_update([0])
            .chain_update(pool.as_str())
            .chain_update([0])
            .chain_update(&self.0)
            .finalize();
        hex::encode(&hash[..16])
    }
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessKey(••••)")
    }
}

/// Time and randomness, as they came in.
#[derive(Clone)]
pub(crate) struct Ambient {
    /// The present moment.
    pub(crate) clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub(crate) entropy: Arc<dyn Entropy>,
}
