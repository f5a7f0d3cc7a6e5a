//! Sessions: what a login leaves with an SDK, and what it shows to be let in again.
//!
//! A session of signed tokens has an access token of [`ACCESS_SECONDS`] (a JWT that any resource server checks with the
//! pool's public keys) and a chain of refresh tokens: each is good once and for [`REFRESH_MILLIS`], and all of them end
//! after [`LONGEST_MILLIS`]. An opaque session has one token that means nothing to anybody else and lasts while it is
//! used. Whichever, the backend asks the database at every use: a session that was ended, or whose user was blocked or
//! deleted, is over at once.

mod jwt;
mod key;
pub(crate) mod keys;
#[cfg(test)]
mod tests;
pub(crate) mod token;

pub(crate) use jwt::issuer;
pub(crate) use key::Purpose;
pub(crate) use keys::Keys;

use crate::{
    App, Error, TokenRefusal,
    store::{NewSession, Refreshed, SessionKey, ShownRefresh, StoredSession, TokenHash},
};
use axum::http::{HeaderMap, header};
use jwt::{AccessClaims, IdClaims, seconds};
use std::{fmt, sync::Arc};
use yaopai_domain::{ApplicationId, AttemptId, PoolId, SessionId, Timestamp, UserId};

const DAY: i64 = 24 * 60 * 60 * 1000;
/// An access token lasts two hours, as WeChat's and CloudBase's do.
pub(crate) const ACCESS_SECONDS: u32 = 2 * 60 * 60;
/// A refresh token lasts 30 days.
pub(crate) const REFRESH_MILLIS: i64 = 30 * DAY;
/// No chain of refresh tokens lasts longer than 180 days: then the person logs in again.
pub(crate) const LONGEST_MILLIS: i64 = 180 * DAY;
/// An opaque session lasts seven days after its last use.
pub(crate) const OPAQUE_MILLIS: i64 = 7 * DAY;
/// A use is noted at most this often.
const NOTED_EVERY: i64 = 60 * 60 * 1000;
/// Whoever did not get the answer to a refresh may ask again for so long.
const GRACE: i64 = 10_000;

/// To whom, and for what, a session is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant<'a> {
    /// The pool of the user.
    pub(crate) pool: &'a PoolId,
    /// The user.
    pub(crate) user: UserId,
    /// The application that the person uses.
    pub(crate) application: Option<&'a ApplicationId>,
    /// What the tokens are good for, words with spaces between; with `openid` there is an id token.
    pub(crate) scope: &'a str,
    /// The login.
    pub(crate) attempt: Option<AttemptId>,
    /// What an application wants to find in its id tokens.
    pub(crate) nonce: Option<&'a str>,
    /// When the person has shown who they are, if another session of theirs vouches for this one instead of a login.
    pub(crate) shown_at: Option<Timestamp>,
}

impl<'a> Grant<'a> {
    /// For a user, by no application and with no scope.
    pub(crate) const fn to(pool: &'a PoolId, user: UserId) -> Self {
        Self {
            pool,
            user,
            application: None,
            scope: "",
            attempt: None,
            nonce: None,
            shown_at: None,
        }
    }

    /// Everything but whose it is.
    const fn terms(&self) -> Terms<'a> {
        Terms {
            pool: self.pool,
            application: self.application,
            scope: self.scope,
            attempt: self.attempt,
            nonce: self.nonce,
        }
    }
}

/// For what a session is given, to whomever: a [`Grant`] before anybody is let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// The pool of the user to come.
    pub(crate) pool: &'a PoolId,
    /// The application that the person uses.
    pub(crate) application: Option<&'a ApplicationId>,
    /// What the tokens are good for, words with spaces between; with `openid` there is an id token.
    pub(crate) scope: &'a str,
    /// The login; a session that a login itself begins gets it from there.
    pub(crate) attempt: Option<AttemptId>,
    /// What an application wants to find in its id tokens.
    pub(crate) nonce: Option<&'a str>,
}

