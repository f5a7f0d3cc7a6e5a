//! Encrypted pushes ("消息加解密说明"): signed with the Token, encrypted with the EncodingAESKey.

use crate::{
    EncodingAesKey, PushError, PushToken,
    crypto::{self, BLOCK, cbc_decrypt, cbc_encrypt, pad, unpad},
    push::{Members, cdata},
};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use std::fmt;
use yaopai_domain::{Entropy, Timestamp};
use zeroize::Zeroizing;

/// The padding fills blocks of 32 bytes here, not those of AES.
const PADDED: u8 = 32;
/// Random bytes, then the length of the message (big-endian), are before the message.
const RANDOM: usize = 16;
const HEAD: usize = RANDOM + 4;

/// 43 characters hold 258 bits; WeChat makes them at random, so that the last two may be set.
const KEY_ALPHABET: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Opens and makes the encrypted messages of one app.
pub struct MessageCrypto {
    token: PushToken,
    key: Zeroizing<[u8; 32]>,
    iv: Zeroizing<[u8; BLOCK]>,
    app_id: String,
}

impl MessageCrypto {
    /// From what the operator entered in WeChat's console; [`PushError::Key`] if the key is not one.
    pub fn new(token: PushToken, aes_key: &EncodingAesKey, app_id: &str) -> Result<Self, PushError> {
        let decoded = Zeroizing::new(
            KEY_ALPHABET
                .decode(aes_key.expose())
                .map_err(|_| PushError::Key)?,
        );
        let key: [u8; 32] = decoded.as_slice().try_into().map_err(|_| PushError::Key)?;
        let mut iv = Zeroizing::new([0; BLOCK]);
        iv.copy_from_slice(&key[..BLOCK]);
        Ok(Self {
            token,
            key: Zeroizing::new(key),
            iv,
            app_id: app_id.to_owned(),
        })
    }

    /// The XML of a push out of its encrypted body: checks `msg_signature`, then decrypts.
    pub fn open(
        &self,
        body: &str,
        timestamp: &str,
        nonce: &str,
        msg_signature: &str,
    ) -> Result<String, PushError> {
        let encrypted = Members::read(body)?.text("Encrypt").ok_or(PushError::Content)?;
        self.verify(timestamp, nonce, &encrypted, msg_signature)?;
        self.decrypt(&encrypted)
    }

    /// Whether `msg_signature` is WeChat's for this encrypted text.
    pub fn verify(
        &self,
        timestamp: &str,
        nonce: &str,
        encrypted: &str,
        msg_signature: &str,
    ) -> Result<(), PushError> {
        if crypto::same(&self.sign(timestamp, nonce, encrypted), msg_signature) {
            Ok(())
        } else {
            Err(PushError::Signature)
        }
    }

    /// The message inside an encrypted text (base64) that was verified. The AppID behind it has to be ours.
    pub fn decrypt(&self, encrypted: &str) -> Result<String, PushError> {
        let mut bytes = STANDARD.decode(encrypted).map_err(|_| PushError::Encryption)?;
        cbc_decrypt(self.key.as_slice(), &self.iv, &mut bytes).map_err(|_| PushError::Encryption)?;
        let plain = unpad(&bytes, PADDED).ok_or(PushError::Encryption)?;
        let (head, rest) = plain.split_at_checked(HEAD).ok_or(PushError::Encryption)?;
        let length = head[RANDOM..]
            .try_into()
            .map(u32::from_be_bytes)
            .map_err(|_| PushError::Encryption)?;
        let (message, app_id) = rest
            .split_at_checked(length as usize)
            .ok_or(PushError::Encryption)?;
        if app_id != self.app_id.as_bytes() {
            return Err(PushError::OtherApp);
        }
        String::from_utf8(message.to_vec()).map_err(|_| PushError::Encryption)
    }

    /// Encrypts a message for WeChat, with 16 random bytes before it.
    pub fn encrypt(&self, message: &str, entropy: &dyn Entropy) -> Result<String, PushError> {
        let length = u32::try_from(message.len()).map_err(|_| PushError::Content)?;
        let mut bytes = vec![0; RANDOM];
        entropy.fill(&mut bytes);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(message.as_bytes());
        bytes.extend_from_slice(self.app_id.as_bytes());
        pad(&mut bytes, PADDED);
        cbc_encrypt(self.key.as_slice(), &self.iv, &mut bytes).map_err(|_| PushError::Key)?;
        Ok(STANDARD.encode(bytes))
    }

