//! Logins of which WeChat sends the browser back: where it goes first, and what happens when it returns.

use super::{
    Departure, Door, Mark, Rejected, Via,
    browser::carries,
    exchange::{claim_of, confirm, exchange_and_conclude},
    knock::{detached, first_verdict},
    nonce::{Nonce, hash},
    page::Page,
    reject, reject_unknown_state,
    running::{Running, outcome},
    step::{LegReport, Step},
};
use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    extract::Place,
    store::{Claim, ClaimedCode, Tied, Ties},
};
use axum::{
    extract::State,
    http::{HeaderMap, Method, Uri},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use url::{Url, form_urlencoded};
use yaopai_domain::{
    AttemptId, AttemptState, Connection, ConnectionKind, ConnectionSettings, LegName, LoginAttempt,
    SetupSheet, Verdict, WebScope,
};
use yaopai_wechat::{LoginCode, Scope};

/// What a facade wants back when the browser returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Then {
    /// The facade that answers the browser (`facades::came_back`).
    pub(crate) facade: String,
    /// What it needs for that. No secrets: it is stored as it is.
    pub(crate) memo: Value,
}

/// What is kept until the browser returns.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Memo {
    then: Then,
    /// SHA-256 (hex) of the mark of the browser that was sent away.
    browser: String,
}

/// A browser that WeChat sent back for a facade.
pub(crate) struct Arrived {
    /// The connection; it may have been closed meanwhile, which [`Arrived::log_in`] tells.
    pub(crate) door: Door,
    /// What the facade wanted back.
    pub(crate) then: Then,
    /// Whether the person agreed. If not, there is nothing to log in with.
    pub(crate) agreed: bool,
    attempt: LoginAttempt,
    brought: Brought,
}

/// What a browser came back with.
pub(super) enum Brought {
    Code(LoginCode),
    /// The person did not agree.
    Nothing,
    /// It is not the one that was sent away: what it brings is not looked at.
    OtherBrowser,
}

/// Where to send the browser that sent these headers. What WeChat's answer is to do is `then`, if the same browser brings
/// it.
pub(crate) async fn begin_redirect(
    app: &Arc<App>,
    door: &Door,
    then: Then,
    headers: &HeaderMap,
) -> Result<Departure, Error> {
    if !door.connection.kind.redirects() {
        return Err(Error::Malformed(
            "this connection does not log in by redirect".to_owned(),
        ));
    }
    let (nonce, mark) = (Nonce::new(app.entropy.as_ref()), Mark::give(app, headers));
    let memo = Memo {
        then,
        browser: mark.hash(),
    };
    let memo = serde_json::to_value(memo).map_err(|_| Error::Internal("a memo could not be written"))?;
    let ties = Ties {
        nonce_hash: Some(nonce.hash()),
        application: door.application.clone(),
        memo: Some(memo),
        ..Ties::default()
    };
    let running = Running::begin_login(Arc::clone(app), door, ties, false).await?;
    let callback = callback_url(app, &door.connection)?;
    let address = page_address(app, &door.connection, &callback, &nonce);
    running.take(vec![address.begin()]).await?;
    running.watch(std::future::pending());
    Ok(Departure {
        url: address.url,
        mark,
    })
}

/// The address of WeChat's page, and how people may see it.
pub(super) struct PageAddress {
    pub(super) url: Url,
    shown: String,
}

impl PageAddress {
    /// The leg that begins when a browser opens it.
    pub(super) fn begin(&self) -> Step {
        Step::Begin {
            leg: LegName::Authorize,
            request: Some(format!("GET {}", self.shown)),
        }
    }
}

/// Our own address to which WeChat sends the browser back.
pub(super) fn callback_url(app: &App, connection: &Connection) -> Result<Url, Error> {
    SetupSheet::redirect_uri(connection.kind, &app.public_url, &connection.identifier, None)
        .ok_or(Error::Internal("a connection without redirect_uri"))
}

/// WeChat's page for a connection that redirects.
pub(super) fn page_address(
    app: &App,
    connection: &Connection,
    redirect_uri: &Url,
    nonce: &Nonce,
) -> PageAddress {
    let (wechat, app_id, state) = (&app.wechat, &connection.app_id, nonce.expose());
    if connection.kind == ConnectionKind::Pc {
        let url = wechat.qrconnect_url(app_id, redirect_uri, state);
        let shown = url.as_str().replace(state, "••••");
        return PageAddress { url, shown };
    }
    let scope = match connection.settings {
        ConnectionSettings::WebPage {
            scope: WebScope::Base,
        } => Scope::Base,
        _ => Scope::UserInfo,
    };
    PageAddress {
        url: wechat.authorize_url(app_id, redirect_uri, scope, state),
        shown: wechat.authorize_url_shown(app_id, redirect_uri, scope),
    }
}

impl Arrived {
    /// The attempt that ends here.
    pub(crate) fn attempt(&self) -> AttemptId {
        self.attempt.id
    }

    /// Exchanges the code and decides, once: the same callback that arrives again gets the first verdict. A code that came
    /// with another state is [`Error::Replayed`], a browser that was not sent away [`Error::OtherBrowser`].
    pub(crate) async fn log_in(self, app: &Arc<App>) -> Result<Verdict, Error> {
        detached(app, async move |app| match self.claim(&app).await? {
            (code, Claimed::First(running)) => exchange_and_conclude(&running, &code, None)
                .await
                .map(|concluded| concluded.verdict),
            (code, Claimed::Again(claimed)) => {
                let claim = claim_of(&self.door.connection, &code);
                first_verdict(&app, &self.door, claim, claimed).await
            }
        })
        .await
    }

