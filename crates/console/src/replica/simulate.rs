//! A replica in memory for the simulator, and its tables as they are: what the rules make of them is asked elsewhere.

use super::{
    columns::{Field, Uuid16, optional_json, parsed},
    open::{Opening, prepare},
    rows::{kind_of, status_of},
};
use crate::{Error, options::Ambient, sync::simulate::Standing};
use rusqlite::{Connection, Row, backup::Backup};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};
use yaopai_domain::{
    ConnectionId, Entity, EntityKey, IdentityScope, MetadataValue, MutationId, Outcome, PoolId, UserId,
};

/// The folder of a file that is in memory: there is nothing in it.
pub(crate) const NOWHERE: &str = ":memory:";

/// Migrated once for all: the migrations cost more than most simulated lives.
static MIGRATED: OnceLock<Mutex<Connection>> = OnceLock::new();

/// An entity in the mirror.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirrored {
    /// The load that brought it.
    pub generation: i64,
    /// Its revision.
    pub revision: i64,
    /// What the mirror keeps of it, as [`kept_of`] makes it of the entity.
    pub state: Value,
}

/// What an edited field looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// Whose field.
    pub user_id: UserId,
    /// Which.
    pub field: String,
    /// Its value; `None` if it was removed.
    pub value: Option<MetadataValue>,
    /// The edit.
    pub seq: i64,
}

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Its number.
    pub seq: i64,
    /// Its identity.
    pub id: MutationId,
    /// Whose field.
    pub user_id: UserId,
    /// Which.
    pub field: String,
    /// What was seen.
    pub base: Option<String>,
    /// What it shall be.
    pub new: Option<String>,
    /// What became of it; `None` if that is not known yet.
    pub outcome: Option<Outcome>,
    /// Whether the backend has to say once more what became of it.
    pub asked_again: bool,
}

/// A replica without a file.
pub(crate) fn open_in_memory(pool: PoolId, ambient: Ambient) -> Result<Connection, Error> {
    let mut file = if let Some(migrated) = MIGRATED.get() {
        copy(&migrated.lock().unwrap_or_else(PoisonError::into_inner))?
    } else {
        let mut migrated = Connection::open_in_memory()?;
        super::open::migrate(&mut migrated)?;
        let file = copy(&migrated)?;
        MIGRATED.get_or_init(|| Mutex::new(migrated));
        file
    };
    reopen(&mut file, pool, ambient)?;
    Ok(file)
}

/// Opens it again, as a new process does.
pub(crate) fn reopen(file: &mut Connection, pool: PoolId, ambient: Ambient) -> Result<(), Error> {
    let opening = Opening {
        path: PathBuf::from(NOWHERE),
        pool,
        ambient,
    };
    prepare(file, Path::new(NOWHERE), &opening)
}

pub(crate) fn copy(from: &Connection) -> Result<Connection, Error> {
    let mut to = Connection::open_in_memory()?;
    fill(from, &mut to)?;
    Ok(to)
}

pub(crate) fn fill(from: &Connection, to: &mut Connection) -> Result<(), Error> {
    Backup::new(from, to)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(())
}

pub(crate) fn bytes(file: &Connection) -> Result<Vec<u8>, Error> {
    Ok(copy(file)?.serialize("main")?.to_vec())
}

