//! PostgreSQL: several backends on one database.
//!
//! Nothing is used that only one server can have: no sequences, no advisory locks, no `LISTEN`. A write transaction sees
//! what others have committed with every statement (READ COMMITTED) and takes the locks it decides by; a lost race shows
//! as a deadlock, a failed serialization or a taken unique value, and the work is run again.

mod failure;
mod open;
mod value;

pub use open::{InvalidPostgresUrl, PostgresServer};

use super::{Change, Engine, Row, Statements, Value, Work};
use crate::store::StoreError;
use deadpool_postgres::{Object, Pool, PoolError};
use failure::Failure;
use futures_util::future::{BoxFuture, FutureExt, try_join};
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_postgres::Statement;
use tokio_util::task::TaskTracker;
use yaopai_domain::Entropy;

/// How often a transaction that loses races is tried at most.
const TRIES: u32 = 8;
/// Begins a transaction that reads one snapshot.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
/// Begins a transaction that writes.
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// What is around the statements of a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Nothing: each is a transaction of its own, and may happen twice.
    Nothing,
    /// Nothing: each is a transaction of its own, and may happen once only.
    NothingOnce,
    /// A transaction that reads.
    Snapshot,
    /// A transaction that writes.
    Transaction,
}

impl Around {
    /// The statement that begins it.
    const fn begin(self) -> Option<&'static str> {
        match self {
            Self::Nothing | Self::NothingOnce => None,
            Self::Snapshot => Some(BEGIN_READ),
            Self::Transaction => Some(BEGIN_WRITE),
        }
    }
}

/// A PostgreSQL database.
pub(crate) struct Postgres {
    shared: Arc<Shared>,
    /// Writes that have begun: they end also when their callers have left.
    writes: TaskTracker,
}

struct Shared {
    server: PostgresServer,
    pool: Pool,
    /// Connections on which nobody waits for the disk.
    notes: Pool,
    entropy: Arc<dyn Entropy>,
}

impl Postgres {
    /// Connects and brings the schema up to date.
    pub(crate) async fn open(server: PostgresServer, entropy: Arc<dyn Entropy>) -> Result<Self, StoreError> {
        let (pool, notes) = open::pools(&server, entropy.as_ref()).await?;
        Ok(Self {
            shared: Arc::new(Shared {
                server,
                pool,
                notes,
                entropy,
            }),
            writes: TaskTracker::new(),
        })
    }
}

impl Postgres {
    /// Runs work that writes, also when the caller leaves meanwhile.
    fn spawn(
        &self,
        around: Around,
        work: Work,
        committed: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let shared = Arc::clone(&self.shared);
        let written = self.writes.spawn(async move {
            shared.run(&shared.pool, around, work).await?;
            committed();
            Ok(())
        });
        Box::pin(async move { written.await.unwrap_or(Err(StoreError::Closed)) })
    }
}

impl Engine for Postgres {
    fn read(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.shared.run(&self.shared.pool, Around::Snapshot, work))
    }

    fn glance(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.shared.run(&self.shared.pool, Around::Nothing, work))
    }

    fn note(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>> {
        let shared = Arc::clone(&self.shared);
        let noted = self
            .writes
            .spawn(async move { shared.run(&shared.notes, Around::Nothing, work).await });
        Box::pin(async move { noted.await.unwrap_or(Err(StoreError::Closed)) })
    }

    fn write(
        &self,
        work: Work,
        committed: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.spawn(Around::Transaction, work, committed)
    }

    fn put(&self, work: Work, committed: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.spawn(Around::NothingOnce, work, committed)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.writes.close();
            self.writes.wait().await;
            self.shared.notes.close();
            self.shared.pool.close();
        })
    }
}

/// How a try of a transaction ended without success.
enum Lost {
    /// A race or a connection: another try may succeed.
    ForNow(StoreError),
    /// For good.
    ForGood(StoreError),
}

impl Shared {
    async fn run(&self, pool: &Pool, around: Around, mut work: Work) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            match self.attempt(pool, around, &mut work).await {
                Ok(()) => return Ok(()),
                Err(Lost::ForGood(error)) => return Err(error),
                Err(Lost::ForNow(error)) => {
                    tries += 1;
                    if tries == TRIES {
                        return Err(error);
                    }
                    back_off(self.entropy.as_ref(), tries).await;
                }
            }
        }
    }

    async fn attempt(&self, pool: &Pool, around: Around, work: &mut Work) -> Result<(), Lost> {
        let transaction = Transaction {
            connection: pool.get().await.map_err(|error| self.no_connection(error))?,
            around,
            begun: AtomicBool::new(false),
            failed: Mutex::default(),
        };
        // A defect in one piece of work must not end the service.
        let done = AssertUnwindSafe(async { work(&transaction).await })
            .catch_unwind()
            .await;
        if let Some(failure) = transaction.take_failure() {
            // Whatever the work made of it: after a failed statement nothing can be committed.
            return Err(self.lost(failure));
        }
        match done {
            Ok(Ok(())) => transaction.commit().await.map_err(|failure| self.lost(failure)),
            Ok(Err(error)) => Err(Lost::ForGood(error)),
            Err(_) => {
                tracing::error!("a piece of database work panicked");
                Err(Lost::ForGood(StoreError::Closed))
            }
        }
    }

    fn lost(&self, failure: Failure) -> Lost {
        if failure.is_an_outdated_plan() {
            // Another backend has changed the schema.
            self.pool.manager().statement_caches.clear();
            self.notes.manager().statement_caches.clear();
        }
        let again = failure.may_pass();
        let error = StoreError::Engine(Box::new(failure));
        if again {
            Lost::ForNow(error)
        } else {
            Lost::ForGood(error)
        }
    }

    fn no_connection(&self, error: PoolError) -> Lost {
        Lost::ForGood(match error {
            PoolError::Closed => StoreError::Closed,
            other => self.server.unreachable(other),
        })
    }
}

