//! Scan to log in with a mobile app on a device without WeChat: a television, a tablet, a desktop ("移动应用扫码登录").

use crate::{
    Call, Class, CodeImage, Credentials, Error, QrUuid, SdkTicket, WeChat,
    answer::Answer,
    call::{Outgoing, Read, Repeat, dotted, json},
    crypto::signed_parameters,
    kept::Kept,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use yaopai_domain::{Entropy, Timestamp};

/// What a QR code of a mobile app is asked for with. An app may also hand it to the OpenSDK itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdkSignature {
    /// The AppID of the mobile app.
    pub app_id: String,
    /// A random word.
    pub noncestr: String,
    /// Seconds since the epoch.
    pub timestamp: String,
    /// SHA-1 over the three and the ticket, which stays here.
    pub signature: String,
}

impl SdkSignature {
    /// Signs with a ticket: values as they are, without URL encoding.
    pub fn new(app_id: &str, noncestr: &str, timestamp: &str, ticket: &SdkTicket) -> Self {
        let signature = signed_parameters([
            ("appid", app_id),
            ("noncestr", noncestr),
            ("sdk_ticket", ticket.expose()),
            ("timestamp", timestamp),
        ]);
        Self {
            app_id: app_id.to_owned(),
            noncestr: noncestr.to_owned(),
            timestamp: timestamp.to_owned(),
            signature,
        }
    }
}

/// A QR code that a mobile app shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SdkQr {
    /// For the long poll ([`WeChat::poll_sdk_qr`]) and the text of the code ([`WeChat::confirm_url`]).
    pub uuid: QrUuid,
    /// The name of the app, to show beside it.
    pub app_name: String,
    /// WeChat's own picture of it.
    pub image: CodeImage,
}

impl WeChat {
    /// A signature for the OpenSDK, with a random word of 128 bits. The ticket is kept like a token.
    pub async fn sign_sdk_qr(
        &self,
        app: &Credentials,
        entropy: &dyn Entropy,
        now: Timestamp,
    ) -> Call<SdkSignature> {
        let mut random = [0; 16];
        entropy.fill(&mut random);
        self.sdk_ticket(app, None, now)
            .await
            .map(|ticket| sign(app, &random, &ticket, now))
    }

    /// `GET /connect/sdk/qrconnect`: a QR code for a mobile app, with a signature made for it. If WeChat refuses the
    /// signature (40001), a fresh ticket is fetched and the call made once more.
    pub async fn open_sdk_qr(&self, app: &Credentials, entropy: &dyn Entropy, now: Timestamp) -> Call<SdkQr> {
        let mut random = [0; 16];
        entropy.fill(&mut random);
        let Call {
            request,
            answer,
            result,
        } = self.sdk_ticket(app, None, now).await;
        let ticket = match result {
            Ok(ticket) => ticket,
            Err(error) => {
                return Call {
                    request,
                    answer,
                    result: Err(error),
                };
            }
        };
        let first = self.open_signed(&sign(app, &random, &ticket, now)).await;
        let refused = |error: &Error| error.class() == Some(Class::FreshToken);
        if !first.result.as_ref().is_err_and(refused) {
            return first;
        }
        match self.sdk_ticket(app, Some(&ticket), now).await.result {
            Ok(other) if other != ticket => self.open_signed(&sign(app, &random, &other, now)).await,
            _ => first,
        }
    }

    async fn open_signed(&self, signature: &SdkSignature) -> Call<SdkQr> {
        let outgoing = Outgoing::get(&self.hosts.open, "connect/sdk/qrconnect")
            .plain("appid", &signature.app_id)
            .plain("noncestr", &signature.noncestr)
            .plain("timestamp", &signature.timestamp)
            .plain("scope", "snsapi_userinfo")
            .secret("signature", &signature.signature);
        self.ask(outgoing, Repeat::WhenBusy, read_qr).await
    }

    /// `GET /cgi-bin/ticket/getticket?type=2`, or the kept one unless it is `dead`. Very few calls are allowed.
    async fn sdk_ticket(
        &self,
        app: &Credentials,
        dead: Option<&SdkTicket>,
        now: Timestamp,
    ) -> Call<SdkTicket> {
        let place = self.sdk_tickets.of(&app.app_id);
        let mut place = place.lock().await;
        if let Some(ticket) = place.as_ref().and_then(|kept| kept.usable(app, dead, now)) {
            return Call {
                request: None,
                answer: vec![dotted("ticket")],
                result: Ok(ticket),
            };
        }
        *place = None;
        let outgoing = Outgoing::get(&self.hosts.api, "cgi-bin/ticket/getticket").plain("type", "2");
        let read = json(|answer: &Answer| {
            let ticket = SdkTicket::new(answer.required("ticket")?);
            let seconds = answer.number("expires_in").unwrap_or_default();
            let lines = [Some(dotted("ticket")), answer.line("expires_in")];
            Ok(((ticket, seconds), lines.into_iter().flatten().collect()))
        });
        let call = self
            .with_api_token(app, now, outgoing, Repeat::WhenBusy, read)
            .await;
        call.map(|(ticket, seconds)| {
            *place = (dead != Some(&ticket)).then(|| Kept::new(app, ticket.clone(), seconds, now));
            ticket
        })
    }
}

fn sign(app: &Credentials, random: &[u8; 16], ticket: &SdkTicket, now: Timestamp) -> SdkSignature {
    let seconds = (now.0 / 1000).to_string();
    SdkSignature::new(&app.app_id, &hex::encode(random), &seconds, ticket)
}

fn read_qr(answer: &Answer) -> Read<SdkQr> {
    let uuid = QrUuid::read(&answer.required("uuid")?).ok_or_else(|| answer.unexpected("no uuid"))?;
    let app_name = answer.required("appname")?;
    let picture = answer.inside("qrcode")?.required("qrcodebase64")?;
    let image = STANDARD
        .decode(picture)
        .ok()
        .and_then(CodeImage::of)
        .ok_or_else(|| answer.unexpected("no picture"))?;
    let lines = vec![dotted("uuid"), format!("appname: {app_name}"), image.line()];
    Ok((
        SdkQr {
            uuid,
            app_name,
            image,
        },
        lines,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::official(
        ["appid", "noncestr", "1417508194"],
        "-p3A5zVP95IuafPhzA6lRR95_F9nZEBfJ_n4E9t8ZFWKJTDPOwccVQhHCwDBmvLkayF_jh-m9HOExhumOziDWA",
        "429eaaa13fd71efbc3fd344d0a9a9126835e7303"
    )]
    #[case::seconds(
        ["wx00112233445566aa", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS", "1735689600"],
        "sim-sdk-ticket_0001-AbCdEf",
        "9a4232553b70910229f15e7d1e351a0018e6efcf"
    )]
    #[case::milliseconds_and_reserved_characters(
        ["wx00112233445566aa", "a+b/c=d&e f", "1735689600123"],
        "sim-sdk-ticket_0002-AbCdEf",
        "821566e3ef34df6aa7470b36f075af1caefcd36f"
    )]
    fn signs_as_wechat_expects(#[case] values: [&str; 3], #[case] ticket: &str, #[case] expected: &str) {
        let [app_id, noncestr, timestamp] = values;
        let signed = SdkSignature::new(app_id, noncestr, timestamp, &SdkTicket::new(ticket));
        assert_eq!(signed.signature, expected);
    }
}
