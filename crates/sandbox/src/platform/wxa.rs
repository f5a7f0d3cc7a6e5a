//! `wxa/getwxacodeunlimit`: the code that opens a mini program with a scene.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::answer::Family;
use super::{Errcode, Params, Platform, Shared};
use crate::drawing;
use crate::shapes;
use crate::world::World;
use crate::world::api_tokens::ApiTokenFault;
use crate::world::apps::AppKind;

/// The body of the call; colours and transparency are accepted and change nothing.
#[derive(Deserialize)]
struct CodeRequest {
    #[serde(default)]
    scene: String,
    #[serde(default)]
    page: String,
    #[serde(default)]
    env_version: Option<String>,
    #[serde(default)]
    width: Option<Value>,
}

/// `POST /wxa/getwxacodeunlimit`: a JPEG, or a failure as JSON; the content type tells which.
pub(crate) async fn getwxacodeunlimit(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    let outcome = if method == Method::POST {
        code_image(&platform, &params, &body)
    } else {
        Err(Errcode::PostRequired)
    };
    match outcome {
        Ok(jpeg) => ([(CONTENT_TYPE, "image/jpeg")], jpeg).into_response(),
        Err(errcode) => Family::Api.failure(&platform, errcode),
    }
}

fn code_image(platform: &Platform, params: &Params, body: &[u8]) -> Result<Vec<u8>, Errcode> {
    let app_id = app_of_token(&platform.world(), params.get("access_token"), platform.now())?;
    if platform
        .world()
        .app_of_kind(&app_id, AppKind::MiniProgram)
        .is_none()
    {
        return Err(Errcode::NotMiniProgram);
    }
    if body.is_empty() {
        return Err(Errcode::EmptyBody);
    }
    let request: CodeRequest = serde_json::from_slice(body).map_err(|_| Errcode::InvalidScene)?;
    if !shapes::is_scene(&request.scene) {
        return Err(Errcode::InvalidScene);
    }
    // Every page exists in the simulated mini program, but a page has neither a leading slash nor a query.
    if request.page.starts_with('/') || request.page.contains('?') {
        return Err(Errcode::InvalidPage);
    }
    if !matches!(
        request.env_version.as_deref(),
        None | Some("release" | "trial" | "develop")
    ) {
        return Err(Errcode::InvalidArgs);
    }
    let width = match request.width {
        None => 430,
        Some(value) => value
            .as_u64()
            .and_then(|width| u32::try_from(width).ok())
            .filter(|width| (280..=1280).contains(width))
            .ok_or(Errcode::InvalidArgs)?,
    };
    let text = platform.address(
        "/phone/miniprogram",
        &[("appid", &app_id), ("scene", &request.scene)],
    );
    drawing::qr_jpeg(&text, width).map_err(|_| Errcode::SystemError)
}

fn app_of_token(world: &World, token: &str, now: u64) -> Result<String, Errcode> {
    if token.is_empty() {
        return Err(Errcode::AccessTokenMissing);
    }
    // A person's token is another thing that happens to have the same name.
    if !shapes::is_token(token) || world.user_tokens.knows(token) {
        return Err(Errcode::InvalidAccessToken);
    }
    match world.api_tokens.app_of(token, now) {
        Ok(app_id) => Ok(app_id.to_owned()),
        Err(ApiTokenFault::Unknown | ApiTokenFault::Replaced) => Err(Errcode::InvalidCredential),
        Err(ApiTokenFault::Expired) => Err(Errcode::AccessTokenExpired),
    }
}
