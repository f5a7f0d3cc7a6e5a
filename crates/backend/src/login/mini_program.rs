//! `wechat:miniprogram:default` and `wechat:miniprogram:qrconnect`: WeChat draws a code that opens the mini program, which
//! hands over its login code. Inside the mini program itself the code comes by [`super::log_in`].

use super::{
    Via,
    exchange::confirm,
    nonce::{Nonce, hash},
    reject_unknown_state,
    running::{Running, Stop},
    step::{LegReport, Step},
};
use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    extract::Body,
    openapi::Doc,
};
use axum::{extract::State, http::StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::sync::Arc;
use yaopai_domain::{
    AttemptState, ConnectionSettings, Drawing, LegName, LegOutcome, MiniProgramScan,
    MiniProgramVersion as Chosen,
};
use yaopai_wechat::{LoginCode, MiniProgramVersion, ScenePage};

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
    let page = scene_page(&connection.settings);
    let image = app
        .wechat
        .mini_program_code(&credentials, &page, nonce.expose(), now);
    let image = running.call(LegName::MiniProgramCode, image).await?;
    let leg = LegName::MiniProgramScan;
    running.take(vec![Step::Begin { leg, request: None }]).await?;
    running.watch(std::future::pending());
    Ok(Drawing::Image {
        media_type: image.media_type.to_owned(),
        base64: STANDARD.encode(&image.bytes),
    })
}

/// What the code opens.
pub(crate) fn scene_page(settings: &ConnectionSettings) -> ScenePage<'_> {
    match settings {
        ConnectionSettings::MiniProgramCode { page, version, .. } => ScenePage {
            page: page.as_deref(),
            version: match version {
                Chosen::Release => MiniProgramVersion::Release,
                Chosen::Trial => MiniProgramVersion::Trial,
                Chosen::Develop => MiniProgramVersion::Develop,
            },
        },
        ConnectionSettings::Nothing {}
        | ConnectionSettings::WebPage { .. }
        | ConnectionSettings::Pushes { .. } => ScenePage::HOME,
    }
}

/// `POST /login/v1/miniprogram/scan`: the mini program tells what the person did with the code. The scene is the key.
pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/login/v1/miniprogram/scan", Needs::Nothing, handle).doc(
        Doc::new(
            "tell_mini_program_scan",
            "A mini program tells what the person did with the code; the scene is the key",
        )
        .takes::<MiniProgramScan>()
        .answers_nothing(StatusCode::NO_CONTENT, "Taken"),
    )
}

async fn handle(
    State(app): State<Arc<App>>,
    via: Via,
    Body(scan): Body<MiniProgramScan>,
) -> Result<StatusCode, Error> {
    const REQUEST: &str = "POST /login/v1/miniprogram/scan";
    let (MiniProgramScan::Scanned { scene }
    | MiniProgramScan::Confirmed { scene, .. }
    | MiniProgramScan::Refused { scene }) = &scan;
    let (running, leg) = waiting_for(app, &via, scene).await?;
    // An event that comes again, or too late, finds the attempt ended or further on: nothing is left to do.
    match scan {
        MiniProgramScan::Scanned { .. } => {
            running.take(vec![Step::Move(AttemptState::Scanned)]).await?;
        }
        MiniProgramScan::Confirmed { code, .. } => confirm_scan(&running, leg, code, REQUEST).await?,
        MiniProgramScan::Refused { .. } => {
            let finish = Step::Finish {
                state: AttemptState::Refused,
                verdict: None,
            };
            running.take(vec![end(leg, REQUEST, "refused"), finish]).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The attempt that waits for the mini program with this scene or launch token, and the leg that waits.
pub(super) async fn waiting_for(app: Arc<App>, via: &Via, nonce: &str) -> Result<(Running, LegName), Error> {
    let tied = app.store.attempt_of_nonce(hash(nonce)).await?;
    let found = tied.and_then(|tied| {
        let leg = tied
            .attempt
            .legs
            .iter()
            .map(|leg| leg.name)
            .find(|name| matches!(name, LegName::MiniProgramScan | LegName::AppLaunch))?;
        Some((tied, leg))
    });
    let Some((tied, leg)) = found else {
        reject_unknown_state(&app, via).await?;
        return Err(Error::NotFound("scene"));
    };
    let running = Running::resume(app, tied.pool, &tied.attempt).await?;
    Ok((running, leg))
}

/// Takes the code that a mini program hands over.
pub(super) async fn confirm_scan(
    running: &Running,
    leg: LegName,
    code: String,
    request: &str,
) -> Result<(), Error> {
    if code.is_empty() {
        return Err(Error::Malformed("the code is empty".to_owned()));
    }
    confirm(
        running,
        LoginCode::new(code),
        vec![end(leg, request, "confirmed")],
    )
    .await?;
    Ok(())
}

fn end(leg: LegName, request: &str, event: &str) -> Step {
    Step::End {
        leg,
        report: LegReport {
            outcome: LegOutcome::Done,
            request: Some(request.to_owned()),
            ..LegReport::done(vec![format!("event: {event}")])
        },
    }
}
