//! The simulator: consoles and a backend on their real stores, in a world where everything that can go wrong does, from a
//! seed. `README.md` beside this file says what goes wrong, what is checked and which planted bugs are caught.

mod backend;
mod console;
mod elsewhere;
mod faults;
mod life;
#[cfg(feature = "planted")]
mod mutants;
mod operator;
mod post;
mod reckoning;
mod tally;
mod told;
mod violation;
mod weather;
mod witness;
mod world;

#[cfg(feature = "planted")]
pub(crate) use mutants::hunt;

use life::Life;
use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tally::Tally;
use violation::Violation;

/// Violations that are told in full.
const TOLD: usize = 20;

/// Seeds that have found a bug once; every run of more than one seed tries them again.
const REGRESSIONS: &[u64] = &[324, 360, 708, 1109, 1129];

/// Runs these seeds on all cores, tells what happened, and fails if any promise was broken.
pub(crate) fn run(start: u64, seeds: u64) -> anyhow::Result<()> {
    let all: Vec<u64> = REGRESSIONS.iter().copied().chain(start..start + seeds).collect();
    let next = AtomicU64::new(0);
    let found = Mutex::new((Tally::default(), Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(seed) = all.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let (tally, violation) = one(*seed, false).parts();
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    found.0.absorb(&tally);
                    if let Some(violation) = violation {
                        if found.1.len() < TOLD {
                            eprintln!("seed {seed}: {violation}");
                        }
                        found.1.push(*seed);
                    }
                }
            });
        }
    });
    let (tally, mut failed) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort_unstable();
    if failed.is_empty() {
        println!("{} seeds, no violation: {tally}", all.len());
        return Ok(());
    }
    println!(
        "{} seeds, {} violated: {failed:?}: {tally}",
        all.len(),
        failed.len()
    );
    anyhow::bail!("replay with: simulate --seed {} --trace", failed[0])
}

/// Runs one seed and tells every step.
pub(crate) fn replay(seed: u64, trace: bool) -> anyhow::Result<()> {
    let (tally, violation) = one(seed, trace).parts();
    match violation {
        None => {
            println!("seed {seed}, no violation: {tally}");
            Ok(())
        }
        Some(violation) => {
            println!("seed {seed}, violated: {violation}: {tally}");
            anyhow::bail!("a promise was broken")
        }
    }
}

/// How a life ended.
struct Ending {
    tally: Tally,
    violation: Option<Violation>,
    /// A number that tells the steps of two lives apart.
    #[cfg_attr(not(test), expect(dead_code, reason = "only a test compares lives"))]
    fingerprint: u64,
}

impl Ending {
    fn parts(self) -> (Tally, Option<Violation>) {
        (self.tally, self.violation)
    }
}

/// One life, from the seed to its end.
fn one(seed: u64, trace: bool) -> Ending {
    let (ending, told) = witness::listen(|| Life::live(seed, trace));
    match witness::i11_no_secret_was_told(&told) {
        Err(violation) if ending.violation.is_none() => Ending {
            violation: Some(violation),
            ..ending
        },
        _ => ending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_always_the_same_life() {
        for seed in 0..8 {
            assert_eq!(
                one(seed, false).fingerprint,
                one(seed, false).fingerprint,
                "{seed}"
            );
        }
    }

    #[test]
    fn promises_are_kept_and_the_faults_do_happen() {
        let mut tally = Tally::default();
        for seed in 0..60 {
            let (one, violation) = one(seed, false).parts();
            assert_eq!(violation, None, "seed {seed}");
            tally.absorb(&one);
        }
        for fault in [
            "edits",
            "conflicts",
            "deaths of a console",
            "failovers",
            "resets: lost tail",
            "resets: horizon passed",
        ] {
            assert!(tally.of(fault) > 0, "{fault} never happened: {tally}");
        }
    }
}
