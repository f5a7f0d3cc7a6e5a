//! The signature on requests of the third generation's management API (`authing-node-sdk`, `utils/buildSignature.ts`).
//!
//! `authorization: authing <key id>:<base64 of HMAC-SHA1(secret, text)>`, where the text is the method, the headers
//! `x-authing-*` and `date`, the path, and the parameters. Nothing is URL-encoded in it.

use super::wire::Fault;
use aws_lc_rs::hmac;
use axum::http::{HeaderMap, Method, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::fmt::rfc2822;
use serde_json::{Map, Value};
use yaopai_domain::Timestamp;

/// How far a request's `date` may be from our clock. A nonce is remembered for longer.
pub(crate) const WINDOW_MILLIS: i64 = 10 * 60 * 1000;

/// A signature that still has to be checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    /// Which key it says it was made with.
    pub(crate) key_id: String,
    /// What makes it usable once.
    pub(crate) nonce: String,
    tag: Vec<u8>,
}

impl Signature {
    /// Reads the signature of a request and checks that it is of the present.
    pub(crate) fn of(headers: &HeaderMap, now: Timestamp) -> Result<Self, Fault> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let refused = |what: &str| Fault::new(401, format!("签名无效: {what}"));
        let (key_id, tag) = text(header::AUTHORIZATION.as_str())
            .and_then(|value| value.strip_prefix("authing "))
            .and_then(|value| value.trim().split_once(':'))
            .ok_or_else(|| refused("authorization"))?;
        let tag = STANDARD.decode(tag).map_err(|_| refused("authorization"))?;
        for (name, expected) in [
            ("x-authing-signature-method", "HMAC-SHA1"),
            ("x-authing-signature-version", "1.0"),
        ] {
            if text(name) != Some(expected) {
                return Err(refused(name));
            }
        }
        let nonce = text("x-authing-signature-nonce")
            .filter(|nonce| (8..=128).contains(&nonce.len()))
            .ok_or_else(|| refused("x-authing-signature-nonce"))?;
        let date = text("date")
            .and_then(|date| rfc2822::parse(date).ok())
            .ok_or_else(|| refused("date"))?;
        if date.timestamp().as_millisecond().abs_diff(now.0) > WINDOW_MILLIS.unsigned_abs() {
            return Err(refused("date is too far from the server's clock"));
        }
        Ok(Self {
            key_id: key_id.to_owned(),
            nonce: nonce.to_owned(),
            tag,
        })
    }

    /// Whether this secret made it, over this request. Takes the same time whatever differs.
    pub(crate) fn is_of(
        &self,
        secret: &str,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        parameters: &Map<String, Value>,
    ) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
        let text = signed_text(method, path, headers, parameters);
        let verifies = |text: &str| hmac::verify(&key, text.as_bytes(), &self.tag).is_ok();
        // Of parameters that are all undefined the SDK signs the question mark and sends nothing.
        verifies(&text) || (parameters.is_empty() && verifies(&format!("{text}?")))
    }
}

fn signed_text(method: &Method, path: &str, headers: &HeaderMap, parameters: &Map<String, Value>) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-authing-") || **name == header::DATE)
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).replace(['\t', '\n', '\r', '\u{c}'], " ");
            format!("{name}:{}\n", value.trim())
        })
        .collect();
    lines.sort_unstable();
    let mut pairs: Vec<(&str, String)> = parameters
        .iter()
        .map(|(name, value)| (name.as_str(), spelled(value)))
        .collect();
    pairs.sort_unstable_by_key(|(name, _)| *name);
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let question = if pairs.is_empty() { "" } else { "?" };
    format!("{method}\n{}{path}{question}{}", lines.concat(), pairs.join("&"))
}

