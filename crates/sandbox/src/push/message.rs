//! The XML of pushed events and of the replies to them.

use super::Event;
use crate::ciphers;
use crate::world::apps::{AppSheet, MessageMode, MessageSettings};

/// Why a reply is not understood. The person then sees 该公众号提供的服务出现故障.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReplyFault {
    #[error("the reply is neither empty, nor success, nor XML")]
    NoXml,
    #[error("the reply is not encrypted")]
    NotEncrypted,
    #[error("the reply's signature is wrong")]
    Signature,
    #[error("the reply cannot be decrypted for this account")]
    Damaged,
    #[error("the reply does not go from the account to the person")]
    Names,
}

/// An event as WeChat writes it. Without a scene code, `EventKey` is empty and `Ticket` is absent.
pub(super) fn event(account: &str, openid: &str, create_time: u64, event: &Event) -> String {
    let ticket = event
        .ticket
        .as_deref()
        .map_or_else(String::new, |ticket| element("Ticket", ticket));
    format!(
        "<xml>{}{}<CreateTime>{create_time}</CreateTime>{}{}{}{ticket}</xml>",
        element("ToUserName", account),
        element("FromUserName", openid),
        element("MsgType", "event"),
        element("Event", event.name),
        element("EventKey", &event.key),
    )
}

/// The envelope of an encrypted event.
pub(super) fn encrypted(account: &str, encrypted: &str) -> String {
    format!(
        "<xml>{}{}</xml>",
        element("ToUserName", account),
        element("Encrypt", encrypted)
    )
}

/// An event in the compatible mode: readable, with the encrypted form beside.
pub(super) fn both(plain: &str, encrypted: &str) -> String {
    plain.replace("</xml>", &(element("Encrypt", encrypted) + "</xml>"))
}

fn element(name: &str, value: &str) -> String {
    // The one thing that a CDATA section cannot hold.
    let value = value.replace("]]>", "]]]]><![CDATA[>");
    format!("<{name}><![CDATA[{value}]]></{name}>")
}

/// The text of an element, with or without CDATA. Enough for what replies look like.
fn field<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let inside = xml
        .split_once(&format!("<{name}>"))?
        .1
        .split_once(&format!("</{name}>"))?
        .0
        .trim();
    Some(
        inside
            .strip_prefix("<![CDATA[")
            .and_then(|inside| inside.strip_suffix("]]>"))
            .unwrap_or(inside),
    )
}

/// What the person reads: nothing for silence, the text of a text message, the type of another one.
pub(super) fn reply(
    app: &AppSheet,
    settings: &MessageSettings,
    openid: &str,
    answer: &str,
) -> Result<String, ReplyFault> {
    let answer = answer.trim();
    if answer.is_empty() || answer == "success" {
        return Ok(String::new());
    }
    if !answer.starts_with('<') {
        return Err(ReplyFault::NoXml);
    }
    let opened;
    let xml = match (field(answer, "Encrypt"), settings.mode) {
        (Some(encrypted), MessageMode::Aes | MessageMode::Compatible) => {
            opened = open(app, settings, answer, encrypted)?;
            &opened
        }
        (None, MessageMode::Aes) => return Err(ReplyFault::NotEncrypted),
        _ => answer,
    };
    if field(xml, "ToUserName") != Some(openid) || field(xml, "FromUserName") != Some(&app.original_id) {
        return Err(ReplyFault::Names);
    }
    match field(xml, "MsgType") {
        Some("text") => Ok(field(xml, "Content").unwrap_or_default().to_owned()),
        Some(other) => Ok(format!("[{other}]")),
        None => Err(ReplyFault::NoXml),
    }
}

fn open(
    app: &AppSheet,
    settings: &MessageSettings,
    envelope: &str,
    encrypted: &str,
) -> Result<String, ReplyFault> {
    let part = |name| field(envelope, name).unwrap_or_default();
    let expected = ciphers::sorted_sha1(&[&settings.token, part("TimeStamp"), part("Nonce"), encrypted]);
    if part("MsgSignature") != expected {
        return Err(ReplyFault::Signature);
    }
    ciphers::message_key(&settings.encoding_aes_key)
        .and_then(|key| ciphers::decrypt_message(&key, encrypted, &app.app_id))
        .ok_or(ReplyFault::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_an_event_as_wechat_does() {
        let scanned = Event {
            name: "subscribe",
            key: "qrscene_login_7f3a".to_owned(),
            ticket: Some("gQH47joAAAAAAAAAASim0001".to_owned()),
        };
        assert_eq!(
            event(
                "gh_0123456789ab",
                "oABCDEFGHIJKLMNOPQRSTUVWXYZ0",
                1_735_689_600,
                &scanned
            ),
            "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[oABCDEFGHIJKLMNOPQRSTUVWXYZ0]]></FromUserName><CreateTime>1735689600</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_login_7f3a]]></EventKey><Ticket><![CDATA[gQH47joAAAAAAAAAASim0001]]></Ticket></xml>"
        );
    }

    #[test]
    fn reads_a_field_with_and_without_cdata() {
        let xml = "<xml><A><![CDATA[1 < 2]]></A><B> 3 </B></xml>";
        assert_eq!(
            (field(xml, "A"), field(xml, "B"), field(xml, "C")),
            (Some("1 < 2"), Some("3"), None)
        );
    }
}
