//! SQLite: one file, one writer, a few readers.
//!
//! Connections live on threads of their own, so that SQLite never blocks the async threads. The writer takes everything
//! that waits into one transaction, each piece of work in a savepoint of its own: many writers wait for one flush of the
//! disk.

#[cfg(feature = "simulate")]
mod inline;
mod open;

#[cfg(feature = "simulate")]
pub(crate) use inline::{Image, Inline};

#[cfg(feature = "simulate")]
use super::migrations;
use super::{Change, Engine, Row, Statements, Value, Work};
use crate::store::StoreError;
use futures_util::future::{BoxFuture, FutureExt, ready};
use rusqlite::{
    Connection, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use std::{
    collections::VecDeque,
    iter,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::JoinHandle,
};
use tokio::sync::oneshot;
use yaopai_domain::Timestamp;

/// Readers beside the one writer.
const READERS: usize = 4;
/// Pieces of work that share one flush of the disk at most.
const BATCH: usize = 64;
/// Statements that a connection keeps prepared.
const PREPARED: usize = 256;

/// A SQLite database.
pub(crate) struct Sqlite {
    writer: Lane,
    readers: Lane,
}

impl Sqlite {
    /// Opens the file, or makes it, and brings its schema up to date; `now` dates a file that has to be kept aside.
    /// Reads the whole file once if it is small, or after an unclean end.
    pub(crate) fn open(file: &Path, now: Timestamp) -> Result<Self, StoreError> {
        let writer = open::writer(file, now)?;
        let readers = (0..READERS)
            .map(|_| open::reader(file))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            writer: Lane::start("store-writer", vec![writer], write)?,
            readers: Lane::start("store-reader", readers, read)?,
        })
    }
}

