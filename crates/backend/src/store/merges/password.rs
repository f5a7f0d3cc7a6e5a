//! The password of the removed user.

use super::record::Record;
use crate::store::{Alone, StoreError, engine::values};
use serde::{Deserialize, Serialize};
use yaopai_domain::{MergeRequest, UserId};

/// It, and where it went.
#[derive(Serialize, Deserialize)]
pub(super) struct Password {
    hash: String,
    set_at: i64,
    /// Whether the kept user took it over.
    moved: bool,
}

/// The kept user's password stays; one who has none takes the other's.
pub(super) async fn unite(alone: &Alone<'_>, request: &MergeRequest) -> Result<Option<Password>, StoreError> {
    let sql = "SELECT hash, set_at FROM user_password WHERE user_id = $1";
    let Some(theirs) = alone.row(sql, values![request.removed]).await? else {
        return Ok(None);
    };
    let moved = alone.row(sql, values![request.kept]).await?.is_none();
    if moved {
        let sql = "UPDATE user_password SET user_id = $1 WHERE user_id = $2";
        alone.execute(sql, values![request.kept, request.removed]).await?;
    }
    Ok(Some(Password {
        hash: theirs.text("hash")?,
        set_at: theirs.integer("set_at")?,
        moved,
    }))
}

/// Gives the removed user their password back, and takes it from the kept one if it moved and nobody has changed it since.
pub(super) async fn restore(alone: &Alone<'_>, record: &Record, kept: UserId) -> Result<(), StoreError> {
    let Some(password) = &record.password else {
        return Ok(());
    };
    if password.moved {
        let sql = "DELETE FROM user_password WHERE user_id = $1 AND hash = $2";
        alone.execute(sql, values![kept, &password.hash]).await?;
    }
    let sql = "INSERT INTO user_password (pool, user_id, hash, set_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
    let values = values![alone.pool(), record.removed.id, &password.hash, password.set_at];
    alone.execute(sql, values).await?;
    Ok(())
}
