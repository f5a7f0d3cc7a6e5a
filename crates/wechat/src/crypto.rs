//! The few algorithms that WeChat's protocols name: SHA-1 and HMAC as hex, AES-CBC without padding, a patient comparison.

use aws_lc_rs::{
    cipher::{
        AES_128, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
        UnboundCipherKey,
    },
    constant_time, digest, hmac,
    iv::FixedLength,
};

/// The block of AES, in bytes.
pub(crate) const BLOCK: usize = 16;

/// Key or data do not have the length that the algorithm takes.
#[derive(Debug)]
pub(crate) struct WrongLength;

/// SHA-1 of the parts one after the other, in lower-case hex. WeChat signs with it; nothing of ours does.
pub(crate) fn sha1_hex(parts: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part.as_bytes());
    }
    hex::encode(context.finish())
}

/// SHA-1 of the parts in ascending order of their bytes, in lower-case hex ("接入指南", "消息加解密说明").
pub(crate) fn sorted_sha1_hex<const PARTS: usize>(mut parts: [&str; PARTS]) -> String {
    parts.sort_unstable();
    sha1_hex(&parts)
}

/// SHA-1 of `name=value` pairs joined by `&`: names in ascending order, values as they are ("JS-SDK说明文档", appendix 1).
pub(crate) fn signed_parameters<const PAIRS: usize>(mut pairs: [(&str, &str); PAIRS]) -> String {
    pairs.sort_unstable();
    let text = pairs.map(|(name, value)| format!("{name}={value}")).join("&");
    sha1_hex(&[&text])
}

/// HMAC-SHA256 in lower-case hex.
pub(crate) fn hmac_sha256_hex(key: &str, message: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hex::encode(hmac::sign(&key, message.as_bytes()))
}

/// Whether two texts are equal, in a time that does not tell where they differ.
pub(crate) fn same(one: &str, other: &str) -> bool {
    constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// Decrypts whole blocks in place with AES-CBC; the padding stays.
pub(crate) fn cbc_decrypt(key: &[u8], iv: &[u8; BLOCK], blocks: &mut [u8]) -> Result<(), WrongLength> {
    if blocks.is_empty() || !blocks.len().is_multiple_of(BLOCK) {
        return Err(WrongLength);
    }
    let key = UnboundCipherKey::new(algorithm(key)?, key).map_err(|_| WrongLength)?;
    let key = DecryptingKey::cbc(key).map_err(|_| WrongLength)?;
    let context = DecryptionContext::Iv128(FixedLength::from(*iv));
    key.decrypt(blocks, context).map_err(|_| WrongLength)?;
    Ok(())
}

/// Encrypts whole blocks in place with AES-CBC; the caller has padded.
pub(crate) fn cbc_encrypt(key: &[u8], iv: &[u8; BLOCK], blocks: &mut [u8]) -> Result<(), WrongLength> {
    let key = UnboundCipherKey::new(algorithm(key)?, key).map_err(|_| WrongLength)?;
    let key = EncryptingKey::cbc(key).map_err(|_| WrongLength)?;
    let context = EncryptionContext::Iv128(FixedLength::from(*iv));
    // WeChat's protocol derives the IV from the key, so it cannot be a fresh one.
    key.less_safe_encrypt(blocks, context).map_err(|_| WrongLength)?;
    Ok(())
}

/// What is before the padding (PKCS#7 with blocks of `block` bytes); `None` if the padding is not exactly that.
pub(crate) fn unpad(bytes: &[u8], block: u8) -> Option<&[u8]> {
    let pad = *bytes.last()?;
    let end = bytes.len().checked_sub(usize::from(pad))?;
    let (text, padding) = bytes.split_at(end);
    ((1..=block).contains(&pad) && padding.iter().all(|byte| *byte == pad)).then_some(text)
}

/// Appends the padding (PKCS#7 with blocks of `block` bytes).
pub(crate) fn pad(bytes: &mut Vec<u8>, block: u8) {
    let missing = block - (bytes.len() % usize::from(block)) as u8;
    bytes.resize(bytes.len() + usize::from(missing), missing);
}

fn algorithm(key: &[u8]) -> Result<&'static Algorithm, WrongLength> {
    match key.len() {
        16 => Ok(&AES_128),
        32 => Ok(&AES_256),
        _ => Err(WrongLength),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::Value;

    #[test]
    fn signs_parameters_as_the_vectors_do() {
        let vectors: Value = serde_json::from_str(include_str!("../tests/vectors.json")).unwrap();
        let vectors = vectors["signed_parameters"].as_array().unwrap();
        assert_eq!(vectors.len(), 5);
        for vector in vectors {
            let text = vector["text"].as_str().unwrap();
            assert_eq!(sha1_hex(&[text]), vector["signature"].as_str().unwrap(), "{text}");
        }
    }

    #[rstest]
    #[case::one(&[7, 7, 1], Some(&[7, 7][..]))]
    #[case::whole_block(&[4, 4, 4, 4], Some(&[][..]))]
    #[case::zero(&[7, 7, 7, 0], None)]
    #[case::longer_than_a_block(&[5, 5, 5, 5, 5], None)]
    #[case::longer_than_the_text(&[9, 3, 3], None)]
    #[case::unequal(&[7, 1, 2, 3], None)]
    #[case::nothing(&[], None)]
    fn takes_off_exactly_the_padding(#[case] bytes: &[u8], #[case] expected: Option<&[u8]>) {
        assert_eq!(unpad(bytes, 4), expected);
    }

    proptest! {
        #[test]
        fn what_was_encrypted_comes_back(
            text in proptest::collection::vec(any::<u8>(), 0..100),
            key in prop_oneof![Just(16_usize), Just(32)],
            iv in any::<[u8; BLOCK]>(),
        ) {
            let key = vec![7; key];
            let mut bytes = text.clone();
            pad(&mut bytes, 32);
            cbc_encrypt(&key, &iv, &mut bytes).unwrap();
            cbc_decrypt(&key, &iv, &mut bytes).unwrap();
            prop_assert_eq!(unpad(&bytes, 32), Some(&text[..]));
        }
    }
}
