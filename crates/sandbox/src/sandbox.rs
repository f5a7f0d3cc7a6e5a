//! A running sandbox.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use crate::ambient::{Clock, Entropy, SystemClock};
use crate::config::Config;
use crate::error::Error;
use crate::platform::{self, Platform, Shared};
use crate::world::World;
use crate::world::apps::{self, AppKind, AppSheet};
use crate::world::people::{EVERYONE, PersonSheet};
use crate::{front, phone, post, scripting};

/// How long connections get to finish when the sandbox stops.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// How long the simulated mini program waits for its server.
const MINIPROGRAM_LIMIT: Duration = Duration::from_secs(10);

/// A running sandbox: WeChat's endpoints, the simulated phone and the paths for scripts on one port.
/// Dropping it stops it as well, without waiting.
pub struct Sandbox {
    platform: Shared,
    smtp_address: SocketAddr,
    serving: JoinHandle<()>,
    delivering: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a sandbox with the machine's clock and randomness.
    pub async fn start(config: Config) -> Result<Self, Error> {
        let entropy = Entropy::from_system().map_err(Error::Entropy)?;
        Self::start_with(config, Arc::new(SystemClock), entropy).await
    }

    /// Starts a sandbox whose time and randomness belong to the caller.
    pub async fn start_with(config: Config, clock: Arc<dyn Clock>, entropy: Entropy) -> Result<Self, Error> {
        let (listener, address) = listen(config.listen).await?;
        let (mail, smtp_address) = listen(config.smtp_listen).await?;
        let base = match config.public_url.clone() {
            Some(url) => url,
            None => address_of(address)?,
        };
        let apps = apps::built_in(&config.callback_domains, config.miniprogram_server.as_ref());
        let world = World::with_apps(apps);
        let platform = Arc::new(Platform::new(
            world,
            clock,
            entropy,
            base,
            &config,
            http_client()?,
        ));
        let stopped = platform.stopping.clone().cancelled_owned();
        let service = router(&platform).into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service)
                .with_graceful_shutdown(stopped)
                .await
            {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        let delivering = tokio::spawn(post::serve_mail(mail, Arc::clone(&platform)));
        Ok(Self {
            platform,
            smtp_address,
            serving,
            delivering,
        })
    }

    /// Where the sandbox is reached; the base of every WeChat host.
    pub fn url(&self) -> Url {
        self.platform.base.clone()
    }

    /// Where the simulated mail server listens.
    pub fn smtp_address(&self) -> SocketAddr {
        self.smtp_address
    }

    /// The registered apps, built-in ones first.
    pub fn apps(&self) -> Vec<AppSheet> {
        self.platform.world().apps.clone()
    }

    /// The test people.
    pub fn people(&self) -> Vec<PersonSheet> {
        EVERYONE
            .iter()
            .map(|person| PersonSheet::from(&**person))
            .collect()
    }

    /// Tells the built-in mini program where its server is.
    pub fn set_miniprogram_server(&self, url: Url) {
        let mut world = self.platform.world();
        if let Some(app) = world.apps.iter_mut().find(|app| app.kind == AppKind::MiniProgram) {
            app.miniprogram_server = Some(url);
        }
    }

    /// Stops: held polls are answered at once, connections are closed, both ports are free afterwards.
    pub async fn stop(mut self) {
        self.platform.stopping.cancel();
        if tokio::time::timeout(STOP_LIMIT, &mut self.serving).await.is_err() {
            self.serving.abort();
        }
        // It listens to nothing but the end, and gives its port back when it hears of it.
        let _ = tokio::time::timeout(STOP_LIMIT, &mut self.delivering).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.platform.stopping.cancel();
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("url", &self.platform.base.as_str())
            .finish_non_exhaustive()
    }
}

fn router(platform: &Shared) -> Router {
    Router::new()
        .route("/", get(front::show))
        .merge(platform::router(platform))
        .merge(phone::router())
        .merge(scripting::router())
        .merge(post::router())
        .with_state(Arc::clone(platform))
}

/// Listens, and tells where.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let cannot_listen = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
    let bound = listener.local_addr().map_err(cannot_listen)?;
    Ok((listener, bound))
}

/// The URL of a listening address; one that listens everywhere is reached at the loopback address.
fn address_of(mut address: SocketAddr) -> Result<Url, Error> {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    Url::parse(&format!("http://{address}/")).map_err(|_| Error::Address)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one client of a running sandbox is made here"
)]
fn http_client() -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(MINIPROGRAM_LIMIT)
        .build()
        .map_err(Error::HttpClient)
}
