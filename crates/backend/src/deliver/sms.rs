//! Messages to phones, handed to an HTTP gateway: a small program that speaks to whoever sends your messages.
//!
//! `POST {url}` with `Authorization: Bearer {secret}` and `{"target", "code", "purpose", "locale", "request_id"}`. Any 2xx
//! takes the message. A gateway that does not answer, or answers 5xx, is asked up to twice more with the same
//! `request_id`, by which it knows a message that it has taken already.

use super::Message;
use crate::{Error, serve::gateway_client};
use reqwest::StatusCode;
use serde::Serialize;
use std::{fmt, time::Duration};
use url::Url;
use yaopai_domain::Phone;
use zeroize::Zeroizing;

/// Before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(500)];

/// Where messages to phones are handed over.
#[derive(Clone)]
pub struct SmsGateway {
    /// The gateway's address.
    pub url: Url,
    /// What it knows us by; absent for one that asks for nothing.
    pub secret: Option<Zeroizing<String>>,
}

impl fmt::Debug for SmsGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A gateway's address may itself hold a key.
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "SmsGateway({host}, ••••)")
    }
}

/// What a gateway is sent.
#[derive(Serialize)]
struct Body<'a> {
    target: &'a str,
    code: &'a str,
    purpose: &'a str,
    locale: &'a str,
    request_id: &'a str,
}

/// Hands messages to a gateway.
pub(super) struct Sms {
    gateway: SmsGateway,
    http: reqwest::Client,
}

impl Sms {
    pub(super) fn new(gateway: SmsGateway) -> Result<Self, Error> {
        let http = gateway_client(&gateway.url)?;
        Ok(Self { gateway, http })
    }

    pub(super) async fn send(&self, phone: &Phone, message: &Message) -> Result<(), Error> {
        let body = Body {
            target: phone.as_str(),
            code: &message.code,
            purpose: message.purpose.told(),
            locale: message.locale.as_str(),
            request_id: &message.id,
        };
        for pause in PAUSES {
            match self.once(&body).await {
                Taken::Yes => return Ok(()),
                Taken::Never => return Err(Error::NotDelivered("sms")),
                Taken::NotNow => tokio::time::sleep(pause).await,
            }
        }
        match self.once(&body).await {
            Taken::Yes => Ok(()),
            Taken::Never | Taken::NotNow => Err(Error::NotDelivered("sms")),
        }
    }

    async fn once(&self, body: &Body<'_>) -> Taken {
        let mut request = self.http.post(self.gateway.url.clone()).json(body);
        if let Some(secret) = &self.gateway.secret {
            request = request.bearer_auth(secret.as_str());
        }
        match request.send().await.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Taken::Yes,
            Ok(status) => {
                tracing::warn!(%status, "the SMS gateway refused a message");
                let again = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                if again { Taken::NotNow } else { Taken::Never }
            }
            Err(error) => {
                let error = error.without_url();
                tracing::warn!(%error, "the SMS gateway did not answer");
                Taken::NotNow
            }
        }
    }
}

/// Whether a gateway took a message.
enum Taken {
    Yes,
    NotNow,
    Never,
}
