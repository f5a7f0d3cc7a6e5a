//! The status line, and who is told when something on the screen is out of date.

use crate::{
    Changed, ErrorView, Job, JobKind, JobPhase, JobState, Link, Status,
    replica::{Load, Phase, Standing},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{broadcast, watch};
use yaopai_domain::Timestamp;

/// More news than a listener reads in time are merged: it then reads everything anew anyway.
const NEWS: usize = 64;
/// "Of late", for the rate of a load.
const PACE_MILLIS: i64 = 10_000;
/// The name of the load among the jobs: there is one at a time.
pub(crate) const LOAD: &str = "load";

/// What every part of the console writes its news on. Clones share it.
#[derive(Clone)]
pub(crate) struct Board {
    status: watch::Sender<Status>,
    changed: broadcast::Sender<Changed>,
    pace: Arc<Mutex<Pace>>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self {
            status: watch::Sender::new(Status {
                link: Link::Connecting,
                server: None,
                waiting: 0,
                conflicts: 0,
                rejected: 0,
                last_sync: None,
                loaded: false,
                loading: None,
                users: 0,
                access_lost: None,
                trouble: None,
            }),
            changed: broadcast::Sender::new(NEWS),
            pace: Arc::default(),
        }
    }

    pub(crate) fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Follows the status line.
    pub(crate) fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Changed> {
        self.changed.subscribe()
    }

    pub(crate) fn tell(&self, changed: Changed) {
        // Nobody listens: nobody shows anything.
        drop(self.changed.send(changed));
    }

    /// Whether the backend answers, and whether the operator stopped the load.
    pub(crate) fn set_link(&self, link: &Link, paused: bool) {
        let mut turned = false;
        self.update(|status| {
            status.link = link.clone();
            if let Some(job) = &mut status.loading {
                turned = job.state != state(paused);
                job.state = state(paused);
            }
        });
        if turned {
            // A pause says nothing about how fast the load goes.
            self.pace
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .marks
                .clear();
        }
    }

    /// The local file failed, or works again.
    pub(crate) fn set_trouble(&self, trouble: Option<ErrorView>) {
        self.update(|status| status.trouble = trouble);
    }

    pub(crate) fn set_standing(&self, standing: Standing, now: Timestamp) {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        let loading = standing.load.map(|load| pace.job(load, now));
        drop(pace);
        self.update(|status| {
            let paused = matches!(&status.loading, Some(job) if job.state == JobState::Paused);
            *status = Status {
                link: status.link.clone(),
                server: standing.server,
                waiting: standing.waiting,
                conflicts: standing.conflicts,
                rejected: standing.rejected,
                last_sync: standing.last_sync,
                loaded: standing.loaded,
                loading: loading.map(|job| Job {
                    state: state(paused),
                    ..job
                }),
                users: standing.users,
                access_lost: standing.access_lost,
                trouble: status.trouble.take(),
            };
        });
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        let differs = self.status.send_if_modified(|status| {
            let before = status.clone();
            change(status);
            *status != before
        });
        if differs {
            self.tell(Changed::Status);
        }
    }
}

const fn state(paused: bool) -> JobState {
    if paused {
        JobState::Paused
    } else {
        JobState::Running
    }
}

/// How fast the load went of late.
#[derive(Default)]
struct Pace {
    phase: Option<Phase>,
    /// When how much was done.
    marks: VecDeque<(Timestamp, u64)>,
}

impl Pace {
    fn job(&mut self, load: Load, now: Timestamp) -> Job {
        if self.phase != Some(load.phase) || self.marks.back().is_some_and(|(_, done)| *done > load.done) {
            self.phase = Some(load.phase);
            self.marks.clear();
        }
        self.marks.push_back((now, load.done));
        while self.marks.len() > 2
            && self
                .marks
                .get(1)
                .is_some_and(|(at, _)| at.0 < now.0 - PACE_MILLIS)
        {
            self.marks.pop_front();
        }
        let (since, before) = self.marks.front().copied().unwrap_or((now, load.done));
        let millis = u64::try_from(now.0 - since.0).unwrap_or(0).max(1);
        let per_second = (load.done - before).saturating_mul(1000) / millis;
        let left = load.total.saturating_sub(load.done);
        Job {
            id: LOAD.to_owned(),
            kind: if load.again {
                JobKind::Reset
            } else {
                JobKind::FirstLoad
            },
            phase: match load.phase {
                Phase::Rows | Phase::Ready => JobPhase::Rows,
                Phase::Indexes => JobPhase::Indexes,
                Phase::Search => JobPhase::Search,
            },
            done: load.done,
            total: Some(load.total.max(load.done)),
            per_second: u32::try_from(per_second).unwrap_or(u32::MAX),
            seconds_left: (per_second > 0)
                .then(|| u32::try_from(left.div_ceil(per_second)).unwrap_or(u32::MAX)),
            state: JobState::Running,
            file: None,
            changed: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_does_not_count_for_the_rate() {
        let board = Board::new();
        let standing = |done| Standing {
            server: None,
            waiting: 0,
            conflicts: 0,
            rejected: 0,
            last_sync: None,
            loaded: false,
            users: 0,
            access_lost: None,
            load: Some(load(Phase::Rows, done)),
        };
        let rate = || board.status().loading.unwrap().per_second;
        board.set_standing(standing(0), Timestamp(0));
        board.set_standing(standing(100), Timestamp(1000));
        assert_eq!(rate(), 100);
        board.set_link(&Link::Connected, true);
        board.set_link(&Link::Connected, false);
        board.set_standing(standing(100), Timestamp(9000));
        board.set_standing(standing(200), Timestamp(10_000));
        assert_eq!(rate(), 100);
    }

    fn load(phase: Phase, done: u64) -> Load {
        Load {
            again: false,
            phase,
            done,
            total: 1000,
        }
    }

    #[test]
    fn rate_and_time_left_follow_the_last_seconds() {
        let mut pace = Pace::default();
        assert_eq!(pace.job(load(Phase::Rows, 0), Timestamp(0)).seconds_left, None);
        let job = pace.job(load(Phase::Rows, 100), Timestamp(1000));
        assert_eq!((job.per_second, job.seconds_left), (100, Some(9)));
        for second in 2..30 {
            pace.job(
                load(Phase::Rows, 100 + second),
                Timestamp(second.cast_signed() * 1000),
            );
        }
        let slow = pace.job(load(Phase::Rows, 130), Timestamp(30_000));
        assert_eq!(slow.per_second, 1, "what was fast long ago says nothing");
        let next = pace.job(load(Phase::Indexes, 0), Timestamp(31_000));
        assert_eq!((next.phase, next.per_second), (JobPhase::Indexes, 0));
    }
}
