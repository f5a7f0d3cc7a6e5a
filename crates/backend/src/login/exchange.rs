//! From a code to a verdict: the same for every way to log in.

use super::{
    nonce::hash,
    running::{Running, Stop},
    step::Step,
};
use crate::{
    Error,
    identity::{Arrival, person},
    store::{Claim, CodeClaim, Concluded, Ending, Exchange, Exchanged, NewSession, SealedSession},
    vault::Place,
};
use tokio::sync::oneshot;
use yaopai_domain::{
    AttemptId, AttemptState, Connection, ConnectionKind, LegName, PoolId, Verdict, WeChatPerson,
};
use yaopai_wechat::{LoginCode, SessionKey};

/// Whom WeChat named.
pub(super) struct Named {
    pub(super) person: WeChatPerson,
    /// Whether this is a virtual visitor of a snapshot page.
    pub(super) snapshot_user: bool,
    /// The session with a mini program.
    session_key: Option<SessionKey>,
}

impl Named {
    /// Somebody who was named before.
    pub(super) fn again(person: WeChatPerson, snapshot_user: bool) -> Self {
        Self {
            snapshot_user,
            ..Self::real(person)
        }
    }

    /// A real person without a session.
    pub(super) const fn real(person: WeChatPerson) -> Self {
        Self {
            person,
            snapshot_user: false,
            session_key: None,
        }
    }
}

/// The claim of a code.
pub(super) fn claim_of(connection: &Connection, code: &LoginCode) -> CodeClaim {
    CodeClaim {
        app_id: connection.app_id.clone(),
        code_hash: hash(code.expose()),
    }
}

/// Claims a code for the attempt and, if nobody claimed it before, has it exchanged and decided (design rule 2). `steps`
/// are taken together with the claim.
///
/// Answers the attempt that has the outcome, or will have it soon. All of it happens in the background, whoever leaves
/// meanwhile: a code that is claimed and not exchanged would be lost.
pub(super) async fn confirm(
    running: &Running,
    code: LoginCode,
    mut steps: Vec<Step>,
) -> Result<AttemptId, Error> {
    steps.push(Step::Move(AttemptState::Confirmed));
    let (tell, told) = oneshot::channel();
    let running = running.clone();
    running.app.clone().tasks.spawn(async move {
        let claim = claim_of(&running.connection, &code);
        let store = &running.app.store;
        let claimed = store
            .confirm_attempt(&running.pool, running.id, claim, steps)
            .await;
        let first = matches!(claimed, Ok(Claim::First(_)));
        // Nobody waiting for the answer is fine.
        let _ = tell.send(claimed);
        if first {
            let stopping = &running.app.stopping;
            // An attempt that a stop leaves behind is ended by the next start.
            stopping.run_until_cancelled(decide(&running, &code)).await;
        }
    });
    let claimed = told.await.map_err(|_| Error::Internal("a claim broke off"))?;
    Ok(match claimed? {
        Claim::First(attempt) => attempt.id,
        Claim::Again(owner) => owner,
    })
}

async fn decide(running: &Running, code: &LoginCode) {
    // Whoever waits looks at the attempt, which says what went wrong.
    let _ = exchange_and_conclude(running, code, None).await;
}

/// Exchanges a claimed code, decides, and begins `session` for whoever is let in. A failure is written before it is
/// answered.
pub(super) async fn exchange_and_conclude(
    running: &Running,
    code: &LoginCode,
    session: Option<NewSession>,
) -> Result<Concluded, Error> {
    let (named, exchange) = exchange(running, code).await?;
    conclude(running, named, Some(exchange), session).await
}

/// Exchanges a claimed code; what it brought has to be written yet. A failure is written before it is answered.
pub(super) async fn exchange(running: &Running, code: &LoginCode) -> Result<(Named, Exchange), Error> {
    let exchanged = async {
        let named = identify(running, code).await?;
        let exchange = Exchange {
            claim: claim_of(&running.connection, code),
            outcome: Exchanged::Person {
                person: named.person.clone(),
                snapshot_user: named.snapshot_user,
            },
            session: sealed(running, &named)?,
        };
        Ok((named, exchange))
    };
    match exchanged.await {
        Ok(exchanged) => Ok(exchanged),
        Err(stop) => {
            let claim = claim_of(&running.connection, code);
            running.stop_exchange(&stop, claim).await;
            Err(stop.into_error())
        }
    }
}

