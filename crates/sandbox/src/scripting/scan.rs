//! `/sandbox/scan`: somebody scans a code and decides.

use std::sync::Arc;

use axum::extract::{Json, State};
use serde::{Deserialize, Serialize};

use super::fault::{Order, ScriptFault};
use crate::phone::{Decision, DecisionFault, Destination, confirm, follow, miniprogram};
use crate::platform::{Authorize, PageFault, Params, Platform, Shared};
use crate::world::people::{self, Person};
use crate::world::pushes::Push;

/// What to do with the phone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scan {
    /// The text inside the QR code, or a link.
    url: String,
    /// Who holds the phone; only an approval needs to know.
    #[serde(default)]
    person: String,
    decision: Move,
}

/// How far the person goes.
#[derive(Deserialize, Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Move {
    Scan,
    Approve,
    Refuse,
}

/// What happened on the phone.
#[derive(Serialize)]
pub(super) struct Scanned {
    page: &'static str,
    done: &'static str,
    /// Where the phone's browser goes next; only the authorize page sends it somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    /// What the official account was told; only a scene code tells one something.
    #[serde(skip_serializing_if = "Option::is_none")]
    push: Option<Push>,
}

/// `POST /sandbox/scan`: opens the link as a phone would, and decides.
pub(super) async fn scan(
    State(platform): State<Shared>,
    Order(scan): Order<Scan>,
) -> Result<Json<Scanned>, ScriptFault> {
    let (destination, url) = Destination::of(&scan.url).ok_or(ScriptFault::NotAQrCode)?;
    let params = Params::parse(url.query().unwrap_or_default().as_bytes());
    let (decision, done) = match scan.decision {
        Move::Scan => (None, "scanned"),
        Move::Refuse => (Some(Decision::Refuse), "refused"),
        Move::Approve => {
            let person = people::find(&scan.person).ok_or(DecisionFault::Person)?;
            (Some(Decision::Approve(person)), "approved")
        }
    };
    let mut scanned = Scanned {
        page: "",
        done,
        location: None,
        push: None,
    };
    match destination {
        Destination::Confirm => {
            scanned.page = "confirm";
            play_confirm(&platform, params.get("uuid"), decision)?;
        }
        Destination::Authorize => {
            scanned.page = "authorize";
            scanned.location = play_authorize(&platform, &params, decision)?;
        }
        Destination::MiniProgram => {
            scanned.page = "miniprogram";
            play_mini_program(&platform, params.get("appid"), params.get("scene"), decision).await?;
        }
        Destination::Link(name) => {
            scanned.page = "miniprogram";
            let (app_id, scene) = miniprogram::follow_link(&platform, &name)?;
            play_mini_program(&platform, &app_id, &scene, decision).await?;
        }
        Destination::Scene(path) => {
            scanned.page = "follow";
            scanned.push = play_scene(&platform, &path, decision).await?;
        }
    }
    Ok(Json(scanned))
}

fn play_confirm(
    platform: &Platform,
    uuid: &str,
    decision: Option<Decision>,
) -> Result<(), confirm::ConfirmFault> {
    confirm::scan(platform, uuid)?;
    if let Some(decision) = decision {
        confirm::decide(platform, uuid, decision)?;
    }
    Ok(())
}

fn play_authorize(
    platform: &Platform,
    params: &Params,
    decision: Option<Decision>,
) -> Result<Option<String>, PageFault> {
    let authorize = Authorize::check(&mut platform.world(), params)?;
    decision
        .map(|decision| authorize.decide(platform, decision))
        .transpose()
}

async fn play_mini_program(
    platform: &Platform,
    app_id: &str,
    scene: &str,
    decision: Option<Decision>,
) -> Result<(), miniprogram::MiniProgramFault> {
    miniprogram::scan(platform, app_id, scene).await?;
    if let Some(decision) = decision {
        miniprogram::decide(platform, app_id, scene, decision).await?;
    }
    Ok(())
}

async fn play_scene(
    platform: &Platform,
    path: &str,
    decision: Option<Decision>,
) -> Result<Option<Push>, follow::FollowFault> {
    let person: Option<Arc<Person>> = match decision {
        Some(Decision::Approve(person)) => Some(person),
        Some(Decision::Refuse) | None => None,
    };
    match person {
        Some(person) => Ok(follow::scan(platform, path, &person).await?.1),
        None => follow::look(platform, path).map(|_| None),
    }
}
