//! `connect/qrconnect`: the page a computer shows, and its QR code.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};

use super::callback::{encode, open_query};
use super::{PageFault, Params, Shared};
use crate::drawing;
use crate::html::{escape, script_string};
use crate::phone::screen;
use crate::world::World;
use crate::world::apps::{AppKind, AppSheet};

/// The one scope of websites.
const SCOPE: &str = "snsapi_login";
/// Width of the QR image in pixels, as on the real page.
pub(super) const IMAGE_WIDTH: u32 = 430;

fn check<'w>(world: &'w World, params: &Params) -> Result<&'w AppSheet, PageFault> {
    let app = world
        .app_of_kind(params.get("appid"), AppKind::Website)
        .ok_or(PageFault::AppUnknown)?;
    if !app.may_redirect_to(params.get("redirect_uri")) {
        return Err(PageFault::RedirectUri);
    }
    if params.get("scope") != SCOPE {
        return Err(PageFault::Scope);
    }
    match (params.get("response_type"), params.get("login_type")) {
        // wxLogin.js leaves the response type out.
        ("code", _) | ("", "jssdk") => Ok(app),
        _ => Err(PageFault::ResponseType),
    }
}

/// `GET /connect/qrconnect`: makes a QR code and shows it.
pub(crate) async fn page(State(platform): State<Shared>, params: Params) -> Response {
    let now = platform.now();
    let mut world = platform.world();
    let app = match check(&world, &params) {
        Ok(app) => app.clone(),
        Err(fault) => {
            drop(world);
            return screen::page_fault(fault).into_response();
        }
    };
    let uuid = world
        .qr_sessions
        .create(&app.app_id, SCOPE, now, &platform.entropy);
    drop(world);
    let Some(open) = open_query(params.get("redirect_uri")) else {
        return screen::page_fault(PageFault::RedirectUri).into_response();
    };
    (
        [(CACHE_CONTROL, "no-store")],
        Html(document(&app, &uuid, &open, &params)),
    )
        .into_response()
}

fn document(app: &AppSheet, uuid: &str, open: &str, params: &Params) -> String {
    let english = params.get("lang") == "en";
    let words = if english { &ENGLISH } else { &CHINESE };
    let href = params.get("href");
    let own_style = if href.starts_with("https://") || href.starts_with("data:text/css;base64,") {
        format!("<link rel=\"stylesheet\" href=\"{}\">", escape(href))
    } else {
        String::new()
    };
    format!(
        r#"<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{css}</style>
{own_style}
</head>
<body class="{theme}">
<div class="main impowerBox">
  <div class="loginPanel normalPanel">
    <div class="title">{title}</div>
    <div class="waiting panelContent">
      <div class="wrp_code"><img class="web_qrcode_img qrcode lightBorder" src="/connect/qrcode/{uuid}" alt="{title}"></div>
      <div class="info" role="status">
        <div class="status status_browser" id="waiting"><p>{waiting}</p><p><b>{name}</b></p></div>
        <div class="status status_succ" id="scanned" hidden><i class="status_icon icon38_msg succ"></i><p><b>{scanned}</b></p><p>{scanned_more}</p></div>
        <div class="status status_fail" id="refused" hidden><i class="status_icon icon38_msg warn"></i><p><b>{refused}</b></p><p>{refused_more}</p></div>
      </div>
    </div>
  </div>
</div>
<script>
var uuid = {uuid_script}, callback = {callback_script}, state = {state_script}, selfRedirect = {self_redirect};
{script}
</script>
</body>
</html>
"#,
        lang = if english { "en" } else { "zh-CN" },
        title = words.title,
        css = include_str!("../web/qrconnect.css"),
        theme = match (params.get("login_type"), params.get("style")) {
            ("jssdk", "white") => "embedded white",
            ("jssdk", _) => "embedded black",
            _ => "page",
        },
        waiting = words.waiting,
        name = escape(&app.name),
        scanned = words.scanned,
        scanned_more = words.scanned_more,
        refused = words.refused,
        refused_more = words.refused_more,
        uuid_script = script_string(uuid),
        callback_script = script_string(open),
        state_script = script_string(&encode(params.get("state"))),
        self_redirect = params.get("self_redirect") == "true",
        script = include_str!("../web/qrconnect.js"),
    )
}

struct Words {
    title: &'static str,
    waiting: &'static str,
    scanned: &'static str,
    scanned_more: &'static str,
    refused: &'static str,
    refused_more: &'static str,
}

const CHINESE: Words = Words {
    title: "微信登录",
    waiting: "使用微信扫一扫登录",
    scanned: "扫描成功",
    scanned_more: "在微信中轻触允许即可登录",
    refused: "你已取消此次登录",
    refused_more: "你可再次扫描登录，或关闭窗口",
};

const ENGLISH: Words = Words {
    title: "WeChat Login",
    waiting: "Scan with WeChat to log in to",
    scanned: "Scanned",
    scanned_more: "Tap Allow in WeChat to log in",
    refused: "You cancelled this login",
    refused_more: "Scan again, or close the window",
};

/// `GET /connect/qrcode/{uuid}`: the confirm URL as a JPEG.
pub(crate) async fn image(State(platform): State<Shared>, Path(uuid): Path<String>) -> Response {
    if platform.world().qr_sessions.find(&uuid).is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    match drawing::qr_jpeg(
        &platform.address("/connect/confirm", &[("uuid", &uuid)]),
        IMAGE_WIDTH,
    ) {
        Ok(jpeg) => ([(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, "no-store")], jpeg).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
