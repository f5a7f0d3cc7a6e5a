//! The changes of a page, read in a few statements however many there are, and written as JSON at once.
//!
//! A first load sends a million users: between the rows and the wire there are no entities, only their text. What is
//! written here reads as [`yaopai_domain::Change`]; a test compares it with the entities as everybody else loads them.

use super::{
    Reading, StoreError, connections,
    engine::{Row, Value, to_json, values},
    feed, refused, verification_files,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{iter::Peekable, vec};
use yaopai_domain::{
    ConnectionId, Entity, EntityKey, EntityType, PoolId, PullRequest, Revision, VerificationFile,
};

/// Metadata keys that are read for a page at most: 8 KiB each, they bound its memory. A user has at most 256.
const KEYS: usize = 8192;

/// A stretch of the feed.
pub(super) struct Range<'a> {
    /// Of which pool.
    pub(super) pool: &'a PoolId,
    /// Behind this revision.
    pub(super) after: Revision,
    /// Up to this one.
    pub(super) until: Revision,
    /// Whether deleted entities are told.
    pub(super) tombstones: bool,
    /// The types that are told.
    pub(super) scope: &'a [EntityType],
}

/// The beginning of a stretch.
pub(super) struct Found {
    /// The changes, as a JSON array.
    pub(super) changes: Vec<u8>,
    /// Everything up to here is among them: the end of the stretch if there is no more.
    pub(super) last: Revision,
}

/// Reads at most `limit` changes, and little more than [`PullRequest::PAGE_BYTES`].
pub(super) async fn read(reading: &Reading<'_>, range: &Range<'_>, limit: u32) -> Result<Found, StoreError> {
    let mut rows = feed_rows(reading, range, limit).await?;
    let mut last = match rows.last() {
        Some(row) if rows.len() == limit as usize => Revision(row.integer("rev")?),
        _ => range.until,
    };
    let mut types = Types::default();
    for row in &rows {
        types.note(row)?;
    }
    let mut metadata = Vec::new();
    if types.users {
        metadata = rows_behind(reading, METADATA, range, last).await?;
        if let Some(row) = metadata.get(KEYS) {
            // The user whose keys were cut off, and whatever comes behind, is for the next page.
            last = Revision(row.integer("rev")? - 1);
            while rows.pop_if(|row| is_behind(row, last)).is_some() {}
            while metadata.pop_if(|row| is_behind(row, last)).is_some() {}
        }
    }
    let mut writer = Writer {
        bytes: Vec::with_capacity(256 * rows.len() + 2),
        users: Side::default(),
        metadata: Side::new(metadata),
        identities: Side::default(),
    };
    if types.users {
        writer.users = Side::new(rows_behind(reading, USERS, range, last).await?);
    }
    if types.identities {
        writer.identities = Side::new(rows_behind(reading, IDENTITIES, range, last).await?);
    }
    writer.bytes.push(b'[');
    let count = rows.len();
    for (index, row) in rows.into_iter().enumerate() {
        if index > 0 {
            writer.bytes.push(b',');
        }
        let revision = row.integer("rev")?;
        writer.change(reading, range.pool, &row, revision).await?;
        if writer.bytes.len() >= PullRequest::PAGE_BYTES && index + 1 < count {
            last = Revision(revision);
            break;
        }
    }
    writer.bytes.push(b']');
    Ok(Found {
        changes: writer.bytes,
        last,
    })
}

fn is_behind(row: &mut Row, last: Revision) -> bool {
    row.integer("rev").is_ok_and(|rev| rev > last.0)
}

async fn feed_rows(reading: &Reading<'_>, range: &Range<'_>, limit: u32) -> Result<Vec<Row>, StoreError> {
    let types: Vec<_> = range
        .scope
        .iter()
        .map(|etype| format!("'{}'", etype.as_str()))
        .collect();
    let sql = format!(
        "SELECT rev, etype, eid, deleted FROM feed
         WHERE pool = $1 AND rev > $2 AND rev <= $3 AND deleted <= $4 AND etype IN ({})
         ORDER BY rev LIMIT $5",
        types.join(", ")
    );
    let values = values![range.pool, range.after, range.until, range.tombstones, limit];
    reading.rows(&sql, values).await
}

