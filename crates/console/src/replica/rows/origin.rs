//! What identities come by: few, however many identities there are.

use super::codes::kind_code;
use crate::Error;
use rusqlite::{Connection, OptionalExtension, params};
use yaopai_domain::{ConnectionId, ConnectionKind, IdentityScope, PlatformAccountId};

/// What an identity came by.
pub(super) enum Origin {
    Connection {
        kind: ConnectionKind,
        connection_id: Option<ConnectionId>,
        app_id: String,
    },
    PlatformAccount(PlatformAccountId),
}

impl Origin {
    pub(super) fn of(scope: &IdentityScope) -> Self {
        match scope {
            IdentityScope::OpenId {
                connection_id,
                kind,
                app_id,
                ..
            } => Self::Connection {
                kind: *kind,
                connection_id: *connection_id,
                app_id: app_id.clone(),
            },
            IdentityScope::UnionId { platform_account, .. } => Self::PlatformAccount(*platform_account),
        }
    }

    /// Whether an identity of this scope came by it.
    pub(super) fn is_of(&self, scope: &IdentityScope) -> bool {
        match (self, scope) {
            (
                Self::Connection {
                    kind,
                    connection_id,
                    app_id,
                },
                IdentityScope::OpenId {
                    kind: its_kind,
                    connection_id: its_connection_id,
                    app_id: its_app_id,
                    ..
                },
            ) => kind == its_kind && connection_id == its_connection_id && app_id == its_app_id,
            (Self::PlatformAccount(account), IdentityScope::UnionId { platform_account, .. }) => {
                account == platform_account
            }
            _ => false,
        }
    }

    /// Its row, a new one if need be.
    pub(super) fn row(&self, c: &Connection) -> Result<i64, Error> {
        let (kind, connection_id, app_id, account) = match self {
            Self::Connection {
                kind,
                connection_id,
                app_id,
            } => {
                let connection_id = connection_id.map(|id| id.uuid().into_bytes());
                (Some(kind_code(*kind)), connection_id, Some(app_id), None)
            }
            Self::PlatformAccount(account) => (None, None, None, Some(account.to_string())),
        };
        let columns = params![kind, connection_id, app_id, account];
        let found = c
            .prepare_cached(
                "SELECT row FROM origins WHERE kind IS ?1 AND connection_id IS ?2 AND app_id IS ?3
                 AND platform_account IS ?4",
            )?
            .query_row(columns, |row| row.get(0))
            .optional()?;
        if let Some(row) = found {
            return Ok(row);
        }
        let sql =
            "INSERT INTO origins (kind, connection_id, app_id, platform_account) VALUES (?1, ?2, ?3, ?4)";
        c.execute(sql, columns)?;
        Ok(c.last_insert_rowid())
    }
}
