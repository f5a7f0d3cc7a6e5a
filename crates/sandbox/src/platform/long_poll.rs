//! `connect/l/qrconnect`: what a window waits on while somebody scans, for websites and mobile apps alike.

use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::watch;

use super::callback::native_callback;
use super::{Params, Platform, Shared};
use crate::html::script_text;
use crate::world::qr_sessions::QrState;

/// What a poll answers.
#[derive(Serialize)]
struct News {
    wx_errcode: u16,
    wx_code: String,
    #[serde(skip)]
    nickname: String,
}

impl News {
    fn of(number: u16) -> Self {
        Self {
            wx_errcode: number,
            wx_code: String::new(),
            nickname: String::new(),
        }
    }
}

impl From<QrState> for News {
    fn from(state: QrState) -> Self {
        let news = Self::of(state.number());
        match state {
            QrState::Confirmed { code, nickname } => Self {
                wx_code: code,
                nickname,
                ..news
            },
            QrState::Created | QrState::Scanned | QrState::Refused => news,
        }
    }
}

/// `GET /connect/l/qrconnect`: held until the state differs from `last`, or the hold time is over. A script, unless
/// `f=json` asks for JSON or `f=url` for the address that a mobile app is opened with.
pub(crate) async fn poll(State(platform): State<Shared>, params: Params) -> Response {
    let uuid = params.get("uuid");
    let news = next_news(&platform, uuid, params.get("last")).await;
    let (content_type, body) = match params.get("f") {
        "json" => (
            "application/json",
            serde_json::to_string(&news).unwrap_or_default(),
        ),
        "url" => ("text/javascript", opening(&platform, uuid, &news)),
        _ => (
            "text/javascript",
            format!(
                "window.wx_errcode={};window.wx_code='{}';",
                news.wx_errcode, news.wx_code
            ),
        ),
    };
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")], body).into_response()
}

fn opening(platform: &Platform, uuid: &str, news: &News) -> String {
    let redirect = if news.wx_code.is_empty() {
        String::new()
    } else {
        let world = platform.world();
        let app_id = world
            .qr_sessions
            .find(uuid)
            .map_or("", |session| session.app_id.as_str());
        native_callback(app_id, &news.wx_code, "")
    };
    format!(
        "window.wx_errcode={};window.wx_redirecturl='{redirect}';window.wx_nickname='{}';",
        news.wx_errcode,
        script_text(&news.nickname),
    )
}

async fn next_news(platform: &Platform, uuid: &str, last: &str) -> News {
    let Some((mut progress, expires_at)) = watch_session(platform, uuid) else {
        return News::of(500);
    };
    // 408 is no news, so "nothing known yet" and "created" are the same; a confirmation is worth repeating.
    let known = match last {
        "404" => 404,
        "403" => 403,
        _ => 408,
    };
    let left = expires_at.saturating_sub(platform.now());
    let hold = platform.hold.min(Duration::from_secs(left));
    let change = progress.wait_for(|state| state.number() != known);
    let changed = tokio::select! {
        outcome = tokio::time::timeout(hold, change) => match outcome {
            Ok(Ok(state)) => Some(state.clone()),
            Ok(Err(_)) | Err(_) => None,
        },
        () = platform.stopping.cancelled() => None,
    };
    if platform.now() >= expires_at {
        return News::of(402);
    }
    changed.map_or_else(|| News::of(408), News::from)
}

fn watch_session(platform: &Platform, uuid: &str) -> Option<(watch::Receiver<QrState>, u64)> {
    let world = platform.world();
    let session = world.qr_sessions.find(uuid)?;
    Some((session.progress.subscribe(), session.expires_at))
}
