//! The secrets of connections, as they are sealed: the AppSecret, which all have, and those that only some kinds have.

use super::{
    Reading, Store, StoreError, Writing,
    engine::{Row, values},
};
use yaopai_domain::{ConnectionId, Fingerprint, PoolId};

/// A secret of a connection as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedSecret {
    /// Which key sealed it.
    pub(crate) key_id: String,
    /// Nonce and ciphertext.
    pub(crate) bytes: Vec<u8>,
    /// By which people recognise it.
    pub(crate) fingerprint: Fingerprint,
}

/// The secrets that only some kinds have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretField {
    /// The Token of pushes.
    PushToken,
    /// The EncodingAESKey.
    EncodingAesKey,
}

impl SecretField {
    /// Its name in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::PushToken => "push_token",
            Self::EncodingAesKey => "encoding_aes_key",
        }
    }
}

/// The secrets of a connection that are new.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewSecrets {
    /// The AppSecret.
    pub(crate) app_secret: Option<SealedSecret>,
    /// Those that only some kinds have.
    pub(crate) others: Vec<(SecretField, SealedSecret)>,
}

impl Store {
    /// The sealed AppSecret of a connection.
    pub(crate) async fn connection_secret(
        &self,
        pool: &PoolId,
        id: ConnectionId,
    ) -> Result<Option<SealedSecret>, StoreError> {
        self.glance((pool.clone(), id), |reading, (pool, id)| {
            Box::pin(secret(reading, pool, *id))
        })
        .await
    }

    /// Another sealed secret of a connection.
    pub(crate) async fn other_secret(
        &self,
        pool: &PoolId,
        id: ConnectionId,
        field: SecretField,
    ) -> Result<Option<SealedSecret>, StoreError> {
        self.glance((pool.clone(), id, field), |reading, (pool, id, field)| {
            Box::pin(other(reading, pool, *id, *field))
        })
        .await
    }
}

async fn secret(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: ConnectionId,
) -> Result<Option<SealedSecret>, StoreError> {
    let sql = "SELECT secret_key_id, secret, secret_fingerprint FROM connection WHERE pool = $1 AND id = $2";
    let found = reading.row(sql, values![pool, id]).await?;
    found.as_ref().map(sealed).transpose()
}

async fn other(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: ConnectionId,
    field: SecretField,
) -> Result<Option<SealedSecret>, StoreError> {
    let sql = "SELECT s.key_id, s.secret, s.fingerprint
        FROM connection_secret s JOIN connection c ON c.id = s.connection_id
        WHERE c.pool = $1 AND s.connection_id = $2 AND s.field = $3";
    let found = reading.row(sql, values![pool, id, field.as_str()]).await?;
    found
        .map(|row| {
            Ok(SealedSecret {
                key_id: row.text("key_id")?,
                bytes: row.bytes("secret")?,
                fingerprint: Fingerprint(row.text("fingerprint")?),
            })
        })
        .transpose()
}

/// Sets secrets that only some kinds have.
pub(super) async fn put(
    writing: &Writing<'_>,
    id: ConnectionId,
    secrets: &[(SecretField, SealedSecret)],
) -> Result<(), StoreError> {
    let sql = "INSERT INTO connection_secret (connection_id, field, secret, key_id, fingerprint, set_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (connection_id, field) DO UPDATE
        SET secret = excluded.secret, key_id = excluded.key_id, fingerprint = excluded.fingerprint,
            set_at = excluded.set_at";
    for (field, secret) in secrets {
        let values = values![
            id,
            field.as_str(),
            secret.bytes.as_slice(),
            &secret.key_id,
            &secret.fingerprint.0,
            writing.now(),
        ];
        writing.execute(sql, values).await?;
    }
    Ok(())
}

/// Reads the AppSecret of a row of connections.
pub(super) fn sealed(row: &Row) -> Result<SealedSecret, StoreError> {
    Ok(SealedSecret {
        key_id: row.text("secret_key_id")?,
        bytes: row.bytes("secret")?,
        fingerprint: Fingerprint(row.text("secret_fingerprint")?),
    })
}
