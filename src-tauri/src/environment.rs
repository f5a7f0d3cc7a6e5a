//! What the surroundings say: data directory and the server to use, from `YAOPAI_…` variables.

use directories::ProjectDirs;
use std::{env, path::PathBuf};
use yaopai_console::AccessKey;
use yaopai_domain::PoolId;

/// Where things are and whom to talk to.
#[derive(Debug)]
pub(crate) struct Environment {
    /// Where the program keeps its files: `YAOPAI_DATA_DIR`, or the user's data directory (XDG and its equivalents).
    pub(crate) data_dir: PathBuf,
    /// The backend.
    pub(crate) server: Server,
}

/// The backend.
#[derive(Debug)]
pub(crate) enum Server {
    /// Runs inside this program; `public_url` is `YAOPAI_PUBLIC_URL`, under which a proxy makes it reachable.
    Embedded {
        /// Where the embedded backend is reached from outside.
        public_url: Option<String>,
    },
    /// Runs elsewhere: `YAOPAI_SERVER_URL`.
    Remote {
        /// Its address.
        url: String,
        /// What lets the console in: `YAOPAI_ACCESS_KEY`.
        access_key: AccessKey,
        /// The pool to administer: `YAOPAI_POOL`, or `default`.
        pool: PoolId,
        /// The sandbox that server talks to: `YAOPAI_SANDBOX_URL`.
        sandbox_url: Option<String>,
    },
}

/// Variables that contradict each other, or say something that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Contradiction {
    /// A server without a key.
    #[error("YAOPAI_SERVER_URL is set, but YAOPAI_ACCESS_KEY is not")]
    KeyMissing,
    /// A pool name of a wrong shape.
    #[error("YAOPAI_POOL: {0}")]
    Pool(#[from] yaopai_domain::InvalidName),
    /// This system has no home directory.
    #[error("no home directory: set YAOPAI_DATA_DIR")]
    NoHome,
}

impl Environment {
    /// Reads the process's variables.
    pub(crate) fn of_process() -> Result<Self, Contradiction> {
        Self::from_variables(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Contradiction> {
        let data_dir = match variable("YAOPAI_DATA_DIR") {
            Some(path) => PathBuf::from(path),
            None => ProjectDirs::from("cn", "", "yaopai")
                .ok_or(Contradiction::NoHome)?
                .data_dir()
                .to_path_buf(),
        };
        let server = match variable("YAOPAI_SERVER_URL") {
            None => Server::Embedded {
                public_url: variable("YAOPAI_PUBLIC_URL"),
            },
            Some(url) => Server::Remote {
                url,
                access_key: variable("YAOPAI_ACCESS_KEY")
                    .map(AccessKey::new)
                    .ok_or(Contradiction::KeyMissing)?,
                pool: variable("YAOPAI_POOL")
                    .map(|pool| pool.parse())
                    .transpose()?
                    .unwrap_or_default(),
                sandbox_url: variable("YAOPAI_SANDBOX_URL"),
            },
        };
        Ok(Self { data_dir, server })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, Contradiction> {
        Environment::from_variables(|name| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_a_server_the_backend_is_embedded() {
        let environment = read(&[("YAOPAI_DATA_DIR", "data")]).unwrap();
        assert_eq!(environment.data_dir, PathBuf::from("data"));
        assert!(matches!(
            environment.server,
            Server::Embedded { public_url: None }
        ));
    }

    #[test]
    fn a_server_needs_a_key() {
        let variables = [
            ("YAOPAI_DATA_DIR", "data"),
            ("YAOPAI_SERVER_URL", "http://127.0.0.1:8060"),
        ];
        assert_eq!(read(&variables).unwrap_err(), Contradiction::KeyMissing);
    }

    #[test]
    fn an_access_key_never_prints() {
        let environment = read(&[
            ("YAOPAI_DATA_DIR", "data"),
            ("YAOPAI_SERVER_URL", "http://127.0.0.1:8060"),
            ("YAOPAI_ACCESS_KEY", "canary-key"),
        ]);
        assert!(!format!("{:?}", environment.unwrap()).contains("canary-key"));
    }
}