/// Asks WeChat whose code it is.
async fn identify(running: &Running, code: &LoginCode) -> Result<Named, Stop> {
    let wechat = &running.app.wechat;
    let credentials = running.credentials().await?;
    match running.connection.kind {
        ConnectionKind::MiniProgram | ConnectionKind::MiniProgramQr | ConnectionKind::AppLaunch => {
            let exchange = wechat.code_to_session(&credentials, code);
            let session = running.call(LegName::CodeExchange, exchange).await?;
            Ok(Named {
                session_key: Some(session.session_key),
                ..Named::real(person(session.open_id, session.union_id, None, None))
            })
        }
        ConnectionKind::Pc | ConnectionKind::WebpageAuthorization | ConnectionKind::Mobile => {
            let exchange = wechat.exchange_code(&credentials, code);
            let grant = running.call(LegName::CodeExchange, exchange).await?;
            // Nickname and avatar of a snapshot visitor are nobody's, and WeChat may refuse to tell them (48001).
            let knows_more = !grant.snapshot_user && grant.scopes.iter().any(|scope| scope != "snsapi_base");
            if !knows_more {
                return Ok(Named {
                    snapshot_user: grant.snapshot_user,
                    ..Named::real(person(grant.open_id, grant.union_id, None, None))
                });
            }
            let question = wechat.user_info(&grant.token, &grant.open_id);
            let info = running.call(LegName::UserInfo, question).await?;
            let union_id = info.union_id.or(grant.union_id);
            Ok(Named::real(person(
                info.open_id,
                union_id,
                info.nickname,
                info.avatar_url,
            )))
        }
        ConnectionKind::FollowCode => Err(Stop::Ours(Error::Malformed(
            "this connection logs in by following, not by a code".to_owned(),
        ))),
    }
}

/// Where the session key of a person is sealed.
pub(super) fn session_place<'a>(pool: &'a PoolId, row: &'a str) -> Place<'a> {
    Place {
        table: "wechat_session",
        pool,
        row,
        field: "session_key",
    }
}

/// The key of a person's row in tables of people of apps.
pub(super) fn row_of(app_id: &str, open_id: &str) -> String {
    format!("{app_id}/{open_id}")
}

fn sealed(running: &Running, named: &Named) -> Result<Option<SealedSession>, Error> {
    let Some(key) = &named.session_key else {
        return Ok(None);
    };
    let (app, app_id) = (&running.app, &running.connection.app_id);
    let open_id = &named.person.open_id;
    let row = row_of(app_id, open_id);
    let place = session_place(&running.pool, &row);
    let key = app
        .vault
        .seal_bytes(place, key.expose().as_bytes(), app.entropy.as_ref())?;
    Ok(Some(SealedSession {
        app_id: app_id.clone(),
        open_id: open_id.clone(),
        key,
    }))
}

/// Decides who the person is, and writes everything with the end of the attempt, also the session of whoever is let in. A
/// failure is written before it is answered.
pub(super) async fn conclude(
    running: &Running,
    named: Named,
    exchange: Option<Exchange>,
    session: Option<NewSession>,
) -> Result<Concluded, Error> {
    let concluded = async {
        let leg = LegName::Resolve;
        running.take(vec![Step::Begin { leg, request: None }]).await?;
        let Running {
            app,
            pool,
            connection,
            ..
        } = running;
        let arrival = Arrival {
            snapshot_user: named.snapshot_user,
            dry_run: running.dry_run,
            ..Arrival::at(pool, connection, named.person)
        };
        let (attempt, ties) = running.as_it_stands().await?;
        let session = session.map(|session| NewSession {
            attempt: Some(running.id),
            ..session
        });
        let ending = Ending {
            attempt,
            ties,
            exchange,
            session,
        };
        Ok::<_, Stop>(app.store.conclude(arrival, ending).await?)
    };
    match concluded.await {
        Ok(concluded) => {
            // What only names somebody is counted once they are resolved.
            if !running.dry_run {
                running.count(word(&concluded.verdict));
            }
            Ok(concluded)
        }
        Err(stop) => {
            running.stop(&stop).await;
            Err(stop.into_error())
        }
    }
}

/// The decision in one word, for the metrics.
const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::LogIn { .. } => "log_in",
        Verdict::Create { .. } => "create",
        Verdict::Refuse { .. } => "refuse",
        Verdict::Fail { .. } => "fail",
    }
}
