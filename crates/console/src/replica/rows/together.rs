//! What rows that are written one after another share.

use super::{codes::kind_code, listed::Bindings};
use crate::Error;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use yaopai_domain::{ConnectionId, ConnectionKind, Identity, IdentityScope, PlatformAccountId, UserId};

/// Rows that arrive together, within one transaction.
#[derive(Default)]
pub(in crate::replica) struct Batch<'a> {
    bindings: HashMap<UserId, Vec<&'a Identity>>,
    origins: Vec<(Origin, i64)>,
}

/// So many origins are kept at hand; the rest is looked up.
const AT_HAND: usize = 16;

impl<'a> Batch<'a> {
    /// A batch with these bindings. Most people come together with theirs: a first load then writes at once what lists show
    /// of them.
    pub(in crate::replica) fn with(identities: impl Iterator<Item = &'a Identity>) -> Self {
        let mut batch = Self::default();
        for identity in identities {
            batch.bindings.entry(identity.user_id).or_default().push(identity);
        }
        batch
    }

    /// What a list shows of a user's bindings in the batch.
    pub(super) fn bindings(&mut self, user_id: UserId) -> Bindings {
        match self.bindings.get_mut(&user_id) {
            Some(identities) => Bindings::of(identities),
            None => Bindings::default(),
        }
    }

    /// The number of what an identity came by, a new one if need be.
    pub(super) fn origin(&mut self, c: &Connection, scope: &IdentityScope) -> Result<i64, Error> {
        if let Some((_, row)) = self.origins.iter().find(|(origin, _)| origin.is_of(scope)) {
            return Ok(*row);
        }
        let origin = Origin::of(scope);
        let row = origin.row(c)?;
        if self.origins.len() < AT_HAND {
            self.origins.push((origin, row));
        }
        Ok(row)
    }
}

/// What identities come by: few, however many identities there are.
enum Origin {
    Connection {
        kind: ConnectionKind,
        connection_id: Option<ConnectionId>,
        app_id: String,
    },
    PlatformAccount(PlatformAccountId),
}

impl Origin {
    fn of(scope: &IdentityScope) -> Self {
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

    fn is_of(&self, scope: &IdentityScope) -> bool {
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
    fn row(&self, c: &Connection) -> Result<i64, Error> {
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
