//! WeChat's cryptography, from the platform's side: signatures, the data it encrypts for clients, and the messages it
//! pushes to servers.

use aes::{Aes128, Aes256};
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// An EncodingAESKey has 43 characters, so its last two bits belong to no byte and may be anything.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Messages are padded to this block, although the cipher's own is 16.
const MESSAGE_BLOCK: usize = 32;

/// SHA-1 as lower-case hex.
pub(crate) fn sha1_hex(text: &str) -> String {
    hex::encode(Sha1::digest(text.as_bytes()))
}

/// SHA-1 over the sorted parts, as every request to an account's server is signed.
pub(crate) fn sorted_sha1(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    sha1_hex(&parts.concat())
}

/// The login-state signature: HMAC-SHA256 with the session key as its base64 text, as lower-case hex.
pub(crate) fn session_signature(session_key: &str, message: &str) -> String {
    // HMAC takes keys of every length.
    Hmac::<Sha256>::new_from_slice(session_key.as_bytes()).map_or_else(
        |_| String::new(),
        |mut mac| {
            mac.update(message.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        },
    )
}

/// `encryptedData` under a session key: AES-128-CBC with PKCS#7. `None` if the key is no session key.
pub(crate) fn encrypt_open_data(session_key: &str, iv: &[u8; 16], plain: &str) -> Option<String> {
    let key: [u8; 16] = STANDARD.decode(session_key).ok()?.try_into().ok()?;
    let cipher = cbc::Encryptor::<Aes128>::new(&key.into(), iv.into());
    Some(STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(plain.as_bytes())))
}

/// The key inside an EncodingAESKey. `None` if it is none.
pub(crate) fn message_key(encoding_aes_key: &str) -> Option<[u8; 32]> {
    LENIENT.decode(encoding_aes_key).ok()?.try_into().ok()
}

/// A message to an account's server: 16 random bytes, the length, the message and the AppID, padded to 32.
pub(crate) fn encrypt_message(key: &[u8; 32], random: [u8; 16], message: &str, app_id: &str) -> String {
    let mut plain = random.to_vec();
    plain.extend((message.len() as u32).to_be_bytes());
    plain.extend(message.as_bytes());
    plain.extend(app_id.as_bytes());
    let padding = MESSAGE_BLOCK - plain.len() % MESSAGE_BLOCK;
    plain.resize(plain.len() + padding, padding as u8);
    let cipher = cbc::Encryptor::<Aes256>::new(key.into(), key[..16].try_into().unwrap_or(&[0; 16]).into());
    STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain))
}

/// The message inside a server's encrypted reply. `None` if it is not for this account, or damaged.
pub(crate) fn decrypt_message(key: &[u8; 32], encrypted: &str, app_id: &str) -> Option<String> {
    let cipher = cbc::Decryptor::<Aes256>::new(key.into(), key[..16].try_into().unwrap_or(&[0; 16]).into());
    let plain = cipher
        .decrypt_padded_vec::<NoPadding>(&STANDARD.decode(encrypted.trim()).ok()?)
        .ok()?;
    let padding = usize::from(*plain.last()?);
    if !(1..=MESSAGE_BLOCK).contains(&padding) {
        return None;
    }
    let plain = plain.get(16..plain.len().checked_sub(padding)?)?;
    let (length, rest) = plain.split_first_chunk::<4>()?;
    let (message, receiver) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    (receiver == app_id.as_bytes()).then(|| String::from_utf8_lossy(message).into_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&["test", "1410685589", "test"], "f21891de399b4e33a1a93c9a7b8a8fffb5a443ff")]
    #[case(&["simToken2025", "1735689600", "1320562132"], "7f0a556cb49b4fbec1fd7e298f61cb25ba10aa2c")]
    #[case(&["zzz", "1735689600", "Aaa"], "e1c426d5e039a56488548a4fcea58cfa0f859daf")]
    fn signs_what_it_pushes(#[case] parts: &[&str], #[case] expected: &str) {
        assert_eq!(sorted_sha1(parts), expected);
    }

    #[test]
    fn signs_the_login_state_with_the_text_of_the_key() {
        let signature = session_signature("o0q0otL8aEzpcZL/FT9WsQ==", r#"{"foo":"bar"}"#);
        assert!(
            signature.starts_with("654571f7") && signature.ends_with("aa0b"),
            "{signature}"
        );
    }

    #[test]
    fn encrypts_a_message_as_published() {
        let key = message_key("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR").unwrap();
        let encrypted = encrypt_message(
            &key,
            *b"2304fc2fe146f1f8",
            "5927782489442352469",
            "wx49f0ab532d5d035a",
        );
        assert_eq!(
            encrypted,
            "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
        );
        assert_eq!(
            decrypt_message(&key, &encrypted, "wx49f0ab532d5d035a").as_deref(),
            Some("5927782489442352469")
        );
        assert_eq!(decrypt_message(&key, &encrypted, "wx0000000000000000"), None);
        assert_eq!(decrypt_message(&key, "AAAA", "wx49f0ab532d5d035a"), None);
    }
}
