//! Login attempts. An attempt that has ended never changes again.

use super::{
    NewSession, Reading, Store, StoreError, Writing,
    claimed_codes::{self, CodeClaim, Exchange},
    engine::{Change, Row, Value, to_json, values, wire_name},
    identity::{Foreseen, settle},
    sessions,
};
use crate::{
    identity::Arrival,
    login::{LegReport, Step, advance},
};
use yaopai_domain::{
    ApplicationId, AttemptId, AttemptState, LegName, LoginAttempt, PoolId, Timestamp, UserId, Verdict,
};

/// Every column of an attempt.
pub(super) const ATTEMPT: &str =
    "SELECT id, pool, connection_id, kind, application, purpose, via, dry_run, state, memo, legs,
        verdict, created_at, expires_at, finished_at
    FROM attempt";

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
const CODES_KEPT_MILLIS: i64 = DAY_MILLIS;
const ATTEMPTS_KEPT_MILLIS: i64 = 90 * DAY_MILLIS;
/// WeChat sends a push again within seconds.
const PUSHES_KEPT_MILLIS: i64 = DAY_MILLIS;
/// How long after its end an attempt may be taken by its ticket: the device that waits looks every few seconds.
const REDEEMABLE_MILLIS: i64 = 5 * 60 * 1000;
/// How long after its end an attempt may still be finished by another backend of the same database.
const GRACE_MILLIS: i64 = 60 * 1000;

/// What ties an attempt to those outside who will come back to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ties {
    /// SHA-256 (hex) of the state or scene by which WeChat's answer finds it.
    pub(crate) nonce_hash: Option<String>,
    /// SHA-256 (hex) of the word by which the device that waits asks for it.
    pub(crate) ticket_hash: Option<String>,
    /// The application for which somebody logs in.
    pub(crate) application: Option<ApplicationId>,
    /// What a facade wants back with the answer.
    pub(crate) memo: Option<serde_json::Value>,
}

/// An attempt that somebody came back to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tied {
    /// Its pool.
    pub(crate) pool: PoolId,
    /// The attempt.
    pub(crate) attempt: LoginAttempt,
    /// The application for which somebody logs in.
    pub(crate) application: Option<ApplicationId>,
    /// What a facade wants back with the answer.
    pub(crate) memo: Option<serde_json::Value>,
}

/// Who may exchange a code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Claim {
    /// The caller; the attempt is confirmed now.
    First(Box<LoginAttempt>),
    /// Nobody any more: this attempt has the outcome, or will have it soon (design rule 2).
    Again(AttemptId),
}

/// What is written with a verdict.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    /// The attempt as it stands before.
    pub(crate) attempt: LoginAttempt,
    /// Its ties, if it is not written yet.
    pub(crate) ties: Ties,
    /// What the exchange brought, if that is not written yet.
    pub(crate) exchange: Option<Exchange>,
    /// The session of whoever is let in.
    pub(crate) session: Option<NewSession>,
}

/// What a login came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Concluded {
    /// The decision.
    pub(crate) verdict: Verdict,
    /// Whose session has begun. Nobody's if none was to begin, nobody was let in, or the user was blocked meanwhile.
    pub(crate) session_of: Option<UserId>,
}

impl Store {
    /// Writes an attempt as it stands, unless it has ended already. The ties of one that is there stay.
    pub(crate) async fn put_attempt(
        &self,
        pool: &PoolId,
        attempt: LoginAttempt,
        ties: Ties,
    ) -> Result<(), StoreError> {
        self.put((pool.clone(), attempt, ties), |writing, (pool, attempt, ties)| {
            Box::pin(put(writing, pool, attempt, ties))
        })
        .await
    }

    /// One attempt.
    pub(crate) async fn attempt(
        &self,
        pool: &PoolId,
        id: AttemptId,
    ) -> Result<Option<LoginAttempt>, StoreError> {
        self.glance((pool.clone(), id), |reading, (pool, id)| {
            Box::pin(load(reading, pool, *id))
        })
        .await
    }

    /// The attempt that a state or scene belongs to.
    pub(crate) async fn attempt_of_nonce(&self, nonce_hash: String) -> Result<Option<Tied>, StoreError> {
        self.glance(nonce_hash, |reading, hash| {
            Box::pin(tied(reading, "nonce = $1", values![hash]))
        })
        .await
    }