impl Engine for Sqlite {
    fn read(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>> {
        self.readers.run(Kind::Read, work, Box::new(|| ()))
    }

    fn glance(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>> {
        self.readers.run(Kind::Glance, work, Box::new(|| ()))
    }

    fn put(&self, work: Work, committed: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(work, committed)
    }

    fn note(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>> {
        self.writer.run(Kind::Note, work, Box::new(|| ()))
    }

    fn write(
        &self,
        work: Work,
        committed: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.writer.run(Kind::Write, work, committed)
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.readers.close().await;
            self.writer.close().await;
        })
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

/// What a piece of work is: the methods of [`Engine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Glance,
    Write,
    Note,
}

/// A piece of work and those who wait for it.
struct Job {
    kind: Kind,
    work: Work,
    committed: Box<dyn FnOnce() + Send>,
    answer: oneshot::Sender<Result<(), StoreError>>,
}

impl Job {
    /// Tells that the work is done. The caller may have gone: that is fine.
    fn succeed(self) {
        (self.committed)();
        let _ = self.answer.send(Ok(()));
    }

    fn fail(self, error: StoreError) {
        let _ = self.answer.send(Err(error));
    }
}

/// A queue of work, and one thread a connection that takes from it.
struct Lane {
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Lane {
    fn start(
        name: &str,
        connections: Vec<Connection>,
        take: fn(&Seat, Job, &Mutex<mpsc::Receiver<Job>>),
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel::<Job>();
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = connections
            .into_iter()
            .map(|connection| {
                connection.set_prepared_statement_cache_capacity(PREPARED);
                let seat = Seat::new(connection);
                let jobs = Arc::clone(&jobs);
                std::thread::Builder::new()
                    .name(name.to_owned())
                    .spawn(move || {
                        loop {
                            let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
                            let Ok(job) = next else { break };
                            take(&seat, job, &jobs);
                        }
                    })
                    .map_err(|error| StoreError::Engine(Box::new(error)))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            threads: Mutex::new(threads),
        })
    }

    fn run(
        &self,
        kind: Kind,
        work: Work,
        committed: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            kind,
            work,
            committed,
            answer,
        };
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match queue.and_then(|queue| queue.send(job).ok()) {
            Some(()) => Box::pin(async move { answered.await.map_err(|_| StoreError::Closed)? }),
            None => Box::pin(ready(Err(StoreError::Closed))),
        }
    }

    /// Finishes the work that waits and closes the connections.
    async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // A thread that cannot be joined has ended already.
        let _ = tokio::task::spawn_blocking(move || threads.into_iter().try_for_each(JoinHandle::join)).await;
    }
}

fn read(seat: &Seat, mut job: Job, _: &Mutex<mpsc::Receiver<Job>>) {
    let read = match job.kind {
        Kind::Glance => seat.work(&mut job.work),
        Kind::Read | Kind::Write | Kind::Note => seat.run("BEGIN").and_then(|()| {
            let done = seat.work(&mut job.work);
            seat.run("COMMIT")?;
            done
        }),
    };
    match read {
        Ok(()) => job.succeed(),
        Err(error) => job.fail(error),
    }
}

/// Writes a job and everything that waits behind it, in one transaction. If all of them are notes, nobody waits for the
/// disk.
fn write(seat: &Seat, first: Job, jobs: &Mutex<mpsc::Receiver<Job>>) {
    let another = || {
        let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.try_recv().ok()
    };
    let mut waiting: VecDeque<Job> = iter::once(first)
        .chain(iter::from_fn(another).take(BATCH - 1))
        .collect();
    let flush = waiting.iter().any(|job| job.kind == Kind::Write);
    if let Err(error) = seat
        .flush_commits(flush)
        .and_then(|()| seat.run("BEGIN IMMEDIATE"))
    {
        let said = error.to_string();
        for job in waiting {
            job.fail(StoreError::Engine(said.clone().into()));
        }
        return;
    }
    let mut done = Vec::new();
    while let Some(mut job) = waiting.pop_front() {
        match seat.in_savepoint(&mut job.work) {
            Ok(()) => done.push(job),
            Err(error) => job.fail(error),
        }
        // Whoever comes meanwhile does not wait for a flush of their own.
        if flush && done.len() + waiting.len() < BATCH {
            waiting.extend(another());
        }
    }
    match seat.run("COMMIT") {
        Ok(()) => done.into_iter().for_each(Job::succeed),
        Err(error) => {
            seat.give_up();
            one_by_one(seat, done, error);
        }
    }
}

/// A transaction of several pieces of work could not be committed: whose fault it is shows when each is alone.
fn one_by_one(seat: &Seat, mut done: Vec<Job>, error: StoreError) {
    if done.len() == 1
        && let Some(job) = done.pop()
    {
        return job.fail(error);
    }
    for mut job in done {
        let written = seat
            .run("BEGIN IMMEDIATE")
            .and_then(|()| seat.work(&mut job.work))
            .and_then(|()| seat.run("COMMIT"));
        match written {
            Ok(()) => job.succeed(),
            Err(error) => {
                seat.give_up();
                job.fail(error);
            }
        }
    }
}

/// A connection at work. The lock is never contended: a thread owns its seat.
struct Seat {
    connection: Mutex<Connection>,
    /// Whether a commit waits for the disk.
    flushes: AtomicBool,
}

impl Seat {
    /// A connection whose commits wait for the disk.
    const fn new(connection: Connection) -> Self {
        Self {
            connection: Mutex::new(connection),
            flushes: AtomicBool::new(true),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>) -> Result<T, StoreError> {
        Ok(act(&self.connection())?)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says whether the commits to come wait for the disk. One that does flushes also what those before it wrote.
    fn flush_commits(&self, flush: bool) -> Result<(), StoreError> {
        if self.flushes.load(Ordering::Relaxed) == flush {
            return Ok(());
        }
        let how = if flush { "FULL" } else { "NORMAL" };
        // Not a prepared statement: this one is carried out while it is read.
        self.with(|connection| connection.pragma_update(None, "synchronous", how))?;
        self.flushes.store(flush, Ordering::Relaxed);
        Ok(())
    }

    fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.with(|connection| connection.prepare_cached(sql)?.execute([]).map(drop))
    }

    fn in_transaction(&self) -> bool {
        !self.connection().is_autocommit()
    }

    /// Ends a transaction that failed, unless SQLite has ended it already.
    fn give_up(&self) {
        if self.in_transaction()
            && let Err(error) = self.run("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be undone");
        }
    }

