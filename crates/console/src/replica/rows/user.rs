//! A user's row, with the profile and the metadata beside it.

use super::{
    Found, Into, Put, Together,
    codes::status_code,
    find,
    listed::{Bindings, derive_bindings, derive_name},
    unless_newer,
};
use crate::{
    Error,
    replica::{
        columns::{json_of, to_json},
        index,
        name_order::name_order,
    },
};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize, Serializer};
use std::collections::BTreeMap;
use yaopai_domain::{
    Metadata, MetadataKey, MetadataValue, Profile, Revision, Sourced, Timestamp, User, UserId,
};

/// Row, revision and generation of a user.
pub(super) const FIND: &str = "SELECT row, rev, generation FROM people WHERE id = ?1";

/// A key's value in the mirror.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::replica) struct Entry(
    pub(in crate::replica) MetadataValue,
    pub(in crate::replica) Revision,
    pub(in crate::replica) Option<String>,
    pub(in crate::replica) Timestamp,
);

/// Writes a user, unless a newer state is there.
pub(in crate::replica) fn put_user(
    c: &Connection,
    generation: i64,
    rev: i64,
    user: &User,
    together: &mut Together<'_>,
    into: Into,
) -> Result<Put, Error> {
    // Nearly everybody whom a first load brings is new: only who is not has to be looked for.
    if into == Into::Bare && insert(c, generation, rev, user, &together.bindings(user.id))?.is_some() {
        return Ok(Put::NEW);
    }
    let found = find(c, FIND, [user.id.uuid().into_bytes()])?;
    unless_newer(found, generation, rev, || {
        if let Some(Found { row, .. }) = found {
            if update(c, row, generation, rev, user, into)? {
                // Somebody may have edited the name here.
                derive_name(c, row, user.id, &user.profile)?;
            }
        } else if let Some(row) = insert(c, generation, rev, user, &Bindings::default())? {
            // Nobody was found, so somebody was added.
            index::added(c, row)?;
            derive_bindings(c, user.id)?;
            derive_name(c, row, user.id, &user.profile)?;
        }
        if into == Into::Ready {
            index::tidy(c)?;
        }
        Ok(())
    })
}

/// Adds a user; `None` if there is one of this id.
fn insert(
    c: &Connection,
    generation: i64,
    rev: i64,
    user: &User,
    bindings: &Bindings,
) -> Result<Option<i64>, Error> {
    let name = user.profile.best_name();
    let added = c
        .prepare_cached(
            "INSERT INTO people (id, rev, generation, status, created_at, updated_at, phone, avatar_url, name,
                                 name_order, bindings, binding_count, wechat_id, last_seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            user.id.uuid().into_bytes(),
            rev,
            generation,
            status_code(user.status),
            user.created_at.0,
            user.updated_at.0,
            text(user.profile.phone.as_ref()),
            text(user.profile.avatar_url.as_ref()),
            name,
            name.map(name_order),
            bindings.chips(),
            bindings.count(),
            bindings.wechat_id(),
            bindings.last_seen(),
        ])?;
    if added == 0 {
        return Ok(None);
    }
    let row = c.last_insert_rowid();
    c.prepare_cached("INSERT INTO user_state (row, profile, metadata) VALUES (?1, ?2, ?3)")?
        .execute(params![row, to_json(&user.profile)?, metadata_json(user)?])?;
    Ok(Some(row))
}

/// Brings a row up to date; `false` if the user looks as before.
fn update(
    c: &Connection,
    row: i64,
    generation: i64,
    rev: i64,
    user: &User,
    into: Into,
) -> Result<bool, Error> {
    let profile = to_json(&user.profile)?;
    let metadata = metadata_json(user)?;
    let same: bool = c
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM user_state s JOIN people p ON p.row = s.row WHERE s.row = ?1
                 AND s.profile = ?2 AND s.metadata = ?3 AND p.status = ?4)",
        )?
        .query_row(params![row, profile, metadata, status_code(user.status)], |row| {
            row.get(0)
        })?;
    if same {
        // A reset brings everybody again, mostly as they were.
        c.prepare_cached(
            "UPDATE people SET rev = ?2, generation = ?3, created_at = ?4, updated_at = ?5 WHERE row = ?1",
        )?
        .execute(params![
            row,
            rev,
            generation,
            user.created_at.0,
            user.updated_at.0
        ])?;
        index::moved(c)?;
        return Ok(false);
    }
    if into == Into::Ready {
        index::changing(c, row)?;
    }
    c.prepare_cached(
        "UPDATE people SET rev = ?2, generation = ?3, status = ?4, created_at = ?5, updated_at = ?6,
             phone = ?7, avatar_url = ?8 WHERE row = ?1",
    )?
    .execute(params![
        row,
        rev,
        generation,
        status_code(user.status),
        user.created_at.0,
        user.updated_at.0,
        text(user.profile.phone.as_ref()),
        text(user.profile.avatar_url.as_ref()),
    ])?;
    c.prepare_cached("UPDATE user_state SET profile = ?2, metadata = ?3 WHERE row = ?1")?
        .execute(params![row, profile, metadata])?;
    Ok(true)
}

/// The metadata as JSON: by key, what an [`Entry`] is read from.
fn metadata_json(user: &User) -> rusqlite::Result<String> {
    struct Entries<'a>(&'a Metadata);
    impl Serialize for Entries<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(
                self.0
                    .iter()
                    .map(|(key, entry)| (key, (&entry.value, entry.revision, &entry.actor, entry.at))),
            )
        }
    }
    to_json(&Entries(&user.metadata))
}

fn text(field: Option<&Sourced>) -> Option<&str> {
    field.map(|field| field.value.as_str())
}

/// The row of a user, if there is such a user.
pub(in crate::replica) fn row_of(c: &Connection, user_id: UserId) -> Result<Option<i64>, Error> {
    Ok(c.prepare_cached("SELECT row FROM people WHERE id = ?1")?
        .query_row([user_id.uuid().into_bytes()], |row| row.get(0))
        .optional()?)
}

/// A user's metadata in the mirror.
pub(in crate::replica) fn metadata_of(
    c: &Connection,
    user_id: UserId,
) -> Result<BTreeMap<MetadataKey, Entry>, Error> {
    let Some(row) = row_of(c, user_id)? else {
        return Ok(BTreeMap::new());
    };
    json_of(c, "SELECT metadata FROM user_state WHERE row = ?1", row)
}

/// A user's profile in the mirror, if there is such a user.
pub(in crate::replica) fn profile_of(c: &Connection, user_id: UserId) -> Result<Option<Profile>, Error> {
    row_of(c, user_id)?.map(|row| profile_at(c, row)).transpose()
}

/// The profile in a row of the mirror.
pub(super) fn profile_at(c: &Connection, row: i64) -> Result<Profile, Error> {
    json_of(c, "SELECT profile FROM user_state WHERE row = ?1", row)
}
