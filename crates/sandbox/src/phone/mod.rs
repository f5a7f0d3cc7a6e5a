//! The simulated phone: web pages that do what WeChat does on a phone after a scan.

pub(crate) mod confirm;
mod decision;
pub(crate) mod follow;
pub(crate) mod miniprogram;
pub(crate) mod screen;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use url::Url;

pub(crate) use decision::{Decision, DecisionFault};

use crate::drawing;
use crate::platform::{Params, Shared};
use crate::world::people::{self, Person};

/// The pages of the phone, and the avatars they show.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/connect/confirm", get(confirm::show).post(confirm::decide_form))
        .route(
            "/phone/miniprogram",
            get(miniprogram::show).post(miniprogram::decide_form),
        )
        .route("/q/{path}", get(follow::show).post(follow::decide_form))
        .route("/wxaurl/{name}", get(miniprogram::open_link))
        .route("/phone/open", get(open))
        .route("/mmopen/vi_32/{person}/{size}", get(avatar))
}

/// The path of a person's avatar; its last segment is the width in pixels, `0` for the largest.
pub(crate) fn avatar_path(person: &Person, size: u32) -> String {
    format!("/mmopen/vi_32/{}/{size}", person.id)
}

/// `GET /mmopen/vi_32/{person}/{size}`, in the sizes of WeChat's avatars.
async fn avatar(Path((person, size)): Path<(String, String)>) -> Response {
    let width = match size.as_str() {
        "0" => 640,
        "46" => 46,
        "64" => 64,
        "96" => 96,
        "132" => 132,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let Some(person) = people::find(&person) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match drawing::avatar_png(person.motif, width) {
        Ok(png) => (
            [
                (CONTENT_TYPE, "image/png"),
                (CACHE_CONTROL, "public, max-age=3600"),
            ],
            png,
        )
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Where a QR code or a link can lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Confirm,
    Authorize,
    MiniProgram,
    /// A scene code of an official account, by what stands behind `/q/`.
    Scene(String),
    /// A URL Scheme or URL Link of a mini program, by its name.
    Link(String),
}

impl Destination {
    /// Where a text leads. Only its path counts: the sandbox is every host of WeChat at once.
    pub(crate) fn of(text: &str) -> Option<(Self, Url)> {
        let url = Url::parse(text.trim()).ok()?;
        if url.scheme() == "weixin" {
            let name = Params::parse(url.query().unwrap_or_default().as_bytes());
            let name = name.get("t").to_owned();
            return (!name.is_empty()).then_some((Self::Link(name), url));
        }
        let destination = match url.path() {
            "/connect/confirm" => Self::Confirm,
            "/connect/oauth2/authorize" => Self::Authorize,
            "/phone/miniprogram" => Self::MiniProgram,
            path => {
                if let Some(scene) = path.strip_prefix("/q/") {
                    Self::Scene(scene.to_owned())
                } else {
                    Self::Link(path.strip_prefix("/wxaurl/")?.to_owned())
                }
            }
        };
        Some((destination, url))
    }
}

/// `GET /phone/open?url=…`: goes where the pasted text of a QR code leads, on this sandbox.
async fn open(State(_): State<Shared>, params: Params) -> Response {
    match Destination::of(params.get("url")) {
        Some((Destination::Link(name), _)) => Redirect::to(&format!("/wxaurl/{name}")).into_response(),
        Some((_, url)) => {
            Redirect::to(&format!("{}?{}", url.path(), url.query().unwrap_or_default())).into_response()
        }
        None => screen::notice(
            screen::Mood::Bad,
            ("这不是微信的二维码内容", "Not the text of a WeChat QR code"),
            "粘贴二维码中的完整链接",
            "Paste the whole link inside the code",
        )
        .into_response(),
    }
}
