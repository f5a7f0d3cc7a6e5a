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

    /// As a name to log in by.
    pub(crate) fn login_name(&self) -> LoginName {
        self.0.clone().into()
    }
}

/// What proves a phone or address to whoever makes an account or sets a password by it. A code is used up with what it is
/// shown for: somebody whose new password is too weak tries again with the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    target: Target,
    code: Option<String>,
}

impl Proof {
    /// The person has shown the right code, known by this id; it is not used up yet.
    pub(super) const fn by_code(target: Target, id: String) -> Self {
        Self {
            target,
            code: Some(id),
        }
    }

    /// The phone or address.
    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }

    /// The id of the code that is used up with what it is shown for.
    pub(super) fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// As a name to log in by.
    pub(crate) fn login_name(&self) -> LoginName {
        self.target.clone().into()
    }
}

impl From<Proven> for Proof {
    fn from(proven: Proven) -> Self {
        Self {
            target: proven.0,
            code: None,
        }
    }
}
