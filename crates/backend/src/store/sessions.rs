//! Sessions: what was issued to whom, until when. Tokens are known by their hashes only.

use super::{
    Reading, Store, StoreError, Writing,
    engine::{Change, Row, values},
};
use yaopai_domain::{ApplicationId, AttemptId, PoolId, SessionId, Timestamp, UserId, UserStatus};

/// A session that begins, whoever its user will be.
#[derive(Debug, Clone)]
pub(crate) struct NewSession {
    /// Its id.
    pub(crate) id: SessionId,
    /// The pool of its user.
    pub(crate) pool: PoolId,
    /// For which application.
    pub(crate) application: Option<ApplicationId>,
    /// The login that began it.
    pub(crate) attempt: Option<AttemptId>,
    /// What its tokens are good for, words with spaces between.
    pub(crate) scope: String,
    /// What an application wants to find in its id tokens.
    pub(crate) nonce: Option<String>,
    /// When the person has shown who they are: as old it is from its beginning.
    pub(crate) shown_at: Timestamp,
    /// When it begins.
    pub(crate) now: Timestamp,
    /// When it is over if nobody uses it.
    pub(crate) expires_at: Timestamp,
    /// The hash of its first token.
    pub(crate) token: TokenHash,
}

/// The hash of a session's token, by what the token is.
#[derive(Debug, Clone)]
pub(crate) enum TokenHash {
    /// An opaque session's one token.
    Opaque(String),
    /// A refresh token.
    Refresh(String),
}

/// A session as it is stored, and how its user stands.
#[derive(Debug, Clone)]
pub(crate) struct StoredSession {
    /// Its id.
    pub(crate) id: SessionId,
    /// The pool of its user.
    pub(crate) pool: PoolId,
    /// Whose it is.
    pub(crate) user: UserId,
    /// For which application.
    pub(crate) application: Option<ApplicationId>,
    /// What its tokens are good for.
    pub(crate) scope: String,
    /// What an application wants to find in its id tokens.
    pub(crate) nonce: Option<String>,
    /// When it began.
    pub(crate) created_at: Timestamp,
    /// When it was last used, or refreshed.
    pub(crate) used_at: Timestamp,
    /// When it is over if nobody uses it.
    pub(crate) expires_at: Timestamp,
    /// Whether it was ended.
    pub(crate) ended: bool,
    /// Whether its user may log in.
    pub(crate) active: bool,
}

/// A refresh token that is shown.
#[derive(Debug, Clone)]
pub(crate) struct ShownRefresh {
    /// Its hash.
    pub(crate) hash: String,
    /// When.
    pub(crate) now: Timestamp,
    /// From this moment on a use counts as just now.
    pub(crate) grace_from: Timestamp,
    /// What its successor would be made with.
    pub(crate) salt: String,
    /// The hash that its successor would have.
    pub(crate) successor: String,
    /// When the successor and its session would be over, unless they were refreshed again.
    pub(crate) expires_at: Timestamp,
    /// No session may last longer than this from its beginning, in milliseconds.
    pub(crate) longest: i64,
}

/// What becomes of a refresh token that is shown.
#[derive(Debug, Clone)]
pub(crate) enum Refreshed {
    /// It is no refresh token.
    Unknown,
    /// Its session cannot be refreshed any more.
    Over(StoredSession),
    /// It was used already: its session was ended now, for one of the two who hold the token has stolen it.
    Reused,
    /// It is used now, or was a moment ago: this is its session, and its successor is made with this salt.
    Next(Box<StoredSession>, String),
}

/// Which sessions of a user end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Every one.
    All,
    /// Every one but this.
    Others(SessionId),
}

/// What a session's token is looked up by.
#[derive(Debug, Clone)]
pub(crate) enum SessionKey {
    /// The id that a signed token names.
    Id(SessionId),
    /// The hash of an opaque token.
    Opaque(String),
    /// The hash of a refresh token, used or not.
    Refresh(String),
}

impl Store {
    /// Begins a session, unless its user is gone or blocked; whether it did.
    pub(crate) async fn begin_session(&self, user: UserId, new: NewSession) -> Result<bool, StoreError> {
        self.put((user, new), |writing, (user, new)| {
            Box::pin(begin(writing, *user, new))
        })
        .await
    }

    /// A session.
    pub(crate) async fn session(&self, key: SessionKey) -> Result<Option<StoredSession>, StoreError> {
        self.glance(key, |reading, key| Box::pin(find(reading, key)))
            .await
    }

