//! Rows of the mirror: written as the backend sends them, with what lists show and sort by kept beside them.

use super::{
    columns::{Uuid16, text_at, to_json},
    index,
    name_order::name_order,
};
use crate::Error;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use yaopai_domain::{
    Bug, Connection as Way, ConnectionKind, EntityKey, Identity, IdentityScope, MetadataKey, MetadataValue,
    Profile, ProfileField, Refused, Revision, Source, Sourced, Timestamp, User, UserId, UserStatus,
    VerificationFile, planted,
};

/// Into which state of the file rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Into {
    /// A first load: rows alone. [`super::build::build_indexes`] and [`super::build::build_search`] make the rest of them.
    Bare,
    /// A replica in use, or one whose search index is being made: lists and search follow at once.
    Ready,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Put {
    /// What was there before.
    pub(super) old: Option<Old>,
    /// Whether the row is now as was asked. `false`: what was there is newer, or there was nothing to delete.
    pub(super) written: bool,
}

/// A row as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Old {
    /// Its revision.
    pub(super) rev: i64,
    /// Its generation.
    pub(super) generation: i64,
}

/// A key's value in the mirror.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry(
    pub(super) MetadataValue,
    pub(super) Revision,
    pub(super) Option<String>,
    pub(super) Timestamp,
);

struct Found {
    row: i64,
    old: Old,
}

impl Found {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            row: row.get(0)?,
            old: Old {
                rev: row.get(1)?,
                generation: row.get(2)?,
            },
        })
    }
}

/// Writes a user, unless a newer state is there.
pub(super) fn put_user(
    c: &Connection,
    generation: i64,
    rev: i64,
    user: &User,
    into: Into,
) -> Result<Put, Error> {
    let id = user.id.uuid().into_bytes();
    let metadata: BTreeMap<&str, (&MetadataValue, Revision, &Option<String>, Timestamp)> = user
        .metadata
        .iter()
        .map(|(key, entry)| {
            (
                key.as_str(),
                (&entry.value, entry.revision, &entry.actor, entry.at),
            )
        })
        .collect();
    let metadata = to_json(&metadata)?;
    let profile = to_json(&user.profile)?;
    let found = c
        .prepare_cached("SELECT row, rev, generation FROM people WHERE id = ?1")?
        .query_row([&id], Found::read)
        .optional()?;
    let old = found.as_ref().map(|found| found.old);
    if is_newer(old, generation, rev) {
        return Ok(Put { old, written: false });
    }
    let row = if let Some(found) = &found {
        let row = found.row;
        let same = c
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
            .execute(params![row, rev, generation, user.created_at.0, user.updated_at.0])?;
            index::moved(c)?;
            return Ok(Put { old, written: true });
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
        row
    } else {
        let name = user.profile.best_name();
        c.prepare_cached(
            "INSERT INTO people (id, rev, generation, status, created_at, updated_at, phone, avatar_url, name,
                                 name_order)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            id,
            rev,
            generation,
            status_code(user.status),
            user.created_at.0,
            user.updated_at.0,
            text(user.profile.phone.as_ref()),
            text(user.profile.avatar_url.as_ref()),
            name,
            name.map(name_order),
        ])?;
        let row = c.last_insert_rowid();
        c.prepare_cached("INSERT INTO user_state (row, profile, metadata) VALUES (?1, ?2, ?3)")?
            .execute(params![row, profile, metadata])?;
        if into == Into::Ready {
            index::added(c, row)?;
            derive_bindings(c, &id)?;
        }
        row
    };
    // A new row has its name already, unless somebody has edited it here.
    if into == Into::Ready || found.is_some() {
        derive_name(c, row, user.id, &user.profile)?;
    }
    if into == Into::Ready {
        index::tidy(c)?;
    }
    Ok(Put { old, written: true })
}

