//! What the backend remembers: SQL written once, an area a file, on any [`engine`].
//!
//! Methods speak in domain types. Each keeps its promise inside one transaction; the database, not a method's callers,
//! decides races by constraints and locks.

mod access;
mod accounts;
mod application_secrets;
mod applications;
mod attempt_search;
mod attempts;
mod audit;
mod authing_keys;
mod authorization_codes;
mod bindings;
mod bootstrap;
mod claimed_codes;
mod compact;
#[cfg(test)]
pub(crate) mod conformance;
mod connection_secrets;
mod connections;
mod custom_fields;
mod edits;
pub(crate) mod engine;
mod feed;
mod fields;
mod identity;
mod leftovers;
mod login_names;
mod merges;
mod narrow;
mod operators;
mod own_data;
mod pace;
mod page;
mod platform_accounts;
mod pool_keys;
mod pools;
mod provider_tokens;
mod pull;
mod push;
mod qr_logins;
mod refused;
mod sessions;
mod transaction;
mod upgrade;
mod uploads;
mod user_changes;
mod user_search;
mod users;
mod verification_files;
mod verifications;
mod watch;
mod wechat_words;

pub(crate) use access::{KeyHolder, MadeKey};
pub(crate) use accounts::{Brought, NewPassword, Registered};
pub(crate) use applications::Application;
pub(crate) use attempt_search::AttemptFilter;
pub(crate) use attempts::{Claim, Concluded, Ending, Tied, Ties};
pub(crate) use audit::AuditFilter;
pub(crate) use authing_keys::AuthingKey;
pub(crate) use authorization_codes::{AuthorizationCode, Redeemed};
pub(crate) use bindings::{Bind, Bound, By, Unbind};
pub(crate) use claimed_codes::{ClaimedCode, CodeClaim, Exchange, Exchanged, SealedSession};
pub(crate) use connection_secrets::{NewSecrets, SealedSecret, SecretField};
pub(crate) use connections::{ConnectionChange, NewConnection};
pub(crate) use custom_fields::CustomField;
pub(crate) use engine::Value as UserValue;
pub use engine::{InvalidPostgresUrl, PostgresServer};
pub(crate) use merges::{MergeOutcome, UnmergeOutcome};
pub(crate) use own_data::{Claimed, Dropped, OwnMetadata};
pub(crate) use pool_keys::StoredKey;
pub(crate) use provider_tokens::{ProviderRedirect, ProviderToken, SentBack, Told};
pub(crate) use pull::{Page, Position, Pull, PullAnswer};
pub(crate) use push::{Push, PushAs, PushDecision, Pushed};
pub(crate) use qr_logins::{QrLogin, QrState, Scanner};
pub(crate) use refused::{Admission, Admitted, RefusedAfter};
pub(crate) use sessions::{Ends, NewSession, Refreshed, SessionKey, ShownRefresh, StoredSession, TokenHash};
pub(crate) use transaction::{Alone, Reading, Store, Writing};
pub(crate) use uploads::NewUpload;
pub(crate) use user_changes::UserChange;
pub(crate) use user_search::{Test as UserTest, UserColumn, UserPage, UserSearch};
pub(crate) use verifications::{Attempted, GivenFor, NewVerification, Opened, Tried};
pub(crate) use wechat_words::{AppPerson, TakenPush};

use std::path::PathBuf;
use tokio::sync::broadcast;
use yaopai_domain::{AttemptId, PoolId, Revision};

/// News a slow listener may lag behind before it has to look by itself.
pub(crate) const NEWS_KEPT: usize = 256;

/// Where a store tells what it has committed, also when whoever caused it has left. News carry no data: whoever hears
/// them looks.
#[derive(Debug, Clone)]
pub(crate) struct News {
    /// Every new head of a pool.
    pub(crate) heads: broadcast::Sender<NewHead>,
    /// Every login attempt that changed.
    pub(crate) attempts: broadcast::Sender<AttemptId>,
}

impl News {
    /// Nobody listens yet.
    pub(crate) fn new() -> Self {
        Self {
            heads: broadcast::channel(NEWS_KEPT).0,
            attempts: broadcast::channel(NEWS_KEPT).0,
        }
    }
}

/// A pool has a new head.
#[derive(Debug, Clone)]
pub(crate) struct NewHead {
    /// Which pool.
    pub(crate) pool: PoolId,
    /// Its head.
    pub(crate) head: Revision,
}

/// What can go wrong in a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A unique value is taken.
    #[error("the {0:?} is taken")]
    Taken(Unique),
    /// The row has changed since the caller read it.
    #[error("the {0} was changed meanwhile")]
    Outdated(&'static str),
    /// A row refers to something that is not there.
    #[error("the {0} is unknown")]
    Unknown(&'static str),
    /// The file was written by a newer version.
    #[error(
        "the database was written by a newer version (schema {found}, this version knows {known}). It is kept at {}; \
         move it back to use it with that version. The next start begins with an empty database",
        kept.display()
    )]
    NewerSchema {
        /// Schema version of the file.
        found: i64,
        /// Newest schema version this program knows.
        known: i64,
        /// Where the file is now.
        kept: PathBuf,
    },
    /// The database was written by a newer version.
    #[error(
        "the database {server} was written by a newer version (schema {found}, this version knows {known}) and was left \
         as it is: use that version, or another database"
    )]
    NewerDatabase {
        /// Where it is.
        server: String,
        /// Schema version of the database.
        found: i64,
        /// Newest schema version this program knows.
        known: i64,
    },
    /// There is no connection to the database server.
    #[error(
        "the database {server} cannot be reached: {reason}. Check that the server runs, and host, port, user, password \
         and database in the URL"
    )]
    Unreachable {
        /// Where it should be.
        server: String,
        /// What happened, without a password.
        reason: String,
    },
    /// The file is the database of another program.
    #[error("{} is the database of another program and was left as it is; choose another file", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// The file is damaged.
    #[error(
        "the database cannot be read: {reason}. It is kept at {}; restore a backup in its place, or repair it with \
         `sqlite3 FILE .recover`. The next start begins with an empty database",
        kept.display()
    )]
    Corrupt {
        /// What was found.
        reason: String,
        /// Where the file is now.
        kept: PathBuf,
    },
    /// An entry of a bootstrap file is refused.
    #[error("{section} {index}: {what}")]
    Refused {
        /// Which list of the file.
        section: &'static str,
        /// Which entry, from 0.
        index: usize,
        /// Which field, if it is one.
        field: Option<String>,
        /// Why, without values.
        what: String,
    },
    /// A row holds what this version cannot read.
    #[error("a stored value cannot be read: {0}")]
    Unreadable(String),
    /// Nobody could administer the pool any more.
    #[error("this is the last access key that can administer the pool; make another one first")]
    LastAdminKey,
    /// The backend stops.
    #[error("the database is closed")]
    Closed,
    /// The engine failed: disk full, file locked, …
    #[error("the database failed: {0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Values that exist once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// A connection's identifier in its pool.
    ConnectionIdentifier,
    /// A verification file's name with another content.
    VerificationFile,
    /// A WeChat identifier in its scope.
    Identity,
    /// The name of an access key, application or platform account in its pool.
    Name,
    /// An operator's e-mail address in the pool.
    Email,
    /// The id of an application, in the whole backend.
    ApplicationId,
    /// A phone, address or user name to log in by.
    LoginName,
}
