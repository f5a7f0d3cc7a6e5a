//! Making two users one, and undoing it: each in one transaction.

mod details;
mod divide;
mod metadata;
mod names;
mod password;
mod record;
mod unite;

use super::{
    Reading, Store, StoreError,
    bindings::By,
    engine::{Row, values},
};
use divide::divide;
use unite::{preview, unite};
use yaopai_domain::{FieldError, Merge, MergeId, MergePreview, MergeRequest, PoolId, Unmerged};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MergeOutcome {
    /// They are one.
    Done(Merge),
    /// One of the two is not there.
    NoUser,
    /// The request breaks rules.
    Refused(Vec<FieldError>),
}

/// What became of undoing one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum UnmergeOutcome {
    /// They are two again.
    Done(Unmerged),
    /// There is no such merge.
    NotFound,
    /// It was undone before, or the user who stayed is gone or was merged into another since.
    TooLate,
}

/// A merge can be undone this long.
const KEPT_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Store {
    /// What a merge would do; `None` if one of the users is not there.
    pub(crate) async fn preview_merge(
        &self,
        pool: &PoolId,
        request: MergeRequest,
    ) -> Result<Result<Option<MergePreview>, Vec<FieldError>>, StoreError> {
        let now = self.now();
        self.read((pool.clone(), request, now), |reading, (pool, request, now)| {
            Box::pin(preview(reading, pool, request, *now))
        })
        .await
    }

    /// Makes two users one.
    pub(crate) async fn merge_users(
        &self,
        pool: &PoolId,
        by: By,
        request: MergeRequest,
    ) -> Result<MergeOutcome, StoreError> {
        self.write((pool.clone(), by, request), |writing, (pool, by, request)| {
            Box::pin(unite(writing, pool, by, request))
        })
        .await
    }

    /// Makes them two again, as far as nobody has changed things since.
    pub(crate) async fn undo_merge(
        &self,
        pool: &PoolId,
        by: By,
        id: MergeId,
    ) -> Result<UnmergeOutcome, StoreError> {
        self.write((pool.clone(), by, id), |writing, (pool, by, id)| {
            Box::pin(divide(writing, pool, by, *id))
        })
        .await
    }

    /// At most `limit` merges, newest first.
    pub(crate) async fn merges(&self, pool: &PoolId, limit: u32) -> Result<Vec<Merge>, StoreError> {
        self.read((pool.clone(), limit), |reading, (pool, limit)| {
            Box::pin(newest(reading, pool, *limit))
        })
        .await
    }

    /// Forgets merges that are too old to be undone.
    pub(crate) async fn forget_old_merges(&self) -> Result<(), StoreError> {
        self.write((), |writing, ()| {
            Box::pin(async move {
                let sql = "DELETE FROM user_merge WHERE at < $1";
                let oldest = writing.now().plus_millis(-KEPT_MILLIS);
                writing.execute(sql, values![oldest]).await?;
                Ok(())
            })
        })
        .await
    }
}

const MERGE: &str = "SELECT id, kept, removed, actor, at, undone_at, record FROM user_merge";

fn merge_of(row: &Row) -> Result<Merge, StoreError> {
    Ok(Merge {
        id: row.parsed("id")?,
        kept: row.parsed("kept")?,
        removed: row.parsed("removed")?,
        actor: row.text("actor")?,
        at: row.moment("at")?,
        undone_at: row.moment_or_null("undone_at")?,
    })
}

async fn newest(reading: &Reading<'_>, pool: &PoolId, limit: u32) -> Result<Vec<Merge>, StoreError> {
    let sql = format!("{MERGE} WHERE pool = $1 ORDER BY at DESC, id DESC LIMIT $2");
    let rows = reading.rows(&sql, values![pool, limit]).await?;
    rows.iter().map(merge_of).collect()
}
