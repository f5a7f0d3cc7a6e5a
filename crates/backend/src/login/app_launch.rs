//! `wechat:miniprogram:app-launch`: a mobile app opens the mini program with a launch token, and the mini program hands
//! over its login code for it.

use super::{
    Via,
    mini_program::{confirm_scan, waiting_for},
    nonce::Nonce,
    running::{Running, Stop},
    step::Step,
};
use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    extract::Body,
    openapi::Doc,
};
use axum::{extract::State, http::StatusCode};
use std::sync::Arc;
use yaopai_domain::{AppLaunchCode, Drawing, LegName};

/// Waits in the background for the mini program. What is drawn is the launch token, for the path that the app opens.
pub(super) async fn start(running: &Running, nonce: &Nonce) -> Result<Drawing, Stop> {
    let leg = LegName::AppLaunch;
    running.take(vec![Step::Begin { leg, request: None }]).await?;
    running.watch(std::future::pending());
    Ok(Drawing::Text {
        text: nonce.expose().to_owned(),
    })
}

/// `POST /login/v1/app-launch/code`: the mini program hands over its code. The launch token is the key.
pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/login/v1/app-launch/code", Needs::Nothing, handle).doc(
        Doc::new(
            "tell_app_launch_code",
            "A mini program that an app has opened hands over its code; the launch token is the key",
        )
        .takes::<AppLaunchCode>()
        .answers_nothing(StatusCode::NO_CONTENT, "Taken"),
    )
}

async fn handle(
    State(app): State<Arc<App>>,
    via: Via,
    Body(AppLaunchCode { launch, code }): Body<AppLaunchCode>,
) -> Result<StatusCode, Error> {
    let (running, leg) = waiting_for(app, &via, &launch).await?;
    confirm_scan(&running, leg, code, "POST /login/v1/app-launch/code").await?;
    Ok(StatusCode::NO_CONTENT)
}
