//! The codes that open a mini program: `getwxacodeunlimit`, `getwxacode` and `createwxaqrcode`.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::mini_program;
use crate::drawing;
use crate::platform::answer::Family;
use crate::platform::bearer::{json, post};
use crate::platform::{Errcode, Params, Platform, Shared};
use crate::shapes;

/// The body of a call; colours and transparency are accepted and change nothing.
#[derive(Deserialize)]
struct CodeRequest {
    #[serde(default)]
    scene: String,
    #[serde(default)]
    page: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    env_version: Option<String>,
    #[serde(default)]
    width: Option<Value>,
}

/// What distinguishes the two calls that take a path.
struct PathCode {
    longest: usize,
}

/// `POST /wxa/getwxacodeunlimit`: a JPEG, or a failure as JSON; the content type tells which.
pub(crate) async fn unlimited(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    picture(
        &platform,
        post(&method).and_then(|()| scene_code(&platform, &params, &body)),
    )
}

/// `POST /wxa/getwxacode`: a code for a path of up to 1024 characters.
pub(crate) async fn limited(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    let code = PathCode { longest: 1024 };
    counted(
        &platform,
        post(&method).and_then(|()| path_code(&platform, &params, &body, &code)),
    )
}

/// `POST /cgi-bin/wxaapp/createwxaqrcode`: a square code for a path of up to 128 characters.
pub(crate) async fn square(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    let code = PathCode { longest: 128 };
    counted(
        &platform,
        post(&method).and_then(|()| path_code(&platform, &params, &body, &code)),
    )
}

fn picture(platform: &Platform, outcome: Result<Vec<u8>, Errcode>) -> Response {
    match outcome {
        Ok(jpeg) => ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        Err(errcode) => Family::Api.failure(platform, errcode),
    }
}

/// A picture that names in a header how many there are.
fn counted(platform: &Platform, outcome: Result<(Vec<u8>, u64), Errcode>) -> Response {
    match outcome {
        Ok((jpeg, used)) => ([("num-used", used.to_string())], picture(platform, Ok(jpeg))).into_response(),
        Err(errcode) => Family::Api.failure(platform, errcode),
    }
}

fn scene_code(platform: &Platform, params: &Params, body: &[u8]) -> Result<Vec<u8>, Errcode> {
    let now = platform.now();
    let app = mini_program(&platform.world(), params, now)?;
    let request: CodeRequest = json(body, Errcode::InvalidScene)?;
    if !shapes::is_scene(&request.scene) {
        return Err(Errcode::InvalidScene);
    }
    // Every page exists in the simulated mini program, but a page has neither a leading slash nor a query.
    if request.page.starts_with('/') || request.page.contains('?') {
        return Err(Errcode::InvalidPage);
    }
    let width = width(&request)?;
    platform
        .world()
        .quotas
        .take("/wxa/getwxacodeunlimit", &app.app_id, "", now)?;
    draw(platform, &app.app_id, &request.scene, width)
}

fn path_code(
    platform: &Platform,
    params: &Params,
    body: &[u8],
    code: &PathCode,
) -> Result<(Vec<u8>, u64), Errcode> {
    let now = platform.now();
    let app = mini_program(&platform.world(), params, now)?;
    let request: CodeRequest = json(body, Errcode::DataFormat)?;
    if !(1..=code.longest).contains(&request.path.chars().count()) {
        return Err(Errcode::InvalidPathLength);
    }
    let (page, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if page.starts_with('/') {
        return Err(Errcode::InvalidPage);
    }
    if !Params::parse(query.as_bytes()).get("scancode_time").is_empty() {
        return Err(Errcode::ScancodeTimeUsed);
    }
    let width = width(&request)?;
    let mut world = platform.world();
    world.quotas.take("/wxa/getwxacode", &app.app_id, "", now)?;
    let used = world.quotas.used("/wxa/getwxacode", &app.app_id);
    drop(world);
    Ok((draw(platform, &app.app_id, &scene_in(query), width)?, used))
}

/// What the simulated mini program takes for its scene: the parameter of that name, or the whole query.
pub(crate) fn scene_in(query: &str) -> String {
    let params = Params::parse(query.as_bytes());
    match params.get("scene") {
        "" => query.to_owned(),
        scene => scene.to_owned(),
    }
}

fn width(request: &CodeRequest) -> Result<u32, Errcode> {
    if !matches!(
        request.env_version.as_deref(),
        None | Some("release" | "trial" | "develop")
    ) {
        return Err(Errcode::InvalidArgs);
    }
    match &request.width {
        None => Ok(430),
        Some(value) => value
            .as_u64()
            .and_then(|width| u32::try_from(width).ok())
            .filter(|width| (280..=1280).contains(width))
            .ok_or(Errcode::InvalidArgs),
    }
}

fn draw(platform: &Platform, app_id: &str, scene: &str, width: u32) -> Result<Vec<u8>, Errcode> {
    let text = platform.address("/phone/miniprogram", &[("appid", app_id), ("scene", scene)]);
    drawing::qr_jpeg(&text, width).map_err(|_| Errcode::SystemError)
}
