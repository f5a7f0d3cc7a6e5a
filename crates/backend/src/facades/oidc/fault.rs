//! Refusals as RFC 6749 (5.2), RFC 6750 (3) and RFC 7662 tell them: JSON with `error` and `error_description`.

use crate::Error;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// What is wrong with a request, by the name that the standards have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnsupportedGrantType,
    UnsupportedResponseType,
    InvalidScope,
    AccessDenied,
    LoginRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    TemporarilyUnavailable,
    ServerError,
    InvalidToken,
    InsufficientScope,
}

impl Kind {
    /// The standards' name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::ServerError => "server_error",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// A refusal. Its words are ASCII without quotes, as the standards want them, and hold nothing of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong.
    pub(super) kind: Kind,
    /// For developers.
    pub(super) description: String,
    status: Option<StatusCode>,
}

impl Fault {
    /// A refusal.
    pub(super) fn new(kind: Kind, description: impl Into<String>) -> Self {
        Self {
            kind,
            description: description.into(),
            status: None,
        }
    }

    /// A request that breaks the protocol.
    pub(super) fn request(description: impl Into<String>) -> Self {
        Self::new(Kind::InvalidRequest, description)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let status = |status, kind, description: String| Self {
            status: Some(status),
            ..Self::new(kind, description)
        };
        match error {
            Error::Malformed(what) => Self::request(what.replace(['"', '\\'], "'")),
            Error::NotFound(what) => status(
                StatusCode::NOT_FOUND,
                Kind::InvalidRequest,
                format!("there is no such {what}"),
            ),
            Error::TooLarge => status(
                StatusCode::PAYLOAD_TOO_LARGE,
                Kind::InvalidRequest,
                error.to_string(),
            ),
            Error::MethodNotAllowed => status(
                StatusCode::METHOD_NOT_ALLOWED,
                Kind::InvalidRequest,
                error.to_string(),
            ),
            Error::TokenRefused(refusal) => Self::new(Kind::InvalidToken, refusal.to_string()),
            Error::ConnectionDisabled | Error::OtherBrowser => {
                Self::new(Kind::AccessDenied, error.to_string())
            }
            Error::Busy => Self::new(Kind::TemporarilyUnavailable, error.to_string()),
            Error::WeChat(error) => {
                tracing::warn!(%error, "WeChat refused a login");
                Self::new(
                    Kind::TemporarilyUnavailable,
                    "WeChat refused or did not answer; an operator finds why in the attempts",
                )
            }
            Error::TooOften { .. } => status(
                StatusCode::TOO_MANY_REQUESTS,
                Kind::TemporarilyUnavailable,
                error.to_string(),
            ),
            error => {
                tracing::error!(%error, "a request failed");
                Self::new(Kind::ServerError, "something went wrong on our side")
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let status = self.status.unwrap_or(self.kind.status());
        let name = self.kind.as_str();
        let body = json!({"error": name, "error_description": self.description});
        let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
        let challenge = match self.kind {
            Kind::InvalidClient => Some("Basic realm=\"token\"".to_owned()),
            Kind::InvalidToken | Kind::InsufficientScope => Some(format!(
                "Bearer error=\"{name}\", error_description=\"{}\"",
                self.description
            )),
            _ => None,
        };
        if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}

/// A failure that came before the handler.
pub(super) fn early(error: Error) -> Response {
    let wait = match error {
        Error::TooOften { retry_after } => Some(HeaderValue::from(retry_after)),
        _ => None,
    };
    let mut response = Fault::from(error).into_response();
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}
