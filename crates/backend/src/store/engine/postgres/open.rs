//! Connecting to a server, and bringing its schema up to date.

use super::{back_off, failure::Failure};
use crate::store::{StoreError, engine::migrations};
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use std::{error::Error, fmt, num::NonZeroU32, str::FromStr, sync::Arc, time::Duration};
use tokio_postgres::{
    Config, NoTls,
    config::{Host, SslMode},
    error::SqlState,
};
use tokio_postgres_rustls::MakeRustlsConnect;
use yaopai_domain::Entropy;

/// Connections of one backend, unless it is told otherwise.
const CONNECTIONS: usize = 16;
/// How long one waits for a connection that is free, or for a new one.
const PATIENCE: Duration = Duration::from_secs(5);
/// Tries of bringing the schema up to date: other backends may be doing the same.
const TRIES: u32 = 8;
/// Ends what would hold others up: a statement after 15 s, a transaction that nobody goes on with after 30 s.
const SETTINGS: &str = "SET statement_timeout = '15s'; SET idle_in_transaction_session_timeout = '30s'";
/// As [`SETTINGS`], and nobody waits for the disk.
const SETTINGS_OF_NOTES: &str = "SET statement_timeout = '15s'; SET synchronous_commit = off";
/// One of so many connections is for notes, if there are that many.
const NOTES_EACH: usize = 4;

/// A database on a PostgreSQL server, and how to get there.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresServer {
    config: Config,
    connections: usize,
}

/// A text that is no URL of a PostgreSQL database. The text is not repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PostgreSQL URL is postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
pub struct InvalidPostgresUrl;

impl FromStr for PostgresServer {
    type Err = InvalidPostgresUrl;

    fn from_str(url: &str) -> Result<Self, InvalidPostgresUrl> {
        let mut config: Config = url.parse().map_err(|_| InvalidPostgresUrl)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_application_name().is_none() {
            config.application_name("yaopai-server");
        }
        Ok(Self {
            config,
            connections: CONNECTIONS,
        })
    }
}

impl fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Host, port and database, without user and password.
impl fmt::Display for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = self.config.get_ports();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match host {
                Host::Tcp(name) => f.write_str(name)?,
                #[cfg(unix)]
                Host::Unix(folder) => write!(f, "{}", folder.display())?,
            }
            let port = ports.get(index).or_else(|| ports.first()).unwrap_or(&5432);
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

impl PostgresServer {
    /// How many connections one backend holds at most, instead of 16.
    pub fn set_connections(&mut self, connections: NonZeroU32) {
        self.connections = connections.get() as usize;
    }

    /// The same server, another database.
    #[cfg(test)]
    pub(crate) fn with_database(mut self, name: &str) -> Self {
        self.config.dbname(name);
        self
    }

    /// The same database, with or without TLS.
    #[cfg(test)]
    pub(crate) fn set_ssl_mode(&mut self, mode: SslMode) {
        self.config.ssl_mode(mode);
    }

    /// How to get there.
    #[cfg(test)]
    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    /// That there is no connection, and why.
    pub(super) fn unreachable(&self, error: PoolError) -> StoreError {
        let reason = match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                Failure::from(error).to_string()
            }
            PoolError::Timeout(_) => {
                format!("no connection was free or made within {} s", PATIENCE.as_secs())
            }
            other => other.to_string(),
        };
        StoreError::Unreachable {
            server: self.to_string(),
            reason,
        }
    }
}

