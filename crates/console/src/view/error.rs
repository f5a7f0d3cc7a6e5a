//! An error as the window shows it.

use super::exchange::FileProblem;
use serde::{Deserialize, Serialize};
use yaopai_domain::{FieldError, Problem};

/// An error as the window shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ErrorView {
    /// Values were refused, here or by the backend.
    InvalidFields {
        /// Which and why.
        fields: Vec<FieldError>,
    },
    /// The backend did not answer.
    BackendUnreachable {
        /// Host and port that was called.
        host: String,
    },
    /// What answered is no backend, or something answered in its place.
    NotABackend {
        /// Host and port that was called.
        host: String,
        /// What it answered.
        what: String,
    },
    /// The backend refused.
    Backend {
        /// How.
        problem: Box<Problem>,
    },
    /// Something that was asked for does not exist here (any more).
    NotFound,
    /// It needs everybody, and the first load is not done yet.
    StillLoading,
    /// The local file could not be read or written.
    LocalStore {
        /// For the ticket.
        detail: String,
    },
    /// A file of users cannot be used.
    Exchange {
        /// Which.
        file: String,
        /// What is wrong.
        problem: FileProblem,
    },
    /// A file could not be written where the operator wanted it, or the clipboard refused.
    Desktop {
        /// For the ticket.
        detail: String,
    },
}
