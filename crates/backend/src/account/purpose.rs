//! What a one-time code is asked for, and what it may be used for then.

/// What a code is asked for. The wires of the SDKs differ in how much they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The wire does not say: the SDK asks for a code in one way whatever it needs it for.
    Unsaid,
    /// For somebody who has an account; the wire says no more. Nothing is sent to who has none, and nobody learns that.
    User,
    /// To log in or to register, whichever it turns out to be.
    Enter,
    /// To log in. Nothing is sent to who has no account, and nobody learns that.
    SignIn,
    /// To register.
    Register,
    /// To bind a phone or address to a user who is logged in.
    Bind,
    /// To set a new password. Nothing is sent to who has no account, and nobody learns that.
    ResetPassword,
}

/// What a code is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// The person logs in, or registers if nobody has the phone or address.
    Enter,
    /// The person logs in.
    SignIn,
    /// The person registers.
    Register,
    /// The person is logged in and gets the phone or address.
    Bind,
    /// The person gets a new password.
    ResetPassword,
    /// The person is logged in and shows again who they are, before they change what they log in by.
    Confirm,
}

impl Purpose {
    const ALL: [Self; 7] = [
        Self::Unsaid,
        Self::User,
        Self::Enter,
        Self::SignIn,
        Self::Register,
        Self::Bind,
        Self::ResetPassword,
    ];

    /// The name in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unsaid => "unsaid",
            Self::User => "user",
            Self::Enter => "enter",
            Self::SignIn => "sign_in",
            Self::Register => "register",
            Self::Bind => "bind",
            Self::ResetPassword => "reset_password",
        }
    }

    /// The purpose of this name, if there is one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }

    /// The name towards gateways, which have a text for each: what the person most likely does.
    pub(crate) const fn told(self) -> &'static str {
        match self {
            Self::Unsaid => Self::Enter.as_str(),
            Self::User => Self::SignIn.as_str(),
            said => said.as_str(),
        }
    }

    /// Whether only people with an account get a code.
    pub(super) const fn for_users_only(self) -> bool {
        matches!(self, Self::User | Self::SignIn | Self::ResetPassword)
    }

    /// Whether a code that was asked for this may be used like that. A person who reads what a code is for must not be
    /// talked out of it for something else.
    pub(crate) const fn serves(self, wanted: Use) -> bool {
        match self {
            Self::Unsaid => true,
            Self::User => matches!(wanted, Use::SignIn | Use::ResetPassword | Use::Confirm),
            Self::Enter => matches!(wanted, Use::Enter | Use::SignIn | Use::Register),
            Self::SignIn => matches!(wanted, Use::SignIn | Use::Confirm),
            Self::Register => matches!(wanted, Use::Register),
            Self::Bind => matches!(wanted, Use::Bind | Use::Confirm),
            Self::ResetPassword => matches!(wanted, Use::ResetPassword),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Purpose, Use};
    use rstest::rstest;

    const USES: [Use; 6] = [
        Use::Enter,
        Use::SignIn,
        Use::Register,
        Use::Bind,
        Use::ResetPassword,
        Use::Confirm,
    ];

    #[rstest]
    //                             enter  in     new    bind   reset  confirm
    #[case(Purpose::Unsaid,        [true,  true,  true,  true,  true,  true])]
    #[case(Purpose::User,          [false, true,  false, false, true,  true])]
    #[case(Purpose::Enter,         [true,  true,  true,  false, false, false])]
    #[case(Purpose::SignIn,        [false, true,  false, false, false, true])]
    #[case(Purpose::Register,      [false, false, true,  false, false, false])]
    #[case(Purpose::Bind,          [false, false, false, true,  false, true])]
    #[case(Purpose::ResetPassword, [false, false, false, false, true,  false])]
    fn a_code_serves_what_it_was_asked_for(#[case] purpose: Purpose, #[case] expected: [bool; 6]) {
        assert_eq!(USES.map(|wanted| purpose.serves(wanted)), expected);
        assert_eq!(Purpose::named(purpose.as_str()), Some(purpose));
    }
}