/// At most so many connections, which are made when they are needed.
fn pool(server: &PostgresServer, settings: &'static str, connections: usize) -> Result<Pool, StoreError> {
    let recycling_method = RecyclingMethod::Fast;
    let (config, how) = (server.config.clone(), ManagerConfig { recycling_method });
    // Without `sslmode=require` nobody has said that the server shows a certificate which somebody vouches for.
    let manager = match config.get_ssl_mode() {
        SslMode::Require => Manager::from_config(config, tls()?, how),
        _ => Manager::from_config(config, NoTls, how),
    };
    let settle = Hook::async_fn(move |connection: &mut deadpool_postgres::ClientWrapper, _| {
        Box::pin(async move {
            connection
                .batch_execute(settings)
                .await
                .map_err(HookError::Backend)
        })
    });
    Pool::builder(manager)
        .max_size(connections)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(PATIENCE))
        .create_timeout(Some(PATIENCE))
        .post_create(settle)
        .build()
        .map_err(|error| StoreError::Engine(Box::new(error)))
}

/// Connects, brings the schema up to date, and keeps the connection for the work to come. The second pool is for notes;
/// it is the first one if there are too few connections for two.
pub(super) async fn pools(
    server: &PostgresServer,
    entropy: &dyn Entropy,
) -> Result<(Pool, Pool), StoreError> {
    let for_notes = server.connections / NOTES_EACH;
    let pool = pool(server, SETTINGS, server.connections - for_notes)?;
    let notes = match for_notes {
        0 => pool.clone(),
        some => self::pool(server, SETTINGS_OF_NOTES, some)?,
    };
    let mut connection = pool.get().await.map_err(|error| server.unreachable(error))?;
    let mut tries = 0;
    loop {
        tries += 1;
        match migrate(server, &mut connection).await {
            Err(Unmigrated::AnotherDoes) if tries < TRIES => back_off(entropy, tries).await,
            Err(Unmigrated::AnotherDoes) => return Err(StoreError::Closed),
            Err(Unmigrated::Refused(error)) => return Err(error),
            Ok(()) => return Ok((pool, notes)),
        }
    }
}

/// TLS with a server whose certificate one of the operating system's authorities vouches for (`SSL_CERT_FILE` names
/// others), and which is for that server's name.
fn tls() -> Result<MakeRustlsConnect, StoreError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| StoreError::Engine(Box::new(error)))?;
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

enum Unmigrated {
    /// Another backend is bringing the schema up to date; one looks again.
    AnotherDoes,
    Refused(StoreError),
}

async fn migrate(server: &PostgresServer, connection: &mut Object) -> Result<(), Unmigrated> {
    let refused = |error: Box<dyn Error + Send + Sync>| Unmigrated::Refused(StoreError::Engine(error));
    let runner = migrations::postgres().map_err(|error| refused(Box::new(error)))?;
    let known = migrations::newest(&runner);
    let found = schema_version(connection)
        .await
        .map_err(|error| refused(Box::new(Failure::from(error))))?;
    if found > known {
        return Err(Unmigrated::Refused(StoreError::NewerDatabase {
            server: server.to_string(),
            found,
            known,
        }));
    }
    let migrated = runner.run_async(&mut ***connection).await;
    migrated.map(drop).map_err(|error| {
        let said = Error::source(&error).and_then(|source| source.downcast_ref::<tokio_postgres::Error>());
        if said.and_then(tokio_postgres::Error::code).is_some_and(is_a_race) {
            Unmigrated::AnotherDoes
        } else {
            refused(Box::new(error))
        }
    })
}

/// What a migration meets when another backend was faster.
fn is_a_race(code: &SqlState) -> bool {
    [
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_COLUMN,
        SqlState::DUPLICATE_OBJECT,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ]
    .contains(code)
}

/// The schema version of the database; 0 for one without any table of ours.
async fn schema_version(connection: &Object) -> Result<i64, tokio_postgres::Error> {
    let history = "SELECT 1 FROM information_schema.tables
        WHERE table_schema = current_schema() AND table_name = 'refinery_schema_history'";
    if connection.query_opt(history, &[]).await?.is_none() {
        return Ok(0);
    }
    let newest = "SELECT coalesce(max(version), 0)::bigint FROM refinery_schema_history";
    connection.query_one(newest, &[]).await?.try_get(0)
}
