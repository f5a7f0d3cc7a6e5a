//! What PostgreSQL says when it fails, without the values it failed with.

use std::error::Error;
use tokio_postgres::error::SqlState;

/// A failed statement or commit. Details and hints of the server are left out: they repeat rows.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{said}")]
pub(super) struct Failure {
    said: String,
    code: Option<SqlState>,
    may_pass: bool,
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        let code = error.code().cloned();
        let may_pass = code.as_ref().map_or(error.is_closed(), passes);
        let said = match error.as_db_error() {
            Some(told) => {
                let mut said = format!("{} (SQLSTATE {})", told.message(), told.code().code());
                if let Some(constraint) = told.constraint() {
                    said.push_str(", constraint ");
                    said.push_str(constraint);
                }
                said
            }
            // What the network or the protocol says is one level down.
            None => match error.source() {
                Some(reason) => format!("{error}: {reason}"),
                None => error.to_string(),
            },
        };
        Self { said, code, may_pass }
    }
}

impl Failure {
    /// A commit whose connection broke may have happened: it is not tried again.
    pub(super) fn of_a_commit(error: tokio_postgres::Error) -> Self {
        let certain = error.code().is_some();
        let failure = Self::from(error);
        Self {
            may_pass: failure.may_pass && certain,
            ..failure
        }
    }

    /// Whether the same transaction may succeed when it is tried again.
    pub(super) const fn may_pass(&self) -> bool {
        self.may_pass
    }

    /// Whether a prepared statement no longer fits the schema.
    pub(super) fn is_an_outdated_plan(&self) -> bool {
        self.code == Some(SqlState::FEATURE_NOT_SUPPORTED)
    }
}

/// A lost race (also one for a unique value: whoever looks again finds it taken), a plan that another backend's migration
/// outdated, or a server that restarts.
fn passes(code: &SqlState) -> bool {
    [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::UNIQUE_VIOLATION,
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::ADMIN_SHUTDOWN,
    ]
    .contains(code)
}
