//! The console's own file: one writer, a few readers.
//!
//! Every change is one transaction on one thread, so what a reader sees is always a whole step. `synchronous=FULL`: a
//! committed edit survives a power cut, and its sequence number is never used again.

mod build;
mod columns;
mod conflicts;
mod connections;
mod created;
mod fields;
mod fold;
mod index;
mod keep_aside;
mod lists;
mod load;
mod login_names;
mod look_over;
#[cfg(feature = "measure")]
pub(crate) mod measure;
mod mirror;
mod name_order;
mod open;
#[cfg(test)]
mod oracle;
mod orders;
mod outbox;
mod outcomes;
mod person;
mod postings;
mod progress;
mod purge;
mod refused;
mod rows;
mod saved_views;
mod search;
#[cfg(feature = "simulate")]
pub(crate) mod simulate;
#[cfg(test)]
mod tests;
mod tokens;
mod users;

use crate::Error;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::JoinHandle,
};
use tokio::sync::{Semaphore, oneshot};

pub(crate) use conflicts::{
    conflicts, dismiss_all_rejected, dismiss_rejected, rejected_edits, resolve_conflict,
};
pub(crate) use connections::known_connections;
pub(crate) use created::create_user;
pub(crate) use fields::keys;
pub(crate) use lists::{everybody_of, users, users_at};
pub(crate) use load::{begin_load, build_some};
pub(crate) use login_names::{emails_and_usernames, is_phone_taken};
pub(crate) use mirror::{Applied, News, apply_page};
pub(crate) use open::Opening;
#[cfg(test)]
pub(crate) use open::open_in_memory;
pub(crate) use orders::Orders;
pub(crate) use outbox::{
    Settled, change_client, edit_field, edit_metadata, freeze, has_undecided, settle, undecided,
};
pub(crate) use outcomes::{take_outcomes, take_results};
pub(crate) use progress::{
    Load, Next, Phase, Place, Progress, Standing, begin_generation, owner, progress, remember_server,
    standing,
};
#[cfg(any(test, feature = "simulate"))]
pub(crate) use purge::scrub;
pub(crate) use purge::{Lost, access_lost};
pub(crate) use refused::refused_people;
pub(crate) use saved_views::{delete_view, save_view, saved_views};
pub(crate) use users::user;

const READERS: usize = 3;

type Job = Box<dyn FnOnce(&mut Connection, &mut AfterCommit) + Send>;
/// Looks at the file after every commit, before whoever asked for the step goes on.
pub(crate) type AfterCommit = Box<dyn FnMut(&Connection) + Send>;

/// The open file. Clones share it.
#[derive(Clone)]
pub(crate) struct Replica {
    shared: Arc<Shared>,
}

struct Shared {
    writer: Mutex<Option<Writer>>,
    readers: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    path: PathBuf,
}

struct Writer {
    jobs: mpsc::Sender<Job>,
    thread: JoinHandle<()>,
}

impl Replica {
    /// Opens the file, creating it if there is none; tells where a corrupt one was kept.
    pub(crate) async fn open(
        opening: Opening,
        mut after_commit: AfterCommit,
    ) -> Result<(Self, Option<PathBuf>), Error> {
        tokio::task::spawn_blocking(move || {
            let (mut connection, kept_aside) = open::open(&opening)?;
            after_commit(&connection);
            let readers = (0..READERS)
                .map(|_| open::reader(&opening.path))
                .collect::<Result<Vec<_>, _>>()?;
            let (jobs, queue) = mpsc::channel::<Job>();
            let thread = std::thread::Builder::new()
                .name("replica-writer".to_owned())
                .spawn(move || {
                    for job in queue {
                        job(&mut connection, &mut after_commit);
                    }
                    open::finish(&connection);
                })
                .map_err(|source| Error::File {
                    path: opening.path.clone(),
                    source,
                })?;
            let shared = Shared {
                writer: Mutex::new(Some(Writer { jobs, thread })),
                permits: Arc::new(Semaphore::new(readers.len())),
                readers: Mutex::new(readers),
                path: opening.path,
            };
            let replica = Self {
                shared: Arc::new(shared),
            };
            Ok((replica, kept_aside))
        })
        .await
        .map_err(|_| Error::Closed)?
    }

    /// Runs `step` as one transaction after all earlier ones; it is durable when this returns `Ok`, and undone otherwise.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.job(|connection| transact(connection, step)).await
    }

    /// Runs `work` on the writing connection after all earlier steps.
    async fn job<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection, after_commit| {
            let result = contained(|| work(connection));
            if result.is_ok() {
                // The step counts, whatever becomes of those who look at it.
                drop(contained(|| {
                    after_commit(connection);
                    Ok(())
                }));
            }
            // Nobody waits any more if the caller was dropped; the step counts all the same.
            drop(answer.send(result));
        });
        lock(&self.shared.writer)
            .as_ref()
            .ok_or(Error::Closed)?
            .jobs
            .send(job)
            .map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Rewrites the file without what was deleted, and empties the log beside it.
    pub(crate) async fn scrub(&self) -> Result<(), Error> {
        let path = self.shared.path.clone();
        self.job(move |connection| purge::scrub(connection, &path)).await
    }

    /// Runs `look` in one read transaction, beside the writer.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = self.shared.clone();
        let permit = shared
            .permits
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Error::Closed)?;
        // The reader goes back where it came from even if nobody waits for the answer any more.
        tokio::task::spawn_blocking(move || {
            let mut connection = lock(&shared.readers).pop().ok_or(Error::Closed)?;
            let result = contained(|| look(&*connection.transaction()?));
            lock(&shared.readers).push(connection);
            drop(permit);
            result
        })
        .await
        .map_err(|_| Error::Closed)?
    }

    /// Ends every step begun, then closes the file.
    pub(crate) async fn close(&self) {
        self.shared.permits.close();
        lock(&self.shared.readers).clear();
        let Some(Writer { jobs, thread }) = lock(&self.shared.writer).take() else {
            return;
        };
        drop(jobs);
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the replica's writer ended badly");
        }
    }
}

/// Turns a panic into an error, so that a defect ends one step and not the thread that all later ones wait for. The
/// step's transaction is undone.
fn contained<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        tracing::error!("a step on the local file panicked");
        Err(Error::Defect)
    })
}

/// One step, whole or not at all.
pub(crate) fn transact<T>(
    connection: &mut Connection,
    step: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = step(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// A part of a step, which is undone alone if it fails.
pub(crate) fn part<T>(connection: &Connection, part: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    connection.prepare_cached("SAVEPOINT part")?.execute([])?;
    let result = part();
    if result.is_err() {
        connection.prepare_cached("ROLLBACK TO part")?.execute([])?;
    }
    connection.prepare_cached("RELEASE part")?.execute([])?;
    result
}

/// A panic elsewhere leaves these values whole: they are only swapped.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
