//! Passwords: Argon2id hashes, and the rules for new ones.

use super::{Proof, Refused, WeakPassword};
use crate::{
    App, Error,
    session::Bearer,
    store::{Claimed, Ends, NewPassword},
};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::{num::NonZero, sync::Arc, thread::available_parallelism};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use yaopai_domain::{Entropy, PoolId, UserId, UserStatus};
use zeroize::Zeroizing;

/// What OWASP's Password Storage Cheat Sheet names first for Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const CHARACTERS: std::ops::RangeInclusive<usize> = 8..=128;
/// The hash of no password, for accounts that have none: checking against it takes as long as against any other.
const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Where passwords are hashed: as many at a time as the machine has processors, since each takes memory and time.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    seats: Arc<Semaphore>,
}

/// Leave to hash one password.
pub(crate) struct Seat(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Passwords {
    /// As many seats as there are processors.
    pub(crate) fn new() -> Self {
        let seats = available_parallelism().map_or(1, NonZero::get);
        Self {
            seats: Arc::new(Semaphore::new(seats)),
        }
    }

    /// Waits for a seat. Whoever has to look at something before a password is checked does so with the seat taken: then
    /// no more than the seats can have looked at the same time.
    pub(crate) async fn seat(&self) -> Result<Seat, Error> {
        let permit = Arc::clone(&self.seats).acquire_owned().await;
        permit.map(Seat).map_err(|_| Error::Busy)
    }

    /// A new password's hash in PHC form.
    pub(crate) async fn hash(
        &self,
        password: &Zeroizing<String>,
        entropy: &dyn Entropy,
    ) -> Result<String, Error> {
        let mut salt = [0; SALT_BYTES];
        entropy.fill(&mut salt);
        let seat = self.seat().await?;
        let password = password.clone();
        blocking(seat, move || {
            argon2()?
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|_| Error::Internal("a password could not be hashed"))
        })
        .await?
    }
}