    fn in_savepoint(&self, work: &mut Work) -> Result<(), StoreError> {
        self.run("SAVEPOINT work")?;
        let done = self.work(work);
        if done.is_err() {
            self.run("ROLLBACK TO work")?;
        }
        self.run("RELEASE work")?;
        done
    }

    /// Statements of SQLite are answered at once, so the work never waits. A defect in one piece of work must not end the
    /// service.
    fn work(&self, work: &mut Work) -> Result<(), StoreError> {
        catch_unwind(AssertUnwindSafe(|| work(self).now_or_never()))
            .ok()
            .flatten()
            .unwrap_or_else(|| {
                tracing::error!("a piece of database work panicked, or waited for something else");
                Err(StoreError::Closed)
            })
    }
}

impl Statements for Seat {
    fn rows<'t>(&'t self, sql: &'t str, values: Vec<Value>) -> BoxFuture<'t, Result<Vec<Row>, StoreError>> {
        let rows = self.with(|connection| {
            let mut statement = connection.prepare_cached(&native(sql))?;
            let columns: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.query(rusqlite::params_from_iter(values))?;
            let mut answer = Vec::new();
            while let Some(row) = rows.next()? {
                let values = (0..columns.len())
                    .map(|index| row.get_ref(index).map(value))
                    .collect::<Result<_, _>>()?;
                answer.push(Row::new(Arc::clone(&columns), values));
            }
            Ok(answer)
        });
        Box::pin(ready(rows))
    }

    fn execute<'t>(&'t self, sql: &'t str, values: Vec<Value>) -> BoxFuture<'t, Result<u64, StoreError>> {
        let changed = self.with(|connection| {
            connection
                .prepare_cached(&native(sql))?
                .execute(rusqlite::params_from_iter(values))
        });
        Box::pin(ready(changed.map(|rows| rows as u64)))
    }

    fn change(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<Vec<u64>, StoreError>> {
        Box::pin(async move {
            let mut changed = Vec::with_capacity(changes.len());
            for Change { sql, values } in changes {
                changed.push(self.execute(sql, values).await?);
            }
            Ok(changed)
        })
    }
}

/// A statement of the common language as SQLite takes it: `$1` is `?1` here, where a `$` would begin a name, and the one
/// writer need not ask for rows to be kept from others.
fn native(sql: &str) -> String {
    sql.strip_suffix(" FOR UPDATE").unwrap_or(sql).replace('$', "?")
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Integer(number as i64),
        // A foreign program may have written anything. Nearly all is UTF-8, and that is found out several times faster than
        // what is not.
        ValueRef::Text(text) => Value::Text(match str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(text).into_owned(),
        }),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        store::{
            News, Store,
            conformance::{Subject, suite},
        },
        testing::{Hands, Seeded, feed_watch},
    };
    use std::sync::Arc;
    use tempfile::TempDir;
    use yaopai_domain::Clock;

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
        let watch = rusqlite::Connection::open(dir.path().join("backend.db")).unwrap();
        feed_watch::watch(&watch);
        store.ensure_a_pool().await.unwrap();
        let subject = Subject {
            store: Arc::new(store),
            clock,
            ids: Seeded::new(8),
        };
        (subject, dir)
    }

    suite!(open);

    #[test]
    fn threads_do_not_wait_for_each_other_to_count_memory() {
        let c = rusqlite::Connection::open_in_memory().unwrap();
        let sql = "SELECT sqlite_compileoption_used('DEFAULT_MEMSTATUS=0')";
        let set: bool = c.query_row(sql, [], |row| row.get(0)).unwrap();
        assert!(
            set,
            ".cargo/config.toml was not read: cargo has to run inside the checkout"
        );
    }
}
