//! One-time codes: made, tried, proven, used.

use super::{
    Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    engine::{Row, values},
    pace::{self, Action},
};
use crate::account::{CODES_FROM_ONE, CODES_TO_ONE, Limit, Purpose, Target, Use};
use subtle::ConstantTimeEq;
use yaopai_domain::{PoolId, Timestamp};

/// A code may be tried so often.
const TRIES: u32 = 5;
/// Rows are of no use to anybody this many milliseconds after they have run out.
const KEPT: i64 = 24 * 60 * 60 * 1000;

/// A code on its way.
#[derive(Debug, Clone)]
pub(crate) struct NewVerification {
    /// Its id, not guessable.
    pub(crate) id: String,
    /// Where it goes.
    pub(crate) target: Target,
    /// What for.
    pub(crate) purpose: Purpose,
    /// Its keyed hash.
    pub(crate) code_hash: String,
    /// Milliseconds until it runs out.
    pub(crate) lives: i64,
    /// Who asks, for the limit of one client.
    pub(crate) client: Option<String>,
}

/// Whether a code may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// It may. Older codes of the target are worth nothing from now on.
    Now,
    /// Not for so many milliseconds.
    Later(i64),
}

/// A code as somebody gives it back.
#[derive(Debug, Clone)]
pub(crate) struct Attempted {
    /// Which.
    pub(crate) id: String,
    /// The keyed hash of what was typed.
    pub(crate) code_hash: String,
    /// What for.
    pub(crate) given_for: GivenFor,
    /// Milliseconds until that token runs out.
    pub(crate) lives: i64,
}

/// What somebody gives a code for.
#[derive(Debug, Clone)]
pub(crate) enum GivenFor {
    /// A token with this hash; what that is used for shows later.
    Token(String),
    /// This, at once. A code that was asked for something else does not serve.
    Use(Use),
    /// This, which uses it up if it succeeds. Until then a right code stays as it is, and has not been tried.
    Later(Use),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tried {
    /// It is right.
    Right(Target),
    /// It is wrong, and may be tried again so often.
    Wrong(u32),
    /// It has run out, was used or tried too often, or never was.
    Spent,
}

impl Store {
    /// Makes a code and forgets the older ones of its target, if the limits allow it.
    pub(crate) async fn open_verification(
        &self,
        pool: &PoolId,
        new: NewVerification,
    ) -> Result<Opened, StoreError> {
        self.write((pool.clone(), new), |writing, (pool, new)| {
            Box::pin(open(writing, pool, new))
        })
        .await
    }

    /// Forgets a code that could not be delivered; the next may be asked for at once.
    pub(crate) async fn withdraw_verification(
        &self,
        pool: &PoolId,
        id: String,
        target: Target,
    ) -> Result<(), StoreError> {
        self.write((pool.clone(), id, target), |writing, (pool, id, target)| {
            Box::pin(withdraw(writing, pool, id, target))
        })
        .await
    }

    /// Where a code went, if there is one.
    pub(crate) async fn verification_target(
        &self,
        pool: &PoolId,
        id: &str,
    ) -> Result<Option<Target>, StoreError> {
        self.read((pool.clone(), id.to_owned()), |reading, (pool, id)| {
            Box::pin(async move {
                let sql = "SELECT kind, target FROM verification WHERE pool = $1 AND id = $2";
                let row = reading.row(sql, values![pool, id]).await?;
                row.as_ref().map(target).transpose()
            })
        })
        .await
    }

    /// The id of the newest code of a target, if there is one.
    pub(crate) async fn verification_of(
        &self,
        pool: &PoolId,
        target: &Target,
    ) -> Result<Option<String>, StoreError> {
        self.read((pool.clone(), target.clone()), |reading, (pool, target)| {
            Box::pin(newest(reading, pool, target))
        })
        .await
    }

    /// Tries a code. Every try counts, also of many at once.
    pub(crate) async fn try_verification(
        &self,
        pool: &PoolId,
        attempted: Attempted,
    ) -> Result<Tried, StoreError> {
        self.write((pool.clone(), attempted), |writing, (pool, attempted)| {
            Box::pin(attempt(writing, pool, attempted))
        })
        .await
    }

