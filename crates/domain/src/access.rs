//! Who may do what: decided here and nowhere else.

use serde::{Deserialize, Serialize};

/// What an operator or access key is in a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads, and edits users; no connection secrets, no deletion.
    Support,
    /// Everything.
    Admin,
}

impl Role {
    /// The name on the wire, in the database and in bootstrap files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }

    /// Whether this role may do that.
    pub const fn may(self, action: Action) -> bool {
        match action {
            Action::ReadConnections
            | Action::ReadApplications
            | Action::ReadUsers
            | Action::ReadAttempts
            | Action::Pull => true,
            Action::EditUsers | Action::ReadRefused | Action::TestLogin | Action::ReadAudit => {
                matches!(self, Self::Support | Self::Admin)
            }
            Action::EditConnections
            | Action::EditApplications
            | Action::EditAccess
            | Action::DeleteUsers
            | Action::MergeUsers => matches!(self, Self::Admin),
        }
    }
}

/// What somebody wants to do in a pool. Every endpoint names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See connections without their secrets.
    ReadConnections,
    /// Create, change, enable, delete connections and platform accounts.
    EditConnections,
    /// See applications without their secrets.
    ReadApplications,
    /// Create, change, delete applications; make and revoke their secrets.
    EditApplications,
    /// See and change who may come in: operators and access keys.
    EditAccess,
    /// Read the audit log.
    ReadAudit,
    /// Run a test login.
    TestLogin,
    /// See login attempts.
    ReadAttempts,
    /// See users and their bindings.
    ReadUsers,
    /// Change users, their metadata and their bindings, and let refused people in.
    EditUsers,
    /// See people whom a connection refused.
    ReadRefused,
    /// Delete users, or take their last way in.
    DeleteUsers,
    /// Make two users one, and undo it.
    MergeUsers,
    /// Keep a replica.
    Pull,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(Action::ReadConnections, [true, true, true])]
    #[case(Action::ReadUsers, [true, true, true])]
    #[case(Action::ReadAttempts, [true, true, true])]
    #[case(Action::Pull, [true, true, true])]
    #[case(Action::EditUsers, [false, true, true])]
    #[case(Action::ReadRefused, [false, true, true])]
    #[case(Action::TestLogin, [false, true, true])]
    #[case(Action::ReadAudit, [false, true, true])]
    #[case(Action::ReadApplications, [true, true, true])]
    #[case(Action::EditConnections, [false, false, true])]
    #[case(Action::EditApplications, [false, false, true])]
    #[case(Action::EditAccess, [false, false, true])]
    #[case(Action::DeleteUsers, [false, false, true])]
    #[case(Action::MergeUsers, [false, false, true])]
    fn viewer_support_admin_may(#[case] action: Action, #[case] allowed: [bool; 3]) {
        assert_eq!(
            [Role::Viewer, Role::Support, Role::Admin].map(|role| role.may(action)),
            allowed
        );
    }
}
