//! SQLite in memory and without threads: what is asked for is done at once, on the thread that asks. For the simulator,
//! in which nothing may happen by itself.

use super::{Engine, Job, Kind, PREPARED, Seat, Work, migrations, read, write};
use crate::store::StoreError;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, backup::Backup};
use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError, mpsc},
    time::Duration,
};
use tokio::sync::oneshot;

/// Migrated once for all: the migrations cost more than most simulated lives.
static EMPTY: OnceLock<Mutex<Connection>> = OnceLock::new();

/// A database in memory. Clones share it.
#[derive(Clone)]
pub(crate) struct Inline(Arc<Seat>);

/// What a database held at a moment.
pub(crate) struct Image(Connection);

impl Inline {
    /// An empty database with today's schema.
    pub(crate) fn new() -> Result<Self, StoreError> {
        let empty = if let Some(empty) = EMPTY.get() {
            empty
        } else {
            let made = Mutex::new(migrated()?);
            EMPTY.get_or_init(|| made)
        };
        let copy = copy(&empty.lock().unwrap_or_else(PoisonError::into_inner))?;
        copy.pragma_update(None, "foreign_keys", true)?;
        copy.pragma_update(None, "trusted_schema", false)?;
        copy.set_prepared_statement_cache_capacity(PREPARED);
        Ok(Self(Arc::new(Seat::new(copy))))
    }

    /// A copy of everything.
    pub(crate) fn image(&self) -> Result<Image, StoreError> {
        copy(&self.0.connection()).map(Image)
    }

    /// Becomes what an image holds.
    pub(crate) fn restore(&self, image: &Image) -> Result<(), StoreError> {
        fill(&image.0, &mut self.0.connection())
    }

    /// Runs the work of a job as a thread of its own would.
    fn at_once(
        &self,
        take: fn(&Seat, Job, &Mutex<mpsc::Receiver<Job>>),
        kind: Kind,
        work: Work,
        committed: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        let (answer, answered) = oneshot::channel();
        // Nobody else's work ever waits behind it.
        let nothing_more = Mutex::new(mpsc::channel().1);
        let job = Job {
            kind,
            work,
            committed,
            answer,
        };
        take(&self.0, job, &nothing_more);
        Box::pin(async move { answered.await.map_err(|_| StoreError::Closed)? })
    }
}

impl Engine for Inline {
    fn read(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>> {
        self.at_once(read, Kind::Read, work, Box::new(|| ()))
    }

    fn glance(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>> {
        self.at_once(read, Kind::Glance, work, Box::new(|| ()))
    }

    fn put(&self, work: Work, committed: Box<dyn FnOnce() + Send>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(work, committed)
    }

    fn note(&self, work: Work) -> BoxFuture<'_, Result<(), StoreError>> {
        self.at_once(write, Kind::Note, work, Box::new(|| ()))
    }

    fn write(
        &self,
        work: Work,
        committed: Box<dyn FnOnce() + Send>,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        self.at_once(write, Kind::Write, work, committed)
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

fn migrated() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    migrations::sqlite()
        .run(&mut connection)
        .map_err(|error| StoreError::Engine(Box::new(error)))?;
    Ok(connection)
}

fn copy(from: &Connection) -> Result<Connection, StoreError> {
    let mut to = Connection::open_in_memory()?;
    fill(from, &mut to)?;
    Ok(to)
}

fn fill(from: &Connection, to: &mut Connection) -> Result<(), StoreError> {
    Backup::new(from, to)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(())
}
