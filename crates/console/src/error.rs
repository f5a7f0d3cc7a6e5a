//! Why a call of the console fails.

use crate::{ErrorView, FileProblem};
use std::path::{Path, PathBuf};
use yaopai_domain::{Code, FieldError, PoolId, Problem};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Values broke rules; nothing was saved.
    #[error("values refused: {}", names(.0))]
    InvalidFields(Vec<FieldError>),
    /// The backend did not answer.
    #[error("{host} does not answer")]
    BackendUnreachable {
        /// Host and port that was called.
        host: String,
    },
    /// The backend was reached, but its answer did not arrive whole: too slow, too large, or broken off.
    #[error("the answer of {host} did not arrive: {why}")]
    IncompleteAnswer {
        /// Host and port that was called.
        host: String,
        /// What became of it.
        why: &'static str,
    },
    /// The backend answered something that is not its protocol.
    #[error("{host} answered something unexpected: {what}")]
    UnexpectedAnswer {
        /// Host and port that was called.
        host: String,
        /// What was missing or wrong, without the body.
        what: String,
    },
    /// The backend refused.
    #[error("the backend refused: {}", .0.detail)]
    Backend(Box<Problem>),
    /// Something that was asked for does not exist here (any more).
    #[error("there is no such thing here")]
    NotFound,
    /// It needs everybody, and the first load is not done yet.
    #[error("users are still being loaded for the first time")]
    StillLoading,
    /// The local file belongs to another pool; it was not touched.
    #[error("{} belongs to pool {found}, not {wanted}", path.display())]
    OtherPool {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: PoolId,
    },
    /// The local file could not be read or written.
    #[error("the local file: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The local file could not be brought to this version's schema.
    #[error("the local file: {0}")]
    Migration(#[from] refinery::Error),
    /// A folder could not be made or a file could not be moved.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of users could not be read or written.
    #[error("{}: {source}", path.display())]
    Exchange {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of users is not the one that was looked at any more.
    #[error("{} has changed since it was looked at", .0.display())]
    FileChanged(PathBuf),
    /// A file of users is no text, or in an encoding that is not known.
    #[error("{} is no text in UTF-8 or, if it is a table, GB18030 or UTF-16", .0.display())]
    UnknownEncoding(PathBuf),
    /// A user to create is more than the backend takes at once.
    #[error("the user is more than the backend takes at once")]
    TooLarge,
    /// Somebody ended the job.
    #[error("ended by the operator")]
    Cancelled,
    /// A code could not be drawn or written as a picture.
    #[error("the code: {0}")]
    Picture(String),
    /// The HTTP client could not be set up.
    #[error("no HTTP client: {0}")]
    HttpClient(String),
    /// A defect of this program; the step it happened in was undone.
    #[error("a defect of this program; nothing was changed")]
    Defect,
    /// The console is closed.
    #[error("the console is closed")]
    Closed,
}

impl Error {
    /// The error as the window shows it.
    pub fn view(&self) -> ErrorView {
        match self {
            Self::InvalidFields(fields) => ErrorView::InvalidFields {
                fields: fields.clone(),
            },
            Self::BackendUnreachable { host } | Self::IncompleteAnswer { host, .. } => {
                ErrorView::BackendUnreachable { host: host.clone() }
            }
            Self::Backend(problem) if problem.code == Code::InvalidFields => ErrorView::InvalidFields {
                fields: problem.fields.clone(),
            },
            Self::Backend(problem) => ErrorView::Backend {
                problem: problem.clone(),
            },
            Self::UnexpectedAnswer { host, what } => ErrorView::NotABackend {
                host: host.clone(),
                what: what.clone(),
            },
            Self::NotFound => ErrorView::NotFound,
            Self::StillLoading => ErrorView::StillLoading,
            Self::Exchange { path, source } => file(
                path,
                FileProblem::Unusable {
                    detail: source.to_string(),
                },
            ),
            Self::FileChanged(path) => file(path, FileProblem::Changed),
            Self::UnknownEncoding(path) => file(path, FileProblem::Encoding),
            Self::TooLarge => ErrorView::Backend {
                problem: Box::new(Problem::new(Code::TooLarge, self.to_string())),
            },
            Self::Picture(_) | Self::Cancelled => ErrorView::Desktop {
                detail: self.to_string(),
            },
            Self::OtherPool { .. }
            | Self::Sqlite(_)
            | Self::Migration(_)
            | Self::File { .. }
            | Self::HttpClient(_)
            | Self::Defect
            | Self::Closed => ErrorView::LocalStore {
                detail: self.to_string(),
            },
        }
    }
}

fn file(path: &Path, problem: FileProblem) -> ErrorView {
    ErrorView::Exchange {
        file: path.display().to_string(),
        problem,
    }
}

fn names(fields: &[FieldError]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.field.as_str()).collect();
    names.join(", ")
}
