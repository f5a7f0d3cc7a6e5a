//! Signing in: with a provider token, a password or a one-time code; registering; tokens and their end.

use super::{
    bind,
    fault::{Fault, Word},
    provider::{hash, keep_phone},
    user,
    visit::{SCOPE, Visit},
};
use crate::{
    Error,
    account::{self, Proof, Refused, Registration, Target, Use},
    login::{self, Door, Identified, Which},
    session::{self, Grant, Issued, token},
    store::{Brought, ProviderToken},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use yaopai_domain::{
    ApplicationId, AttemptId, Entropy, LoginName, PoolId, Refusal, UserId, Username, Verdict,
};
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct WithProvider {
    provider_token: String,
    #[serde(default)]
    force_disable_sign_up: bool,
}

/// `POST /auth/v1/signin/with/provider`. Only a success uses the token up (design rule 4): after `not_found` the page binds
/// with the same one.
pub(super) async fn with_provider(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, _) = visit.client().await?;
    let asked: WithProvider = visit.body()?;
    let (kept, mut door, identified) = taken(visit, &pool, &asked.provider_token).await?;
    door.connection.login_only |= asked.force_disable_sign_up;
    let user = match login::resolve(&visit.app, &door, &identified).await? {
        Verdict::LogIn { user_id, .. }
        | Verdict::Create {
            user_id: Some(user_id),
            ..
        } => user_id,
        Verdict::Refuse { refusal, .. } => return Err(refusal.into()),
        Verdict::Create { user_id: None, .. } | Verdict::Fail { .. } => {
            return Err(Fault::new(Word::Internal, "the login came to no end"));
        }
    };
    used_up(visit, &asked.provider_token).await?;
    keep_phone(visit, &kept, user).await?;
    credentials(visit, &pool, user, door.application.as_ref(), Some(kept.attempt)).await
}

/// A provider token and the door its person came through, which must still be open.
pub(super) async fn taken(
    visit: &mut Visit,
    pool: &PoolId,
    token: &str,
) -> Result<(ProviderToken, Door, Identified), Fault> {
    let now = visit.app.clock.now();
    let kept = visit.app.store.provider_token(pool, &hash(token), now).await?;
    let kept = kept.ok_or_else(spent)?;
    let application = match &kept.application {
        Some(id) => visit.app.store.application(id).await?,
        None => None,
    };
    let door = visit
        .knock(pool, application.as_ref(), Which::Id(kept.connection))
        .await?;
    let identified = Identified {
        attempt: kept.attempt,
        person: kept.person.clone(),
        snapshot_user: kept.snapshot_user,
    };
    Ok((kept, door, identified))
}

/// Uses a provider token up; of all who try at the same time, one may go on.
pub(super) async fn used_up(visit: &Visit, token: &str) -> Result<(), Fault> {
    if visit.app.store.use_provider_token(&hash(token)).await? {
        Ok(())
    } else {
        Err(spent())
    }
}

/// What somebody with a used or unknown provider token gets.
pub(super) fn spent() -> Fault {
    Fault::grant("the provider token is unknown, used or expired")
}

#[derive(Deserialize)]
struct ByName {
    username: Option<String>,
    password: Option<Zeroizing<String>>,
    verification_token: Option<String>,
    /// Everything above, encrypted.
    params: Option<String>,
}

/// `POST /auth/v1/signin`: a name and a password, or a phone or address and the token of its one-time code. `params` holds
/// the same encrypted with our public key (`isEncrypt`).
pub(super) async fn by_name(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, application) = visit.client().await?;
    let mut asked: ByName = visit.body()?;
    if let Some(params) = asked.params.take() {
        asked = opened(visit, &pool, &params).await?;
    }
    let name = asked.username.unwrap_or_default();
    let user = match (asked.verification_token, asked.password) {
        (Some(token), _) => by_token(visit, &pool, &name, &token).await?,
        (None, Some(password)) => {
            // A text that no account can have as its name is answered like one that none has.
            let name: LoginName = name.parse().map_err(|_| Refused::WrongPassword)?;
            account::sign_in_with_password(&visit.app, &pool, &name, &password).await?
        }
        (None, None) => return Err(Fault::argument("password or verification_token is missing")),
    };
    let application = application.as_ref().map(|application| &application.id);
    credentials(visit, &pool, user, application, None).await
}