/// A session of signed tokens.
#[derive(Clone)]
pub(crate) struct Issued {
    /// A JWT (RFC 9068): `iss`, `sub`, `aud`, `exp`, `iat`, `jti`, `sid`, `pool`, `scope`.
    pub(crate) access_token: String,
    /// Good once; opaque.
    pub(crate) refresh_token: String,
    /// A JWT about the person, if the scope says `openid`.
    pub(crate) id_token: Option<String>,
    /// Seconds until the access token is over.
    pub(crate) expires_in: u32,
    /// The session.
    pub(crate) session: SessionId,
    /// Whose it is.
    pub(crate) user: UserId,
    /// What the tokens are good for.
    pub(crate) scope: String,
}

/// A session with one token that means nothing to anybody else.
#[derive(Clone)]
pub(crate) struct Opaque {
    /// The token.
    pub(crate) token: String,
    /// When it is over if nobody uses it.
    pub(crate) expires_at: Timestamp,
    /// The session.
    pub(crate) session: SessionId,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issued(session {}, ••••)", self.session)
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opaque(session {}, ••••)", self.session)
    }
}

/// Whose token was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bearer {
    /// The pool.
    pub(crate) pool: PoolId,
    /// The user.
    pub(crate) user: UserId,
    /// The session.
    pub(crate) session: SessionId,
    /// The application it was given to.
    pub(crate) application: Option<ApplicationId>,
    /// What it is good for.
    pub(crate) scope: String,
    /// When the token is over.
    pub(crate) expires_at: Timestamp,
    /// When it was issued.
    pub(crate) issued_at: Timestamp,
    /// When the person has shown who they are, at the login that led to the session.
    pub(crate) shown_at: Timestamp,
}

/// Begins a session of signed tokens, in one durable write. Fails with [`TokenRefusal::UserInactive`] if the user is
/// blocked or gone.
pub(crate) async fn begin(app: &App, grant: Grant<'_>) -> Result<Issued, Error> {
    let (mut new, refresh_token) = prepare(app, grant.terms());
    if let Some(shown_at) = grant.shown_at {
        new.shown_at = shown_at;
        new.expires_at = new.expires_at.min(shown_at.plus_millis(LONGEST_MILLIS));
    }
    let session = session_of(grant.user, &new);
    if !app.store.begin_session(grant.user, new).await? {
        return Err(Error::TokenRefused(TokenRefusal::UserInactive));
    }
    issue(app, &session, refresh_token).await
}

/// A session that is not written yet, and its first refresh token.
pub(crate) fn prepare(app: &App, terms: Terms<'_>) -> (NewSession, String) {
    let refresh_token = token::random(app.entropy.as_ref());
    let hash = TokenHash::Refresh(token::hash(&refresh_token));
    (new_session(app, terms, REFRESH_MILLIS, hash), refresh_token)
}

/// An opaque session that is not written yet.
pub(crate) fn prepare_opaque(app: &App, terms: Terms<'_>) -> (NewSession, Opaque) {
    let token = token::random(app.entropy.as_ref());
    let new = new_session(app, terms, OPAQUE_MILLIS, TokenHash::Opaque(token::hash(&token)));
    let opaque = Opaque {
        token,
        expires_at: new.expires_at,
        session: new.id,
    };
    (new, opaque)
}

/// Takes a refresh token for new tokens; of `pool` only, if there is one. Each is good once. Whoever shows it again within
/// 10 seconds, because the answer was lost, gets the same refresh token again; later its session ends, for one of the two
/// who hold the token has stolen it.
pub(crate) async fn refresh(app: &App, pool: Option<&PoolId>, refresh_token: &str) -> Result<Issued, Error> {
    let hash = token::hash(refresh_token);
    if let Some(pool) = pool {
        let session = app.store.session(SessionKey::Refresh(hash.clone())).await?;
        if session.is_some_and(|session| session.pool != *pool) {
            return Err(Error::TokenRefused(TokenRefusal::Forged));
        }
    }
    let now = app.clock.now();
    let salt = token::random(app.entropy.as_ref());
    let shown = ShownRefresh {
        hash,
        now,
        grace_from: now.plus_millis(-GRACE),
        successor: token::hash(&token::successor(refresh_token, &salt)),
        salt,
        expires_at: now.plus_millis(REFRESH_MILLIS),
        longest: LONGEST_MILLIS,
    };
    match app.store.refresh_session(shown).await? {
        Refreshed::Next(session, salt) => issue(app, &session, token::successor(refresh_token, &salt)).await,
        Refreshed::Unknown => Err(Error::TokenRefused(TokenRefusal::Forged)),
        Refreshed::Reused => Err(Error::TokenRefused(TokenRefusal::Reused)),
        Refreshed::Over(session) => Err(alive(&session, now)
            .err()
            .unwrap_or(Error::TokenRefused(TokenRefusal::Expired))),
    }
}

