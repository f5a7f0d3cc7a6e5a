//! How a backend is told what to do.

use crate::{Delivery, EmbeddedKey, Limits, PostgresServer, SecretKey};
use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};
use url::Url;
use yaopai_domain::WeChatEnvironment;
use yaopai_wechat::WeChatHosts;

/// Everything a backend needs to know to start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Where the data is.
    pub database: Database,
    /// Folder for the key file; made if it is not there.
    pub data_dir: PathBuf,
    /// Where the backend is reached from outside; absent means where it listens.
    pub public_url: Option<Url>,
    /// Where WeChat is.
    pub wechat: WeChatHosts,
    /// What people are told about it.
    pub wechat_environment: WeChatEnvironment,
    /// A file to apply before the first request.
    pub bootstrap: Option<PathBuf>,
    /// The key of a desktop that runs this backend inside itself.
    pub embedded_key: Option<EmbeddedKey>,
    /// How often clients may knock.
    pub limits: Limits,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Host names under which operators reach the backend, beside that of the public URL.
    pub allowed_hosts: Vec<String>,
    /// How long a stop says that it is not ready before it takes no more requests.
    pub drain: Duration,
    /// The key that seals AppSecrets; absent means the file `secret.key` in the data directory.
    pub secret_key: Option<SecretKey>,
    /// How one-time codes reach people.
    pub delivery: Delivery,
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file; made if it is not there.
    Sqlite(PathBuf),
    /// A database on a PostgreSQL server, which several backends may share.
    Postgres(Box<PostgresServer>),
}

/// A database URL of neither kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a database URL is sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
pub struct InvalidDatabaseUrl;

impl FromStr for Database {
    type Err = InvalidDatabaseUrl;

    fn from_str(url: &str) -> Result<Self, InvalidDatabaseUrl> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return url
                .parse()
                .map(|server| Self::Postgres(Box::new(server)))
                .map_err(|_| InvalidDatabaseUrl);
        }
        let file = url.strip_prefix("sqlite:").ok_or(InvalidDatabaseUrl)?;
        // sqlite:///absolute and sqlite:relative are both in use.
        let file = file.strip_prefix("//").unwrap_or(file);
        if file.is_empty() {
            return Err(InvalidDatabaseUrl);
        }
        Ok(Self::Sqlite(file.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::relative("sqlite:data/a.db", Some(Database::Sqlite("data/a.db".into())))]
    #[case::absolute("sqlite:///var/a.db", Some(Database::Sqlite("/var/a.db".into())))]
    #[case::postgres("postgres://h/d", "postgres://h/d".parse().ok().map(Box::new).map(Database::Postgres))]
    #[case::postgres_with_a_word_too_many("postgres://h/d?secret=1", None)]
    #[case::empty("sqlite:", None)]
    #[case::bare("a.db", None)]
    #[case::other("mysql://h/d", None)]
    fn knows_database_urls(#[case] url: &str, #[case] expected: Option<Database>) {
        assert_eq!(url.parse().ok(), expected);
    }
}
