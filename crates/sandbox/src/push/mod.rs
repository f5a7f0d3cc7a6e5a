//! Pushing events to the server of an official account, as WeChat does: signed, plain or encrypted, with a deadline,
//! again if nobody answers, and with what the account says in return.

mod message;

use axum::http::header::CONTENT_TYPE;
use url::Url;

use crate::ciphers;
use crate::platform::Platform;
use crate::shapes;
use crate::world::apps::{AppSheet, MessageMode, MessageSettings};
use crate::world::pushes::Push;

/// What happened between a person and an account.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// `subscribe`, `SCAN` or `unsubscribe`.
    pub(crate) name: &'static str,
    /// The scene; with the prefix `qrscene_` when it made somebody follow.
    pub(crate) key: String,
    /// The ticket of the scene code, if one was scanned.
    pub(crate) ticket: Option<String>,
}

/// Why an account's server does not pass the check that turns message pushing on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ServerFault {
    #[error("the server does not answer")]
    Silent,
    #[error("the server answered {0}")]
    Status(u16),
    #[error("the server answered something else than echostr")]
    OtherText,
}

/// Tells an account's server of an event, and answers what became of it. `None` if message pushing is off.
pub(crate) async fn push(platform: &Platform, app: &AppSheet, openid: &str, event: Event) -> Option<Push> {
    let settings = app.messages.as_ref()?;
    let create_time = platform.now();
    let plain = message::event(&app.original_id, openid, create_time, &event);
    let mut push = Push {
        app_id: app.app_id.clone(),
        openid: openid.to_owned(),
        event: event.name,
        event_key: event.key,
        create_time,
        tries: Vec::new(),
        reply: None,
    };
    let tries = 1 + platform.world().pushes.retries;
    for _ in 0..tries {
        match post(platform, app, settings, openid, &plain).await {
            Ok(answer) => {
                match message::reply(app, settings, openid, &answer) {
                    Ok(reply) => {
                        push.tries.push("answered".to_owned());
                        push.reply = Some(reply);
                    }
                    Err(fault) => push.tries.push(fault.to_string()),
                }
                break;
            }
            Err(fault) => push.tries.push(fault.to_string()),
        }
    }
    platform.world().pushes.keep(push.clone());
    Some(push)
}

/// One try: the body of the answer, if there is one in time.
async fn post(
    platform: &Platform,
    app: &AppSheet,
    settings: &MessageSettings,
    openid: &str,
    plain: &str,
) -> Result<String, ServerFault> {
    let (mut url, timestamp, nonce) = signed(platform, settings);
    url.query_pairs_mut().append_pair("openid", openid);
    let body = match ciphers::message_key(&settings.encoding_aes_key) {
        Some(key) if settings.mode != MessageMode::Plain => {
            let random = shapes::block(&platform.entropy);
            let encrypted = ciphers::encrypt_message(&key, random, plain, &app.app_id);
            let signature = ciphers::sorted_sha1(&[&settings.token, &timestamp, &nonce, &encrypted]);
            url.query_pairs_mut()
                .append_pair("encrypt_type", "aes")
                .append_pair("msg_signature", &signature);
            if settings.mode == MessageMode::Aes {
                message::encrypted(&app.original_id, &encrypted)
            } else {
                message::both(plain, &encrypted)
            }
        }
        _ => plain.to_owned(),
    };
    let request = platform
        .http
        .post(url)
        .timeout(platform.push_deadline)
        .header(CONTENT_TYPE, "text/xml")
        .body(body);
    answer_of(request).await
}

/// What WeChat does when message pushing is turned on: asks the server to repeat a text.
pub(crate) async fn check_server(platform: &Platform, settings: &MessageSettings) -> Result<(), ServerFault> {
    let (mut url, ..) = signed(platform, settings);
    let echo = shapes::nonce(&platform.entropy);
    url.query_pairs_mut().append_pair("echostr", &echo);
    let request = platform.http.get(url).timeout(platform.push_deadline);
    if answer_of(request).await? == echo {
        Ok(())
    } else {
        Err(ServerFault::OtherText)
    }
}

/// The server's URL with signature, timestamp and nonce, and the latter two.
fn signed(platform: &Platform, settings: &MessageSettings) -> (Url, String, String) {
    let timestamp = platform.now().to_string();
    let nonce = shapes::nonce(&platform.entropy);
    let signature = ciphers::sorted_sha1(&[&settings.token, &timestamp, &nonce]);
    let mut url = settings.server_url.clone();
    url.query_pairs_mut()
        .append_pair("signature", &signature)
        .append_pair("timestamp", &timestamp)
        .append_pair("nonce", &nonce);
    (url, timestamp, nonce)
}

async fn answer_of(request: reqwest::RequestBuilder) -> Result<String, ServerFault> {
    let answer = request.send().await.map_err(|_| ServerFault::Silent)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(ServerFault::Status(status.as_u16()));
    }
    answer.text().await.map_err(|_| ServerFault::Silent)
}
