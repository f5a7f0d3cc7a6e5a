//! Random tokens: 256 bits nobody can guess, kept only as hashes.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use yaopai_domain::Entropy;

const BYTES: usize = 32;

/// A new token: 43 letters, digits, `-` and `_`.
pub(crate) fn random(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; BYTES];
    entropy.fill(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a token: SHA-256 (hex). It is too random for anybody to find it by its hash.
pub(crate) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// Whether one of the hashes is that of the token; how long it takes says nothing about them.
pub(crate) fn is_of(token: &str, hashes: &[String]) -> bool {
    let shown = hash(token);
    hashes
        .iter()
        .any(|hash| bool::from(hash.as_bytes().ct_eq(shown.as_bytes())))
}

/// The token that follows this one. Whoever knows only the token, or only the salt, cannot tell it.
pub(super) fn successor(token: &str, salt: &str) -> String {
    let mut hash = Sha256::new();
    hash.update("yaopai.refresh.v1|");
    hash.update(salt);
    hash.update("|");
    hash.update(token);
    BASE64_URL_SAFE_NO_PAD.encode(hash.finalize())
}
