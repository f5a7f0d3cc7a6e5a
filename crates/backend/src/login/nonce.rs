//! The random word by which WeChat's answer finds its attempt: `state` of a page, `scene` of a mini-program code.

use sha2::{Digest, Sha256};
use yaopai_domain::Entropy;
use zeroize::Zeroizing;

/// 128 random bits as 32 hexadecimal digits: what `state` (128 letters and digits) and `scene` (32) both take.
pub(super) struct Nonce(Zeroizing<String>);

impl Nonce {
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = Zeroizing::new([0; 16]);
        entropy.fill(bytes.as_mut_slice());
        Self(Zeroizing::new(hex::encode(bytes.as_slice())))
    }

    /// A word that came in, if it can be one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let shaped = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        shaped.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The word, to give to WeChat.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// The word, to give to whoever waits.
    pub(super) fn into_text(self) -> Zeroizing<String> {
        self.0
    }

    /// What the database holds of it.
    pub(super) fn hash(&self) -> String {
        hash(&self.0)
    }
}

/// SHA-256 (hex) of a nonce or code that came in. Both are long and random, so the hash cannot be turned back.
pub(super) fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
