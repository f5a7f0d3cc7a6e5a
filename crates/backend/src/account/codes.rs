//! One-time codes: sent to a phone or mailbox, checked, exchanged for a token, redeemed.
//!
//! A code has six digits, lives five minutes and may be tried five times; the newest of a target is the only one.

use super::{Proof, Proven, Purpose, Refused, Target, Use};
use crate::{
    App, Error,
    deliver::Message,
    limit::Client,
    store::{Attempted, GivenFor, NewVerification, Opened, Tried},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::{fmt, net::IpAddr, sync::Arc};
use yaopai_domain::{Entropy, LoginName, PoolId};
use zeroize::Zeroizing;

const DIGITS: usize = 6;
const CODE_LIVES: i64 = 5 * 60 * 1000;
const TOKEN_LIVES: i64 = 10 * 60 * 1000;

/// The language of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Locale {
    /// Simplified Chinese.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Locale {
    /// The language that a client asks for (`Accept-Language`, or a name like `en-US`); Chinese if it names neither.
    pub(crate) fn asked(languages: &str) -> Self {
        let first = languages.trim_start().get(..2).unwrap_or_default();
        if first.eq_ignore_ascii_case("en") {
            Self::English
        } else {
            Self::Chinese
        }
    }

    /// The BCP 47 name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

/// Who asks for a code.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asker {
    /// The client's address, whose codes are counted.
    pub(crate) client: Option<IpAddr>,
    /// The language to write in.
    pub(crate) locale: Locale,
}

/// A code is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeSent {
    /// By what the code is given back.
    pub(crate) verification_id: String,
    /// Seconds until it runs out.
    pub(crate) expires_in: u32,
    /// Whether there is an account. Told truly only for [`Purpose::Unsaid`] and [`Purpose::Enter`], where a client has to know what to ask next;
    /// otherwise it is what the purpose says.
    pub(crate) is_user: bool,
}

/// What a right code is exchanged for: opaque, good once, within ten minutes, for its target and pool.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct VerificationToken {
    /// The token. A secret of whoever typed the code.
    pub(crate) token: String,
    /// Seconds until it runs out.
    pub(crate) expires_in: u32,
}

impl fmt::Debug for VerificationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerificationToken(••••)")
    }
}

/// Sends a code and answers once the gateway has taken it.
///
/// Refuses with [`Error::TooOften`] less than a minute after the last one, after ten in a day to one target or sixty in
/// an hour from one client; with [`Error::NotConfigured`] without a gateway, [`Error::NotDelivered`] if it fails.
pub(crate) async fn send_code(
    app: &Arc<App>,
    pool: &PoolId,
    target: &Target,
    purpose: Purpose,
    asker: Asker,
) -> Result<CodeSent, Error> {
    app.courier.reaches(target)?;
    let id = random_id(app.entropy.as_ref());
    let code = random_code(app.entropy.as_ref());
    let new = NewVerification {
        id: id.clone(),
        target: target.clone(),
        purpose,
        code_hash: code_hash(app, pool, target, &code),
        lives: CODE_LIVES,
        // One household has a whole network of IPv6 addresses.
        client: asker.client.map(|client| Client::from(client).to_string()),
    };
    if let Opened::Later(wait) = app.store.open_verification(pool, new).await? {
        return Err(too_often(wait));
    }
    let account = app
        .store
        .account_by(pool, &LoginName::from(target.clone()))
        .await?;
    let message = Message {
        target: target.clone(),
        code,
        purpose,
        locale: asker.locale,
        id: id.clone(),
    };
    if !purpose.for_users_only() {
        delivered(app, pool, message).await?;
    } else if account.is_some() {
        // Not waited for: how long it takes would say that there is an account.
        let (task, pool) = (Arc::clone(app), pool.clone());
        app.tasks.spawn(async move {
            if let Err(error) = delivered(&task, &pool, message).await {
                tracing::warn!(%error, "a code was not delivered");
            }
        });
    }
    Ok(CodeSent {
        verification_id: id,
        expires_in: seconds(CODE_LIVES),
        is_user: match purpose {
            Purpose::Unsaid | Purpose::Enter => account.is_some(),
            Purpose::User | Purpose::SignIn | Purpose::ResetPassword => true,
            Purpose::Register | Purpose::Bind => false,
        },
    })
}

/// Delivers a message; one that cannot be delivered leaves no code behind. Goes on when whoever asked has left.
async fn delivered(app: &Arc<App>, pool: &PoolId, message: Message) -> Result<(), Error> {
    let (app, pool) = (Arc::clone(app), pool.clone());
    let tasks = app.tasks.clone();
    tasks
        .spawn(async move {
            let sent = app.courier.deliver(&message).await;
            if sent.is_err() {
                app.store
                    .withdraw_verification(&pool, message.id, message.target)
                    .await?;
            }
            sent
        })
        .await
        .map_err(|_| Error::Internal("a delivery broke off"))?
}