/// Waits for a random while that grows with the number of tries, 128 ms at most.
async fn back_off(entropy: &dyn Entropy, tries: u32) {
    let mut random = [0];
    entropy.fill(&mut random);
    let millis = u64::from(random[0]) >> 7_u32.saturating_sub(tries);
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// A transaction, which begins with its first statement and is undone unless it is committed.
struct Transaction {
    connection: Object,
    around: Around,
    begun: AtomicBool,
    /// The first failure of a statement.
    failed: Mutex<Option<Failure>>,
}

impl Transaction {
    /// How to begin, if the caller is the one who does.
    fn begins(&self) -> Option<&'static str> {
        let begin = self.around.begin()?;
        (!self.begun.swap(true, Ordering::SeqCst)).then_some(begin)
    }

    async fn run<T>(
        &self,
        sql: &str,
        act: impl AsyncFnOnce(&Statement) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, StoreError> {
        let run = async {
            let statement = self.connection.prepare_cached(sql).await?;
            act(&statement).await
        };
        let ran = if let Some(begin) = self.begins() {
            // Both are on their way before the first is answered.
            try_join(self.connection.batch_execute(begin), run)
                .await
                .map(|((), answer)| answer)
        } else {
            run.await
        };
        ran.map_err(|error| {
            let failure = match self.around {
                Around::NothingOnce => Failure::of_a_commit(error),
                Around::Nothing | Around::Snapshot | Around::Transaction => Failure::from(error),
            };
            let told = StoreError::Engine(Box::new(failure.clone()));
            self.failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(failure);
            told
        })
    }

    fn take_failure(&self) -> Option<Failure> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn commit(&self) -> Result<(), Failure> {
        if !self.begun.load(Ordering::SeqCst) {
            return Ok(());
        }
        if self.around == Around::Snapshot {
            // Nothing hangs on it, so nobody waits for it: dropping this transaction ends it.
            return Ok(());
        }
        self.begun.store(false, Ordering::SeqCst);
        self.connection
            .batch_execute("COMMIT")
            .await
            .map_err(Failure::of_a_commit)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.begun.load(Ordering::SeqCst) {
            // Asked for with the first poll. Whoever gets the connection next queues behind it.
            let _ = self.connection.batch_execute("ROLLBACK").now_or_never();
        }
    }
}

impl Statements for Transaction {
    fn rows<'t>(&'t self, sql: &'t str, values: Vec<Value>) -> BoxFuture<'t, Result<Vec<Row>, StoreError>> {
        Box::pin(async move {
            let rows = self
                .run(sql, async |statement| {
                    self.connection
                        .query(statement, &value::parameters(&values))
                        .await
                })
                .await?;
            value::rows(&rows)
        })
    }

    fn execute<'t>(&'t self, sql: &'t str, values: Vec<Value>) -> BoxFuture<'t, Result<u64, StoreError>> {
        Box::pin(self.run(sql, async move |statement| {
            self.connection
                .execute(statement, &value::parameters(&values))
                .await
        }))
    }

    fn change(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<Vec<u64>, StoreError>> {
        Box::pin(async move {
            let count = changes.len();
            if count < 2 {
                return match changes.into_iter().next() {
                    Some(Change { sql, values }) => Ok(vec![self.execute(sql, values).await?]),
                    None => Ok(Vec::new()),
                };
            }
            let (sql, values) = as_one(changes);
            let answer = self.rows(&sql, values).await?;
            let row = answer.first().ok_or(StoreError::Closed)?;
            (0..count)
                .map(|index| Ok(row.integer(&format!("c{index}"))?.unsigned_abs()))
                .collect()
        })
    }
}

/// Changes as one statement, which answers how many rows each changed.
fn as_one(changes: Vec<Change>) -> (String, Vec<Value>) {
    let (mut with, mut counts, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for (index, Change { sql, values }) in changes.into_iter().enumerate() {
        let sql = renumbered(sql, all.len());
        with.push(format!("c{index} AS ({sql} RETURNING 1)"));
        counts.push(format!("(SELECT count(*) FROM c{index}) AS c{index}"));
        all.extend(values);
    }
    (
        format!("WITH {} SELECT {}", with.join(", "), counts.join(", ")),
        all,
    )
}

/// A statement whose first parameter has so many before it.
fn renumbered(sql: &str, before: usize) -> String {
    let mut parts = sql.split('$');
    let mut renumbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|char: char| !char.is_ascii_digit())
            .unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        let number = number.parse::<usize>().unwrap_or_default() + before;
        renumbered.push('$');
        renumbered.push_str(&number.to_string());
        renumbered.push_str(rest);
    }
    renumbered
}

#[cfg(test)]
mod tests;
