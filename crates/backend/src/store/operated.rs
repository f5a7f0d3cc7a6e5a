//! Users as operators make, change and delete them.

use super::{
    Alone, Store, StoreError,
    accounts::{fresh, put_password},
    audit::{self, Entry},
    engine::values,
    feed,
    login_names::{self, given, holder, shown},
    own_data::{apply, loaded, person, put_details, save},
    users,
};
use crate::account::{NameChange, Operation, Person};
use serde_json::{Value, json};
use yaopai_domain::{EntityKey, LoginName, LoginNameKind, PoolId, Source, User, UserId};

/// What came of an operator's wish.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operated {
    /// The user as they are now.
    Person(Box<Person>),
    /// Somebody else has that name; nothing was changed.
    Taken(LoginNameKind),
}

impl Store {
    /// Makes a user, or changes one if `user` names one.
    pub(crate) async fn operate(
        &self,
        pool: &PoolId,
        actor: &str,
        user: Option<UserId>,
        operation: Operation,
    ) -> Result<Operated, StoreError> {
        self.write(
            (pool.clone(), actor.to_owned(), user, operation),
            |writing, (pool, actor, user, operation)| {
                Box::pin(async move {
                    let alone = writing.alone(pool).await?;
                    operate(&alone, actor, *user, operation).await
                })
            },
        )
        .await
    }

    /// Deletes a user with everything that is theirs: bindings, metadata, password, sessions. Consoles see tombstones.
    pub(crate) async fn delete_user(
        &self,
        pool: &PoolId,
        actor: &str,
        user: UserId,
    ) -> Result<(), StoreError> {
        self.write(
            (pool.clone(), actor.to_owned(), user),
            |writing, (pool, actor, user)| {
                Box::pin(async move {
                    let alone = writing.alone(pool).await?;
                    delete(&alone, actor, *user).await
                })
            },
        )
        .await
    }
}

async fn operate(
    alone: &Alone<'_>,
    actor: &str,
    id: Option<UserId>,
    operation: &Operation,
) -> Result<Operated, StoreError> {
    let pool = alone.pool();
    let known = match id {
        Some(id) => Some(loaded(alone, id).await?),
        None => None,
    };
    let old = known.as_ref().map(audited);
    let mut user = known.unwrap_or_else(|| fresh(alone));
    for name in operation.names.iter().filter_map(NameChange::set) {
        if holder(alone, pool, name).await?.is_not(user.id) {
            return Ok(Operated::Taken(name.kind()));
        }
    }
    let details = apply(&mut user, &operation.profile, Source::Operator);
    for change in &operation.names {
        let column = shown(&mut user, change.kind());
        let name = change.set().map(LoginName::as_str);
        if column.as_ref().map(|known| known.value.as_str()) != name {
            *column = name.and_then(|name| given(name, Source::Operator));
        }
    }
    if let Some(status) = operation.status {
        user.status = status;
    }
    save(alone, &mut user).await?;
    for change in &operation.names {
        rename(alone, user.id, change).await?;
    }
    put_details(alone, pool, user.id, &details).await?;
    if let Some(hash) = &operation.password_hash {
        put_password(alone, pool, user.id, hash).await?;
    }
    let mut new = audited(&user);
    if operation.password_hash.is_some() {
        new["password"] = json!("set");
    }
    let entry = Entry {
        actor,
        action: if old.is_some() {
            "user.change"
        } else {
            "user.create"
        },
        target: format!("user:{}", user.id),
        old,
        new: Some(new),
    };
    audit::write(alone, pool, entry).await?;
    feed::commit(alone, &[EntityKey::User(user.id)]).await?;
    let person = person(alone, pool, user.id)
        .await?
        .ok_or(StoreError::NotFound("user"))?;
    Ok(Operated::Person(Box::new(person)))
}

/// An operator's word makes a user name; a phone or address they give has still to be proven to log in by it.
async fn rename(alone: &Alone<'_>, user: UserId, change: &NameChange) -> Result<(), StoreError> {
    match change {
        NameChange::Set(name @ LoginName::Username(_)) => login_names::put(alone, user, name).await,
        NameChange::Set(name) => {
            if login_names::proven_by(alone, alone.pool(), name).await? == Some(user) {
                return Ok(());
            }
            login_names::drop(alone, user, name.kind()).await
        }
        NameChange::Remove(kind) => login_names::drop(alone, user, *kind).await,
    }
}

async fn delete(alone: &Alone<'_>, actor: &str, id: UserId) -> Result<(), StoreError> {
    let pool = alone.pool();
    let user = loaded(alone, id).await?;
    let identities = users::identities_of(alone, pool, id).await?;
    let mut gone: Vec<EntityKey> = identities
        .iter()
        .map(|identity| EntityKey::Identity(identity.id))
        .collect();
    gone.push(EntityKey::User(id));
    let mut old = audited(&user);
    old["identities"] = json!(identities);
    alone
        .execute(
            "DELETE FROM identity WHERE pool = $1 AND user_id = $2",
            values![pool, id],
        )
        .await?;
    alone
        .execute("DELETE FROM users WHERE pool = $1 AND id = $2", values![pool, id])
        .await?;
    let entry = Entry {
        actor,
        action: "user.delete",
        target: format!("user:{id}"),
        old: Some(old),
        new: None,
    };
    audit::write(alone, pool, entry).await?;
    feed::commit(alone, &gone).await?;
    Ok(())
}

fn audited(user: &User) -> Value {
    json!({"status": user.status, "profile": user.profile})
}
