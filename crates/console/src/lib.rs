//! Everything the desktop does that is not a window: replica, outbox, sync, management calls, QR codes.
//!
//! It speaks HTTP to the backend and never links it; it knows nothing of Tauri.

mod view;

use std::{path::PathBuf, sync::Arc};
use tokio::sync::broadcast;
use url::Url;
use yaopai_domain::{
    AttemptId, Clock, Connection, ConnectionDraft, ConnectionId, ConnectionUsage, Entropy, FieldError, LoginAttempt,
    PoolId, SetupSheet, UserId,
};

pub use view::{
    Binding, BindingChip, Changed, Conflict, ErrorView, Keep, Link, MetadataEdit, MetadataItem, PictureFormat, QrPicture,
    Status, SyncMark, TestLoginView, UserDetail, UserPage, UserQuery, UserRow,
};

/// What a console is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The backend.
    pub server: Url,
    /// What lets the console in.
    pub access_key: AccessKey,
    /// The pool to administer.
    pub pool: PoolId,
    /// The replica's file; created if it does not exist.
    pub replica: PathBuf,
}

/// A key that lets the console in; it prints as dots.
#[derive(Clone)]
pub struct AccessKey(String);

impl AccessKey {
    /// Wraps a key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccessKey(••••)")
    }
}

/// An open console. Clones share it.
#[derive(Clone)]
pub struct Console {
    changed: broadcast::Sender<Changed>,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Placeholder.
    #[error("not found")]
    NotFound,
}

impl Error {
    /// The error as the window shows it.
    pub fn view(&self) -> ErrorView {
        ErrorView::NotFound
    }
}

impl Console {
    /// Opens the replica and starts to sync in the background.
    pub async fn open(_options: Options, _clock: Arc<dyn Clock>, _entropy: Arc<dyn Entropy>) -> Result<Self, Error> {
        Err(Error::NotFound)
    }

    /// How the console stands.
    pub fn status(&self) -> Status {
        Status {
            link: Link::Connecting,
            server: None,
            waiting: 0,
            conflicts: 0,
            last_sync: None,
            loaded: false,
            users: 0,
        }
    }

    /// Tells when something changed that a window shows.
    pub fn changes(&self) -> broadcast::Receiver<Changed> {
        self.changed.subscribe()
    }

    /// Syncs at once instead of at the next hint or back-off.
    pub fn sync_now(&self) {}

    /// Stops syncing and closes the replica. Waits for what is being written.
    pub async fn close(&self) {}

    /// The pool's connections, by display name, from the backend.
    pub async fn connections(&self) -> Result<Vec<Connection>, Error> {
        Err(Error::NotFound)
    }

    /// Checks a draft against every rule that needs no backend; `existing` is what it replaces.
    pub fn check_connection(&self, _draft: &ConnectionDraft, _existing: Option<&Connection>) -> Vec<FieldError> {
        Vec::new()
    }

    /// Creates a connection.
    pub async fn create_connection(&self, _draft: &ConnectionDraft) -> Result<Connection, Error> {
        Err(Error::NotFound)
    }

    /// Replaces a connection's settings; an empty secret keeps the stored one.
    pub async fn replace_connection(&self, _id: ConnectionId, _draft: &ConnectionDraft) -> Result<Connection, Error> {
        Err(Error::NotFound)
    }

    /// Enables or disables a connection.
    pub async fn set_connection_enabled(&self, _id: ConnectionId, _enabled: bool) -> Result<Connection, Error> {
        Err(Error::NotFound)
    }

    /// What deleting a connection would mean.
    pub async fn connection_usage(&self, _id: ConnectionId) -> Result<ConnectionUsage, Error> {
        Err(Error::NotFound)
    }

    /// Deletes a connection; people and their bindings stay.
    pub async fn delete_connection(&self, _id: ConnectionId) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// What to paste into WeChat's console for a draft as far as it is typed; `None` until the backend was reached once.
    pub fn setup_sheet(&self, _draft: &ConnectionDraft) -> Option<SetupSheet> {
        None
    }

    /// Starts a test login and draws its code.
    pub async fn start_test_login(&self, _id: ConnectionId, _dry_run: bool) -> Result<TestLoginView, Error> {
        Err(Error::NotFound)
    }

    /// Calls `each` with every state of an attempt until it is final or the connection to the backend is lost.
    pub async fn follow_attempt(
        &self,
        _id: AttemptId,
        _each: impl FnMut(LoginAttempt) + Send,
    ) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// Ends an attempt that nobody will scan any more.
    pub async fn cancel_attempt(&self, _id: AttemptId) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// The latest attempts, newest first, at most `limit`.
    pub async fn attempts(&self, _limit: u32) -> Result<Vec<LoginAttempt>, Error> {
        Err(Error::NotFound)
    }

    /// The picture of a code drawn in this session, as file bytes.
    pub fn picture(&self, _id: AttemptId, _format: PictureFormat) -> Result<Vec<u8>, Error> {
        Err(Error::NotFound)
    }

    /// The picture of a code drawn in this session, as `(width, height, RGBA bytes)` for the clipboard.
    pub fn pixels(&self, _id: AttemptId) -> Result<(u32, u32, Vec<u8>), Error> {
        Err(Error::NotFound)
    }

    /// A page of users from the replica.
    pub async fn users(&self, _query: UserQuery) -> Result<UserPage, Error> {
        Err(Error::NotFound)
    }

    /// One user from the replica.
    pub async fn user(&self, _id: UserId) -> Result<UserDetail, Error> {
        Err(Error::NotFound)
    }

    /// Stores an edit here, durable before this returns, and queues it for the backend.
    pub async fn edit_metadata(&self, _edit: MetadataEdit) -> Result<UserDetail, Error> {
        Err(Error::NotFound)
    }

    /// Conflicts nobody has decided yet, oldest first.
    pub async fn conflicts(&self) -> Result<Vec<Conflict>, Error> {
        Err(Error::NotFound)
    }

    /// Decides a conflict.
    pub async fn resolve_conflict(&self, _id: String, _keep: Keep) -> Result<(), Error> {
        Err(Error::NotFound)
    }
}
