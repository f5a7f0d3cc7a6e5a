//! What WeChat pushes to an official account's server: who followed, scanned or wrote ("接收事件推送", "被动回复用户消息").

use crate::{PushToken, crypto};
use roxmltree::{Document, ParsingOptions};
use yaopai_domain::Timestamp;

/// The most nodes a push may have; real ones have about forty.
const MOST_NODES: u32 = 1000;

/// Why a push cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The signature is not WeChat's.
    #[error("the signature does not fit")]
    Signature,
    /// The EncodingAESKey is not 43 letters and digits.
    #[error("the EncodingAESKey is not 43 letters and digits")]
    Key,
    /// The encrypted message is damaged, or was not made with this key.
    #[error("the message was not encrypted with this key")]
    Encryption,
    /// The message was made for another app.
    #[error("the message is another app's")]
    OtherApp,
    /// The body is not XML, declares entities, or lacks what every push has.
    #[error("the message is not a push")]
    Content,
}

impl PushToken {
    /// The signature of a push, or of the check of the server's address: SHA-1 over token, timestamp and nonce, sorted.
    pub fn sign(&self, timestamp: &str, nonce: &str) -> String {
        crypto::sorted_sha1_hex([self.expose(), timestamp, nonce])
    }

    /// Whether the parameter `signature` of a push, or of the check of the server's address, is WeChat's.
    pub fn verify(&self, timestamp: &str, nonce: &str, signature: &str) -> Result<(), PushError> {
        if crypto::same(&self.sign(timestamp, nonce), signature) {
            Ok(())
        } else {
            Err(PushError::Signature)
        }
    }
}

/// One push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The original id (`gh_…`) of the account; not an AppID.
    pub account: String,
    /// The OpenID of the person; never a UnionID.
    pub open_id: String,
    /// When it happened, in seconds since the epoch. The same whenever WeChat sends the push again.
    pub created: i64,
    /// What happened.
    pub event: PushEvent,
    /// What WeChat calls it: `Event` of an event, `MsgType` of a message.
    pub name: String,
    /// The number of a message; events have none.
    pub message_id: Option<String>,
}

/// What happened.
#[derive(Clone, PartialEq, Eq)]
pub enum PushEvent {
    /// The person follows now.
    Subscribe {
        /// The scene of the code that was scanned; `None` if the person came another way.
        scene: Option<String>,
    },
    /// A person who follows already scanned a code.
    Scan {
        /// The scene of the code.
        scene: String,
    },
    /// The person follows no more.
    Unsubscribe,
    /// Anything else: a message, a menu, a place.
    Other,
}

// A scene is a secret until it is used.
impl std::fmt::Debug for PushEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Subscribe { scene: Some(_) } => "Subscribe(scene ••••)",
            Self::Subscribe { scene: None } => "Subscribe",
            Self::Scan { .. } => "Scan(scene ••••)",
            Self::Unsubscribe => "Unsubscribe",
            Self::Other => "Other",
        })
    }
}

impl Push {
    /// Reads the XML of a push, after its signature was checked. Entities and DTDs are refused.
    pub fn read(xml: &str) -> Result<Self, PushError> {
        let members = Members::read(xml)?;
        let kind = members.text("MsgType").ok_or(PushError::Content)?;
        let name = match kind.as_str() {
            "event" => members.text("Event").ok_or(PushError::Content)?,
            _ => kind.clone(),
        };
        let key = members.text("EventKey");
        let event = match (kind.as_str(), name.as_str()) {
            ("event", "subscribe") => PushEvent::Subscribe {
                scene: key.and_then(|key| {
                    let scene = key.strip_prefix("qrscene_")?;
                    (!scene.is_empty()).then(|| scene.to_owned())
                }),
            },
            ("event", "SCAN") => PushEvent::Scan {
                scene: key.ok_or(PushError::Content)?,
            },
            ("event", "unsubscribe") => PushEvent::Unsubscribe,
            _ => PushEvent::Other,
        };
        Ok(Self {
            account: members.text("ToUserName").ok_or(PushError::Content)?,
            open_id: members.text("FromUserName").ok_or(PushError::Content)?,
            created: members
                .text("CreateTime")
                .and_then(|text| text.parse().ok())
                .ok_or(PushError::Content)?,
            event,
            name,
            message_id: members.text("MsgId"),
        })
    }

    /// The scene that was scanned, if one was.
    pub fn scene(&self) -> Option<&str> {
        match &self.event {
            PushEvent::Subscribe { scene } => scene.as_deref(),
            PushEvent::Scan { scene } => Some(scene),
            PushEvent::Unsubscribe | PushEvent::Other => None,
        }
    }

    /// The same for every delivery of one push: WeChat sends it again if it has no answer within 5 seconds.
    pub fn delivery_key(&self) -> String {
        match &self.message_id {
            Some(id) => format!("{}:{id}", self.account),
            None => format!("{}:{}:{}:{}", self.account, self.open_id, self.created, self.name),
        }
    }

    /// The answer that shows `text` to the person. Without something to say the answer is `success`.
    pub fn text_reply(&self, text: &str, now: Timestamp) -> String {
        format!(
            "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{}</CreateTime>\
             <MsgType><![CDATA[text]]></MsgType><Content>{}</Content></xml>",
            cdata(&self.open_id),
            cdata(&self.account),
            now.0 / 1000,
            cdata(text)
        )
    }
}

/// The members of a push's XML.
pub(crate) struct Members<'a>(Document<'a>);

