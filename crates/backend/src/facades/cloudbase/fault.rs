//! Errors as CloudBase's SDKs read them: `{error, error_code, error_description}`.
//!
//! The words are `ErrorType` of @cloudbase/oauth 2.28.8 (`src/auth/consts.ts`). The numbers are those of gRPC, whose words
//! most of them are; `invalid_grant` is 4001 in the vendor's HTTP documentation.

use crate::{Error, account::Refused, login::Rejected, store::StoreError};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use yaopai_domain::Refusal;

/// What SDKs and pages branch on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    InvalidArgument,
    InvalidGrant,
    InvalidPassword,
    InvalidVerificationCode,
    Unauthenticated,
    PermissionDenied,
    UserBlocked,
    NotFound,
    AlreadyExists,
    FailedPrecondition,
    ProviderNotEnabled,
    ResourceExhausted,
    Unimplemented,
    Unavailable,
    Internal,
}

impl Word {
    /// The word, its number and the HTTP status that goes with it.
    const fn told(self) -> (&'static str, u16, StatusCode) {
        match self {
            Self::InvalidArgument => ("invalid_argument", 3, StatusCode::BAD_REQUEST),
            Self::InvalidGrant => ("invalid_grant", 4001, StatusCode::BAD_REQUEST),
            Self::InvalidPassword => ("invalid_password", 3, StatusCode::BAD_REQUEST),
            Self::InvalidVerificationCode => ("invalid_verification_code", 3, StatusCode::BAD_REQUEST),
            Self::Unauthenticated => ("unauthenticated", 16, StatusCode::UNAUTHORIZED),
            Self::PermissionDenied => ("permission_denied", 7, StatusCode::FORBIDDEN),
            Self::UserBlocked => ("user_blocked", 7, StatusCode::FORBIDDEN),
            Self::NotFound => ("not_found", 5, StatusCode::NOT_FOUND),
            Self::AlreadyExists => ("already_exists", 6, StatusCode::CONFLICT),
            Self::FailedPrecondition => ("failed_precondition", 9, StatusCode::BAD_REQUEST),
            Self::ProviderNotEnabled => ("provider_not_enabled", 9, StatusCode::BAD_REQUEST),
            Self::ResourceExhausted => ("resource_exhausted", 8, StatusCode::TOO_MANY_REQUESTS),
            Self::Unimplemented => ("unimplemented", 12, StatusCode::NOT_FOUND),
            Self::Unavailable => ("unavailable", 14, StatusCode::SERVICE_UNAVAILABLE),
            Self::Internal => ("internal", 13, StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// An error on its way to an SDK. Its description holds no secret.
#[derive(Debug)]
pub(super) struct Fault {
    /// What SDKs and pages branch on.
    pub(super) word: Word,
    /// One English sentence for developers.
    pub(super) description: String,
    /// What an operator reads about it, unless the login has an attempt of its own.
    pub(super) rejected: Option<Rejected>,
    retry_after: Option<u64>,
}

impl Fault {
    /// An error that operators need not read.
    pub(super) fn new(word: Word, description: impl Into<String>) -> Self {
        Self {
            word,
            description: description.into(),
            rejected: None,
            retry_after: None,
        }
    }

    /// The same, kept where operators read it.
    pub(super) fn rejected(self, what: Rejected) -> Self {
        Self {
            rejected: Some(what),
            ..self
        }
    }

    /// The body is not what the call takes.
    pub(super) fn argument(description: impl Into<String>) -> Self {
        Self::new(Word::InvalidArgument, description).rejected(Rejected::BadRequest)
    }

    /// A token that was refused.
    pub(super) fn grant(description: impl Into<String>) -> Self {
        Self::new(Word::InvalidGrant, description).rejected(Rejected::TokenRefused)
    }

    /// Nobody is signed in.
    pub(super) fn unauthenticated() -> Self {
        let description = "sign in first (Authorization: Bearer …)";
        Self::new(Word::Unauthenticated, description).rejected(Rejected::TokenRefused)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::LoginOnly => Self::new(Word::NotFound, "nobody is bound to this WeChat identity"),
            Refusal::SnapshotUser => Self::new(
                Word::PermissionDenied,
                "this is a virtual visitor of a WeChat snapshot page; open the whole page",
            ),
            Refusal::UserBlocked => Self::new(Word::UserBlocked, "the user is blocked"),
            Refusal::TwoUsers => Self::new(
                Word::FailedPrecondition,
                "this WeChat identity belongs to two users, who must be merged first",
            ),
        }
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        let word = match refused {
            Refused::WrongCode { .. } | Refused::CodeSpent => Word::InvalidVerificationCode,
            Refused::WrongPassword => Word::InvalidPassword,
            Refused::Blocked => Word::UserBlocked,
            Refused::Taken(_) => Word::AlreadyExists,
            Refused::TooManyKeys => Word::ResourceExhausted,
            Refused::WeakPassword(_) | Refused::Value(_) | Refused::NothingToLogInBy => Word::InvalidArgument,
        };
        let fault = Self::new(word, refused.to_string());
        match refused {
            Refused::WrongCode { .. } | Refused::CodeSpent | Refused::WrongPassword => {
                fault.rejected(Rejected::TokenRefused)
            }
            _ => fault,
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        use yaopai_wechat::Error as WeChat;
        let said = error.to_string();
        match error {
            Error::Malformed(_) | Error::TooLarge => Self::argument(said),
            Error::InvalidFields(fields) => {
                let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
                Self::argument(format!("not acceptable: {}", names.join(", ")))
            }
            // `not_found` would tell a page to bind somebody.
            Error::NotFound(what @ ("pool" | "application")) => Self::new(
                Word::InvalidArgument,
                format!("client_id: there is no such {what}"),
            )
            .rejected(Rejected::UnknownConnection),
            // The login itself has told operators of these.
            Error::NotFound("connection") => Self::new(Word::ProviderNotEnabled, "there is no such provider"),
            Error::ConnectionDisabled => Self::new(Word::ProviderNotEnabled, "the provider is disabled"),
            Error::TamperedData => Self::new(Word::InvalidArgument, said),
            Error::NotFound(_) => Self::new(Word::NotFound, said),
            Error::Unauthenticated => Self::unauthenticated(),
            // The SDK forgets its credentials at this word.
            Error::TokenRefused(_) => Self::new(Word::Unauthenticated, said).rejected(Rejected::TokenRefused),
            Error::Forbidden => Self::new(Word::PermissionDenied, said),
            Error::WeChat(WeChat::WeChat(answer)) => Self::new(
                Word::InvalidGrant,
                format!("WeChat refused: {} {}", answer.errcode, answer.errmsg),
            ),
            Error::Account(refused) => refused.into(),
            Error::NotConfigured(_) => Self::new(Word::FailedPrecondition, said),
            Error::TooOften { retry_after } => Self {
                retry_after: Some(retry_after),
                ..Self::new(Word::ResourceExhausted, said)
            },
            Error::WeChat(_) | Error::NotDelivered(_) | Error::Busy | Error::Store(StoreError::Closed) => {
                Self::new(Word::Unavailable, said)
            }
            error => {
                tracing::error!(%error, "a request failed");
                Self::new(
                    Word::Internal,
                    "something went wrong; the backend's log says more",
                )
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let (error, error_code, status) = self.word.told();
        let body = json!({
            "error": error,
            "error_code": error_code,
            "error_description": self.description,
        });
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
