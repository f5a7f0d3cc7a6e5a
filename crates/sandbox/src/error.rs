//! Why a sandbox does not start.

use std::net::SocketAddr;

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not one of this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness: {0}")]
    Entropy(getrandom::Error),
    /// No HTTP client for the simulated mini program can be made.
    #[error("no HTTP client can be made")]
    HttpClient(#[source] reqwest::Error),
    /// The sandbox has no address that a URL could hold.
    #[error("the sandbox has no address of its own")]
    Address,
}
