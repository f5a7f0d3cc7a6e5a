//! Threads that own connections and take work in order, so that SQLite never blocks the async threads.

use crate::store::StoreError;
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A queue of work, and one thread a connection that takes from it.
pub(super) struct Lane {
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Lane {
    /// Starts one thread a connection.
    pub(super) fn start(name: &str, connections: Vec<Connection>) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel::<Job>();
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = connections
            .into_iter()
            .map(|connection| {
                let jobs = Arc::clone(&jobs);
                std::thread::Builder::new()
                    .name(name.to_owned())
                    .spawn(move || work(connection, &jobs))
                    .map_err(|error| StoreError::Engine(Box::new(error)))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            queue: Mutex::new(Some(queue)),
            threads: Mutex::new(threads),
        })
    }

    /// Runs `work` on the next free connection.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // The caller may have gone: the work is done all the same, its answer is not needed.
            let _ = answer.send(work(connection));
        });
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        queue
            .and_then(|queue| queue.send(job).ok())
            .ok_or(StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes the work that waits and closes the connections.
    pub(super) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // A thread that cannot be joined has ended already.
        let _ = tokio::task::spawn_blocking(move || threads.into_iter().try_for_each(JoinHandle::join)).await;
    }
}

fn work(mut connection: Connection, jobs: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { break };
        // A defect in one piece of work (its transaction is undone, its caller told) must not end the service.
        if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
            tracing::error!("a piece of database work panicked");
        }
    }
}
