//! `connect/sdk/qrconnect`: the QR code of a mobile app on a device without WeChat.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::answer::{Family, Fine, Refusal};
use super::bearer::read;
use super::qrconnect::IMAGE_WIDTH;
use super::sns::known_app;
use super::{Errcode, Params, Platform, Shared};
use crate::world::apps::AppKind;
use crate::world::tickets::TicketUse;
use crate::{ciphers, drawing};

#[derive(Serialize)]
struct Created {
    uuid: String,
    appname: String,
    qrcode: Picture,
}

#[derive(Serialize)]
struct Picture {
    qrcodelength: usize,
    qrcodebase64: String,
}

/// `GET /connect/sdk/qrconnect`: signed with the app's `sdk_ticket`. How WeChat refuses is not published; 40001 with
/// "invalid signature" is this sandbox's choice.
pub(crate) async fn create(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    let outcome = read(&method)
        .map_err(Refusal::from)
        .and_then(|()| created(&platform, &params));
    Family::Sns.answer(&platform, outcome)
}

fn created(platform: &Platform, params: &Params) -> Result<Fine<Created>, Refusal> {
    let now = platform.now();
    let mut world = platform.world();
    let app = known_app(&world, params.get("appid"))?;
    if app.kind != AppKind::MobileApp {
        return Err(Errcode::InvalidAppid.into());
    }
    let expected = world
        .tickets
        .alive(&app.app_id, TicketUse::Sdk, now)
        .map(|ticket| {
            ciphers::sha1_hex(&format!(
                "appid={}&noncestr={}&sdk_ticket={ticket}&timestamp={}",
                app.app_id,
                params.get("noncestr"),
                params.get("timestamp"),
            ))
        });
    if expected.as_deref() != Some(params.get("signature")) {
        let stem = "invalid signature".to_owned();
        return Err(Refusal::worded(Errcode::InvalidCredential.number(), stem));
    }
    let scope = params.get("scope");
    if !scope.split(',').any(|scope| scope == "snsapi_userinfo") {
        return Err(Errcode::ApiUnauthorized.into());
    }
    let uuid = world
        .qr_sessions
        .create(&app.app_id, scope, now, &platform.entropy);
    drop(world);
    let text = platform.address("/connect/confirm", &[("uuid", &uuid)]);
    let jpeg = drawing::qr_jpeg(&text, IMAGE_WIDTH).map_err(|_| Errcode::SystemError)?;
    Ok(Fine::with(Created {
        uuid,
        appname: app.name,
        qrcode: Picture {
            qrcodelength: jpeg.len(),
            qrcodebase64: STANDARD.encode(jpeg),
        },
    }))
}
