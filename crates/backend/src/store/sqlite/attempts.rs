//! Login attempts in SQLite.

use super::{
    Sqlite, Writing,
    row::{Columns, from_json, from_wire_name, to_json, wire_name},
};
use crate::{
    login::{Step, advance},
    store::{AttemptStore, Claim, CodeClaim, Reply, StoreError},
};
use rusqlite::{Row, Transaction, params};
use yaopai_domain::{AttemptId, AttemptState, LoginAttempt, PoolId, Timestamp};

const COLUMNS: &str = "id, pool, connection_id, kind, purpose, dry_run, state, legs, verdict, created_at, \
                       expires_at, finished_at";

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
const CODES_KEPT_MILLIS: i64 = DAY_MILLIS;
const ATTEMPTS_KEPT_MILLIS: i64 = 90 * DAY_MILLIS;

impl AttemptStore for Sqlite {
    fn begin_attempt(
        &self,
        pool: &PoolId,
        attempt: LoginAttempt,
        nonce_hash: Option<String>,
    ) -> Reply<'_, ()> {
        let pool = pool.clone();
        Box::pin(self.write(move |writing| {
            writing
                .tx()
                .prepare_cached(
                    "INSERT INTO login_attempt (id, pool, connection_id, kind, purpose, dry_run, state, nonce, legs, \
                     verdict, created_at, expires_at, finished_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
                )?
                .execute(params![
                    attempt.id.to_string(),
                    pool.as_str(),
                    attempt.connection_id.to_string(),
                    attempt.kind.as_str(),
                    wire_name(&attempt.purpose)?,
                    attempt.dry_run,
                    wire_name(&attempt.state)?,
                    nonce_hash,
                    to_json(&attempt.legs)?,
                    attempt.verdict.as_ref().map(to_json).transpose()?,
                    attempt.created_at.0,
                    attempt.expires_at.0,
                    attempt.finished_at.map(|moment| moment.0),
                ])?;
            Ok(())
        }))
    }

    fn attempt(&self, pool: &PoolId, id: AttemptId) -> Reply<'_, Option<LoginAttempt>> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| read(tx, &pool, id)))
    }

    fn attempts(&self, pool: &PoolId, limit: u32) -> Reply<'_, Vec<LoginAttempt>> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| {
            let sql = format!(
                "SELECT {COLUMNS} FROM login_attempt WHERE pool = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2"
            );
            let mut query = tx.prepare_cached(&sql)?;
            let mut rows = query.query(params![pool.as_str(), limit])?;
            let mut attempts = Vec::new();
            while let Some(row) = rows.next()? {
                attempts.push(of_row(row)?);
            }
            Ok(attempts)
        }))
    }

    fn attempt_of_nonce(&self, nonce_hash: String) -> Reply<'_, Option<(PoolId, LoginAttempt)>> {
        Box::pin(self.read(move |tx| {
            let sql = format!("SELECT {COLUMNS} FROM login_attempt WHERE nonce = ?1");
            let mut query = tx.prepare_cached(&sql)?;
            let mut rows = query.query([nonce_hash])?;
            rows.next()?
                .map(|row| Ok((row.parsed("pool")?, of_row(row)?)))
                .transpose()
        }))
    }

    fn advance_attempt(
        &self,
        pool: &PoolId,
        id: AttemptId,
        steps: Vec<Step>,
    ) -> Reply<'_, Option<LoginAttempt>> {
        let pool = pool.clone();
        Box::pin(self.write(move |writing| {
            let attempt = existing(writing.tx(), &pool, id)?;
            let Some(advanced) = advance(&attempt, steps, writing.now()) else {
                return Ok(None);
            };
            update(writing, &advanced)?;
            Ok(Some(advanced))
        }))
    }

    fn confirm_attempt(
        &self,
        pool: &PoolId,
        id: AttemptId,
        claim: CodeClaim,
        steps: Vec<Step>,
    ) -> Reply<'_, Claim> {
        let pool = pool.clone();
        Box::pin(self.write(move |writing| {
            let tx = writing.tx();
            if let Some(owner) = owner_of_code(tx, &pool, &claim)? {
                return Ok(Claim::Again(existing(tx, &pool, owner)?));
            }
            let attempt = existing(tx, &pool, id)?;
            let Some(advanced) = advance(&attempt, steps, writing.now()) else {
                return Ok(Claim::Again(attempt));
            };
            tx.prepare_cached(
                "INSERT INTO exchanged_code (pool, app_id, code_hash, attempt, at) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                pool.as_str(),
                claim.app_id,
                claim.code_hash,
                id.to_string(),
                writing.now().0
            ])?;
            update(writing, &advanced)?;
            Ok(Claim::First(advanced))
        }))
    }

    fn end_interrupted_attempts(&self) -> Reply<'_, ()> {
        Box::pin(self.write(|writing| {
            let tx = writing.tx();
            let sql = format!("SELECT {COLUMNS} FROM login_attempt WHERE finished_at IS NULL");
            let mut query = tx.prepare_cached(&sql)?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let attempt = of_row(row)?;
                let state = match attempt.state {
                    AttemptState::Confirmed => AttemptState::Failed,
                    _ => AttemptState::Expired,
                };
                let finish = Step::Finish { state, verdict: None };
                if let Some(ended) = advance(&attempt, vec![finish], writing.now()) {
                    update(writing, &ended)?;
                }
            }
            Ok(())
        }))
    }

    fn forget_old_attempts(&self) -> Reply<'_, ()> {
        Box::pin(self.write(|writing| {
            let (tx, now) = (writing.tx(), writing.now());
            tx.execute(
                "DELETE FROM exchanged_code WHERE at < ?1",
                [now.plus_millis(-CODES_KEPT_MILLIS).0],
            )?;
            // By pool, as the index of ages is.
            tx.execute(
                "DELETE FROM login_attempt WHERE pool IN (SELECT id FROM pool) AND created_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM exchanged_code c WHERE c.attempt = login_attempt.id)",
                [now.plus_millis(-ATTEMPTS_KEPT_MILLIS).0],
            )?;
            Ok(())
        }))
    }
}

