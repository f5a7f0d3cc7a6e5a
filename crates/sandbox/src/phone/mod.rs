//! The simulated phone: web pages that do what WeChat does on a phone after a scan.

pub(crate) mod confirm;
mod decision;
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

/// The pages that a QR code can lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination {
    Confirm,
    Authorize,
    MiniProgram,
}

impl Destination {
    /// Where the text of a QR code leads. Only its path counts: the sandbox is every host of WeChat at once.
    pub(crate) fn of(text: &str) -> Option<(Self, Url)> {
        let url = Url::parse(text.trim()).ok()?;
        let destination = match url.path() {
            "/connect/confirm" => Self::Confirm,
            "/connect/oauth2/authorize" => Self::Authorize,
            "/phone/miniprogram" => Self::MiniProgram,
            _ => return None,
        };
        Some((destination, url))
    }
}

/// `GET /phone/open?url=…`: goes where the pasted text of a QR code leads, on this sandbox.
async fn open(State(_): State<Shared>, params: Params) -> Response {
    match Destination::of(params.get("url")) {
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
