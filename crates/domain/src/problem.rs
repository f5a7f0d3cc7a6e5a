//! Errors on our own APIs: `application/problem+json` (RFC 9457) with a closed code.

use crate::{FieldError, WeChatError};
use serde::{Deserialize, Serialize};

/// An error answer of `/manage/v1` and `/sync/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What went wrong; the only thing to branch on.
    pub code: Code,
    /// One English sentence for logs and curl; consoles have their own words for each code.
    pub detail: String,
    /// Values that were refused, if any were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldError>,
    /// WeChat's answer, if WeChat refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wechat: Option<WeChatError>,
    /// The host that did not answer, if one did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// By what the backend's log knows the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    /// Media type of the body.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem with the status of its code.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            status: code.status(),
            code,
            detail: detail.into(),
            fields: Vec::new(),
            wechat: None,
            host: None,
            request_id: None,
        }
    }

    /// Refused values.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
        let detail = format!("values refused: {}", names.join(", "));
        Self {
            fields,
            ..Self::new(Code::InvalidFields, detail)
        }
    }
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request is not what the endpoint takes (JSON, path, query).
    MalformedRequest,
    /// Values broke rules; `fields` says which.
    InvalidFields,
    /// No valid access key.
    Unauthenticated,
    /// The role may not do this.
    Forbidden,
    /// There is no such pool, connection, user or attempt.
    NotFound,
    /// The connection is disabled.
    ConnectionDisabled,
    /// Somebody else changed it since it was read; nothing was saved.
    Outdated,
    /// Without this access key nobody could administer the pool any more; nothing was changed.
    LastAdminKey,
    /// One of the person's WeChat identifiers belongs to another user.
    BoundElsewhere,
    /// Without it the user could not log in any more.
    LastWayIn,
    /// The merge was undone before, or things have moved on too far to undo it.
    MergeStands,
    /// WeChat refused; `wechat` says how.
    WechatRefused,
    /// WeChat's page refused the connection's settings; `detail` is WeChat's own words.
    WechatPageRefused,
    /// WeChat did not answer; `host` says who.
    WechatUnreachable,
    /// WeChat answered something unexpected.
    WechatUnexpected,
    /// The console's history is not the backend's: load everything again.
    SyncReset,
    /// The console skipped a sequence number.
    SyncGap,
    /// Another console pushed under the same client id.
    SyncFork,
    /// The body is too large.
    TooLarge,
    /// Too many requests of one client or at one account; `Retry-After` says when to come back.
    TooOften,
    /// Too busy; try again.
    Busy,
    /// A defect or a full disk; the log says more.
    Internal,
}

impl Code {
    /// The HTTP status it travels with.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedRequest => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::BoundElsewhere
            | Self::LastWayIn
            | Self::MergeStands
            | Self::ConnectionDisabled
            | Self::Outdated
            | Self::LastAdminKey
            | Self::SyncReset
            | Self::SyncGap
            | Self::SyncFork => 409,
            Self::TooLarge => 413,
            Self::TooOften => 429,
            Self::InvalidFields => 422,
            Self::Internal => 500,
            Self::WechatRefused
            | Self::WechatPageRefused
            | Self::WechatUnreachable
            | Self::WechatUnexpected => 502,
            Self::Busy => 503,
        }
    }
}