    /// The attempt that the device with this ticket waits for.
    pub(crate) async fn attempt_of_ticket(
        &self,
        pool: &PoolId,
        ticket_hash: String,
    ) -> Result<Option<Tied>, StoreError> {
        self.glance((pool.clone(), ticket_hash), |reading, (pool, hash)| {
            Box::pin(tied(reading, "pool = $1 AND ticket = $2", values![pool, hash]))
        })
        .await
    }

    /// Takes an attempt that has ended by its ticket, which opens nothing afterwards. `None` if there is none, or it has
    /// not ended, or did more than 5 minutes ago.
    pub(crate) async fn redeem_ticket(
        &self,
        pool: &PoolId,
        ticket_hash: String,
    ) -> Result<Option<Tied>, StoreError> {
        self.write((pool.clone(), ticket_hash), |writing, (pool, hash)| {
            Box::pin(redeem(writing, pool, hash))
        })
        .await
    }

    /// Takes all the steps, or none if one is not possible from where the attempt stands. Answers how it stands after
    /// them; `None` if it did not change.
    pub(crate) async fn advance_attempt(
        &self,
        pool: &PoolId,
        id: AttemptId,
        steps: Vec<Step>,
    ) -> Result<Option<LoginAttempt>, StoreError> {
        self.write((pool.clone(), id, steps), |writing, (pool, id, steps)| {
            Box::pin(go_on(writing, pool, *id, steps))
        })
        .await
    }

    /// Claims a code for an attempt and takes the steps (the last of them confirms it). Of all who claim one code or
    /// confirm one attempt, one is the first.
    pub(crate) async fn confirm_attempt(
        &self,
        pool: &PoolId,
        id: AttemptId,
        claim: CodeClaim,
        steps: Vec<Step>,
    ) -> Result<Claim, StoreError> {
        self.write(
            (pool.clone(), id, claim, steps),
            |writing, (pool, id, claim, steps)| Box::pin(confirm(writing, pool, *id, claim, steps)),
        )
        .await
    }

    /// Writes an attempt as it stands after its exchange, and what that brought.
    pub(crate) async fn exchanged(
        &self,
        pool: &PoolId,
        attempt: LoginAttempt,
        ties: Ties,
        exchange: Exchange,
    ) -> Result<(), StoreError> {
        let data = (pool.clone(), attempt, ties, exchange);
        self.put(data, |writing, (pool, attempt, ties, exchange)| {
            Box::pin(async move {
                let mut changes = vec![putting(pool, attempt, ties)?];
                changes.extend(claimed_codes::bringing(pool, exchange, writing.now())?);
                writing.change(changes).await?;
                writing.tell_attempt(attempt.id);
                Ok(())
            })
        })
        .await
    }

    /// Decides who the person is, and writes everything there is to write of a login in one transaction: user and
    /// bindings, the attempt with its end, what the exchange brought, and the session.
    ///
    /// Who is known and has no news is decided without a lock: nothing is written that others could miss.
    pub(crate) async fn conclude(&self, arrival: Arrival, ending: Ending) -> Result<Concluded, StoreError> {
        match self.foresee(&arrival).await? {
            Foreseen::ToWrite(_) if !arrival.dry_run => {
                self.write((arrival, ending), |writing, (arrival, ending)| {
                    Box::pin(async move {
                        let verdict = settle(writing, arrival).await?;
                        end(writing, &arrival.pool, ending, &verdict).await
                    })
                })
                .await
            }
            Foreseen::Settled(verdict) | Foreseen::ToWrite(verdict) => {
                let data = (arrival.pool, ending, verdict);
                self.put(data, |writing, (pool, ending, verdict)| {
                    Box::pin(end(writing, pool, ending, verdict))
                })
                .await
            }
        }
    }

    /// Ends the attempts that a stopped backend left behind. Where other backends may be running on the same database,
    /// those are only the overdue ones.
    pub(crate) async fn end_interrupted_attempts(&self) -> Result<(), StoreError> {
        if self.is_shared() {
            return self.end_overdue_attempts().await;
        }
        let latest = Timestamp(i64::MAX);
        self.write(latest, |writing, latest| Box::pin(end_left(writing, *latest)))
            .await
    }

    /// Ends the attempts whose time has been over for a minute: whoever drove them is gone.
    pub(crate) async fn end_overdue_attempts(&self) -> Result<(), StoreError> {
        let latest = self.now().plus_millis(-GRACE_MILLIS);
        self.write(latest, |writing, latest| Box::pin(end_left(writing, *latest)))
            .await
    }

    /// Forgets attempts after 90 days, and claims of codes after a day: WeChat itself forgets a code within minutes.
    pub(crate) async fn forget_old_attempts(&self) -> Result<(), StoreError> {
        self.write((), |writing, ()| Box::pin(forget_old(writing))).await
    }
}

