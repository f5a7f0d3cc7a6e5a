//! Keeping replica and backend equal: the rules without I/O, the loop that performs them, the hints that wake it.

mod back_off;
mod core;
mod hints;
mod page;
mod run;
#[cfg(test)]
mod simulation;

pub(crate) use hints::follow_hints;
pub(crate) use page::{Place, PullPage, PullRequest};
pub(crate) use run::{SyncLoop, Wakes};
