//! Following official accounts: by a scene code, by a search, and no longer.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use super::{Decision, screen};
use crate::platform::{Params, Platform, Shared};
use crate::push::{self, Event};
use crate::world::apps::{AppKind, AppSheet};
use crate::world::followers::Following;
use crate::world::people::Person;
use crate::world::pushes::Push;
use crate::world::scenes::Scene;

/// Why nobody follows anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FollowFault {
    #[error("no scene code has this address")]
    Scene,
    #[error("the scene code has expired")]
    Expired,
    #[error("no official account has this AppID")]
    Account,
}

/// The scene code behind `/q/…` and its account.
pub(crate) fn look(platform: &Platform, path: &str) -> Result<(Scene, AppSheet), FollowFault> {
    let world = platform.world();
    let scene = world.scenes.at(path).ok_or(FollowFault::Scene)?;
    if scene.expires_at.is_some_and(|end| platform.now() >= end) {
        return Err(FollowFault::Expired);
    }
    let app = world.app(&scene.app_id).ok_or(FollowFault::Account)?;
    Ok((scene.clone(), app.clone()))
}

/// A person scans a scene code: strangers follow and the account hears `subscribe`, followers enter and it hears
/// `SCAN`.
pub(crate) async fn scan(
    platform: &Platform,
    path: &str,
    person: &Arc<Person>,
) -> Result<(AppSheet, Option<Push>), FollowFault> {
    let (scene, app) = look(platform, path)?;
    let (openid, new) = {
        let mut world = platform.world();
        let openid = world.meet(person, &app.app_id);
        let following = Following {
            since: platform.now(),
            scene: Some(scene.key.clone()),
        };
        let new = world.followers.follow(&openid, following);
        (openid, new)
    };
    let event = Event {
        name: if new { "subscribe" } else { "SCAN" },
        key: if new {
            format!("qrscene_{}", scene.key)
        } else {
            scene.key.to_string()
        },
        ticket: Some(scene.ticket),
    };
    let push = push::push(platform, &app, &openid, event).await;
    Ok((app, push))
}

/// A person finds the account by its name and follows it. Followers stay what they are.
pub(crate) async fn follow(
    platform: &Platform,
    app_id: &str,
    person: &Arc<Person>,
) -> Result<Option<Push>, FollowFault> {
    let following = Following {
        since: platform.now(),
        scene: None,
    };
    let (app, openid) = account(platform, app_id, person)?;
    if !platform.world().followers.follow(&openid, following) {
        return Ok(None);
    }
    Ok(push::push(platform, &app, &openid, bare("subscribe")).await)
}

/// A person unfollows the account. Strangers stay what they are.
pub(crate) async fn unfollow(
    platform: &Platform,
    app_id: &str,
    person: &Arc<Person>,
) -> Result<Option<Push>, FollowFault> {
    let (app, openid) = account(platform, app_id, person)?;
    if !platform.world().followers.unfollow(&openid) {
        return Ok(None);
    }
    Ok(push::push(platform, &app, &openid, bare("unsubscribe")).await)
}

fn account(
    platform: &Platform,
    app_id: &str,
    person: &Arc<Person>,
) -> Result<(AppSheet, String), FollowFault> {
    let mut world = platform.world();
    let app = world
        .app_of_kind(app_id, AppKind::OfficialAccount)
        .ok_or(FollowFault::Account)?
        .clone();
    let openid = world.meet(person, app_id);
    Ok((app, openid))
}

/// An event without a scene.
fn bare(name: &'static str) -> Event {
    Event {
        name,
        key: String::new(),
        ticket: None,
    }
}

/// `GET /q/{path}`: the scan itself.
pub(crate) async fn show(State(platform): State<Shared>, Path(path): Path<String>) -> Response {
    match look(&platform, &path) {
        Ok((_, app)) => screen::follow(&app, &path).into_response(),
        Err(fault) => screen::scene_fault(fault).into_response(),
    }
}

/// `POST /q/{path}` with `decision` and `person`.
pub(crate) async fn decide_form(
    State(platform): State<Shared>,
    Path(path): Path<String>,
    body: Bytes,
) -> Response {
    let outcome = match Decision::read(&Params::parse(&body)) {
        Ok(Decision::Approve(person)) => scan(&platform, &path, &person).await.map(Some),
        Ok(Decision::Refuse) => look(&platform, &path).map(|_| None),
        Err(fault) => return screen::decision_fault(fault).into_response(),
    };
    match outcome {
        Ok(Some((app, push))) => screen::followed(&app, push.as_ref()).into_response(),
        Ok(None) => screen::notice(
            screen::Mood::Calm,
            ("没有关注", "Not followed"),
            "再次扫描可以重新选择",
            "Scan again to decide again",
        )
        .into_response(),
        Err(fault) => screen::scene_fault(fault).into_response(),
    }
}
