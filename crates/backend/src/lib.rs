//! The identity service: connections, logins, users, and the change feed that consoles replicate.
//!
//! A program makes a [`Config`], starts a [`Backend`] and stops it. The desktop does so in its own process, the binary
//! `yaopai-server` does nothing else.

mod access;
mod account;
mod app;
mod bootstrap;
mod browser_guard;
mod config;
mod deliver;
mod endpoint;
mod error;
mod extract;
mod facades;
mod identity;
mod limit;
mod login;
mod manage;
mod observe;
mod openapi;
mod router;
mod serve;
mod session;
#[cfg(feature = "simulate")]
pub mod simulate;
mod store;
mod sync;
#[cfg(test)]
mod testing;
mod vault;
mod verification;

pub use access::EmbeddedKey;
pub use account::{Refused, WeakPassword};
pub use config::{Config, Database, InvalidDatabaseUrl};
pub use deliver::{Delivery, InvalidMailServer, MailServer, SmsGateway};
pub use error::{Error, TokenRefusal};
pub use limit::{Limits, Rate};
pub use serve::{Backend, restored};
pub use store::{InvalidPostgresUrl, PostgresServer, StoreError, Unique};
pub use vault::{InvalidSecretKey, SecretKey};
pub use yaopai_wechat::WeChatHosts;

use app::App;