fn owner_of_code(
    tx: &Transaction<'_>,
    pool: &PoolId,
    claim: &CodeClaim,
) -> Result<Option<AttemptId>, StoreError> {
    tx.prepare_cached(
        "SELECT attempt FROM exchanged_code WHERE pool = ?1 AND app_id = ?2 AND code_hash = ?3",
    )?
    .query([pool.as_str(), &claim.app_id, &claim.code_hash])?
    .next()?
    .map(|row| row.parsed("attempt"))
    .transpose()
}

fn existing(tx: &Transaction<'_>, pool: &PoolId, id: AttemptId) -> Result<LoginAttempt, StoreError> {
    read(tx, pool, id)?.ok_or(StoreError::NotFound("attempt"))
}

fn read(tx: &Transaction<'_>, pool: &PoolId, id: AttemptId) -> Result<Option<LoginAttempt>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM login_attempt WHERE pool = ?1 AND id = ?2");
    let mut query = tx.prepare_cached(&sql)?;
    let mut rows = query.query([pool.as_str(), &id.to_string()])?;
    rows.next()?.map(of_row).transpose()
}

fn update(writing: &mut Writing<'_>, attempt: &LoginAttempt) -> Result<(), StoreError> {
    writing.attempts.push(attempt.id);
    writing
        .tx()
        .prepare_cached(
            "UPDATE login_attempt SET state = ?2, legs = ?3, verdict = ?4, finished_at = ?5 WHERE id = ?1",
        )?
        .execute(params![
            attempt.id.to_string(),
            wire_name(&attempt.state)?,
            to_json(&attempt.legs)?,
            attempt.verdict.as_ref().map(to_json).transpose()?,
            attempt.finished_at.map(|moment| moment.0),
        ])?;
    Ok(())
}

fn of_row(row: &Row<'_>) -> Result<LoginAttempt, StoreError> {
    let verdict: Option<String> = row.get("verdict")?;
    let finished_at: Option<i64> = row.get("finished_at")?;
    Ok(LoginAttempt {
        id: row.parsed("id")?,
        connection_id: row.parsed("connection_id")?,
        kind: row.parsed("kind")?,
        purpose: from_wire_name("purpose", &row.get::<_, String>("purpose")?)?,
        dry_run: row.get("dry_run")?,
        state: from_wire_name("state", &row.get::<_, String>("state")?)?,
        created_at: row.moment("created_at")?,
        expires_at: row.moment("expires_at")?,
        finished_at: finished_at.map(Timestamp),
        legs: row.json("legs")?,
        verdict: verdict.map(|text| from_json("verdict", &text)).transpose()?,
    })
}
