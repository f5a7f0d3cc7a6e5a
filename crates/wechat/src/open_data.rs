//! `encryptedData` of a mini program: what the client received from WeChat, sealed with the session key ("开放数据校验与解密").
//!
//! Nothing in it proves who somebody is: there is no MAC, so whoever sends `iv` and data can change the first bytes. A
//! person is known by [`crate::WeChat::code_to_session`], and a phone number counts by [`crate::WeChat::phone_number`].

use crate::{
    Errcode, PhoneNumber, SessionKey,
    crypto::{BLOCK, cbc_decrypt, unpad},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use std::fmt;
use yaopai_domain::Timestamp;
use zeroize::Zeroizing;

/// Why data could not be opened. Nothing is ever opened in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenDataError {
    /// The session key is not 24 characters of base64 that stand for 16 bytes.
    #[error("the session key is not 16 bytes of base64")]
    SessionKey,
    /// `iv` is not 24 characters of base64 that stand for 16 bytes.
    #[error("iv is not 16 bytes of base64")]
    Iv,
    /// The data is not base64: most often a form turned `+` into a blank.
    #[error("the data is not base64")]
    Base64,
    /// The data is not a number of whole blocks.
    #[error("the data is cut off")]
    Length,
    /// The padding is not exact: most often the session key was replaced by a later `wx.login`.
    #[error("the data was not sealed with this session key")]
    Padding,
    /// What came out is not a JSON object with a watermark.
    #[error("the data holds no JSON with a watermark")]
    Content,
    /// The data was made for another app.
    #[error("the data is another app's")]
    OtherApp,
}

impl OpenDataError {
    /// The number by which WeChat's own sample code tells this.
    pub const fn errcode(self) -> Errcode {
        match self {
            Self::SessionKey => Errcode::IllegalAesKey,
            Self::Iv => Errcode::IllegalIv,
            Self::Base64 => Errcode::DecodeBase64Error,
            Self::Length | Self::Padding | Self::Content | Self::OtherApp => Errcode::IllegalBuffer,
        }
    }
}

/// Opened data. It prints without its content, which is about a person.
#[derive(Clone, PartialEq)]
pub struct OpenData {
    json: Map<String, Value>,
    sealed_at: Timestamp,
}

/// Nickname and avatar of a person, as the client had them; everything may be anonymous or empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenProfile {
    /// Nickname; `微信用户` since 2022.
    pub nickname: Option<String>,
    /// Avatar; the grey one since 2022.
    pub avatar_url: Option<String>,
}

impl OpenData {
    /// Opens data with the session key: AES-128-CBC with exact padding, and a watermark of this very app.
    pub fn open(session_key: &SessionKey, iv: &str, data: &str, app_id: &str) -> Result<Self, OpenDataError> {
        let key = sixteen_bytes(session_key.expose()).ok_or(OpenDataError::SessionKey)?;
        let iv = sixteen_bytes(iv).ok_or(OpenDataError::Iv)?;
        let data = STANDARD.decode(data).map_err(|_| OpenDataError::Base64)?;
        let mut data = Zeroizing::new(data);
        cbc_decrypt(key.as_slice(), &iv, &mut data).map_err(|_| OpenDataError::Length)?;
        let text = unpad(&data, BLOCK as u8).ok_or(OpenDataError::Padding)?;
        let json: Map<String, Value> = serde_json::from_slice(text).map_err(|_| OpenDataError::Content)?;
        let watermark = json.get("watermark").ok_or(OpenDataError::Content)?;
        if watermark["appid"].as_str() != Some(app_id) {
            return Err(OpenDataError::OtherApp);
        }
        let seconds = watermark["timestamp"].as_i64().ok_or(OpenDataError::Content)?;
        Ok(Self {
            sealed_at: Timestamp(seconds.saturating_mul(1000)),
            json,
        })
    }

    /// When WeChat sealed it. A client may keep data and send it late.
    pub const fn sealed_at(&self) -> Timestamp {
        self.sealed_at
    }

    /// Nickname and avatar; `None` if the data is something else.
    pub fn profile(&self) -> Option<OpenProfile> {
        let text = |name: &str| {
            let text = self.json.get(name)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        self.json.get("nickName")?;
        Some(OpenProfile {
            nickname: text("nickName"),
            avatar_url: text("avatarUrl"),
        })
    }

    /// The phone number; `None` if the data is something else. It proves nothing to a login: see the module.
    pub fn phone(&self) -> Option<PhoneNumber> {
        PhoneNumber::read(&self.json)
    }

    /// Everything, for a client that asked for its own data.
    pub const fn json(&self) -> &Map<String, Value> {
        &self.json
    }
}

impl fmt::Debug for OpenData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenData")
            .field("sealed_at", &self.sealed_at)
            .finish_non_exhaustive()
    }
}

