//! What operators and scripts do to users: create, change, delete.

use super::{
    Alone, Store, StoreError, Unique, Writing,
    accounts::put_password,
    audit::{self, Entry},
    bindings::By,
    engine::values,
    feed, fields, login_names, sessions, users,
};
use serde_json::{Map, Value, json};
use yaopai_domain::{
    EntityKey, FieldGroup, MetadataKey, MetadataValue, PoolId, ProfileField, Source, Sourced, Timestamp,
    User, UserId, UserStatus,
};

/// A change of a user; what is not named stays.
#[derive(Clone, Default)]
pub(crate) struct UserChange {
    /// `updated_at` of the state the change began with: if another one is stored, the change is outdated.
    pub(crate) based_on: Option<Timestamp>,
    /// Whether the user may log in.
    pub(crate) status: Option<UserStatus>,
    /// Fields of the profile; `None` removes one.
    pub(crate) profile: Vec<(ProfileField, Option<String>)>,
    /// Keys of the metadata; `None` removes one.
    pub(crate) metadata: Vec<(MetadataKey, Option<MetadataValue>)>,
    /// A new password, as Argon2id in PHC form; every session ends with the old one.
    pub(crate) password_hash: Option<String>,
}

impl Store {
    /// Creates a user, in one transaction. What `source` is goes with every field of the profile.
    pub(crate) async fn create_user(
        &self,
        pool: &PoolId,
        by: By,
        source: Source,
        new: UserChange,
    ) -> Result<User, StoreError> {
        self.write(
            (pool.clone(), by, source, new),
            |writing, (pool, by, source, new)| Box::pin(create(writing, pool, by, *source, new)),
        )
        .await
    }

    /// Changes a user, in one transaction, and answers what the user is now.
    pub(crate) async fn change_user(
        &self,
        pool: &PoolId,
        by: By,
        source: Source,
        id: UserId,
        change: UserChange,
    ) -> Result<User, StoreError> {
        let data = (pool.clone(), by, source, id, change);
        self.write(data, |writing, (pool, by, source, id, change)| {
            Box::pin(alter(writing, pool, by, *source, *id, change))
        })
        .await
    }

    /// Ends every session of these users, in one transaction; all of them have to be there.
    pub(crate) async fn kick(&self, pool: &PoolId, users: &[UserId], by: By) -> Result<(), StoreError> {
        let data = (pool.clone(), users.to_vec(), by);
        self.write(data, |writing, (pool, users, by)| {
            Box::pin(kick(writing, pool, users, by))
        })
        .await
    }

    /// Deletes a user with bindings, metadata, names and passwords, in one transaction.
    pub(crate) async fn delete_user(&self, pool: &PoolId, by: By, id: UserId) -> Result<(), StoreError> {
        self.write((pool.clone(), by, id), |writing, (pool, by, id)| {
            Box::pin(delete(writing, pool, by, *id))
        })
        .await
    }
}

async fn create(
    writing: &Writing<'_>,
    pool: &PoolId,
    by: &By,
    source: Source,
    new: &UserChange,
) -> Result<User, StoreError> {
    let alone = writing.alone(pool).await?;
    let mut user = users::fresh(&alone);
    put(&mut user, source, new);
    users::save(&alone, &user).await?;
    names_follow(&alone, &user, new).await?;
    password_follows(&alone, by, user.id, new).await?;
    finish(
        &alone,
        by,
        "user.create",
        user.id,
        new,
        (None, Some(summary(&user))),
    )
    .await
}

async fn alter(
    writing: &Writing<'_>,
    pool: &PoolId,
    by: &By,
    source: Source,
    id: UserId,
    change: &UserChange,
) -> Result<User, StoreError> {
    let alone = writing.alone(pool).await?;
    let before = existing(&alone, id).await?;
    if change
        .based_on
        .is_some_and(|based_on| based_on != before.updated_at)
    {
        return Err(StoreError::Outdated("user"));
    }
    let mut user = before.clone();
    put(&mut user, source, change);
    user.updated_at = alone.now();
    users::save(&alone, &user).await?;
    names_follow(&alone, &user, change).await?;
    password_follows(&alone, by, id, change).await?;
    if user.status == UserStatus::Blocked && before.status != UserStatus::Blocked {
        sessions::end_all(&alone, pool, id).await?;
    }
    let after = {
        let mut after = user.clone();
        for (key, value) in &change.metadata {
            if value.is_none() {
                after.metadata.remove(key);
            }
        }
        after
    };
    let told = (Some(summary(&before)), Some(summary(&after)));
    finish(&alone, by, "user.change", id, change, told).await
}

/// Puts status and profile of a change into a user.
fn put(user: &mut User, source: Source, change: &UserChange) {
    if let Some(status) = change.status {
        user.status = status;
    }
    for (field, value) in &change.profile {
        let field = field.of_mut(&mut user.profile);
        if field.as_ref().map(|known| &known.value) != value.as_ref() {
            *field = value.clone().map(|value| Sourced { value, source });
        }
    }
}

