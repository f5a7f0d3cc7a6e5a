//! Errors of the plain facade: `{"errcode": …, "errmsg": …}`, with the HTTP status that fits.

use crate::{Error, account::Refused, login::Rejected, store::StoreError};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use yaopai_domain::Refusal;

/// An error on its way to a mini program. Our numbers begin at 60000, where WeChat has none for logins; WeChat's own pass
/// through.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    errcode: i32,
    errmsg: String,
    /// What an operator reads about it, unless the login has an attempt of its own.
    pub(super) rejected: Option<Rejected>,
}

impl Fault {
    fn new(status: StatusCode, errcode: i32, errmsg: impl Into<String>) -> Self {
        Self {
            status,
            errcode,
            errmsg: errmsg.into(),
            rejected: None,
        }
    }

    fn rejected(self, what: Rejected) -> Self {
        Self {
            rejected: Some(what),
            ..self
        }
    }

    /// There is no code.
    pub(super) fn code() -> Self {
        Self::new(StatusCode::BAD_REQUEST, 60001, "code is missing").rejected(Rejected::BadRequest)
    }

    /// There is no valid `third_Session`.
    pub(super) fn session() -> Self {
        let said = "third_Session is missing, unknown or expired; log in again";
        Self::new(StatusCode::UNAUTHORIZED, 60002, said).rejected(Rejected::TokenRefused)
    }

    /// A defect.
    pub(super) fn defect() -> Self {
        let said = "something went wrong; the backend's log says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, -1, said)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let (errcode, said) = match refusal {
            Refusal::LoginOnly => (60010, "nobody is bound to this WeChat identity"),
            Refusal::UserBlocked => (60011, "the user is blocked"),
            Refusal::TwoUsers => (
                60012,
                "this WeChat identity belongs to two users, who must be merged first",
            ),
            Refusal::SnapshotUser => (60013, "this is a virtual visitor of a WeChat snapshot page"),
        };
        Self::new(StatusCode::FORBIDDEN, errcode, said)
    }
}

impl From<Refused> for Fault {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Blocked => Refusal::UserBlocked.into(),
            refused => Self::new(StatusCode::BAD_REQUEST, 60001, refused.to_string()),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        use yaopai_wechat::Error as WeChat;
        let said = error.to_string();
        match error {
            Error::TooLarge => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, 60001, said).rejected(Rejected::BadRequest)
            }
            Error::Malformed(_) => {
                Self::new(StatusCode::BAD_REQUEST, 60001, said).rejected(Rejected::BadRequest)
            }
            // The login itself has told operators of these.
            Error::NotFound("connection") => Self::new(StatusCode::NOT_FOUND, 60003, said),
            Error::ConnectionDisabled => Self::new(StatusCode::FORBIDDEN, 60004, said),
            Error::NotFound("pool" | "application") => {
                Self::new(StatusCode::NOT_FOUND, 60003, said).rejected(Rejected::UnknownConnection)
            }
            Error::TokenRefused(_) => Self::session(),
            Error::Account(refused) => refused.into(),
            Error::WeChat(WeChat::WeChat(answer)) => {
                Self::new(StatusCode::BAD_REQUEST, answer.errcode, answer.errmsg)
            }
            Error::WeChat(_) => Self::new(StatusCode::BAD_GATEWAY, 60005, said),
            Error::TooOften { .. } => Self::new(StatusCode::TOO_MANY_REQUESTS, 60006, said),
            Error::Busy | Error::Store(StoreError::Closed) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, -1, said)
            }
            error => {
                tracing::error!(%error, "a request failed");
                Self::defect()
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!({ "errcode": self.errcode, "errmsg": self.errmsg });
        (self.status, Json(body)).into_response()
    }
}