impl<'a> Members<'a> {
    pub(crate) fn read(xml: &'a str) -> Result<Self, PushError> {
        let options = ParsingOptions {
            nodes_limit: MOST_NODES,
            ..ParsingOptions::default()
        };
        let document = Document::parse_with_options(xml, options).map_err(|_| PushError::Content)?;
        Ok(Self(document))
    }

    /// The text of a member; absent and empty are the same, and so is one that is there twice.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let mut members = self
            .0
            .root_element()
            .children()
            .filter(|node| node.has_tag_name(name));
        let member = members.next()?;
        if members.next().is_some() {
            return None;
        }
        let text: String = member.children().filter_map(|node| node.text()).collect();
        (!text.is_empty()).then_some(text)
    }
}

/// A text as a CDATA section, or as several if it holds the end of one.
pub(crate) fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::Value;

    const OPEN_ID: &str = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0";

    fn vectors(name: &str, length: usize) -> Vec<Value> {
        let vectors: Value = serde_json::from_str(include_str!("../tests/vectors.json")).unwrap();
        let vectors = vectors[name].as_array().unwrap().clone();
        assert_eq!(vectors.len(), length);
        vectors
    }

    #[test]
    fn checks_the_signature_of_a_push() {
        for vector in vectors("pushes", 3) {
            let text = |name: &str| vector[name].as_str().unwrap();
            let token = PushToken::new(text("token"));
            let verify = |signature: &str| token.verify(text("timestamp"), text("nonce"), signature);
            assert_eq!(verify(text("signature")), Ok(()), "{vector}");
            for wrong in ["", &text("signature")[1..], &"0".repeat(40)] {
                assert_eq!(verify(wrong), Err(PushError::Signature), "{vector}");
            }
            let other = PushToken::new("other");
            let forged = other.verify(text("timestamp"), text("nonce"), text("signature"));
            assert_eq!(forged, Err(PushError::Signature));
        }
    }

    #[test]
    fn reads_every_event_of_the_vectors() {
        let scene = || "login_7f3a".to_owned();
        let expected = [
            PushEvent::Subscribe { scene: Some(scene()) },
            PushEvent::Subscribe { scene: None },
            PushEvent::Scan { scene: scene() },
            PushEvent::Unsubscribe,
        ];
        let mut keys = Vec::new();
        for (vector, expected) in vectors("events", 4).iter().zip(expected) {
            let push = Push::read(vector["xml"].as_str().unwrap()).unwrap();
            assert!(push.event == expected, "{vector}");
            assert_eq!(push.open_id, OPEN_ID);
            assert_eq!(push.account, "gh_0123456789ab");
            assert!(!format!("{push:?}").contains("login_7f3a"), "a scene is a secret");
            keys.push(push.delivery_key());
        }
        assert_eq!(keys[0], keys[1], "the same person, moment and event");
        assert_ne!(keys[0], keys[2]);
        assert_ne!(keys[1], keys[3]);
    }

    fn xml(inside: &str) -> String {
        format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName>\
             <CreateTime>1735689600</CreateTime>{inside}</xml>"
        )
    }

    #[test]
    fn a_message_is_no_event_and_known_by_its_number() {
        let text = xml("<MsgType>text</MsgType><Content>hi</Content><MsgId>4363689963896700987</MsgId>");
        let push = Push::read(&text).unwrap();
        assert!(push.event == PushEvent::Other);
        assert_eq!(push.delivery_key(), "gh_1:4363689963896700987");
    }

    #[rstest]
    #[case::nothing("")]
    #[case::json("{}")]
    #[case::not_closed("<xml><ToUserName>")]
    #[case::entity(
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><xml><ToUserName>&e;</ToUserName></xml>"
    )]
    #[case::no_type(&xml(""))]
    #[case::no_event(&xml("<MsgType>event</MsgType>"))]
    #[case::scan_of_nothing(&xml("<MsgType>event</MsgType><Event>SCAN</Event><EventKey></EventKey>"))]
    #[case::twice(&xml("<MsgType>event</MsgType><Event>unsubscribe</Event><FromUserName>o2</FromUserName>"))]
    fn refuses_what_is_no_push(#[case] xml: &str) {
        assert_eq!(Push::read(xml), Err(PushError::Content));
    }

    #[test]
    fn refuses_more_nodes_than_a_push_has() {
        let flood = xml(&format!("<MsgType>text</MsgType>{}", "<a/>".repeat(2000)));
        assert_eq!(Push::read(&flood), Err(PushError::Content));
    }

    proptest! {
        #[test]
        fn a_reply_goes_back_to_the_sender_whatever_it_says(text in "([a-z<>&码]|\\]\\]>){1,40}") {
            let push = Push::read(&xml("<MsgType>event</MsgType><Event>unsubscribe</Event>")).unwrap();
            let reply = push.text_reply(&text, Timestamp(1_735_689_601_000));
            let members = Members::read(&reply).unwrap();
            let read = |name: &str| members.text(name).unwrap();
            prop_assert_eq!(read("ToUserName"), "o1");
            prop_assert_eq!(read("FromUserName"), "gh_1");
            prop_assert_eq!(read("CreateTime"), "1735689601");
            prop_assert_eq!(read("Content"), text);
        }

        #[test]
        fn reads_anything_without_panic(text in "(<xml>|</xml>|<MsgType>|event|<!\\[CDATA\\[|\\]\\]>|[&;a-z<>]){0,30}") {
            let _ = Push::read(&text);
        }
    }
}
