//! What operators do with accounts. Each change is an audit row with the old and the new value.

use super::{Person, ProfilePatch, Refused, password::check_new};
use crate::{App, Error, session, store::Operated};
use yaopai_domain::{LoginName, LoginNameKind, PoolId, UserId, UserStatus};
use zeroize::Zeroizing;

/// A login name that an operator gives or takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NameChange {
    /// The user gets it. A user name can be logged in by at once; a phone or address once its owner has proven it.
    Set(LoginName),
    /// The user loses the one of this kind.
    Remove(LoginNameKind),
}

impl NameChange {
    /// Which kind of name it is about.
    pub(crate) const fn kind(&self) -> LoginNameKind {
        match self {
            Self::Set(name) => name.kind(),
            Self::Remove(kind) => *kind,
        }
    }

    /// The name that is given, if one is.
    pub(crate) const fn set(&self) -> Option<&LoginName> {
        match self {
            Self::Set(name) => Some(name),
            Self::Remove(_) => None,
        }
    }
}

/// What an operator wants a user to be. Whatever is not said stays.
#[derive(Clone, Default)]
pub(crate) struct OperatorPatch {
    /// Profile and details.
    pub(crate) profile: ProfilePatch,
    /// Login names; at most one change of a kind.
    pub(crate) names: Vec<NameChange>,
    /// Whether the user may log in.
    pub(crate) status: Option<UserStatus>,
    /// A new password; the user's sessions end.
    pub(crate) password: Option<Zeroizing<String>>,
}

/// The same as the store takes it.
#[derive(Clone)]
pub(crate) struct Operation {
    /// Profile and details.
    pub(crate) profile: ProfilePatch,
    /// Login names.
    pub(crate) names: Vec<NameChange>,
    /// Whether the user may log in.
    pub(crate) status: Option<UserStatus>,
    /// Argon2id in PHC form.
    pub(crate) password_hash: Option<String>,
}

/// Makes a user; [`Refused::Taken`] if somebody has one of the names. `actor` is the name of the operator or key.
pub(crate) async fn create_user(
    app: &App,
    pool: &PoolId,
    actor: &str,
    patch: OperatorPatch,
) -> Result<Person, Error> {
    operate(app, pool, actor, None, patch).await
}

/// Changes a user; [`Refused::Taken`] if somebody else has one of the names.
pub(crate) async fn change_user(
    app: &App,
    pool: &PoolId,
    actor: &str,
    user: UserId,
    patch: OperatorPatch,
) -> Result<Person, Error> {
    operate(app, pool, actor, Some(user), patch).await
}

/// Deletes a user with everything that is theirs.
pub(crate) async fn delete_user(app: &App, pool: &PoolId, actor: &str, user: UserId) -> Result<(), Error> {
    Ok(app.store.delete_user(pool, actor, user).await?)
}

async fn operate(
    app: &App,
    pool: &PoolId,
    actor: &str,
    user: Option<UserId>,
    patch: OperatorPatch,
) -> Result<Person, Error> {
    let password_hash = match &patch.password {
        Some(password) => {
            let names: Vec<&str> = patch
                .names
                .iter()
                .filter_map(NameChange::set)
                .map(LoginName::as_str)
                .collect();
            check_new(password, &names)?;
            Some(app.passwords.hash(password, app.entropy.as_ref()).await?)
        }
        None => None,
    };
    let operation = Operation {
        profile: patch.profile,
        names: patch.names,
        status: patch.status,
        password_hash,
    };
    let ends_sessions = operation.password_hash.is_some();
    match app.store.operate(pool, actor, user, operation).await? {
        Operated::Person(person) => {
            if ends_sessions {
                session::end_all(app, pool, person.user.id).await?;
            }
            Ok(*person)
        }
        Operated::Taken(kind) => Err(Refused::Taken(kind).into()),
    }
}
