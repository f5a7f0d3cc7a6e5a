//! A binding's row: one OpenID or UnionID of a person, and what it came by.

use super::{
    Found, Into, Put,
    codes::kind_code,
    listed::{changing, derive_bindings},
    unless_newer,
};
use crate::{
    Error,
    replica::{columns::Uuid16, index},
};
use rusqlite::{Connection, OptionalExtension, params};
use yaopai_domain::{ConnectionKind, Identity, IdentityScope, UserId};

/// Row, revision and generation of a binding; a fourth column tells whose it is.
pub(super) const FIND: &str = "SELECT row, rev, generation, user_id FROM identities WHERE id = ?1";

/// Writes a binding, unless a newer state is there.
pub(in crate::replica) fn put_identity(
    c: &Connection,
    generation: i64,
    rev: i64,
    identity: &Identity,
    into: Into,
) -> Result<Put, Error> {
    let id = identity.id.uuid().into_bytes();
    let user_id = identity.user_id.uuid().into_bytes();
    let (found, owner) = c
        .prepare_cached(FIND)?
        .query_row([&id], |row| {
            Ok((Found::read(row)?, row.get::<_, Uuid16>(3)?.id::<UserId>()))
        })
        .optional()?
        .unzip();
    unless_newer(found, generation, rev, || {
        let (origin, open_id, union_id) = match &identity.scope {
            IdentityScope::OpenId {
                connection_id,
                kind,
                app_id,
                open_id,
                union_id,
            } => {
                let connection_id = connection_id.map(|id| id.uuid().into_bytes());
                let origin = origin(c, Some(*kind), connection_id, Some(app_id), None)?;
                (origin, Some(open_id), union_id.as_ref())
            }
            IdentityScope::UnionId {
                platform_account,
                union_id,
            } => {
                let origin = origin(c, None, None, None, Some(&platform_account.to_string()))?;
                (origin, None, Some(union_id))
            }
        };
        let (first_seen, last_seen) = (identity.first_seen.0, identity.last_seen.0);
        if let Some(Found { row, .. }) = found {
            let same = c
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM identities WHERE row = ?1 AND user_id = ?2 AND origin = ?3
                         AND open_id IS ?4 AND union_id IS ?5 AND first_seen = ?6 AND last_seen = ?7)",
                )?
                .query_row(
                    params![row, user_id, origin, open_id, union_id, first_seen, last_seen],
                    |row| row.get(0),
                )?;
            if same {
                // A reset brings every binding again, mostly as they were.
                c.prepare_cached("UPDATE identities SET rev = ?2, generation = ?3 WHERE row = ?1")?
                    .execute(params![row, rev, generation])?;
                return Ok(());
            }
        }
        if into == Into::Ready {
            for user_id in owner.into_iter().chain([identity.user_id]) {
                changing(c, user_id)?;
            }
        }
        let write = if found.is_some() {
            "UPDATE identities SET rev = ?2, generation = ?3, user_id = ?4, origin = ?5, open_id = ?6,
                 union_id = ?7, first_seen = ?8, last_seen = ?9 WHERE id = ?1"
        } else {
            "INSERT INTO identities (id, rev, generation, user_id, origin, open_id, union_id, first_seen,
                                     last_seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        };
        c.prepare_cached(write)?.execute(params![
            id, rev, generation, user_id, origin, open_id, union_id, first_seen, last_seen,
        ])?;
        if into == Into::Ready {
            derive_bindings(c, identity.user_id)?;
            if let Some(owner) = owner.filter(|owner| *owner != identity.user_id) {
                derive_bindings(c, owner)?;
            }
            index::tidy(c)?;
        }
        Ok(())
    })
}

/// The number of what identities came by, a new one if need be.
fn origin(
    c: &Connection,
    kind: Option<ConnectionKind>,
    connection_id: Option<[u8; 16]>,
    app_id: Option<&str>,
    platform_account: Option<&str>,
) -> Result<i64, Error> {
    let kind = kind.map(kind_code);
    let columns = params![kind, connection_id, app_id, platform_account];
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
    let sql = "INSERT INTO origins (kind, connection_id, app_id, platform_account) VALUES (?1, ?2, ?3, ?4)";
    c.execute(sql, columns)?;
    Ok(c.last_insert_rowid())
}
