//! `wxa/generatescheme` and `wxa/generate_urllink`: links that open a mini program from outside WeChat.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::mini_program;
use crate::platform::answer::{Family, Fine};
use crate::platform::bearer::{json, post};
use crate::platform::{Errcode, Params, Platform, Shared};
use crate::world::links::Link;

const DAY: u64 = 24 * 3600;
/// A link lives 30 days at most, which is also its life if it names none.
const LONGEST_DAYS: u64 = 30;

/// Where the link leads; a scheme wraps it into `jump_wxa`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Target {
    path: String,
    query: String,
    env_version: Option<String>,
}

/// How long the link lives.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Life {
    /// 0: until a time, in seconds since the UNIX epoch; 1: for so many days.
    #[serde(rename = "expire_type")]
    measure: u8,
    #[serde(rename = "expire_time")]
    until: Option<u64>,
    #[serde(rename = "expire_interval")]
    days: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SchemeRequest {
    jump_wxa: Target,
    #[serde(flatten)]
    life: Life,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LinkRequest {
    #[serde(flatten)]
    target: Target,
    #[serde(flatten)]
    life: Life,
}

#[derive(Serialize)]
struct Scheme {
    openlink: String,
}

/// `POST /wxa/generatescheme`: `weixin://dl/business/?t=…`.
pub(crate) async fn scheme(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    let outcome = post(&method).and_then(|()| {
        let app_id = app_of(&platform, &params)?;
        let request: SchemeRequest = json(&body, Errcode::DataFormat)?;
        let name = make(&platform, app_id, request.jump_wxa, &request.life)?;
        Ok::<_, Errcode>(Fine::with(Scheme {
            openlink: format!("weixin://dl/business/?t={name}"),
        }))
    });
    Family::Api.answer(&platform, outcome)
}

#[derive(Serialize)]
struct UrlLink {
    url_link: String,
}

/// `POST /wxa/generate_urllink`: an address that any browser opens, here below `/wxaurl/` of the sandbox.
pub(crate) async fn url_link(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
    body: Bytes,
) -> Response {
    let outcome = post(&method).and_then(|()| {
        let app_id = app_of(&platform, &params)?;
        let request: LinkRequest = json(&body, Errcode::DataFormat)?;
        let name = make(&platform, app_id, request.target, &request.life)?;
        Ok::<_, Errcode>(Fine::with(UrlLink {
            url_link: platform.address(&format!("/wxaurl/{name}"), &[]),
        }))
    });
    Family::Api.answer(&platform, outcome)
}

fn app_of(platform: &Platform, params: &Params) -> Result<String, Errcode> {
    mini_program(&platform.world(), params, platform.now()).map(|app| app.app_id)
}

fn make(platform: &Platform, app_id: String, target: Target, life: &Life) -> Result<String, Errcode> {
    let now = platform.now();
    if target.path.contains('?') {
        return Err(Errcode::InvalidPagePath);
    }
    if target.query.chars().count() > 1024 {
        return Err(Errcode::InvalidQuery);
    }
    if !matches!(
        target.env_version.as_deref(),
        None | Some("release" | "trial" | "develop")
    ) {
        return Err(Errcode::LinkVersion);
    }
    let latest = now + LONGEST_DAYS * DAY;
    let expires_at = match (life.measure, life.until, life.days) {
        (0, None | Some(0), _) => latest,
        (0, Some(time), _) if (now + 1..=latest).contains(&time) => time,
        (1, _, Some(days)) if (1..=LONGEST_DAYS).contains(&days) => now + days * DAY,
        _ => return Err(Errcode::LinkTime),
    };
    let mut world = platform.world();
    world.quotas.take("/wxa/generatescheme", &app_id, "", now)?;
    let link = Link {
        app_id,
        query: target.query,
        expires_at,
    };
    Ok(world.links.create(link, &platform.entropy))
}