    /// The id of a code by its token, and where it went, if the token is good and the code was asked for something like
    /// that.
    pub(crate) async fn shown_verification(
        &self,
        pool: &PoolId,
        token_hash: String,
        wanted: Use,
    ) -> Result<Option<(String, Target)>, StoreError> {
        let data = (pool.clone(), token_hash, wanted, self.now());
        self.read(data, |reading, (pool, token_hash, wanted, now)| {
            Box::pin(shown(reading, pool, token_hash, *wanted, *now))
        })
        .await
    }

    /// Uses the token of a proven code up; where the code went, if the token is good and the code was asked for something
    /// like that. A token that is not for this stays good for what it is for.
    pub(crate) async fn redeem_verification(
        &self,
        pool: &PoolId,
        token_hash: String,
        wanted: Use,
    ) -> Result<Option<Target>, StoreError> {
        self.write(
            (pool.clone(), token_hash, wanted),
            |writing, (pool, token_hash, wanted)| Box::pin(redeem(writing, pool, token_hash, *wanted)),
        )
        .await
    }
}

async fn open(writing: &Writing<'_>, pool: &PoolId, new: &NewVerification) -> Result<Opened, StoreError> {
    let kind = new.target.kind().as_str();
    let to = subject(&new.target);
    let paces = [
        Some((Action::CodeTo, to.as_str(), CODES_TO_ONE)),
        new.client
            .as_deref()
            .map(|client| (Action::CodeFrom, client, CODES_FROM_ONE)),
    ];
    let mut kept = Vec::new();
    for (action, subject, limit) in paces.into_iter().flatten() {
        match one_more(writing, pool, action, subject, limit).await? {
            Ok(pace) => kept.push((action, subject, pace)),
            Err(wait) => return Ok(Opened::Later(wait)),
        }
    }
    for (action, subject, pace) in kept {
        pace::keep(writing, pool, action, subject, pace).await?;
    }
    let now = writing.now();
    let old = now.plus_millis(-KEPT);
    writing
        .execute(
            "DELETE FROM verification WHERE pool = $1 AND kind = $2 AND target = $3",
            values![pool, kind, new.target.as_str()],
        )
        .await?;
    writing
        .execute("DELETE FROM verification WHERE expires_at < $1", values![old])
        .await?;
    writing
        .execute("DELETE FROM pace WHERE last_at < $1", values![old])
        .await?;
    writing
        .execute(
            "INSERT INTO verification (id, pool, kind, target, purpose, code_hash, state, tries, made_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, 'open', 0, $7, $8)",
            values![
                &new.id,
                pool,
                kind,
                new.target.as_str(),
                new.purpose.as_str(),
                &new.code_hash,
                now,
                now.plus_millis(new.lives)
            ],
        )
        .await?;
    Ok(Opened::Now)
}

async fn one_more(
    writing: &Writing<'_>,
    pool: &PoolId,
    action: Action,
    subject: &str,
    limit: Limit,
) -> Result<Result<crate::account::Pace, i64>, StoreError> {
    let pace = pace::hold(writing, pool, action, subject).await?;
    Ok(limit.once_more(pace, writing.now()))
}

async fn withdraw(writing: &Writing<'_>, pool: &PoolId, id: &str, to: &Target) -> Result<(), StoreError> {
    let forgotten = writing
        .execute(
            "DELETE FROM verification WHERE pool = $1 AND id = $2 AND state = 'open'",
            values![pool, id],
        )
        .await?;
    if forgotten > 0 {
        let entry = Entry {
            actor: "gateway",
            action: "account.code_not_delivered",
            target: subject(to),
            old: None,
            new: None,
        };
        audit::write(writing, pool, entry).await?;
        // It was not a time: the count stays, so that nobody keeps a broken gateway busy, but the next need not wait.
        let subject = subject(to);
        if let Some(mut pace) = pace::hold(writing, pool, Action::CodeTo, &subject).await? {
            pace.last = pace.last.plus_millis(-CODES_TO_ONE.apart);
            pace::keep(writing, pool, Action::CodeTo, &subject, pace).await?;
        }
    }
    Ok(())
}

async fn newest(reading: &Reading<'_>, pool: &PoolId, target: &Target) -> Result<Option<String>, StoreError> {
    let sql = "SELECT id FROM verification WHERE pool = $1 AND kind = $2 AND target = $3
               ORDER BY made_at DESC, id LIMIT 1";
    let values = values![pool, target.kind().as_str(), target.as_str()];
    let row = reading.row(sql, values).await?;
    row.map(|row| row.text("id")).transpose()
}

async fn redeem(
    writing: &Writing<'_>,
    pool: &PoolId,
    token_hash: &str,
    wanted: Use,
) -> Result<Option<Target>, StoreError> {
    let Some((id, target)) = shown(writing, pool, token_hash, wanted, writing.now()).await? else {
        return Ok(None);
    };
    // Of all who try at the same time, one uses it up.
    Ok(use_up(writing, pool, &id).await?.then_some(target))
}

async fn shown(
    reading: &Reading<'_>,
    pool: &PoolId,
    token_hash: &str,
    wanted: Use,
    now: Timestamp,
) -> Result<Option<(String, Target)>, StoreError> {
    let sql = "SELECT id, kind, target, purpose FROM verification
               WHERE pool = $1 AND token_hash = $2 AND state = 'proven' AND expires_at > $3";
    let row = reading.row(sql, values![pool, token_hash, now]).await?;
    row.filter(|row| serves(row, wanted))
        .map(|row| Ok((row.text("id")?, target(&row)?)))
        .transpose()
}

/// Whether a code that was right can still be used up; nobody else can use it until this transaction ends.
pub(super) async fn is_good(writing: &Writing<'_>, pool: &PoolId, id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM verification
               WHERE pool = $1 AND id = $2 AND state IN ('open', 'proven') AND expires_at > $3 FOR UPDATE";
    let row = writing.row(sql, values![pool, id, writing.now()]).await?;
    Ok(row.is_some())
}

/// Uses a code up that was right; whether it was still good.
pub(super) async fn use_up(writing: &Writing<'_>, pool: &PoolId, id: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE verification SET state = 'used', token_hash = NULL
               WHERE pool = $1 AND id = $2 AND state IN ('open', 'proven') AND expires_at > $3";
    let used = writing.execute(sql, values![pool, id, writing.now()]).await?;
    Ok(used == 1)
}

/// Whether a code was asked for something like that. One whose purpose nobody knows serves nothing.
fn serves(row: &Row, wanted: Use) -> bool {
    let purpose = row.text("purpose").ok();
    let purpose = purpose.and_then(|name| Purpose::named(&name));
    purpose.is_some_and(|purpose| purpose.serves(wanted))
}

async fn attempt(writing: &Writing<'_>, pool: &PoolId, attempted: &Attempted) -> Result<Tried, StoreError> {
    let sql = "UPDATE verification SET tries = tries + 1
               WHERE id = $1 AND pool = $2 AND state = 'open' AND tries < $3 AND expires_at > $4
               RETURNING kind, target, purpose, code_hash, tries";
    let now = writing.now();
    let row = writing.row(sql, values![&attempted.id, pool, TRIES, now]).await?;
    let Some(row) = row else { return Ok(Tried::Spent) };
    let right = row.text("code_hash")?;
    if !bool::from(right.as_bytes().ct_eq(attempted.code_hash.as_bytes())) {
        let tries = u32::try_from(row.integer("tries")?).unwrap_or(TRIES);
        return Ok(Tried::Wrong(TRIES.saturating_sub(tries)));
    }
    let (state, token_hash) = match &attempted.given_for {
        GivenFor::Token(hash) => ("proven", Some(hash)),
        // It stays good for what it is for; the try counts.
        GivenFor::Use(wanted) | GivenFor::Later(wanted) if !serves(&row, *wanted) => {
            return Ok(Tried::Spent);
        }
        GivenFor::Use(_) => ("used", None),
        GivenFor::Later(_) => {
            let sql = "UPDATE verification SET tries = tries - 1 WHERE id = $1";
            writing.execute(sql, values![&attempted.id]).await?;
            return target(&row).map(Tried::Right);
        }
    };
    writing
        .execute(
            "UPDATE verification SET state = $1, token_hash = $2, expires_at = $3 WHERE id = $4",
            values![state, token_hash, now.plus_millis(attempted.lives), &attempted.id],
        )
        .await?;
    target(&row).map(Tried::Right)
}

fn subject(target: &Target) -> String {
    format!("{}:{}", target.kind(), target.as_str())
}

fn target(row: &Row) -> Result<Target, StoreError> {
    match row.text("kind")?.as_str() {
        "phone" => Ok(Target::Phone(row.parsed("target")?)),
        "email" => Ok(Target::Email(row.parsed("target")?)),
        _ => Err(StoreError::Unreadable("kind: unknown name".to_owned())),
    }
}
