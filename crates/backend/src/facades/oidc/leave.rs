//! `GET|POST /oidc/{pool}/logout`: the person leaves (OpenID Connect RP-Initiated Logout 1.0).

use super::{authorize::target, client::application, fault::Fault, page, parameters::Parameters};
use crate::{App, extract::Place, facades::Call, session};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// Ends the session that `id_token_hint` is of, and sends the browser where the application may send it; else shows that
/// it is over.
pub(super) async fn handle(State(app): State<Arc<App>>, Place(pool): Place<String>, call: Call) -> Response {
    match leave(&app, &pool, &call).await {
        Ok(response) => response,
        Err(fault) => {
            let status = fault.clone().into_response().status();
            page::refused(&fault, status)
        }
    }
}

async fn leave(app: &App, pool: &str, call: &Call) -> Result<Response, Fault> {
    let pool = super::pool(app, pool).await?;
    let asked = Parameters::of(call)?;
    let hint = match asked.get("id_token_hint") {
        Some(token) => session::of_id_token(app, &pool, token).await?,
        None => None,
    };
    let named = asked.get("client_id");
    if let (Some(hint), Some(named)) = (&hint, named)
        && hint.audience != named
    {
        return Err(Fault::request("client_id is not the client of id_token_hint"));
    }
    if let Some(hint) = &hint {
        session::end(app, hint.session).await?;
    }
    let client = hint.as_ref().map(|hint| hint.audience.as_str()).or(named);
    let (Some(client), Some(uri)) = (client, asked.get("post_logout_redirect_uri")) else {
        return Ok(page::left());
    };
    let listed = application(app, &pool, client).await?;
    let mut url = listed
        .and_then(|application| target(&application, uri))
        .ok_or_else(|| Fault::request("post_logout_redirect_uri is none of the application"))?;
    if let Some(state) = asked.get("state") {
        url.query_pairs_mut().append_pair("state", state);
    }
    let headers = [
        (header::LOCATION, url.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
