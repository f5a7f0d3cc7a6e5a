//! What people do with their own accounts: each a transaction that ends in the feed.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    engine::{to_json, values},
    interim::{audit, feed, users},
    pace::{self, Action},
};
use crate::account::{
    Account, Field, NewAccount, OwnEntry, Pace, Person, ProfilePatch, one_more_wrong_password,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use yaopai_domain::{
    EntityKey, LoginName, LoginNameKind, Metadata, MetadataKey, PoolId, Revision, Source, Sourced, User,
    UserId, UserStatus,
};

/// Who has a login name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Nobody,
    User(UserId),
    /// Nobody has proven it, and several people were given it by an import.
    Several,
}

/// Whether an account was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registered {
    /// It was.
    User(UserId),
    /// Somebody has that name.
    Taken(LoginNameKind),
}

/// Whether a login name was given to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claimed {
    /// It is the user's.
    Yes,
    /// It is somebody else's.
    Taken,
}

/// What came of a change of metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnMetadata {
    /// It is as it was asked for.
    Set,
    /// The user would have more keys than allowed; nothing was changed.
    TooMany,
}

impl Store {
    /// Makes a user with these names, unless somebody has one of them.
    pub(crate) async fn register(&self, pool: &PoolId, new: NewAccount) -> Result<Registered, StoreError> {
        self.write((pool.clone(), new), |writing, (pool, new)| {
            Box::pin(register(writing, pool, new))
        })
        .await
    }

    /// Whose a login name is, as far as a login needs to know.
    pub(crate) async fn account_by(
        &self,
        pool: &PoolId,
        name: &LoginName,
    ) -> Result<Option<Account>, StoreError> {
        self.read((pool.clone(), name.clone()), |reading, (pool, name)| {
            Box::pin(async move {
                match holder(reading, pool, name).await? {
                    Holder::User(id) => account(reading, pool, id).await,
                    Holder::Nobody | Holder::Several => Ok(None),
                }
            })
        })
        .await
    }

    /// A user, as far as a login needs to know.
    pub(crate) async fn account(&self, pool: &PoolId, user: UserId) -> Result<Option<Account>, StoreError> {
        self.read((pool.clone(), user), |reading, (pool, user)| {
            Box::pin(account(reading, pool, *user))
        })
        .await
    }

    /// How many wrong passwords were given lately; `subject` is an account or a name that is nobody's.
    pub(crate) async fn wrong_passwords(
        &self,
        pool: &PoolId,
        subject: &str,
    ) -> Result<Option<Pace>, StoreError> {
        self.read((pool.clone(), subject.to_owned()), |reading, (pool, subject)| {
            Box::pin(pace::look(reading, pool, Action::WrongPassword, subject))
        })
        .await
    }

    /// Notes a wrong password.
    pub(crate) async fn note_wrong_password(
        &self,
        pool: &PoolId,
        subject: &str,
        user: Option<UserId>,
    ) -> Result<(), StoreError> {
        self.write(
            (pool.clone(), subject.to_owned(), user),
            |writing, (pool, subject, user)| Box::pin(wrong_password(writing, pool, subject, *user)),
        )
        .await
    }

    /// Notes that a person logged in without WeChat: `by` says how. Wrong passwords are forgotten.
    pub(crate) async fn note_sign_in(
        &self,
        pool: &PoolId,
        user: UserId,
        by: &'static str,
    ) -> Result<(), StoreError> {
        self.write((pool.clone(), user, by), |writing, (pool, user, by)| {
            Box::pin(async move {
                pace::forget(writing, pool, Action::WrongPassword, &user.to_string()).await?;
                told(
                    writing,
                    pool,
                    *user,
                    "account.sign_in",
                    None,
                    Some(json!({"by": by})),
                )
                .await
            })
        })
        .await
    }

    /// Gives a proven phone or address, or a user name, to a user, in place of the one they had.
    pub(crate) async fn claim_name(
        &self,
        pool: &PoolId,
        user: UserId,
        name: LoginName,
    ) -> Result<Claimed, StoreError> {
        self.write((pool.clone(), user, name), |writing, (pool, user, name)| {
            Box::pin(async move {
                let alone = writing.alone(pool).await?;
                claim(&alone, *user, name).await
            })
        })
        .await
    }

