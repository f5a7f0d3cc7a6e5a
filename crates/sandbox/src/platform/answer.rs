//! What an API answer looks like on the wire: always HTTP 200, with the content type and the errmsg of its family.

use std::borrow::Cow;
use std::net::IpAddr;

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
        if path.starts_with("/sns/") || path.starts_with("/connect/") {
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
    pub(crate) fn answer<T: Serialize, E: Into<Refusal>>(
        self,
        platform: &Platform,
        outcome: Result<T, E>,
    ) -> Response {
        match outcome {
            Ok(body) => self.body(serde_json::to_string(&body).unwrap_or_default()),
            Err(refusal) => self.failure(platform, refusal),
        }
    }

    /// Writes a success whose text is ready.
    pub(crate) fn body(self, text: String) -> Response {
        ([(CONTENT_TYPE, self.content_type())], text).into_response()
    }

    /// Writes a failure with a fresh request id.
    pub(crate) fn failure(self, platform: &Platform, refusal: impl Into<Refusal>) -> Response {
        let refusal = refusal.into();
        let separator = match self {
            Self::Sns => ", ",
            // What the server API says of a dead token is longer.
            Self::Api if refusal == Errcode::InvalidCredential.into() => TOKEN_ADVICE,
            Self::Api => " ",
        };
        let rid = shapes::rid(platform.now(), &platform.entropy);
        let failure = Failure {
            errcode: refusal.number,
            errmsg: format!("{}{separator}rid: {rid}", refusal.stem),
        };
        let text = serde_json::to_string(&failure).unwrap_or_default();
        let mut response = self.body(text.clone());
        response.extensions_mut().insert(Failed { rid, answer: text });
        response
    }
}

/// Between the stem of 40001 and its request id, outside `/sns/`.
const TOKEN_ADVICE: &str =
    ", could get access_token by getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r ";

/// Why a call is refused: an errcode and the words before its request id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    number: i32,
    stem: Cow<'static, str>,
}

impl Refusal {
    /// An errcode with words that only this call gets.
    pub(crate) fn worded(number: i32, stem: String) -> Self {
        Self {
            number,
            stem: Cow::Owned(stem),
        }
    }

    /// 40164 with both forms of the caller's address, as an operator has to enter them.
    pub(crate) fn address(caller: IpAddr) -> Self {
        let stem = match caller {
            IpAddr::V4(v4) => format!("invalid ip {v4} ipv6 ::ffff:{v4}, not in whitelist"),
            IpAddr::V6(v6) => format!("invalid ip {v6} ipv6 {v6}, not in whitelist"),
        };
        Self::worded(Errcode::IpNotListed.number(), stem)
    }

    /// The number on the wire.
    pub(crate) fn number(&self) -> i32 {
        self.number
    }

    /// Names the caller's address where an ordered refusal is about it.
    pub(crate) fn seen_by(self, caller: IpAddr) -> Self {
        if self == Errcode::IpNotListed.into() {
            Self::address(caller)
        } else {
            self
        }
    }
}

impl From<Errcode> for Refusal {
    fn from(errcode: Errcode) -> Self {
        Self {
            number: errcode.number(),
            stem: Cow::Borrowed(errcode.stem()),
        }
    }
}

/// Beside a failure on its way out: what `openapi/rid/get` will tell.
#[derive(Clone)]
pub(crate) struct Failed {
    pub(crate) rid: String,
    pub(crate) answer: String,
}

/// The body of a failure.
#[derive(Serialize)]
struct Failure {
    errcode: i32,
    errmsg: String,
}

/// `{"errcode":0,"errmsg":"ok"}`, the success of the operation family, and what some of its calls add.
#[derive(Serialize)]
pub(crate) struct Fine<T = Nothing> {
    errcode: i32,
    errmsg: &'static str,
    #[serde(flatten)]
    more: T,
}

/// Nothing to add.
#[derive(Serialize)]
pub(crate) struct Nothing {}

impl Fine {
    /// The bare one.
    pub(crate) const OK: Self = Self::with(Nothing {});
}

impl<T> Fine<T> {
    /// The one that says more.
    pub(crate) const fn with(more: T) -> Self {
        Self {
            errcode: 0,
            errmsg: "ok",
            more,
        }
    }
}
