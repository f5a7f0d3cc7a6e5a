//! Ways in without WeChat that the first two generations share.

use super::{caller::Caller, user::Portrait, wire::Fault};
use crate::account::{self, ProfilePatch, Purpose, Registration, Target, Use};
use serde_json::{Map, Value};
use yaopai_domain::{LoginName, Phone};

/// A phone number as an SDK sends it, with or without its country code beside it.
pub(super) fn phone(number: &str, country_code: Option<&str>) -> Result<Phone, Fault> {
    let parsed = match country_code.filter(|code| !code.is_empty()) {
        Some(code) if !number.starts_with('+') => Phone::of_country(code.trim_start_matches('+'), number),
        _ => number.parse(),
    };
    parsed.map_err(|_| Fault::malformed("手机号格式不正确"))
}

/// A mail address as an SDK sends it.
pub(super) fn email(address: &str) -> Result<Target, Fault> {
    let email = address.parse().map_err(|_| Fault::malformed("邮箱格式不正确"))?;
    Ok(Target::Email(email))
}

/// In by a name and a password.
pub(super) async fn by_password(
    caller: &Caller,
    name: Result<LoginName, Fault>,
    encrypted: &str,
) -> Result<Portrait, Fault> {
    let (pool, _) = caller.place().await?;
    let password = account::decrypt(&caller.app, &pool, encrypted).await?;
    let user = account::sign_in_with_password(&caller.app, &pool, &name?, &password).await?;
    caller.let_in(&pool, user, None).await
}

/// In by a one-time code; whoever is new is registered.
pub(super) async fn by_code(
    caller: &Caller,
    target: Target,
    code: &str,
    profile: &Map<String, Value>,
) -> Result<Portrait, Fault> {
    let (pool, _) = caller.place().await?;
    let profile = ProfilePatch::from_sent(profile).map_err(crate::Error::from)?;
    let proven = account::prove(&caller.app, &pool, &target, code, Use::Enter).await?;
    let known = account::sign_in_with_code(&caller.app, &pool, &proven).await?;
    let user = if let Some(user) = known {
        user
    } else {
        let registration = Registration {
            proofs: vec![proven.into()],
            profile,
            ..Registration::default()
        };
        account::register(&caller.app, &pool, registration).await?
    };
    caller.let_in(&pool, user, None).await
}

/// Who registers, as a request says it.
pub(super) struct NewUser<'a> {
    /// A phone or address, and the code that was sent there.
    pub(super) proof: Option<(Target, &'a str)>,
    pub(super) username: Option<&'a str>,
    /// Encrypted.
    pub(super) password: Option<&'a str>,
    pub(super) profile: Map<String, Value>,
}

/// Registers somebody and lets them in.
pub(super) async fn register(caller: &Caller, new: NewUser<'_>) -> Result<Portrait, Fault> {
    let (pool, _) = caller.place().await?;
    let username = new
        .username
        .map(|name| name.parse().map_err(|_| Fault::malformed("用户名格式不正确")))
        .transpose()?;
    let password = match new.password {
        Some(encrypted) => Some(account::decrypt(&caller.app, &pool, encrypted).await?),
        None => None,
    };
    let profile = ProfilePatch::from_sent(&new.profile).map_err(crate::Error::from)?;
    let mut proofs = Vec::new();
    if let Some((target, code)) = new.proof {
        proofs.push(account::show_code(&caller.app, &pool, &target, code, Use::Register).await?);
    }
    let registration = Registration {
        proofs,
        username,
        password,
        profile,
    };
    let user = account::register(&caller.app, &pool, registration).await?;
    caller.let_in(&pool, user, None).await
}

/// Sends a one-time code.
pub(super) async fn send_code(caller: &Caller, target: &Target, purpose: Purpose) -> Result<(), Fault> {
    let (pool, _) = caller.place().await?;
    account::send_code(&caller.app, &pool, target, purpose, caller.asker()).await?;
    Ok(())
}

/// For what a code is asked, by the name of its scene in any generation.
pub(super) fn purpose(scene: &str) -> Purpose {
    let scene = scene.to_ascii_uppercase();
    if scene.contains("RESET") || scene.contains("CHANGE_PASSWORD") {
        Purpose::ResetPassword
    } else if scene.contains("BIND") || scene.contains("CHANGE_") || scene.contains("VERIFY_EMAIL") {
        Purpose::Bind
    } else if scene.contains("LOGIN") || scene.contains("REGISTER") {
        Purpose::Enter
    } else {
        Purpose::Unsaid
    }
}

/// Sets a new password for whoever has just proven a phone or address; every session of theirs ends.
pub(super) async fn reset_password(
    caller: &Caller,
    target: Target,
    code: &str,
    encrypted: &str,
) -> Result<(), Fault> {
    let (pool, _) = caller.place().await?;
    let new = account::decrypt(&caller.app, &pool, encrypted).await?;
    let proof = account::show_code(&caller.app, &pool, &target, code, Use::ResetPassword).await?;
    let user = account::reset_password(&caller.app, &pool, &proof, &new).await?;
    user.map(drop).ok_or_else(Fault::no_user)
}
