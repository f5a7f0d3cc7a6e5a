//! By what people log in: who has a name, and names that change hands.

use super::{Alone, Reading, StoreError, engine::values};
use yaopai_domain::{LoginName, LoginNameKind, PoolId, Source, Sourced, User, UserId};

/// Who has a login name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// Nobody.
    Nobody,
    /// Whoever has proven it, else the one person to whom an operator or an import gave it.
    User(UserId),
    /// Nobody has proven it, and an import gave it to several people.
    Several,
}

impl Holder {
    /// Whether the name is somebody else's.
    pub(super) fn is_not(self, user: UserId) -> bool {
        match self {
            Self::Nobody => false,
            Self::User(holder) => holder != user,
            Self::Several => true,
        }
    }
}

/// Whose a login name is.
pub(super) async fn holder(
    reading: &Reading<'_>,
    pool: &PoolId,
    name: &LoginName,
) -> Result<Holder, StoreError> {
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

/// Who has proven a phone or address, or chosen a user name.
pub(super) async fn proven_by(
    reading: &Reading<'_>,
    pool: &PoolId,
    name: &LoginName,
) -> Result<Option<UserId>, StoreError> {
    let sql = "SELECT user_id FROM login_name WHERE pool = $1 AND kind = $2 AND value = $3";
    let values = values![pool, name.kind().as_str(), name.key()];
    let row = reading.row(sql, values).await?;
    row.map(|row| row.parsed("user_id")).transpose()
}

/// Whether a user has a login name of this kind.
pub(super) async fn has(
    reading: &Reading<'_>,
    pool: &PoolId,
    user: UserId,
    kind: LoginNameKind,
) -> Result<bool, StoreError> {
    let sql = "SELECT value FROM login_name WHERE pool = $1 AND user_id = $2 AND kind = $3";
    reading.any(sql, values![pool, user, kind.as_str()]).await
}

/// Gives a name to a user, in place of the one of its kind. The caller has looked whether it is free.
pub(super) async fn put(alone: &Alone<'_>, user: UserId, name: &LoginName) -> Result<(), StoreError> {
    drop(alone, user, name.kind()).await?;
    let sql = "INSERT INTO login_name (pool, kind, value, user_id, since) VALUES ($1, $2, $3, $4, $5)";
    let values = values![alone.pool(), name.kind().as_str(), name.key(), user, alone.now()];
    alone.execute(sql, values).await?;
    Ok(())
}

/// Takes the name of a kind from a user.
pub(super) async fn drop(alone: &Alone<'_>, user: UserId, kind: LoginNameKind) -> Result<(), StoreError> {
    let sql = "DELETE FROM login_name WHERE pool = $1 AND user_id = $2 AND kind = $3";
    alone
        .execute(sql, values![alone.pool(), user, kind.as_str()])
        .await?;
    Ok(())
}

/// Makes the login names of a user follow what an operator has made of their profile: a user name is theirs at once, a
/// phone or address that is another one than they have proven is no way in. `false` if somebody else has one of them.
pub(super) async fn follow(alone: &Alone<'_>, user: &User) -> Result<bool, StoreError> {
    let pool = alone.pool();
    let profile = &user.profile;
    for (kind, shown) in [
        (LoginNameKind::Phone, &profile.phone),
        (LoginNameKind::Email, &profile.email),
        (LoginNameKind::Username, &profile.username),
    ] {
        let name = shown
            .as_ref()
            .and_then(|field| field.value.parse::<LoginName>().ok())
            .filter(|name| name.kind() == kind);
        let Some(name) = name else {
            drop(alone, user.id, kind).await?;
            continue;
        };
        match proven_by(alone, pool, &name).await? {
            Some(holder) if holder == user.id => {}
            Some(_) => return Ok(false),
            None if kind == LoginNameKind::Username => put(alone, user.id, &name).await?,
            None => drop(alone, user.id, kind).await?,
        }
    }
    Ok(true)
}

/// Where people see a name of this kind.
pub(super) const fn shown(user: &mut User, kind: LoginNameKind) -> &mut Option<Sourced> {
    match kind {
        LoginNameKind::Phone => &mut user.profile.phone,
        LoginNameKind::Email => &mut user.profile.email,
        LoginNameKind::Username => &mut user.profile.username,
    }
}

/// A value that somebody gave.
pub(super) fn given(value: &str, source: Source) -> Sourced {
    Sourced {
        value: value.to_owned(),
        source,
    }
}
