//! Bugs planted on purpose: a simulator that does not find them would prove nothing.

use super::one;
use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use yaopai_domain::{Bug, plant};

/// Each begins with the bug in question. What would repair or hide it (digests, marks) is taken away with it. The
/// number is the first seed that found it, which is tried first.
const MUTANTS: [(&[Bug], u64); 17] = [
    (&[Bug::NoMark], 215),
    (&[Bug::FirstHeadOnly, Bug::NoDigests], 25),
    (&[Bug::NoHorizon, Bug::NoDigests], 22),
    (&[Bug::AnyFeed, Bug::NoMark, Bug::NoDigests], 13),
    (&[Bug::NoTombstones, Bug::NoDigests], 1),
    (&[Bug::AnyScope], 11),
    (&[Bug::DecidedTwice], 1),
    (&[Bug::Overwriting], 1),
    (&[Bug::ForgottenFeed], 0),
    (&[Bug::RevisionGuard], 6),
    (&[Bug::EarlySettle], 1),
    (&[Bug::NotDurable], 8),
    (&[Bug::NoSweep], 0),
    (&[Bug::NoDigests], 88),
    (&[Bug::NothingRequeued], 0),
    (&[Bug::EditsStay], 0),
    (&[Bug::ForkForgets], 3),
];

/// A mutant, and what became of it.
struct Hunted {
    mutant: &'static [Bug],
    /// The first seed that found it, and what it saw.
    found: Option<(u64, String)>,
}

/// Tells for each mutant which of the seeds finds it first; fails if one is not found.
pub(crate) fn hunt(seeds: u64) -> anyhow::Result<()> {
    let hunted = all(seeds);
    for one in &hunted {
        match &one.found {
            Some((seed, what)) => println!("{:?}: seed {seed}: {what}", one.mutant),
            None => println!("{:?}: not found by {seeds} seeds", one.mutant),
        }
    }
    let escaped = hunted.iter().any(|one| one.found.is_none());
    anyhow::ensure!(!escaped, "a planted bug was not found");
    Ok(())
}

fn all(seeds: u64) -> Vec<Hunted> {
    let next = AtomicUsize::new(0);
    let hunted = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(&(mutant, known)) = MUTANTS.get(place) else {
                        break;
                    };
                    let found = std::iter::once(known).chain(0..seeds).find_map(|seed| {
                        plant(mutant);
                        let violation = one(seed, false).violation?;
                        // What is broken without the bug, too, proves nothing about it.
                        plant(&mutant[1..]);
                        let without = one(seed, false).violation;
                        without.is_none().then(|| (seed, violation.to_string()))
                    });
                    let one = (place, Hunted { mutant, found });
                    hunted.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                }
            });
        }
    });
    let mut hunted = hunted.into_inner().unwrap_or_else(PoisonError::into_inner);
    hunted.sort_by_key(|(place, _)| *place);
    hunted.into_iter().map(|(_, one)| one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_planted_bug_is_found() {
        let escaped: Vec<_> = all(2000)
            .into_iter()
            .filter(|one| one.found.is_none())
            .map(|one| one.mutant)
            .collect();
        assert!(escaped.is_empty(), "nobody noticed {escaped:?}");
    }

    #[test]
    fn the_readme_tells_of_every_planted_bug() {
        let readme = include_str!("README.md");
        for (mutant, known) in MUTANTS {
            let row = readme
                .lines()
                .find(|line| line.starts_with(&format!("| `{:?}`", mutant[0])));
            assert!(
                row.is_some_and(|row| row.ends_with(&format!(", seed {known} |"))),
                "{mutant:?}"
            );
        }
    }
}
