//! What every handler can reach.

use crate::{
    EmbeddedKey, Error,
    account::Passwords,
    browser_guard::OwnHosts,
    deliver::Courier,
    limit::{Gates, Proxies},
    observe::Metrics,
    session::Keys,
    store::{News, SealedSecret, SecretField, Store},
    vault::Vault,
};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;
use yaopai_domain::{Clock, ConnectionId, Entropy, PoolId, WeChatEnvironment};
use yaopai_wechat::{Credentials, WeChat};
use zeroize::Zeroizing;

/// What every handler can reach.
pub(crate) struct App {
    /// What the backend remembers.
    pub(crate) store: Arc<Store>,
    /// The present moment.
    pub(crate) clock: Arc<dyn Clock>,
    /// Randomness.
    pub(crate) entropy: Arc<dyn Entropy>,
    /// WeChat.
    pub(crate) wechat: WeChat,
    /// Which WeChat that is.
    pub(crate) wechat_environment: WeChatEnvironment,
    /// Where AppSecrets are sealed.
    pub(crate) vault: Arc<Vault>,
    /// Where passwords are hashed.
    pub(crate) passwords: Passwords,
    /// Who brings one-time codes to people.
    pub(crate) courier: Courier,
    /// The keys that sign its tokens.
    pub(crate) keys: Keys,
    /// Where the backend is reached from outside.
    pub(crate) public_url: Url,
    /// The names under which operators reach it.
    pub(crate) own_hosts: OwnHosts,
    /// The numbers of `/metrics`.
    pub(crate) metrics: Metrics,
    /// How often somebody may knock.
    pub(crate) gates: Gates,
    /// Whose word about a client's address is believed.
    pub(crate) proxies: Proxies,
    /// The key of the desktop around this backend, if there is one.
    pub(crate) embedded_key: Option<EmbeddedKey>,
    /// How many pages of the feed are read at a time: first loads queue, so that logins do not.
    pub(crate) feed_readers: Semaphore,
    /// What the store tells after each commit.
    pub(crate) news: News,
    /// Cancelled when the backend is about to stop: it still serves, and says that it is not ready.
    pub(crate) draining: CancellationToken,
    /// Cancelled when the backend stops: streams end, background tasks leave.
    pub(crate) stopping: CancellationToken,
    /// Background tasks; the backend waits for them when it stops.
    pub(crate) tasks: TaskTracker,
}

impl App {
    /// One of the opened secrets that only some kinds of connections have.
    pub(crate) async fn other_secret(
        &self,
        pool: &PoolId,
        id: ConnectionId,
        field: SecretField,
    ) -> Result<Option<Zeroizing<String>>, Error> {
        let sealed = self.store.other_secret(pool, id, field).await?;
        sealed
            .map(|sealed| self.vault.open_other(pool, id, field, &sealed))
            .transpose()
    }

    /// What WeChat knows a connection by: its AppID and its opened AppSecret.
    pub(crate) async fn credentials(
        &self,
        pool: &PoolId,
        id: ConnectionId,
        app_id: &str,
    ) -> Result<Credentials, Error> {
        let sealed = self
            .store
            .connection_secret(pool, id)
            .await?
            .ok_or(Error::NotFound("connection"))?;
        self.credentials_by(pool, id, app_id, &sealed)
    }

    /// [`App::credentials`] with an AppSecret that was read already.
    pub(crate) fn credentials_by(
        &self,
        pool: &PoolId,
        id: ConnectionId,
        app_id: &str,
        sealed: &SealedSecret,
    ) -> Result<Credentials, Error> {
        Ok(Credentials {
            app_id: app_id.to_owned(),
            app_secret: self.vault.open(pool, id, sealed)?,
        })
    }
}
