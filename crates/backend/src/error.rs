//! Everything that can go wrong, and how it is told to a caller.

use crate::{
    account::Refused,
    store::{StoreError, Unique},
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{io, net::SocketAddr, path::PathBuf};
use yaopai_domain::{Code, FieldError, Problem, ResetReason, Rule};

/// What can go wrong in the backend, at its start and with a request. No secret is ever in it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A file or folder of the data directory cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    DataDir {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key that seals secrets is not one.
    #[error("the secret key ({0}) must be 64 hexadecimal digits")]
    SecretKey(String),
    /// A sealed secret cannot be opened.
    #[error(
        "a stored secret was sealed with another key (key id {key_id}): put that secret.key back, or enter the secret \
         again"
    )]
    OtherSecretKey {
        /// Id of the key that is needed.
        key_id: String,
    },
    /// The bootstrap file is refused; nothing of it was applied.
    #[error("{}:{line}:{column}: {message}; nothing was applied", file.display())]
    Bootstrap {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong, without values.
        message: String,
    },
    /// The HTTP client cannot be made.
    #[error("cannot make the HTTP client: {0}")]
    HttpClient(#[source] reqwest::Error),
    /// The store failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),

    /// The request is not what the endpoint takes.
    #[error("{0}")]
    Malformed(String),
    /// Values broke rules.
    #[error("values were refused")]
    InvalidFields(Vec<FieldError>),
    /// No valid access key.
    #[error("an access key is needed (Authorization: Bearer …)")]
    Unauthenticated,
    /// A token of a person is refused.
    #[error("the token is refused: {0}")]
    TokenRefused(TokenRefusal),
    /// The role may not do this.
    #[error("your role may not do this")]
    Forbidden,
    /// A web page asks for what only consoles and programs may.
    #[error("this address takes no requests from web pages (Origin header)")]
    FromWebPage,
    /// The host name is not one of this backend.
    #[error(
        "this backend is not known by that host name; use an address, its public URL, or name it with --allowed-host"
    )]
    UnknownHost,
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The method does not exist at this address.
    #[error("this address does not take that method")]
    MethodNotAllowed,
    /// A WeChat identifier belongs to another user.
    #[error("this WeChat person is bound to another user; merge the two, or unbind them there first")]
    BoundElsewhere,
    /// The last way in would go.
    #[error("without this binding the user could not log in any more; an admin may force it")]
    LastWayIn,
    /// A merge cannot be undone.
    #[error("this merge was undone before, or one of its users has moved on")]
    MergeStands,
    /// The connection is disabled.
    #[error("the connection is disabled")]
    ConnectionDisabled,
    /// The code or callback was used before, and its first outcome is forgotten.
    #[error("this code was used before")]
    Replayed,
    /// WeChat's answer came with another browser than the one that was sent to WeChat.
    #[error("this browser did not begin the login; begin it again here")]
    OtherBrowser,
    /// Encrypted data does not open, or is of somebody else.
    #[error("the encrypted data does not fit")]
    TamperedData,
    /// WeChat refused, did not answer, or answered nonsense.
    #[error(transparent)]
    WeChat(#[from] yaopai_wechat::Error),
    /// The console has to load everything again.
    #[error("load everything again: {}", reset_word(*.0))]
    SyncReset(ResetReason),
    /// The console skipped a sequence number.
    #[error("a sequence number was skipped; the last one decided is {last_seq}")]
    SyncGap {
        /// The last one decided.
        last_seq: u64,
    },
    /// Another console pushed under the same client id.
    #[error("another console has pushed sequence number {seq} under this client id")]
    SyncFork {
        /// Where the histories part.
        seq: u64,
    },
    /// The body is too large.
    #[error("the body is too large")]
    TooLarge,
    /// A rate limit was reached.
    #[error("too many requests; try again in {retry_after} s")]
    TooOften {
        /// Whole seconds to wait.
        retry_after: u64,
    },
    /// There is no way to send a code.
    #[error("no {0} delivery is configured")]
    NotConfigured(&'static str),
    /// A code could not be sent.
    #[error("the {0} delivery failed; try again")]
    NotDelivered(&'static str),
    /// An account does not do what a person asks.
    #[error(transparent)]
    Account(#[from] Refused),
    /// It took too long.
    #[error("the backend is too busy; try again")]
    Busy,
    /// A defect.
    #[error("{0}")]
    Internal(&'static str),
}

/// Why a token of a person is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// There is none.
    #[error("there is none")]
    Missing,
    /// It is not one of ours.
    #[error("it was not issued here")]
    Forged,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its session was ended.
    #[error("its session was ended")]
    Ended,
    /// It may be used once only, and was; its session was ended.
    #[error("it was used before")]
    Reused,
    /// The user is blocked or gone.
    #[error("the account is not active")]
    UserInactive,
}

/// The reason as the console reads it from the problem's detail.
const fn reset_word(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::Malformed => "malformed",
        ResetReason::OtherFeed => "other_feed",
        ResetReason::LostTail => "lost_tail",
        ResetReason::HorizonPassed => "horizon_passed",
        ResetReason::RightsChanged => "rights_changed",
    }
}

impl Error {
    /// The error as callers see it.
    pub(crate) fn problem(&self) -> Problem {
        let said = || self.to_string();
        match self {
            Self::Malformed(_) | Self::Replayed | Self::TamperedData => {
                Problem::new(Code::MalformedRequest, said())
            }
            Self::InvalidFields(fields) => Problem::fields(fields.clone()),
            Self::Unauthenticated | Self::TokenRefused(_) => Problem::new(Code::Unauthenticated, said()),
            Self::Forbidden | Self::FromWebPage | Self::OtherBrowser | Self::UnknownHost => {
                Problem::new(Code::Forbidden, said())
            }
            Self::NotFound(_) | Self::Store(StoreError::NotFound(_)) => Problem::new(Code::NotFound, said()),
            Self::MethodNotAllowed => Problem {
                status: StatusCode::METHOD_NOT_ALLOWED.as_u16(),
                ..Problem::new(Code::MalformedRequest, said())
            },
            Self::BoundElsewhere => Problem::new(Code::BoundElsewhere, said()),
            Self::LastWayIn => Problem::new(Code::LastWayIn, said()),
            Self::MergeStands => Problem::new(Code::MergeStands, said()),
            Self::ConnectionDisabled => Problem::new(Code::ConnectionDisabled, said()),
            Self::Store(StoreError::Outdated(_)) => Problem::new(Code::Outdated, said()),
            Self::WeChat(error) => wechat_problem(error),
            Self::SyncReset(reason) => Problem::new(Code::SyncReset, reset_word(*reason)),
            Self::SyncGap { .. } => Problem::new(Code::SyncGap, said()),
            Self::SyncFork { .. } => Problem::new(Code::SyncFork, said()),
            Self::TooLarge => Problem::new(Code::TooLarge, said()),
            Self::TooOften { .. } => Problem::new(Code::TooOften, said()),
            Self::Account(refused) => Problem::new(account_code(refused), said()),
            Self::Busy | Self::NotConfigured(_) | Self::NotDelivered(_) | Self::Store(StoreError::Closed) => {
                Problem::new(Code::Busy, said())
            }
            Self::Store(StoreError::Unreachable { .. }) => {
                Problem::new(Code::Busy, "the database cannot be reached")
            }
            Self::Store(StoreError::Taken(unique)) => match taken(*unique) {
                Some(field) => Problem::fields(vec![field]),
                None => Problem::new(Code::Internal, "a value is taken"),
            },
            Self::Store(StoreError::LastAdminKey) => Problem::new(Code::LastAdminKey, said()),
            Self::Store(StoreError::Unknown("platform account")) => {
                unknown("platform_account", Rule::PlatformAccountUnknown)
            }
            Self::Store(StoreError::Unknown("operator")) => unknown("operator", Rule::OperatorUnknown),
            Self::Store(StoreError::Unknown("connection")) => unknown("connections", Rule::ConnectionUnknown),
            // An operator can mend this one, and its words hold nothing secret.
            Self::OtherSecretKey { .. } => Problem::new(Code::Internal, said()),
            Self::Listen { .. }
            | Self::DataDir { .. }
            | Self::SecretKey(_)
            | Self::Bootstrap { .. }
            | Self::HttpClient(_)
            | Self::Store(_)
            | Self::Internal(_) => Problem::new(
                Code::Internal,
                "something went wrong; the backend's log says more",
            ),
        }
    }
}

const fn account_code(refused: &Refused) -> Code {
    match refused {
        Refused::WrongCode { .. } | Refused::CodeSpent | Refused::WrongPassword => Code::Unauthenticated,
        Refused::Blocked => Code::Forbidden,
        Refused::Taken(_)
        | Refused::WeakPassword(_)
        | Refused::Value(_)
        | Refused::TooManyKeys
        | Refused::NothingToLogInBy => Code::MalformedRequest,
    }
}

const fn taken_rule(unique: Unique) -> Option<(&'static str, Rule)> {
    match unique {
        Unique::ConnectionIdentifier => Some(("identifier", Rule::IdentifierTaken)),
        Unique::VerificationFile => Some(("verification_file.name", Rule::VerificationFileTaken)),
        Unique::Name => Some(("name", Rule::NameTaken)),
        Unique::Email => Some(("email", Rule::EmailTaken)),
        Unique::ApplicationId => Some(("id", Rule::ApplicationIdTaken)),
        Unique::LoginName => Some(("profile", Rule::LoginNameTaken)),
        Unique::Identity => None,
    }
}

fn unknown(field: &str, rule: Rule) -> Problem {
    Problem::fields(vec![FieldError::new(field, rule)])
}

fn taken(unique: Unique) -> Option<FieldError> {
    taken_rule(unique).map(|(field, rule)| FieldError::new(field, rule))
}

fn wechat_problem(error: &yaopai_wechat::Error) -> Problem {
    use yaopai_wechat::Error as WeChat;
    let said = error.to_string();
    match error {
        WeChat::WeChat(answer) => Problem {
            wechat: Some(answer.clone()),
            ..Problem::new(Code::WechatRefused, said)
        },
        WeChat::PageRefused { message } => Problem::new(Code::WechatPageRefused, message.clone()),
        WeChat::Unreachable { host } => Problem {
            host: Some(host.clone()),
            ..Problem::new(Code::WechatUnreachable, said)
        },
        WeChat::Unexpected { host, .. } => Problem {
            host: Some(host.clone()),
            ..Problem::new(Code::WechatUnexpected, said)
        },
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problem = self.problem();
        if problem.code == Code::Internal {
            tracing::error!(error = %self, "a request failed");
        }
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&problem)).into_response();
        // The request's id comes into it where that is known.
        response.extensions_mut().insert(problem);
        if let Self::TooOften { retry_after } = self {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        }
        response.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(Problem::MEDIA_TYPE),
        );
        response
    }
}
