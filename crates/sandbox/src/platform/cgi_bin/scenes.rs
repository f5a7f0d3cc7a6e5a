//! `cgi-bin/qrcode/create` and `cgi-bin/showqrcode`: scene codes of official accounts.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::drawing;
use crate::platform::answer::Family;
use crate::platform::bearer::{bearer, json, post};
use crate::platform::{Errcode, Params, Platform, Shared};
use crate::world::apps::AppKind;
use crate::world::scenes::SceneKey;

/// The longest life of a temporary code: 30 days.
const LONGEST_SECONDS: u64 = 2_592_000;
/// The life of a temporary code that names none.
const DEFAULT_SECONDS: u64 = 30;
/// Width of the picture in pixels, as WeChat's.
const IMAGE_WIDTH: u32 = 430;

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    expire_seconds: Option<u64>,
    #[serde(default)]
    action_name: String,
    #[serde(default)]
    action_info: Value,
}

#[derive(Serialize)]
struct Created {
    ticket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_seconds: Option<u64>,
    url: String,
}

/// `POST /cgi-bin/qrcode/create`: a success without errcode.
pub(crate) async fn create(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    Family::Api.answer(
        &platform,
        post(&method).and_then(|()| created(&platform, &params, &body)),
    )
}

fn created(platform: &Platform, params: &Params, body: &[u8]) -> Result<Created, Errcode> {
    let now = platform.now();
    let mut world = platform.world();
    let app = bearer(&world, params, now)?;
    if app.kind != AppKind::OfficialAccount {
        return Err(Errcode::ApiUnauthorized);
    }
    let request: Request = json(body, Errcode::DataFormat)?;
    let (text, permanent) = match request.action_name.as_str() {
        "QR_SCENE" => (false, false),
        "QR_STR_SCENE" => (true, false),
        "QR_LIMIT_SCENE" => (false, true),
        "QR_LIMIT_STR_SCENE" => (true, true),
        _ => return Err(Errcode::InvalidActionName),
    };
    let key = scene_key(&request.action_info, text, permanent)?;
    let life = if permanent {
        None
    } else {
        Some(request.expire_seconds.unwrap_or(DEFAULT_SECONDS))
    };
    if life.is_some_and(|life| !(1..=LONGEST_SECONDS).contains(&life)) {
        return Err(Errcode::InvalidActionInfo);
    }
    let limit = if permanent {
        "/cgi-bin/qrcode/create#permanent"
    } else {
        "/cgi-bin/qrcode/create"
    };
    world.quotas.take(limit, &app.app_id, "", now)?;
    let scene = world.scenes.create(
        &app.app_id,
        key,
        life.map(|life| now + life),
        now,
        &platform.entropy,
    );
    Ok(Created {
        ticket: scene.ticket,
        expire_seconds: life,
        url: platform.address(&format!("/q/{}", scene.path), &[]),
    })
}

/// Reads `{"scene":{"scene_id":…}}` or `{"scene":{"scene_str":…}}`.
fn scene_key(info: &Value, text: bool, permanent: bool) -> Result<SceneKey, Errcode> {
    // Without the level in between WeChat makes a code all the same, whose events carry 0.
    let Some(scene) = info.get("scene").filter(|scene| scene.is_object()) else {
        return Ok(SceneKey::Number(0));
    };
    if text {
        let text = scene.get("scene_str").and_then(Value::as_str).unwrap_or_default();
        if !(1..=64).contains(&text.chars().count()) {
            return Err(Errcode::InvalidActionInfo);
        }
        return Ok(SceneKey::Text(text.to_owned()));
    }
    let highest = if permanent { 100_000 } else { u32::MAX };
    scene
        .get("scene_id")
        .and_then(Value::as_u64)
        .and_then(|id| u32::try_from(id).ok())
        .filter(|id| (1..=highest).contains(id))
        .map(SceneKey::Number)
        .ok_or(Errcode::InvalidActionInfo)
}

/// `GET /cgi-bin/showqrcode?ticket=…`: the picture, for whoever knows the ticket; 404 for a wrong one.
pub(crate) async fn show(State(platform): State<Shared>, params: Params) -> Response {
    let text = platform
        .world()
        .scenes
        .of_ticket(params.get("ticket"))
        .map(|scene| format!("/q/{}", scene.path));
    let Some(path) = text else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match drawing::qr_jpeg(&platform.address(&path, &[]), IMAGE_WIDTH) {
        Ok(jpeg) => ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
