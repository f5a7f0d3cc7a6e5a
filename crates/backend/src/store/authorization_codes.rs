//! Authorization codes (RFC 6749, 4.1), by their hashes.

use super::{
    NewSession, Reading, Store, StoreError, Writing,
    engine::{Row, values},
    sessions,
};
use yaopai_domain::{ApplicationId, AttemptId, PoolId, SessionId, Timestamp, UserId};

/// An authorization code: who logged in, and what the application has to say again to get the tokens.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizationCode {
    /// Its hash.
    pub(crate) hash: String,
    /// The pool of the user.
    pub(crate) pool: PoolId,
    /// The application that may take it.
    pub(crate) application: ApplicationId,
    /// Who logged in.
    pub(crate) user: UserId,
    /// The login.
    pub(crate) attempt: Option<AttemptId>,
    /// Where it was sent.
    pub(crate) redirect_uri: String,
    /// What the tokens will be good for.
    pub(crate) scope: String,
    /// What the application wants to find in the id token.
    pub(crate) nonce: Option<String>,
    /// The SHA-256 (base64url) of a text that only the application knows (RFC 7636).
    pub(crate) code_challenge: Option<String>,
    /// When it is over.
    pub(crate) expires_at: Timestamp,
    /// The session that it began, once it was used.
    pub(crate) session: Option<SessionId>,
}

/// What becomes of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redeemed {
    /// Its session has begun.
    Begun,
    /// It was used before: that session was ended.
    Used,
    /// Its user is blocked or gone.
    UserInactive,
}

impl Store {
    /// Keeps a code.
    pub(crate) async fn add_authorization_code(&self, code: AuthorizationCode) -> Result<(), StoreError> {
        self.write(code, |writing, code| Box::pin(add(writing, code)))
            .await
    }

    /// The code of this hash, used or not.
    pub(crate) async fn authorization_code(
        &self,
        hash: String,
    ) -> Result<Option<AuthorizationCode>, StoreError> {
        self.glance(hash, |reading, hash| Box::pin(find(reading, hash)))
            .await
    }

    /// Uses a code to begin a session; the second time, ends it.
    pub(crate) async fn redeem_authorization_code(
        &self,
        hash: String,
        user: UserId,
        new: NewSession,
    ) -> Result<Redeemed, StoreError> {
        self.write((hash, user, new), |writing, (hash, user, new)| {
            Box::pin(redeem(writing, hash, *user, new))
        })
        .await
    }
}

async fn add(writing: &Writing<'_>, code: &AuthorizationCode) -> Result<(), StoreError> {
    writing
        .execute(
            "INSERT INTO authorization_code (code_hash, pool, application, user_id, attempt, redirect_uri, scope, \
             nonce, code_challenge, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            values![
                &code.hash,
                &code.pool,
                code.application.as_str(),
                code.user,
                code.attempt,
                &code.redirect_uri,
                &code.scope,
                code.nonce.as_deref(),
                code.code_challenge.as_deref(),
                code.expires_at,
            ],
        )
        .await?;
    Ok(())
}

async fn find(reading: &Reading<'_>, hash: &str) -> Result<Option<AuthorizationCode>, StoreError> {
    let sql = "SELECT code_hash, pool, application, user_id, attempt, redirect_uri, scope, nonce, code_challenge, \
               expires_at, session FROM authorization_code WHERE code_hash = $1";
    let row = reading.row(sql, values![hash]).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<AuthorizationCode, StoreError> {
    Ok(AuthorizationCode {
        hash: row.text("code_hash")?,
        pool: row.parsed("pool")?,
        application: row.parsed("application")?,
        user: row.parsed("user_id")?,
        attempt: row.parsed_or_null("attempt")?,
        redirect_uri: row.text("redirect_uri")?,
        scope: row.text("scope")?,
        nonce: row.text_or_null("nonce")?,
        code_challenge: row.text_or_null("code_challenge")?,
        expires_at: row.moment("expires_at")?,
        session: row.parsed_or_null("session")?,
    })
}

async fn redeem(
    writing: &Writing<'_>,
    hash: &str,
    user: UserId,
    new: &NewSession,
) -> Result<Redeemed, StoreError> {
    // Of two who use a code at once, the update lets one through and makes the other wait for it.
    let first = writing
        .execute(
            "UPDATE authorization_code SET session = $1 WHERE code_hash = $2 AND session IS NULL",
            values![new.id, hash],
        )
        .await?;
    if first == 0 {
        let used = find(writing, hash).await?;
        if let Some(session) = used.and_then(|code| code.session) {
            sessions::end(writing, session).await?;
        }
        return Ok(Redeemed::Used);
    }
    Ok(if sessions::begin(writing, user, new).await? {
        Redeemed::Begun
    } else {
        Redeemed::UserInactive
    })
}
