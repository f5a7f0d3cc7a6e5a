//! The SQLite engine: one file, one writer, a few readers.

mod attempts;
mod audit;
mod bootstrap;
mod connections;
mod feed;
mod identity;
mod lane;
pub(super) mod open;
mod pools;
mod row;
mod sync;
mod users;

use super::{NewHead, News, OldStore, StoreError};
use futures_util::future::BoxFuture;
use lane::Lane;
use rusqlite::{Transaction, TransactionBehavior};
use std::{path::Path, sync::Arc};
use yaopai_domain::{AttemptId, Clock, Entropy, Timestamp};

/// Readers beside the one writer.
const READERS: usize = 4;

/// A SQLite database.
pub(crate) struct Sqlite {
    writer: Lane,
    readers: Lane,
    ambient: Ambient,
    news: News,
}

/// Where a transaction's moment and randomness come from.
#[derive(Clone)]
struct Ambient {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Sqlite {
    /// Opens the file, or makes it, and brings its schema up to date. What it commits is told to `news`.
    pub(crate) fn open(
        file: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        news: News,
    ) -> Result<Self, StoreError> {
        let writer = open::writer(file, clock.now())?;
        let readers = (0..READERS)
            .map(|_| open::reader(file))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            writer: Lane::start("store-writer", vec![writer])?,
            readers: Lane::start("store-reader", readers)?,
            ambient: Ambient { clock, entropy },
            news,
        })
    }

    /// Runs `work` in a read transaction: everything it reads is of one snapshot.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers
            .run(move |connection| {
                let tx = connection.transaction_with_behavior(TransactionBehavior::Deferred)?;
                work(&tx)
            })
            .await
    }

    /// Runs `work` in a write transaction, which is undone if `work` fails.
    ///
    /// Whoever writes users, identities or connections says so with [`feed::commit`], as the last step.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Writing<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let ambient = self.ambient.clone();
        let news = self.news.clone();
        self.writer
            .run(move |connection| {
                let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let mut writing = Writing {
                    tx: &tx,
                    now: ambient.clock.now(),
                    ambient: &ambient,
                    heads: Vec::new(),
                    attempts: Vec::new(),
                };
                let answer = work(&mut writing)?;
                let (heads, attempts) = (writing.heads, writing.attempts);
                tx.commit()?;
                // Here, and not where the answer arrives: its caller may have left. Nobody listening is fine.
                for head in heads {
                    let _ = news.heads.send(head);
                }
                for attempt in attempts {
                    let _ = news.attempts.send(attempt);
                }
                Ok(answer)
            })
            .await
    }
}

impl OldStore for Sqlite {
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.readers.close().await;
            self.writer.close().await;
        })
    }
}

/// A write transaction. Its moment is read once.
struct Writing<'t> {
    tx: &'t Transaction<'t>,
    now: Timestamp,
    ambient: &'t Ambient,
    heads: Vec<NewHead>,
    attempts: Vec<AttemptId>,
}

impl<'t> Writing<'t> {
    /// The transaction.
    const fn tx(&self) -> &'t Transaction<'t> {
        self.tx
    }

    /// The moment at which everything in this transaction happens.
    const fn now(&self) -> Timestamp {
        self.now
    }

    /// The clock, to make ids with.
    fn clock(&self) -> &'t dyn Clock {
        self.ambient.clock.as_ref()
    }

    /// The random source.
    fn entropy(&self) -> &'t dyn Entropy {
        self.ambient.entropy.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        store::{
            Store,
            conformance::{Subject, suite},
        },
        testing::{Hands, Seeded},
    };
    use tempfile::TempDir;

    async fn open() -> (Subject, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hands::new());
        let store = Store::sqlite(
            &dir.path().join("backend.db"),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(Seeded::new(7)),
            News::new(),
        )
        .unwrap();
        store.ensure_a_pool().await.unwrap();
        let subject = Subject {
            store: Arc::new(store),
            clock,
            ids: Seeded::new(8),
        };
        (subject, dir)
    }

    suite!(open);

    #[tokio::test]
    async fn a_closed_store_says_so() {
        let (subject, _dir) = open().await;
        subject.store.close().await;
        let answer = subject.store.has_access_keys().await;
        assert!(matches!(answer, Err(StoreError::Closed)), "{answer:?}");
    }
}
