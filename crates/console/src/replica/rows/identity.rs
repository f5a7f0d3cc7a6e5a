//! A binding's row: one OpenID or UnionID of a person, and what it came by.

use super::{
    Found, Into, Put, Together,
    listed::{changing, derive_bindings},
    unless_newer,
};
use crate::{
    Error,
    replica::{columns::Uuid16, index},
};
use rusqlite::{Connection, OptionalExtension, params};
use yaopai_domain::{Identity, IdentityScope, UserId};

/// Row, revision and generation of a binding; a fourth column tells whose it is.
pub(super) const FIND: &str = "SELECT row, rev, generation, user_id FROM identities WHERE id = ?1";

/// Writes a binding, unless a newer state is there.
pub(in crate::replica) fn put_identity(
    c: &Connection,
    generation: i64,
    rev: i64,
    identity: &Identity,
    together: &mut Together<'_>,
    into: Into,
) -> Result<Put, Error> {
    // Nearly everything that a first load brings is new: only what is not has to be looked for.
    if into == Into::Bare {
        let origin = together.origin(c, &identity.scope)?;
        if insert(c, generation, rev, identity, origin)? {
            return Ok(Put::NEW);
        }
    }
    let (found, owner) = c
        .prepare_cached(FIND)?
        .query_row([identity.id.uuid().into_bytes()], |row| {
            Ok((Found::read(row)?, row.get::<_, Uuid16>(3)?.id::<UserId>()))
        })
        .optional()?
        .unzip();
    unless_newer(found, generation, rev, || {
        let origin = together.origin(c, &identity.scope)?;
        if let Some(Found { row, .. }) = found
            && is_same(c, row, identity, origin)?
        {
            // A reset brings every binding again, mostly as they were.
            c.prepare_cached("UPDATE identities SET rev = ?2, generation = ?3 WHERE row = ?1")?
                .execute(params![row, rev, generation])?;
            return Ok(());
        }
        if into == Into::Ready {
            for user_id in owner.into_iter().chain([identity.user_id]) {
                changing(c, user_id)?;
            }
        }
        if found.is_some() {
            write(
                c,
                "UPDATE identities SET rev = ?2, generation = ?3, user_id = ?4, origin = ?5, open_id = ?6,
                     union_id = ?7, first_seen = ?8, last_seen = ?9 WHERE id = ?1",
                (generation, rev),
                identity,
                origin,
            )?;
        } else {
            insert(c, generation, rev, identity, origin)?;
        }
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

/// Adds a binding; `false` if it is there.
fn insert(
    c: &Connection,
    generation: i64,
    rev: i64,
    identity: &Identity,
    origin: i64,
) -> Result<bool, Error> {
    write(
        c,
        "INSERT INTO identities (id, rev, generation, user_id, origin, open_id, union_id, first_seen, last_seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING",
        (generation, rev),
        identity,
        origin,
    )
}

/// Runs a statement that takes a binding's columns; whether it changed anything.
fn write(
    c: &Connection,
    sql: &str,
    (generation, rev): (i64, i64),
    identity: &Identity,
    origin: i64,
) -> Result<bool, Error> {
    let (open_id, union_id) = ids(&identity.scope);
    let changed = c.prepare_cached(sql)?.execute(params![
        identity.id.uuid().into_bytes(),
        rev,
        generation,
        identity.user_id.uuid().into_bytes(),
        origin,
        open_id,
        union_id,
        identity.first_seen.0,
        identity.last_seen.0,
    ])?;
    Ok(changed > 0)
}

/// Whether a row says of a binding what it shall say, revision and generation apart.
fn is_same(c: &Connection, row: i64, identity: &Identity, origin: i64) -> Result<bool, Error> {
    let (open_id, union_id) = ids(&identity.scope);
    let user_id = identity.user_id.uuid().into_bytes();
    let (first_seen, last_seen) = (identity.first_seen.0, identity.last_seen.0);
    let same = c
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM identities WHERE row = ?1 AND user_id = ?2 AND origin = ?3
                 AND open_id IS ?4 AND union_id IS ?5 AND first_seen = ?6 AND last_seen = ?7)",
        )?
        .query_row(
            params![row, user_id, origin, open_id, union_id, first_seen, last_seen],
            |row| row.get(0),
        )?;
    Ok(same)
}

/// The OpenID and the UnionID.
pub(super) fn ids(scope: &IdentityScope) -> (Option<&str>, Option<&str>) {
    match scope {
        IdentityScope::OpenId {
            open_id, union_id, ..
        } => (Some(open_id), union_id.as_deref()),
        IdentityScope::UnionId { union_id, .. } => (None, Some(union_id)),
    }
}