/// Whose token this is: signed by us, not over, of a session that lives and a user who may log in.
pub(crate) async fn bearer(app: &App, token: &str) -> Result<Bearer, Error> {
    let now = app.clock.now();
    let forged = Error::TokenRefused(TokenRefusal::Forged);
    if !token.contains('.') {
        let key = SessionKey::Opaque(token::hash(token));
        let session = app.store.session(key).await?.ok_or(forged)?;
        alive(&session, now)?;
        let expires_at = note_use(app, &session, now).await?;
        return Ok(bearer_of(session.clone(), session.created_at, expires_at));
    }
    let claims = jwt::check(app, token).await?;
    let session = app
        .store
        .session(SessionKey::Id(claims.sid))
        .await?
        .ok_or(forged)?;
    if session.pool != claims.pool || session.user != claims.sub {
        return Err(Error::TokenRefused(TokenRefusal::Forged));
    }
    alive(&session, now)?;
    let moment = |seconds: i64| Timestamp(seconds.saturating_mul(1000));
    Ok(bearer_of(session, moment(claims.iat), moment(claims.exp)))
}

/// The session of a token of any kind, whether or not it lives: to end it.
pub(crate) async fn session_of_token(app: &App, token: &str) -> Result<Option<StoredSession>, Error> {
    if token.contains('.') {
        return match jwt::check(app, token).await {
            Ok(claims) => Ok(app.store.session(SessionKey::Id(claims.sid)).await?),
            Err(Error::TokenRefused(_)) => Ok(None),
            Err(error) => Err(error),
        };
    }
    let hash = token::hash(token);
    if let Some(session) = app.store.session(SessionKey::Opaque(hash.clone())).await? {
        return Ok(Some(session));
    }
    Ok(app.store.session(SessionKey::Refresh(hash)).await?)
}

/// Of which session an id token is, and for whom it was made.
pub(crate) struct IdTokenHint {
    /// The session; it may have ended.
    pub(crate) session: SessionId,
    /// The application's id.
    pub(crate) audience: String,
}