/// Writes what is written with a verdict, as one statement.
async fn end(
    writing: &Writing<'_>,
    pool: &PoolId,
    ending: &Ending,
    verdict: &Verdict,
) -> Result<Concluded, StoreError> {
    let steps = vec![
        Step::End {
            leg: LegName::Resolve,
            report: LegReport::decided(verdict),
        },
        Step::Finish {
            state: AttemptState::Decided,
            verdict: Some(verdict.clone()),
        },
    ];
    let let_in = verdict.user().zip(ending.session.as_ref());
    // The session comes first, and so does its count.
    let mut changes = match let_in {
        Some((user, new)) => sessions::beginning(user, new),
        None => Vec::new(),
    };
    if let Some(ended) = advance(&ending.attempt, steps, writing.now()) {
        changes.push(putting(pool, &ended, &ending.ties)?);
        writing.tell_attempt(ended.id);
    }
    if let Some(exchange) = &ending.exchange {
        changes.extend(claimed_codes::bringing(pool, exchange, writing.now())?);
    }
    let changed = writing.change(changes).await?;
    let begun = changed.first().is_some_and(|rows| *rows == 1);
    Ok(Concluded {
        verdict: verdict.clone(),
        session_of: let_in.map(|(user, _)| user).filter(|_| begun),
    })
}

async fn put(
    writing: &Writing<'_>,
    pool: &PoolId,
    attempt: &LoginAttempt,
    ties: &Ties,
) -> Result<(), StoreError> {
    writing.change(vec![putting(pool, attempt, ties)?]).await?;
    writing.tell_attempt(attempt.id);
    Ok(())
}

fn putting(pool: &PoolId, attempt: &LoginAttempt, ties: &Ties) -> Result<Change, StoreError> {
    let sql = "INSERT INTO attempt (id, pool, connection_id, kind, application, purpose, via, dry_run, state, nonce,
            ticket, memo, legs, verdict, created_at, expires_at, finished_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, legs = excluded.legs, verdict = excluded.verdict,
            finished_at = excluded.finished_at
        WHERE attempt.finished_at IS NULL";
    let values = values![
        attempt.id,
        pool,
        attempt.connection_id,
        attempt.kind.map(yaopai_domain::ConnectionKind::as_str),
        ties.application.as_ref(),
        wire_name(&attempt.purpose)?,
        attempt.via.as_ref().map(to_json).transpose()?,
        attempt.dry_run,
        wire_name(&attempt.state)?,
        ties.nonce_hash.as_ref(),
        ties.ticket_hash.as_ref(),
        ties.memo.as_ref().map(to_json).transpose()?,
        to_json(&attempt.legs)?,
        attempt.verdict.as_ref().map(to_json).transpose()?,
        attempt.created_at,
        attempt.expires_at,
        attempt.finished_at,
    ];
    Ok(Change { sql, values })
}

async fn load(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: AttemptId,
) -> Result<Option<LoginAttempt>, StoreError> {
    one(reading, "WHERE pool = $1 AND id = $2", values![pool, id]).await
}

/// The attempt, which nobody else can change until this transaction ends.
async fn hold(writing: &Writing<'_>, pool: &PoolId, id: AttemptId) -> Result<LoginAttempt, StoreError> {
    one(
        writing,
        "WHERE pool = $1 AND id = $2 FOR UPDATE",
        values![pool, id],
    )
    .await?
    .ok_or(StoreError::NotFound("attempt"))
}

async fn one(
    reading: &Reading<'_>,
    condition: &str,
    values: Vec<Value>,
) -> Result<Option<LoginAttempt>, StoreError> {
    let found = reading.row(&format!("{ATTEMPT} {condition}"), values).await?;
    found.as_ref().map(of_row).transpose()
}

async fn tied(
    reading: &Reading<'_>,
    condition: &str,
    values: Vec<Value>,
) -> Result<Option<Tied>, StoreError> {
    let found = reading
        .row(&format!("{ATTEMPT} WHERE {condition}"), values)
        .await?;
    found
        .map(|row| {
            Ok(Tied {
                pool: row.parsed("pool")?,
                attempt: of_row(&row)?,
                application: row.parsed_or_null("application")?,
                memo: row.json_or_null("memo")?,
            })
        })
        .transpose()
}

