//! The long poll of the QR page (`/connect/l/qrconnect`): where a QR code stands (script of the qrconnect page).

use crate::{
    Call, Error, LoginCode, QrUuid, WeChat,
    call::{Outgoing, Read, Repeat, Reply, dotted},
};
use std::time::Duration;
use yaopai_domain::Timestamp;

/// WeChat holds the poll about 25 s; its own page waits this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a QR code stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QrState {
    /// 408: nothing new.
    Waiting,
    /// 404: scanned, not decided.
    Scanned,
    /// 403: refused on the phone. The person may still scan again.
    Refused,
    /// 402: too old.
    Expired,
    /// 405: agreed; here is the code.
    Confirmed(LoginCode),
    /// 500: WeChat lost it.
    Broken,
}

impl QrState {
    /// The number that tells WeChat this state is known, so that it answers only the next one.
    const fn last(&self) -> Option<&'static str> {
        match self {
            Self::Scanned => Some("404"),
            Self::Refused => Some("403"),
            Self::Waiting | Self::Expired | Self::Confirmed(_) | Self::Broken => None,
        }
    }
}

impl WeChat {
    /// Asks where the QR code stands, and waits until it is no longer `known` or WeChat lets go (408).
    pub async fn poll_qr(&self, uuid: &QrUuid, known: &QrState, now: Timestamp) -> Call<QrState> {
        let mut outgoing =
            Outgoing::get(&self.hosts.poll, "connect/l/qrconnect").secret("uuid", uuid.as_str());
        if let Some(last) = known.last() {
            outgoing = outgoing.plain("last", last);
        }
        let outgoing = outgoing.plain("_", &now.0.to_string());
        self.ask_reply(outgoing.patient(PATIENCE), Repeat::Never, read_state)
            .await
    }

    /// As [`WeChat::poll_qr`], for the QR code of a mobile app ([`crate::SdkQr`]), whose long poll speaks JSON.
    pub async fn poll_sdk_qr(&self, uuid: &QrUuid, known: &QrState) -> Call<QrState> {
        let mut outgoing = Outgoing::get(&self.hosts.poll, "connect/l/qrconnect")
            .plain("f", "json")
            .secret("uuid", uuid.as_str());
        if let Some(last) = known.last() {
            outgoing = outgoing.plain("last", last);
        }
        self.ask_reply(outgoing.patient(PATIENCE), Repeat::Never, read_state)
            .await
    }
}

fn read_state(reply: &Reply) -> Read<QrState> {
    let body = String::from_utf8_lossy(&reply.body);
    let (number, state) = read(&body).ok_or_else(|| Error::Unexpected {
        host: reply.host.clone(),
        what: format!("no state of the QR code (HTTP {})", reply.status),
    })?;
    let code = matches!(state, QrState::Confirmed(_)).then(|| dotted("wx_code"));
    let lines = [Some(format!("wx_errcode: {number}")), code];
    Ok((state, lines.into_iter().flatten().collect()))
}

/// Reads `window.wx_errcode=408;window.wx_code='';` as well as `{"wx_errcode":408,"wx_code":""}`.
fn read(body: &str) -> Option<(u16, QrState)> {
    let number: u16 = after(body, "wx_errcode", |character| character.is_ascii_digit())?
        .parse()
        .ok()?;
    let state = match number {
        408 => QrState::Waiting,
        404 => QrState::Scanned,
        403 => QrState::Refused,
        402 => QrState::Expired,
        500 => QrState::Broken,
        405 => {
            let code = after(body, "wx_code", |character| {
                character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
            })?;
            QrState::Confirmed(LoginCode::new(code))
        }
        _ => return None,
    };
    Some((number, state))
}

/// The characters of a kind that follow a name, its quotes and its `=` or `:`; `None` if there are none.
fn after<'a>(body: &'a str, name: &str, kind: impl Fn(char) -> bool) -> Option<&'a str> {
    let (_, rest) = body.split_once(name)?;
    let rest = rest.trim_start_matches(['"', '\'', ' ', '=', ':']);
    let end = rest.find(|character| !kind(character)).unwrap_or(rest.len());
    (end > 0).then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[test]
    fn reads_every_state_of_the_vectors() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors.json")).unwrap();
        let states = vectors["long_poll"].as_array().unwrap();
        assert_eq!(states.len(), 6);
        for state in states {
            let expected = match state["number"].as_u64().unwrap() {
                408 => QrState::Waiting,
                404 => QrState::Scanned,
                403 => QrState::Refused,
                402 => QrState::Expired,
                405 => agreed(),
                _ => QrState::Broken,
            };
            for form in ["script", "json"] {
                let (_, state) = read(state[form].as_str().unwrap()).unwrap();
                assert_eq!(state, expected);
            }
        }
    }

    fn agreed() -> QrState {
        QrState::Confirmed(LoginCode::new("0813NDFa1etq0M0SGBGa1X6UNk33NDFz"))
    }

    #[rstest]
    #[case(408, "", Some(QrState::Waiting))]
    #[case(404, "", Some(QrState::Scanned))]
    #[case(403, "", Some(QrState::Refused))]
    #[case(402, "", Some(QrState::Expired))]
    #[case(500, "", Some(QrState::Broken))]
    #[case(405, "0813NDFa1etq0M0SGBGa1X6UNk33NDFz", Some(agreed()))]
    #[case::confirmed_without_code(405, "", None)]
    #[case::unknown(999, "", None)]
    fn reads_both_forms_of_the_long_poll(
        #[case] number: u16,
        #[case] code: &str,
        #[case] expected: Option<QrState>,
    ) {
        let script = format!("window.wx_errcode={number};window.wx_code='{code}';");
        let json = format!(r#"{{"wx_errcode":{number},"wx_code":"{code}"}}"#);
        let expected = expected.map(|state| (number, state));
        assert_eq!(read(&script), expected);
        assert_eq!(read(&json), expected);
    }

    proptest! {
        #[test]
        fn reads_any_body_without_panic(body in "(wx_errcode|wx_code|[=:;'0-9码]){0,20}") {
            let _ = read(&body);
        }
    }
}
