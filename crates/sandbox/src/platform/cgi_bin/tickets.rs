//! `cgi-bin/ticket/getticket`: tickets that sign what clients do.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde::Serialize;

use crate::platform::answer::{Family, Fine};
use crate::platform::bearer::{bearer, read};
use crate::platform::{Errcode, Params, Platform, Shared};
use crate::world::apps::AppKind;
use crate::world::tickets::TicketUse;

#[derive(Serialize)]
struct Ticket {
    ticket: String,
    expires_in: u64,
}

/// `GET /cgi-bin/ticket/getticket`: `type=2` for mobile apps, `type=jsapi` for official accounts.
pub(crate) async fn getticket(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    Family::Api.answer(&platform, read(&method).and_then(|()| ticket(&platform, &params)))
}

fn ticket(platform: &Platform, params: &Params) -> Result<Fine<Ticket>, Errcode> {
    let now = platform.now();
    let mut world = platform.world();
    let app = bearer(&world, params, now)?;
    let (what, kind) = match params.get("type") {
        "2" => (TicketUse::Sdk, AppKind::MobileApp),
        "jsapi" => (TicketUse::Jsapi, AppKind::OfficialAccount),
        _ => return Err(Errcode::InvalidArgs),
    };
    if app.kind != kind {
        return Err(Errcode::ApiUnauthorized);
    }
    world
        .quotas
        .take("/cgi-bin/ticket/getticket", &app.app_id, "", now)?;
    let (ticket, expires_in) = world.tickets.current(&app.app_id, what, now, &platform.entropy);
    Ok(Fine::with(Ticket { ticket, expires_in }))
}
