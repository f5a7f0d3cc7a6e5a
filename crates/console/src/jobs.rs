//! Long work beside the sync: what runs, how far it is, and what has ended since the start.

use crate::{
    Changed, Console, Error, Job, JobKind, JobPhase, JobState,
    board::{Board, LOAD},
};
use std::{
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio_util::sync::CancellationToken;
use yaopai_domain::{Clock, Timestamp};

/// Ended jobs that are still told of.
const ENDED: usize = 20;
/// Rows between two pieces of news.
const STEP: u64 = 500;

/// The jobs of a console. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Jobs {
    list: Arc<Mutex<Vec<Entry>>>,
    made: Arc<AtomicU64>,
}

struct Entry {
    job: Job,
    began: Timestamp,
    /// How far it was when it was last told of.
    told: u64,
    cancelled: CancellationToken,
}

impl Jobs {
    /// Ends them all.
    pub(crate) fn cancel(&self) {
        for entry in self.list().iter() {
            entry.cancelled.cancel();
        }
    }

    fn list(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a job tells how far it is, and learns that nobody wants it any more.
#[derive(Clone)]
pub(crate) struct Progress {
    id: String,
    jobs: Jobs,
    board: Board,
    clock: Arc<dyn Clock>,
    cancelled: CancellationToken,
}

impl Progress {
    /// So many rows are done, of so many. It is told now and then, and at the end.
    pub(crate) fn tell(&self, done: u64, total: u64) {
        let is_news = self.change(|entry, now| {
            let millis = u64::try_from(now.0 - entry.began.0).unwrap_or(0).max(1);
            let per_second = done.saturating_mul(1000) / millis;
            entry.job.done = done;
            entry.job.total = Some(total);
            entry.job.per_second = u32::try_from(per_second).unwrap_or(u32::MAX);
            let left = total.saturating_sub(done).checked_div(per_second);
            entry.job.seconds_left = left.map(|left| u32::try_from(left).unwrap_or(u32::MAX));
            let is_news = done >= entry.told + STEP || done == total;
            if is_news {
                entry.told = done;
            }
            is_news
        });
        if is_news == Some(true) {
            self.board.tell(Changed::Jobs);
        }
    }

    /// An import has created or changed so many more users.
    pub(crate) fn changed(&self, users: u32) {
        self.change(|entry, _| {
            let changed = entry.job.changed.get_or_insert_default();
            *changed = changed.saturating_add(users);
        });
    }

    /// Whether somebody ended the job.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// Of no job.
    #[cfg(test)]
    pub(crate) fn detached(cancelled: CancellationToken) -> Self {
        Self {
            id: String::new(),
            jobs: Jobs::default(),
            board: Board::new(),
            clock: Arc::new(yaopai_domain::System),
            cancelled,
        }
    }

    fn end(&self, result: Result<(), Error>) {
        let state = match result {
            Ok(()) => JobState::Done,
            Err(Error::Cancelled) => JobState::Cancelled,
            Err(error) => {
                tracing::warn!(%error, "a job ended early");
                let error = Box::new(error.view());
                JobState::Failed { error }
            }
        };
        self.change(|entry, _| {
            entry.job.state = state;
            entry.job.seconds_left = None;
        });
        self.board.tell(Changed::Jobs);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Entry, Timestamp) -> T) -> Option<T> {
        let now = self.clock.now();
        let mut list = self.jobs.list();
        let entry = list.iter_mut().find(|entry| entry.job.id == self.id)?;
        Some(change(entry, now))
    }
}

impl Console {
    /// Long work: what runs, and what has ended since the start, newest last.
    pub fn jobs(&self) -> Vec<Job> {
        let load = self.status().loading;
        let others = self.parts.jobs.list();
        load.into_iter()
            .chain(others.iter().map(|entry| entry.job.clone()))
            .collect()
    }

