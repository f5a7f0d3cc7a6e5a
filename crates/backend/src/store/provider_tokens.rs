//! Provider tokens: WeChat people who were identified and not yet logged in; and browsers on their way through WeChat.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    engine::{Row, to_json, values},
};
use crate::identity::person;
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

/// What WeChat told of a person after they were identified.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    /// A phone number (E.164).
    Phone(String),
    /// How they appear.
    Profile {
        /// Nickname, as WeChat gave it.
        nickname: Option<String>,
        /// Avatar, as WeChat gave it.
        avatar_url: Option<String>,
    },
}

/// A browser on its way through WeChat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderRedirect {
    /// Whose users are asked.
    pub(crate) pool: PoolId,
    /// By which connection.
    pub(crate) connection: ConnectionId,
    /// Where it goes next.
    pub(crate) redirect_uri: Url,
    /// What that page wants to have back.
    pub(crate) state: String,
    /// Until when WeChat may send it back.
    pub(crate) expires_at: Timestamp,
}

/// A browser that WeChat sent back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SentBack {
    /// It goes on.
    On(ProviderRedirect),
    /// It is not the one that was sent away; that one may still come.
    OtherBrowser(ProviderRedirect),
    /// The state has brought another code before.
    Replayed(ProviderRedirect),
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
            Box::pin(use_up(writing, hash))
        })
        .await
    }

    /// Adds to a provider token what WeChat has told meanwhile; the token with it, unless it is used up.
    pub(crate) async fn enrich_provider_token(
        &self,
        pool: &PoolId,
        token_hash: &str,
        told: Told,
    ) -> Result<Option<ProviderToken>, StoreError> {
        let data = (pool.clone(), token_hash.to_owned(), told);
        self.write(data, |writing, (pool, hash, told)| {
            Box::pin(enrich(writing, pool, hash, told))
        })
        .await
    }

    /// Keeps where a browser will go, under the hash of the ticket in its link, and forgets those too late.
    pub(crate) async fn add_provider_redirect(
        &self,
        ticket_hash: String,
        redirect: ProviderRedirect,
    ) -> Result<(), StoreError> {
        self.write((ticket_hash, redirect), |writing, (hash, redirect)| {
            Box::pin(add_redirect(writing, hash, redirect))
        })
        .await
    }

    /// Uses a ticket up: from now on the redirect is known by the hash of the `state` that WeChat returns, and waits for
    /// the browser with this mark.
    pub(crate) async fn begin_provider_redirect(
        &self,
        ticket_hash: String,
        state_hash: String,
        browser: String,
    ) -> Result<Option<ProviderRedirect>, StoreError> {
        self.write(
            (ticket_hash, state_hash, browser),
            |writing, (ticket, state, browser)| {
                Box::pin(async move {
                    let sql = "UPDATE provider_redirect SET state_hash = $1, browser = $2
                               WHERE state_hash = $3 AND browser IS NULL AND expires_at > $4
                               RETURNING pool, connection_id, redirect_uri, state, expires_at";
                    let values = values![state, browser, ticket, writing.now()];
                    let row = writing.row(sql, values).await?;
                    row.as_ref().map(read_redirect).transpose()
                })
            },
        )
        .await
    }

    /// Takes a browser that WeChat sent back, which carries these marks. A state brings one code; with the same code it may
    /// come again.
    pub(crate) async fn take_provider_redirect(
        &self,
        state_hash: String,
        marks: Vec<String>,
        code_hash: String,
    ) -> Result<Option<SentBack>, StoreError> {
        self.write((state_hash, marks, code_hash), |writing, (state, marks, code)| {
            Box::pin(take_redirect(writing, state, marks, code))
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

/// A provider token by hash ($1) and pool ($2) that can still be used at $3.
const TOKEN: &str =
    "SELECT pool, connection_id, application, attempt, person, snapshot_user, phone, expires_at
    FROM provider_token
    WHERE token_hash = $1 AND pool = $2 AND used_at IS NULL AND expires_at > $3";

async fn token(
    reading: &Reading<'_>,
    pool: &PoolId,
    hash: &str,
    now: Timestamp,
) -> Result<Option<ProviderToken>, StoreError> {
    let row = reading.row(TOKEN, values![hash, pool, now]).await?;
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

/// Uses a provider token up; whether it could still be used.
pub(super) async fn use_up(writing: &Writing<'_>, hash: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE provider_token SET used_at = $1
               WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $3";
    let now = writing.now();
    Ok(writing.execute(sql, values![now, hash, now]).await? == 1)
}

/// Whether a provider token can still be used. Nobody else can use it until the transaction ends.
pub(super) async fn usable(alone: &Alone<'_>, hash: &str) -> Result<bool, StoreError> {
    let sql = "SELECT token_hash FROM provider_token
               WHERE token_hash = $1 AND pool = $2 AND used_at IS NULL AND expires_at > $3 FOR UPDATE";
    alone.any(sql, values![hash, alone.pool(), alone.now()]).await
}

async fn enrich(
    writing: &Writing<'_>,
    pool: &PoolId,
    hash: &str,
    told: &Told,
) -> Result<Option<ProviderToken>, StoreError> {
    // Held, so that of two who add something neither loses it.
    let sql = format!("{TOKEN} FOR UPDATE");
    let Some(row) = writing.row(&sql, values![hash, pool, writing.now()]).await? else {
        return Ok(None);
    };
    let mut token = read_token(&row)?;
    match told {
        Told::Phone(number) => token.phone = Some(number.clone()),
        Told::Profile { nickname, avatar_url } => {
            let WeChatPerson {
                open_id, union_id, ..
            } = token.person;
            token.person = person(open_id, union_id, nickname.clone(), avatar_url.clone());
        }
    }
    let sql = "UPDATE provider_token SET person = $1, phone = $2 WHERE token_hash = $3";
    let values = values![to_json(&token.person)?, token.phone.as_ref(), hash];
    writing.execute(sql, values).await?;
    Ok(Some(token))
}

async fn add_redirect(
    writing: &Writing<'_>,
    hash: &str,
    redirect: &ProviderRedirect,
) -> Result<(), StoreError> {
    let expired = "DELETE FROM provider_redirect WHERE expires_at <= $1";
    writing.execute(expired, values![writing.now()]).await?;
    let sql =
        "INSERT INTO provider_redirect (state_hash, pool, connection_id, redirect_uri, state, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    let values = values![
        hash,
        &redirect.pool,
        redirect.connection,
        redirect.redirect_uri.as_str(),
        &redirect.state,
        redirect.expires_at,
    ];
    writing.execute(sql, values).await?;
    Ok(())
}

async fn take_redirect(
    writing: &Writing<'_>,
    state_hash: &str,
    marks: &[String],
    code_hash: &str,
) -> Result<Option<SentBack>, StoreError> {
    let sql = "SELECT pool, connection_id, redirect_uri, state, expires_at, browser, code_hash FROM provider_redirect
               WHERE state_hash = $1 AND browser IS NOT NULL AND expires_at > $2 FOR UPDATE";
    let Some(row) = writing.row(sql, values![state_hash, writing.now()]).await? else {
        return Ok(None);
    };
    let redirect = read_redirect(&row)?;
    if !marks.contains(&row.text("browser")?) {
        return Ok(Some(SentBack::OtherBrowser(redirect)));
    }
    match row.text_or_null("code_hash")? {
        Some(before) if before != code_hash => return Ok(Some(SentBack::Replayed(redirect))),
        Some(_) => {}
        None => {
            let sql = "UPDATE provider_redirect SET code_hash = $1 WHERE state_hash = $2";
            writing.execute(sql, values![code_hash, state_hash]).await?;
        }
    }
    Ok(Some(SentBack::On(redirect)))
}

fn read_redirect(row: &Row) -> Result<ProviderRedirect, StoreError> {
    Ok(ProviderRedirect {
        pool: row.parsed("pool")?,
        connection: row.parsed("connection_id")?,
        redirect_uri: row.parsed("redirect_uri")?,
        state: row.text("state")?,
        expires_at: row.moment("expires_at")?,
    })
}