/// Who has the phone or address that a token proves. `username` repeats it, and must not say another.
async fn by_token(visit: &Visit, pool: &PoolId, username: &str, token: &str) -> Result<UserId, Fault> {
    let proven = account::redeem(&visit.app, pool, token, Use::SignIn).await?;
    if !username.is_empty() && username.parse() != Ok(proven.login_name()) {
        return Err(Fault::grant(
            "the verification token is of another phone or address",
        ));
    }
    account::sign_in_with_code(&visit.app, pool, &proven)
        .await?
        .ok_or_else(|| Fault::new(Word::NotFound, "nobody has this phone or address; sign up first"))
}

/// Opens the parameters that an SDK encrypted. Whatever is none is the password of somebody who does not exist: it takes
/// the work of any wrong password, is counted as one and answered like one, so that nobody learns what a block holds.
async fn opened(visit: &Visit, pool: &PoolId, params: &str) -> Result<ByName, Fault> {
    let clear = account::decrypt(&visit.app, pool, params).await?;
    let asked = serde_json::from_str(&clear).ok();
    let whole = asked.filter(|asked: &ByName| asked.password.is_some() || asked.verification_token.is_some());
    Ok(whole.unwrap_or_else(|| ByName::of_nobody(visit.app.entropy.as_ref())))
}

impl ByName {
    /// A name that nobody has, and a password that does not fit it.
    fn of_nobody(entropy: &dyn Entropy) -> Self {
        let mut name = [0; 16];
        entropy.fill(&mut name);
        Self {
            // With its first letter it is a user name, whatever the digits are.
            username: Some(format!("_{}", hex::encode(name))),
            password: Some(Zeroizing::default()),
            verification_token: None,
            params: None,
        }
    }
}

/// `POST /auth/v2/signin/publichkey` (spelled so by the SDK): the key that passwords are encrypted with.
pub(super) async fn public_key(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, _) = visit.client().await?;
    let key = session::keys::encryption(&visit.app, &pool).await?;
    Ok(json!({ "public_key": key.public_pem()?, "public_key_thumbprint": key.thumbprint()? }))
}

/// `POST /auth/v1/signup`: a phone or address whose token proves it, or a user name with a password. A `provider_token`
/// binds its WeChat person to the new user in the same go.
pub(super) async fn up(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, application) = visit.client().await?;
    let sent: Map<String, Value> = visit.body()?;
    let text = |name: &str| {
        sent.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let profile = user::patch(&sent)?;
    let username = text("username").map(str::parse::<Username>).transpose();
    let username = username.map_err(|_| Fault::argument("username breaks a rule"))?;
    let person = match text("provider_token") {
        Some(token) => {
            let (_, door, identified) = taken(visit, &pool, token).await?;
            bind::free(visit, &door, &identified).await?;
            Some((token, door, identified))
        }
        None => None,
    };
    let mut proofs = Vec::new();
    if let Some(token) = text("verification_token") {
        let proof = account::show_token(&visit.app, &pool, token, Use::Register).await?;
        same_target(&sent, &proof)?;
        proofs.push(proof);
    }
    let registration = Registration {
        proofs,
        username,
        password: text("password").map(|password| Zeroizing::new(password.to_owned())),
        profile,
    };
    let (user, attempt) = match person {
        Some((token, door, identified)) => {
            let brought = Brought {
                token_hash: hash(token),
                person: bind::arrival(&door, &identified, false),
            };
            let user = account::register_bound(&visit.app, registration, brought).await;
            let user = user.map_err(|error| match error {
                Error::BoundElsewhere => bind::elsewhere(),
                Error::Account(Refused::CodeSpent) => spent(),
                error => error.into(),
            })?;
            (user, Some(identified.attempt))
        }
        None => (account::register(&visit.app, &pool, registration).await?, None),
    };
    let application = application.as_ref().map(|application| &application.id);
    credentials(visit, &pool, user, application, attempt).await
}

