//! `connect/confirm`: what the phone shows for the QR code of a website or a mobile app.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::{Decision, screen};
use crate::platform::{Params, Platform, Shared};
use crate::world::World;
use crate::world::apps::AppSheet;
use crate::world::codes::{Grant, Purpose};
use crate::world::qr_sessions::{QrSession, QrState};

/// Why the phone cannot ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfirmFault {
    #[error("no QR code has this uuid")]
    Unknown,
    #[error("the QR code has expired")]
    Expired,
    #[error("the QR code has been used")]
    Used,
}

/// The QR code, if it can still be scanned or decided.
fn open_session<'w>(
    world: &'w World,
    uuid: &str,
    now: u64,
) -> Result<(&'w QrSession, &'w AppSheet), ConfirmFault> {
    let session = world.qr_sessions.find(uuid).ok_or(ConfirmFault::Unknown)?;
    let app = world.app(&session.app_id).ok_or(ConfirmFault::Unknown)?;
    if matches!(*session.progress.borrow(), QrState::Confirmed { .. }) {
        return Err(ConfirmFault::Used);
    }
    if now >= session.expires_at {
        return Err(ConfirmFault::Expired);
    }
    Ok((session, app))
}

/// Marks the QR code as scanned, also after a refusal, and answers the app that asks.
pub(crate) fn scan(platform: &Platform, uuid: &str) -> Result<AppSheet, ConfirmFault> {
    let world = platform.world();
    let (session, app) = open_session(&world, uuid, platform.now())?;
    session.progress.send_if_modified(|state| {
        let news = *state != QrState::Scanned;
        *state = QrState::Scanned;
        news
    });
    Ok(app.clone())
}

/// Takes the person's decision; an approval makes the code that the waiting website is given.
pub(crate) fn decide(platform: &Platform, uuid: &str, decision: Decision) -> Result<AppSheet, ConfirmFault> {
    let now = platform.now();
    let mut world = platform.world();
    let (session, app) = open_session(&world, uuid, now)?;
    let (scope, app) = (session.scope.clone(), app.clone());
    let state = match decision {
        Decision::Approve(person) => {
            let nickname = person.nickname.clone();
            let grant = Grant::new(person, &scope);
            let purpose = Purpose::Login(app.kind);
            let code = world
                .codes
                .issue(purpose, &app.app_id, grant, now, &platform.entropy);
            QrState::Confirmed { code, nickname }
        }
        Decision::Refuse => QrState::Refused,
    };
    if let Some(session) = world.qr_sessions.find(uuid) {
        session.progress.send_replace(state);
    }
    Ok(app)
}

/// `GET /connect/confirm?uuid=`: the scan itself.
pub(crate) async fn show(State(platform): State<Shared>, params: Params) -> Response {
    let uuid = params.get("uuid");
    match scan(&platform, uuid) {
        Ok(app) => screen::confirm(&app, uuid).into_response(),
        Err(fault) => screen::confirm_fault(fault).into_response(),
    }
}

/// `POST /connect/confirm` with `uuid`, `decision` and `person`.
pub(crate) async fn decide_form(State(platform): State<Shared>, body: Bytes) -> Response {
    let form = Params::parse(&body);
    let decision = match Decision::read(&form) {
        Ok(decision) => decision,
        Err(fault) => return screen::decision_fault(fault).into_response(),
    };
    match decide(&platform, form.get("uuid"), decision.clone()) {
        Ok(app) => screen::decided(&app, &decision).into_response(),
        Err(fault) => screen::confirm_fault(fault).into_response(),
    }
}
