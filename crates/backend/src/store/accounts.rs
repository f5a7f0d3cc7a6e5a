//! Accounts: made by the people themselves, and what a login without WeChat has to know.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    bindings::{Bind, By, bind_alone},
    engine::values,
    feed, identity,
    login_names::{self, Holder, given, holder, shown},
    own_data::{apply, put_details},
    pace::{self, Action},
    provider_tokens,
    sessions::{self, Ends},
    users, verifications,
};
use crate::{
    account::{Account, NewAccount, Pace, one_more_wrong_password},
    identity::Arrival,
};
use serde_json::{Value, json};
use std::sync::Arc;
use yaopai_domain::{EntityKey, LoginName, LoginNameKind, PoolId, Source, UserId};

/// Whether an account was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registered {
    /// It was.
    User(UserId),
    /// Somebody has that name.
    Taken(LoginNameKind),
    /// The provider token was used meanwhile.
    Spent,
    /// A code was used meanwhile.
    CodeSpent,
    /// The WeChat person cannot be bound.
    Unbound(Bind),
}

/// A password that a person sets.
#[derive(Clone)]
pub(crate) struct NewPassword {
    /// Argon2id in PHC form.
    pub(crate) hash: String,
    /// Which sessions of the user end with it.
    pub(crate) ends: Ends,
    /// The id of the code that is used up with it.
    pub(crate) code: Option<String>,
}

impl NewPassword {
    /// One that ends every session of theirs.
    pub(crate) const fn of(hash: String) -> Self {
        Self {
            hash,
            ends: Ends::All,
            code: None,
        }
    }
}

/// A WeChat person to bind to a user who is made.
#[derive(Debug, Clone)]
pub(crate) struct Brought {
    /// The hash of the provider token that names them; it is used up.
    pub(crate) token_hash: String,
    /// The person.
    pub(crate) person: Arrival,
}

impl Store {
    /// Makes a user with these names, unless somebody has one of them.
    pub(crate) async fn register(&self, pool: &PoolId, new: NewAccount) -> Result<Registered, StoreError> {
        self.write((pool.clone(), new), |writing, (pool, new)| {
            Box::pin(register(writing, pool, new))
        })
        .await
    }