impl Seat {
    /// Whether a password is the one that was hashed. Without a hash it takes as long and is never right.
    pub(crate) async fn verify(
        self,
        password: &Zeroizing<String>,
        hash: Option<&str>,
    ) -> Result<bool, Error> {
        let (password, hash) = (password.clone(), hash.unwrap_or(NO_PASSWORD).to_owned());
        blocking(self, move || {
            let hash = PasswordHash::new(&hash)
                .map_err(|_| Error::Internal("a stored password hash cannot be read"))?;
            Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await?
    }
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|_| Error::Internal("the parameters of Argon2 are refused"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashing takes tens of milliseconds, which no async thread may wait. The seat is free once it is done, also when
/// whoever asked has left.
async fn blocking<T: Send + 'static>(
    seat: Seat,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(seat);
        done
    })
    .await
    .map_err(|_| Error::Internal("hashing a password broke off"))
}

/// The hash of a new password, in PHC form, if it keeps the rules; `names` are what everybody can read about its owner.
pub(crate) async fn new_hash(app: &App, new: &Zeroizing<String>, names: &[&str]) -> Result<String, Error> {
    check_new(new, names)?;
    app.passwords.hash(new, app.entropy.as_ref()).await
}

/// Checks the rules for a new password; `names` are what everybody can read about its owner.
fn check_new(password: &str, names: &[&str]) -> Result<(), Refused> {
    if !CHARACTERS.contains(&password.chars().count()) {
        return Err(Refused::WeakPassword(WeakPassword::Length));
    }
    let folded = password.to_lowercase();
    let is_the_name = names.iter().any(|name| {
        let name = name.to_lowercase();
        folded == name
            || name
                .strip_prefix('+')
                .is_some_and(|digits| digits.ends_with(&folded))
    });
    if is_the_name {
        return Err(Refused::WeakPassword(WeakPassword::IsTheName));
    }
    Ok(())
}

/// Sets the password of a user who is logged in and has shown once more who they are. This session goes on, every other one
/// ends: whoever changes a password may do so because somebody else knew it.
pub(crate) async fn set_password(app: &App, bearer: &Bearer, new: &Zeroizing<String>) -> Result<(), Error> {
    let hash = hash_of(app, &bearer.pool, bearer.user, new).await?;
    let new = NewPassword {
        ends: Ends::Others(bearer.session),
        ..NewPassword::of(hash)
    };
    put(app, &bearer.pool, bearer.user, new).await
}

/// Sets the password of whoever has the phone or address that was proven, uses the code up, and ends their sessions: who
/// forgot a password may have lost a device with it. Answers the user; `None` if nobody has it.
pub(crate) async fn reset_password(
    app: &App,
    pool: &PoolId,
    proof: &Proof,
    new: &Zeroizing<String>,
) -> Result<Option<UserId>, Error> {
    let name = proof.login_name();
    let Some(account) = app.store.account_by(pool, &name).await? else {
        return Ok(None);
    };
    if account.status == UserStatus::Blocked {
        return Err(Refused::Blocked.into());
    }
    let user = account.user;
    let hash = hash_of(app, pool, user, new).await?;
    if app.store.own_name(pool, &name, user).await? == Claimed::Taken {
        return Ok(None);
    }
    let new = NewPassword {
        code: proof.code().map(str::to_owned),
        ..NewPassword::of(hash)
    };
    put(app, pool, user, new).await?;
    Ok(Some(user))
}

/// The hash of a new password of a user, if it keeps the rules.
async fn hash_of(app: &App, pool: &PoolId, user: UserId, new: &Zeroizing<String>) -> Result<String, Error> {
    let person = app
        .store
        .person(pool, user)
        .await?
        .ok_or(Error::NotFound("user"))?;
    let profile = &person.user.profile;
    let names: Vec<&str> = [&profile.phone, &profile.email, &profile.username]
        .into_iter()
        .flatten()
        .map(|field| field.value.as_str())
        .collect();
    new_hash(app, new, &names).await
}

async fn put(app: &App, pool: &PoolId, user: UserId, new: NewPassword) -> Result<(), Error> {
    if app.store.set_password(pool, user, new).await? {
        Ok(())
    } else {
        Err(Refused::CodeSpent.into())
    }
}

/// Changes the password of a user who is logged in and knows the old one, as [`set_password`] does.
pub(crate) async fn change_password(
    app: &App,
    bearer: &Bearer,
    old: &Zeroizing<String>,
    new: &Zeroizing<String>,
) -> Result<(), Error> {
    confirm_password(app, &bearer.pool, bearer.user, old).await?;
    set_password(app, bearer, new).await
}

/// Makes sure that a user who is logged in knows their password.
pub(crate) async fn confirm_password(
    app: &App,
    pool: &PoolId,
    user: UserId,
    password: &Zeroizing<String>,
) -> Result<(), Error> {
    let account = app
        .store
        .account(pool, user)
        .await?
        .ok_or(Error::NotFound("user"))?;
    super::sign_in::check_password(app, pool, &user.to_string(), Some(&account), password).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;
    use rstest::rstest;

    fn text(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[rstest]
    #[case::fine("correct horse", None)]
    #[case::chinese("八个字的中文密码", None)]
    #[case::short("1234567", Some(WeakPassword::Length))]
    #[case::long("x".repeat(129), Some(WeakPassword::Length))]
    #[case::the_address("Li.Wei@example.com", Some(WeakPassword::IsTheName))]
    #[case::the_number("13800138000", Some(WeakPassword::IsTheName))]
    #[case::the_name("LIWEI2020", Some(WeakPassword::IsTheName))]
    fn a_new_password_keeps_the_rules(
        #[case] password: impl AsRef<str>,
        #[case] broken: Option<WeakPassword>,
    ) {
        let names = ["li.wei@example.com", "+8613800138000", "liwei2020"];
        let refused = check_new(password.as_ref(), &names).err();
        assert_eq!(refused, broken.map(Refused::WeakPassword));
    }

    #[tokio::test]
    async fn only_the_right_password_fits_its_hash() {
        let passwords = Passwords::new();
        let entropy = Seeded::new(1);
        let hash = passwords.hash(&text("correct horse"), &entropy).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let again = passwords.hash(&text("correct horse"), &entropy).await.unwrap();
        assert_ne!(hash, again, "every hash has a salt of its own");
        let fits = async |password: &str, hash: Option<&str>| {
            let seat = passwords.seat().await.unwrap();
            seat.verify(&text(password), hash).await.unwrap()
        };
        assert!(fits("correct horse", Some(&hash)).await);
        assert!(!fits("wrong horse", Some(&hash)).await);
        assert!(
            !fits("", None).await,
            "who has no password has no empty one either"
        );
    }
}
