//! Provider tokens: WeChat people who were identified and not yet logged in; and browsers on their way through WeChat.

use super::{
    Reading, Store, StoreError, Writing,
    engine::{Row, to_json, values},
};
use url::Url;
use yaopai_domain::{ApplicationId, AttemptId, ConnectionId, PoolId, Timestamp, WeChatPerson};

/// A WeChat person who was identified and not yet logged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderToken {
    /// Whose users are asked.
    pub(crate) pool: PoolId,
    /// By which connection the person came.
    pub(crate) connection: ConnectionId,
    /// For which application.
    pub(crate) application: Option<ApplicationId>,
    /// The attempt to end.
    pub(crate) attempt: AttemptId,
    /// Whom WeChat named.
    pub(crate) person: WeChatPerson,
    /// Whether this is a virtual visitor of a snapshot page.
    pub(crate) snapshot_user: bool,
    /// A phone number (E.164) that WeChat gave for this person meanwhile.
    pub(crate) phone: Option<String>,
    /// From when on it is worth nothing.
    pub(crate) expires_at: Timestamp,
}

/// A browser on its way through WeChat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderRedirect {
    /// Whose users are asked.
    pub(crate) pool: PoolId,
    /// Where it goes next.
    pub(crate) redirect_uri: Url,
    /// What that page wants to have back.
    pub(crate) state: String,
    /// Until when WeChat may send it back.
    pub(crate) expires_at: Timestamp,
}

impl Store {
    /// Keeps a provider token under its hash, and forgets those that have expired.
    pub(crate) async fn add_provider_token(
        &self,
        token_hash: String,
        token: ProviderToken,
    ) -> Result<(), StoreError> {
        self.write((token_hash, token), |writing, (hash, token)| {
            Box::pin(add_token(writing, hash, token))
        })
        .await
    }

    /// A provider token of the pool that can still be used at `now`.
    pub(crate) async fn provider_token(
        &self,
        pool: &PoolId,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<ProviderToken>, StoreError> {
        self.read(
            (pool.clone(), token_hash.to_owned(), now),
            |reading, (pool, hash, now)| Box::pin(token(reading, pool, hash, *now)),
        )
        .await
    }

    /// Uses a provider token up; of all who try, one is told `true`.
    pub(crate) async fn use_provider_token(&self, token_hash: &str) -> Result<bool, StoreError> {
        self.write(token_hash.to_owned(), |writing, hash| {
            Box::pin(use_token(writing, hash))
        })
        .await
    }

    /// Adds to a provider token what WeChat has told meanwhile.
    pub(crate) async fn change_provider_token(
        &self,
        token_hash: &str,
        person: &WeChatPerson,
        phone: Option<&str>,
    ) -> Result<(), StoreError> {
        self.write(
            (token_hash.to_owned(), person.clone(), phone.map(str::to_owned)),
            |writing, (hash, person, phone)| Box::pin(change_token(writing, hash, person, phone.as_ref())),
        )
        .await
    }

    /// Keeps where a browser goes, under the hash of the `state` that WeChat returns, and forgets those too late.
    pub(crate) async fn add_provider_redirect(
        &self,
        state_hash: String,
        redirect: ProviderRedirect,
    ) -> Result<(), StoreError> {
        self.write((state_hash, redirect), |writing, (hash, redirect)| {
            Box::pin(add_redirect(writing, hash, redirect))
        })
        .await
    }

    /// Where the browser goes that WeChat sent back at `now`.
    pub(crate) async fn provider_redirect(
        &self,
        state_hash: String,
        now: Timestamp,
    ) -> Result<Option<ProviderRedirect>, StoreError> {
        self.read((state_hash, now), |reading, (hash, now)| {
            Box::pin(redirect(reading, hash, *now))
        })
        .await
    }
}

async fn add_token(writing: &Writing<'_>, hash: &str, token: &ProviderToken) -> Result<(), StoreError> {
    let expired = "DELETE FROM provider_token WHERE expires_at <= $1";
    writing.execute(expired, values![writing.now()]).await?;
    let sql = "INSERT INTO provider_token
               (token_hash, pool, connection_id, application, attempt, person, snapshot_user, phone, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = values![
        hash,
        &token.pool,
        token.connection,
        token.application.as_ref(),
        token.attempt,
        to_json(&token.person)?,
        token.snapshot_user,
        token.phone.as_ref(),
        token.expires_at,
    ];
    writing.execute(sql, values).await?;
    Ok(())
}

async fn token(
    reading: &Reading<'_>,
    pool: &PoolId,
    hash: &str,
    now: Timestamp,
) -> Result<Option<ProviderToken>, StoreError> {
    let sql = "SELECT pool, connection_id, application, attempt, person, snapshot_user, phone, expires_at
               FROM provider_token
               WHERE token_hash = $1 AND pool = $2 AND used_at IS NULL AND expires_at > $3";
    let row = reading.row(sql, values![hash, pool, now]).await?;
    row.as_ref().map(read_token).transpose()
}

fn read_token(row: &Row) -> Result<ProviderToken, StoreError> {
    Ok(ProviderToken {
        pool: row.parsed("pool")?,
        connection: row.parsed("connection_id")?,
        application: row.parsed_or_null("application")?,
        attempt: row.parsed("attempt")?,
        person: row.json("person")?,
        snapshot_user: row.flag("snapshot_user")?,
        phone: row.text_or_null("phone")?,
        expires_at: row.moment("expires_at")?,
    })
}

async fn use_token(writing: &Writing<'_>, hash: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE provider_token SET used_at = $1
               WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $3";
    let now = writing.now();
    Ok(writing.execute(sql, values![now, hash, now]).await? == 1)
}

async fn change_token(
    writing: &Writing<'_>,
    hash: &str,
    person: &WeChatPerson,
    phone: Option<&String>,
) -> Result<(), StoreError> {
    let sql = "UPDATE provider_token SET person = $1, phone = $2 WHERE token_hash = $3 AND used_at IS NULL";
    let values = values![to_json(person)?, phone, hash];
    writing.execute(sql, values).await?;
    Ok(())
}

async fn add_redirect(
    writing: &Writing<'_>,
    hash: &str,
    redirect: &ProviderRedirect,
) -> Result<(), StoreError> {
    let expired = "DELETE FROM provider_redirect WHERE expires_at <= $1";
    writing.execute(expired, values![writing.now()]).await?;
    let sql = "INSERT INTO provider_redirect (state_hash, pool, redirect_uri, state, expires_at)
               VALUES ($1, $2, $3, $4, $5)";
    let values = values![
        hash,
        &redirect.pool,
        redirect.redirect_uri.as_str(),
        &redirect.state,
        redirect.expires_at,
    ];
    writing.execute(sql, values).await?;
    Ok(())
}

async fn redirect(
    reading: &Reading<'_>,
    hash: &str,
    now: Timestamp,
) -> Result<Option<ProviderRedirect>, StoreError> {
    let sql = "SELECT pool, redirect_uri, state, expires_at FROM provider_redirect
               WHERE state_hash = $1 AND expires_at > $2";
    let row = reading.row(sql, values![hash, now]).await?;
    row.map(|row| {
        Ok(ProviderRedirect {
            pool: row.parsed("pool")?,
            redirect_uri: row.parsed("redirect_uri")?,
            state: row.text("state")?,
            expires_at: row.moment("expires_at")?,
        })
    })
    .transpose()
}
