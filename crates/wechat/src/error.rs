//! What can go wrong with a call.

use crate::{Class, Errcode};
use yaopai_domain::{Failure, WeChatError};

/// Why a call brought nothing. Never holds a secret, a URL with parameters, or a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// WeChat answered with an error.
    #[error("WeChat answered {}: {}", .0.errcode, .0.errmsg)]
    WeChat(WeChatError),
    /// A host did not answer in time, or not at all.
    #[error("no answer from {host}")]
    Unreachable {
        /// Host and port that was called.
        host: String,
    },
    /// A host answered something that is not WeChat's protocol.
    #[error("unexpected answer from {host}: {what}")]
    Unexpected {
        /// Host and port that was called.
        host: String,
        /// What was missing or wrong.
        what: String,
    },
    /// WeChat's page refused the request.
    #[error("WeChat's page says: {message}")]
    PageRefused {
        /// WeChat's own words.
        message: String,
    },
}

impl Error {
    /// The meaning of WeChat's own errors; `None` for errors of other kinds and numbers nobody documented.
    pub fn errcode(&self) -> Option<Errcode> {
        match self {
            Self::WeChat(error) => Errcode::from_number(error.errcode),
            Self::Unreachable { .. } | Self::Unexpected { .. } | Self::PageRefused { .. } => None,
        }
    }

    /// What to do about WeChat's own errors; `None` as with [`Error::errcode`].
    pub fn class(&self) -> Option<Class> {
        self.errcode().map(Errcode::class)
    }

    /// The error as the short lines a login attempt shows.
    pub(crate) fn lines(&self) -> Vec<String> {
        match self {
            Self::WeChat(error) => {
                let rid = error.rid.iter().map(|rid| format!("rid: {rid}"));
                [
                    format!("errcode: {}", error.errcode),
                    format!("errmsg: {}", error.errmsg),
                ]
                .into_iter()
                .chain(rid)
                .collect()
            }
            Self::PageRefused { message } => vec![format!("page: {message}")],
            Self::Unreachable { .. } | Self::Unexpected { .. } => Vec::new(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::WeChat(error) => Self::WeChat(error),
            Error::Unreachable { host } => Self::Unreachable { host },
            Error::Unexpected { host, what } => Self::UnexpectedAnswer { host, what },
            Error::PageRefused { message } => Self::PageRefused { message },
        }
    }
}
