//! A page shows a mini program's code, a phone scans it, and the page gets a provider token.

use super::{
    fault::Fault,
    provider::{TOKEN_SECONDS, hand_out},
    visit::Visit,
};
use crate::{
    Error,
    login::{self, Identified, Which},
};
use serde::Deserialize;
use serde_json::{Value, json};
use yaopai_domain::{AttemptState, ConnectionKind, Drawing, Refusal, Verdict};

#[derive(Deserialize)]
struct Generate {
    #[serde(rename = "wxAppId")]
    app_id: String,
}

/// `POST /auth/v1/qrcode/generate`: the picture, as a `data:` URL, and the id to ask by.
pub(super) async fn generate(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, application) = visit.client().await?;
    let asked: Generate = visit.body()?;
    let connections = visit.app.store.connections(&pool).await?;
    let shown = connections.iter().find(|connection| {
        connection.enabled
            && connection.kind == ConnectionKind::MiniProgramQr
            && connection.app_id == asked.app_id
    });
    // Without one the door tells operators which app was asked for in vain.
    let which = shown.map_or(Which::AppId(&asked.app_id), |connection| Which::Id(connection.id));
    let door = visit.knock(&pool, application.as_ref(), which).await?;
    if door.connection.kind != ConnectionKind::MiniProgramQr {
        return Err(Fault::argument("no connection shows codes of this mini program"));
    }
    // Whether the person is signed in, registered or bound is said with the provider token, later.
    let scan = login::begin_naming_scan(&visit.app, &door).await?;
    let Drawing::Image { media_type, base64 } = scan.drawing else {
        return Err(Error::Internal("WeChat drew no picture").into());
    };
    let left = scan.expires_at.millis_since(visit.app.clock.now()).max(0) / 1000;
    Ok(json!({
        "qr_code": format!("data:{media_type};base64,{base64}"),
        "qr_code_id": scan.ticket.as_str(),
        "expires_in": left,
    }))
}

#[derive(Deserialize)]
struct Status {
    #[serde(rename = "qrCodeId")]
    id: String,
}

/// `POST /auth/v1/qrcode/get/status`: how a code stands; with a provider token, once, as soon as WeChat has named somebody.
///
/// The words of `status` are documented nowhere and no SDK reads them: these are ours.
pub(super) async fn status(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, _) = visit.client().await?;
    let asked: Status = visit.body()?;
    let stands = |status: &str| json!({ "status": status });
    let attempt = match login::scan(&visit.app, &pool, &asked.id).await {
        Ok(attempt) => attempt,
        Err(Error::NotFound(_)) => return Ok(stands("EXPIRED")),
        Err(error) => return Err(error.into()),
    };
    match attempt.state {
        AttemptState::Waiting => return Ok(stands("WAITING")),
        AttemptState::Scanned | AttemptState::Confirmed => return Ok(stands("SCANNED")),
        AttemptState::Refused | AttemptState::Cancelled => return Ok(stands("CANCELLED")),
        AttemptState::Expired => return Ok(stands("EXPIRED")),
        AttemptState::Decided | AttemptState::Failed => {}
    }
    let Some(connection) = attempt.connection_id else {
        return Ok(stands("FAILED"));
    };
    // Before the ticket is used up: whoever finds the door closed may come back.
    let door = visit.knock(&pool, None, Which::Id(connection)).await?;
    let (id, verdict) = login::redeem_scan(&visit.app, &pool, &asked.id).await?;
    let person = match verdict {
        // The token would forget that they are no real person (design rule 6).
        Some(Verdict::Refuse {
            refusal: refusal @ Refusal::SnapshotUser,
            ..
        }) => return Err(refusal.into()),
        // Any other refusal is found again, and told, by whoever is asked to sign the person in.
        Some(
            Verdict::LogIn { person, .. } | Verdict::Create { person, .. } | Verdict::Refuse { person, .. },
        ) => person,
        Some(Verdict::Fail { .. }) | None => return Ok(stands("FAILED")),
    };
    let identified = Identified {
        attempt: id,
        person,
        snapshot_user: false,
    };
    let (token, _) = hand_out(visit, door, identified).await?;
    Ok(json!({
        "status": "CONFIRMED",
        "provider_token": token.as_str(),
        "expires_in": TOKEN_SECONDS,
    }))
}
