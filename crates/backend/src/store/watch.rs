//! Heads that other backends of the same database move.

use super::{NewHead, Reading, Store, StoreError, engine::values};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::{MissedTickBehavior, interval};
use yaopai_domain::{PoolId, Revision};

/// How long a change by another backend may go unnoticed.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Store {
    /// Looks for heads that have moved, and tells them. Ends at once where no other backend can move any; otherwise never.
    pub(crate) async fn watch_heads(&self) {
        if !self.is_shared() {
            return;
        }
        let mut known = BTreeMap::new();
        let mut beat = interval(LOOK_AGAIN);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            // A database that does not answer now is asked again.
            let heads = self.read((), |reading, ()| Box::pin(heads(reading))).await;
            for (pool, head) in heads.unwrap_or_default() {
                if known.insert(pool.clone(), head) != Some(head) {
                    self.tell_head(NewHead { pool, head });
                }
            }
        }
    }
}

async fn heads(reading: &Reading<'_>) -> Result<Vec<(PoolId, Revision)>, StoreError> {
    let rows = reading.rows("SELECT pool, rev FROM pool_head", values![]).await?;
    rows.iter()
        .map(|row| Ok((row.parsed("pool")?, Revision(row.integer("rev")?))))
        .collect()
}
