//! Why a script is refused.

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Json};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::phone::DecisionFault;
use crate::phone::confirm::ConfirmFault;
use crate::phone::follow::FollowFault;
use crate::phone::miniprogram::MiniProgramFault;
use crate::platform::PageFault;
use crate::push::ServerFault;

/// Why a script is refused; answered as `{"error": …}`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScriptFault {
    #[error("app_id must be wx and 16 lower-case hex digits")]
    AppIdShape,
    #[error("app_secret must be 32 lower-case hex digits")]
    AppSecretShape,
    #[error("token must be 3 to 32 letters and digits, encoding_aes_key 43")]
    MessageShape,
    #[error("an app with this app_id exists")]
    AppExists,
    #[error("no app has this app_id")]
    AppUnknown,
    #[error("no app of the right kind has this app_id")]
    AppKind,
    #[error("no test person has this id")]
    PersonUnknown,
    #[error("the url is not the text of a WeChat QR code or link")]
    NotAQrCode,
    #[error(transparent)]
    Decision(#[from] DecisionFault),
    #[error(transparent)]
    Confirm(#[from] ConfirmFault),
    #[error(transparent)]
    MiniProgram(#[from] MiniProgramFault),
    #[error(transparent)]
    Follow(#[from] FollowFault),
    #[error(transparent)]
    Server(#[from] ServerFault),
    #[error("WeChat refuses this link: {}", .0.text())]
    Page(PageFault),
    #[error("errcode {0} is not one that login flows know; give it an errmsg")]
    Errcode(i32),
    #[error("no call of the server API has this path")]
    Path,
    #[error("{}", .0.body_text())]
    Body(#[from] JsonRejection),
    #[error("no quota has this name; GET /sandbox/quotas lists them")]
    Quota,
    #[error("no administrator was asked anything")]
    NothingToConfirm,
    #[error("the person never logged in there")]
    NoSession,
    #[error("errno 1400001: the mini program has no phone numbers left to ask for")]
    PhoneQuota,
}

/// The JSON of a script; whatever else it sends is answered in the shape of every refusal.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(ScriptFault))]
pub(crate) struct Order<T>(pub(crate) T);

impl From<PageFault> for ScriptFault {
    fn from(fault: PageFault) -> Self {
        Self::Page(fault)
    }
}

impl IntoResponse for ScriptFault {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::AppIdShape
            | Self::AppSecretShape
            | Self::MessageShape
            | Self::NotAQrCode
            | Self::Decision(_)
            | Self::Errcode(_)
            | Self::Path
            | Self::Quota => StatusCode::BAD_REQUEST,
            Self::AppExists => StatusCode::CONFLICT,
            Self::AppUnknown | Self::PersonUnknown => StatusCode::NOT_FOUND,
            Self::AppKind
            | Self::Confirm(_)
            | Self::Follow(_)
            | Self::Server(_)
            | Self::Page(_)
            | Self::NothingToConfirm
            | Self::NoSession
            | Self::PhoneQuota => StatusCode::UNPROCESSABLE_ENTITY,
            Self::MiniProgram(_) => StatusCode::BAD_GATEWAY,
            Self::Body(rejection) => rejection.status(),
        };
        let mut body = json!({ "error": self.to_string() });
        if let Self::Page(fault) = &self
            && let Some(number) = fault.number()
        {
            body["errcode"] = number.into();
        }
        if let Self::PhoneQuota = &self {
            body["errno"] = 1_400_001.into();
        }
        (status, Json(body)).into_response()
    }
}