/// Exchanges a code for a token.
pub(crate) async fn check_code(
    app: &App,
    pool: &PoolId,
    verification_id: &str,
    code: &str,
) -> Result<VerificationToken, Error> {
    let target = app
        .store
        .verification_target(pool, verification_id)
        .await?
        .ok_or(Refused::CodeSpent)?;
    let token = random_id(app.entropy.as_ref());
    let attempted = Attempted {
        id: verification_id.to_owned(),
        code_hash: code_hash(app, pool, &target, code),
        given_for: GivenFor::Token(token_hash(&token)),
        lives: TOKEN_LIVES,
    };
    attempt(app, pool, attempted).await?;
    Ok(VerificationToken {
        token,
        expires_in: seconds(TOKEN_LIVES),
    })
}

/// Uses a token up, if its code was asked for something like that.
pub(crate) async fn redeem(app: &App, pool: &PoolId, token: &str, wanted: Use) -> Result<Proven, Error> {
    let hash = token_hash(token);
    let target = app.store.redeem_verification(pool, hash, wanted).await?;
    Ok(Proven::by_code(target.ok_or(Refused::CodeSpent)?))
}

/// Uses the newest code of a target up, for SDKs that send target and code together, if it was asked for something like
/// that.
pub(crate) async fn prove(
    app: &App,
    pool: &PoolId,
    target: &Target,
    code: &str,
    wanted: Use,
) -> Result<Proven, Error> {
    let id = app.store.verification_of(pool, target).await?;
    let attempted = Attempted {
        id: id.ok_or(Refused::CodeSpent)?,
        code_hash: code_hash(app, pool, target, code),
        given_for: GivenFor::Use(wanted),
        lives: 0,
    };
    attempt(app, pool, attempted).await.map(Proven::by_code)
}

/// As [`redeem`], but the token stays good until what it is shown for succeeds.
pub(crate) async fn show_token(app: &App, pool: &PoolId, token: &str, wanted: Use) -> Result<Proof, Error> {
    let shown = app
        .store
        .shown_verification(pool, token_hash(token), wanted)
        .await?;
    let (id, target) = shown.ok_or(Refused::CodeSpent)?;
    Ok(Proof::by_code(target, id))
}

/// As [`prove`], but the code stays good until what it is shown for succeeds.
pub(crate) async fn show_code(
    app: &App,
    pool: &PoolId,
    target: &Target,
    code: &str,
    wanted: Use,
) -> Result<Proof, Error> {
    let id = app.store.verification_of(pool, target).await?;
    let id = id.ok_or(Refused::CodeSpent)?;
    let attempted = Attempted {
        id: id.clone(),
        code_hash: code_hash(app, pool, target, code),
        given_for: GivenFor::Later(wanted),
        lives: 0,
    };
    let target = attempt(app, pool, attempted).await?;
    Ok(Proof::by_code(target, id))
}

async fn attempt(app: &App, pool: &PoolId, attempted: Attempted) -> Result<Target, Error> {
    match app.store.try_verification(pool, attempted).await? {
        Tried::Right(target) => Ok(target),
        Tried::Wrong(left) => Err(Refused::WrongCode { left }.into()),
        Tried::Spent => Err(Refused::CodeSpent.into()),
    }
}

/// A wait in milliseconds, told in whole seconds.
pub(super) fn too_often(wait_millis: i64) -> Error {
    Error::TooOften {
        retry_after: u64::try_from((wait_millis + 999) / 1000).unwrap_or(1),
    }
}

fn seconds(millis: i64) -> u32 {
    u32::try_from(millis / 1000).unwrap_or(0)
}

/// Bound to pool and target, so that a code is worth nothing elsewhere. Six digits are soon tried, so the hash is keyed.
fn code_hash(app: &App, pool: &PoolId, target: &Target, code: &str) -> String {
    let text = Zeroizing::new(format!(
        "{pool}|{}|{}|{}",
        target.kind(),
        target.as_str(),
        code.trim()
    ));
    app.vault.keyed_hash("code", &text)
}

fn token_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

fn random_id(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 24];
    entropy.fill(&mut bytes);
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Six digits, each code as likely as any other.
fn random_code(entropy: &dyn Entropy) -> Zeroizing<String> {
    const CODES: u32 = 10u32.pow(DIGITS as u32);
    // Numbers beyond the last whole multiple would make low codes likelier.
    const WHOLE: u32 = u32::MAX - u32::MAX % CODES;
    loop {
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        let number = u32::from_le_bytes(bytes);
        if number < WHOLE {
            return Zeroizing::new(format!("{:0DIGITS$}", number % CODES));
        }
    }
}