    /// The whole answer to an encrypted push: `reply` (such as [`crate::Push::text_reply`]) encrypted and signed.
    pub fn reply(
        &self,
        reply: &str,
        nonce: &str,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Result<String, PushError> {
        let encrypted = self.encrypt(reply, entropy)?;
        let timestamp = (now.0 / 1000).to_string();
        let signature = self.sign(&timestamp, nonce, &encrypted);
        Ok(format!(
            "<xml><Encrypt>{}</Encrypt><MsgSignature>{}</MsgSignature><TimeStamp>{timestamp}</TimeStamp>\
             <Nonce>{}</Nonce></xml>",
            cdata(&encrypted),
            cdata(&signature),
            cdata(nonce)
        ))
    }

    fn sign(&self, timestamp: &str, nonce: &str, encrypted: &str) -> String {
        crypto::sorted_sha1_hex([self.token.expose(), timestamp, nonce, encrypted])
    }
}

impl fmt::Debug for MessageCrypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageCrypto")
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Push, PushEvent};
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::Value;

    const KEY: &str = "9mAkn1IegZnH5qDUzwqk3RJxetkp/8daFYMgyIaveTQ";
    const APP_ID: &str = "wx00112233445566aa";

    /// Gives the same bytes every time.
    struct Fixed([u8; 16]);

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.copy_from_slice(&self.0);
        }
    }

    fn crypto(token: &str, key: &str, app_id: &str) -> Result<MessageCrypto, PushError> {
        MessageCrypto::new(PushToken::new(token), &EncodingAesKey::new(key), app_id)
    }

    fn ours() -> MessageCrypto {
        crypto("simToken2025", KEY, APP_ID).unwrap()
    }

    #[test]
    fn opens_and_makes_the_messages_of_the_vectors() {
        let vectors: Value = serde_json::from_str(include_str!("../tests/vectors.json")).unwrap();
        let vectors = vectors["messages"].as_array().unwrap();
        assert_eq!(vectors.len(), 6);
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            let id = text("id");
            let crypto = crypto(text("token"), text("aes_key"), text("app_id")).unwrap();
            let (time, nonce, encrypted) = (text("timestamp"), text("nonce"), text("encrypted"));
            let signature = text("signature");
            assert_eq!(crypto.verify(time, nonce, encrypted, signature), Ok(()), "{id}");
            assert_eq!(crypto.decrypt(encrypted).as_deref(), Ok(text("message")), "{id}");
            let body = format!("<xml><ToUserName>gh_1</ToUserName><Encrypt>{encrypted}</Encrypt></xml>");
            let opened = crypto.open(&body, time, nonce, signature);
            assert_eq!(opened.as_deref(), Ok(text("message")), "{id}");
            let random = Fixed(text("random").as_bytes().try_into().unwrap());
            assert_eq!(
                crypto.encrypt(text("message"), &random).as_deref(),
                Ok(encrypted),
                "{id}"
            );

            let forged = crypto.verify(time, nonce, encrypted, &"0".repeat(40));
            assert_eq!(forged, Err(PushError::Signature), "{id}");
            let altered = body.replace(encrypted, &format!("AAAA{}", &encrypted[4..]));
            let opened = crypto.open(&altered, time, nonce, signature);
            assert_eq!(opened, Err(PushError::Signature), "{id}");
        }
    }

    #[test]
    fn an_encrypted_event_is_an_event() {
        let vectors: Value = serde_json::from_str(include_str!("../tests/vectors.json")).unwrap();
        let events: Vec<Push> = vectors["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|vector| vector["message"].as_str().unwrap())
            .filter(|message| message.contains("<Event>"))
            .map(|message| Push::read(message).unwrap())
            .collect();
        assert!(
            matches!(&events[0].event, PushEvent::Subscribe { scene: Some(scene) } if scene == "login_7f3a")
        );
        assert!(matches!(&events[1].event, PushEvent::Scan { scene } if scene == "login_7f3a"));
    }

    #[test]
    fn another_apps_message_is_refused() {
        let theirs = crypto("simToken2025", KEY, "wx00112233445566bb").unwrap();
        let encrypted = theirs.encrypt("hi", &Fixed([7; 16])).unwrap();
        assert_eq!(ours().decrypt(&encrypted), Err(PushError::OtherApp));
        let wechat_work = crypto("simToken2025", KEY, "").unwrap();
        let encrypted = wechat_work.encrypt("hi", &Fixed([7; 16])).unwrap();
        assert_eq!(ours().decrypt(&encrypted), Err(PushError::OtherApp));
    }

    #[rstest]
    #[case::empty("")]
    #[case::too_short("9mAkn1IegZnH5qDUzwqk3RJxetkp/8daFYMgyIaveT")]
    #[case::padded("9mAkn1IegZnH5qDUzwqk3RJxetkp/8daFYMgyIaveTQ=")]
    #[case::not_base64("9mAkn1IegZnH5qDUzwqk3RJxetkp-8daFYMgyIaveTQ")]
    fn refuses_a_wrong_key(#[case] key: &str) {
        assert_eq!(crypto("t", key, APP_ID).unwrap_err(), PushError::Key);
    }

    #[rstest]
    #[case::not_base64("a b")]
    #[case::half_a_block("AAAAAAAA")]
    #[case::empty("")]
    fn refuses_what_is_not_encrypted(#[case] encrypted: &str) {
        assert_eq!(ours().decrypt(encrypted), Err(PushError::Encryption));
    }

    #[test]
    fn a_length_beyond_the_end_is_refused() {
        let mut bytes = vec![7; RANDOM];
        bytes.extend_from_slice(&u32::MAX.to_be_bytes());
        bytes.extend_from_slice(b"hi");
        pad(&mut bytes, PADDED);
        let ours = ours();
        cbc_encrypt(ours.key.as_slice(), &ours.iv, &mut bytes).unwrap();
        assert_eq!(ours.decrypt(&STANDARD.encode(bytes)), Err(PushError::Encryption));
    }

    proptest! {
        #[test]
        fn wechat_can_open_every_reply(text in "\\PC{0,100}", random in any::<[u8; 16]>()) {
            let ours = ours();
            let reply = ours.reply(&text, "n1", &Fixed(random), Timestamp(1_735_689_600_000)).unwrap();
            let members = Members::read(&reply).unwrap();
            let read = |name: &str| members.text(name).unwrap();
            prop_assert_eq!(read("TimeStamp"), "1735689600");
            let opened = ours.open(&reply, "1735689600", &read("Nonce"), &read("MsgSignature"));
            prop_assert_eq!(opened, Ok(text));
        }

        #[test]
        fn decrypts_anything_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = ours().decrypt(&STANDARD.encode(&bytes[..bytes.len() / 16 * 16]));
        }
    }
}
