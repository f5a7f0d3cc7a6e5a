//! Somebody knocks with a code: the same functions for every facade.

use super::{
    Door, Via, exchange,
    running::{Running, Stop, outcome},
};
use crate::{App, Error};
use std::sync::Arc;
use yaopai_domain::{
    AttemptId, AttemptState, Connection, Failure, LoginAttempt, PoolId, Refusal, Verdict, WeChatPerson,
};
use yaopai_wechat::LoginCode;

/// Whom WeChat named, before anything is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identified {
    /// The attempt that [`resolve`] ends.
    pub(crate) attempt: AttemptId,
    /// Whom WeChat named.
    pub(crate) person: WeChatPerson,
    /// Whether this is a virtual visitor of a snapshot page.
    pub(crate) snapshot_user: bool,
}

/// Something that never became a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// The request is not what the endpoint takes.
    BadRequest,
    /// Nobody knows the pool, application or connection.
    UnknownConnection,
    /// The connection is disabled.
    Disabled,
    /// The redirect target is none of the application's.
    ForeignRedirect,
    /// No attempt belongs to the state or scene.
    UnknownState,
    /// The code or callback was used before.
    Replay,
    /// Encrypted data does not open, or is of somebody else.
    TamperedData,
    /// A token or credential was refused.
    TokenRefused,
}

/// Exchanges a code once (design rule 2): every repeat within 5 minutes gets the first outcome. Writes the attempt.
///
/// It happens also when the caller leaves meanwhile: a code that is claimed and not exchanged would be lost.
pub(crate) async fn identify(app: &Arc<App>, door: &Door, code: LoginCode) -> Result<Identified, Error> {
    let running = Running::begin_login(Arc::clone(app), door).await?;
    let (first, attempt) = exchange::claim(&running, &code, Vec::new()).await?;
    if !first {
        let decided = outcome(Arc::clone(app), door.pool.clone(), attempt.id).await?;
        return identified(&decided);
    }
    let stopping = app.stopping.clone();
    let identifying = app.tasks.spawn(async move {
        let asked = stopping
            .run_until_cancelled(exchange::identify(&running, &code))
            .await;
        match asked {
            Some(Ok((person, snapshot_user))) => Ok(Identified {
                attempt: running.id,
                person,
                snapshot_user,
            }),
            Some(Err(stop)) => {
                let error = stop.error();
                running.stop(stop).await;
                Err(error)
            }
            None => Err(Error::Busy),
        }
    });
    identifying
        .await
        .map_err(|_| Error::Internal("an exchange broke off"))?
}

/// Decides who the person is, writes it, and ends the attempt.
pub(crate) async fn resolve(app: &Arc<App>, door: &Door, identified: &Identified) -> Result<Verdict, Error> {
    let running = Running::take_up(Arc::clone(app), door, identified.attempt);
    let person = identified.person.clone();
    match exchange::resolve(&running, person, identified.snapshot_user).await {
        Ok(verdict) => {
            running.decide(verdict.clone()).await;
            Ok(verdict)
        }
        Err(stop) => {
            let error = stop.error();
            running.stop(stop).await;
            Err(error)
        }
    }
}

/// [`identify`] and [`resolve`] in one go. Never answers [`Verdict::Fail`]: what WeChat refuses is an error.
pub(crate) async fn log_in(app: &Arc<App>, door: &Door, code: LoginCode) -> Result<Verdict, Error> {
    let identified = identify(app, door, code).await?;
    let known = app.store.attempt(&door.pool, identified.attempt).await?;
    match known.and_then(|attempt| attempt.verdict) {
        Some(verdict) => Ok(verdict),
        None => resolve(app, door, &identified).await,
    }
}

/// Records something that never became a login, so that an operator can read it.
pub(crate) async fn reject(
    app: &App,
    pool: &PoolId,
    connection: Option<&Connection>,
    via: &Via,
    what: Rejected,
) {
    let _ = app;
    tracing::info!(%pool, connection = ?connection.map(|connection| connection.id), via = via.facade, ?what, "rejected");
}

/// What an attempt that has ended found out.
fn identified(attempt: &LoginAttempt) -> Result<Identified, Error> {
    match &attempt.verdict {
        Some(
            Verdict::LogIn { person, .. } | Verdict::Create { person, .. } | Verdict::Refuse { person, .. },
        ) => Ok(Identified {
            attempt: attempt.id,
            person: person.clone(),
            snapshot_user: matches!(
                attempt.verdict,
                Some(Verdict::Refuse {
                    refusal: Refusal::SnapshotUser,
                    ..
                })
            ),
        }),
        Some(Verdict::Fail { failure, .. }) => Err(Error::WeChat(again(failure))),
        None if attempt.state == AttemptState::Failed => Err(Error::Internal("the login broke")),
        None => Err(Error::Busy),
    }
}

/// The error that a failure was.
fn again(failure: &Failure) -> yaopai_wechat::Error {
    use yaopai_wechat::Error as WeChat;
    match failure.clone() {
        Failure::WeChat(error) => WeChat::WeChat(error),
        Failure::Unreachable { host } => WeChat::Unreachable { host },
        Failure::UnexpectedAnswer { host, what } => WeChat::Unexpected { host, what },
        Failure::PageRefused { message } => WeChat::PageRefused { message },
    }
}

impl Stop {
    /// What the caller is told.
    fn error(&self) -> Error {
        match self {
            Self::Leg(_, error) => Error::WeChat(error.clone()),
            Self::Ours(_) => Error::Internal("the login broke"),
        }
    }
}
