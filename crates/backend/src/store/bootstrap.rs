//! Applying a bootstrap file, in one transaction.

use super::{
    Alone, NewConnection, Reading, Store, StoreError, Unique, Writing,
    audit::{self, Entry},
    authing_keys, connections,
    engine::{to_json, values, wire_name},
    feed, fields, pools, users,
};
use crate::{
    access::key_hash,
    bootstrap::{
        AccessKeyEntry, ApplicationEntry, AuthingKeyEntry, ConnectionEntry, Entries, OperatorEntry, Plan,
        PlatformAccountEntry, PoolEntry, UserEntry,
    },
    facades::secret_place,
    vault::Vault,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use yaopai_domain::{
    AccessKeyId, ApplicationId, ConnectionDraft, ConnectionId, EntityKey, FieldError, FieldGroup,
    MetadataKey, MetadataValue, OperatorId, PlatformAccountId, PoolId, Profile, Role, Rule, Source, Sourced,
    TokenAlgorithm, User, UserId, UserStatus, VerificationFile, validate_draft,
};

/// Who it was, in the audit log.
const ACTOR: &str = "bootstrap";
/// Access keys are kept as plain hashes, so they must be too many to try.
const KEY_MIN_CHARS: usize = 20;

impl Store {
    /// Creates what the plan names and is not there yet, and changes what differs; all or nothing.
    pub(crate) async fn apply(&self, plan: Plan) -> Result<(), StoreError> {
        self.write(plan, |writing, plan| Box::pin(apply(writing, plan)))
            .await
    }
}

/// A pool in which the file changes synced entities: what will be committed to its feed, and who has which metadata.
struct Touched<'a> {
    alone: Alone<'a>,
    keys: Vec<EntityKey>,
    metadata: Vec<(UserId, MetadataKey)>,
}