/// As `String(value)` or, of lists and objects, `JSON.stringify(value)` spell it. Members keep the order they came in.
fn spelled(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_735_689_600_000);
    const SECRET: &str = "a secret of the key";

    /// A request as `authing-node-sdk` 4.0.1 signs it.
    fn headers(text: &str) -> HeaderMap {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
        let tag = STANDARD.encode(hmac::sign(&key, text.as_bytes()));
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("x-authing-signature-nonce", "0123456789abcdef"),
            ("x-authing-signature-method", "HMAC-SHA1"),
            ("x-authing-signature-version", "1.0"),
            ("x-authing-lang", "zh-CN"),
            ("user-agent", "x"),
            ("date", "Wed, 01 Jan 2025 00:00:00 GMT"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let authorization = format!("authing key-1:{tag}");
        headers.insert("authorization", authorization.parse().unwrap());
        headers
    }

    const HEAD: &str = "date:Wed, 01 Jan 2025 00:00:00 GMT\nx-authing-lang:zh-CN\n\
        x-authing-signature-method:HMAC-SHA1\nx-authing-signature-nonce:0123456789abcdef\n\
        x-authing-signature-version:1.0\n";

    fn verifies(resource: &str, parameters: Value) -> bool {
        let headers = headers(&format!("POST\n{HEAD}{resource}"));
        let Value::Object(parameters) = parameters else {
            panic!("parameters are an object")
        };
        let signature = Signature::of(&headers, NOW).unwrap();
        assert_eq!(signature.key_id, "key-1");
        signature.is_of(SECRET, &Method::POST, "/api/v3/x", &headers, &parameters)
    }

    #[rstest]
    #[case::nothing("/api/v3/x", json!({}))]
    #[case::all_undefined("/api/v3/x?", json!({}))]
    #[case::sorted("/api/v3/x?a=1&b=true&c=null", json!({ "c": null, "b": true, "a": 1 }))]
    #[case::not_encoded("/api/v3/x?name=张 伟&b", json!({ "name": "张 伟&b" }))]
    #[case::members_in_their_order(r#"/api/v3/x?o={"b":1,"a":[1.5,"x"]}"#, json!({ "o": { "b": 1, "a": [1.5, "x"] } }))]
    fn knows_what_the_sdk_signs(#[case] resource: &str, #[case] parameters: Value) {
        assert!(verifies(resource, parameters));
    }

    #[rstest]
    #[case::other_value("/api/v3/x?a=1", json!({ "a": 2 }))]
    #[case::one_more("/api/v3/x?a=1", json!({ "a": 1, "b": 2 }))]
    #[case::other_path("/api/v3/y", json!({}))]
    #[case::question_mark_with_parameters("/api/v3/x?", json!({ "a": 1 }))]
    fn refuses_what_was_not_signed(#[case] resource: &str, #[case] parameters: Value) {
        assert!(!verifies(resource, parameters));
    }

    #[rstest]
    #[case::late("date", "Wed, 01 Jan 2025 00:11:00 GMT")]
    #[case::early("date", "Tue, 31 Dec 2024 23:49:00 GMT")]
    #[case::no_date("date", "yesterday")]
    #[case::method("x-authing-signature-method", "HMAC-MD5")]
    #[case::no_nonce("x-authing-signature-nonce", "")]
    #[case::scheme("authorization", "Bearer key-1:AAAA")]
    #[case::tag("authorization", "authing key-1:!")]
    #[case::no_tag("authorization", "authing key-1")]
    fn refuses_signatures_that_are_none(#[case] name: &'static str, #[case] value: &str) {
        let mut headers = headers("");
        headers.insert(name, value.parse().unwrap());
        assert_eq!(Signature::of(&headers, NOW).unwrap_err().code, 401);
    }

    proptest! {
        #[test]
        fn never_panics(authorization in "[ -~]{0,60}", date in "[ -~]{0,40}") {
            let mut headers = headers("");
            headers.insert("authorization", authorization.parse().unwrap());
            headers.insert("date", date.parse().unwrap());
            let _ = Signature::of(&headers, NOW);
        }
    }
}
