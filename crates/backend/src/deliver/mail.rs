//! Messages to mailboxes, by SMTP.

use super::Message;
use crate::{
    Error,
    account::{Locale, Purpose},
};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::AsyncSmtpTransportBuilder,
};
use std::{fmt, time::Duration};
use yaopai_domain::Email;

/// Of one command of the protocol.
const PATIENCE: Duration = Duration::from_secs(10);

/// A mail server and in whose name it is asked.
#[derive(Clone)]
pub struct MailServer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    host: String,
}

impl fmt::Debug for MailServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailServer({}, from {})", self.host, self.from)
    }
}

/// A mail server that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMailServer {
    /// Its URL.
    #[error(
        "a mail URL is smtps://USER:PASSWORD@HOST:PORT, smtp://USER:PASSWORD@HOST:PORT?tls=required (STARTTLS), or \
         smtp://HOST:PORT for a server that takes mail without either"
    )]
    Url,
    /// Its sender.
    #[error("the sender of mails is an address: codes@example.com, or Example <codes@example.com>")]
    From,
}

impl MailServer {
    /// Reads the server's URL and the sender.
    pub fn new(url: &str, from: &str) -> Result<Self, InvalidMailServer> {
        let builder: AsyncSmtpTransportBuilder =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| InvalidMailServer::Url)?;
        let parsed = url::Url::parse(url).map_err(|_| InvalidMailServer::Url)?;
        Ok(Self {
            transport: builder.timeout(Some(PATIENCE)).build(),
            from: from.parse().map_err(|_| InvalidMailServer::From)?,
            host: parsed.host_str().unwrap_or_default().to_owned(),
        })
    }
}

/// Hands messages to a mail server.
pub(super) struct Mail {
    server: MailServer,
}

impl Mail {
    pub(super) const fn new(server: MailServer) -> Self {
        Self { server }
    }

    pub(super) async fn send(&self, email: &Email, message: &Message) -> Result<(), Error> {
        let refused = |_| Error::NotDelivered("mail");
        let to: Address = email.as_str().parse().map_err(refused)?;
        let (subject, text) = words(message);
        let letter = Letter::builder()
            .from(self.server.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|_| Error::NotDelivered("mail"))?;
        match self.server.transport.send(letter).await {
            Ok(_) => Ok(()),
            Err(error) => {
                // The error's text may repeat what the server said, and a server may repeat the letter.
                tracing::warn!(status = ?error.status(), "the mail server did not take a message");
                Err(Error::NotDelivered("mail"))
            }
        }
    }
}

/// Subject and text.
fn words(message: &Message) -> (&'static str, String) {
    let code = message.code.as_str();
    match message.locale {
        Locale::Chinese => {
            let what = match message.purpose {
                // It may be for anything, so nothing less is said.
                Purpose::Unsaid => "验证身份",
                Purpose::Enter | Purpose::User | Purpose::SignIn => "登录",
                Purpose::Register => "注册",
                Purpose::Bind => "绑定邮箱",
                Purpose::ResetPassword => "重设密码",
            };
            let text = format!(
                "您正在{what}，验证码是 {code}，5 分钟内有效。请勿告诉他人；如非本人操作，请忽略。\r\n"
            );
            ("验证码", text)
        }
        Locale::English => {
            let what = match message.purpose {
                Purpose::Unsaid => "prove that it is you",
                Purpose::Enter | Purpose::User | Purpose::SignIn => "log in",
                Purpose::Register => "register",
                Purpose::Bind => "bind this address",
                Purpose::ResetPassword => "set a new password",
            };
            let text = format!(
                "Your code to {what} is {code}. It is good for 5 minutes. Tell it to nobody; if you did not ask for it, \
                 ignore this message.\r\n"
            );
            ("Your code", text)
        }
    }
}
