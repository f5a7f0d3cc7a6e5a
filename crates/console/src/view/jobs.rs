//! Work that takes a while.

use super::error::ErrorView;
use serde::{Deserialize, Serialize};

/// Work that takes a while, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Job {
    /// Names the job.
    pub id: String,
    /// What is done.
    pub kind: JobKind,
    /// Which part of it is under way.
    pub phase: JobPhase,
    /// Rows done in this phase.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub done: u64,
    /// Rows of this phase, if known.
    #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
    pub total: Option<u64>,
    /// Rows a second, of late.
    pub per_second: u32,
    /// Time left of this phase, if it can be told.
    pub seconds_left: Option<u32>,
    /// Whether it goes on.
    pub state: JobState,
    /// The file that is read or written.
    pub file: Option<String>,
    /// Users that an import has created or changed so far; absent of everything else.
    pub changed: Option<u32>,
}

/// What a job does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Loads everything for the first time.
    FirstLoad,
    /// Loads everything again, beside what is there.
    Reset,
    /// Writes users to a file.
    Export,
    /// Takes users from a file.
    Import,
}

/// The part of a job that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum JobPhase {
    /// Rows are read or written.
    Rows,
    /// The lists' orders are made.
    Indexes,
    /// The search index is made.
    Search,
}

/// Whether a job goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum JobState {
    /// It is under way.
    Running,
    /// It waits to be resumed.
    Paused,
    /// It is done.
    Done,
    /// Somebody ended it; what was done stays done.
    Cancelled,
    /// It could not go on.
    Failed {
        /// Why.
        error: Box<ErrorView>,
    },
}
