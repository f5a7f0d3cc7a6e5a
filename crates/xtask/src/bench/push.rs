//! Edits on their way to the backend, beside single durable commits.

use super::{programs::Programs, timed};
use rusqlite::Connection;
use std::{path::Path, time::Duration};
use yaopai_xtask::people::Directory;

const EDITS: u64 = 10_000;
/// Enough to know how long one takes.
const COMMITS: u32 = 1000;

/// Stores 10,000 edits without a backend, then lets them go to it. The replica in `folder` is loaded.
pub(crate) fn run(programs: &Programs, folder: &Path, seed: u64) -> anyhow::Result<()> {
    let replica = folder.join("replica.db");
    let directory = Directory::standalone(seed);
    let edits: Vec<String> = (0..EDITS)
        .map(|number| {
            format!(
                "{} bench-{} {number}",
                directory.person(number * 7).user.id,
                number % 7
            )
        })
        .collect();
    let (stored, storing) = timed(|| programs.edit_offline(&replica, &edits));
    stored?;
    let server = programs.server()?;
    let pushed = programs.catch_up(&server, &replica)?.took;
    // A start with nothing to push: what the process itself takes.
    let idle = programs.catch_up(&server, &replica)?.took;
    let pushing = pushed.saturating_sub(idle);
    let one = single_commit(&folder.join("commits.db"))?;
    let rate = |count: u64, time: Duration| count as f64 / time.as_secs_f64().max(f64::EPSILON);
    println!(
        "(d) {EDITS} edits: stored {:.0} a second, pushed {:.0} a second; single durable commits {:.0} a second; ratio {:.2}",
        rate(EDITS, storing),
        rate(EDITS, pushing),
        1.0 / one.as_secs_f64(),
        rate(EDITS, pushing) * one.as_secs_f64(),
    );
    Ok(())
}

/// How long one row in a transaction of its own takes, on the disk before the next.
fn single_commit(path: &Path) -> anyhow::Result<Duration> {
    let file = Connection::open(path)?;
    file.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE edit (id INTEGER PRIMARY KEY, value TEXT);",
    )?;
    let (done, took) = timed(|| -> rusqlite::Result<()> {
        for number in 0..COMMITS {
            file.prepare_cached("INSERT INTO edit (value) VALUES (?1)")?
                .execute([number.to_string()])?;
        }
        Ok(())
    });
    done?;
    Ok(took / COMMITS)
}