    /// Ends a job; what it has done stays. A load pauses, and can be resumed.
    pub fn cancel_job(&self, id: &str) -> Result<(), Error> {
        if id == LOAD {
            self.parts.wakes.pause();
            return Ok(());
        }
        let jobs = self.parts.jobs.list();
        let entry = jobs
            .iter()
            .find(|entry| entry.job.id == id)
            .ok_or(Error::NotFound)?;
        entry.cancelled.cancel();
        Ok(())
    }

    /// Goes on with a load that was paused. Other jobs that were ended are begun anew.
    pub fn resume_job(&self, id: &str) -> Result<(), Error> {
        if id != LOAD {
            return Err(Error::NotFound);
        }
        self.sync_now();
        Ok(())
    }

    /// Begins a job in the background; answers its name. It ends with the console.
    pub(crate) fn run_job<F: Future<Output = Result<(), Error>> + Send + 'static>(
        &self,
        kind: JobKind,
        file: String,
        work: impl FnOnce(Progress) -> F,
    ) -> String {
        let parts = &self.parts;
        let number = parts.jobs.made.fetch_add(1, Ordering::Relaxed);
        let progress = Progress {
            id: format!("job-{number}"),
            jobs: parts.jobs.clone(),
            board: parts.board.clone(),
            clock: parts.ambient.clock.clone(),
            cancelled: parts.cancelled.child_token(),
        };
        let job = Job {
            id: progress.id.clone(),
            kind,
            phase: JobPhase::Rows,
            done: 0,
            total: None,
            per_second: 0,
            seconds_left: None,
            state: JobState::Running,
            file: Some(file),
            changed: (kind == JobKind::Import).then_some(0),
        };
        let mut list = parts.jobs.list();
        if list.len() >= ENDED
            && let Some(ended) = list.iter().position(|entry| entry.job.state != JobState::Running)
        {
            list.remove(ended);
        }
        list.push(Entry {
            job,
            began: parts.ambient.clock.now(),
            told: 0,
            cancelled: progress.cancelled.clone(),
        });
        drop(list);
        let id = progress.id.clone();
        let work = work(progress.clone());
        // Whoever begins a job need not be on a thread of the runtime: the window's is not.
        let task = async move { progress.end(work.await) };
        parts.tasks.spawn_on(task, &parts.runtime);
        parts.board.tell(Changed::Jobs);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(jobs: &Jobs, board: &Board) -> Progress {
        let progress = Progress {
            id: "job".to_owned(),
            jobs: jobs.clone(),
            board: board.clone(),
            clock: Arc::new(yaopai_domain::System),
            cancelled: CancellationToken::new(),
        };
        jobs.list().push(Entry {
            job: Job {
                id: progress.id.clone(),
                kind: JobKind::Import,
                phase: JobPhase::Rows,
                done: 0,
                total: None,
                per_second: 0,
                seconds_left: None,
                state: JobState::Running,
                file: None,
                changed: Some(0),
            },
            began: Timestamp(0),
            told: 0,
            cancelled: progress.cancelled.clone(),
        });
        progress
    }

    fn shown(jobs: &Jobs) -> (u64, Option<u32>, JobState) {
        let list = jobs.list();
        (list[0].job.done, list[0].job.changed, list[0].job.state.clone())
    }

    #[test]
    fn progress_is_told_about_every_so_many_rows_whatever_the_steps_are() {
        let (jobs, board) = (Jobs::default(), Board::new());
        let mut news = board.listen();
        let progress = begun(&jobs, &board);
        let mut told = Vec::new();
        for done in (203..=2003).step_by(200).chain([2010]) {
            progress.tell(done, 2010);
            if news.try_recv().is_ok() {
                told.push(done);
            }
        }
        assert_eq!(told, [603, 1203, 1803, 2010]);
    }

    #[test]
    fn a_job_that_is_cancelled_ends_with_what_it_has_done() {
        let (jobs, board) = (Jobs::default(), Board::new());
        let progress = begun(&jobs, &board);
        progress.tell(203, 1000);
        progress.changed(150);
        jobs.cancel();
        assert!(progress.is_cancelled());
        progress.end(Err(Error::Cancelled));
        assert_eq!(shown(&jobs), (203, Some(150), JobState::Cancelled));
    }
}
