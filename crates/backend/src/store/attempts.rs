//! Login attempts. An attempt that has ended never changes again.

use super::{
    Reading, Store, StoreError, Writing,
    engine::{Row, Value, to_json, values, wire_name},
};
use crate::login::{Step, advance};
use yaopai_domain::{AttemptId, AttemptState, LoginAttempt, PoolId, Timestamp};

const ATTEMPT: &str =
    "SELECT id, pool, connection_id, kind, purpose, dry_run, state, legs, verdict, created_at,
        expires_at, finished_at FROM login_attempt";

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
const CODES_KEPT_MILLIS: i64 = DAY_MILLIS;
const ATTEMPTS_KEPT_MILLIS: i64 = 90 * DAY_MILLIS;
/// How long after its end an attempt may still be finished by another backend of the same database.
const GRACE_MILLIS: i64 = 60 * 1000;

/// Who may exchange a code.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Claim {
    /// The caller; the attempt is confirmed now.
    First(LoginAttempt),
    /// Nobody any more: this attempt has the outcome, or will have it soon (design rule 2).
    Again(LoginAttempt),
}

/// A code that wants to be exchanged.
#[derive(Debug, Clone)]
pub(crate) struct CodeClaim {
    /// The AppID it belongs to.
    pub(crate) app_id: String,
    /// SHA-256 of the code (hex); the code itself is not stored.
    pub(crate) code_hash: String,
}

impl Store {
    /// Writes a new attempt. WeChat's answer will find it by `nonce_hash`.
    pub(crate) async fn begin_attempt(
        &self,
        pool: &PoolId,
        attempt: LoginAttempt,
        nonce_hash: Option<String>,
    ) -> Result<(), StoreError> {
        self.write(
            (pool.clone(), attempt, nonce_hash),
            |writing, (pool, attempt, nonce_hash)| {
                Box::pin(begin(writing, pool, attempt, nonce_hash.as_deref()))
            },
        )
        .await
    }

    /// One attempt.
    pub(crate) async fn attempt(
        &self,
        pool: &PoolId,
        id: AttemptId,
    ) -> Result<Option<LoginAttempt>, StoreError> {
        self.read((pool.clone(), id), |reading, (pool, id)| {
            Box::pin(load(reading, pool, *id))
        })
        .await
    }

    /// At most `limit` attempts, newest first.
    pub(crate) async fn attempts(&self, pool: &PoolId, limit: u32) -> Result<Vec<LoginAttempt>, StoreError> {
        self.read((pool.clone(), limit), |reading, (pool, limit)| {
            Box::pin(newest(reading, pool, *limit))
        })
        .await
    }

