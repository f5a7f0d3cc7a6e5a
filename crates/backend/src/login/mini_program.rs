//! `wechat:miniprogram:default`: WeChat draws a code that opens the mini program, which hands over its login code.

use super::{
    exchange::confirm,
    nonce::{Nonce, hash},
    running::{Running, Stop},
    step::{LegReport, Step},
};
use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    extract::Body,
};
use axum::{extract::State, http::StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::sync::Arc;
use yaopai_domain::{AttemptState, Drawing, LegName, MiniProgramScan};
use yaopai_wechat::LoginCode;

/// Has WeChat draw the code, and waits in the background for its end.
pub(super) async fn start(running: &Running, nonce: &Nonce) -> Result<Drawing, Stop> {
    let Running {
        app,
        pool,
        connection,
        ..
    } = running;
    let credentials = app.credentials(pool, connection.id, &connection.app_id).await?;
    let now = app.clock.now();
    let token = app.wechat.api_token(&credentials, now);
    // A leg of its own; the call below finds the token kept.
    running.call(LegName::ApiToken, token).await?;
    let image = app.wechat.mini_program_code(&credentials, nonce.expose(), now);
    let image = running.call(LegName::MiniProgramCode, image).await?;
    let leg = LegName::MiniProgramScan;
    running.take(vec![Step::Begin { leg, request: None }]).await?;
    running.watch(std::future::pending());
    Ok(Drawing::Image {
        media_type: image.media_type.to_owned(),
        base64: STANDARD.encode(&image.bytes),
    })
}

/// `POST /login/v1/miniprogram/scan`: the mini program tells what the person did with the code. The scene is the key.
pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/login/v1/miniprogram/scan", Needs::Nothing, handle)
}

async fn handle(State(app): State<Arc<App>>, Body(scan): Body<MiniProgramScan>) -> Result<StatusCode, Error> {
    let (MiniProgramScan::Scanned { scene }
    | MiniProgramScan::Confirmed { scene, .. }
    | MiniProgramScan::Refused { scene }) = &scan;
    let (pool, attempt) = app
        .store
        .attempt_of_nonce(hash(scene))
        .await?
        .filter(|(_, attempt)| {
            attempt
                .legs
                .iter()
                .any(|leg| leg.name == LegName::MiniProgramScan)
        })
        .ok_or(Error::NotFound("scene"))?;
    let running = Running::resume(app, pool, &attempt).await?;
    let leg = LegName::MiniProgramScan;
    let end = |event: &str| Step::End {
        leg,
        report: LegReport {
            request: Some("POST /login/v1/miniprogram/scan".to_owned()),
            ..LegReport::done(vec![format!("event: {event}")])
        },
    };
    // An event that comes again, or too late, finds the attempt ended or further on: nothing is left to do.
    match scan {
        MiniProgramScan::Scanned { .. } => {
            running.take(vec![Step::Move(AttemptState::Scanned)]).await?;
        }
        MiniProgramScan::Confirmed { code, .. } if code.is_empty() => {
            return Err(Error::Malformed("the code is empty".to_owned()));
        }
        MiniProgramScan::Confirmed { code, .. } => {
            confirm(&running, LoginCode::new(code), vec![end("confirmed")]).await?;
        }
        MiniProgramScan::Refused { .. } => {
            let finish = Step::Finish {
                state: AttemptState::Refused,
                verdict: None,
            };
            running.take(vec![end("refused"), finish]).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