/// 24 characters of base64 that stand for 16 bytes.
fn sixteen_bytes(text: &str) -> Option<Zeroizing<[u8; BLOCK]>> {
    let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{cbc_encrypt, pad};
    use proptest::prelude::*;
    use rstest::rstest;

    const APP_ID: &str = "wx00112233445566aa";
    const KEY: &str = "oOnSjJq2VkeQ2DC1V3aIyQ==";
    const IV: &str = "DNlwq5ouerA+e+L/1CeelQ==";

    fn open(key: &str, iv: &str, data: &str) -> Result<OpenData, OpenDataError> {
        OpenData::open(&SessionKey::new(key), iv, data, APP_ID)
    }

    /// What WeChat would send, with any padding.
    fn seal(text: &str, padding: &[u8]) -> String {
        let mut bytes = text.as_bytes().to_vec();
        bytes.extend_from_slice(padding);
        cbc_encrypt(
            sixteen_bytes(KEY).unwrap().as_slice(),
            &sixteen_bytes(IV).unwrap(),
            &mut bytes,
        )
        .unwrap();
        STANDARD.encode(bytes)
    }

    fn sealed(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        pad(&mut bytes, 16);
        seal(text, &bytes[text.len()..])
    }

    #[test]
    fn opens_and_refuses_as_the_vectors_say() {
        let vectors: Value = serde_json::from_str(include_str!("../tests/vectors.json")).unwrap();
        let vectors = vectors["open_data"].as_array().unwrap();
        assert_eq!(vectors.len(), 11);
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            let id = text("id");
            let key = SessionKey::new(text("session_key"));
            let opened = OpenData::open(&key, text("iv"), text("data"), text("app_id"));
            let expected = match text("expect") {
                "ok" => {
                    let plain: Map<String, Value> = serde_json::from_str(text("plaintext")).unwrap();
                    let opened = opened.unwrap_or_else(|error| panic!("{id}: {error}"));
                    assert_eq!(opened.json(), &plain, "{id}");
                    let seconds = plain["watermark"]["timestamp"].as_i64().unwrap();
                    assert_eq!(opened.sealed_at(), Timestamp(seconds * 1000), "{id}");
                    let name = plain.get("nickName").and_then(Value::as_str);
                    let profile = opened.profile().map(|profile| profile.nickname.unwrap());
                    assert_eq!(profile.as_deref(), name, "{id}");
                    let phone = opened.phone().map(|phone| phone.national().to_owned());
                    let pure = plain.get("purePhoneNumber").and_then(Value::as_str);
                    assert_eq!(phone.as_deref(), pure, "{id}");
                    continue;
                }
                "appid_mismatch" => OpenDataError::OtherApp,
                "bad_padding" => OpenDataError::Padding,
                "bad_length" => OpenDataError::Length,
                "bad_base64" => OpenDataError::Base64,
                other => panic!("{other}"),
            };
            assert_eq!(opened, Err(expected), "{id}");
        }
    }

    #[rstest]
    #[case::short_key("oOnSjJq2VkeQ2DC1V3aI", IV, "", OpenDataError::SessionKey, -41001)]
    #[case::no_key("", IV, "", OpenDataError::SessionKey, -41001)]
    #[case::short_iv(KEY, "DNlwq5ouerA+e+L/1Cee", "", OpenDataError::Iv, -41002)]
    #[case::blank_in_iv(KEY, "DNlwq5ouerA e L/1CeelQ==", "", OpenDataError::Iv, -41002)]
    #[case::damaged(KEY, IV, "a b=", OpenDataError::Base64, -41004)]
    #[case::url_safe(KEY, IV, "-_-_", OpenDataError::Base64, -41004)]
    #[case::nothing(KEY, IV, "", OpenDataError::Length, -41003)]
    fn names_what_is_wrong(
        #[case] key: &str,
        #[case] iv: &str,
        #[case] data: &str,
        #[case] expected: OpenDataError,
        #[case] number: i32,
    ) {
        assert_eq!(open(key, iv, data), Err(expected));
        assert_eq!(expected.errcode().number(), number);
    }

    #[rstest]
    #[case::not_json("certainly no JSON", OpenDataError::Content)]
    #[case::a_list("[]", OpenDataError::Content)]
    #[case::no_watermark(r#"{"phoneNumber":"1"}"#, OpenDataError::Content)]
    #[case::no_app(r#"{"watermark":{"timestamp":1}}"#, OpenDataError::OtherApp)]
    #[case::other_app(
        r#"{"watermark":{"timestamp":1,"appid":"wx00112233445566AA"}}"#,
        OpenDataError::OtherApp
    )]
    #[case::no_time(r#"{"watermark":{"appid":"wx00112233445566aa"}}"#, OpenDataError::Content)]
    fn refuses_what_is_not_ours(#[case] text: &str, #[case] expected: OpenDataError) {
        assert_eq!(open(KEY, IV, &sealed(text)), Err(expected));
    }

    #[rstest]
    #[case::zero(&[0; 16])]
    #[case::seventeen(&[17; 16])]
    #[case::two_blocks(&[32; 32])]
    #[case::unequal(&[1, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16])]
    fn refuses_a_padding_that_is_not_exact(#[case] padding: &[u8]) {
        // 64 bytes, so that the padding alone decides.
        let text = r#"{"watermark":{"timestamp":1,"appid":"wx00112233445566aa"},"x":1}"#;
        assert_eq!(text.len() % 16, 0);
        assert!(open(KEY, IV, &seal(text, &[16; 16])).is_ok());
        assert_eq!(open(KEY, IV, &seal(text, padding)), Err(OpenDataError::Padding));
    }

    proptest! {
        #[test]
        fn opens_anything_without_panic(
            key in "[A-Za-z0-9+/]{20,24}={0,2}",
            iv in "[A-Za-z0-9+/]{20,24}={0,2}",
            data in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            let _ = open(&key, &iv, &STANDARD.encode(&data));
            let random_blocks = STANDARD.encode(&data[..data.len() / 16 * 16]);
            prop_assert!(open(KEY, IV, &random_blocks).is_err());
        }
    }
}