async fn redeem(writing: &Writing<'_>, pool: &PoolId, hash: &str) -> Result<Option<Tied>, StoreError> {
    let sql = "pool = $1 AND ticket = $2 AND finished_at > $3 FOR UPDATE";
    let oldest = writing.now().plus_millis(-REDEEMABLE_MILLIS);
    let found = tied(writing, sql, values![pool, hash, oldest]).await?;
    if let Some(found) = &found {
        let sql = "UPDATE attempt SET ticket = NULL WHERE id = $1";
        writing.execute(sql, values![found.attempt.id]).await?;
    }
    Ok(found)
}

async fn go_on(
    writing: &Writing<'_>,
    pool: &PoolId,
    id: AttemptId,
    steps: &[Step],
) -> Result<Option<LoginAttempt>, StoreError> {
    let attempt = hold(writing, pool, id).await?;
    let advanced = advance(&attempt, steps.to_vec(), writing.now());
    if let Some(advanced) = &advanced {
        update(writing, advanced).await?;
    }
    Ok(advanced)
}

async fn confirm(
    writing: &Writing<'_>,
    pool: &PoolId,
    id: AttemptId,
    claim: &CodeClaim,
    steps: &[Step],
) -> Result<Claim, StoreError> {
    if let Some(owner) = claimed_codes::find(writing, pool, claim).await? {
        return Ok(Claim::Again(owner.attempt));
    }
    let attempt = hold(writing, pool, id).await?;
    let Some(advanced) = advance(&attempt, steps.to_vec(), writing.now()) else {
        return Ok(Claim::Again(id));
    };
    if let Some(owner) = claimed_codes::claim(writing, pool, id, claim, None).await? {
        // Somebody was faster while this one waited.
        return Ok(Claim::Again(owner.attempt));
    }
    update(writing, &advanced).await?;
    Ok(Claim::First(Box::new(advanced)))
}

async fn end_left(writing: &Writing<'_>, latest: Timestamp) -> Result<(), StoreError> {
    let sql = format!("{ATTEMPT} WHERE finished_at IS NULL AND expires_at <= $1 ORDER BY id FOR UPDATE");
    for row in writing.rows(&sql, values![latest]).await? {
        let attempt = of_row(&row)?;
        let state = match attempt.state {
            AttemptState::Confirmed => AttemptState::Failed,
            _ => AttemptState::Expired,
        };
        let finish = Step::Finish { state, verdict: None };
        if let Some(ended) = advance(&attempt, vec![finish], writing.now()) {
            update(writing, &ended).await?;
        }
    }
    Ok(())
}

async fn forget_old(writing: &Writing<'_>) -> Result<(), StoreError> {
    let now = writing.now();
    for (sql, kept) in [
        ("DELETE FROM claimed_code WHERE at < $1", CODES_KEPT_MILLIS),
        ("DELETE FROM taken_push WHERE at < $1", PUSHES_KEPT_MILLIS),
        ("DELETE FROM push_signature WHERE at < $1", PUSHES_KEPT_MILLIS),
        // By pool, as the index of ages is.
        (
            "DELETE FROM attempt WHERE pool IN (SELECT id FROM pool) AND created_at < $1",
            ATTEMPTS_KEPT_MILLIS,
        ),
    ] {
        writing.execute(sql, values![now.plus_millis(-kept)]).await?;
    }
    Ok(())
}

async fn update(writing: &Writing<'_>, attempt: &LoginAttempt) -> Result<(), StoreError> {
    let sql = "UPDATE attempt SET state = $2, legs = $3, verdict = $4, finished_at = $5 WHERE id = $1";
    let values = values![
        attempt.id,
        wire_name(&attempt.state)?,
        to_json(&attempt.legs)?,
        attempt.verdict.as_ref().map(to_json).transpose()?,
        attempt.finished_at,
    ];
    writing.execute(sql, values).await?;
    writing.tell_attempt(attempt.id);
    Ok(())
}

/// Reads a row of [`ATTEMPT`].
pub(super) fn of_row(row: &Row) -> Result<LoginAttempt, StoreError> {
    Ok(LoginAttempt {
        id: row.parsed("id")?,
        connection_id: row.parsed_or_null("connection_id")?,
        kind: row.parsed_or_null("kind")?,
        purpose: row.named("purpose")?,
        via: row.json_or_null("via")?,
        dry_run: row.flag("dry_run")?,
        state: row.named("state")?,
        created_at: row.moment("created_at")?,
        expires_at: row.moment("expires_at")?,
        finished_at: row.moment_or_null("finished_at")?,
        legs: row.json("legs")?,
        verdict: row.json_or_null("verdict")?,
    })
}
