//! How a sandbox is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use url::Url;

/// What a sandbox is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How long a poll of the QR page is held without news.
    pub hold: Duration,
    /// Where the simulated mail server listens; port 0 lets the system choose.
    pub smtp_listen: SocketAddr,
    /// How long a server has to answer a pushed event.
    pub push_deadline: Duration,
    /// Where the built-in mini program finds its own server.
    pub miniprogram_server: Option<Url>,
    /// Hosts that the redirect_uri of the built-in official account and website may have.
    pub callback_domains: Vec<String>,
    /// Where phones reach this sandbox, if not at the address it listens on: written into QR codes and avatars.
    pub public_url: Option<Url>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            hold: Duration::from_secs(25),
            smtp_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            push_deadline: Duration::from_secs(5),
            miniprogram_server: None,
            callback_domains: vec!["127.0.0.1".to_owned(), "localhost".to_owned()],
            public_url: None,
        }
    }
}
