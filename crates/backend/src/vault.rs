//! Where secrets are sealed, so that the database alone gives none of them away.
//!
//! XChaCha20-Poly1305 with a random nonce. The associated data binds a sealed secret to its key and its place: copied to
//! another row, field or pool it does not open. The key is beside the database, not in it: the file `secret.key` of the data
//! directory, or the variable `YAOPAI_SECRET_KEY`.

use crate::{
    Error,
    store::{NewSecrets, SealedSecret, SecretField},
};
use aws_lc_rs::hmac;
use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    io::{self, Read, Write},
    path::Path,
    str::FromStr,
};
use yaopai_domain::{AppSecret, ConnectionId, Entropy, Fingerprint, PoolId, ValidConnection};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;
/// Twelve hexadecimal digits.
const FINGERPRINT_BYTES: usize = 6;
const KEY_ID_BYTES: usize = 4;
const KEY_FILE: &str = "secret.key";

/// The key that seals: 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(••••)")
    }
}

/// A text that is no [`SecretKey`].
#[derive(Debug, thiserror::Error)]
#[error("a secret key has 64 hexadecimal digits")]
pub struct InvalidSecretKey;

impl FromStr for SecretKey {
    type Err = InvalidSecretKey;

    fn from_str(text: &str) -> Result<Self, InvalidSecretKey> {
        let mut key = Self(Zeroizing::new([0; 32]));
        hex::decode_to_slice(text.trim(), key.0.as_mut_slice()).map_err(|_| InvalidSecretKey)?;
        Ok(key)
    }
}