/// Writes a binding, unless a newer state is there.
pub(super) fn put_identity(
    c: &Connection,
    generation: i64,
    rev: i64,
    identity: &Identity,
    into: Into,
) -> Result<Put, Error> {
    let id = identity.id.uuid().into_bytes();
    let user_id = identity.user_id.uuid().into_bytes();
    let found = c
        .prepare_cached("SELECT row, rev, generation, user_id FROM identities WHERE id = ?1")?
        .query_row([&id], |row| {
            Ok((Found::read(row)?, row.get::<_, Uuid16>("user_id")?.0))
        })
        .optional()?;
    let old = found.as_ref().map(|(found, _)| found.old);
    if is_newer(old, generation, rev) {
        return Ok(Put { old, written: false });
    }
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
    if let Some((found, _)) = &found {
        let same = c
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM identities WHERE row = ?1 AND user_id = ?2 AND origin = ?3
                     AND open_id IS ?4 AND union_id IS ?5 AND first_seen = ?6 AND last_seen = ?7)",
            )?
            .query_row(
                params![
                    found.row,
                    user_id,
                    origin,
                    open_id,
                    union_id,
                    identity.first_seen.0,
                    identity.last_seen.0
                ],
                |row| row.get(0),
            )?;
        if same {
            // A reset brings every binding again, mostly as they were.
            c.prepare_cached("UPDATE identities SET rev = ?2, generation = ?3 WHERE row = ?1")?
                .execute(params![found.row, rev, generation])?;
            return Ok(Put { old, written: true });
        }
    }
    if into == Into::Ready {
        for owner in [found.as_ref().map(|(_, owner)| *owner), Some(user_id)] {
            changing_user(c, owner)?;
        }
    }
    if let Some((found, _)) = &found {
        c.prepare_cached(
            "UPDATE identities SET rev = ?2, generation = ?3, user_id = ?4, origin = ?5, open_id = ?6,
                 union_id = ?7, first_seen = ?8, last_seen = ?9 WHERE row = ?1",
        )?
        .execute(params![
            found.row,
            rev,
            generation,
            user_id,
            origin,
            open_id,
            union_id,
            identity.first_seen.0,
            identity.last_seen.0,
        ])?;
    } else {
        c.prepare_cached(
            "INSERT INTO identities (id, rev, generation, user_id, origin, open_id, union_id, first_seen,
                                     last_seen)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            id,
            rev,
            generation,
            user_id,
            origin,
            open_id,
            union_id,
            identity.first_seen.0,
            identity.last_seen.0,
        ])?;
    }
    if into == Into::Ready {
        derive_bindings(c, &user_id)?;
        if let Some((_, owner)) = found.filter(|(_, owner)| *owner != user_id) {
            derive_bindings(c, &owner)?;
        }
        index::tidy(c)?;
    }
    Ok(Put { old, written: true })
}

/// Writes a connection, unless a newer state is there.
pub(super) fn put_connection(
    c: &Connection,
    generation: i64,
    rev: i64,
    way: &Way,
    _into: Into,
) -> Result<Put, Error> {
    put_small(
        c,
        "SELECT 0, rev, generation FROM connections WHERE id = ?1",
        "INSERT OR REPLACE INTO connections (id, rev, generation, display_name, kind) VALUES (?1, ?2, ?3, ?4, ?5)",
        (generation, rev),
        &[&way.id.uuid().into_bytes()],
        &[&way.display_name, &kind_code(way.kind)],
    )
}

/// Writes a verification file, unless a newer state is there.
pub(super) fn put_verification_file(
    c: &Connection,
    generation: i64,
    rev: i64,
    file: &VerificationFile,
    _into: Into,
) -> Result<Put, Error> {
    put_small(
        c,
        "SELECT 0, rev, generation FROM verification_files WHERE name = ?1",
        "INSERT OR REPLACE INTO verification_files (name, rev, generation, content_base64)
         VALUES (?1, ?2, ?3, ?4)",
        (generation, rev),
        &[&file.name],
        &[&file.content_base64],
    )
}

/// Writes a refused person, unless a newer state is there.
pub(super) fn put_refused(
    c: &Connection,
    generation: i64,
    rev: i64,
    person: &Refused,
    _into: Into,
) -> Result<Put, Error> {
    let connection_id = person.connection_id.map(|id| id.uuid().into_bytes());
    put_small(
        c,
        "SELECT row, rev, generation FROM refused_people WHERE app_id = ?1 AND open_id = ?2",
        "INSERT INTO refused_people (app_id, open_id, rev, generation, connection_id, union_id, nickname,
                                     avatar_url, refusal, first_seen, last_seen, times, found_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (app_id, open_id) DO UPDATE
         SET rev = excluded.rev, generation = excluded.generation, connection_id = excluded.connection_id,
             union_id = excluded.union_id, nickname = excluded.nickname, avatar_url = excluded.avatar_url,
             refusal = excluded.refusal, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
             times = excluded.times, found_by = excluded.found_by",
        (generation, rev),
        &[&person.app_id, &person.open_id],
        &[
            &connection_id,
            &person.union_id,
            &person.nickname,
            &person.avatar_url,
            &to_json(&person.refusal)?,
            &person.first_seen.0,
            &person.last_seen.0,
            &person.times,
            &super::refused::found_by(person),
        ],
    )
}