/// What an id token of the pool says, also if it is over; `None` if it is none of ours.
pub(crate) async fn of_id_token(app: &App, pool: &PoolId, token: &str) -> Result<Option<IdTokenHint>, Error> {
    match jwt::check_id(app, pool, token).await {
        Ok(claims) => Ok(Some(IdTokenHint {
            session: claims.sid,
            audience: claims.aud,
        })),
        Err(Error::TokenRefused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Ends a session: its tokens are refused from the next request on.
pub(crate) async fn end(app: &App, session: SessionId) -> Result<(), Error> {
    Ok(app.store.end_session(session).await?)
}

/// Ends every session of a user; how many there were.
pub(crate) async fn end_all(app: &App, pool: &PoolId, user: UserId) -> Result<u64, Error> {
    Ok(app.store.end_sessions(pool, user).await?)
}

/// The token of a request, as SDKs send it: `Bearer t`, `bearer t` or bare `t`.
pub(crate) fn bearer_text(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let token = match value.split_once(' ') {
        None => value,
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => return None,
    };
    (!token.is_empty() && !token.eq_ignore_ascii_case("bearer")).then_some(token)
}

fn new_session(app: &App, terms: Terms<'_>, lasts: i64, token: TokenHash) -> NewSession {
    let now = app.clock.now();
    NewSession {
        id: SessionId::new(app.clock.as_ref(), app.entropy.as_ref()),
        pool: terms.pool.clone(),
        application: terms.application.cloned(),
        attempt: terms.attempt,
        scope: terms.scope.to_owned(),
        nonce: terms.nonce.map(str::to_owned),
        shown_at: now,
        now,
        expires_at: now.plus_millis(lasts),
        token,
    }
}

/// A new session of a user as it will be stored.
pub(crate) fn session_of(user: UserId, new: &NewSession) -> StoredSession {
    StoredSession {
        id: new.id,
        pool: new.pool.clone(),
        user,
        application: new.application.clone(),
        scope: new.scope.clone(),
        nonce: new.nonce.clone(),
        created_at: new.shown_at,
        used_at: new.now,
        expires_at: new.expires_at,
        ended: false,
        active: true,
    }
}

/// Signs the tokens of a session that lives.
pub(crate) async fn issue(
    app: &App,
    session: &StoredSession,
    refresh_token: String,
) -> Result<Issued, Error> {
    let purpose = match &session.application {
        Some(id) => app.store.token_purpose(id).await?,
        None => Purpose::Es256,
    };
    let key: Arc<keys::Key> = keys::signing(app, &session.pool, purpose).await?;
    let mut jti = [0; 16];
    app.entropy.fill(&mut jti);
    let iat = seconds(app.clock.now());
    let audience = session
        .application
        .as_ref()
        .map_or_else(|| session.pool.to_string(), ToString::to_string);
    let access = AccessClaims {
        iss: issuer(app, &session.pool),
        sub: session.user,
        aud: audience.clone(),
        client_id: audience.clone(),
        iat,
        exp: iat + i64::from(ACCESS_SECONDS),
        jti: hex::encode(jti),
        sid: session.id,
        pool: session.pool.clone(),
        scope: session.scope.clone(),
    };
    let id_token = says(&session.scope, "openid")
        .then(|| {
            let claims = IdClaims {
                iss: access.iss.clone(),
                sub: session.user,
                aud: audience,
                iat,
                exp: access.exp,
                auth_time: seconds(session.created_at),
                nonce: session.nonce.clone(),
                sid: session.id,
            };
            jwt::id(&key, purpose, &claims)
        })
        .transpose()?;
    Ok(Issued {
        access_token: jwt::access(&key, purpose, &access)?,
        refresh_token,
        id_token,
        expires_in: ACCESS_SECONDS,
        session: session.id,
        user: session.user,
        scope: session.scope.clone(),
    })
}

/// Whether a scope has this word.
pub(crate) fn says(scope: &str, word: &str) -> bool {
    scope.split_ascii_whitespace().any(|one| one == word)
}

/// Whether a session may still be used.
fn alive(session: &StoredSession, now: Timestamp) -> Result<(), Error> {
    let refusal = if session.ended {
        TokenRefusal::Ended
    } else if !session.active {
        TokenRefusal::UserInactive
    } else if session.expires_at <= now {
        TokenRefusal::Expired
    } else {
        return Ok(());
    };
    Err(Error::TokenRefused(refusal))
}

/// Lets an opaque session last longer because it is used; when it is over now.
async fn note_use(app: &App, session: &StoredSession, now: Timestamp) -> Result<Timestamp, Error> {
    if now.millis_since(session.used_at) < NOTED_EVERY {
        return Ok(session.expires_at);
    }
    let longest = session.created_at.plus_millis(LONGEST_MILLIS);
    let expires_at = now.plus_millis(OPAQUE_MILLIS).min(longest);
    app.store.touch_session(session.id, now, expires_at).await?;
    Ok(expires_at)
}

fn bearer_of(session: StoredSession, issued_at: Timestamp, expires_at: Timestamp) -> Bearer {
    Bearer {
        pool: session.pool,
        user: session.user,
        session: session.id,
        application: session.application,
        scope: session.scope,
        expires_at,
        issued_at,
        shown_at: session.created_at,
    }
}