pub(crate) fn overlay(file: &Connection) -> Result<Vec<Overlay>, Error> {
    let mut statement = file.prepare_cached("SELECT user_id, field, value, seq FROM overlay")?;
    let rows = statement.query_map([], |row| {
        let field = Field::of(row)?;
        Ok(Overlay {
            user_id: field.user_id,
            field: field.group.to_string(),
            value: optional_json(row, "value")?,
            seq: row.get("seq")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn edits(file: &Connection) -> Result<Vec<Edit>, Error> {
    let mut statement = file.prepare_cached(
        "SELECT seq, mutation_id, user_id, field, base, new, outcome, verify FROM outbox ORDER BY seq",
    )?;
    let rows = statement.query_map([], |row| {
        let value = |column| -> rusqlite::Result<Option<String>> {
            // Written once as values are written on the screen.
            Ok(optional_json::<Value>(row, column)?.map(|value| value.to_string()))
        };
        Ok(Edit {
            seq: row.get("seq")?,
            id: parsed(row, "mutation_id")?,
            user_id: parsed(row, "user_id")?,
            field: row.get("field")?,
            base: value("base")?,
            new: value("new")?,
            outcome: optional_json(row, "outcome")?,
            asked_again: row.get("verify")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn standing(file: &Connection) -> Result<Standing, Error> {
    let mut places = BTreeMap::new();
    let mut statement = file.prepare_cached("SELECT part, cursor FROM load_part")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        places.insert(Some(row.get("part")?), row.get("cursor")?);
    }
    let sql = "SELECT client_id, generation, cursor, loaded, scope, unsent, access_lost, mismatches, waiting
        FROM replica, tally";
    Ok(file.prepare_cached(sql)?.query_row([], |row| {
        if let Some(cursor) = row.get("cursor")? {
            places.insert(None, cursor);
        }
        Ok(Standing {
            client_id: parsed(row, "client_id")?,
            places,
            generation: row.get("generation")?,
            loaded: row.get("loaded")?,
            scope: optional_json(row, "scope")?,
            waiting: row.get("waiting")?,
            access_lost: row.get("access_lost")?,
            unsent: row.get("unsent")?,
            mismatches: row.get("mismatches")?,
        })
    })?)
}

type KeyOf = fn(&Row<'_>) -> rusqlite::Result<EntityKey>;

/// Every table of the mirror, the columns that name its rows, and how.
const TABLES: [(&str, &str, KeyOf); 5] = [
    ("people", "id", |row| {
        Ok(EntityKey::User(row.get::<_, Uuid16>("id")?.id()))
    }),
    ("identities", "id", |row| {
        Ok(EntityKey::Identity(row.get::<_, Uuid16>("id")?.id()))
    }),
    ("connections", "id", |row| {
        Ok(EntityKey::Connection(row.get::<_, Uuid16>("id")?.id()))
    }),
    ("verification_files", "name", |row| {
        Ok(EntityKey::VerificationFile(row.get("name")?))
    }),
    ("refused_people", "app_id, open_id", |row| {
        Ok(EntityKey::RefusedPerson {
            app_id: row.get("app_id")?,
            open_id: row.get("open_id")?,
        })
    }),
];

/// Generation and revision of every mirrored entity; those that only this console knows are not mirrored.
pub(crate) fn revisions(file: &Connection) -> Result<BTreeMap<EntityKey, (i64, i64)>, Error> {
    let mut revisions = BTreeMap::new();
    for (table, names, key) in TABLES {
        let sql = format!("SELECT {names}, rev, generation FROM {table} WHERE rev > 0");
        let mut statement = file.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            revisions.insert(key(row)?, (row.get("generation")?, row.get("rev")?));
        }
    }
    Ok(revisions)
}

pub(crate) fn mirror(file: &Connection) -> Result<BTreeMap<EntityKey, Mirrored>, Error> {
    let sql: [&str; 5] = [
        "SELECT p.*, s.profile, s.metadata FROM people p JOIN user_state s ON s.row = p.row",
        "SELECT i.*, o.kind, o.connection_id, o.app_id, o.platform_account
         FROM identities i JOIN origins o ON o.row = i.origin",
        "SELECT * FROM connections",
        "SELECT * FROM verification_files",
        "SELECT * FROM refused_people",
    ];
    let state: [fn(&Row<'_>) -> rusqlite::Result<Value>; 5] = [
        user,
        identity,
        |row| Ok(json!({ "display_name": row.get::<_, String>("display_name")? })),
        |row| Ok(json!({ "content_base64": row.get::<_, String>("content_base64")? })),
        refused,
    ];
    let mut mirror = BTreeMap::new();
    for (((_, _, key), sql), state) in TABLES.into_iter().zip(sql).zip(state) {
        let mut statement = file.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mirrored = Mirrored {
                generation: row.get("generation")?,
                revision: row.get("rev")?,
                state: state(row)?,
            };
            mirror.insert(key(row)?, mirrored);
        }
    }
    Ok(mirror)
}

fn user(row: &Row<'_>) -> rusqlite::Result<Value> {
    Ok(json!({
        "status": status_of(row.get("status")?),
        "profile": optional_json::<Value>(row, "profile")?,
        "created_at": row.get::<_, i64>("created_at")?,
        "updated_at": row.get::<_, i64>("updated_at")?,
        "metadata": optional_json::<Value>(row, "metadata")?,
    }))
}

fn identity(row: &Row<'_>) -> rusqlite::Result<Value> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let connection = row.get::<_, Option<Uuid16>>("connection_id")?;
    Ok(json!({
        "user_id": row.get::<_, Uuid16>("user_id")?.id::<UserId>(),
        "kind": row.get::<_, Option<u8>>("kind")?.and_then(kind_of),
        "connection_id": connection.map(Uuid16::id::<ConnectionId>),
        "app_id": text("app_id")?,
        "open_id": text("open_id")?,
        "platform_account": text("platform_account")?,
        "union_id": text("union_id")?,
        "first_seen": row.get::<_, i64>("first_seen")?,
        "last_seen": row.get::<_, i64>("last_seen")?,
    }))
}

fn refused(row: &Row<'_>) -> rusqlite::Result<Value> {
    let text = |column: &str| row.get::<_, Option<String>>(column);
    let connection = row.get::<_, Option<Uuid16>>("connection_id")?;
    Ok(json!({
        "connection_id": connection.map(Uuid16::id::<ConnectionId>),
        "union_id": text("union_id")?,
        "nickname": text("nickname")?,
        "avatar_url": text("avatar_url")?,
        "refusal": optional_json::<Value>(row, "refusal")?,
        "first_seen": row.get::<_, i64>("first_seen")?,
        "last_seen": row.get::<_, i64>("last_seen")?,
        "times": row.get::<_, i64>("times")?,
    }))
}

/// What a mirror keeps of an entity.
pub fn kept_of(entity: &Entity) -> Value {
    match entity {
        Entity::User(user) => json!({
            "status": user.status,
            "profile": user.profile,
            "created_at": user.created_at,
            "updated_at": user.updated_at,
            "metadata": user
                .metadata
                .iter()
                .map(|(key, entry)| {
                    let entry = json!([entry.value, entry.revision, entry.actor, entry.at]);
                    (key.to_string(), entry)
                })
                .collect::<BTreeMap<_, _>>(),
        }),
        Entity::Identity(identity) => {
            let mut state = json!({
                "user_id": identity.user_id,
                "kind": null,
                "connection_id": null,
                "app_id": null,
                "open_id": null,
                "platform_account": null,
                "union_id": null,
                "first_seen": identity.first_seen,
                "last_seen": identity.last_seen,
            });
            match &identity.scope {
                IdentityScope::OpenId {
                    connection_id,
                    kind,
                    app_id,
                    open_id,
                    union_id,
                } => {
                    state["kind"] = json!(kind);
                    state["connection_id"] = json!(connection_id);
                    state["app_id"] = json!(app_id);
                    state["open_id"] = json!(open_id);
                    state["union_id"] = json!(union_id);
                }
                IdentityScope::UnionId {
                    platform_account,
                    union_id,
                } => {
                    state["platform_account"] = json!(platform_account);
                    state["union_id"] = json!(union_id);
                }
            }
            state
        }
        Entity::Connection(connection) => json!({ "display_name": connection.display_name }),
        Entity::VerificationFile(file) => json!({ "content_base64": file.content_base64 }),
        Entity::RefusedPerson(refused) => json!({
            "connection_id": refused.connection_id,
            "union_id": refused.union_id,
            "nickname": refused.nickname,
            "avatar_url": refused.avatar_url,
            "refusal": refused.refusal,
            "first_seen": refused.first_seen,
            "last_seen": refused.last_seen,
            "times": refused.times,
        }),
    }
}