    /// Notes that a session is in use, and when it is over if nobody uses it again.
    pub(crate) async fn touch_session(
        &self,
        id: SessionId,
        used_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write((id, used_at, expires_at), |writing, (id, used_at, expires_at)| {
            Box::pin(touch(writing, *id, *used_at, *expires_at))
        })
        .await
    }

    /// Uses a refresh token up. Once: whoever shows it again soon gets the same successor, whoever does so later, or
    /// after the successor was used, ends the session.
    pub(crate) async fn refresh_session(&self, shown: ShownRefresh) -> Result<Refreshed, StoreError> {
        self.write(shown, |writing, shown| Box::pin(refresh(writing, shown)))
            .await
    }

    /// Ends a session.
    pub(crate) async fn end_session(&self, id: SessionId) -> Result<(), StoreError> {
        self.write(id, |writing, id| Box::pin(end(writing, *id))).await
    }

    /// Ends every session of a user; how many there were.
    pub(crate) async fn end_sessions(&self, pool: &PoolId, user: UserId) -> Result<u64, StoreError> {
        self.write((pool.clone(), user), |writing, (pool, user)| {
            Box::pin(end_all(writing, pool, *user))
        })
        .await
    }

    /// Forgets sessions and codes that have been over since `before`.
    pub(crate) async fn forget_old_sessions(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write(before, |writing, before| Box::pin(forget(writing, *before)))
            .await
    }
}

/// [`Store::end_sessions`] within a transaction.
pub(super) async fn end_all(writing: &Writing<'_>, pool: &PoolId, user: UserId) -> Result<u64, StoreError> {
    let sql = "UPDATE session SET ended_at = $1 WHERE pool = $2 AND user_id = $3 AND ended_at IS NULL";
    writing.execute(sql, values![writing.now(), pool, user]).await
}

/// Ends these sessions of a user.
pub(super) async fn end_of_user(
    writing: &Writing<'_>,
    pool: &PoolId,
    user: UserId,
    ends: Ends,
) -> Result<(), StoreError> {
    match ends {
        Ends::All => end_all(writing, pool, user).await,
        Ends::Others(session) => end_others(writing, pool, user, session).await,
    }
    .map(drop)
}

async fn end_others(
    writing: &Writing<'_>,
    pool: &PoolId,
    user: UserId,
    session: SessionId,
) -> Result<u64, StoreError> {
    let sql = "UPDATE session SET ended_at = $1 \
               WHERE pool = $2 AND user_id = $3 AND id <> $4 AND ended_at IS NULL";
    writing
        .execute(sql, values![writing.now(), pool, user, session])
        .await
}

/// [`Store::begin_session`] within a transaction.
pub(super) async fn begin(writing: &Writing<'_>, user: UserId, new: &NewSession) -> Result<bool, StoreError> {
    let changed = writing.change(beginning(user, new)).await?;
    Ok(changed.first().is_some_and(|rows| *rows == 1))
}

/// What begins a session, unless its user is gone or blocked: the first change makes the session.
pub(super) fn beginning(user: UserId, new: &NewSession) -> Vec<Change> {
    let (opaque, refresh) = match &new.token {
        TokenHash::Opaque(hash) => (Some(hash), None),
        TokenHash::Refresh(hash) => (None, Some(hash)),
    };
    let mut changes = vec![Change {
        sql: "INSERT INTO session (id, pool, user_id, application, attempt, scope, nonce, token_hash, created_at,
                used_at, expires_at)
            SELECT $1, pool, id, $2, $3, $4, $5, $6, $7, $8, $9
            FROM users WHERE pool = $10 AND id = $11 AND status = 'active'",
        values: values![
            new.id,
            new.application.as_ref().map(ToString::to_string),
            new.attempt,
            &new.scope,
            new.nonce.as_deref(),
            opaque,
            new.shown_at,
            new.now,
            new.expires_at,
            &new.pool,
            user,
        ],
    }];
    // It sees nothing of the session, so it asks the same as that did.
    changes.extend(refresh.map(|hash| Change {
        sql: "INSERT INTO refresh_token (token_hash, session, expires_at)
            SELECT $1, $2, $3 FROM users WHERE pool = $4 AND id = $5 AND status = 'active'",
        values: values![hash, new.id, new.expires_at, &new.pool, user],
    }));
    changes
}

async fn add_refresh(
    writing: &Writing<'_>,
    hash: &str,
    session: SessionId,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    writing
        .execute(
            "INSERT INTO refresh_token (token_hash, session, expires_at) VALUES ($1, $2, $3)",
            values![hash, session, expires_at],
        )
        .await?;
    Ok(())
}

