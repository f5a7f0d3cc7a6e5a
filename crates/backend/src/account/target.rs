//! Where a code goes, and the proof that it was read there.

use yaopai_domain::{Email, LoginName, LoginNameKind, Phone};

/// Where a one-time code goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// A phone.
    Phone(Phone),
    /// A mailbox.
    Email(Email),
}

impl Target {
    /// Which kind of login name it is.
    pub(crate) const fn kind(&self) -> LoginNameKind {
        match self {
            Self::Phone(_) => LoginNameKind::Phone,
            Self::Email(_) => LoginNameKind::Email,
        }
    }

    /// The number or address.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.as_str(),
            Self::Email(email) => email.as_str(),
        }
    }
}

impl From<Phone> for Target {
    fn from(phone: Phone) -> Self {
        Self::Phone(phone)
    }
}

impl From<Email> for Target {
    fn from(email: Email) -> Self {
        Self::Email(email)
    }
}

impl From<Target> for LoginName {
    fn from(target: Target) -> Self {
        match target {
            Target::Phone(phone) => Self::Phone(phone),
            Target::Email(email) => Self::Email(email),
        }
    }
}

/// A phone or address that the person at the door has proven to have. What a client sends proves nothing (design rule 7),
/// so there are two ways to one: a code that was sent there ([`super::redeem`], [`super::prove`]), and WeChat's own word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proven(Target);

impl Proven {
    /// The person has read a code there.
    pub(super) const fn by_code(target: Target) -> Self {
        Self(target)
    }

    /// WeChat's server named this number for the WeChat identity that is logged in: `getuserphonenumber`, or
    /// `encryptedData` opened with that identity's session key.
    pub(crate) const fn by_wechat(phone: Phone) -> Self {
        Self(Target::Phone(phone))
    }

    /// The phone or address.
    pub(crate) const fn target(&self) -> &Target {
        &self.0
    }

    /// As a name to log in by.
    pub(crate) fn login_name(&self) -> LoginName {
        self.0.clone().into()
    }
}