    async fn claim(&self, app: &Arc<App>) -> Result<(LoginCode, Claimed), Error> {
        let Door {
            pool,
            connection,
            via,
            ..
        } = &self.door;
        let code = match &self.brought {
            Brought::Code(code) => code.clone(),
            Brought::Nothing => return Err(Error::Malformed("the person did not agree".to_owned())),
            Brought::OtherBrowser => return Err(Error::OtherBrowser),
        };
        if !connection.enabled {
            reject(app, pool, Some(connection), via, Rejected::Disabled).await;
            return Err(Error::ConnectionDisabled);
        }
        let claim = claim_of(connection, &code);
        let mut steps = callback_legs(&connection.identifier, &self.attempt, true);
        steps.push(Step::Move(AttemptState::Confirmed));
        let confirmed = app
            .store
            .confirm_attempt(pool, self.attempt.id, claim.clone(), steps)
            .await?;
        if let Claim::First(attempt) = confirmed {
            let running = Running::keep(Arc::clone(app), &self.door, *attempt);
            return Ok((code, Claimed::First(Box::new(running))));
        }
        if let Some(claimed) = app.store.claimed_code(pool, claim).await? {
            if claimed.attempt == self.attempt.id {
                return Ok((code, Claimed::Again(claimed)));
            }
            // Whoever has read somebody's callback may not come back with its code and a state of their own.
            reject(app, pool, Some(connection), via, Rejected::Replay).await;
            return Err(Error::Replayed);
        }
        // Another code for an attempt that has ended.
        reject(app, pool, Some(connection), via, Rejected::UnknownState).await;
        Err(Error::NotFound("state"))
    }
}

enum Claimed {
    First(Box<Running>),
    Again(ClaimedCode),
}

/// `GET /connections/social/{identifier}/callback?code&state`: WeChat sends the person's browser back.
///
/// Always a page or a redirect, never a problem in JSON: a person sees it.
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
    via: Via,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if method != Method::GET {
        // A preview that only asks for the head must not spend the code.
        return Page::Unknown.into_response();
    }
    let query = uri.query().unwrap_or_default();
    // WeChat may append more (`uin`, `key`, …); of a repeated name the first counts.
    let parameter = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    };
    // Without one it is a state that nobody knows.
    let state = parameter("state").unwrap_or_default();
    let code = parameter("code").map(LoginCode::new);
    take(app, &identifier, &state, code, &headers, via)
        .await
        .unwrap_or_else(|error| {
            tracing::error!(%error, "a callback could not be taken");
            Page::Broken.into_response()
        })
}

async fn take(
    app: Arc<App>,
    identifier: &str,
    state: &str,
    code: Option<LoginCode>,
    headers: &HeaderMap,
    via: Via,
) -> Result<Response, Error> {
    let Some(tied) = app.store.attempt_of_nonce(hash(state)).await? else {
        reject_unknown_state(&app, &via).await?;
        return Ok(Page::Unknown.into_response());
    };
    let running = match Running::resume(Arc::clone(&app), tied.pool.clone(), &tied.attempt).await {
        Ok(running) => {
            let connection = &running.connection;
            (connection.identifier == identifier && connection.kind.redirects()).then_some(running)
        }
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    let memo = tied.memo.clone().map(serde_json::from_value::<Memo>).transpose();
    let (Some(running), Ok(memo)) = (running, memo) else {
        // The attempt is for another connection, or that one is gone.
        reject(&app, &tied.pool, None, &via, Rejected::UnknownState).await;
        return Ok(Page::Unknown.into_response());
    };
    if let Some(memo) = memo
        .as_ref()
        .filter(|memo| !carries(&app, headers, &memo.browser))
    {
        // The attempt stays as it is: its own browser may still come.
        let connection = Some(&running.connection);
        reject(&app, &tied.pool, connection, &via, Rejected::OtherBrowser).await;
        let arrived = arrived(&running, &tied, memo.then.clone(), Brought::OtherBrowser);
        return Ok(crate::facades::came_back(app, arrived).await);
    }
    if code.is_none() {
        let mut steps = callback_legs(identifier, &tied.attempt, false);
        steps.push(Step::Finish {
            state: AttemptState::Refused,
            verdict: None,
        });
        // Of an attempt that has gone another way the outcome is shown all the same.
        running.take(steps).await?;
    }
    if let Some(memo) = memo {
        let brought = code.map_or(Brought::Nothing, Brought::Code);
        let arrived = arrived(&running, &tied, memo.then, brought);
        return Ok(crate::facades::came_back(app, arrived).await);
    }
    let decided = match code {
        Some(code) => {
            let callback = callback_legs(identifier, &tied.attempt, true);
            confirm(&running, code, callback).await?
        }
        None => running.id,
    };
    let outcome = outcome(app, tied.pool, decided).await?;
    Ok(Page::Outcome(Box::new(outcome)).into_response())
}

/// The browser for its facade.
pub(super) fn arrived(running: &Running, tied: &Tied, then: Then, brought: Brought) -> Arrived {
    let via = tied.attempt.via.clone();
    Arrived {
        door: Door {
            pool: tied.pool.clone(),
            connection: running.connection.clone(),
            secret: None,
            application: tied.application.clone(),
            via: Via {
                facade: "callback",
                client: via.as_ref().and_then(|via| via.client.as_deref()?.parse().ok()),
                request_id: via.and_then(|via| via.request_id),
            },
        },
        then,
        agreed: !matches!(brought, Brought::Nothing),
        attempt: tied.attempt.clone(),
        brought,
    }
}

/// The legs that a callback ends and adds.
fn callback_legs(identifier: &str, attempt: &LoginAttempt, with_code: bool) -> Vec<Step> {
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
