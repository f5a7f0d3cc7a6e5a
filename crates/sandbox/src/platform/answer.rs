//! What an API answer looks like on the wire: always HTTP 200, with the content type and the errmsg of its family.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Platform;
use super::errcode::Errcode;
use crate::shapes;

/// The two families of WeChat's server API, which differ in content type and in the tail of their errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// `/sns/*`: JSON that calls itself plain text; `, rid: …`.
    Sns,
    /// `/cgi-bin/*` and `/wxa/*`: `encoding=` instead of `charset=`; ` rid: …`.
    Api,
}

impl Family {
    /// The family that serves this path.
    pub(crate) fn of(path: &str) -> Self {
        if path.starts_with("/sns/") {
            Self::Sns
        } else {
            Self::Api
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Sns => "text/plain",
            Self::Api => "application/json; encoding=utf-8",
        }
    }

    /// Writes a success (without `errcode`, unless the body has one) or a failure.
    pub(crate) fn answer<T: Serialize>(self, platform: &Platform, outcome: Result<T, Errcode>) -> Response {
        match outcome {
            Ok(body) => self.body(serde_json::to_string(&body).unwrap_or_default()),
            Err(errcode) => self.failure(platform, errcode),
        }
    }

    /// Writes a success whose text is ready.
    pub(crate) fn body(self, text: String) -> Response {
        ([(CONTENT_TYPE, self.content_type())], text).into_response()
    }

    /// Writes a failure with a fresh request id.
    pub(crate) fn failure(self, platform: &Platform, errcode: Errcode) -> Response {
        let separator = match self {
            Self::Sns => ", ",
            Self::Api => " ",
        };
        let rid = shapes::rid(platform.now(), &platform.entropy);
        let failure = Failure {
            errcode: errcode.number(),
            errmsg: format!("{}{separator}rid: {rid}", errcode.stem()),
        };
        self.body(serde_json::to_string(&failure).unwrap_or_default())
    }
}

/// The body of a failure, and of the few successes that carry `errcode: 0`.
#[derive(Serialize)]
struct Failure {
    errcode: i32,
    errmsg: String,
}

/// `{"errcode":0,"errmsg":"ok"}`, the success of the operation family.
#[derive(Serialize)]
pub(crate) struct Fine {
    errcode: i32,
    errmsg: &'static str,
}

impl Fine {
    /// The one value there is.
    pub(crate) const OK: Self = Self {
        errcode: 0,
        errmsg: "ok",
    };
}
