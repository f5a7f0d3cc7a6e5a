//! Codes that were claimed, so that each is exchanged once (design rule 2), and what WeChat said to them.

use super::{
    Reading, Store, StoreError, Writing,
    engine::{Change, to_json, values},
};
use crate::vault::Sealed;
use serde::{Deserialize, Serialize};
use yaopai_domain::{AttemptId, Failure, PoolId, Timestamp, WeChatPerson};

/// A code that wants to be exchanged.
#[derive(Debug, Clone)]
pub(crate) struct CodeClaim {
    /// The AppID it belongs to.
    pub(crate) app_id: String,
    /// SHA-256 of the code (hex); the code itself is not stored.
    pub(crate) code_hash: String,
}

/// A code that was claimed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ClaimedCode {
    /// For which attempt.
    pub(crate) attempt: AttemptId,
    /// Who brought it, by the word given to [`Store::claim_code`]; `None` if the attempt confirmed it.
    pub(crate) brought_by: Option<String>,
    /// When.
    pub(crate) at: Timestamp,
    /// What WeChat said; absent until it has.
    pub(crate) outcome: Option<Exchanged>,
}

/// What WeChat said to a code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Exchanged {
    /// This person.
    Person {
        /// Whom WeChat named.
        person: WeChatPerson,
        /// Whether this is a virtual visitor of a snapshot page.
        snapshot_user: bool,
    },
    /// Nobody.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// What an exchange brought, to write with the attempt as it stands then.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    /// The code.
    pub(crate) claim: CodeClaim,
    /// What WeChat said.
    pub(crate) outcome: Exchanged,
    /// The session key of a mini program, sealed.
    pub(crate) session: Option<SealedSession>,
}

/// The session key of a person's last login to a mini program.
#[derive(Debug, Clone)]
pub(crate) struct SealedSession {
    /// The mini program.
    pub(crate) app_id: String,
    /// The person.
    pub(crate) open_id: String,
    /// The key.
    pub(crate) key: Sealed,
}

impl Store {
    /// Claims a code for an attempt that is not written yet. `None` if nobody claimed it before; of all who claim it, one
    /// is the first, and `brought_by` is kept.
    ///
    /// Nobody waits for the disk, for a claim only matters while its code is under way. If the machine of the database
    /// fails and a claim is lost, whoever brings the code again asks WeChat, which takes no code twice: they are refused
    /// and begin anew, and no person is written twice. A claim that survived would make them wait for an outcome that
    /// nobody is getting any more.
    pub(crate) async fn claim_code(
        &self,
        pool: &PoolId,
        id: AttemptId,
        claim: CodeClaim,
        brought_by: String,
    ) -> Result<Option<ClaimedCode>, StoreError> {
        let data = (pool.clone(), id, claim, brought_by);
        self.note(data, |writing, (pool, id, claim, brought_by)| {
            Box::pin(self::claim(writing, pool, *id, claim, Some(brought_by)))
        })
        .await
    }

    /// A code that was claimed.
    pub(crate) async fn claimed_code(
        &self,
        pool: &PoolId,
        claim: CodeClaim,
    ) -> Result<Option<ClaimedCode>, StoreError> {
        self.glance((pool.clone(), claim), |reading, (pool, claim)| {
            Box::pin(find(reading, pool, claim))
        })
        .await
    }
}

/// Claims a code; the claim that is there already.
pub(super) async fn claim(
    writing: &Writing<'_>,
    pool: &PoolId,
    id: AttemptId,
    claim: &CodeClaim,
    brought_by: Option<&str>,
) -> Result<Option<ClaimedCode>, StoreError> {
    let sql = "INSERT INTO claimed_code (pool, app_id, code_hash, attempt, brought_by, at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (pool, app_id, code_hash) DO NOTHING";
    let values = values![
        pool,
        &claim.app_id,
        &claim.code_hash,
        id,
        brought_by,
        writing.now()
    ];
    if writing.execute(sql, values).await? == 1 {
        return Ok(None);
    }
    // It is our own if this was done before and the answer was lost.
    let there = find(writing, pool, claim).await?;
    Ok(there.filter(|there| there.attempt != id))
}

/// A code that was claimed.
pub(super) async fn find(
    reading: &Reading<'_>,
    pool: &PoolId,
    claim: &CodeClaim,
) -> Result<Option<ClaimedCode>, StoreError> {
    let sql = "SELECT attempt, brought_by, outcome, at FROM claimed_code
        WHERE pool = $1 AND app_id = $2 AND code_hash = $3";
    let values = values![pool, &claim.app_id, &claim.code_hash];
    let found = reading.row(sql, values).await?;
    found
        .map(|row| {
            Ok(ClaimedCode {
                attempt: row.parsed("attempt")?,
                brought_by: row.text_or_null("brought_by")?,
                at: row.moment("at")?,
                outcome: row.json_or_null("outcome")?,
            })
        })
        .transpose()
}

/// What an exchange brought.
pub(super) fn bringing(
    pool: &PoolId,
    exchange: &Exchange,
    now: Timestamp,
) -> Result<Vec<Change>, StoreError> {
    let Exchange {
        claim,
        outcome,
        session,
    } = exchange;
    let mut changes = vec![Change {
        sql: "UPDATE claimed_code SET outcome = $4 WHERE pool = $1 AND app_id = $2 AND code_hash = $3",
        values: values![pool, &claim.app_id, &claim.code_hash, to_json(outcome)?],
    }];
    if let Some(SealedSession { app_id, open_id, key }) = session {
        changes.push(Change {
            sql: "INSERT INTO wechat_session (pool, app_id, open_id, session_key, key_id, at)
                VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (pool, app_id, open_id) DO UPDATE
                SET session_key = excluded.session_key, key_id = excluded.key_id, at = excluded.at",
            values: values![pool, app_id, open_id, key.bytes.as_slice(), &key.key_id, now],
        });
    }
    Ok(changes)
}
