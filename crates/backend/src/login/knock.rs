//! Somebody knocks with a code: the same functions for every facade.

use super::{
    Door, Rejected,
    exchange::{Named, claim_of, conclude, exchange, exchange_and_conclude},
    reject,
    running::{LOOK_AT_STORE, OUTCOME_PATIENCE, Running},
};
use crate::{
    App, Error,
    store::{ClaimedCode, CodeClaim, Concluded, Exchanged, NewSession},
};
use std::{sync::Arc, time::Duration};
use yaopai_domain::{AttemptId, AttemptState, Failure, Verdict, WeChatPerson};
use yaopai_wechat::LoginCode;

/// How long a code that comes again gets its first outcome. WeChat itself forgets a code after 5 to 10 minutes.
const REPEATS_MILLIS: i64 = 5 * 60 * 1000;
/// The first look for an outcome that another caller is getting; each look after it waits twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(20);

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

/// Exchanges a code once (design rule 2): every repeat within 5 minutes, from the same address and for the same
/// application, gets the first outcome, whichever instance it comes to; others are [`Error::Replayed`]. Writes the attempt, which [`resolve`] ends.
///
/// It happens also when the caller leaves meanwhile: a code that is claimed and not exchanged would be lost.
pub(crate) async fn identify(app: &Arc<App>, door: &Door, code: LoginCode) -> Result<Identified, Error> {
    let (code, door) = (usable(app, door, code).await?, door.clone());
    detached(app, async move |app| {
        let running = Running::kept(Arc::clone(&app), &door);
        match first(&app, &door, &running, &code).await? {
            Some(claimed) => first_outcome(&app, &door, claim_of(&door.connection, &code), claimed).await,
            None => identify_claimed(&running, &code).await,
        }
    })
    .await
}

/// Exchanges a code that was claimed, and writes the attempt.
pub(super) async fn identify_claimed(running: &Running, code: &LoginCode) -> Result<Identified, Error> {
    let (named, exchange) = exchange(running, code).await?;
    let (attempt, ties) = running.as_it_stands().await?;
    let store = &running.app.store;
    store.exchanged(&running.pool, attempt, ties, exchange).await?;
    Ok(Identified {
        attempt: running.id,
        person: named.person,
        snapshot_user: named.snapshot_user,
    })
}

/// Decides who the person is, writes it, and ends the attempt. Somebody who was identified once may be resolved again
/// (design rule 4); that is an attempt of its own.
pub(crate) async fn resolve(app: &Arc<App>, door: &Door, identified: &Identified) -> Result<Verdict, Error> {
    let (door, identified) = (door.clone(), identified.clone());
    detached(app, async move |app| {
        let known = app.store.attempt(&door.pool, identified.attempt).await?;
        let running = match known.filter(|attempt| attempt.state == AttemptState::Confirmed) {
            Some(attempt) => Running::keep(app, &door, attempt),
            None => Running::kept(app, &door),
        };
        let named = Named::again(identified.person, identified.snapshot_user);
        Ok(conclude(&running, named, None, None).await?.verdict)
    })
    .await
}

/// [`identify`] and [`resolve`] in one go, with one durable write. Never answers [`Verdict::Fail`]: what WeChat refuses
/// is an error.
pub(crate) async fn log_in(app: &Arc<App>, door: &Door, code: LoginCode) -> Result<Verdict, Error> {
    Ok(enter(app, door, code, None).await?.verdict)
}

/// [`log_in`], and begins a session for whoever is let in, in the same durable write.
pub(crate) async fn begin_session(
    app: &Arc<App>,
    door: &Door,
    code: LoginCode,
    session: NewSession,
) -> Result<Concluded, Error> {
    enter(app, door, code, Some(session)).await
}

async fn enter(
    app: &Arc<App>,
    door: &Door,
    code: LoginCode,
    session: Option<NewSession>,
) -> Result<Concluded, Error> {
    let (code, door) = (usable(app, door, code).await?, door.clone());
    detached(app, async move |app| {
        let running = Running::kept(Arc::clone(&app), &door);
        let Some(claimed) = first(&app, &door, &running, &code).await? else {
            return exchange_and_conclude(&running, &code, session).await;
        };
        let verdict = first_verdict(&app, &door, claim_of(&door.connection, &code), claimed).await?;
        // Whoever brings the code again gets the same outcome and a session of their own.
        let session_of = match verdict.user().zip(session) {
            Some((user, session)) => app.store.begin_session(user, session).await?.then_some(user),
            None => None,
        };
        Ok(Concluded { verdict, session_of })
    })
    .await
}

