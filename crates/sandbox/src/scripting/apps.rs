//! `/sandbox/apps`: what developers do in the platform's console.

use std::net::IpAddr;

use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::fault::{Order, ScriptFault};
use crate::platform::Shared;
use crate::push;
use crate::shapes;
use crate::world::apps::{AppKind, AppSheet, MessageMode, MessageSettings};
use crate::world::pushes::Push;

/// `GET /sandbox/apps`.
pub(super) async fn list(State(platform): State<Shared>) -> Json<Vec<AppSheet>> {
    Json(platform.world().apps.clone())
}

/// `GET /sandbox/apps/{app_id}`.
pub(super) async fn show(
    State(platform): State<Shared>,
    Path(app_id): Path<String>,
) -> Result<Json<AppSheet>, ScriptFault> {
    let world = platform.world();
    world
        .app(&app_id)
        .cloned()
        .map(Json)
        .ok_or(ScriptFault::AppUnknown)
}

/// An app to register. Whatever is left out is made up, except the account: without one the app is not bound.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApp {
    kind: AppKind,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    app_secret: Option<String>,
    #[serde(default)]
    callback_domains: Vec<String>,
    #[serde(default)]
    platform_account: Option<String>,
    #[serde(default)]
    miniprogram_server: Option<Url>,
}

/// `POST /sandbox/apps`: registers an app and answers its sheet.
pub(super) async fn register(
    State(platform): State<Shared>,
    Order(new): Order<NewApp>,
) -> Result<(StatusCode, Json<AppSheet>), ScriptFault> {
    let app_id = new
        .app_id
        .unwrap_or_else(|| shapes::fresh_app_id(&platform.entropy));
    let app_secret = new
        .app_secret
        .unwrap_or_else(|| shapes::fresh_app_secret(&platform.entropy));
    if !shapes::is_app_id(&app_id) {
        return Err(ScriptFault::AppIdShape);
    }
    if !shapes::is_app_secret(&app_secret) {
        return Err(ScriptFault::AppSecretShape);
    }
    let mut world = platform.world();
    if world.app(&app_id).is_some() {
        return Err(ScriptFault::AppExists);
    }
    let name = new.name.unwrap_or_else(|| new.kind.label().0.to_owned());
    let app = AppSheet {
        callback_domains: new.callback_domains,
        platform_account: new.platform_account,
        miniprogram_server: new.miniprogram_server,
        ..AppSheet::bare(new.kind, name, app_id, app_secret)
    };
    world.apps.push(app.clone());
    Ok((StatusCode::CREATED, Json(app)))
}

/// A field that a change may leave out, set, or clear with `null`.
#[derive(Default)]
enum Change<T> {
    #[default]
    Kept,
    Cleared,
    Set(T),
}

impl<T> Change<T> {
    fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Kept => {}
            Self::Cleared => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Cleared, Self::Set))
    }
}

/// What to change of an app.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppChange {
    name: Option<String>,
    secret_frozen: Option<bool>,
    callback_domains: Option<Vec<String>>,
    #[serde(default)]
    platform_account: Change<String>,
    #[serde(default)]
    miniprogram_server: Change<Url>,
    #[serde(default)]
    ip_whitelist: Change<Vec<IpAddr>>,
    admin_confirmation: Option<bool>,
    session_key_kept_seconds: Option<u64>,
}

/// `PATCH /sandbox/apps/{app_id}`: changes settings and answers the sheet.
pub(super) async fn change(
    State(platform): State<Shared>,
    Path(app_id): Path<String>,
    Order(change): Order<AppChange>,
) -> Result<Json<AppSheet>, ScriptFault> {
    fn set<T>(field: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *field = value;
        }
    }
    let mut world = platform.world();
    let app = world.app_mut(&app_id).ok_or(ScriptFault::AppUnknown)?;
    set(&mut app.name, change.name);
    set(&mut app.secret_frozen, change.secret_frozen);
    set(&mut app.callback_domains, change.callback_domains);
    set(&mut app.admin_confirmation, change.admin_confirmation);
    set(&mut app.session_key_kept_seconds, change.session_key_kept_seconds);
    change.platform_account.apply(&mut app.platform_account);
    change.miniprogram_server.apply(&mut app.miniprogram_server);
    change.ip_whitelist.apply(&mut app.ip_whitelist);
    Ok(Json(app.clone()))
}

/// `POST /sandbox/apps/{app_id}/reset-secret`: the old secret is dead at once.
pub(super) async fn reset_secret(
    State(platform): State<Shared>,
    Path(app_id): Path<String>,
) -> Result<Json<AppSheet>, ScriptFault> {
    let secret = shapes::fresh_app_secret(&platform.entropy);
    let mut world = platform.world();
    let app = world.app_mut(&app_id).ok_or(ScriptFault::AppUnknown)?;
    app.app_secret = secret;
    app.secret_frozen = false;
    Ok(Json(app.clone()))
}

/// The administrator's word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    allow: bool,
}

/// `POST /sandbox/apps/{app_id}/confirm-ip`: the administrator answers for the addresses that wait.
pub(super) async fn confirm_ip(
    State(platform): State<Shared>,
    Path(app_id): Path<String>,
    Order(Confirmation { allow }): Order<Confirmation>,
) -> Result<StatusCode, ScriptFault> {
    let now = platform.now();
    if platform.world().confirmations.answer(&app_id, allow, now) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ScriptFault::NothingToConfirm)
    }
}

/// Message pushing, and whether the server has to pass WeChat's check first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMessages {
    server_url: Url,
    token: String,
    encoding_aes_key: String,
    mode: MessageMode,
    #[serde(default = "yes")]
    check: bool,
}

fn yes() -> bool {
    true
}

/// `PUT /sandbox/apps/{app_id}/messages`: turns message pushing on, after the server repeated `echostr`.
pub(super) async fn push_messages(
    State(platform): State<Shared>,
    Path(app_id): Path<String>,
    Order(new): Order<NewMessages>,
) -> Result<Json<AppSheet>, ScriptFault> {
    let alphanumeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let key_fits =
        new.encoding_aes_key.len() == 43 && crate::ciphers::message_key(&new.encoding_aes_key).is_some();
    if !(3..=32).contains(&new.token.len()) || !alphanumeric(&new.token) || !key_fits {
        return Err(ScriptFault::MessageShape);
    }
    if platform
        .world()
        .app_of_kind(&app_id, AppKind::OfficialAccount)
        .is_none()
    {
        return Err(ScriptFault::AppUnknown);
    }
    let settings = MessageSettings {
        server_url: new.server_url,
        token: new.token,
        encoding_aes_key: new.encoding_aes_key,
        mode: new.mode,
    };
    if new.check {
        push::check_server(&platform, &settings).await?;
    }
    let mut world = platform.world();
    let app = world.app_mut(&app_id).ok_or(ScriptFault::AppUnknown)?;
    app.messages = Some(settings);
    Ok(Json(app.clone()))
}

/// `DELETE /sandbox/apps/{app_id}/messages`: turns message pushing off.
pub(super) async fn push_no_messages(
    State(platform): State<Shared>,
    Path(app_id): Path<String>,
) -> Result<StatusCode, ScriptFault> {
    let mut world = platform.world();
    world.app_mut(&app_id).ok_or(ScriptFault::AppUnknown)?.messages = None;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /sandbox/apps/{app_id}/pushes`: the events pushed to the account and its replies, oldest first.
pub(super) async fn pushes(State(platform): State<Shared>, Path(app_id): Path<String>) -> Json<Vec<Push>> {
    Json(platform.world().pushes.to(&app_id))
}
