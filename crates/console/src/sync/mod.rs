//! Keeping replica and backend equal: the rules without I/O, the loop that performs them, the hints that wake it.

mod back_off;
mod core;
mod event;
mod failure;
mod hints;
mod run;
#[cfg(feature = "simulate")]
pub mod simulate;
#[cfg(test)]
mod simulation;

pub(crate) use failure::Failure;
pub(crate) use hints::follow_hints;
pub(crate) use run::{SyncLoop, Wakes};