    /// Makes sure that the user whose phone or address was just proven is the one who logs in by it.
    pub(crate) async fn own_name(
        &self,
        pool: &PoolId,
        name: &LoginName,
        user: UserId,
    ) -> Result<Claimed, StoreError> {
        let known = self
            .read((pool.clone(), name.clone()), |reading, (pool, name)| {
                Box::pin(proven_by(reading, pool, name))
            })
            .await?;
        match known {
            Some(holder) if holder == user => Ok(Claimed::Yes),
            Some(_) => Ok(Claimed::Taken),
            None => self.claim_name(pool, user, name.clone()).await,
        }
    }

    /// Takes a login name from a user.
    pub(crate) async fn drop_name(
        &self,
        pool: &PoolId,
        user: UserId,
        kind: LoginNameKind,
    ) -> Result<(), StoreError> {
        self.write((pool.clone(), user, kind), |writing, (pool, user, kind)| {
            Box::pin(async move {
                let alone = writing.alone(pool).await?;
                drop_name(&alone, *user, *kind).await
            })
        })
        .await
    }

    /// Sets a password's hash.
    pub(crate) async fn set_password(
        &self,
        pool: &PoolId,
        user: UserId,
        hash: String,
    ) -> Result<(), StoreError> {
        self.write((pool.clone(), user, hash), |writing, (pool, user, hash)| {
            Box::pin(async move {
                put_password(writing, pool, *user, hash).await?;
                pace::forget(writing, pool, Action::WrongPassword, &user.to_string()).await?;
                told(writing, pool, *user, "account.set_password", None, None).await
            })
        })
        .await
    }

    /// A user and what only their account knows.
    pub(crate) async fn person(&self, pool: &PoolId, user: UserId) -> Result<Option<Person>, StoreError> {
        self.read((pool.clone(), user), |reading, (pool, user)| {
            Box::pin(person(reading, pool, *user))
        })
        .await
    }

    /// Changes what people may change of themselves.
    pub(crate) async fn change_self(
        &self,
        pool: &PoolId,
        user: UserId,
        patch: ProfilePatch,
    ) -> Result<Person, StoreError> {
        self.write((pool.clone(), user, patch), |writing, (pool, user, patch)| {
            Box::pin(async move {
                let alone = writing.alone(pool).await?;
                change_self(&alone, *user, patch).await?;
                person(writing, pool, *user)
                    .await?
                    .ok_or(StoreError::NotFound("user"))
            })
        })
        .await
    }

    /// Sets and removes a user's metadata, in the name of the user's own app.
    pub(crate) async fn change_own_metadata(
        &self,
        pool: &PoolId,
        user: UserId,
        entries: Vec<OwnEntry>,
    ) -> Result<OwnMetadata, StoreError> {
        self.write((pool.clone(), user, entries), |writing, (pool, user, entries)| {
            Box::pin(async move {
                let alone = writing.alone(pool).await?;
                change_own_metadata(&alone, *user, entries).await
            })
        })
        .await
    }
}

async fn register(writing: &Writing<'_>, pool: &PoolId, new: &NewAccount) -> Result<Registered, StoreError> {
    let alone = writing.alone(pool).await?;
    for name in &new.names {
        if holder(&alone, pool, name).await? != Holder::Nobody {
            return Ok(Registered::Taken(name.kind()));
        }
    }
    let mut user = User {
        id: UserId::new(alone.clock(), alone.entropy()),
        status: UserStatus::Active,
        profile: yaopai_domain::Profile::default(),
        metadata: Metadata::new(),
        created_at: alone.now(),
        updated_at: alone.now(),
    };
    let details = apply(&mut user, &new.patch);
    for name in &new.names {
        *column(&mut user, name.kind()) = by_person(name.as_str());
    }
    users::save(&alone, pool, &user).await?;
    for name in &new.names {
        put_name(&alone, user.id, name).await?;
    }
    put_details(&alone, pool, user.id, &details).await?;
    if let Some(hash) = &new.password_hash {
        put_password(&alone, pool, user.id, hash).await?;
    }
    let kinds: Vec<&str> = new.names.iter().map(|name| name.kind().as_str()).collect();
    told(
        &alone,
        pool,
        user.id,
        "account.register",
        None,
        Some(json!({"by": kinds})),
    )
    .await?;
    feed::commit(&alone, &[EntityKey::User(user.id)]).await?;
    Ok(Registered::User(user.id))
}

