//! `wechat:webpage-authorization`: the phone opens WeChat's authorise page, and WeChat calls back.

use super::{
    exchange::confirm,
    nonce::{Nonce, hash},
    page::Page,
    running::{Running, Stop, outcome},
    step::{LegReport, Step},
};
use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    extract::Place,
};
use axum::{
    extract::{RawQuery, State},
    http::Method,
};
use std::sync::Arc;
use url::form_urlencoded;
use yaopai_domain::{AttemptState, Drawing, LegName, LoginAttempt, SetupSheet};
use yaopai_wechat::{LoginCode, Scope};

/// Makes the address of the authorise page, and waits in the background for its end.
pub(super) async fn start(running: &Running, nonce: &Nonce) -> Result<Drawing, Stop> {
    let connection = &running.connection;
    let redirect_uri = SetupSheet::redirect_uri(
        connection.kind,
        &running.app.public_url,
        &connection.identifier,
        None,
    )
    .ok_or(Error::Internal("a connection without redirect_uri"))?;
    let wechat = &running.app.wechat;
    let begin = Step::Begin {
        leg: LegName::Authorize,
        request: Some(format!(
            "GET {}",
            wechat.authorize_url_shown(&connection.app_id, &redirect_uri, Scope::UserInfo)
        )),
    };
    running.take(vec![begin]).await?;
    running.watch(std::future::pending());
    let url = wechat.authorize_url(&connection.app_id, &redirect_uri, Scope::UserInfo, nonce.expose());
    Ok(Drawing::Text { text: url.into() })
}

/// `GET /connections/social/{identifier}/callback?code&state`: WeChat sends the person's browser back.
///
/// Always a page, never a problem in JSON: a person sees it.
pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/connections/social/{identifier}/callback",
        Needs::Nothing,
        handle,
    )
}

async fn handle(
    State(app): State<Arc<App>>,
    method: Method,
    Place(identifier): Place<String>,
    RawQuery(query): RawQuery,
) -> Page {
    if method != Method::GET {
        // A preview that only asks for the head must not spend the code.
        return Page::Unknown;
    }
    let query = query.unwrap_or_default();
    // WeChat may append more (`uin`, `key`, …); of a repeated name the first counts.
    let parameter = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    };
    let Some(state) = parameter("state") else {
        return Page::Unknown;
    };
    let code = parameter("code").map(LoginCode::new);
    take(app, &identifier, &state, code)
        .await
        .unwrap_or_else(|error| {
            tracing::error!(%error, "a callback could not be taken");
            Page::Broken
        })
}

async fn take(app: Arc<App>, identifier: &str, state: &str, code: Option<LoginCode>) -> Result<Page, Error> {
    let Some((pool, attempt)) = app.store.attempt_of_nonce(hash(state)).await? else {
        return Ok(Page::Unknown);
    };
    let running = match Running::resume(Arc::clone(&app), pool.clone(), &attempt).await {
        Ok(running) if running.connection.identifier == identifier => running,
        // The attempt was for another connection, or that one is gone.
        Ok(_) | Err(Error::NotFound(_)) => return Ok(Page::Unknown),
        Err(error) => return Err(error),
    };
    if !running.connection.kind.has_callback() {
        return Ok(Page::Unknown);
    }
    let callback = arrival(identifier, &attempt, code.is_some());
    let decided = if let Some(code) = code {
        confirm(&running, code, callback).await?.id
    } else {
        let mut steps = callback;
        steps.push(Step::Finish {
            state: AttemptState::Refused,
            verdict: None,
        });
        // Of an attempt that has gone another way the outcome is shown all the same.
        running.take(steps).await?;
        running.id
    };
    Ok(Page::Outcome(Box::new(outcome(app, pool, decided).await?)))
}

/// The legs that a callback ends and adds.
fn arrival(identifier: &str, attempt: &LoginAttempt, with_code: bool) -> Vec<Step> {
    let authorizes = attempt.legs.iter().any(|leg| leg.name == LegName::Authorize);
    let authorize = authorizes.then(|| Step::End {
        leg: LegName::Authorize,
        report: LegReport::done(Vec::new()),
    });
    let path = SetupSheet::callback_path(identifier);
    let code = if with_code { "code=••••&" } else { "" };
    let request = Some(format!("GET /{path}?{code}state=••••"));
    let leg = LegName::Callback;
    let report = LegReport::done(vec![
        if with_code {
            "code: ••••"
        } else {
            "no code"
        }
        .to_owned(),
    ]);
    authorize
        .into_iter()
        .chain([Step::Begin { leg, request }, Step::End { leg, report }])
        .collect()
}
