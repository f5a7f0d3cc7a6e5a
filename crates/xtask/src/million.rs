//! Puts a directory of people into a backend's database, past the backend: a million would take it an hour.

use anyhow::{Context, bail};
use rusqlite::{Connection, OpenFlags, Transaction, params};
use std::path::Path;
use yaopai_domain::{Identity, IdentityScope, PlatformAccountId, ProfileField, User, UserStatus};
use yaopai_xtask::people::{Directory, Door, Person};

const POOL: &str = "default";
/// People a transaction.
const BATCH: u64 = 50_000;

/// Adds `count` people to the pool `default` of a database that `yaopai-server` has made and nobody has open. They are
/// bound through the connections that are there.
pub(crate) fn put(database: &Path, count: u64, seed: u64) -> anyhow::Result<()> {
    let mut file =
        Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).with_context(|| {
            format!(
                "{}: start yaopai-server with it once, so that it is made",
                database.display()
            )
        })?;
    file.execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
    let users: i64 = file.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?;
    if users > 0 {
        bail!("{}: there are {users} people already", database.display());
    }
    let platform_account: String = file
        .query_row(
            "SELECT id FROM platform_account WHERE pool = ?1 ORDER BY created_at LIMIT 1",
            [POOL],
            |row| row.get(0),
        )
        .context("the pool `default` has no platform account")?;
    let platform_account: PlatformAccountId = platform_account.parse()?;
    let directory = Directory::new(seed, doors(&file)?, platform_account);
    let mut number = 0;
    while number < count {
        let transaction = file.transaction()?;
        let end = count.min(number + BATCH);
        let mut head: i64 =
            transaction.query_row("SELECT rev FROM pool_head WHERE pool = ?1", [POOL], |row| {
                row.get(0)
            })?;
        for one in number..end {
            head = put_person(&transaction, &directory.person(one), head)?;
        }
        transaction.execute(
            // Without digests the server computes them when it starts.
            "UPDATE pool_head SET rev = ?2, digests = NULL WHERE pool = ?1",
            params![POOL, head],
        )?;
        transaction.execute(
            "INSERT INTO rev_mark (pool, rev, mark, at) VALUES (?1, ?2, ?3, 0)",
            params![POOL, head, (seed ^ end).cast_signed() & i64::MAX],
        )?;
        transaction.commit()?;
        number = end;
        eprint!("\r{number} of {count} people");
    }
    eprintln!();
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); ANALYZE;")?;
    Ok(())
}

fn doors(file: &Connection) -> anyhow::Result<Vec<Door>> {
    let mut statement =
        file.prepare("SELECT id, kind, app_id FROM connection WHERE pool = ?1 ORDER BY identifier")?;
    let rows = statement.query_map([POOL], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
        ))
    })?;
    let mut doors = Vec::new();
    for row in rows {
        let (id, kind, app_id) = row?;
        doors.push(Door {
            connection: Some(id.parse()?),
            kind: kind.parse().map_err(|error| anyhow::anyhow!("{kind}: {error}"))?,
            app_id,
        });
    }
    if doors.is_empty() {
        bail!("the pool `default` has no connection: people come in through one");
    }
    Ok(doors)
}

/// Answers the pool's head after it.
fn put_person(file: &Transaction<'_>, person: &Person, head: i64) -> anyhow::Result<i64> {
    let user_rev = head + 1;
    put_user(file, &person.user, user_rev)?;
    put_feed(file, "user", &person.user.id.to_string(), user_rev)?;
    let mut rev = user_rev;
    for identity in &person.identities {
        rev += 1;
        put_identity(file, identity)?;
        put_feed(file, "identity", &identity.id.to_string(), rev)?;
    }
    Ok(rev)
}

fn put_user(file: &Transaction<'_>, user: &User, rev: i64) -> anyhow::Result<()> {
    let id = user.id.to_string();
    let profile = ProfileField::ALL.map(|field| field.of(&user.profile).as_ref());
    let value = |at: usize| profile[at].map(|field| field.value.as_str());
    let source = |at: usize| -> anyhow::Result<Option<String>> {
        let Some(field) = profile[at] else { return Ok(None) };
        Ok(serde_json::to_value(field.source)?.as_str().map(str::to_owned))
    };
    let status = match user.status {
        UserStatus::Active => "active",
        UserStatus::Blocked => "blocked",
    };
    file.prepare_cached(
        "INSERT INTO users (id, pool, status, nickname, nickname_source, avatar_url, avatar_url_source, name, name_source,
                            phone, phone_source, email, email_source, username, username_source, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(params![
        id, POOL, status,
        value(0), source(0)?, value(1), source(1)?, value(2), source(2)?,
        value(3), source(3)?, value(4), source(4)?, value(5), source(5)?,
        user.created_at.0, user.updated_at.0,
    ])?;
    let mut metadata =
        file.prepare_cached("INSERT INTO user_metadata (user_id, key, value) VALUES (?1, ?2, ?3)")?;
    let mut changed = file.prepare_cached(
        "INSERT INTO field_rev (pool, etype, eid, fgroup, rev, actor, at) VALUES (?1, 'user', ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (key, entry) in &user.metadata {
        metadata.execute(params![id, key.as_str(), entry.value.to_string()])?;
        changed.execute(params![
            POOL,
            id,
            format!("metadata.{key}"),
            rev,
            entry.actor,
            entry.at.0
        ])?;
    }
    let mut name = file.prepare_cached(
        "INSERT INTO login_name (pool, kind, value, user_id, since) VALUES (?1, 'username', ?2, ?3, ?4)",
    )?;
    if let Some(username) = value(5) {
        name.execute(params![POOL, username, id, user.created_at.0])?;
    }
    Ok(())
}

fn put_identity(file: &Transaction<'_>, identity: &Identity) -> anyhow::Result<()> {
    let mut statement = file.prepare_cached(
        "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, connection_id, kind, union_id, first_seen,
                               last_seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let [id, user] = [identity.id.to_string(), identity.user_id.to_string()];
    let (first, last) = (identity.first_seen.0, identity.last_seen.0);
    match &identity.scope {
        IdentityScope::OpenId {
            connection_id,
            kind,
            app_id,
            open_id,
            union_id,
        } => statement.execute(params![
            id,
            POOL,
            user,
            "app",
            app_id,
            open_id,
            connection_id.map(|id| id.to_string()),
            kind.as_str(),
            union_id,
            first,
            last,
        ])?,
        IdentityScope::UnionId {
            platform_account,
            union_id,
        } => statement.execute(params![
            id,
            POOL,
            user,
            "platform",
            platform_account.to_string(),
            union_id,
            None::<String>,
            None::<String>,
            None::<String>,
            first,
            last,
        ])?,
    };
    Ok(())
}

fn put_feed(file: &Transaction<'_>, etype: &str, eid: &str, rev: i64) -> anyhow::Result<()> {
    file.prepare_cached("INSERT INTO feed (pool, etype, eid, rev, deleted) VALUES (?1, ?2, ?3, ?4, 0)")?
        .execute(params![POOL, etype, eid, rev])?;
    Ok(())
}