/// Whose a login name is: whoever has proven it, else the one person to whom an operator or an import gave it.
async fn holder(reading: &Reading<'_>, pool: &PoolId, name: &LoginName) -> Result<Holder, StoreError> {
    if let Some(user) = proven_by(reading, pool, name).await? {
        return Ok(Holder::User(user));
    }
    let sql = match name.kind() {
        LoginNameKind::Phone => "SELECT id FROM users WHERE pool = $1 AND phone = $2 LIMIT 2",
        LoginNameKind::Email => "SELECT id FROM users WHERE pool = $1 AND email = $2 LIMIT 2",
        LoginNameKind::Username => "SELECT id FROM users WHERE pool = $1 AND username = $2 LIMIT 2",
    };
    let rows = reading.rows(sql, values![pool, name.as_str()]).await?;
    match rows.as_slice() {
        [] => Ok(Holder::Nobody),
        [row] => Ok(Holder::User(row.parsed("id")?)),
        _ => Ok(Holder::Several),
    }
}

/// Who may log in by a name.
async fn proven_by(
    reading: &Reading<'_>,
    pool: &PoolId,
    name: &LoginName,
) -> Result<Option<UserId>, StoreError> {
    let sql = "SELECT user_id FROM login_name WHERE pool = $1 AND kind = $2 AND value = $3";
    let values = values![pool, name.kind().as_str(), name.key()];
    let row = reading.row(sql, values).await?;
    row.map(|row| row.parsed("user_id")).transpose()
}

async fn account(reading: &Reading<'_>, pool: &PoolId, id: UserId) -> Result<Option<Account>, StoreError> {
    let sql = "SELECT u.status, p.hash FROM users u LEFT JOIN user_password p ON p.user_id = u.id
               WHERE u.pool = $1 AND u.id = $2";
    let row = reading.row(sql, values![pool, id]).await?;
    row.map(|row| {
        Ok(Account {
            user: id,
            status: row.named("status")?,
            password_hash: row.text_or_null("hash")?,
        })
    })
    .transpose()
}

async fn person(reading: &Reading<'_>, pool: &PoolId, id: UserId) -> Result<Option<Person>, StoreError> {
    let Some(user) = users::load(reading, pool, id).await? else {
        return Ok(None);
    };
    let proven = |kind: LoginNameKind| {
        let sql = "SELECT value FROM login_name WHERE pool = $1 AND user_id = $2 AND kind = $3";
        reading.any(sql, values![pool, id, kind.as_str()])
    };
    let phone_proven = proven(LoginNameKind::Phone).await?;
    let email_proven = proven(LoginNameKind::Email).await?;
    let has_password = reading
        .any(
            "SELECT user_id FROM user_password WHERE user_id = $1",
            values![id],
        )
        .await?;
    let details = reading
        .rows(
            "SELECT name, value FROM user_detail WHERE pool = $1 AND user_id = $2",
            values![pool, id],
        )
        .await?
        .iter()
        .map(|row| Ok((row.text("name")?, row.text("value")?)))
        .collect::<Result<BTreeMap<_, _>, StoreError>>()?;
    Ok(Some(Person {
        user,
        details,
        phone_proven,
        email_proven,
        has_password,
    }))
}

async fn wrong_password(
    writing: &Writing<'_>,
    pool: &PoolId,
    subject: &str,
    user: Option<UserId>,
) -> Result<(), StoreError> {
    let before = pace::hold(writing, pool, Action::WrongPassword, subject).await?;
    let pace = one_more_wrong_password(before, writing.now());
    pace::keep(writing, pool, Action::WrongPassword, subject, pace).await?;
    let target = user.map_or_else(|| "user:".to_owned(), |user| format!("user:{user}"));
    let entry = audit::Entry {
        actor: "person:",
        action: "account.wrong_password",
        target,
        old: None,
        new: Some(json!({"times": pace.times})),
    };
    audit::write(writing, pool, entry).await
}

