//! `connect/oauth2/authorize`: the page of an official account inside WeChat.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};

use super::callback::callback;
use super::{Params, Platform, Shared};
use crate::phone::{Decision, screen};
use crate::world::World;
use crate::world::apps::{AppKind, AppSheet};
use crate::world::codes::{Grant, Purpose};

/// What one of WeChat's pages shows instead of asking: always a page, never a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageFault {
    /// The platform banned the account. Only on order, like the three below.
    Banned,
    MustFollow,
    TooOften,
    ComponentUnauthorized,
    AppidEmpty,
    RedirectUriEmpty,
    ScopeEmpty,
    StateEmpty,
    AppUnknown,
    NotOfficialAccount,
    ScopeNotAllowed,
    RedirectHost,
    /// The qrconnect page says the same with fewer words.
    RedirectUri,
    Scope,
    ResponseType,
}

impl PageFault {
    /// The number beside the text; only the authorize page shows numbers.
    pub(crate) fn number(self) -> Option<u32> {
        match self {
            Self::Banned => Some(10004),
            Self::MustFollow => Some(10006),
            Self::TooOften => Some(10009),
            Self::ComponentUnauthorized => Some(10015),
            Self::AppidEmpty => Some(10012),
            Self::RedirectUriEmpty => Some(10011),
            Self::ScopeEmpty => Some(10010),
            Self::StateEmpty => Some(10013),
            Self::NotOfficialAccount => Some(10016),
            Self::ScopeNotAllowed => Some(10005),
            Self::RedirectHost => Some(10003),
            Self::AppUnknown | Self::RedirectUri | Self::Scope | Self::ResponseType => None,
        }
    }

    /// The fault with this number, if the authorize page shows it.
    pub(crate) fn from_number(number: i32) -> Option<Self> {
        [
            Self::Banned,
            Self::MustFollow,
            Self::TooOften,
            Self::ComponentUnauthorized,
            Self::AppidEmpty,
            Self::RedirectUriEmpty,
            Self::ScopeEmpty,
            Self::StateEmpty,
            Self::NotOfficialAccount,
            Self::ScopeNotAllowed,
            Self::RedirectHost,
        ]
        .into_iter()
        .find(|fault| fault.number().map(u32::cast_signed) == Some(number))
    }

    /// WeChat's own words.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Banned => "此公众号被封禁",
            Self::MustFollow => "必须关注此测试号",
            Self::TooOften => "操作太频繁了，请稍后重试",
            Self::ComponentUnauthorized => "公众号未授权第三方平台，请检查授权状态",
            Self::AppidEmpty => "appid不能为空",
            Self::RedirectUriEmpty => "redirect_uri不能为空",
            Self::ScopeEmpty => "scope不能为空",
            Self::StateEmpty => "state不能为空",
            Self::AppUnknown => "AppID 参数错误",
            Self::NotOfficialAccount => "不支持微信开放平台的Appid，请使用公众号Appid",
            Self::ScopeNotAllowed => "此公众号并没有这些scope的权限",
            Self::RedirectHost => "redirect_uri域名与后台配置不一致",
            Self::RedirectUri => "redirect_uri 参数错误",
            Self::Scope => "Scope 参数错误或没有 Scope 权限",
            Self::ResponseType => "该链接无法访问",
        }
    }
}

/// A request to authorize that passed every check.
pub(crate) struct Authorize {
    pub(crate) app: AppSheet,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) state: String,
    /// The page asked for a snapshot: whoever comes is told as a virtual user.
    pub(crate) snapshot: bool,
}

/// The path of the page.
pub(crate) const PATH: &str = "/connect/oauth2/authorize";

impl Authorize {
    /// Checks the parameters of the page. Their order matters only if a script switched that on: WeChat's documents say
    /// so, but others are in use.
    pub(crate) fn check(world: &mut World, params: &Params) -> Result<Self, PageFault> {
        if let Some(ordered) = world.faults.take(PATH, Some(params.get("appid"))) {
            return Err(PageFault::from_number(ordered.number()).unwrap_or(PageFault::ResponseType));
        }
        let documented = ["appid", "redirect_uri", "response_type", "scope", "state"];
        if world.strict_authorize && !params.in_order(&documented) {
            return Err(PageFault::ResponseType);
        }
        for (name, fault) in [
            ("appid", PageFault::AppidEmpty),
            ("redirect_uri", PageFault::RedirectUriEmpty),
            ("scope", PageFault::ScopeEmpty),
            ("state", PageFault::StateEmpty),
        ] {
            if params.get(name).is_empty() {
                return Err(fault);
            }
        }
        let app = world.app(params.get("appid")).ok_or(PageFault::AppUnknown)?;
        if app.kind != AppKind::OfficialAccount {
            return Err(PageFault::NotOfficialAccount);
        }
        if params.get("response_type") != "code" {
            return Err(PageFault::ResponseType);
        }
        let scope = params.get("scope");
        if !matches!(scope, "snsapi_base" | "snsapi_userinfo") {
            return Err(PageFault::ScopeNotAllowed);
        }
        let redirect_uri = params.get("redirect_uri");
        if !app.may_redirect_to(redirect_uri) {
            return Err(PageFault::RedirectHost);
        }
        Ok(Self {
            app: app.clone(),
            redirect_uri: redirect_uri.to_owned(),
            scope: scope.to_owned(),
            state: params.get("state").to_owned(),
            snapshot: params.get("forceSnapShot") == "true",
        })
    }

    /// Takes the person's decision and answers where the browser goes next.
    pub(crate) fn decide(&self, platform: &Platform, decision: Decision) -> Result<String, PageFault> {
        let code = match decision {
            Decision::Approve(person) => {
                let grant = Grant {
                    snapshot: self.snapshot,
                    ..Grant::new(person, &self.scope)
                };
                let now = platform.now();
                let purpose = Purpose::Login(self.app.kind);
                let codes = &mut platform.world().codes;
                Some(codes.issue(purpose, &self.app.app_id, grant, now, &platform.entropy))
            }
            Decision::Refuse => None,
        };
        callback(&self.redirect_uri, code.as_deref(), &self.state).ok_or(PageFault::RedirectHost)
    }
}

/// `GET`: asks who is there and whether they agree.
pub(crate) async fn show(State(platform): State<Shared>, params: Params) -> Response {
    let checked = Authorize::check(&mut platform.world(), &params);
    match checked {
        Ok(authorize) => screen::authorize(&authorize).into_response(),
        Err(fault) => screen::page_fault(fault).into_response(),
    }
}

/// `POST` of the page's form: goes to the redirect_uri, with a code or without.
pub(crate) async fn decide(State(platform): State<Shared>, body: Bytes) -> Response {
    let form = Params::parse(&body);
    let checked = Authorize::check(&mut platform.world(), &form);
    let authorize = match checked {
        Ok(authorize) => authorize,
        Err(fault) => return screen::page_fault(fault).into_response(),
    };
    let decision = match Decision::read(&form) {
        Ok(decision) => decision,
        Err(fault) => return screen::decision_fault(fault).into_response(),
    };
    match authorize.decide(&platform, decision) {
        Ok(location) => (StatusCode::FOUND, [(LOCATION, location)]).into_response(),
        Err(fault) => screen::page_fault(fault).into_response(),
    }
}
