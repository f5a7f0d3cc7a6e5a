//! The store, and the transactions in which everything of it happens.

use super::{
    NewHead, News, StoreError,
    engine::{self, Change, Engine, PostgresServer, Row, Statements, Value, Work, values},
};
use futures_util::future::BoxFuture;
use std::{
    ops::Deref,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use yaopai_domain::{AttemptId, Clock, Entropy, PoolId, Timestamp};

/// Everything the backend remembers. Each area adds its methods in a file of its own.
pub(crate) struct Store {
    engine: Box<dyn Engine>,
    ambient: Ambient,
    news: News,
}

/// Where a transaction's moment and randomness come from.
#[derive(Clone)]
struct Ambient {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Store {
    /// A store on this database. What it commits is told to `news`.
    fn new(engine: Box<dyn Engine>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, news: News) -> Self {
        Self {
            engine,
            ambient: Ambient { clock, entropy },
            news,
        }
    }

    /// A store in a SQLite file, which is made if it is not there. Reads the whole file once if it is small, or after an
    /// unclean end.
    pub(crate) fn sqlite(
        file: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        news: News,
    ) -> Result<Self, StoreError> {
        let engine = engine::Sqlite::open(file, clock.now())?;
        Ok(Self::new(Box::new(engine), clock, entropy, news))
    }

    /// A store in memory, which does what it is asked for on the thread that asks.
    #[cfg(feature = "simulate")]
    pub(crate) fn inline(
        engine: engine::Inline,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        news: News,
    ) -> Self {
        Self::new(Box::new(engine), clock, entropy, news)
    }

    /// A store in a PostgreSQL database, in which other backends may be at work too. Several may start at once.
    pub(crate) async fn postgres(
        server: PostgresServer,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        news: News,
    ) -> Result<Self, StoreError> {
        let engine = engine::Postgres::open(server, Arc::clone(&entropy)).await?;
        Ok(Self::new(Box::new(engine), clock, entropy, news))
    }

    /// Runs `work` with `data` in a read transaction: everything it reads is of one snapshot.
    pub(crate) async fn read<D, T, W>(&self, data: D, work: W) -> Result<T, StoreError>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'t> Fn(&'t Reading<'t>, &'t D) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let (work, answer) = reading(data, work);
        self.engine.read(work).await?;
        answer.take()
    }

    /// Runs `work` with `data`, which reads by one statement: the cheapest way to look something up.
    pub(crate) async fn glance<D, T, W>(&self, data: D, work: W) -> Result<T, StoreError>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'t> Fn(&'t Reading<'t>, &'t D) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let (work, answer) = reading(data, work);
        self.engine.glance(work).await?;
        answer.take()
    }

    /// Runs `work` with `data` in a write transaction, which is undone if `work` fails. It may run more than once.
    pub(crate) async fn write<D, T, W>(&self, data: D, work: W) -> Result<T, StoreError>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'t> Fn(&'t Writing<'t>, &'t D) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let (work, answer, told) = self.writing(data, work);
        self.engine.write(work, self.telling(told)).await?;
        answer.take()
    }

    /// Runs `work` with `data`, which writes by one statement.
    pub(crate) async fn put<D, T, W>(&self, data: D, work: W) -> Result<T, StoreError>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'t> Fn(&'t Writing<'t>, &'t D) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let (work, answer, told) = self.writing(data, work);
        self.engine.put(work, self.telling(told)).await?;
        answer.take()
    }

    /// Tells the news of work that is done.
    fn telling(&self, told: Answer<Pending>) -> Box<dyn FnOnce() + Send> {
        let news = self.news.clone();
        Box::new(move || {
            // Nobody listening is fine.
            if let Ok(Pending { heads, attempts }) = told.take() {
                for head in heads {
                    let _ = news.heads.send(head);
                }
                for attempt in attempts {
                    let _ = news.attempts.send(attempt);
                }
            }
        })
    }

    /// Runs `work` with `data`, which writes by one statement what may be lost if the machine of the database fails. It
    /// may run more than once, and nobody is told of it.
    pub(crate) async fn note<D, T, W>(&self, data: D, work: W) -> Result<T, StoreError>
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'t> Fn(&'t Writing<'t>, &'t D) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let (work, answer, _) = self.writing(data, work);
        self.engine.note(work).await?;
        answer.take()
    }

    /// Work that writes, and where it leaves its answer and its news.
    fn writing<D, T, W>(&self, data: D, work: W) -> (Work, Answer<T>, Answer<Pending>)
    where
        D: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'t> Fn(&'t Writing<'t>, &'t D) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let (answer, told) = (Answer::default(), Answer::default());
        let (keep, tell) = (answer.clone(), told.clone());
        let (ambient, shared) = (self.ambient.clone(), Arc::new((data, work)));
        let work: Work = Box::new(move |statements| {
            let (keep, tell) = (keep.clone(), tell.clone());
            let (ambient, shared) = (ambient.clone(), Arc::clone(&shared));
            Box::pin(async move {
                let (data, work) = shared.as_ref();
                let writing = Writing {
                    reading: Reading { statements },
                    now: ambient.clock.now(),
                    ambient: &ambient,
                    pending: Mutex::default(),
                };
                keep.put(work(&writing, data).await?);
                tell.put(
                    writing
                        .pending
                        .into_inner()
                        .unwrap_or_else(PoisonError::into_inner),
                );
                Ok(())
            })
        });
        (work, answer, told)
    }

    /// Finishes what was begun and closes the database.
    pub(crate) async fn close(&self) {
        self.engine.close().await;
    }

    /// Whether other backends may be using the same database.
    pub(super) fn is_shared(&self) -> bool {
        self.engine.is_shared()
    }

    /// Tells a head that somebody has committed.
    pub(super) fn tell_head(&self, head: NewHead) {
        // Nobody listening is fine.
        let _ = self.news.heads.send(head);
    }

    /// The present moment.
    pub(super) fn now(&self) -> Timestamp {
        self.ambient.clock.now()
    }
}

