//! Starting and stopping a backend.

use crate::{
    App, Config, Database, Error, SecretKey,
    app::HINTS_KEPT,
    bootstrap,
    router::router,
    store::{AttemptStore, NewHead, PoolStore, StoreError, sqlite::Sqlite},
    vault::Vault,
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{net::TcpListener, sync::broadcast, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;
use yaopai_domain::{Clock, Entropy};
use yaopai_wechat::WeChat;

/// How long a stop waits for requests and tasks that do not want to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// Limits of one call to WeChat.
const WECHAT_CONNECT: Duration = Duration::from_secs(3);
const WECHAT_CALL: Duration = Duration::from_secs(10);

/// A running backend.
pub struct Backend {
    url: Url,
    app: Arc<App>,
    server: JoinHandle<()>,
}

impl Backend {
    /// Starts a backend: it answers requests when this returns.
    ///
    /// A database that has no pool gets the pool `default`. A bootstrap file is applied first, all or nothing.
    pub async fn start(
        config: Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        let Database::Sqlite(file) = &config.database else {
            return Err(Error::PostgresNotYet);
        };
        let address = config.listen;
        let listen_failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen_failed)?;
        let bound = listener.local_addr().map_err(listen_failed)?;
        let url =
            Url::parse(&format!("http://{bound}/")).map_err(|_| Error::Internal("an address is no URL"))?;

        make_dir(&config.data_dir)?;
        file.parent().map(make_dir).transpose()?;
        let secret_key = match config.secret_key {
            Some(key) => key,
            None => SecretKey::of_data_dir(&config.data_dir, entropy.as_ref())?,
        };
        let (heads, _) = broadcast::channel(HINTS_KEPT);
        let (attempts, _) = broadcast::channel(HINTS_KEPT);
        let store = open(file.clone(), &clock, &entropy, heads.clone()).await?;
        let vault = Arc::new(Vault::new(&secret_key));
        if let Some(file) = &config.bootstrap {
            bootstrap::apply(file, &store, &vault).await?;
        }
        store.ensure_a_pool().await?;
        store.end_interrupted_attempts().await?;

        let app = Arc::new(App {
            store: Arc::new(store),
            clock,
            entropy,
            wechat: WeChat::new(config.wechat, http_client()?),
            wechat_environment: config.wechat_environment,
            vault,
            public_url: config.public_url.unwrap_or_else(|| url.clone()),
            embedded_key: config.embedded_key,
            heads,
            attempts,
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let server = tokio::spawn(serve(listener, Arc::clone(&app)));
        Ok(Self { url, app, server })
    }

    /// Where it listens.
    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// Whether anybody outside this process can get in.
    pub async fn has_access_keys(&self) -> Result<bool, Error> {
        Ok(self.app.store.has_access_keys().await?)
    }

    /// Ends streams and background tasks, lets running requests finish (5 s at most), and closes the database.
    pub async fn stop(self) {
        self.app.stopping.cancel();
        let abort = self.server.abort_handle();
        if tokio::time::timeout(PATIENCE, self.server).await.is_err() {
            abort.abort();
        }
        self.app.tasks.close();
        if tokio::time::timeout(PATIENCE, self.app.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("background tasks did not end in time");
        }
        self.app.store.close().await;
    }
}

async fn serve(listener: TcpListener, app: Arc<App>) {
    let stopped = app.stopping.clone().cancelled_owned();
    let served = axum::serve(listener, router(app))
        .with_graceful_shutdown(stopped)
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the server ended");
    }
}

/// Opening reads the whole file once, so it must not block the async threads.
async fn open(
    file: PathBuf,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
    heads: broadcast::Sender<NewHead>,
) -> Result<Sqlite, Error> {
    let (clock, entropy) = (Arc::clone(clock), Arc::clone(entropy));
    let opened = tokio::task::spawn_blocking(move || Sqlite::open(&file, clock, entropy, heads)).await;
    Ok(opened.map_err(|_| StoreError::Closed)??)
}

fn make_dir(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::DataDir {
        path: path.to_owned(),
        source,
    })
}

fn http_client() -> Result<reqwest::Client, Error> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where limits and redirects of calls to WeChat are chosen"
    )]
    reqwest::Client::builder()
        .connect_timeout(WECHAT_CONNECT)
        .timeout(WECHAT_CALL)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(Error::HttpClient)
}
