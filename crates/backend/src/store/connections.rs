//! Connections and the verification files served for them.

use super::Reply;
use yaopai_domain::{
    Connection, ConnectionId, ConnectionUsage, Fingerprint, PoolId, Timestamp, ValidConnection,
};

/// An AppSecret as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SealedSecret {
    /// Which key sealed it.
    pub(crate) key_id: String,
    /// Nonce and ciphertext.
    pub(crate) bytes: Vec<u8>,
    /// By which people recognise it.
    pub(crate) fingerprint: Fingerprint,
}

/// A connection to create.
#[derive(Debug, Clone)]
pub(crate) struct NewConnection {
    /// Its id.
    pub(crate) id: ConnectionId,
    /// Its fields.
    pub(crate) fields: ValidConnection,
    /// Its AppSecret.
    pub(crate) secret: SealedSecret,
    /// Whether people can log in with it.
    pub(crate) enabled: bool,
}

/// What shall change of a connection.
#[derive(Debug, Clone)]
pub(crate) enum ConnectionChange {
    /// All fields; the secret stays if there is no new one.
    Replace {
        /// `updated_at` of the state that the fields began with: if another one is stored, the change is outdated.
        based_on: Option<Timestamp>,
        /// The fields.
        fields: Box<ValidConnection>,
        /// A new secret.
        secret: Option<SealedSecret>,
    },
    /// Only whether people can log in with it.
    Enable(bool),
}

/// Connections. Changes are audited under the name of their actor.
pub(crate) trait ConnectionStore {
    /// All connections of the pool, oldest first.
    fn connections(&self, pool: &PoolId) -> Reply<'_, Vec<Connection>>;

    /// One connection.
    fn connection(&self, pool: &PoolId, id: ConnectionId) -> Reply<'_, Option<Connection>>;

    /// Its sealed AppSecret.
    fn connection_secret(&self, pool: &PoolId, id: ConnectionId) -> Reply<'_, Option<SealedSecret>>;

    /// Creates a connection.
    fn create_connection(&self, pool: &PoolId, actor: &str, new: NewConnection) -> Reply<'_, Connection>;

    /// Changes a connection and answers what it is now.
    fn change_connection(
        &self,
        pool: &PoolId,
        actor: &str,
        id: ConnectionId,
        change: ConnectionChange,
    ) -> Reply<'_, Connection>;

    /// Deletes a connection. Its people keep their bindings.
    fn delete_connection(&self, pool: &PoolId, actor: &str, id: ConnectionId) -> Reply<'_, ()>;

    /// What deleting it would mean to the people bound to its AppID.
    fn connection_usage(&self, pool: &PoolId, id: ConnectionId) -> Reply<'_, ConnectionUsage>;

    /// The bytes of a verification file.
    fn verification_file(&self, name: &str) -> Reply<'_, Option<Vec<u8>>>;
}