// What belongs to a stretch of the feed, in its order: parameters are the pool, behind which revision, up to which one,
// and how many rows at most.
const USERS: &str = "SELECT f.rev, u.status, u.nickname, u.nickname_source, u.avatar_url, u.avatar_url_source, u.name,
        u.name_source, u.phone, u.phone_source, u.email, u.email_source, u.username, u.username_source, u.created_at,
        u.updated_at
    FROM feed f JOIN users u ON u.id = f.eid
    WHERE f.pool = $1 AND f.rev > $2 AND f.rev <= $3 AND f.etype = 'user' AND f.deleted = 0 ORDER BY f.rev LIMIT $4";
const METADATA: &str = "SELECT f.rev, m.key, m.value, r.rev AS set_at_rev, r.actor, r.at
    FROM feed f
    JOIN user_metadata m ON m.user_id = f.eid
    JOIN field_rev r ON r.pool = f.pool AND r.etype = 'user' AND r.eid = f.eid AND r.fgroup = 'metadata.' || m.key
    WHERE f.pool = $1 AND f.rev > $2 AND f.rev <= $3 AND f.etype = 'user' AND f.deleted = 0 ORDER BY f.rev LIMIT $4";
const IDENTITIES: &str = "SELECT f.rev, i.user_id, i.scope_kind, i.scope, i.subject, i.connection_id, i.kind, i.union_id,
        i.first_seen, i.last_seen
    FROM feed f JOIN identity i ON i.id = f.eid
    WHERE f.pool = $1 AND f.rev > $2 AND f.rev <= $3 AND f.etype = 'identity' AND f.deleted = 0 ORDER BY f.rev LIMIT $4";

async fn rows_behind(
    reading: &Reading<'_>,
    sql: &str,
    range: &Range<'_>,
    last: Revision,
) -> Result<Vec<Row>, StoreError> {
    // One more than is taken: it tells where the rest begins.
    let most = KEYS as i64 + 1;
    reading
        .rows(sql, values![range.pool, range.after, last, most])
        .await
}

/// The types on a page that are read in bulk.
#[derive(Default)]
struct Types {
    users: bool,
    identities: bool,
}

impl Types {
    fn note(&mut self, row: &Row) -> Result<(), StoreError> {
        match row.str("etype")? {
            "user" => self.users = true,
            "identity" => self.identities = true,
            _ => {}
        }
        Ok(())
    }
}

/// Rows beside the feed, in its order; the first column is the revision of their entity.
#[derive(Default)]
struct Side(Option<Peekable<vec::IntoIter<Row>>>);

impl Side {
    fn new(rows: Vec<Row>) -> Self {
        Self(Some(rows.into_iter().peekable()))
    }

    /// The columns of the next row if it belongs to this revision, without the first.
    fn next(&mut self, revision: i64) -> Option<vec::IntoIter<Value>> {
        let row = self
            .0
            .as_mut()?
            .next_if(|row| row.first_integer() == Some(revision))?;
        let mut values = row.into_values().into_iter();
        values.next();
        Some(values)
    }
}

/// Writes changes as JSON.
struct Writer {
    bytes: Vec<u8>,
    users: Side,
    metadata: Side,
    identities: Side,
}

impl Writer {
    async fn change(
        &mut self,
        reading: &Reading<'_>,
        pool: &PoolId,
        row: &Row,
        revision: i64,
    ) -> Result<(), StoreError> {
        let key = feed::key(row)?;
        self.raw("{\"revision\":");
        self.number(revision);
        self.raw(",\"key\":");
        self.raw(&to_json(&key)?);
        self.raw(",\"entity\":");
        if row.flag("deleted")? {
            self.raw("null");
        } else {
            match &key {
                EntityKey::User(_) => self.user(&key, revision)?,
                EntityKey::Identity(_) => self.identity(&key, revision)?,
                // Of these there are few.
                EntityKey::Connection(id) => self.typed(connection(reading, pool, *id).await?)?,
                EntityKey::VerificationFile(name) => self.typed(file(reading, name).await?)?,
                EntityKey::RefusedPerson { app_id, open_id } => {
                    let refused = refused::load(reading, pool, app_id, open_id).await?;
                    self.typed(refused.map(|refused| Entity::RefusedPerson(Box::new(refused))))?;
                }
            }
        }
        self.raw("}");
        Ok(())
    }

    fn typed(&mut self, entity: Option<Entity>) -> Result<(), StoreError> {
        self.raw(&to_json(&entity)?);
        Ok(())
    }