async fn claim(alone: &Alone<'_>, id: UserId, name: &LoginName) -> Result<Claimed, StoreError> {
    let pool = alone.pool();
    match holder(alone, pool, name).await? {
        Holder::User(holder) if holder != id => return Ok(Claimed::Taken),
        Holder::Several => return Ok(Claimed::Taken),
        Holder::User(_) | Holder::Nobody => {}
    }
    let mut user = loaded(alone, id).await?;
    drop_row(alone, id, name.kind()).await?;
    put_name(alone, id, name).await?;
    let column = column(&mut user, name.kind());
    let old = column.as_ref().map(|field| field.value.clone());
    if old.as_deref() != Some(name.as_str()) {
        *column = by_person(name.as_str());
        save(alone, &mut user).await?;
    }
    let kind = name.kind().as_str();
    let (old, new) = (json!({kind: old}), json!({kind: name.as_str()}));
    told(alone, pool, id, "account.bind", Some(old), Some(new)).await?;
    feed::commit(alone, &[EntityKey::User(id)]).await?;
    Ok(Claimed::Yes)
}

async fn drop_name(alone: &Alone<'_>, id: UserId, kind: LoginNameKind) -> Result<(), StoreError> {
    let mut user = loaded(alone, id).await?;
    drop_row(alone, id, kind).await?;
    let Some(old) = column(&mut user, kind).take() else {
        return Ok(());
    };
    save(alone, &mut user).await?;
    let old = json!({kind.as_str(): old.value});
    told(alone, alone.pool(), id, "account.unbind", Some(old), None).await?;
    feed::commit(alone, &[EntityKey::User(id)]).await?;
    Ok(())
}

async fn change_self(alone: &Alone<'_>, id: UserId, patch: &ProfilePatch) -> Result<(), StoreError> {
    let mut user = loaded(alone, id).await?;
    let before = user.profile.clone();
    let details = apply(&mut user, patch);
    put_details(alone, alone.pool(), id, &details).await?;
    if user.profile != before {
        save(alone, &mut user).await?;
        feed::commit(alone, &[EntityKey::User(id)]).await?;
    }
    Ok(())
}

async fn change_own_metadata(
    alone: &Alone<'_>,
    id: UserId,
    entries: &[OwnEntry],
) -> Result<OwnMetadata, StoreError> {
    let mut user = loaded(alone, id).await?;
    let changed: Vec<&OwnEntry> = entries
        .iter()
        .filter(|entry| user.metadata.get(&entry.key).map(|known| &known.value) != entry.value.as_ref())
        .collect();
    if changed.is_empty() {
        return Ok(OwnMetadata::Set);
    }
    let added = changed
        .iter()
        .filter(|entry| entry.value.is_some() && !user.metadata.contains_key(&entry.key))
        .count();
    if added > 0 && user.metadata.len() + added > MetadataKey::MAX_PER_USER {
        return Ok(OwnMetadata::TooMany);
    }
    for entry in &changed {
        put_metadata(alone, id, entry).await?;
    }
    save(alone, &mut user).await?;
    let key = EntityKey::User(id);
    let revision = feed::commit(alone, &[key])
        .await?
        .get(&key)
        .copied()
        .unwrap_or_default();
    for entry in changed {
        by_own_app(alone, id, &entry.key, revision).await?;
    }
    Ok(OwnMetadata::Set)
}

async fn put_metadata(alone: &Alone<'_>, id: UserId, entry: &OwnEntry) -> Result<(), StoreError> {
    match &entry.value {
        Some(value) => {
            let sql = "INSERT INTO user_metadata (user_id, key, value) VALUES ($1, $2, $3)
                       ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value";
            alone
                .execute(sql, values![id, entry.key.as_str(), to_json(value)?])
                .await?
        }
        None => {
            let sql = "DELETE FROM user_metadata WHERE user_id = $1 AND key = $2";
            alone.execute(sql, values![id, entry.key.as_str()]).await?
        }
    };
    Ok(())
}

