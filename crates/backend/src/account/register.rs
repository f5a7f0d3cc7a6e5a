//! Registration without WeChat: by a proven phone or address, or by a user name and a password.

use super::{ProfilePatch, Proof, Refused, password::new_hash};
use crate::{
    App, Error,
    store::{Brought, Registered},
};
use yaopai_domain::{LoginName, PoolId, UserId, Username};
use zeroize::Zeroizing;

/// Who registers, and by what.
#[derive(Clone, Default)]
pub(crate) struct Registration {
    /// What proves phones and addresses; at most one of each.
    pub(crate) proofs: Vec<Proof>,
    /// A user name; alone it needs a password.
    pub(crate) username: Option<Username>,
    /// A password.
    pub(crate) password: Option<Zeroizing<String>>,
    /// What the person says about themselves.
    pub(crate) profile: ProfilePatch,
}

/// An account to make, as the store takes it.
#[derive(Clone)]
pub(crate) struct NewAccount {
    /// What the user logs in by; at most one of a kind.
    pub(crate) names: Vec<LoginName>,
    /// The ids of the codes that are used up with it.
    pub(crate) codes: Vec<String>,
    /// Argon2id in PHC form.
    pub(crate) password_hash: Option<String>,
    /// What the person says about themselves.
    pub(crate) patch: ProfilePatch,
}

/// Makes a user, unless somebody has the phone, address or name ([`Refused::Taken`]). Codes are used up if it does, and
/// only then; [`Refused::CodeSpent`] if one was used meanwhile.
pub(crate) async fn register(app: &App, pool: &PoolId, registration: Registration) -> Result<UserId, Error> {
    let new = checked(app, registration).await?;
    match app.store.register(pool, new).await? {
        Registered::User(user) => Ok(user),
        Registered::Taken(kind) => Err(Refused::Taken(kind).into()),
        Registered::CodeSpent => Err(Refused::CodeSpent.into()),
        // Of a registration that brings nobody.
        Registered::Spent | Registered::Unbound(_) => Err(Error::Internal("nobody was brought")),
    }
}

/// Makes a user and binds a WeChat person to them, in one go: both, or nothing. [`Error::BoundElsewhere`] if the person is
/// somebody's; [`Refused::CodeSpent`] if their provider token or a code was used meanwhile.
pub(crate) async fn register_bound(
    app: &App,
    registration: Registration,
    brought: Brought,
) -> Result<UserId, Error> {
    let new = checked(app, registration).await?;
    match app.store.register_bound(new, brought).await? {
        Registered::User(user) => Ok(user),
        Registered::Taken(kind) => Err(Refused::Taken(kind).into()),
        Registered::Spent | Registered::CodeSpent => Err(Refused::CodeSpent.into()),
        Registered::Unbound(_) => Err(Error::BoundElsewhere),
    }
}

async fn checked(app: &App, registration: Registration) -> Result<NewAccount, Error> {
    let mut names: Vec<LoginName> = registration.proofs.iter().map(Proof::login_name).collect();
    names.extend(registration.username.map(LoginName::from));
    let can_log_in = !registration.proofs.is_empty() || registration.password.is_some();
    let one_of_a_kind = names
        .iter()
        .enumerate()
        .all(|(index, name)| names[..index].iter().all(|other| other.kind() != name.kind()));
    if names.is_empty() || !can_log_in || !one_of_a_kind {
        return Err(Refused::NothingToLogInBy.into());
    }
    let password_hash = match &registration.password {
        Some(password) => {
            let texts: Vec<&str> = names.iter().map(LoginName::as_str).collect();
            Some(new_hash(app, password, &texts).await?)
        }
        None => None,
    };
    let codes = registration.proofs.iter().filter_map(Proof::code);
    Ok(NewAccount {
        names,
        codes: codes.map(str::to_owned).collect(),
        password_hash,
        patch: registration.profile,
    })
}