async fn apply(writing: &Writing<'_>, plan: &Plan) -> Result<(), StoreError> {
    let entries = plan.entries.as_ref();
    for (index, entry) in entries.pool.iter().enumerate() {
        told("pool", index, pool(writing, entry).await)?;
    }
    pools::ensure_one(writing).await?;

    // Every pool of the file is waited for in the order of their ids, so that two who apply files never wait for each
    // other.
    let named: BTreeSet<&PoolId> = (entries.connection.iter().map(|entry| &entry.pool))
        .chain(entries.user.iter().map(|entry| &entry.pool))
        .collect();
    let mut touched: BTreeMap<&PoolId, Touched<'_>> = BTreeMap::new();
    for pool in named {
        let alone = writing.alone(pool).await?;
        let (keys, metadata) = (Vec::new(), Vec::new());
        touched.insert(
            pool,
            Touched {
                alone,
                keys,
                metadata,
            },
        );
    }

    for (index, entry) in entries.platform_account.iter().enumerate() {
        told("platform_account", index, platform_account(writing, entry).await)?;
    }
    for (index, entry) in entries.connection.iter().enumerate() {
        if let Some(pool) = touched.get_mut(&entry.pool) {
            told("connection", index, connection(pool, entry, &plan.vault).await)?;
        }
    }
    for (index, entry) in entries.application.iter().enumerate() {
        told("application", index, application(writing, entry).await)?;
    }
    for (index, entry) in entries.user.iter().enumerate() {
        if let Some(pool) = touched.get_mut(&entry.pool) {
            told("user", index, user(pool, entry).await)?;
        }
    }
    for (index, entry) in entries.operator.iter().enumerate() {
        told("operator", index, operator(writing, entry).await)?;
    }
    for (index, entry) in entries.access_key.iter().enumerate() {
        told("access_key", index, access_key(writing, entry).await)?;
    }
    for (index, entry) in entries.authing_key.iter().enumerate() {
        told(
            "authing_key",
            index,
            authing_key(writing, entry, &plan.vault).await,
        )?;
    }
    remove_other_access_keys(writing, &entries.access_key).await?;
    remove_other_authing_keys(writing, entries).await?;

    for Touched {
        alone,
        keys,
        metadata,
    } in touched.into_values()
    {
        let revisions = feed::commit(&alone, &keys).await?;
        for (user, key) in metadata {
            let revision = revisions.get(&EntityKey::User(user)).copied().unwrap_or_default();
            fields::changed(&alone, Some(ACTOR), user, &FieldGroup::Metadata(key), revision).await?;
        }
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

/// Tells which entry it was that is refused.
fn told(section: &'static str, index: usize, applied: Result<(), Fault>) -> Result<(), StoreError> {
    applied.map_err(|fault| match fault {
        Fault::At(field, what) => StoreError::Refused {
            section,
            index,
            field,
            what,
        },
        Fault::Store(error) => error,
    })
}

async fn pool(writing: &Writing<'_>, entry: &PoolEntry) -> Result<(), Fault> {
    if entry.name.trim().is_empty() {
        return Err(at("name", "a pool needs a name"));
    }
    let old = pools::load(writing, &entry.id).await?;
    match &old {
        None => pools::create(writing, &entry.id, &entry.name).await?,
        Some(old) if old.name == entry.name => return Ok(()),
        Some(_) => {
            let sql = "UPDATE pool SET name = $2 WHERE id = $1";
            writing.execute(sql, values![&entry.id, &entry.name]).await?;
        }
    }
    let name = |name: &str| json!({ "name": name });
    let record = Record {
        action: "pool.put",
        target: format!("pool:{}", entry.id),
        old: old.map(|old| name(&old.name)),
        new: Some(name(&entry.name)),
    };
    Ok(audited(writing, &entry.id, record).await?)
}

async fn platform_account(writing: &Writing<'_>, entry: &PlatformAccountEntry) -> Result<(), Fault> {
    known_pool(writing, &entry.pool).await?;
    if account_id(writing, &entry.pool, &entry.name).await?.is_some() {
        return Ok(());
    }
    pools::create_platform_account(writing, &entry.pool, &entry.name).await?;
    let record = Record {
        action: "platform_account.create",
        target: format!("platform_account:{}", entry.name),
        old: None,
        new: Some(json!({ "name": entry.name })),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}

async fn connection(touched: &mut Touched<'_>, entry: &ConnectionEntry, vault: &Vault) -> Result<(), Fault> {
    let alone = &touched.alone;
    known_pool(alone, &entry.pool).await?;
    let platform_account = match &entry.platform_account {
        Some(name) => Some(account_id(alone, &entry.pool, name).await?.ok_or_else(|| {
            at(
                "platform_account",
                "the pool has no platform account of this name",
            )
        })?),
        None => None,
    };
    let draft = ConnectionDraft {
        based_on: None,
        kind: entry.kind,
        identifier: entry.identifier.clone(),
        display_name: entry.display_name.clone(),
        app_id: entry.app_id.clone(),
        app_secret: Some(entry.app_secret.clone()),
        settings: entry.settings.clone(),
        push_token: entry.push_token.clone(),
        encoding_aes_key: entry.encoding_aes_key.clone(),
        callback_url: entry.callback_url.clone(),
        verification_file: entry.verification_file.as_ref().map(|file| VerificationFile {
            name: file.name.clone(),
            content_base64: BASE64_STANDARD.encode(&file.content),
        }),
        login_only: entry.login_only,
        platform_account,
    };
    let mut fields = validate_draft(&draft, None, |text| BASE64_STANDARD.decode(text).ok())
        .map_err(|errors| errors.first().map_or_else(|| at("identifier", "refused"), rule))?;
    if connections::has_identifier(alone, &entry.pool, &entry.identifier).await? {
        return Ok(());
    }
    let id = ConnectionId::new(alone.clock(), alone.entropy());
    let secrets = vault
        .seal_all(&entry.pool, id, &mut fields, alone.entropy())
        .map_err(|error| StoreError::Engine(Box::new(error)))?;
    let new = NewConnection {
        id,
        secret: secrets
            .app_secret
            .ok_or_else(|| at("app_secret", "an AppSecret is needed"))?,
        other_secrets: secrets.others,
        fields,
        enabled: entry.enabled,
    };
    let created = connections::create(alone, ACTOR, &new).await?;
    touched
        .keys
        .extend(connections::touched(id, None, Some(&created)));
    Ok(())
}

async fn application(writing: &Writing<'_>, entry: &ApplicationEntry) -> Result<(), Fault> {
    known_pool(writing, &entry.pool).await?;
    for identifier in &entry.connections {
        if !connections::has_identifier(writing, &entry.pool, identifier).await? {
            return Err(at(
                "connections",
                "the pool has no connection of one of these identifiers",
            ));
        }
    }
    let sql =
        "SELECT redirect_urls, connections, token_algorithm FROM application WHERE pool = $1 AND name = $2";
    let old = writing.row(sql, values![&entry.pool, &entry.name]).await?;
    let id = application_id(writing, entry).await?;
    let old = old
        .map(|row| {
            let (urls, connections): (Value, Value) = (row.json("redirect_urls")?, row.json("connections")?);
            let algorithm: TokenAlgorithm = row.named("token_algorithm")?;
            Ok::<_, StoreError>(shown(&urls, &connections, algorithm))
        })
        .transpose()?;
    let new = shown(
        &json!(entry.redirect_urls),
        &json!(entry.connections),
        entry.token_algorithm,
    );
    if old.as_ref() == Some(&new) {
        return Ok(());
    }
    let sql =
        "INSERT INTO application (id, pool, name, redirect_urls, connections, token_algorithm, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (pool, name)
        DO UPDATE SET redirect_urls = excluded.redirect_urls, connections = excluded.connections,
            token_algorithm = excluded.token_algorithm";
    let values = values![
        id,
        &entry.pool,
        &entry.name,
        to_json(&entry.redirect_urls)?,
        to_json(&entry.connections)?,
        entry.token_algorithm.as_str(),
        writing.now(),
    ];
    writing.execute(sql, values).await?;
    let record = Record {
        action: "application.put",
        target: format!("application:{}", entry.name),
        old,
        new: Some(new),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}

/// An application as the audit log shows it.
fn shown(redirect_urls: &Value, connections: &Value, token_algorithm: TokenAlgorithm) -> Value {
    json!({ "redirect_urls": redirect_urls, "connections": connections, "token_algorithm": token_algorithm })
}

/// The id that an application has, or gets.
async fn application_id(writing: &Writing<'_>, entry: &ApplicationEntry) -> Result<ApplicationId, Fault> {
    let sql = "SELECT id FROM application WHERE pool = $1 AND name = $2";
    let known = writing.row(sql, values![&entry.pool, &entry.name]).await?;
    let known: Option<ApplicationId> = known.map(|row| row.parsed("id")).transpose()?;
    match (known, &entry.id) {
        (Some(known), Some(id)) if known != *id => Err(at("id", "an application keeps the id it has")),
        (Some(known), _) => Ok(known),
        (None, None) => Ok(ApplicationId::new(writing.clock(), writing.entropy())),
        (None, Some(id)) => {
            let sql = "SELECT id FROM application WHERE id = $1";
            if writing.any(sql, values![id.as_str()]).await? {
                return Err(at("id", "another application has this id"));
            }
            Ok(id.clone())
        }
    }
}

async fn user(touched: &mut Touched<'_>, entry: &UserEntry) -> Result<(), Fault> {
    let alone = &touched.alone;
    known_pool(alone, &entry.pool).await?;
    if user_exists(alone, entry).await? {
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
            .unwrap_or_else(|| UserId::new(alone.clock(), alone.entropy())),
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
        created_at: alone.now(),
        updated_at: alone.now(),
    };
    users::save(alone, &user).await?;
    for (key, value) in metadata {
        fields::put_metadata(alone, user.id, &key, Some(&value)).await?;
        touched.metadata.push((user.id, key));
    }
    touched.keys.push(EntityKey::User(user.id));
    let record = Record {
        action: "user.create",
        target: format!("user:{}", user.id),
        old: None,
        new: Some(json!({ "profile": user.profile, "metadata": entry.metadata })),
    };
    Ok(audited(alone, &entry.pool, record).await?)
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

async fn user_exists(reading: &Reading<'_>, entry: &UserEntry) -> Result<bool, Fault> {
    if let Some(id) = entry.id {
        let found = reading
            .row("SELECT pool FROM users WHERE id = $1", values![id])
            .await?;
        return match found.map(|row| row.text("pool")).transpose()? {
            Some(pool) if pool != entry.pool.as_str() => Err(at("id", "a user of another pool has this id")),
            pool => Ok(pool.is_some()),
        };
    }
    let (sql, value) = if let Some(username) = &entry.username {
        ("SELECT id FROM users WHERE pool = $1 AND username = $2", username)
    } else if let Some(email) = &entry.email {
        ("SELECT id FROM users WHERE pool = $1 AND email = $2", email)
    } else if let Some(phone) = &entry.phone {
        ("SELECT id FROM users WHERE pool = $1 AND phone = $2", phone)
    } else if let Some(nickname) = &entry.nickname {
        (
            "SELECT id FROM users WHERE pool = $1 AND nickname = $2 AND nickname_source = 'import'",
            nickname,
        )
    } else {
        return Err(Fault::At(
            None,
            "a user needs an id, user name, e-mail, phone or nickname to be found again by".to_owned(),
        ));
    };
    Ok(reading.any(sql, values![&entry.pool, value]).await?)
}

async fn operator(writing: &Writing<'_>, entry: &OperatorEntry) -> Result<(), Fault> {
    known_pool(writing, &entry.pool).await?;
    let sql = "SELECT name, role FROM operator WHERE pool = $1 AND email = $2";
    let old = writing.row(sql, values![&entry.pool, &entry.email]).await?;
    let old = old
        .map(|row| Ok::<_, StoreError>(json!({ "name": row.text("name")?, "role": row.text("role")? })))
        .transpose()?;
    let new = json!({ "name": entry.name, "role": entry.role });
    if old.as_ref() == Some(&new) {
        return Ok(());
    }
    let id = OperatorId::new(writing.clock(), writing.entropy());
    let sql = "INSERT INTO operator (id, pool, name, email, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (pool, email) DO UPDATE SET name = excluded.name, role = excluded.role";
    let values = values![
        id,
        &entry.pool,
        &entry.name,
        &entry.email,
        entry.role.as_str(),
        writing.now(),
    ];
    writing.execute(sql, values).await?;
    let record = Record {
        action: "operator.put",
        target: format!("operator:{}", entry.email),
        old,
        new: Some(new),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}

async fn access_key(writing: &Writing<'_>, entry: &AccessKeyEntry) -> Result<(), Fault> {
    known_pool(writing, &entry.pool).await?;
    if entry.key.chars().count() < KEY_MIN_CHARS {
        return Err(at("key", "an access key has at least 20 characters"));
    }
    let hash = key_hash(&entry.key);
    let sql = "SELECT id FROM access_key WHERE pool = $1 AND key_hash = $2 AND name <> $3";
    if writing.any(sql, values![&entry.pool, &hash, &entry.name]).await? {
        return Err(at("key", "another access key of the pool is the same"));
    }
    let old = stored_access_key(writing, &entry.pool, &entry.name).await?;
    let new = StoredKey {
        role: entry.role,
        hash,
    };
    if old.as_ref() == Some(&new) {
        return Ok(());
    }
    let id = AccessKeyId::new(writing.clock(), writing.entropy());
    let sql =
        "INSERT INTO access_key (id, pool, name, role, key_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (pool, name) DO UPDATE SET role = excluded.role, key_hash = excluded.key_hash, from_file = 1,
            operator = NULL, expires_at = NULL, last_used = NULL";
    let values = values![
        id,
        &entry.pool,
        &entry.name,
        new.role.as_str(),
        &new.hash,
        writing.now(),
    ];
    writing.execute(sql, values).await?;
    let record = Record {
        action: "access_key.put",
        target: format!("access_key:{}", entry.name),
        old: old.map(|key| key.shown()),
        new: Some(new.shown()),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}

async fn authing_key(writing: &Writing<'_>, entry: &AuthingKeyEntry, vault: &Vault) -> Result<(), Fault> {
    known_pool(writing, &entry.pool).await?;
    let secret = entry.secret.expose();
    if secret.chars().count() < KEY_MIN_CHARS {
        return Err(at("secret", "a key's secret has at least 20 characters"));
    }
    let sql = "SELECT pool, name, role, secret, secret_key_id FROM authing_key WHERE id = $1";
    let old = writing.row(sql, values![&entry.id]).await?;
    let place = secret_place(&entry.pool, &entry.id);
    let mut old_role = None;
    if let Some(row) = &old {
        if row.parsed::<PoolId>("pool")? != entry.pool {
            return Err(at("id", "another pool has a key of this id"));
        }
        let role: Role = row.named("role")?;
        let known = vault.open_bytes(place, &row.text("secret_key_id")?, &row.bytes("secret")?);
        let same_secret = known.is_ok_and(|known| key_hash_of(&known) == key_hash(secret));
        if same_secret && role == entry.role && row.text("name")? == entry.name {
            return Ok(());
        }
        old_role = Some(json!({ "role": role }));
    }
    let sealed = vault
        .seal_bytes(place, secret.as_bytes(), writing.entropy())
        .map_err(|_| at("secret", "the secret could not be sealed"))?;
    let sql = "INSERT INTO authing_key (id, pool, name, role, secret, secret_key_id, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, secret = excluded.secret,
            secret_key_id = excluded.secret_key_id";
    let values = values![
        &entry.id,
        &entry.pool,
        &entry.name,
        entry.role.as_str(),
        sealed.bytes,
        sealed.key_id,
        writing.now(),
    ];
    writing.execute(sql, values).await?;
    let record = Record {
        action: "authing_key.put",
        target: format!("authing_key:{}", entry.id),
        old: old_role,
        new: Some(json!({ "role": entry.role })),
    };
    Ok(audited(writing, &entry.pool, record).await?)
}

fn key_hash_of(secret: &[u8]) -> String {
    key_hash(&String::from_utf8_lossy(secret))
}

/// A key that was taken out of the file opens nothing any more. A pool of which the file names no key keeps its keys, and
/// keys that were made over the API are not the file's to take.
async fn remove_other_access_keys(
    writing: &Writing<'_>,
    entries: &[AccessKeyEntry],
) -> Result<(), StoreError> {
    let mut named: BTreeMap<&PoolId, BTreeSet<&str>> = BTreeMap::new();
    for entry in entries {
        named.entry(&entry.pool).or_default().insert(&entry.name);
    }
    for (pool, named) in named {
        let sql = "SELECT name FROM access_key WHERE pool = $1 AND from_file = 1 ORDER BY name";
        for row in writing.rows(sql, values![pool]).await? {
            let name = row.text("name")?;
            if named.contains(name.as_str()) {
                continue;
            }
            let old = stored_access_key(writing, pool, &name).await?;
            let sql = "DELETE FROM access_key WHERE pool = $1 AND name = $2";
            writing.execute(sql, values![pool, &name]).await?;
            let record = Record {
                action: "access_key.delete",
                target: format!("access_key:{name}"),
                old: old.map(|key| key.shown()),
                new: None,
            };
            audited(writing, pool, record).await?;
        }
    }
    Ok(())
}

/// As [`remove_other_access_keys`], of keys of Authing's SDKs: only files make them, so a file that names keys of either
/// sort says which there are.
async fn remove_other_authing_keys(writing: &Writing<'_>, entries: &Entries) -> Result<(), StoreError> {
    let access_keys = entries.access_key.iter().map(|entry| &entry.pool);
    let pools: BTreeSet<&PoolId> = access_keys
        .chain(entries.authing_key.iter().map(|entry| &entry.pool))
        .collect();
    let named: BTreeSet<&str> = entries
        .authing_key
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    for pool in pools {
        for key in authing_keys::all(writing, pool).await? {
            if !named.contains(key.id.as_str()) {
                authing_keys::remove(writing, pool, ACTOR, &key.id).await?;
            }
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

async fn audited(writing: &Writing<'_>, pool: &PoolId, record: Record) -> Result<(), StoreError> {
    let entry = Entry {
        actor: ACTOR,
        action: record.action,
        target: record.target,
        old: record.old,
        new: record.new,
    };
    audit::write(writing, pool, entry).await
}

/// What is stored of an access key.
#[derive(PartialEq)]
struct StoredKey {
    role: Role,
    hash: String,
}

impl StoredKey {
    /// As the audit log shows it: by the first digits of its hash.
    fn shown(&self) -> Value {
        json!({ "role": self.role, "fingerprint": self.hash.get(..12) })
    }
}

async fn stored_access_key(
    reading: &Reading<'_>,
    pool: &PoolId,
    name: &str,
) -> Result<Option<StoredKey>, StoreError> {
    let sql = "SELECT role, key_hash FROM access_key WHERE pool = $1 AND name = $2";
    let found = reading.row(sql, values![pool, name]).await?;
    found
        .map(|row| {
            Ok(StoredKey {
                role: row.named("role")?,
                hash: row.text("key_hash")?,
            })
        })
        .transpose()
}

async fn known_pool(reading: &Reading<'_>, id: &PoolId) -> Result<(), Fault> {
    match pools::load(reading, id).await? {
        Some(_) => Ok(()),
        None => Err(at("pool", "there is no such pool")),
    }
}

async fn account_id(
    reading: &Reading<'_>,
    pool: &PoolId,
    name: &str,
) -> Result<Option<PlatformAccountId>, StoreError> {
    let sql = "SELECT id FROM platform_account WHERE pool = $1 AND name = $2";
    let found = reading.row(sql, values![pool, name]).await?;
    found.map(|row| row.parsed("id")).transpose()
}