/// Work that reads, and where it leaves its answer.
fn reading<D, T, W>(data: D, work: W) -> (Work, Answer<T>)
where
    D: Send + Sync + 'static,
    T: Send + 'static,
    W: for<'t> Fn(&'t Reading<'t>, &'t D) -> BoxFuture<'t, Result<T, StoreError>> + Send + Sync + 'static,
{
    let answer = Answer::default();
    let (keep, shared) = (answer.clone(), Arc::new((data, work)));
    let work: Work = Box::new(move |statements| {
        let (keep, shared) = (keep.clone(), Arc::clone(&shared));
        Box::pin(async move {
            let (data, work) = shared.as_ref();
            keep.put(work(&Reading { statements }, data).await?);
            Ok(())
        })
    });
    (work, answer)
}

/// Where a transaction leaves what it found.
struct Answer<T>(Arc<Mutex<Option<T>>>);

impl<T> Default for Answer<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Answer<T> {
    fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    fn take(&self) -> Result<T, StoreError> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .ok_or(StoreError::Closed)
    }
}

/// A transaction that can be read in.
pub(crate) struct Reading<'t> {
    statements: &'t dyn Statements,
}

impl Reading<'_> {
    /// The rows that a statement answers.
    pub(crate) async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.statements.rows(sql, values).await
    }

    /// The first row that a statement answers.
    pub(crate) async fn row(&self, sql: &str, values: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.statements.rows(sql, values).await?.into_iter().next())
    }

    /// Whether a statement answers any row.
    pub(crate) async fn any(&self, sql: &str, values: Vec<Value>) -> Result<bool, StoreError> {
        Ok(!self.statements.rows(sql, values).await?.is_empty())
    }
}

/// A write transaction. Its moment is read once.
pub(crate) struct Writing<'t> {
    reading: Reading<'t>,
    now: Timestamp,
    ambient: &'t Ambient,
    pending: Mutex<Pending>,
}

/// News of a transaction that is not committed yet.
#[derive(Default)]
struct Pending {
    heads: Vec<NewHead>,
    attempts: Vec<AttemptId>,
}

impl<'t> Deref for Writing<'t> {
    type Target = Reading<'t>;

    fn deref(&self) -> &Self::Target {
        &self.reading
    }
}

impl Writing<'_> {
    /// Runs a statement; how many rows it changed.
    pub(crate) async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, StoreError> {
        self.statements.execute(sql, values).await
    }

    /// Makes changes that see nothing of each other, all or none, as one statement; how many rows each changed.
    pub(crate) async fn change(&self, changes: Vec<Change>) -> Result<Vec<u64>, StoreError> {
        self.statements.change(changes).await
    }

    /// Waits until no other transaction changes synced entities of the pool, and keeps them out until this one ends.
    ///
    /// Whoever decides by what a synced entity is, and then changes it, asks for this before looking: on every engine it
    /// then sees the last state there is.
    pub(crate) async fn alone<'a>(&'a self, pool: &'a PoolId) -> Result<Alone<'a>, StoreError> {
        let head = "SELECT rev FROM pool_head WHERE pool = $1 FOR UPDATE";
        self.row(head, values![pool]).await?;
        Ok(Alone { writing: self, pool })
    }

    /// The moment at which everything in this transaction happens.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The clock, to make ids with.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.ambient.clock.as_ref()
    }

    /// The random source.
    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.ambient.entropy.as_ref()
    }

    /// Tells a new head once this transaction is committed.
    pub(super) fn tell_head(&self, head: NewHead) {
        self.pending().heads.push(head);
    }

    /// Tells a changed attempt once this transaction is committed.
    pub(super) fn tell_attempt(&self, attempt: AttemptId) {
        self.pending().attempts.push(attempt);
    }

    fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write transaction that no other one can meet in its pool. Only it can commit to the feed.
pub(crate) struct Alone<'a> {
    writing: &'a Writing<'a>,
    pool: &'a PoolId,
}

impl<'a> Alone<'a> {
    /// The pool.
    pub(crate) const fn pool(&self) -> &'a PoolId {
        self.pool
    }
}

impl<'a> Deref for Alone<'a> {
    type Target = Writing<'a>;

    fn deref(&self) -> &Self::Target {
        self.writing
    }
}
