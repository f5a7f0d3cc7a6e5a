//! Applying a bootstrap file to SQLite, in one transaction.

use super::{
    Sqlite, Writing,
    audit::{self, Entry},
    connections, feed, pools,
    row::{Columns, from_json, to_json, wire_name},
    sync, users,
};
use crate::{
    access::key_hash,
    bootstrap::{
        AccessKeyEntry, ApplicationEntry, ConnectionEntry, OperatorEntry, Plan, PlatformAccountEntry,
        PoolEntry, UserEntry,
    },
    store::{BootstrapStore, NewConnection, Reply, StoreError, Unique},
    vault::Vault,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use yaopai_domain::{
    AccessKeyId, ApplicationId, ConnectionDraft, ConnectionId, EntityKey, FieldError, FieldGroup,
    MetadataKey, MetadataValue, OperatorId, PlatformAccountId, PoolId, Profile, Rule, Source, Sourced, User,
    UserId, UserStatus, VerificationFile, validate_draft,
};

/// Who it was, in the audit log.
const ACTOR: &str = "bootstrap";
/// Access keys are kept as plain hashes, so they must be too many to try.
const KEY_MIN_CHARS: usize = 20;

impl BootstrapStore for Sqlite {
    fn apply(&self, plan: Plan) -> Reply<'_, ()> {
        Box::pin(self.write(move |writing| apply(writing, &plan)))
    }
}

/// What the transaction will commit to the feed, by pool, and who set which metadata.
#[derive(Default)]
struct Touched {
    keys: BTreeMap<PoolId, Vec<EntityKey>>,
    metadata: Vec<(PoolId, UserId, MetadataKey)>,
}

impl Touched {
    fn add(&mut self, pool: &PoolId, key: EntityKey) {
        self.keys.entry(pool.clone()).or_default().push(key);
    }
}

fn apply(writing: &mut Writing<'_>, plan: &Plan) -> Result<(), StoreError> {
    let entries = plan.entries.as_ref();
    let mut touched = Touched::default();
    each("pool", &entries.pool, |entry| pool(writing, entry))?;
    pools::ensure_one(writing)?;
    each("platform_account", &entries.platform_account, |entry| {
        platform_account(writing, entry)
    })?;
    each("connection", &entries.connection, |entry| {
        connection(writing, entry, &plan.vault, &mut touched)
    })?;
    each("application", &entries.application, |entry| {
        application(writing, entry)
    })?;
    each("user", &entries.user, |entry| user(writing, entry, &mut touched))?;
    each("operator", &entries.operator, |entry| operator(writing, entry))?;
    each("access_key", &entries.access_key, |entry| {
        access_key(writing, entry)
    })?;
    remove_other_access_keys(writing, &entries.access_key)?;

    let mut revisions = BTreeMap::new();
    for (pool, keys) in &touched.keys {
        revisions.extend(feed::commit(writing, pool, keys)?);
    }
    for (pool, user, key) in touched.metadata {
        let revision = revisions.get(&EntityKey::User(user)).copied().unwrap_or_default();
        sync::changed(writing, &pool, ACTOR, user, &FieldGroup::Metadata(key), revision)?;
    }
    Ok(())
}

