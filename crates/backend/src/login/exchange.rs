//! From a code to a verdict: the same for every way to log in.

use super::{
    nonce::hash,
    running::{Running, Stop},
    step::{LegReport, Step},
};
use crate::{
    Error,
    identity::{Arrival, person},
    store::{Claim, CodeClaim},
};
use tokio::sync::oneshot;
use yaopai_domain::{AttemptState, ConnectionKind, LegName, LoginAttempt, Refusal, Verdict, WeChatPerson};
use yaopai_wechat::LoginCode;

/// Claims a code for the attempt and, if nobody claimed it before, has it exchanged and decided (design rule 2). `steps`
/// are taken together with the claim.
///
/// Answers the attempt that has the outcome, or will have it soon. All of it happens in the background, whoever leaves
/// meanwhile: a code that is claimed and not exchanged would be lost.
pub(super) async fn confirm(
    running: &Running,
    code: LoginCode,
    steps: Vec<Step>,
) -> Result<LoginAttempt, Error> {
    let (tell, told) = oneshot::channel();
    let running = running.clone();
    running.app.clone().tasks.spawn(async move {
        let claimed = claim(&running, &code, steps).await;
        let first = matches!(claimed, Ok((true, _)));
        // Nobody waiting for the answer is fine.
        let _ = tell.send(claimed);
        if first {
            let stopping = &running.app.stopping;
            // An attempt that a stop leaves behind is ended by the next start.
            stopping.run_until_cancelled(decide(&running, &code)).await;
        }
    });
    let claimed = told.await.map_err(|_| Error::Internal("a claim broke off"))?;
    let (_, attempt) = claimed?;
    Ok(attempt)
}

/// Claims a code for the attempt; whether nobody had before, and the attempt that has it.
pub(super) async fn claim(
    running: &Running,
    code: &LoginCode,
    mut steps: Vec<Step>,
) -> Result<(bool, LoginAttempt), Error> {
    steps.push(Step::Move(AttemptState::Confirmed));
    let claim = CodeClaim {
        app_id: running.connection.app_id.clone(),
        code_hash: hash(code.expose()),
    };
    let store = &running.app.store;
    let claimed = store
        .confirm_attempt(&running.pool, running.id, claim, steps)
        .await?;
    Ok(match claimed {
        Claim::First(attempt) => (true, attempt),
        Claim::Again(attempt) => (false, attempt),
    })
}

async fn decide(running: &Running, code: &LoginCode) {
    let verdict = async {
        let (person, snapshot_user) = identify(running, code).await?;
        resolve(running, person, snapshot_user).await
    };
    match verdict.await {
        Ok(verdict) => running.decide(verdict).await,
        Err(stop) => running.stop(stop).await,
    }
}

/// Asks WeChat whose code it is; the flag tells a virtual visitor of a snapshot page.
pub(super) async fn identify(running: &Running, code: &LoginCode) -> Result<(WeChatPerson, bool), Stop> {
    let Running {
        app,
        pool,
        connection,
        ..
    } = running;
    let wechat = &app.wechat;
    let credentials = app.credentials(pool, connection.id, &connection.app_id).await?;
    match connection.kind {
        ConnectionKind::MiniProgram => {
            let exchange = wechat.code_to_session(&credentials, code);
            let session = running.call(LegName::CodeExchange, exchange).await?;
            Ok((person(session.open_id, session.union_id, None, None), false))
        }
        ConnectionKind::Pc | ConnectionKind::WebpageAuthorization => {
            let exchange = wechat.exchange_code(&credentials, code);
            let grant = running.call(LegName::CodeExchange, exchange).await?;
            if grant.snapshot_user {
                // Nickname and avatar are nobody's, and WeChat may refuse to tell them (48001).
                return Ok((person(grant.open_id, grant.union_id, None, None), true));
            }
            let question = wechat.user_info(&grant.token, &grant.open_id);
            let info = running.call(LegName::UserInfo, question).await?;
            let union_id = info.union_id.or(grant.union_id);
            Ok((
                person(info.open_id, union_id, info.nickname, info.avatar_url),
                false,
            ))
        }
    }
}

pub(super) async fn resolve(
    running: &Running,
    person: WeChatPerson,
    snapshot_user: bool,
) -> Result<Verdict, Stop> {
    let leg = LegName::Resolve;
    running.take(vec![Step::Begin { leg, request: None }]).await?;
    let connection = &running.connection;
    let arrival = Arrival {
        pool: running.pool.clone(),
        connection_id: connection.id,
        kind: connection.kind,
        app_id: connection.app_id.clone(),
        platform_account: connection.platform_account,
        login_only: connection.login_only,
        person,
        snapshot_user,
        dry_run: running.dry_run,
    };
    let verdict = running.app.store.resolve(arrival).await?;
    let report = LegReport::done(vec![format!("decision: {}", word(&verdict))]);
    running.take(vec![Step::End { leg, report }]).await?;
    Ok(verdict)
}

/// The decision in one word of the wire.
const fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::LogIn { .. } => "log_in",
        Verdict::Create { .. } => "create",
        Verdict::Refuse { refusal, .. } => match refusal {
            Refusal::LoginOnly => "refuse (login_only)",
            Refusal::SnapshotUser => "refuse (snapshot_user)",
            Refusal::UserBlocked => "refuse (user_blocked)",
            Refusal::TwoUsers => "refuse (two_users)",
        },
        Verdict::Fail { .. } => "fail",
    }
}