async fn by_own_app(
    alone: &Alone<'_>,
    id: UserId,
    key: &MetadataKey,
    revision: Revision,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO field_rev (pool, etype, eid, fgroup, rev, actor, at) VALUES ($1, 'user', $2, $3, $4, NULL, $5)
               ON CONFLICT (pool, etype, eid, fgroup)
               DO UPDATE SET rev = excluded.rev, actor = excluded.actor, at = excluded.at";
    let group = yaopai_domain::FieldGroup::Metadata(key.clone()).to_string();
    alone
        .execute(sql, values![alone.pool(), id, group, revision, alone.now()])
        .await?;
    Ok(())
}

/// The user, under the pool's lock.
async fn loaded(alone: &Alone<'_>, id: UserId) -> Result<User, StoreError> {
    users::load(alone, alone.pool(), id)
        .await?
        .ok_or(StoreError::NotFound("user"))
}

async fn save(alone: &Alone<'_>, user: &mut User) -> Result<(), StoreError> {
    user.updated_at = alone.now();
    users::save(alone, alone.pool(), user).await
}

async fn put_name(alone: &Alone<'_>, id: UserId, name: &LoginName) -> Result<(), StoreError> {
    let sql = "INSERT INTO login_name (pool, kind, value, user_id, since) VALUES ($1, $2, $3, $4, $5)";
    let values = values![alone.pool(), name.kind().as_str(), name.key(), id, alone.now()];
    alone.execute(sql, values).await?;
    Ok(())
}

async fn drop_row(alone: &Alone<'_>, id: UserId, kind: LoginNameKind) -> Result<(), StoreError> {
    let sql = "DELETE FROM login_name WHERE pool = $1 AND user_id = $2 AND kind = $3";
    alone
        .execute(sql, values![alone.pool(), id, kind.as_str()])
        .await?;
    Ok(())
}

async fn put_password(
    writing: &Writing<'_>,
    pool: &PoolId,
    id: UserId,
    hash: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO user_password (pool, user_id, hash, set_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at";
    writing
        .execute(sql, values![pool, id, hash, writing.now()])
        .await?;
    Ok(())
}

/// Details that belong into their own table; the profile's fields are changed in place.
fn apply<'a>(user: &mut User, patch: &'a ProfilePatch) -> Vec<(&'static str, Option<&'a str>)> {
    let mut details = Vec::new();
    for (field, value) in patch.fields() {
        let column = match field {
            Field::Nickname => &mut user.profile.nickname,
            Field::AvatarUrl => &mut user.profile.avatar_url,
            Field::Name => &mut user.profile.name,
            Field::Detail(name) => {
                details.push((name, value));
                continue;
            }
        };
        if column.as_ref().map(|known| known.value.as_str()) != value {
            *column = value.and_then(by_person);
        }
    }
    details
}

async fn put_details(
    writing: &Writing<'_>,
    pool: &PoolId,
    id: UserId,
    details: &[(&str, Option<&str>)],
) -> Result<(), StoreError> {
    for (name, value) in details {
        match value {
            Some(value) => {
                let sql = "INSERT INTO user_detail (pool, user_id, name, value) VALUES ($1, $2, $3, $4)
                           ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value";
                writing.execute(sql, values![pool, id, *name, *value]).await?
            }
            None => {
                let sql = "DELETE FROM user_detail WHERE user_id = $1 AND name = $2";
                writing.execute(sql, values![id, *name]).await?
            }
        };
    }
    Ok(())
}

const fn column(user: &mut User, kind: LoginNameKind) -> &mut Option<Sourced> {
    match kind {
        LoginNameKind::Phone => &mut user.profile.phone,
        LoginNameKind::Email => &mut user.profile.email,
        LoginNameKind::Username => &mut user.profile.username,
    }
}

fn by_person(value: &str) -> Option<Sourced> {
    Some(Sourced {
        value: value.to_owned(),
        source: Source::Person,
    })
}

/// An audit row of what a person did with their own account.
async fn told(
    writing: &Writing<'_>,
    pool: &PoolId,
    user: UserId,
    action: &'static str,
    old: Option<Value>,
    new: Option<Value>,
) -> Result<(), StoreError> {
    let actor = format!("person:{user}");
    let entry = audit::Entry {
        actor: &actor,
        action,
        target: format!("user:{user}"),
        old,
        new,
    };
    audit::write(writing, pool, entry).await
}