/// Why an entry is refused.
enum Fault {
    At(Option<String>, String),
    Store(StoreError),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(Unique::VerificationFile) => rule(&FieldError::new(
                "verification_file.name",
                Rule::VerificationFileTaken,
            )),
            error => Self::Store(error),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

fn at(field: &str, what: &str) -> Fault {
    Fault::At(Some(field.to_owned()), what.to_owned())
}

fn rule(error: &FieldError) -> Fault {
    let name = wire_name(&error.rule).unwrap_or_default();
    // The content of a file is one field here and on the wire.
    Fault::At(
        Some(error.field.clone()),
        format!("{} breaks the rule {name}", error.field),
    )
}

fn each<E>(
    section: &'static str,
    entries: &[E],
    mut apply: impl FnMut(&E) -> Result<(), Fault>,
) -> Result<(), StoreError> {
    entries.iter().enumerate().try_for_each(|(index, entry)| {
        apply(entry).map_err(|fault| match fault {
            Fault::At(field, what) => StoreError::Refused {
                section,
                index,
                field,
                what,
            },
            Fault::Store(error) => error,
        })
    })
}

fn pool(writing: &Writing<'_>, entry: &PoolEntry) -> Result<(), Fault> {
    if entry.name.trim().is_empty() {
        return Err(at("name", "a pool needs a name"));
    }
    let old = pool_name(writing, &entry.id)?;
    match &old {
        None => pools::create(writing, &entry.id, &entry.name)?,
        Some(name) if *name == entry.name => return Ok(()),
        Some(_) => {
            writing.tx().execute(
                "UPDATE pool SET name = ?2 WHERE id = ?1",
                params![entry.id.as_str(), entry.name],
            )?;
        }
    }
    let name = |name: &str| json!({ "name": name });
    let record = Record {
        action: "pool.put",
        target: format!("pool:{}", entry.id),
        old: old.as_deref().map(name),
        new: Some(name(&entry.name)),
    };
    Ok(audited(writing, &entry.id, record)?)
}

fn platform_account(writing: &Writing<'_>, entry: &PlatformAccountEntry) -> Result<(), Fault> {
    known_pool(writing, &entry.pool)?;
    if account_id(writing, &entry.pool, &entry.name)?.is_some() {
        return Ok(());
    }
    pools::create_platform_account(writing, &entry.pool, &entry.name)?;
    let record = Record {
        action: "platform_account.create",
        target: format!("platform_account:{}", entry.name),
        old: None,
        new: Some(json!({ "name": entry.name })),
    };
    Ok(audited(writing, &entry.pool, record)?)
}

fn connection(
    writing: &Writing<'_>,
    entry: &ConnectionEntry,
    vault: &Vault,
    touched: &mut Touched,
) -> Result<(), Fault> {
    known_pool(writing, &entry.pool)?;
    let platform_account = entry
        .platform_account
        .as_ref()
        .map(|name| {
            account_id(writing, &entry.pool, name)?.ok_or_else(|| {
                at(
                    "platform_account",
                    "the pool has no platform account of this name",
                )
            })
        })
        .transpose()?;
    let draft = ConnectionDraft {
        based_on: None,
        kind: entry.kind,
        identifier: entry.identifier.clone(),
        display_name: entry.display_name.clone(),
        app_id: entry.app_id.clone(),
        app_secret: Some(entry.app_secret.clone()),
        callback_url: entry.callback_url.clone(),
        verification_file: entry.verification_file.as_ref().map(|file| VerificationFile {
            name: file.name.clone(),
            content_base64: BASE64_STANDARD.encode(&file.content),
        }),
        login_only: entry.login_only,
        platform_account,
    };
    let fields = validate_draft(&draft, None, |text| BASE64_STANDARD.decode(text).ok())
        .map_err(|errors| errors.first().map_or_else(|| at("identifier", "refused"), rule))?;
    if connection_exists(writing, &entry.pool, &entry.identifier)? {
        return Ok(());
    }
    let id = ConnectionId::new(writing.clock(), writing.entropy());
    let new = NewConnection {
        id,
        secret: vault
            .seal(&entry.pool, id, &entry.app_secret, writing.entropy())
            .map_err(|error| StoreError::Engine(Box::new(error)))?,
        fields,
        enabled: entry.enabled,
    };
    connections::create(writing, &entry.pool, ACTOR, &new)?;
    touched.add(&entry.pool, EntityKey::Connection(id));
    Ok(())
}

fn application(writing: &Writing<'_>, entry: &ApplicationEntry) -> Result<(), Fault> {
    known_pool(writing, &entry.pool)?;
    for identifier in &entry.connections {
        if !connection_exists(writing, &entry.pool, identifier)? {
            return Err(at(
                "connections",
                "the pool has no connection of one of these identifiers",
            ));
        }
    }
    let old = stored(
        writing,
        "SELECT json_object('redirect_urls', json(redirect_urls), 'connections', json(connections))
         FROM application WHERE pool = ?1 AND name = ?2",
        &entry.pool,
        &entry.name,
    )?;
    let id = application_id(writing, entry)?;
    let changed = writing.tx().execute(
        "INSERT INTO application (id, pool, name, redirect_urls, connections, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (pool, name)
         DO UPDATE SET redirect_urls = excluded.redirect_urls, connections = excluded.connections
         WHERE redirect_urls <> excluded.redirect_urls OR connections <> excluded.connections",
        params![
            id.to_string(),
            entry.pool.as_str(),
            entry.name,
            to_json(&entry.redirect_urls)?,
            to_json(&entry.connections)?,
            writing.now().0
        ],
    )?;
    if changed == 0 {
        return Ok(());
    }
    let record = Record {
        action: "application.put",
        target: format!("application:{}", entry.name),
        old,
        new: Some(json!({ "redirect_urls": entry.redirect_urls, "connections": entry.connections })),
    };
    Ok(audited(writing, &entry.pool, record)?)
}

/// The id that an application has, or gets.
fn application_id(writing: &Writing<'_>, entry: &ApplicationEntry) -> Result<ApplicationId, Fault> {
    let known: Option<ApplicationId> = writing
        .tx()
        .prepare("SELECT id FROM application WHERE pool = ?1 AND name = ?2")?
        .query_and_then([entry.pool.as_str(), &entry.name], |row| row.parsed("id"))?
        .next()
        .transpose()?;
    match (known, &entry.id) {
        (Some(known), Some(id)) if known != *id => Err(at("id", "an application keeps the id it has")),
        (Some(known), _) => Ok(known),
        (None, None) => Ok(ApplicationId::new(writing.clock(), writing.entropy())),
        (None, Some(id)) => {
            let taken = writing
                .tx()
                .prepare("SELECT 1 FROM application WHERE id = ?1")?
                .exists([id.as_str()])?;
            if taken {
                return Err(at("id", "another application has this id"));
            }
            Ok(id.clone())
        }
    }
}

fn user(writing: &Writing<'_>, entry: &UserEntry, touched: &mut Touched) -> Result<(), Fault> {
    known_pool(writing, &entry.pool)?;
    if user_exists(writing, entry)? {
        return Ok(());
    }
    let metadata = metadata(entry)?;
    let imported = |value: &Option<String>| {
        value.clone().map(|value| Sourced {
            value,
            source: Source::Import,
        })
    };
    let user = User {
        id: entry
            .id
            .unwrap_or_else(|| UserId::new(writing.clock(), writing.entropy())),
        status: UserStatus::Active,
        profile: Profile {
            nickname: imported(&entry.nickname),
            avatar_url: None,
            name: imported(&entry.name),
            phone: imported(&entry.phone),
            email: imported(&entry.email),
            username: imported(&entry.username),
        },
        metadata: BTreeMap::new(),
        created_at: writing.now(),
        updated_at: writing.now(),
    };
    users::save(writing, &entry.pool, &user)?;
    for (key, value) in metadata {
        sync::put_metadata(writing.tx(), user.id, &key, Some(&value))?;
        touched.metadata.push((entry.pool.clone(), user.id, key));
    }
    touched.add(&entry.pool, EntityKey::User(user.id));
    let record = Record {
        action: "user.create",
        target: format!("user:{}", user.id),
        old: None,
        new: Some(json!({ "profile": user.profile, "metadata": entry.metadata })),
    };
    Ok(audited(writing, &entry.pool, record)?)
}

fn metadata(entry: &UserEntry) -> Result<Vec<(MetadataKey, MetadataValue)>, Fault> {
    if entry.metadata.len() > MetadataKey::MAX_PER_USER {
        return Err(rule(&FieldError::new("metadata", Rule::MetadataCount)));
    }
    entry
        .metadata
        .iter()
        .map(|(key, value)| {
            let field = |broken| rule(&FieldError::new(format!("metadata.{key}"), broken));
            let parsed = key.parse().map_err(field)?;
            let value = MetadataValue::new(value.clone()).map_err(field)?;
            Ok((parsed, value))
        })
        .collect()
}

fn user_exists(writing: &Writing<'_>, entry: &UserEntry) -> Result<bool, Fault> {
    let tx = writing.tx();
    if let Some(id) = entry.id {
        let pool: Option<String> = tx
            .query_row("SELECT pool FROM users WHERE id = ?1", [id.to_string()], |row| {
                row.get(0)
            })
            .optional()?;
        return match pool {
            Some(pool) if pool != entry.pool.as_str() => Err(at("id", "a user of another pool has this id")),
            pool => Ok(pool.is_some()),
        };
    }
    let (sql, value) = if let Some(username) = &entry.username {
        ("SELECT 1 FROM users WHERE pool = ?1 AND username = ?2", username)
    } else if let Some(email) = &entry.email {
        ("SELECT 1 FROM users WHERE pool = ?1 AND email = ?2", email)
    } else if let Some(phone) = &entry.phone {
        ("SELECT 1 FROM users WHERE pool = ?1 AND phone = ?2", phone)
    } else if let Some(nickname) = &entry.nickname {
        (
            "SELECT 1 FROM users WHERE pool = ?1 AND nickname = ?2 AND nickname_source = 'import'",
            nickname,
        )
    } else {
        return Err(Fault::At(
            None,
            "a user needs an id, user name, e-mail, phone or nickname to be found again by".to_owned(),
        ));
    };
    Ok(tx.prepare(sql)?.exists(params![entry.pool.as_str(), value])?)
}

fn operator(writing: &Writing<'_>, entry: &OperatorEntry) -> Result<(), Fault> {
    known_pool(writing, &entry.pool)?;
    let old = stored(
        writing,
        "SELECT json_object('name', name, 'role', role) FROM operator WHERE pool = ?1 AND email = ?2",
        &entry.pool,
        &entry.email,
    )?;
    let id = OperatorId::new(writing.clock(), writing.entropy());
    let changed = writing.tx().execute(
        "INSERT INTO operator (id, pool, name, email, role, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (pool, email) DO UPDATE SET name = excluded.name, role = excluded.role
         WHERE name <> excluded.name OR role <> excluded.role",
        params![
            id.to_string(),
            entry.pool.as_str(),
            entry.name,
            entry.email,
            entry.role.as_str(),
            writing.now().0
        ],
    )?;
    if changed == 0 {
        return Ok(());
    }
    let record = Record {
        action: "operator.put",
        target: format!("operator:{}", entry.email),
        old,
        new: Some(json!({ "name": entry.name, "role": entry.role })),
    };
    Ok(audited(writing, &entry.pool, record)?)
}

fn access_key(writing: &Writing<'_>, entry: &AccessKeyEntry) -> Result<(), Fault> {
    known_pool(writing, &entry.pool)?;
    if entry.key.chars().count() < KEY_MIN_CHARS {
        return Err(at("key", "an access key has at least 20 characters"));
    }
    let hash = key_hash(&entry.key);
    let taken = writing
        .tx()
        .prepare("SELECT 1 FROM access_key WHERE pool = ?1 AND key_hash = ?2 AND name <> ?3")?
        .exists(params![entry.pool.as_str(), hash, entry.name])?;
    if taken {
        return Err(at("key", "another access key of the pool is the same"));
    }
    let old = stored_access_key(writing, &entry.pool, &entry.name)?;
    let id = AccessKeyId::new(writing.clock(), writing.entropy());
    let changed = writing.tx().execute(
        "INSERT INTO access_key (id, pool, name, role, key_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (pool, name) DO UPDATE SET role = excluded.role, key_hash = excluded.key_hash
         WHERE role <> excluded.role OR key_hash <> excluded.key_hash",
        params![
            id.to_string(),
            entry.pool.as_str(),
            entry.name,
            entry.role.as_str(),
            hash,
            writing.now().0
        ],
    )?;
    if changed == 0 {
        return Ok(());
    }
    let record = Record {
        action: "access_key.put",
        target: format!("access_key:{}", entry.name),
        old,
        new: stored_access_key(writing, &entry.pool, &entry.name)?,
    };
    Ok(audited(writing, &entry.pool, record)?)
}

/// A key that was taken out of the file opens nothing any more. A pool of which the file names no key keeps its keys.
fn remove_other_access_keys(writing: &Writing<'_>, entries: &[AccessKeyEntry]) -> Result<(), StoreError> {
    let mut named: BTreeMap<&PoolId, BTreeSet<&str>> = BTreeMap::new();
    for entry in entries {
        named.entry(&entry.pool).or_default().insert(&entry.name);
    }
    for (pool, named) in named {
        let names: Vec<String> = writing
            .tx()
            .prepare_cached("SELECT name FROM access_key WHERE pool = ?1 ORDER BY name")?
            .query_map([pool.as_str()], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for name in names.iter().filter(|name| !named.contains(name.as_str())) {
            let record = Record {
                action: "access_key.delete",
                target: format!("access_key:{name}"),
                old: stored_access_key(writing, pool, name)?,
                new: None,
            };
            writing.tx().execute(
                "DELETE FROM access_key WHERE pool = ?1 AND name = ?2",
                params![pool.as_str(), name],
            )?;
            audited(writing, pool, record)?;
        }
    }
    Ok(())
}

/// A change for the audit log.
struct Record {
    action: &'static str,
    target: String,
    old: Option<Value>,
    new: Option<Value>,
}

fn audited(writing: &Writing<'_>, pool: &PoolId, record: Record) -> Result<(), StoreError> {
    let entry = Entry {
        actor: ACTOR,
        action: record.action,
        target: record.target,
        old: record.old,
        new: record.new,
    };
    audit::write(writing, pool, entry)
}

/// A stored row of the pool as the audit log shows it: `sql` finds it by pool and name and makes an object of it.
fn stored(writing: &Writing<'_>, sql: &str, pool: &PoolId, name: &str) -> Result<Option<Value>, StoreError> {
    let text: Option<String> = writing
        .tx()
        .prepare_cached(sql)?
        .query_row([pool.as_str(), name], |row| row.get(0))
        .optional()?;
    text.map(|text| from_json("audit", &text)).transpose()
}

/// An access key as the audit log shows it: by the first digits of its hash.
fn stored_access_key(writing: &Writing<'_>, pool: &PoolId, name: &str) -> Result<Option<Value>, StoreError> {
    stored(
        writing,
        "SELECT json_object('role', role, 'fingerprint', substr(key_hash, 1, 12))
         FROM access_key WHERE pool = ?1 AND name = ?2",
        pool,
        name,
    )
}

fn pool_name(writing: &Writing<'_>, id: &PoolId) -> Result<Option<String>, StoreError> {
    Ok(writing
        .tx()
        .query_row("SELECT name FROM pool WHERE id = ?1", [id.as_str()], |row| {
            row.get(0)
        })
        .optional()?)
}

fn known_pool(writing: &Writing<'_>, id: &PoolId) -> Result<(), Fault> {
    match pool_name(writing, id)? {
        Some(_) => Ok(()),
        None => Err(at("pool", "there is no such pool")),
    }
}

fn account_id(
    writing: &Writing<'_>,
    pool: &PoolId,
    name: &str,
) -> Result<Option<PlatformAccountId>, StoreError> {
    writing
        .tx()
        .prepare_cached("SELECT id FROM platform_account WHERE pool = ?1 AND name = ?2")?
        .query_and_then(params![pool.as_str(), name], |row| row.parsed("id"))?
        .next()
        .transpose()
}

fn connection_exists(writing: &Writing<'_>, pool: &PoolId, identifier: &str) -> Result<bool, StoreError> {
    Ok(writing
        .tx()
        .prepare_cached("SELECT 1 FROM connection WHERE pool = ?1 AND identifier = ?2")?
        .exists(params![pool.as_str(), identifier])?)
}
