//! What a person does that is not WeChat: registration, one-time codes, passwords, their own profile and metadata.
//!
//! Facades parse their own wire, call these functions and write their own wire. Nothing here knows an SDK.

mod codes;
mod encrypted;
mod own_metadata;
mod pace;
mod password;
mod purpose;
mod register;
mod self_service;
mod sign_in;
mod target;
#[cfg(test)]
mod tests;

pub(crate) use codes::{Asker, Locale, check_code, prove, redeem, send_code, show_code, show_token};
pub(crate) use encrypted::decrypt;
pub(crate) use own_metadata::{OwnEntry, change_metadata};
pub(crate) use pace::{CODES_FROM_ONE, CODES_TO_ONE, Limit, Pace, one_more_wrong_password};
pub(crate) use password::{
    Passwords, change_password, confirm_password, new_hash, reset_password, set_password,
};
pub(crate) use purpose::{Purpose, Use};
pub(crate) use register::{NewAccount, Registration, register, register_bound};
pub(crate) use self_service::{
    Field, Person, ProfilePatch, bind, person, recently_shown, rename, unbind, update_profile,
};
pub(crate) use sign_in::{Account, sign_in_with_code, sign_in_with_password};
pub(crate) use target::{Proof, Proven, Target};

use yaopai_domain::{InvalidUsername, LoginNameKind};

/// Why an account does not do what a person asks. Each facade has words of its own for these; none holds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The code is wrong.
    #[error("the code is wrong")]
    WrongCode {
        /// How often it may still be tried.
        left: u32,
    },
    /// The code, or the token it was exchanged for, has run out, was used, was tried too often or never was.
    #[error("the code is no longer good; ask for a new one")]
    CodeSpent,
    /// The password is wrong, or there is no such account: nobody learns which.
    #[error("the account or the password is wrong")]
    WrongPassword,
    /// The user is blocked.
    #[error("the user is blocked")]
    Blocked,
    /// Somebody else has that phone, address or name.
    #[error("the {0} is taken")]
    Taken(LoginNameKind),
    /// The password breaks a rule.
    #[error("{0}")]
    WeakPassword(WeakPassword),
    /// A value breaks a rule.
    #[error("the value of {0} is refused")]
    Value(&'static str),
    /// The user has the most metadata keys allowed.
    #[error("too many metadata keys")]
    TooManyKeys,
    /// Whoever registers proves a phone or an address, or gives a user name and a password.
    #[error("a proven phone or address, or a user name and a password are needed")]
    NothingToLogInBy,
}

/// Which rule a new password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// 8 to 128 characters.
    #[error("a password has 8 to 128 characters")]
    Length,
    /// Not what everybody can read.
    #[error("a password is not the name")]
    IsTheName,
}

impl From<InvalidUsername> for Refused {
    fn from(_: InvalidUsername) -> Self {
        Self::Value("username")
    }
}
