//! One-time codes on their way to people: by an HTTP gateway to phones, by SMTP to mailboxes.

mod mail;
mod sms;

pub use mail::{InvalidMailServer, MailServer};
pub use sms::SmsGateway;

use crate::{
    Error,
    account::{Locale, Purpose, Target},
};
use zeroize::Zeroizing;

/// The ways to reach people. A way that is absent is not there: whoever asks for a code that way is told so.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// To phones.
    pub sms: Option<SmsGateway>,
    /// To mailboxes.
    pub mail: Option<MailServer>,
}

/// A code and where it goes.
pub(crate) struct Message {
    /// Where to.
    pub(crate) target: Target,
    /// The code.
    pub(crate) code: Zeroizing<String>,
    /// What for.
    pub(crate) purpose: Purpose,
    /// In which language.
    pub(crate) locale: Locale,
    /// The message's id: the same when it is sent once more.
    pub(crate) id: String,
}

/// Delivers codes.
pub(crate) struct Courier {
    sms: Option<sms::Sms>,
    mail: Option<mail::Mail>,
}

impl Courier {
    /// A courier who goes these ways.
    pub(crate) fn new(delivery: Delivery) -> Result<Self, Error> {
        Ok(Self {
            sms: delivery.sms.map(sms::Sms::new).transpose()?,
            mail: delivery.mail.map(mail::Mail::new),
        })
    }

    /// Whether there is a way to this target.
    pub(crate) fn reaches(&self, target: &Target) -> Result<(), Error> {
        match target {
            Target::Phone(_) => self.sms.as_ref().map(drop).ok_or(Error::NotConfigured("sms")),
            Target::Email(_) => self.mail.as_ref().map(drop).ok_or(Error::NotConfigured("mail")),
        }
    }

    /// Delivers a message: it is done when the gateway has taken it.
    pub(crate) async fn deliver(&self, message: &Message) -> Result<(), Error> {
        match &message.target {
            Target::Phone(phone) => {
                let sms = self.sms.as_ref().ok_or(Error::NotConfigured("sms"))?;
                sms.send(phone, message).await
            }
            Target::Email(email) => {
                let mail = self.mail.as_ref().ok_or(Error::NotConfigured("mail"))?;
                mail.send(email, message).await
            }
        }
    }
}
