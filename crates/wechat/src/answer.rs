//! Reading WeChat's JSON: by content and not by header, and tolerant of what WeChat really sends.

use crate::Error;
use serde_json::{Map, Value};
use yaopai_domain::WeChatError;

/// A JSON object from WeChat that is not an error.
#[derive(Debug)]
pub(crate) struct Answer {
    host: String,
    members: Map<String, Value>,
}

impl Answer {
    /// Reads a body. `errcode` other than 0 becomes [`Error::WeChat`]; `status` only tells how to name what is no JSON.
    pub(crate) fn read(host: &str, status: u16, body: &[u8]) -> Result<Self, Error> {
        let unexpected = || Error::Unexpected {
            host: host.to_owned(),
            what: format!("not JSON (HTTP {status})"),
        };
        let members: Map<String, Value> = serde_json::from_str(&clean(body)).map_err(|_| unexpected())?;
        let answer = Self {
            host: host.to_owned(),
            members,
        };
        match answer.number("errcode") {
            None | Some(0) if (200..300).contains(&status) => Ok(answer),
            None | Some(0) => Err(Error::Unexpected {
                host: host.to_owned(),
                what: format!("HTTP {status}"),
            }),
            Some(number) => {
                let errmsg = answer.text("errmsg").unwrap_or_default();
                Err(Error::WeChat(WeChatError {
                    errcode: i32::try_from(number).unwrap_or(i32::MIN),
                    rid: rid(&errmsg),
                    errmsg,
                }))
            }
        }
    }

    /// An object inside that has to be there.
    pub(crate) fn inside(&self, name: &str) -> Result<Self, Error> {
        match self.members.get(name) {
            Some(Value::Object(members)) => Ok(Self {
                host: self.host.clone(),
                members: members.clone(),
            }),
            _ => Err(self.unexpected(format!("no {name}"))),
        }
    }

    /// The members as they are.
    pub(crate) const fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// An error about this answer. `what` holds nothing of its content.
    pub(crate) fn unexpected(&self, what: impl Into<String>) -> Error {
        Error::Unexpected {
            host: self.host.clone(),
            what: what.into(),
        }
    }

    /// A text that has to be there.
    pub(crate) fn required(&self, name: &str) -> Result<String, Error> {
        self.text(name)
            .ok_or_else(|| self.unexpected(format!("no {name}")))
    }

    /// A text; absent, null and empty are the same. Control characters are left out.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let text: String = self
            .members
            .get(name)?
            .as_str()?
            .chars()
            .filter(|character| !character.is_control())
            .collect();
        (!text.is_empty()).then_some(text)
    }

    /// A number, also one that was sent as a text.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match self.members.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// `name: value`, or nothing if it is absent.
    pub(crate) fn line(&self, name: &str) -> Option<String> {
        let shown = self
            .text(name)
            .or_else(|| self.number(name).map(|number| number.to_string()))?;
        Some(format!("{name}: {shown}"))
    }
}

/// UTF-8 without a byte order mark and without raw control characters, which WeChat lets through in nicknames.
fn clean(body: &[u8]) -> String {
    String::from_utf8_lossy(body)
        .trim_start_matches('\u{feff}')
        .replace(|character: char| character.is_ascii_control(), " ")
}

/// WeChat's request id at the end of an `errmsg`: `, rid: X` on `sns/*`, ` rid: X` elsewhere ("获取rid请求信息").
fn rid(errmsg: &str) -> Option<String> {
    let (_, tail) = errmsg.rsplit_once("rid: ")?;
    let rid = tail.split([' ', ',', ']']).next()?;
    let groups: Vec<&str> = rid.split('-').collect();
    let shaped = groups.len() == 3
        && groups
            .iter()
            .all(|group| group.len() == 8 && group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    shaped.then(|| rid.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Errcode;
    use proptest::prelude::*;
    use rstest::rstest;

    fn read(body: &str) -> Result<Answer, Error> {
        Answer::read("api.weixin.qq.com:443", 200, body.as_bytes())
    }

    #[rstest]
    #[case::sns(
        "invalid code, rid: 67748580-1c2d3e4f-0a1b2c3d",
        Some("67748580-1c2d3e4f-0a1b2c3d")
    )]
    #[case::cgi_bin(
        "invalid appsecret rid: 67748580-1c2d3e4f-0a1b2c3d",
        Some("67748580-1c2d3e4f-0a1b2c3d")
    )]
    #[case::hint(
        "invalid code hint: [mGhb] rid: 67748580-1c2d3e4f-0a1b2c3d",
        Some("67748580-1c2d3e4f-0a1b2c3d")
    )]
    #[case::old("invalid code, hints: [ req_id: Xxxx ]", None)]
    #[case::short("rid: 67748580", None)]
    #[case::none("ok", None)]
    fn finds_the_request_id(#[case] errmsg: &str, #[case] expected: Option<&str>) {
        assert_eq!(rid(errmsg).as_deref(), expected);
    }

    #[rstest]
    #[case::no_errcode(r#"{"openid":"o1"}"#)]
    #[case::zero(r#"{"errcode":0,"errmsg":"ok","openid":"o1"}"#)]
    #[case::zero_as_text(r#"{"errcode":"0","openid":"o1"}"#)]
    #[case::byte_order_mark("\u{feff}{\"openid\":\"o1\"}")]
    #[case::raw_control_character("{\"openid\":\"o1\",\"nickname\":\"a\u{8}b\"}")]
    fn a_success_is_a_success(#[case] body: &str) {
        assert_eq!(read(body).unwrap().text("openid").as_deref(), Some("o1"));
    }

    #[test]
    fn reads_every_response_of_the_vectors() {
        let vectors: Value = serde_json::from_str(include_str!("../tests/vectors.json")).unwrap();
        let responses = vectors["responses"].as_array().unwrap();
        assert_eq!(responses.len(), 74);
        for response in responses {
            let id = response["id"].as_str().unwrap();
            let body = response["body"].as_str().unwrap();
            let Ok(sent) = serde_json::from_str::<Value>(body) else {
                assert!(read(body).is_err(), "{id} is a picture");
                continue;
            };
            match (read(body), sent["errcode"].as_i64().unwrap_or_default()) {
                (Ok(_), 0) => {}
                (Err(Error::WeChat(error)), errcode) => {
                    assert_eq!(i64::from(error.errcode), errcode, "{id}");
                    assert_eq!(error.rid.is_some(), body.contains("rid: "), "{id}");
                    assert!(Errcode::from_number(error.errcode).is_some(), "{id}");
                }
                (answer, _) => panic!("{id}: {answer:?}"),
            }
        }
    }

    #[test]
    fn numbers_may_be_texts_and_empty_texts_are_absent() {
        let answer = read(r#"{"expires_in":"7200","unionid":"","nickname":"a\u0007b"}"#).unwrap();
        assert_eq!(answer.number("expires_in"), Some(7200));
        assert_eq!(answer.text("unionid"), None);
        assert_eq!(answer.text("nickname").as_deref(), Some("ab"));
    }

    proptest! {
        #[test]
        fn reads_anything_without_panic(body in proptest::collection::vec(any::<u8>(), 0..200), status in 100_u16..600) {
            let _ = Answer::read("h", status, &body);
        }
    }
}
