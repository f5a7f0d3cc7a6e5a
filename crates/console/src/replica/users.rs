//! One user as the window shows it: the mirror with the own edits on top.

use super::{
    columns::{Uuid16, json},
    conflicts::conflicts,
    rows::{Entry, kind_of, metadata_of, profile_of, status_of, with_own_edits},
};
use crate::{Binding, Error, MetadataItem, SyncMark, UserDetail};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::BTreeMap;
use yaopai_domain::{FieldGroup, PushRejection, Timestamp, UserId};

/// One user with everything that is known here.
pub(crate) fn user(connection: &Connection, id: UserId) -> Result<UserDetail, Error> {
    let mut profile = profile_of(connection, id)?.ok_or(Error::NotFound)?;
    with_own_edits(connection, id, &mut profile)?;
    let mut detail = connection
        .prepare_cached("SELECT status, created_at, updated_at FROM people WHERE id = ?1")?
        .query_row([id.uuid().into_bytes()], |row| {
            Ok(UserDetail {
                id,
                name: profile.best_name().map(str::to_owned),
                status: status_of(row.get("status")?),
                profile,
                created_at: Timestamp(row.get("created_at")?),
                updated_at: Timestamp(row.get("updated_at")?),
                bindings: Vec::new(),
                metadata: Vec::new(),
                conflicts: Vec::new(),
            })
        })
        .optional()?
        .ok_or(Error::NotFound)?;
    detail.bindings = bindings(connection, id)?;
    detail.conflicts = conflicts(connection, Some(id))?;
    detail.metadata = metadata(connection, &detail)?;
    Ok(detail)
}

fn bindings(connection: &Connection, user_id: UserId) -> Result<Vec<Binding>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT i.id, o.kind, o.app_id, i.open_id, i.union_id, i.first_seen, i.last_seen,
                c.display_name AS connection
         FROM identities i JOIN origins o ON o.row = i.origin LEFT JOIN connections c ON c.id = o.connection_id
         WHERE i.user_id = ?1 AND o.kind IS NOT NULL ORDER BY i.first_seen, i.id",
    )?;
    let mut rows = statement.query([user_id.uuid().into_bytes()])?;
    let mut bindings = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(kind) = kind_of(row.get("kind")?) else {
            continue;
        };
        bindings.push(Binding {
            id: row.get::<_, Uuid16>("id")?.id(),
            kind,
            connection: row.get("connection")?,
            app_id: row.get("app_id")?,
            open_id: row.get("open_id")?,
            union_id: row.get("union_id")?,
            first_seen: Timestamp(row.get("first_seen")?),
            last_seen: Timestamp(row.get("last_seen")?),
        });
    }
    Ok(bindings)
}

/// Mirror, then overlay, then the marks of refusals and conflicts.
fn metadata(connection: &Connection, user: &UserDetail) -> Result<Vec<MetadataItem>, Error> {
    let id = user.id.to_string();
    let mut items: BTreeMap<String, MetadataItem> = BTreeMap::new();
    for (key, Entry(value, _, actor, at)) in metadata_of(connection, user.id)? {
        let mut item = blank(key.as_str());
        item.json = Some(value.to_string());
        item.actor = actor;
        item.at = Some(at);
        items.insert(key.to_string(), item);
    }

    let mut statement = connection.prepare_cached(
        "SELECT v.field, v.value, o.created_at, coalesce(o.state <> 'decided', 0) AS pending
         FROM overlay v LEFT JOIN outbox o ON o.seq = v.seq WHERE v.user_id = ?1",
    )?;
    let mut rows = statement.query([&id])?;
    while let Some(row) = rows.next()? {
        let Some(key) = metadata_key(row)? else { continue };
        let pending: bool = row.get("pending")?;
        let item = items.entry(key).or_insert_with_key(|key| blank(key));
        item.json = row.get("value")?;
        item.actor = None;
        item.at = row.get::<_, Option<i64>>("created_at")?.map(Timestamp);
        item.sync = if pending {
            SyncMark::Pending
        } else {
            SyncMark::Synced
        };
    }
    // A removal the backend has: nothing to show.
    items.retain(|_, item| item.json.is_some() || item.sync == SyncMark::Pending);

    let mut statement =
        connection.prepare_cached("SELECT field, mine, rejection FROM rejected WHERE user_id = ?1")?;
    let mut rows = statement.query([&id])?;
    while let Some(row) = rows.next()? {
        let Some(key) = metadata_key(row)? else { continue };
        let rejection: PushRejection = json(row, "rejection")?;
        let item = items.entry(key).or_insert_with_key(|key| blank(key));
        if item.sync == SyncMark::Synced {
            item.json = row.get("mine")?;
        }
        item.sync = item.sync.max(SyncMark::Rejected);
        item.rejection = Some(rejection);
    }
    for conflict in user.conflicts.iter().filter(|conflict| conflict.field.is_none()) {
        let item = items
            .entry(conflict.key.clone())
            .or_insert_with_key(|key| MetadataItem {
                json: conflict.theirs.clone(),
                ..blank(key)
            });
        item.sync = SyncMark::Conflict;
    }
    Ok(items.into_values().collect())
}

/// The key that a row is about; `None` if it is about the profile, or about creating the user.
fn metadata_key(row: &Row<'_>) -> rusqlite::Result<Option<String>> {
    Ok(match row.get_ref("field")?.as_str()?.parse() {
        Ok(FieldGroup::Metadata(key)) => Some(key.to_string()),
        Ok(FieldGroup::Nickname | FieldGroup::Name) | Err(_) => None,
    })
}

fn blank(key: &str) -> MetadataItem {
    MetadataItem {
        key: key.to_owned(),
        json: None,
        sync: SyncMark::Synced,
        rejection: None,
        actor: None,
        at: None,
    }
}