/// The columns of [`stored`].
const COLUMNS: &str = "s.id, s.pool, s.user_id, s.application, s.scope, s.nonce, s.created_at, s.used_at, \
                       s.expires_at, s.ended_at, u.status";

fn stored(row: &Row) -> Result<StoredSession, StoreError> {
    Ok(StoredSession {
        id: row.parsed("id")?,
        pool: row.parsed("pool")?,
        user: row.parsed("user_id")?,
        application: row.parsed_or_null("application")?,
        scope: row.text("scope")?,
        nonce: row.text_or_null("nonce")?,
        created_at: row.moment("created_at")?,
        used_at: row.moment("used_at")?,
        expires_at: row.moment("expires_at")?,
        ended: row.moment_or_null("ended_at")?.is_some(),
        active: row.named::<UserStatus>("status")? == UserStatus::Active,
    })
}

async fn find(reading: &Reading<'_>, key: &SessionKey) -> Result<Option<StoredSession>, StoreError> {
    let from = "session s JOIN users u ON u.pool = s.pool AND u.id = s.user_id";
    let (sql, key) = match key {
        SessionKey::Id(id) => (
            format!("SELECT {COLUMNS} FROM {from} WHERE s.id = $1"),
            values![*id],
        ),
        SessionKey::Opaque(hash) => (
            format!("SELECT {COLUMNS} FROM {from} WHERE s.token_hash = $1"),
            values![hash],
        ),
        SessionKey::Refresh(hash) => (
            format!(
                "SELECT {COLUMNS} FROM {from} JOIN refresh_token r ON r.session = s.id WHERE r.token_hash = $1"
            ),
            values![hash],
        ),
    };
    reading.row(&sql, key).await?.as_ref().map(stored).transpose()
}

async fn touch(
    writing: &Writing<'_>,
    id: SessionId,
    used_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    writing
        .execute(
            "UPDATE session SET used_at = $1, expires_at = $2 WHERE id = $3",
            values![used_at, expires_at, id],
        )
        .await?;
    Ok(())
}

async fn refresh(writing: &Writing<'_>, shown: &ShownRefresh) -> Result<Refreshed, StoreError> {
    let Some(session) = find(writing, &SessionKey::Refresh(shown.hash.clone())).await? else {
        return Ok(Refreshed::Unknown);
    };
    if session.ended || !session.active || session.expires_at <= shown.now {
        return Ok(Refreshed::Over(session));
    }
    // Of two who show a token at once, the update lets one through and makes the other wait for it.
    let first = writing
        .execute(
            "UPDATE refresh_token SET used_at = $1, salt = $2, successor = $3 \
             WHERE token_hash = $4 AND used_at IS NULL AND expires_at > $5",
            values![shown.now, &shown.salt, &shown.successor, &shown.hash, shown.now],
        )
        .await?;
    if first == 1 {
        let expires_at = shown
            .expires_at
            .min(session.created_at.plus_millis(shown.longest));
        add_refresh(writing, &shown.successor, session.id, expires_at).await?;
        touch(writing, session.id, shown.now, expires_at).await?;
        return Ok(Refreshed::Next(Box::new(session), shown.salt.clone()));
    }
    let again = writing
        .row(
            "SELECT t.used_at, t.salt, n.used_at AS next_used_at FROM refresh_token t \
             LEFT JOIN refresh_token n ON n.token_hash = t.successor WHERE t.token_hash = $1",
            values![&shown.hash],
        )
        .await?
        .ok_or(StoreError::NotFound("refresh token"))?;
    let Some(used_at) = again.moment_or_null("used_at")? else {
        return Ok(Refreshed::Over(session));
    };
    if used_at >= shown.grace_from && again.moment_or_null("next_used_at")?.is_none() {
        return Ok(Refreshed::Next(Box::new(session), again.text("salt")?));
    }
    end(writing, session.id).await?;
    Ok(Refreshed::Reused)
}

pub(super) async fn end(writing: &Writing<'_>, id: SessionId) -> Result<(), StoreError> {
    writing
        .execute(
            "UPDATE session SET ended_at = $1 WHERE id = $2 AND ended_at IS NULL",
            values![writing.now(), id],
        )
        .await?;
    Ok(())
}

async fn forget(writing: &Writing<'_>, before: Timestamp) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM session WHERE expires_at < $1",
        "DELETE FROM authorization_code WHERE expires_at < $1",
    ] {
        writing.execute(sql, values![before]).await?;
    }
    Ok(())
}
