//! What WeChat said once and somebody needs later: session keys, phone numbers, pushes that were taken.

use super::{Reading, Store, StoreError, Writing, engine::values};
use crate::vault::Sealed;
use yaopai_domain::PoolId;

/// How long a phone number counts for which WeChat has vouched: longer than a login after it takes.
const PHONE_COUNTS_MILLIS: i64 = 10 * 60 * 1000;

/// What became of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TakenPush {
    /// It is taken; nobody had before.
    First,
    /// It was taken before.
    Again,
    /// Its signature came with another push: somebody has read it, and put a body of their own below it.
    Forged,
}

/// A person of an app.
#[derive(Debug, Clone)]
pub(crate) struct AppPerson {
    /// Their pool.
    pub(crate) pool: PoolId,
    /// The AppID.
    pub(crate) app_id: String,
    /// The OpenID.
    pub(crate) open_id: String,
}

impl Store {
    /// The sealed session key of the person's last login to a mini program.
    pub(crate) async fn session_key(&self, person: AppPerson) -> Result<Option<Sealed>, StoreError> {
        self.read(person, |reading, person| Box::pin(session_key(reading, person)))
            .await
    }

    /// Remembers that WeChat gave this phone number (E.164) for the person. `sealed` is the hash of the data it came in, if
    /// it did: the same data counts once, `false` if it has.
    pub(crate) async fn remember_phone(
        &self,
        person: AppPerson,
        phone: &str,
        sealed: Option<String>,
    ) -> Result<bool, StoreError> {
        let data = (person, phone.to_owned(), sealed);
        self.write(data, |writing, (person, phone, sealed)| {
            Box::pin(async move {
                if let Some(digest) = sealed {
                    let sql = "INSERT INTO used_open_data (pool, digest, at) VALUES ($1, $2, $3)
                        ON CONFLICT (pool, digest) DO NOTHING";
                    let values = values![&person.pool, digest, writing.now()];
                    if writing.execute(sql, values).await? == 0 {
                        return Ok(false);
                    }
                }
                let sql =
                    "INSERT INTO wechat_phone (pool, app_id, open_id, phone, at) VALUES ($1, $2, $3, $4, $5)
                    ON CONFLICT (pool, app_id, open_id, phone) DO UPDATE SET at = excluded.at";
                let AppPerson {
                    pool,
                    app_id,
                    open_id,
                } = person;
                let values = values![pool, app_id, open_id, phone, writing.now()];
                writing.execute(sql, values).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Whether WeChat gave this phone number (E.164) for the person within the last 10 minutes. That counts once.
    pub(crate) async fn take_phone(&self, person: AppPerson, phone: &str) -> Result<bool, StoreError> {
        let oldest = self.now().plus_millis(-PHONE_COUNTS_MILLIS);
        let data = (person, phone.to_owned(), oldest);
        self.write(data, |writing, (person, phone, oldest)| {
            Box::pin(async move {
                let sql = "DELETE FROM wechat_phone
                    WHERE pool = $1 AND app_id = $2 AND open_id = $3 AND phone = $4 AND at > $5";
                let AppPerson {
                    pool,
                    app_id,
                    open_id,
                } = person;
                let values = values![pool, app_id, open_id, phone, *oldest];
                Ok(writing.execute(sql, values).await? > 0)
            })
        })
        .await
    }

    /// Takes a push, the one and only of its signature.
    pub(crate) async fn take_push(
        &self,
        pool: &PoolId,
        app_id: &str,
        delivery: &str,
        signature: &str,
    ) -> Result<TakenPush, StoreError> {
        let data = (
            pool.clone(),
            app_id.to_owned(),
            delivery.to_owned(),
            signature.to_owned(),
        );
        self.write(data, |writing, (pool, app_id, delivery, signature)| {
            Box::pin(take_push(writing, pool, app_id, delivery, signature))
        })
        .await
    }
}

async fn take_push(
    writing: &Writing<'_>,
    pool: &PoolId,
    app_id: &str,
    delivery: &str,
    signature: &str,
) -> Result<TakenPush, StoreError> {
    let sql = "INSERT INTO push_signature (pool, app_id, signature, delivery, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (pool, app_id, signature) DO NOTHING";
    let values = values![pool, app_id, signature, delivery, writing.now()];
    if writing.execute(sql, values).await? == 0 {
        let sql = "SELECT delivery FROM push_signature
            WHERE pool = $1 AND app_id = $2 AND signature = $3 AND delivery = $4";
        if !writing
            .any(sql, values![pool, app_id, signature, delivery])
            .await?
        {
            return Ok(TakenPush::Forged);
        }
    }
    let sql = "INSERT INTO taken_push (pool, app_id, delivery, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (pool, app_id, delivery) DO NOTHING";
    let values = values![pool, app_id, delivery, writing.now()];
    Ok(match writing.execute(sql, values).await? {
        1 => TakenPush::First,
        _ => TakenPush::Again,
    })
}

async fn session_key(reading: &Reading<'_>, person: &AppPerson) -> Result<Option<Sealed>, StoreError> {
    let sql =
        "SELECT session_key, key_id FROM wechat_session WHERE pool = $1 AND app_id = $2 AND open_id = $3";
    let AppPerson {
        pool,
        app_id,
        open_id,
    } = person;
    let found = reading.row(sql, values![pool, app_id, open_id]).await?;
    found
        .map(|row| {
            Ok(Sealed {
                key_id: row.text("key_id")?,
                bytes: row.bytes("session_key")?,
            })
        })
        .transpose()
}
