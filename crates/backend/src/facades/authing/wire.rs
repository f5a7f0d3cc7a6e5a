//! Authing's envelopes. Its SDKs read what happened from the body, so the HTTP status is always 200.

use crate::{Error, StoreError, Unique, account::Refused};
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use yaopai_domain::{Code, LoginNameKind, Problem};

/// What is told instead of an answer, in Authing's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: i32,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// The request is not what the address takes. The words never repeat values.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// A value that has to be there is not.
    pub(crate) fn missing(name: &str) -> Self {
        Self::malformed(format!("缺少参数 {name}"))
    }

    /// There is no valid token.
    pub(crate) fn signed_out() -> Self {
        Self::new(2020, "尚未登录，无访问权限")
    }

    /// The caller is somebody, but may not do this.
    pub(crate) fn forbidden() -> Self {
        Self::new(403, "无权限")
    }

    /// The caller is somebody, but a token alone does not say so well enough for this.
    pub(crate) fn stale() -> Self {
        Self::new(403, "请重新登录后再操作")
    }

    /// There is no such user.
    pub(crate) fn no_user() -> Self {
        Self::new(2004, "用户不存在")
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        if let Error::Account(refused) = &error {
            return Self::of_account(*refused);
        }
        if matches!(error, Error::LastWayIn) {
            return Self::new(1_320_004, "不能解绑最后一种登录方式");
        }
        if matches!(error, Error::OtherBrowser) {
            return Self::new(1106, "登录不是在此浏览器中发起的，请重新登录");
        }
        if matches!(error, Error::TokenRefused(_)) {
            return Self::signed_out();
        }
        if matches!(error, Error::Store(StoreError::Taken(Unique::LoginName))) {
            return Self::new(2026, "手机号、邮箱或用户名已被使用");
        }
        let problem = error.problem();
        match problem.code {
            Code::Internal => tracing::error!(%error, "a request failed"),
            code => tracing::debug!(?code, "a request was refused"),
        }
        Self::of_problem(&problem)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl Fault {
    fn of_account(refused: Refused) -> Self {
        match refused {
            Refused::WrongCode { .. } => Self::new(2001, "验证码不正确"),
            Refused::CodeSpent => Self::new(2001, "验证码已失效，请重新获取"),
            // One answer for both: nobody learns which accounts there are.
            Refused::WrongPassword => Self::new(2333, "账号或密码不正确"),
            Refused::Blocked => Self::new(2005, "账号已被禁用"),
            Refused::Taken(LoginNameKind::Phone) => Self::new(2026, "手机号已被使用"),
            Refused::Taken(LoginNameKind::Email) => Self::new(2026, "邮箱已被使用"),
            Refused::Taken(LoginNameKind::Username) => Self::new(2026, "用户名已被使用"),
            Refused::WeakPassword(_) => Self::new(2200, "密码需为 8 到 128 个字符，且不能与用户名相同"),
            Refused::Value(name) => Self::malformed(format!("参数不合法: {name}")),
            Refused::TooManyKeys => Self::malformed("自定义数据过多"),
            Refused::NothingToLogInBy => Self::malformed("需要已验证的手机号或邮箱，或者用户名和密码"),
        }
    }

    fn of_problem(problem: &Problem) -> Self {
        if let Some(wechat) = &problem.wechat {
            let rid = wechat.rid.as_deref().unwrap_or("-");
            return Self::new(
                wechat.errcode,
                format!("微信返回错误 {}: {} (rid: {rid})", wechat.errcode, wechat.errmsg),
            );
        }
        match problem.code {
            Code::Unauthenticated => Self::signed_out(),
            Code::Forbidden => Self::forbidden(),
            _ if problem.fields.is_empty() => Self::new(i32::from(problem.status), problem.detail.clone()),
            _ => {
                let fields: Vec<&str> = problem.fields.iter().map(|field| field.field.as_str()).collect();
                Self::malformed(format!("参数不合法: {}", fields.join(", ")))
            }
        }
    }
}

/// `{code, message, data}` of the first two generations. A fault has no `data`: the oldest SDK would read it instead.
pub(crate) struct Rest(pub(super) Result<Value, Fault>);

impl Rest {
    /// An error that came before the handler.
    pub(super) fn early(error: Error) -> Response {
        Self(Err(error.into())).into_response()
    }
}

impl IntoResponse for Rest {
    fn into_response(self) -> Response {
        Json(match self.0 {
            Ok(data) => json!({ "code": 200, "message": "操作成功", "data": data }),
            Err(fault) => json!({ "code": fault.code, "message": fault.message }),
        })
        .into_response()
    }
}

/// `{statusCode, message, data}` of the third generation.
pub(crate) struct Envelope(pub(super) Result<Value, Fault>);

impl Envelope {
    /// An error that came before the handler.
    pub(super) fn early(error: Error) -> Response {
        Self(Err(error.into())).into_response()
    }
}

impl IntoResponse for Envelope {
    fn into_response(self) -> Response {
        Json(match self.0 {
            Ok(data) => json!({ "statusCode": 200, "message": "操作成功", "data": data }),
            Err(fault) => {
                let status = if (400..600).contains(&fault.code) {
                    fault.code
                } else {
                    400
                };
                json!({ "statusCode": status, "apiCode": fault.code, "message": fault.message })
            }
        })
        .into_response()
    }
}

/// A GraphQL answer. `message` of an error is an object: the SDKs look for `code` and `message` in it.
pub(crate) struct GraphQl(pub(super) Result<Value, Fault>);

impl GraphQl {
    /// An error that came before the handler.
    pub(super) fn early(error: Error) -> Response {
        Self(Err(error.into())).into_response()
    }
}

impl IntoResponse for GraphQl {
    fn into_response(self) -> Response {
        Json(match self.0 {
            Ok(data) => json!({ "data": data }),
            Err(Fault { code, message }) => json!({
                "errors": [{
                    "message": { "code": code, "message": message, "data": null },
                    "locations": [],
                    "path": [],
                }],
                "data": null,
            }),
        })
        .into_response()
    }
}