impl SecretKey {
    /// The key of a data directory; made at the first start, readable by its owner only.
    pub(crate) fn of_data_dir(data_dir: &Path, entropy: &dyn Entropy) -> Result<Self, Error> {
        let path = data_dir.join(KEY_FILE);
        let failed = |source| Error::DataDir {
            path: path.clone(),
            source,
        };
        match std::fs::File::open(&path) {
            Ok(mut file) => {
                let mut text = Zeroizing::new(String::new());
                file.read_to_string(&mut text).map_err(failed)?;
                text.parse()
                    .map_err(|InvalidSecretKey| Error::SecretKey(path.display().to_string()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut key = Self(Zeroizing::new([0; 32]));
                entropy.fill(key.0.as_mut_slice());
                let text = Zeroizing::new(format!("{}\n", hex::encode(key.0.as_slice())));
                let mut file = owners_only().open(&path).map_err(failed)?;
                file.write_all(text.as_bytes()).map_err(failed)?;
                file.sync_all().map_err(failed)?;
                Ok(key)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

fn owners_only() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Where a sealed secret is kept; it opens nowhere else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Table.
    pub(crate) table: &'static str,
    /// Pool of the row.
    pub(crate) pool: &'a PoolId,
    /// Key of the row in its pool.
    pub(crate) row: &'a str,
    /// Column.
    pub(crate) field: &'static str,
}

impl Place<'_> {
    /// The associated data: version, table, pool, row, field and key.
    fn bound_to(&self, key_id: &str) -> String {
        let Self {
            table,
            pool,
            row,
            field,
        } = self;
        format!("v1|{table}|{pool}|{row}|{field}|{key_id}")
    }
}

/// A secret as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Which key sealed it.
    pub(crate) key_id: String,
    /// Nonce and ciphertext.
    pub(crate) bytes: Vec<u8>,
}

/// Seals and opens secrets.
pub(crate) struct Vault {
    cipher: XChaCha20Poly1305,
    fingerprint_key: Zeroizing<[u8; 32]>,
    hash_key: Zeroizing<[u8; 32]>,
    key_id: String,
}

impl Vault {
    /// A vault with this key.
    pub(crate) fn new(key: &SecretKey) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(&Key::from(*key.0)),
            fingerprint_key: Zeroizing::new(derive("yaopai.fingerprint.v1", &key.0)),
            hash_key: Zeroizing::new(derive("yaopai.keyed-hash.v1", &key.0)),
            key_id: hex::encode(&derive("yaopai.key-id.v1", &key.0)[..KEY_ID_BYTES]),
        }
    }

    /// Seals bytes for one place.
    pub(crate) fn seal_bytes(
        &self,
        place: Place<'_>,
        clear: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Sealed, Error> {
        let mut nonce = [0; NONCE_BYTES];
        entropy.fill(&mut nonce);
        let place = place.bound_to(&self.key_id);
        let payload = Payload {
            msg: clear,
            aad: place.as_bytes(),
        };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Internal("a secret could not be sealed"))?;
        Ok(Sealed {
            key_id: self.key_id.clone(),
            bytes: [nonce.as_slice(), &sealed].concat(),
        })
    }

    /// Opens what was sealed for this place.
    pub(crate) fn open_bytes(
        &self,
        place: Place<'_>,
        key_id: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let other_key = || Error::OtherSecretKey {
            key_id: key_id.to_owned(),
        };
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or_else(other_key)?;
        let place = place.bound_to(key_id);
        let payload = Payload {
            msg: ciphertext,
            aad: place.as_bytes(),
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| other_key())
    }

    /// Takes the secrets of a connection out of its fields, and seals them.
    pub(crate) fn seal_all(
        &self,
        pool: &PoolId,
        connection: ConnectionId,
        fields: &mut ValidConnection,
        entropy: &dyn Entropy,
    ) -> Result<NewSecrets, Error> {
        let app_secret = fields.app_secret.take();
        let app_secret = app_secret.map(|secret| self.seal(pool, connection, &secret, entropy));
        let row = connection.to_string();
        let seal = |field: SecretField, text: &str| {
            let Sealed { key_id, bytes } =
                self.seal_bytes(other_secret(pool, &row, field), text.as_bytes(), entropy)?;
            let fingerprint = self.fingerprint(text);
            Ok::<_, Error>((
                field,
                SealedSecret {
                    key_id,
                    bytes,
                    fingerprint,
                },
            ))
        };
        let token = fields.push_token.take();
        let key = fields.encoding_aes_key.take();
        let others = [
            token.map(|token| seal(SecretField::PushToken, token.expose())),
            key.map(|key| seal(SecretField::EncodingAesKey, key.expose())),
        ];
        Ok(NewSecrets {
            app_secret: app_secret.transpose()?,
            others: others.into_iter().flatten().collect::<Result<_, _>>()?,
        })
    }

    /// Opens one of the secrets that only some kinds of connections have.
    pub(crate) fn open_other(
        &self,
        pool: &PoolId,
        connection: ConnectionId,
        field: SecretField,
        sealed: &SealedSecret,
    ) -> Result<Zeroizing<String>, Error> {
        let row = connection.to_string();
        let place = other_secret(pool, &row, field);
        let clear = self.open_bytes(place, &sealed.key_id, &sealed.bytes)?;
        let text = str::from_utf8(&clear).map_err(|_| Error::Internal("a secret is no text"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    /// Seals the AppSecret of a connection.
    pub(crate) fn seal(
        &self,
        pool: &PoolId,
        connection: ConnectionId,
        secret: &AppSecret,
        entropy: &dyn Entropy,
    ) -> Result<SealedSecret, Error> {
        let row = connection.to_string();
        let sealed = self.seal_bytes(app_secret(pool, &row), secret.expose().as_bytes(), entropy)?;
        Ok(SealedSecret {
            key_id: sealed.key_id,
            bytes: sealed.bytes,
            fingerprint: self.fingerprint(secret.expose()),
        })
    }

    /// Opens the AppSecret of a connection.
    pub(crate) fn open(
        &self,
        pool: &PoolId,
        connection: ConnectionId,
        sealed: &SealedSecret,
    ) -> Result<AppSecret, Error> {
        let row = connection.to_string();
        let clear = self.open_bytes(app_secret(pool, &row), &sealed.key_id, &sealed.bytes)?;
        let text = std::str::from_utf8(&clear).map_err(|_| Error::OtherSecretKey {
            key_id: sealed.key_id.clone(),
        })?;
        Ok(AppSecret::new(text))
    }

    /// HMAC-SHA-256 (hex) of a text that is too short to be hashed without a key: the database alone does not say what
    /// it was.
    pub(crate) fn keyed_hash(&self, purpose: &str, text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.hash_key.as_slice());
        let mut hash = hmac::Context::with_key(&key);
        hash.update(purpose.as_bytes());
        hash.update(&[0]);
        hash.update(text.as_bytes());
        hex::encode(hash.sign())
    }

    /// By what people recognise a secret: the start of a keyed hash, so that nobody can try secrets against it.
    fn fingerprint(&self, secret: &str) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(self.fingerprint_key.as_slice());
        hash.update(secret);
        Fingerprint(hex::encode(&hash.finalize()[..FINGERPRINT_BYTES]))
    }
}

/// The place of a connection's AppSecret.
const fn app_secret<'a>(pool: &'a PoolId, row: &'a str) -> Place<'a> {
    Place {
        table: "connection",
        pool,
        row,
        field: "secret",
    }
}

/// The place of a secret that only some kinds have.
const fn other_secret<'a>(pool: &'a PoolId, row: &'a str, field: SecretField) -> Place<'a> {
    Place {
        table: "connection_secret",
        pool,
        row,
        field: field.as_str(),
    }
}

fn derive(purpose: &str, key: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(purpose);
    hash.update(key);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;
    use yaopai_domain::System;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn vault(seed: u64) -> Vault {
        let mut key = Zeroizing::new([0; 32]);
        Seeded::new(seed).fill(key.as_mut_slice());
        Vault::new(&SecretKey(key))
    }

    #[test]
    fn a_sealed_secret_opens_only_in_its_own_row_with_its_own_key() {
        let entropy = Seeded::new(1);
        let (pool, other_pool) = (PoolId::default(), "other".parse().unwrap());
        let row = ConnectionId::new(&System, &entropy);
        let other_row = ConnectionId::new(&System, &entropy);
        let secret = AppSecret::new(SECRET);
        let sealed = vault(1).seal(&pool, row, &secret, &entropy).unwrap();
        assert_eq!(vault(1).open(&pool, row, &sealed).unwrap(), secret);
        assert!(vault(1).open(&pool, other_row, &sealed).is_err());
        assert!(vault(1).open(&other_pool, row, &sealed).is_err());
        assert!(vault(2).open(&pool, row, &sealed).is_err());
        let mut changed = sealed.clone();
        changed.bytes[NONCE_BYTES] ^= 1;
        assert!(vault(1).open(&pool, row, &changed).is_err());
    }

    #[test]
    fn a_fingerprint_tells_secrets_apart_and_depends_on_the_key() {
        let of = |seed, text| vault(seed).fingerprint(text);
        assert_eq!(of(1, SECRET), of(1, SECRET));
        assert_eq!(of(1, SECRET).0.len(), 12);
        assert_ne!(of(1, SECRET), of(1, "f123456789abcdef0123456789abcdef"));
        assert_ne!(of(1, SECRET), of(2, SECRET));
    }

    #[test]
    fn the_key_file_is_made_once_and_a_broken_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let entropy = Seeded::new(1);
        let first = SecretKey::of_data_dir(dir.path(), &entropy).unwrap();
        let second = SecretKey::of_data_dir(dir.path(), &entropy).unwrap();
        assert_eq!(*first.0, *second.0);
        std::fs::write(dir.path().join(KEY_FILE), "not a key").unwrap();
        let error = SecretKey::of_data_dir(dir.path(), &entropy).unwrap_err();
        assert!(matches!(error, Error::SecretKey(_)), "{error}");
        assert!(!error.to_string().contains("not a key"));
    }
}