/// A phone or address that an operator has replaced is no way in any more, and a user name is one at once.
async fn names_follow(alone: &Alone<'_>, user: &User, change: &UserChange) -> Result<(), StoreError> {
    let touched = change.profile.iter().any(|(field, _)| match field {
        ProfileField::Phone | ProfileField::Email | ProfileField::Username => true,
        ProfileField::Nickname | ProfileField::AvatarUrl | ProfileField::Name => false,
    });
    if touched && !login_names::follow(alone, user).await? {
        return Err(StoreError::Taken(Unique::LoginName));
    }
    Ok(())
}

/// Sets the password of a change, and ends every session: whoever came in by the old one goes.
async fn password_follows(
    alone: &Alone<'_>,
    by: &By,
    id: UserId,
    change: &UserChange,
) -> Result<(), StoreError> {
    let Some(hash) = &change.password_hash else {
        return Ok(());
    };
    put_password(alone, alone.pool(), id, hash).await?;
    sessions::end_all(alone, alone.pool(), id).await?;
    let entry = Entry {
        actor: &by.actor,
        action: "account.set_password",
        target: format!("user:{id}"),
        old: None,
        new: None,
    };
    audit::write(alone, alone.pool(), entry).await
}

/// Writes the metadata of a change, the audit row and the feed, and answers the user.
async fn finish(
    alone: &Alone<'_>,
    by: &By,
    action: &'static str,
    id: UserId,
    change: &UserChange,
    (old, new): (Option<Value>, Option<Value>),
) -> Result<User, StoreError> {
    for (key, value) in &change.metadata {
        fields::put_metadata(alone, id, key, value.as_ref()).await?;
    }
    let metadata = |change: &UserChange| {
        let members = change.metadata.iter();
        let members = members.map(|(key, value)| (format!("metadata.{key}"), json!(value)));
        members.collect::<Map<_, _>>()
    };
    let new = new.map(|mut new| {
        if let Some(members) = new.as_object_mut() {
            members.extend(metadata(change));
        }
        new
    });
    let entry = Entry {
        actor: &by.actor,
        action,
        target: format!("user:{id}"),
        old,
        new,
    };
    audit::write(alone, alone.pool(), entry).await?;
    let key = EntityKey::User(id);
    let revision = feed::commit(alone, std::slice::from_ref(&key))
        .await?
        .get(&key)
        .copied()
        .unwrap_or_default();
    let metadata = change
        .metadata
        .iter()
        .map(|(key, _)| FieldGroup::Metadata(key.clone()));
    let names = change
        .profile
        .iter()
        .filter_map(|(field, _)| FieldGroup::of_profile(*field));
    for field in metadata.chain(names) {
        fields::changed(alone, Some(&by.actor), id, &field, revision).await?;
    }
    existing(alone, id).await
}

async fn kick(writing: &Writing<'_>, pool: &PoolId, ids: &[UserId], by: &By) -> Result<(), StoreError> {
    for id in ids {
        let known = users::load_without_metadata(writing, pool, *id).await?;
        known.ok_or(StoreError::NotFound("user"))?;
        let ended = sessions::end_all(writing, pool, *id).await?;
        let entry = Entry {
            actor: &by.actor,
            action: "user.kick",
            target: format!("user:{id}"),
            old: Some(json!({ "sessions": ended })),
            new: Some(json!({ "sessions": 0 })),
        };
        audit::write(writing, pool, entry).await?;
    }
    Ok(())
}

async fn delete(writing: &Writing<'_>, pool: &PoolId, by: &By, id: UserId) -> Result<(), StoreError> {
    let alone = writing.alone(pool).await?;
    let user = existing(&alone, id).await?;
    let bindings = users::identities_of(&alone, pool, id).await?;
    let mut changed = vec![EntityKey::User(id)];
    for binding in &bindings {
        alone
            .execute("DELETE FROM identity WHERE id = $1", values![binding.id])
            .await?;
        changed.push(EntityKey::Identity(binding.id));
    }
    remove(&alone, id).await?;
    let mut old = summary(&user);
    if let Some(members) = old.as_object_mut() {
        members.insert("bindings".to_owned(), json!(bindings.len()));
    }
    let entry = Entry {
        actor: &by.actor,
        action: "user.delete",
        target: format!("user:{id}"),
        old: Some(old),
        new: None,
    };
    audit::write(&alone, pool, entry).await?;
    feed::commit(&alone, &changed).await?;
    Ok(())
}

/// Removes a user's row, which takes metadata, names and passwords with it, and what is known of its fields.
pub(super) async fn remove(alone: &Alone<'_>, id: UserId) -> Result<(), StoreError> {
    alone
        .execute("DELETE FROM users WHERE id = $1", values![id])
        .await?;
    let sql = "DELETE FROM field_rev WHERE pool = $1 AND etype = 'user' AND eid = $2";
    alone.execute(sql, values![alone.pool(), id]).await?;
    Ok(())
}

/// A user who has to be there.
pub(super) async fn existing(alone: &Alone<'_>, id: UserId) -> Result<User, StoreError> {
    users::load(alone, alone.pool(), id)
        .await?
        .ok_or(StoreError::NotFound("user"))
}

/// Status and profile, for the audit log.
fn summary(user: &User) -> Value {
    let mut summary = Map::new();
    summary.insert("status".to_owned(), json!(user.status));
    for field in ProfileField::ALL {
        if let Some(known) = field.of(&user.profile) {
            summary.insert(field.as_str().to_owned(), known.value.clone().into());
        }
    }
    Value::Object(summary)
}
