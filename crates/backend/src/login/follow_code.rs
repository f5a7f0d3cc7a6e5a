//! `wechatmp-qrcode`: a QR code of an official account. Who scans it and follows is logged in by the event that WeChat
//! pushes.

use super::{
    Rejected, Via,
    exchange::{Named, conclude},
    nonce::{Nonce, hash},
    reject,
    running::{Running, Stop},
    step::{LegReport, Step},
};
use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    extract::Place,
    identity::person,
    store::{SecretField, TakenPush},
};
use axum::{
    body::Bytes,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use std::sync::Arc;
use yaopai_domain::{
    AttemptState, Connection, ConnectionSettings, Drawing, LegName, PoolId, PushMode, SetupSheet, Timestamp,
};
use yaopai_wechat::{EncodingAesKey, MessageCrypto, Push, PushError, PushEvent, PushToken};

/// What WeChat takes as "taken; nothing to say".
const TAKEN: &str = "success";
/// How far the moment of a signature may be from the clock. WeChat sends a push for seconds, not for minutes.
const FRESH_MILLIS: i64 = 5 * 60 * 1000;

/// Has WeChat make the code, and waits in the background for its end.
pub(super) async fn start(running: &Running, nonce: &Nonce) -> Result<Drawing, Stop> {
    let Running {
        app,
        pool,
        connection,
        ..
    } = running;
    let credentials = app.credentials(pool, connection.id, &connection.app_id).await?;
    let seconds = u32::try_from(connection.kind.scan_lifetime_millis() / 1000).unwrap_or(300);
    let code = app
        .wechat
        .follow_code(&credentials, nonce.expose(), seconds, app.clock.now());
    let code = running.call(LegName::FollowCode, code).await?;
    let leg = LegName::FollowScan;
    running.take(vec![Step::Begin { leg, request: None }]).await?;
    running.watch(std::future::pending());
    Ok(Drawing::Text { text: code.text })
}

/// `/connections/social/{identifier}/{pool}/events`: GET is WeChat's check of the address, POST a push.
pub(super) fn endpoints() -> [Endpoint; 2] {
    const PATH: &str = "/connections/social/{identifier}/{pool}/events";
    [
        Endpoint::get(PATH, Needs::Nothing, check),
        Endpoint::post(PATH, Needs::Nothing, take),
    ]
}

/// What WeChat puts behind the address. Absent is empty, and no signature is.
#[derive(Deserialize)]
struct Signed {
    #[serde(default)]
    signature: String,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    echostr: String,
    #[serde(default)]
    msg_signature: String,
}

/// An official account and the secrets by which its pushes are known.
struct Account {
    pool: PoolId,
    connection: Connection,
    token: PushToken,
}

/// Answers `echostr` if the signature is WeChat's, 403 if not.
async fn check(
    State(app): State<Arc<App>>,
    Place((identifier, pool)): Place<(String, PoolId)>,
    Query(signed): Query<Signed>,
) -> Result<Response, Error> {
    let account = account(&app, &pool, &identifier).await?;
    if account
        .token
        .verify(&signed.timestamp, &signed.nonce, &signed.signature)
        .is_err()
    {
        return Ok(refuse(&app, &account).await);
    }
    Ok(signed.echostr.into_response())
}

/// Takes a push and answers at once: what follows of it may take longer than the 5 seconds that WeChat waits.
async fn take(
    State(app): State<Arc<App>>,
    Place((identifier, pool)): Place<(String, PoolId)>,
    Query(signed): Query<Signed>,
    body: Bytes,
) -> Result<Response, Error> {
    let account = account(&app, &pool, &identifier).await?;
    let push = match read(&app, &account, &signed, &body).await {
        Ok(push) => push,
        Err(Unread::Ours(error)) => return Err(error),
        Err(Unread::Stale) => {
            tracing::info!(%pool, connection = %account.connection.id, "a push was refused: it is not of now");
            return Ok(refuse(&app, &account).await);
        }
        Err(Unread::Push(error)) => {
            tracing::info!(%pool, connection = %account.connection.id, %error, "a push was refused");
            return Ok(refuse(&app, &account).await);
        }
    };
    let (delivery, app_id) = (push.delivery_key(), &account.connection.app_id);
    let signature = match account.connection.settings {
        ConnectionSettings::Pushes {
            mode: PushMode::Plain,
        } => &signed.signature,
        _ => &signed.msg_signature,
    };
    let (delivery, signature) = (hash(&delivery), hash(signature));
    match app.store.take_push(&pool, app_id, &delivery, &signature).await? {
        TakenPush::First => {
            let work = follow_up(Arc::clone(&app), account, push);
            app.tasks
                .spawn(app.stopping.clone().run_until_cancelled_owned(work));
        }
        // WeChat sends a push again until it is answered.
        TakenPush::Again => {}
        TakenPush::Forged => return Ok(refuse(&app, &account).await),
    }
    Ok(TAKEN.into_response())
}

async fn account(app: &App, pool: &PoolId, identifier: &str) -> Result<Account, Error> {
    let unknown = || Error::NotFound("connection");
    let connection = app
        .store
        .connections(pool)
        .await?
        .into_iter()
        .find(|connection| connection.identifier == identifier && connection.kind.has_pushes())
        .ok_or_else(unknown)?;
    let token = app
        .other_secret(pool, connection.id, SecretField::PushToken)
        .await?
        .ok_or_else(unknown)?;
    Ok(Account {
        pool: pool.clone(),
        connection,
        token: PushToken::new(token.as_str()),
    })
}

enum Unread {
    Push(PushError),
    /// The signature is older or newer than it may be.
    Stale,
    Ours(Error),
}

/// The push in a body. A connection that is set to encryption takes nothing that is only in the clear. What is not of now
/// is not taken: the signature of a push in the clear would fit any other body.
async fn read(app: &App, account: &Account, signed: &Signed, body: &[u8]) -> Result<Push, Unread> {
    let body = str::from_utf8(body).map_err(|_| Unread::Push(PushError::Content))?;
    let ConnectionSettings::Pushes { mode } = account.connection.settings else {
        return Err(Unread::Ours(Error::Internal(
            "a connection with pushes and without mode",
        )));
    };
    let Signed {
        signature,
        timestamp,
        nonce,
        msg_signature,
        ..
    } = signed;
    if !is_of_now(timestamp, app.clock.now()) {
        return Err(Unread::Stale);
    }
    if mode == PushMode::Plain {
        account
            .token
            .verify(timestamp, nonce, signature)
            .map_err(Unread::Push)?;
        return Push::read(body).map_err(Unread::Push);
    }
    let key = app
        .other_secret(&account.pool, account.connection.id, SecretField::EncodingAesKey)
        .await
        .map_err(Unread::Ours)?
        .ok_or(Unread::Push(PushError::Key))?;
    let key = EncodingAesKey::new(key.as_str());
    let crypto = MessageCrypto::new(account.token.clone(), &key, &account.connection.app_id);
    let xml = crypto.and_then(|crypto| crypto.open(body, timestamp, nonce, msg_signature));
    Push::read(&xml.map_err(Unread::Push)?).map_err(Unread::Push)
}

/// Whether a signature's moment (seconds since the epoch) is near this one.
fn is_of_now(timestamp: &str, now: Timestamp) -> bool {
    let Ok(seconds) = timestamp.parse::<u32>() else {
        return false;
    };
    now.millis_since(Timestamp(i64::from(seconds) * 1000)).abs() <= FRESH_MILLIS
}

async fn refuse(app: &App, account: &Account) -> Response {
    let via = Via {
        facade: "events",
        ..Via::default()
    };
    let connection = Some(&account.connection);
    reject(app, &account.pool, connection, &via, Rejected::TamperedData).await;
    (StatusCode::FORBIDDEN, "the signature does not fit").into_response()
}

/// Logs in whoever scanned a code of ours.
async fn follow_up(app: Arc<App>, account: Account, push: Push) {
    let (PushEvent::Subscribe { scene: Some(scene) } | PushEvent::Scan { scene }) = &push.event else {
        return;
    };
    let found = match app.store.attempt_of_nonce(hash(scene)).await {
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "a push could not be followed up");
            return;
        }
    };
    // Codes that others made for the account are none of ours.
    let Some(tied) = found.filter(|tied| {
        tied.pool == account.pool && tied.attempt.connection_id == Some(account.connection.id)
    }) else {
        return;
    };
    let path = SetupSheet::events_path(&account.connection.identifier, &account.pool);
    let arrived = vec![
        Step::End {
            leg: LegName::FollowScan,
            report: LegReport {
                request: Some(format!("POST /{path}")),
                ..LegReport::done(vec![
                    format!("event: {}", push.name),
                    format!("openid: {}", push.open_id),
                ])
            },
        },
        Step::Move(AttemptState::Confirmed),
    ];
    let running = match Running::resume(app, tied.pool, &tied.attempt).await {
        Ok(running) => running,
        Err(error) => {
            tracing::error!(%error, "a push could not be followed up");
            return;
        }
    };
    match running.take(arrived).await {
        Ok(true) => {}
        // Somebody else scanned first, or it is too late.
        Ok(false) => return,
        Err(error) => {
            tracing::error!(%error, "a push could not be followed up");
            return;
        }
    }
    match identify(&running, &push.open_id).await {
        // The end is written with the decision; whoever waits looks at the attempt.
        Ok(named) => {
            let _ = conclude(&running, named, None, None).await;
        }
        Err(stop) => running.stop(&stop).await,
    }
}

/// Asks WeChat for the UnionID: what a push names is an OpenID, and never more.
async fn identify(running: &Running, open_id: &str) -> Result<Named, Stop> {
    let Running {
        app,
        pool,
        connection,
        ..
    } = running;
    let credentials = app.credentials(pool, connection.id, &connection.app_id).await?;
    let follower = app.wechat.follower(&credentials, open_id, app.clock.now());
    let follower = running.call(LegName::Follower, follower).await?;
    Ok(Named::real(person(
        follower.open_id,
        follower.union_id,
        None,
        None,
    )))
}