/// Writes a row of a small table: key columns, revision, generation, other columns.
fn put_small(
    c: &Connection,
    find: &str,
    write: &str,
    (generation, rev): (i64, i64),
    key: &[&dyn rusqlite::ToSql],
    rest: &[&dyn rusqlite::ToSql],
) -> Result<Put, Error> {
    let found = c.prepare_cached(find)?.query_row(key, Found::read).optional()?;
    let old = found.map(|found| found.old);
    if is_newer(old, generation, rev) {
        return Ok(Put { old, written: false });
    }
    let version: [&dyn rusqlite::ToSql; 2] = [&rev, &generation];
    let columns: Vec<&dyn rusqlite::ToSql> = key.iter().chain(&version).chain(rest).copied().collect();
    c.prepare_cached(write)?.execute(&*columns)?;
    Ok(Put { old, written: true })
}

/// Takes away what the backend has deleted, unless a newer state is there.
pub(super) fn delete(
    c: &Connection,
    key: &EntityKey,
    generation: i64,
    rev: i64,
    into: Into,
) -> Result<Put, Error> {
    let found = |sql: &str, key: &[&dyn rusqlite::ToSql]| -> Result<Option<Found>, Error> {
        Ok(c.prepare_cached(sql)?.query_row(key, Found::read).optional()?)
    };
    let put = |found: Option<Found>, delete: &mut dyn FnMut(&Found) -> Result<(), Error>| {
        let Some(found) = found else {
            return Ok(Put::default());
        };
        let old = Some(found.old);
        if is_newer(old, generation, rev) {
            return Ok(Put { old, written: false });
        }
        delete(&found)?;
        Ok(Put { old, written: true })
    };
    match key {
        EntityKey::User(id) => put(
            found(
                "SELECT row, rev, generation FROM people WHERE id = ?1",
                &[&id.uuid().into_bytes()],
            )?,
            &mut |found| delete_user(c, found.row, into),
        ),
        EntityKey::Identity(id) => put(
            found(
                "SELECT row, rev, generation FROM identities WHERE id = ?1",
                &[&id.uuid().into_bytes()],
            )?,
            &mut |found| delete_identity(c, found.row, into),
        ),
        EntityKey::Connection(id) => {
            let id = id.uuid().into_bytes();
            put(
                found("SELECT 0, rev, generation FROM connections WHERE id = ?1", &[&id])?,
                &mut |_| {
                    c.execute("DELETE FROM connections WHERE id = ?1", [&id])?;
                    Ok(())
                },
            )
        }
        EntityKey::VerificationFile(name) => put(
            found(
                "SELECT 0, rev, generation FROM verification_files WHERE name = ?1",
                &[name],
            )?,
            &mut |_| {
                c.execute("DELETE FROM verification_files WHERE name = ?1", [name])?;
                Ok(())
            },
        ),
        EntityKey::RefusedPerson { app_id, open_id } => put(
            found(
                "SELECT row, rev, generation FROM refused_people WHERE app_id = ?1 AND open_id = ?2",
                &[app_id, open_id],
            )?,
            &mut |found| {
                c.execute("DELETE FROM refused_people WHERE row = ?1", [found.row])?;
                Ok(())
            },
        ),
    }
}

fn delete_user(c: &Connection, row: i64, into: Into) -> Result<(), Error> {
    if into == Into::Ready {
        index::removing(c, row)?;
    }
    c.prepare_cached("DELETE FROM user_state WHERE row = ?1")?
        .execute([row])?;
    c.prepare_cached("DELETE FROM people WHERE row = ?1")?
        .execute([row])?;
    if into == Into::Ready {
        index::tidy(c)?;
    }
    Ok(())
}

fn delete_identity(c: &Connection, row: i64, into: Into) -> Result<(), Error> {
    let owner = c
        .prepare_cached("SELECT user_id FROM identities WHERE row = ?1")?
        .query_row([row], |row| row.get::<_, Uuid16>(0))?
        .0;
    if into == Into::Ready {
        changing_user(c, Some(owner))?;
    }
    c.prepare_cached("DELETE FROM identities WHERE row = ?1")?
        .execute([row])?;
    if into == Into::Ready {
        derive_bindings(c, &owner)?;
        index::tidy(c)?;
    }
    Ok(())
}