/// A code that can be one, at a connection that takes codes.
async fn usable(app: &App, door: &Door, code: LoginCode) -> Result<LoginCode, Error> {
    let refused = if door.connection.kind.has_pushes() {
        "this connection logs in by following, not by a code"
    } else if code.expose().is_empty() {
        "the code is empty"
    } else {
        return Ok(code);
    };
    let connection = Some(&door.connection);
    reject(app, &door.pool, connection, &door.via, Rejected::BadRequest).await;
    Err(Error::Malformed(refused.to_owned()))
}

/// Claims a code; the claim that is there already.
async fn first(
    app: &App,
    door: &Door,
    running: &Running,
    code: &LoginCode,
) -> Result<Option<ClaimedCode>, Error> {
    let (claim, by) = (claim_of(&door.connection, code), bringer(door));
    let known = app
        .store
        .claim_code(&door.pool, running.id, claim, by.clone())
        .await?;
    match known {
        Some(claimed) if claimed.brought_by.as_ref() != Some(&by) => Err(replayed(app, door).await),
        known => Ok(known),
    }
}

/// Who brings a code: a code that somebody has read gives nobody else its outcome.
fn bringer(door: &Door) -> String {
    let client = door.via.client.map(|client| client.to_string());
    let application = door.application.as_ref().map(ToString::to_string);
    format!(
        "{} {}",
        client.unwrap_or_default(),
        application.unwrap_or_default()
    )
}

/// Records that a code was used before; what to answer.
async fn replayed(app: &App, door: &Door) -> Error {
    let connection = Some(&door.connection);
    reject(app, &door.pool, connection, &door.via, Rejected::Replay).await;
    Error::Replayed
}

/// The verdict on a code that somebody brought before.
pub(super) async fn first_verdict(
    app: &Arc<App>,
    door: &Door,
    claim: CodeClaim,
    claimed: ClaimedCode,
) -> Result<Verdict, Error> {
    let identified = first_outcome(app, door, claim, claimed).await?;
    let known = app.store.attempt(&door.pool, identified.attempt).await?;
    match known.and_then(|attempt| attempt.verdict) {
        Some(verdict) => Ok(verdict),
        // It was only identified until now.
        None => Box::pin(resolve(app, door, &identified)).await,
    }
}

/// Whom a code named that somebody brought before; waits for an outcome that is on its way.
pub(super) async fn first_outcome(
    app: &Arc<App>,
    door: &Door,
    claim: CodeClaim,
    mut claimed: ClaimedCode,
) -> Result<Identified, Error> {
    if app.clock.now().millis_since(claimed.at) > REPEATS_MILLIS {
        return Err(replayed(app, door).await);
    }
    let (mut waited, mut look) = (Duration::ZERO, FIRST_LOOK);
    loop {
        match claimed.outcome {
            Some(Exchanged::Person {
                person,
                snapshot_user,
            }) => {
                return Ok(Identified {
                    attempt: claimed.attempt,
                    person,
                    snapshot_user,
                });
            }
            Some(Exchanged::Failed { failure }) => return Err(again(failure)),
            None if waited > OUTCOME_PATIENCE => return Err(Error::Busy),
            None => {}
        }
        tokio::time::sleep(look).await;
        waited += look;
        look = (look * 2).min(LOOK_AT_STORE);
        let found = app.store.claimed_code(&door.pool, claim.clone()).await?;
        claimed = found.ok_or(Error::Replayed)?;
    }
}

/// The error that a failure was.
fn again(failure: Failure) -> Error {
    use yaopai_wechat::Error as WeChat;
    Error::WeChat(match failure {
        Failure::WeChat(error) => WeChat::WeChat(error),
        Failure::Unreachable { host } => WeChat::Unreachable { host },
        Failure::UnexpectedAnswer { host, what } => WeChat::Unexpected { host, what },
        Failure::PageRefused { message } => WeChat::PageRefused { message },
        Failure::Rejected { .. } => return Error::Replayed,
    })
}

/// Does something to its end, whoever leaves meanwhile, unless the backend stops.
pub(super) async fn detached<T, F>(app: &Arc<App>, work: impl FnOnce(Arc<App>) -> F) -> Result<T, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let work = app
        .stopping
        .clone()
        .run_until_cancelled_owned(work(Arc::clone(app)));
    let done = app.tasks.spawn(work).await;
    done.map_err(|_| Error::Internal("a login broke off"))?
        .unwrap_or(Err(Error::Busy))
}
