//! What people and their own apps change of themselves.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    accounts::by_person,
    engine::values,
    feed, fields,
    login_names::{self, given, holder, proven_by, shown},
    users,
};
use crate::account::{Field, OwnEntry, Person, ProfilePatch};
use serde_json::json;
use std::collections::BTreeMap;
use yaopai_domain::{
    EntityKey, FieldGroup, LoginName, LoginNameKind, MetadataKey, PoolId, Source, User, UserId,
};

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
    /// An operator or a script has set one of the keys last, so it is not the person's to change; nothing was changed.
    NotTheirs,
}

/// What became of a wish to give a login name up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// It is gone.
    Yes,
    /// The user could not log in any more.
    LastWayIn,
}

/// Details to write: a name, and the value or `None` to remove it.
pub(super) type Details<'a> = Vec<(&'static str, Option<&'a str>)>;

impl Store {
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

    /// Takes a login name from a user, unless it is the last way in.
    pub(crate) async fn drop_name(
        &self,
        pool: &PoolId,
        user: UserId,
        kind: LoginNameKind,
    ) -> Result<Dropped, StoreError> {
        self.write((pool.clone(), user, kind), |writing, (pool, user, kind)| {
            Box::pin(async move {
                let alone = writing.alone(pool).await?;
                drop_name(&alone, *user, *kind).await
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

async fn person(reading: &Reading<'_>, pool: &PoolId, id: UserId) -> Result<Option<Person>, StoreError> {
    let Some(user) = users::load(reading, pool, id).await? else {
        return Ok(None);
    };
    let phone_proven = login_names::has(reading, pool, id, LoginNameKind::Phone).await?;
    let email_proven = login_names::has(reading, pool, id, LoginNameKind::Email).await?;
    let has_password = reading
        .any(
            "SELECT user_id FROM user_password WHERE user_id = $1",
            values![id],
        )
        .await?;
    let details = reading
        .rows(
            "SELECT name, value FROM user_detail WHERE user_id = $1",
            values![id],
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

async fn claim(alone: &Alone<'_>, id: UserId, name: &LoginName) -> Result<Claimed, StoreError> {
    let pool = alone.pool();
    if holder(alone, pool, name).await?.is_not(id) {
        return Ok(Claimed::Taken);
    }
    let mut user = loaded(alone, id).await?;
    login_names::put(alone, id, name).await?;
    let column = shown(&mut user, name.kind());
    let old = column.as_ref().map(|field| field.value.clone());
    if old.as_deref() != Some(name.as_str()) {
        *column = Some(given(name.as_str(), Source::Person));
        save(alone, &mut user).await?;
        feed::commit(alone, &[EntityKey::User(id)]).await?;
    }
    let kind = name.kind().as_str();
    let (old, new) = (json!({kind: old}), json!({kind: name.as_str()}));
    by_person(alone, pool, id, "account.bind", Some(old), Some(new)).await?;
    Ok(Claimed::Yes)
}

async fn drop_name(alone: &Alone<'_>, id: UserId, kind: LoginNameKind) -> Result<Dropped, StoreError> {
    let mut user = loaded(alone, id).await?;
    let is_a_way_in = login_names::has(alone, alone.pool(), id, kind).await?;
    if is_a_way_in && !has_way_in_but(alone, id, kind).await? {
        return Ok(Dropped::LastWayIn);
    }
    login_names::drop(alone, id, kind).await?;
    let Some(old) = shown(&mut user, kind).take() else {
        return Ok(Dropped::Yes);
    };
    save(alone, &mut user).await?;
    feed::commit(alone, &[EntityKey::User(id)]).await?;
    let old = json!({kind.as_str(): old.value});
    by_person(alone, alone.pool(), id, "account.unbind", Some(old), None).await?;
    Ok(Dropped::Yes)
}

/// Whether a user could still log in without the name of this kind: by WeChat, by another proven name, or by a user name
/// with its password.
async fn has_way_in_but(reading: &Reading<'_>, id: UserId, kind: LoginNameKind) -> Result<bool, StoreError> {
    let sql = "SELECT i.id AS way FROM identity i WHERE i.user_id = $1
        UNION ALL
        SELECT n.kind AS way FROM login_name n LEFT JOIN user_password p ON p.user_id = n.user_id
        WHERE n.user_id = $2 AND n.kind <> $3 AND (n.kind <> 'username' OR p.user_id IS NOT NULL)";
    reading.any(sql, values![id, id, kind.as_str()]).await
}

async fn change_self(alone: &Alone<'_>, id: UserId, patch: &ProfilePatch) -> Result<(), StoreError> {
    let mut user = loaded(alone, id).await?;
    let before = user.profile.clone();
    let details = apply(&mut user, patch, Source::Person);
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
    let set_by_others = |entry: &&OwnEntry| {
        user.metadata
            .get(&entry.key)
            .is_some_and(|known| known.actor.is_some())
    };
    if changed.iter().any(set_by_others) {
        return Ok(OwnMetadata::NotTheirs);
    }
    let added = changed
        .iter()
        .filter(|entry| entry.value.is_some() && !user.metadata.contains_key(&entry.key))
        .count();
    if added > 0 && user.metadata.len() + added > MetadataKey::MAX_PER_USER {
        return Ok(OwnMetadata::TooMany);
    }
    for entry in &changed {
        fields::put_metadata(alone, id, &entry.key, entry.value.as_ref()).await?;
    }
    save(alone, &mut user).await?;
    let key = EntityKey::User(id);
    let revisions = feed::commit(alone, std::slice::from_ref(&key)).await?;
    let revision = revisions.get(&key).copied().unwrap_or_default();
    for entry in changed {
        let group = FieldGroup::Metadata(entry.key.clone());
        fields::changed(alone, None, id, &group, revision).await?;
    }
    Ok(OwnMetadata::Set)
}

/// The user, under the pool's lock.
async fn loaded(alone: &Alone<'_>, id: UserId) -> Result<User, StoreError> {
    users::load(alone, alone.pool(), id)
        .await?
        .ok_or(StoreError::NotFound("user"))
}

/// Writes a user who has changed. The caller commits them to the feed.
async fn save(alone: &Alone<'_>, user: &mut User) -> Result<(), StoreError> {
    user.updated_at = alone.now();
    users::save(alone, user).await
}

/// Changes the profile in place; answers the details, which are another table.
pub(super) fn apply<'a>(user: &mut User, patch: &'a ProfilePatch, source: Source) -> Details<'a> {
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
            *column = value.map(|value| given(value, source));
        }
    }
    details
}

/// Writes details.
pub(super) async fn put_details(
    writing: &Writing<'_>,
    pool: &PoolId,
    id: UserId,
    details: &Details<'_>,
) -> Result<(), StoreError> {
    for (name, value) in details {
        if let Some(value) = value {
            let sql = "INSERT INTO user_detail (pool, user_id, name, value) VALUES ($1, $2, $3, $4)
                           ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value";
            writing.execute(sql, values![pool, id, *name, *value]).await?;
        } else {
            let sql = "DELETE FROM user_detail WHERE user_id = $1 AND name = $2";
            writing.execute(sql, values![id, *name]).await?;
        }
    }
    Ok(())
}