/// Takes away the rows of older generations, at most `limit` of them; `false` once there are none.
///
/// Without the index on generations this walks the tables: a reset of a million users takes a second, in steps.
pub(super) fn sweep(c: &Connection, generation: i64, into: Into, limit: u32) -> Result<bool, Error> {
    let mut left = limit;
    for (table, delete) in [
        (
            "identities",
            delete_identity as fn(&Connection, i64, Into) -> Result<(), Error>,
        ),
        ("people", delete_user),
    ] {
        let sql = format!("SELECT row FROM {table} WHERE generation < ?1 LIMIT ?2");
        let rows: Vec<i64> = c
            .prepare_cached(&sql)?
            .query_map(params![generation, left], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for row in &rows {
            delete(c, *row, into)?;
        }
        left = left.saturating_sub(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        if left == 0 {
            return Ok(true);
        }
    }
    for table in ["connections", "verification_files", "refused_people"] {
        c.execute(
            &format!("DELETE FROM {table} WHERE generation < ?1"),
            [generation],
        )?;
    }
    Ok(false)
}

/// To be called before an edit of a user comes or goes: what the search index has of the user is remembered.
pub(super) fn editing(c: &Connection, user_id: UserId) -> Result<(), Error> {
    match row_of(c, user_id)? {
        Some(row) => index::changing(c, row),
        None => Ok(()),
    }
}

/// To be called after an edit of a user came or went: list and search show what the user looks like here.
pub(super) fn refresh(c: &Connection, user_id: UserId) -> Result<(), Error> {
    let Some(row) = row_of(c, user_id)? else {
        return Ok(());
    };
    let profile =
        super::columns::json_of::<Profile>(c, "SELECT profile FROM user_state WHERE row = ?1", row)?;
    derive_name(c, row, user_id, &profile)?;
    index::tidy(c)
}

/// Takes the whole mirror away. Edits, conflicts, refusals and saved views stay.
pub(super) fn forget_everything(c: &Connection) -> Result<(), Error> {
    for table in [
        "people",
        "user_state",
        "identities",
        "origins",
        "connections",
        "verification_files",
        "refused_people",
        "postings",
        "terms",
        "unindexed",
    ] {
        c.execute(&format!("DELETE FROM {table}"), [])?;
    }
    c.execute("UPDATE search SET ready = 1, derived = 0, next_chunk = 0, people = 0, unindexed = 0, changes = changes + 1", [])?;
    Ok(())
}

/// The row of a user, if there is such a user.
pub(super) fn row_of(c: &Connection, user_id: UserId) -> Result<Option<i64>, Error> {
    Ok(c.prepare_cached("SELECT row FROM people WHERE id = ?1")?
        .query_row([user_id.uuid().into_bytes()], |row| row.get(0))
        .optional()?)
}

/// A user's metadata in the mirror.
pub(super) fn metadata_of(c: &Connection, user_id: UserId) -> Result<BTreeMap<MetadataKey, Entry>, Error> {
    let Some(row) = row_of(c, user_id)? else {
        return Ok(BTreeMap::new());
    };
    super::columns::json_of(c, "SELECT metadata FROM user_state WHERE row = ?1", row)
}

/// A user's profile in the mirror, if there is such a user.
pub(super) fn profile_of(c: &Connection, user_id: UserId) -> Result<Option<Profile>, Error> {
    row_of(c, user_id)?
        .map(|row| super::columns::json_of(c, "SELECT profile FROM user_state WHERE row = ?1", row))
        .transpose()
}

/// Puts the own edits of profile fields on top of a profile.
pub(super) fn with_own_edits(c: &Connection, user_id: UserId, profile: &mut Profile) -> Result<(), Error> {
    let mut statement = c.prepare_cached(
        "SELECT field, value FROM overlay WHERE user_id = ?1 AND field IN ('profile.nickname', 'profile.name')",
    )?;
    let mut rows = statement.query([user_id.to_string()])?;
    while let Some(row) = rows.next()? {
        let field = match text_at(row, 0)? {
            Some("profile.nickname") => ProfileField::Nickname,
            _ => ProfileField::Name,
        };
        let value: Option<String> = super::columns::optional_json(row, "value")?;
        *field.of_mut(profile) = value.map(|value| Sourced {
            value,
            source: Source::Operator,
        });
    }
    Ok(())
}

fn derive_name(c: &Connection, row: i64, user_id: UserId, profile: &Profile) -> Result<(), Error> {
    let mut profile = profile.clone();
    with_own_edits(c, user_id, &mut profile)?;
    let name = profile.best_name();
    c.prepare_cached("UPDATE people SET name = ?2, name_order = ?3 WHERE row = ?1 AND name IS NOT ?2")?
        .execute(params![row, name, name.map(name_order)])?;
    Ok(())
}

/// What the list shows of a user's bindings, from the bindings.
pub(super) fn derive_bindings(c: &Connection, user_id: &[u8; 16]) -> Result<(), Error> {
    let row = c
        .prepare_cached("SELECT row FROM people WHERE id = ?1")?
        .query_row([user_id], |row| row.get(0))
        .optional()?;
    // The user may not be there yet.
    let Some(person) = row else { return Ok(()) };
    let mut statement = c.prepare_cached(
        "SELECT o.kind, i.open_id, i.union_id, i.last_seen
         FROM identities i JOIN origins o ON o.row = i.origin
         WHERE i.user_id = ?1 ORDER BY i.first_seen, i.id",
    )?;
    let mut rows = statement.query([user_id])?;
    let mut bindings = Bindings::default();
    while let Some(row) = rows.next()? {
        bindings.add(row.get(0)?, text_at(row, 1)?, text_at(row, 2)?, row.get(3)?);
    }
    bindings.write(c, person)
}

/// What a list shows of a user's bindings.
#[derive(Default)]
pub(super) struct Bindings {
    chips: Vec<u8>,
    union_id: Option<String>,
    open_id: Option<String>,
    last_seen: Option<i64>,
}

impl Bindings {
    /// Adds the next binding, oldest first.
    pub(super) fn add(
        &mut self,
        kind: Option<u8>,
        open_id: Option<&str>,
        union_id: Option<&str>,
        last_seen: i64,
    ) {
        if let Some(kind) = kind {
            self.chips.push(kind << 1 | u8::from(union_id.is_some()));
        }
        if self.union_id.is_none() {
            self.union_id = union_id.map(str::to_owned);
        }
        if self.open_id.is_none() {
            self.open_id = open_id.map(str::to_owned);
        }
        self.last_seen = self.last_seen.max(Some(last_seen));
    }

    /// Writes it beside the user.
    pub(super) fn write(&self, c: &Connection, row: i64) -> Result<(), Error> {
        let chips = (!self.chips.is_empty()).then_some(&self.chips);
        let wechat_id = self.union_id.as_ref().or(self.open_id.as_ref());
        let count = self.chips.len() as i64;
        c.prepare_cached(
            "UPDATE people SET bindings = ?2, binding_count = ?3, wechat_id = ?4, last_seen = ?5 WHERE row = ?1",
        )?
        .execute(params![row, chips, count, wechat_id, self.last_seen])?;
        Ok(())
    }
}

fn changing_user(c: &Connection, user_id: Option<[u8; 16]>) -> Result<(), Error> {
    let Some(user_id) = user_id else { return Ok(()) };
    let row = c
        .prepare_cached("SELECT row FROM people WHERE id = ?1")?
        .query_row([user_id], |row| row.get(0))
        .optional()?;
    match row {
        Some(row) => index::changing(c, row),
        None => Ok(()),
    }
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

/// Whether what is there is of a later generation, or of a higher revision of the same.
fn is_newer(old: Option<Old>, generation: i64, rev: i64) -> bool {
    old.is_some_and(|old| {
        let guard = (old.generation, old.rev) > (generation, rev);
        guard || (planted(Bug::RevisionGuard) && old.rev > rev)
    })
}

fn text(field: Option<&Sourced>) -> Option<&str> {
    field.map(|field| field.value.as_str())
}

const fn status_code(status: UserStatus) -> u8 {
    match status {
        UserStatus::Active => 0,
        UserStatus::Blocked => 1,
    }
}

/// The status of a stored code.
pub(super) const fn status_of(code: u8) -> UserStatus {
    match code {
        0 => UserStatus::Active,
        _ => UserStatus::Blocked,
    }
}

/// How a kind is stored; never changes.
const fn kind_code(kind: ConnectionKind) -> u8 {
    match kind {
        ConnectionKind::Pc => 1,
        ConnectionKind::WebpageAuthorization => 2,
        ConnectionKind::MiniProgram => 3,
        ConnectionKind::MiniProgramQr => 4,
        ConnectionKind::AppLaunch => 5,
        ConnectionKind::Mobile => 6,
        ConnectionKind::FollowCode => 7,
    }
}

/// The kind of a stored code.
pub(super) fn kind_of(code: u8) -> Option<ConnectionKind> {
    ConnectionKind::ALL
        .into_iter()
        .find(|kind| kind_code(*kind) == code)
}