/// What the client says it proved must be what it proved.
fn same_target(sent: &Map<String, Value>, proof: &Proof) -> Result<(), Fault> {
    let same = |name: &str, target: fn(&str) -> Option<Target>| {
        let said = sent.get(name).and_then(Value::as_str);
        said.is_none_or(|said| target(said).as_ref() == Some(proof.target()))
    };
    let phone = same("phone_number", |text| text.parse().ok().map(Target::Phone));
    let email = same("email", |text| text.parse().ok().map(Target::Email));
    if phone && email {
        Ok(())
    } else {
        Err(Fault::grant(
            "the verification token is of another phone or address",
        ))
    }
}

#[derive(Deserialize)]
struct Renewal {
    grant_type: Option<String>,
    refresh_token: Option<String>,
    client_secret: Option<Zeroizing<String>>,
}

/// `POST /auth/v1/token` with `grant_type=refresh_token`. Only of sessions that began here: those of OpenID Connect are
/// refreshed where their application proves itself.
pub(super) async fn refresh(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, _) = visit.client().await?;
    let asked: Renewal = visit.body()?;
    if asked.grant_type.as_deref() != Some("refresh_token") {
        return Err(Fault::argument("grant_type must be refresh_token"));
    }
    let token = asked
        .refresh_token
        .ok_or_else(|| Fault::argument("refresh_token is missing"))?;
    if !is_ours(visit, &token, &asked.client_secret.unwrap_or_default()).await? {
        return Err(Fault::grant("the refresh token is not for this client"));
    }
    match session::refresh(&visit.app, Some(&pool), &token).await {
        Ok(issued) => Ok(told(issued)),
        // The SDK forgets its credentials at this word.
        Err(Error::TokenRefused(refusal)) => Err(Fault::grant(refusal.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// Whether a refresh token may be taken here: its session has the scope of this facade, and its application, if it has
/// secrets, proves itself by one (RFC 6749, 6). One that nobody knows is told so by the session.
async fn is_ours(visit: &Visit, refresh_token: &str, client_secret: &str) -> Result<bool, Fault> {
    let Some(session) = session::session_of_token(&visit.app, refresh_token).await? else {
        return Ok(true);
    };
    let secrets = match &session.application {
        Some(id) => visit.app.store.application_secret_hashes(id).await?,
        None => Vec::new(),
    };
    let proven = secrets.is_empty() || token::is_of(client_secret, &secrets);
    Ok(proven && session::says(&session.scope, SCOPE))
}

#[derive(Deserialize)]
struct Revoke {
    #[serde(default)]
    token: String,
}

/// `POST /auth/v1/revoke`: ends the session of a token; also one that is over already.
pub(super) async fn revoke(visit: &mut Visit) -> Result<Value, Fault> {
    let asked: Revoke = visit.body()?;
    if let Some(session) = session::session_of_token(&visit.app, &asked.token).await? {
        session::end(&visit.app, session.id).await?;
    }
    Ok(json!({}))
}

/// `POST /auth/v1/user/signout`: ends the session of the bearer.
pub(super) async fn out(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    session::end(&visit.app, bearer.session).await?;
    Ok(json!({}))
}

/// `DELETE /auth/v1/user/revoke/all`: ends every session of the bearer.
pub(super) async fn out_everywhere(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    session::end_all(&visit.app, &bearer.pool, bearer.user).await?;
    Ok(json!({}))
}

/// Begins a session; `Credentials` of @cloudbase/oauth.
pub(super) async fn credentials(
    visit: &Visit,
    pool: &PoolId,
    user: UserId,
    application: Option<&ApplicationId>,
    attempt: Option<AttemptId>,
) -> Result<Value, Fault> {
    let grant = Grant {
        application,
        scope: SCOPE,
        attempt,
        ..Grant::to(pool, user)
    };
    match session::begin(&visit.app, grant).await {
        Ok(issued) => Ok(told(issued)),
        // Blocked since they were found.
        Err(Error::TokenRefused(_)) => Err(Refusal::UserBlocked.into()),
        Err(error) => Err(error.into()),
    }
}

/// `expires_in` and `token_type` are what the SDK cannot do without.
fn told(issued: Issued) -> Value {
    json!({
        "token_type": "Bearer",
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "expires_in": issued.expires_in,
        "scope": SCOPE,
        "sub": issued.user,
        "groups": [],
    })
}
