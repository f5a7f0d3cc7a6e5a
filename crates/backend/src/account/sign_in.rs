//! Logging in without WeChat: by a password, or by a phone or address that was just proven.

use super::{Proven, Refused, codes::too_often, pace::wait_after_wrong_passwords};
use crate::{App, Error, store::Claimed};
use yaopai_domain::{LoginName, PoolId, UserId, UserStatus};
use zeroize::Zeroizing;

/// A user, as far as a login needs to know.
#[derive(Clone)]
pub(crate) struct Account {
    /// The user.
    pub(crate) user: UserId,
    /// Whether they may log in.
    pub(crate) status: UserStatus,
    /// Argon2id in PHC form; absent without a password.
    pub(crate) password_hash: Option<String>,
}

/// Whose name and password these are.
///
/// An account that does not exist, one without a password and a wrong password get the same answer after the same work.
pub(crate) async fn sign_in_with_password(
    app: &App,
    pool: &PoolId,
    name: &LoginName,
    password: &Zeroizing<String>,
) -> Result<UserId, Error> {
    let account = app.store.account_by(pool, name).await?;
    let subject = match &account {
        Some(account) => account.user.to_string(),
        None => format!("{}:{}", name.kind(), name.key()),
    };
    check_password(app, pool, &subject, account.as_ref(), password).await?;
    let account = account.ok_or(Refused::WrongPassword)?;
    come_in(app, pool, &account, "password").await
}

/// Whose phone or address this is; `None` for nobody's. Somebody to whom an operator or an import gave it has proven it
/// now, and may log in by it from now on.
pub(crate) async fn sign_in_with_code(
    app: &App,
    pool: &PoolId,
    proven: &Proven,
) -> Result<Option<UserId>, Error> {
    let name = proven.login_name();
    let Some(account) = app.store.account_by(pool, &name).await? else {
        return Ok(None);
    };
    if app.store.own_name(pool, &name, account.user).await? == Claimed::Taken {
        return Ok(None);
    }
    come_in(app, pool, &account, name.kind().as_str()).await.map(Some)
}

async fn come_in(app: &App, pool: &PoolId, account: &Account, by: &'static str) -> Result<UserId, Error> {
    match account.status {
        UserStatus::Blocked => Err(Refused::Blocked.into()),
        UserStatus::Active => {
            app.store.note_sign_in(pool, account.user, by).await?;
            Ok(account.user)
        }
    }
}

/// Checks a password, unless too many wrong ones were given lately. `subject` is whom they are counted for.
pub(super) async fn check_password(
    app: &App,
    pool: &PoolId,
    subject: &str,
    account: Option<&Account>,
    password: &Zeroizing<String>,
) -> Result<(), Error> {
    let seat = app.passwords.seat().await?;
    let wrong = app.store.wrong_passwords(pool, subject).await?;
    let wait = wait_after_wrong_passwords(wrong, app.clock.now());
    if wait > 0 {
        return Err(too_often(wait));
    }
    let hash = account.and_then(|account| account.password_hash.as_deref());
    if seat.verify(password, hash).await? {
        return Ok(());
    }
    app.store
        .note_wrong_password(pool, subject, account.map(|account| account.user))
        .await?;
    Err(Refused::WrongPassword.into())
}