    fn user(&mut self, key: &EntityKey, revision: i64) -> Result<(), StoreError> {
        let Some(mut row) = self.users.next(revision) else {
            self.raw("null");
            return Ok(());
        };
        self.raw("{\"type\":\"user\",\"state\":{\"id\":\"");
        self.raw(&key.id());
        self.raw("\",\"status\":");
        self.value(row.next());
        self.raw(",\"profile\":{");
        let mut first = true;
        for field in ["nickname", "avatar_url", "name", "phone", "email", "username"] {
            let (value, source) = (row.next(), row.next());
            if let Some(Value::Text(value)) = value {
                self.raw(if first { "\"" } else { ",\"" });
                first = false;
                self.raw(field);
                self.raw("\":{\"value\":");
                self.text(&value);
                self.raw(",\"source\":");
                self.value(source);
                self.raw("}");
            }
        }
        self.raw("},\"metadata\":{");
        let mut first = true;
        while let Some(mut entry) = self.metadata.next(revision) {
            if !first {
                self.raw(",");
            }
            first = false;
            self.value(entry.next());
            self.raw(":{\"value\":");
            // The column holds JSON that was checked when it was written.
            match entry.next() {
                Some(Value::Text(json)) => self.raw(&json),
                _ => return Err(StoreError::Unreadable("value: not a text".to_owned())),
            }
            self.raw(",\"revision\":");
            self.value(entry.next());
            self.raw(",\"actor\":");
            self.value(entry.next());
            self.raw(",\"at\":");
            self.value(entry.next());
            self.raw("}");
        }
        self.raw("},\"created_at\":");
        self.value(row.next());
        self.raw(",\"updated_at\":");
        self.value(row.next());
        self.raw("}}");
        Ok(())
    }

    fn identity(&mut self, key: &EntityKey, revision: i64) -> Result<(), StoreError> {
        let Some(mut row) = self.identities.next(revision) else {
            self.raw("null");
            return Ok(());
        };
        self.raw("{\"type\":\"identity\",\"state\":{\"id\":\"");
        self.raw(&key.id());
        self.raw("\",\"user_id\":");
        self.value(row.next());
        let is_open_id = match row.next() {
            Some(Value::Text(kind)) if kind == "app" => true,
            Some(Value::Text(kind)) if kind == "platform" => false,
            _ => return Err(StoreError::Unreadable("scope_kind: unknown name".to_owned())),
        };
        let (scope, subject, connection, kind, union_id) =
            (row.next(), row.next(), row.next(), row.next(), row.next());
        let members = if is_open_id {
            self.raw(",\"scope\":{\"type\":\"open_id\"");
            vec![
                (",\"connection_id\":", connection),
                (",\"kind\":", kind),
                (",\"app_id\":", scope),
                (",\"open_id\":", subject),
                (",\"union_id\":", union_id),
            ]
        } else {
            self.raw(",\"scope\":{\"type\":\"union_id\"");
            vec![(",\"platform_account\":", scope), (",\"union_id\":", subject)]
        };
        for (name, value) in members {
            self.raw(name);
            self.value(value);
        }
        self.raw("},\"first_seen\":");
        self.value(row.next());
        self.raw(",\"last_seen\":");
        self.value(row.next());
        self.raw("}}");
        Ok(())
    }

    fn raw(&mut self, json: &str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    fn number(&mut self, number: i64) {
        // Writing to memory never fails.
        let _ = serde_json::to_writer(&mut self.bytes, &number);
    }

    fn text(&mut self, text: &str) {
        let _ = serde_json::to_writer(&mut self.bytes, text);
    }

    fn value(&mut self, value: Option<Value>) {
        match value {
            Some(Value::Text(text)) => self.text(&text),
            Some(Value::Integer(number)) => self.number(number),
            Some(Value::Null | Value::Bytes(_)) | None => self.raw("null"),
        }
    }
}

async fn connection(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: ConnectionId,
) -> Result<Option<Entity>, StoreError> {
    let connection = connections::load(reading, pool, id).await?;
    Ok(connection.map(|connection| Entity::Connection(Box::new(connection))))
}

async fn file(reading: &Reading<'_>, name: &str) -> Result<Option<Entity>, StoreError> {
    let content = verification_files::content_of(reading, name).await?;
    Ok(content.map(|content| {
        Entity::VerificationFile(Box::new(VerificationFile {
            name: name.to_owned(),
            content_base64: BASE64_STANDARD.encode(content),
        }))
    }))
}
