//! Users as the window shows them: the mirror with the own edits on top.

use super::{
    conflicts::conflicts,
    row::{Field, json, parsed},
};
use crate::{Binding, BindingChip, Error, MetadataItem, SyncMark, UserDetail, UserPage, UserQuery, UserRow};
use rusqlite::{Connection, OptionalExtension, ToSql};
use std::collections::{BTreeMap, HashMap};
use yaopai_domain::{Profile, PushRejection, Timestamp, UserId};

const PAGE_MAX: u32 = 500;

/// Users with something the backend has not answered, or that a person has to look at.
const UNSYNCED: &str = "SELECT user_id FROM outbox WHERE state <> 'decided'
    UNION SELECT user_id FROM rejected UNION SELECT user_id FROM conflicts";

/// Row ids first: walking the list by age then needs its index alone, not every user's row in random order (at a million
/// users the difference is seconds).
const FOUND: &str = r" AND u.rowid IN (
    SELECT rowid FROM users WHERE search LIKE :pattern ESCAPE '\'
    UNION SELECT f.rowid FROM identities i JOIN users f ON f.id = i.user_id
    WHERE i.open_id LIKE :pattern ESCAPE '\' OR i.union_id LIKE :pattern ESCAPE '\')";

/// A page of users, newest first. Keyset: what is inserted or deleted meanwhile neither repeats nor hides a row.
pub(crate) fn users(connection: &Connection, query: &UserQuery) -> Result<UserPage, Error> {
    let pattern = like_pattern(&query.search);
    let mut filter = String::from("true");
    if pattern.is_some() {
        filter.push_str(FOUND);
    }
    if query.unsynced_only {
        filter.push_str(" AND u.id IN (");
        filter.push_str(UNSYNCED);
        filter.push(')');
    }
    let by_pattern: &[(&str, &dyn ToSql)] = match &pattern {
        Some(pattern) => &[(":pattern", pattern)],
        None => &[],
    };
    let total = connection
        .prepare_cached(&format!("SELECT count(*) FROM users u WHERE {filter}"))?
        .query_row(by_pattern, |row| row.get(0))?;

    let after = query.after.as_deref().map(Place::parse).transpose()?;
    let limit = query.limit.clamp(1, PAGE_MAX);
    let mut parameters = by_pattern.to_vec();
    // One row more than wanted tells whether there is a next page.
    let wanted = limit + 1;
    parameters.push((":wanted", &wanted));
    let sql = page_sql(&filter, after.is_some());
    if let Some(after) = &after {
        parameters.push((":created_at", &after.created_at));
        parameters.push((":id", &after.id));
    }
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement
        .query_map(&*parameters, |row| {
            Ok(UserRow {
                id: parsed(row, "id")?,
                name: row.get("name")?,
                avatar_url: row.get("avatar_url")?,
                status: json(row, "status")?,
                phone: row.get("phone")?,
                wechat_id: None,
                bindings: Vec::new(),
                created_at: Timestamp(row.get("created_at")?),
                last_seen: None,
                sync: SyncMark::Synced,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    add_bindings(connection, &mut rows)?;
    add_marks(connection, &mut rows)?;
    let next = rows.last().filter(|_| more).map(|last| {
        let place = Place {
            created_at: last.created_at.0,
            id: last.id.to_string(),
        };
        place.to_string()
    });
    Ok(UserPage { rows, next, total })
}

pub(super) fn page_sql(filter: &str, continues: bool) -> String {
    let place = if continues {
        "AND (u.created_at, u.id) < (:created_at, :id)"
    } else {
        ""
    };
    format!(
        "SELECT u.id, u.name, u.avatar_url, u.status, u.phone, u.created_at FROM users u
         WHERE {filter} {place} ORDER BY u.created_at DESC, u.id DESC LIMIT :wanted"
    )
}

/// Text as a pattern for a part of a line: `%`, `_` and `\` stand for themselves.
fn like_pattern(search: &str) -> Option<String> {
    let text = search.trim().to_lowercase();
    if text.is_empty() {
        return None;
    }
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    Some(pattern)
}

/// Where a page ended: `<created_at>:<id>`.
struct Place {
    created_at: i64,
    id: String,
}

impl Place {
    fn parse(text: &str) -> Result<Self, Error> {
        let (created_at, id) = text.split_once(':').ok_or(Error::NotFound)?;
        Ok(Self {
            created_at: created_at.parse().map_err(|_| Error::NotFound)?,
            id: id.to_owned(),
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.created_at, self.id)
    }
}

fn ids(rows: &[UserRow]) -> String {
    let ids: Vec<String> = rows.iter().map(|row| format!("\"{}\"", row.id)).collect();
    format!("[{}]", ids.join(","))
}

fn positions(rows: &[UserRow]) -> HashMap<UserId, usize> {
    rows.iter()
        .enumerate()
        .map(|(position, row)| (row.id, position))
        .collect()
}

fn add_bindings(connection: &Connection, rows: &mut [UserRow]) -> Result<(), Error> {
    let positions = positions(rows);
    let mut statement = connection.prepare_cached(
        "SELECT user_id, scope, kind, open_id, union_id, last_seen FROM identities
         WHERE user_id IN (SELECT value FROM json_each(?1)) ORDER BY user_id, first_seen, id",
    )?;
    let mut found = statement.query([ids(rows)])?;
    let mut union_ids: HashMap<UserId, String> = HashMap::new();
    while let Some(identity) = found.next()? {
        let user_id: UserId = parsed(identity, "user_id")?;
        let Some(row) = positions.get(&user_id).and_then(|&at| rows.get_mut(at)) else {
            continue;
        };
        let union_id: Option<String> = identity.get("union_id")?;
        if identity.get::<_, String>("scope")? == "app" {
            row.bindings.push(BindingChip {
                kind: parsed(identity, "kind")?,
                has_union_id: union_id.is_some(),
            });
        }
        let seen = Timestamp(identity.get("last_seen")?);
        row.last_seen = row.last_seen.max(Some(seen));
        match union_id {
            Some(union_id) => {
                union_ids.entry(user_id).or_insert(union_id);
            }
            None if row.wechat_id.is_none() => row.wechat_id = identity.get("open_id")?,
            None => {}
        }
    }
    for row in rows {
        if let Some(union_id) = union_ids.remove(&row.id) {
            row.wechat_id = Some(union_id);
        }
    }
    Ok(())
}

fn add_marks(connection: &Connection, rows: &mut [UserRow]) -> Result<(), Error> {
    let positions = positions(rows);
    for (sql, mark) in [
        (
            "SELECT user_id FROM outbox WHERE state <> 'decided'",
            SyncMark::Pending,
        ),
        ("SELECT user_id FROM rejected WHERE true", SyncMark::Rejected),
        ("SELECT user_id FROM conflicts WHERE true", SyncMark::Conflict),
    ] {
        let sql = format!("{sql} AND user_id IN (SELECT value FROM json_each(?1))");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut found = statement.query([ids(rows)])?;
        while let Some(row) = found.next()? {
            let user_id: UserId = parsed(row, "user_id")?;
            if let Some(row) = positions.get(&user_id).and_then(|&at| rows.get_mut(at)) {
                row.sync = row.sync.max(mark);
            }
        }
    }
    Ok(())
}

/// One user with everything that is known here.
pub(crate) fn user(connection: &Connection, id: UserId) -> Result<UserDetail, Error> {
    let mut detail = connection
        .query_row(
            "SELECT status, profile, created_at, updated_at FROM users WHERE id = ?1",
            [id.to_string()],
            |row| {
                let profile: Profile = json(row, "profile")?;
                Ok(UserDetail {
                    id,
                    name: profile.best_name().map(str::to_owned),
                    status: json(row, "status")?,
                    profile,
                    created_at: Timestamp(row.get("created_at")?),
                    updated_at: Timestamp(row.get("updated_at")?),
                    bindings: Vec::new(),
                    metadata: Vec::new(),
                    conflicts: Vec::new(),
                })
            },
        )
        .optional()?
        .ok_or(Error::NotFound)?;
    detail.bindings = bindings(connection, id)?;
    detail.conflicts = conflicts(connection, Some(id))?;
    detail.metadata = metadata(connection, &detail)?;
    Ok(detail)
}

fn bindings(connection: &Connection, user_id: UserId) -> Result<Vec<Binding>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT i.id, i.kind, i.app_id, i.open_id, i.union_id, i.first_seen, i.last_seen,
                c.display_name AS connection
         FROM identities i LEFT JOIN connections c ON c.id = i.connection_id
         WHERE i.user_id = ?1 AND i.scope = 'app' ORDER BY i.first_seen, i.id",
    )?;
    let rows = statement.query_map([user_id.to_string()], |row| {
        Ok(Binding {
            id: parsed(row, "id")?,
            kind: parsed(row, "kind")?,
            connection: row.get("connection")?,
            app_id: row.get("app_id")?,
            open_id: row.get("open_id")?,
            union_id: row.get("union_id")?,
            first_seen: Timestamp(row.get("first_seen")?),
            last_seen: Timestamp(row.get("last_seen")?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Mirror, then overlay, then the marks of refusals and conflicts.
fn metadata(connection: &Connection, user: &UserDetail) -> Result<Vec<MetadataItem>, Error> {
    let id = user.id.to_string();
    let mut items: BTreeMap<String, MetadataItem> = BTreeMap::new();
    let mut statement =
        connection.prepare_cached("SELECT key, value, actor, at FROM metadata WHERE user_id = ?1")?;
    let mut rows = statement.query([&id])?;
    while let Some(row) = rows.next()? {
        let key: String = row.get("key")?;
        let mut item = blank(&key);
        item.json = row.get("value")?;
        item.actor = row.get("actor")?;
        item.at = Some(Timestamp(row.get("at")?));
        items.insert(key, item);
    }

    let mut statement = connection.prepare_cached(
        "SELECT v.user_id, v.field, v.value, o.created_at, coalesce(o.state <> 'decided', 0) AS pending
         FROM overlay v LEFT JOIN outbox o ON o.seq = v.seq WHERE v.user_id = ?1",
    )?;
    let mut rows = statement.query([&id])?;
    while let Some(row) = rows.next()? {
        let key = Field::of(row)?.key().to_string();
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

    let mut statement = connection
        .prepare_cached("SELECT user_id, field, mine, rejection FROM rejected WHERE user_id = ?1")?;
    let mut rows = statement.query([&id])?;
    while let Some(row) = rows.next()? {
        let key = Field::of(row)?.key().to_string();
        let rejection: PushRejection = json(row, "rejection")?;
        let item = items.entry(key).or_insert_with_key(|key| blank(key));
        if item.sync == SyncMark::Synced {
            item.json = row.get("mine")?;
        }
        item.sync = item.sync.max(SyncMark::Rejected);
        item.rejection = Some(rejection);
    }
    for conflict in &user.conflicts {
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
