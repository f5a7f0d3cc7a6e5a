//! Measurements of the console at a million users.

pub(crate) mod first_load;
pub(crate) mod lists;
pub(crate) mod programs;
pub(crate) mod push;
pub(crate) mod search;

use std::{
    path::Path,
    time::{Duration, Instant},
};
use yaopai_console::measure::Lists;
use yaopai_domain::{Identity, User};
use yaopai_xtask::people::Directory;

const ROWS_A_STEP: u64 = 5000;

/// How long the parts of a load took that no backend slowed down.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Phases {
    /// Rows.
    pub(crate) rows: Duration,
    /// Indexes.
    pub(crate) indexes: Duration,
    /// The search index.
    pub(crate) search: Duration,
}

/// Makes a replica of made-up people, as a first load does, and says how long each part of it takes.
pub(crate) fn load(replica: &Path, users: u64, seed: u64) -> anyhow::Result<Phases> {
    let directory = Directory::standalone(seed);
    let mut lists = Lists::create(replica)?;
    let mut phases = Phases::default();
    for first in (0..users).step_by(ROWS_A_STEP as usize) {
        let people: Vec<(User, Vec<Identity>)> = (first..users.min(first + ROWS_A_STEP))
            .map(|number| {
                let person = directory.person(number);
                (person.user, person.identities)
            })
            .collect();
        let (loaded, took) = timed(|| lists.load(&people, 1 + first as i64));
        loaded?;
        phases.rows += took;
    }
    loop {
        let (built, took) = timed(|| lists.build());
        match built? {
            None => break,
            Some("indexes") => phases.indexes += took,
            Some(_) => phases.search += took,
        }
    }
    println!(
        "the replica alone, {users} users: rows {:.1} s, indexes {:.1} s, search index {:.1} s",
        phases.rows.as_secs_f64(),
        phases.indexes.as_secs_f64(),
        phases.search.as_secs_f64()
    );
    lists
        .connection()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(phases)
}

/// Runs something and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    #[expect(clippy::disallowed_methods, reason = "measuring is what this is for")]
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// Runs something and says how long it had a processor: what it takes on a machine that does nothing else. Absent where
/// the system does not tell.
pub(crate) fn worked<T>(work: impl FnOnce() -> T) -> (T, Duration, Option<Duration>) {
    let start = on_processor();
    let (done, took) = timed(work);
    let worked = start
        .zip(on_processor())
        .map(|(start, end)| end.saturating_sub(start));
    (done, took, worked)
}

/// How long this thread has had a processor (Linux: proc_pid_schedstat(5), nanoseconds).
fn on_processor() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Times of the same thing done many times.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time within which `percent` of them were done, in milliseconds.
    pub(crate) fn within(&self, percent: usize) -> f64 {
        let nth = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(nth).map_or(0.0, Duration::as_secs_f64) * 1000.0
    }
}