    /// The attempt that a state or scene belongs to.
    pub(crate) async fn attempt_of_nonce(
        &self,
        nonce_hash: String,
    ) -> Result<Option<(PoolId, LoginAttempt)>, StoreError> {
        self.read(nonce_hash, |reading, nonce_hash| {
            Box::pin(of_nonce(reading, nonce_hash))
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

    /// Ends the attempts that a stopped backend left behind. Where other backends may be running on the same database,
    /// those are only the attempts whose time has been over for a minute.
    pub(crate) async fn end_interrupted_attempts(&self) -> Result<(), StoreError> {
        let latest = if self.is_shared() {
            self.now().plus_millis(-GRACE_MILLIS)
        } else {
            Timestamp(i64::MAX)
        };
        self.write(latest, |writing, latest| Box::pin(end_left(writing, *latest)))
            .await
    }

    /// Forgets attempts after 90 days, and claims of codes after a day: WeChat itself forgets a code within minutes.
    pub(crate) async fn forget_old_attempts(&self) -> Result<(), StoreError> {
        self.write((), |writing, ()| Box::pin(forget_old(writing))).await
    }
}

async fn begin(
    writing: &Writing<'_>,
    pool: &PoolId,
    attempt: &LoginAttempt,
    nonce_hash: Option<&str>,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO login_attempt (id, pool, connection_id, kind, purpose, dry_run, state, nonce, legs, verdict,
            created_at, expires_at, finished_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let values = values![
        attempt.id,
        pool,
        attempt.connection_id,
        attempt.kind.as_str(),
        wire_name(&attempt.purpose)?,
        attempt.dry_run,
        wire_name(&attempt.state)?,
        nonce_hash,
        to_json(&attempt.legs)?,
        attempt.verdict.as_ref().map(to_json).transpose()?,
        attempt.created_at,
        attempt.expires_at,
        attempt.finished_at,
    ];
    writing.execute(sql, values).await?;
    Ok(())
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

async fn newest(reading: &Reading<'_>, pool: &PoolId, limit: u32) -> Result<Vec<LoginAttempt>, StoreError> {
    let sql = format!("{ATTEMPT} WHERE pool = $1 ORDER BY created_at DESC, id DESC LIMIT $2");
    let rows = reading.rows(&sql, values![pool, limit]).await?;
    rows.iter().map(of_row).collect()
}

async fn of_nonce(
    reading: &Reading<'_>,
    nonce_hash: &str,
) -> Result<Option<(PoolId, LoginAttempt)>, StoreError> {
    let sql = format!("{ATTEMPT} WHERE nonce = $1");
    let found = reading.row(&sql, values![nonce_hash]).await?;
    found
        .map(|row| Ok((row.parsed("pool")?, of_row(&row)?)))
        .transpose()
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
    if let Some(owner) = of_code(writing, pool, claim).await? {
        return Ok(Claim::Again(owner));
    }
    let attempt = hold(writing, pool, id).await?;
    let Some(advanced) = advance(&attempt, steps.to_vec(), writing.now()) else {
        return Ok(Claim::Again(attempt));
    };
    let sql = "INSERT INTO exchanged_code (pool, app_id, code_hash, attempt, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (pool, app_id, code_hash) DO NOTHING";
    let values = values![pool, &claim.app_id, &claim.code_hash, id, writing.now()];
    if writing.execute(sql, values).await? == 0 {
        // Somebody was faster while this one waited.
        let owner = of_code(writing, pool, claim).await?;
        return owner.map(Claim::Again).ok_or(StoreError::NotFound("attempt"));
    }
    update(writing, &advanced).await?;
    Ok(Claim::First(advanced))
}

/// The attempt that a code was exchanged for.
async fn of_code(
    reading: &Reading<'_>,
    pool: &PoolId,
    claim: &CodeClaim,
) -> Result<Option<LoginAttempt>, StoreError> {
    let sql = "SELECT attempt FROM exchanged_code WHERE pool = $1 AND app_id = $2 AND code_hash = $3";
    let values = values![pool, &claim.app_id, &claim.code_hash];
    match reading.row(sql, values).await? {
        Some(row) => load(reading, pool, row.parsed("attempt")?).await,
        None => Ok(None),
    }
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
    let codes = "DELETE FROM exchanged_code WHERE at < $1";
    writing
        .execute(codes, values![now.plus_millis(-CODES_KEPT_MILLIS)])
        .await?;
    // By pool, as the index of ages is.
    let attempts = "DELETE FROM login_attempt WHERE pool IN (SELECT id FROM pool) AND created_at < $1
        AND NOT EXISTS (SELECT 1 FROM exchanged_code c WHERE c.attempt = login_attempt.id)";
    writing
        .execute(attempts, values![now.plus_millis(-ATTEMPTS_KEPT_MILLIS)])
        .await?;
    Ok(())
}

async fn update(writing: &Writing<'_>, attempt: &LoginAttempt) -> Result<(), StoreError> {
    let sql = "UPDATE login_attempt SET state = $2, legs = $3, verdict = $4, finished_at = $5 WHERE id = $1";
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

fn of_row(row: &Row) -> Result<LoginAttempt, StoreError> {
    Ok(LoginAttempt {
        id: row.parsed("id")?,
        connection_id: row.parsed("connection_id")?,
        kind: row.parsed("kind")?,
        purpose: row.named("purpose")?,
        dry_run: row.flag("dry_run")?,
        state: row.named("state")?,
        created_at: row.moment("created_at")?,
        expires_at: row.moment("expires_at")?,
        finished_at: row.moment_or_null("finished_at")?,
        legs: row.json("legs")?,
        verdict: row.json_or_null("verdict")?,
    })
}