    /// Makes a user with these names and binds the WeChat person to them: both, or nothing.
    pub(crate) async fn register_bound(
        &self,
        new: NewAccount,
        brought: Brought,
    ) -> Result<Registered, StoreError> {
        let data = Arc::new((new, brought));
        self.write(data, |writing, data| {
            Box::pin(async move {
                let (new, brought) = data.as_ref();
                register_bound(writing, new, brought).await
            })
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

    /// Notes a wrong password. `user` is absent for a name that is nobody's; what was typed there is not repeated: it may
    /// be a password in the wrong place.
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
                by_person(
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

    /// Sets a password's hash and ends sessions with it: both, or nothing. Whether it did: `false` if the code was used
    /// meanwhile. Wrong passwords are forgotten.
    pub(crate) async fn set_password(
        &self,
        pool: &PoolId,
        user: UserId,
        new: NewPassword,
    ) -> Result<bool, StoreError> {
        self.write((pool.clone(), user, new), |writing, (pool, user, new)| {
            Box::pin(set_password(writing, pool, *user, new))
        })
        .await
    }
}

async fn set_password(
    writing: &Writing<'_>,
    pool: &PoolId,
    user: UserId,
    new: &NewPassword,
) -> Result<bool, StoreError> {
    if let Some(code) = &new.code
        && !verifications::use_up(writing, pool, code).await?
    {
        return Ok(false);
    }
    put_password(writing, pool, user, &new.hash).await?;
    sessions::end_of_user(writing, pool, user, new.ends).await?;
    by_person(writing, pool, user, "account.set_password", None, None).await?;
    Ok(true)
}

async fn register(writing: &Writing<'_>, pool: &PoolId, new: &NewAccount) -> Result<Registered, StoreError> {
    let alone = writing.alone(pool).await?;
    make(&alone, new).await
}

async fn register_bound(
    writing: &Writing<'_>,
    new: &NewAccount,
    brought: &Brought,
) -> Result<Registered, StoreError> {
    let Brought { token_hash, person } = brought;
    let alone = writing.alone(&person.pool).await?;
    // Whatever speaks against it is found before anything is written.
    if person.snapshot_user {
        return Ok(Registered::Unbound(Bind::Snapshot));
    }
    if let Some(holder) = identity::look(&alone, person).await?.holders().next() {
        return Ok(Registered::Unbound(Bind::Elsewhere(holder)));
    }
    if !provider_tokens::usable(&alone, token_hash).await? {
        return Ok(Registered::Spent);
    }
    let registered = make(&alone, new).await?;
    if let Registered::User(user) = registered {
        let by = By {
            actor: format!("person:{user}"),
        };
        bind_alone(&alone, person, user, &by).await?;
        provider_tokens::use_up(&alone, token_hash).await?;
    }
    Ok(registered)
}

async fn make(alone: &Alone<'_>, new: &NewAccount) -> Result<Registered, StoreError> {
    let pool = alone.pool();
    for name in &new.names {
        if holder(alone, pool, name).await? != Holder::Nobody {
            return Ok(Registered::Taken(name.kind()));
        }
    }
    for code in &new.codes {
        if !verifications::is_good(alone, pool, code).await? {
            return Ok(Registered::CodeSpent);
        }
    }
    for code in &new.codes {
        verifications::use_up(alone, pool, code).await?;
    }
    let mut user = users::fresh(alone);
    let details = apply(&mut user, &new.patch, Source::Person);
    for name in &new.names {
        *shown(&mut user, name.kind()) = Some(given(name.as_str(), Source::Person));
    }
    users::save(alone, &user).await?;
    for name in &new.names {
        login_names::put(alone, user.id, name).await?;
    }
    put_details(alone, pool, user.id, &details).await?;
    if let Some(hash) = &new.password_hash {
        put_password(alone, pool, user.id, hash).await?;
    }
    let kinds: Vec<&str> = new.names.iter().map(|name| name.kind().as_str()).collect();
    let by = Some(json!({"by": kinds}));
    by_person(alone, pool, user.id, "account.register", None, by).await?;
    feed::commit(alone, &[EntityKey::User(user.id)]).await?;
    Ok(Registered::User(user.id))
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

async fn wrong_password(
    writing: &Writing<'_>,
    pool: &PoolId,
    subject: &str,
    user: Option<UserId>,
) -> Result<(), StoreError> {
    let before = pace::hold(writing, pool, Action::WrongPassword, subject).await?;
    let pace = one_more_wrong_password(before, writing.now());
    pace::keep(writing, pool, Action::WrongPassword, subject, pace).await?;
    let target = match user {
        Some(user) => format!("user:{user}"),
        None => "user:unknown".to_owned(),
    };
    let entry = Entry {
        actor: "person:unknown",
        action: "account.wrong_password",
        target,
        old: None,
        new: Some(json!({"times": pace.times})),
    };
    audit::write(writing, pool, entry).await
}

/// Sets a password's hash. Wrong passwords are forgotten.
pub(super) async fn put_password(
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
    pace::forget(writing, pool, Action::WrongPassword, &id.to_string()).await
}

/// An audit row of what a person did with their own account.
pub(super) async fn by_person(
    writing: &Writing<'_>,
    pool: &PoolId,
    user: UserId,
    action: &'static str,
    old: Option<Value>,
    new: Option<Value>,
) -> Result<(), StoreError> {
    let actor = format!("person:{user}");
    let entry = Entry {
        actor: &actor,
        action,
        target: format!("user:{user}"),
        old,
        new,
    };
    audit::write(writing, pool, entry).await
}
