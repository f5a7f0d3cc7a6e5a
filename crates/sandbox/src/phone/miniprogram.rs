//! `phone/miniprogram`: plays the developer's mini program, which tells its own server what happens on the phone.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use url::Url;

use super::{Decision, screen};
use crate::platform::wxa::codes::scene_in;
use crate::platform::{Params, Platform, Shared};
use crate::world::apps::{AppKind, AppSheet};
use crate::world::codes::{Grant, Purpose};

/// What the mini program tells its server: `{"scene":…,"event":…}`, with the code of `wx.login` when confirmed.
#[derive(Serialize)]
struct Report<'a> {
    scene: &'a str,
    #[serde(flatten)]
    event: Event,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Scanned,
    Confirmed { code: String },
    Refused,
}

/// Why the mini program gets nowhere.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MiniProgramFault {
    #[error("no mini program has this AppID")]
    Unknown,
    #[error("the link is unknown or has expired")]
    LinkDead,
    #[error("the mini program has no server: start the sandbox with --miniprogram-server")]
    NoServer,
    #[error("no answer from {0}")]
    Unreachable(String),
    #[error("{host} answered {status}")]
    Refused { host: String, status: u16 },
}

fn find(platform: &Platform, app_id: &str) -> Result<AppSheet, MiniProgramFault> {
    let world = platform.world();
    world
        .app_of_kind(app_id, AppKind::MiniProgram)
        .cloned()
        .ok_or(MiniProgramFault::Unknown)
}

/// Opens the mini program with a scene: its server hears `scanned`.
pub(crate) async fn scan(
    platform: &Platform,
    app_id: &str,
    scene: &str,
) -> Result<AppSheet, MiniProgramFault> {
    let app = find(platform, app_id)?;
    tell_server(platform, &app, scene, Event::Scanned).await?;
    Ok(app)
}

/// Takes the person's decision: an approval runs `wx.login` and sends the code.
pub(crate) async fn decide(
    platform: &Platform,
    app_id: &str,
    scene: &str,
    decision: Decision,
) -> Result<AppSheet, MiniProgramFault> {
    let app = find(platform, app_id)?;
    let event = match decision {
        Decision::Approve(person) => {
            let now = platform.now();
            let purpose = Purpose::Login(app.kind);
            let codes = &mut platform.world().codes;
            Event::Confirmed {
                code: codes.issue(
                    purpose,
                    &app.app_id,
                    Grant::new(person, ""),
                    now,
                    &platform.entropy,
                ),
            }
        }
        Decision::Refuse => Event::Refused,
    };
    tell_server(platform, &app, scene, event).await?;
    Ok(app)
}

/// `POST {server}/login/v1/miniprogram/scan`; any 2xx will do.
async fn tell_server(
    platform: &Platform,
    app: &AppSheet,
    scene: &str,
    event: Event,
) -> Result<(), MiniProgramFault> {
    let server = app
        .miniprogram_server
        .as_ref()
        .ok_or(MiniProgramFault::NoServer)?;
    let host = host_of(server);
    let mut url = server.clone();
    url.set_path(&format!(
        "{}/login/v1/miniprogram/scan",
        server.path().trim_end_matches('/')
    ));
    let answer = platform
        .http
        .post(url)
        .json(&Report { scene, event })
        .send()
        .await;
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(MiniProgramFault::Refused {
            host,
            status: answer.status().as_u16(),
        }),
        Err(_) => Err(MiniProgramFault::Unreachable(host)),
    }
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The mini program and the scene that a link leads to.
pub(crate) fn follow_link(platform: &Platform, name: &str) -> Result<(String, String), MiniProgramFault> {
    let world = platform.world();
    let link = world
        .links
        .open(name, platform.now())
        .ok_or(MiniProgramFault::LinkDead)?;
    Ok((link.app_id.clone(), scene_in(&link.query)))
}

/// `GET /wxaurl/{name}`: opens the link on the phone.
pub(crate) async fn open_link(State(platform): State<Shared>, Path(name): Path<String>) -> Response {
    match follow_link(&platform, &name) {
        Ok((app_id, scene)) => {
            let page = platform.address("/phone/miniprogram", &[("appid", &app_id), ("scene", &scene)]);
            Redirect::to(&page).into_response()
        }
        Err(fault) => screen::miniprogram_fault(&fault).into_response(),
    }
}

/// `GET /phone/miniprogram?appid=…&scene=…`: the scan itself.
pub(crate) async fn show(State(platform): State<Shared>, params: Params) -> Response {
    let (app_id, scene) = (params.get("appid"), params.get("scene"));
    match scan(&platform, app_id, scene).await {
        Ok(app) => screen::miniprogram(&app, scene).into_response(),
        Err(fault) => screen::miniprogram_fault(&fault).into_response(),
    }
}

/// `POST /phone/miniprogram` with `appid`, `scene`, `decision` and `person`.
pub(crate) async fn decide_form(State(platform): State<Shared>, body: Bytes) -> Response {
    let form = Params::parse(&body);
    let decision = match Decision::read(&form) {
        Ok(decision) => decision,
        Err(fault) => return screen::decision_fault(fault).into_response(),
    };
    match decide(&platform, form.get("appid"), form.get("scene"), decision.clone()).await {
        Ok(app) => screen::decided(&app, &decision).into_response(),
        Err(fault) => screen::miniprogram_fault(&fault).into_response(),
    }
}
