//! WeChat's own endpoints, on one port: hosts are told apart by path only.

mod answer;
mod attendant;
mod authorize;
mod bearer;
mod callback;
mod cgi_bin;
mod errcode;
mod long_poll;
mod params;
mod qrconnect;
mod sdk_qrconnect;
mod sns;
pub(crate) mod wxa;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::middleware;
use axum::routing::{any, get};
use tokio_util::sync::CancellationToken;
use url::Url;

pub(crate) use answer::Refusal;
pub(crate) use authorize::{Authorize, PageFault};
pub(crate) use callback::native_callback;
pub(crate) use errcode::Errcode;
pub(crate) use params::Params;

use crate::ambient::{Clock, Entropy};
use crate::config::Config;
use crate::world::World;

/// The platform behind every endpoint.
pub(crate) struct Platform {
    world: Mutex<World>,
    clock: Arc<dyn Clock>,
    /// Seconds that scripts moved the clock ahead.
    ahead: AtomicU64,
    pub(crate) entropy: Entropy,
    /// Where phones reach this sandbox: written into QR codes and avatar addresses.
    pub(crate) base: Url,
    /// How long a poll without news is held.
    pub(crate) hold: Duration,
    /// How long a server has to answer a pushed event.
    pub(crate) push_deadline: Duration,
    /// With which the simulated mini program calls its own server.
    pub(crate) http: reqwest::Client,
    /// Fires when the sandbox stops, so that held polls let go.
    pub(crate) stopping: CancellationToken,
}

/// What every handler is given.
pub(crate) type Shared = Arc<Platform>;

impl Platform {
    pub(crate) fn new(
        world: World,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        base: Url,
        config: &Config,
        http: reqwest::Client,
    ) -> Self {
        Self {
            world: Mutex::new(world),
            clock,
            ahead: AtomicU64::new(0),
            entropy,
            base,
            hold: config.hold,
            push_deadline: config.push_deadline,
            http,
            stopping: CancellationToken::new(),
        }
    }

    /// The platform's memory. Held only between two awaits, never across one.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present, in seconds since the UNIX epoch.
    pub(crate) fn now(&self) -> u64 {
        self.clock.unix_seconds() + self.ahead.load(Ordering::Relaxed)
    }

    /// Moves the present ahead.
    pub(crate) fn advance(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The address of a page of this sandbox, for a phone.
    pub(crate) fn address(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        // Even an empty list would leave a question mark behind.
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url.into()
    }
}

/// The endpoints of `api.weixin.qq.com` and `open.weixin.qq.com`.
pub(crate) fn router(platform: &Shared) -> Router<Shared> {
    let api = Router::new()
        .route("/sns/jscode2session", any(sns::jscode2session))
        .route("/sns/oauth2/access_token", any(sns::access_token))
        .route("/sns/oauth2/refresh_token", any(sns::refresh_token))
        .route("/sns/auth", any(sns::auth))
        .route("/sns/userinfo", any(sns::userinfo))
        .route("/cgi-bin/token", any(cgi_bin::tokens::token))
        .route("/cgi-bin/stable_token", any(cgi_bin::tokens::stable_token))
        .route("/cgi-bin/ticket/getticket", any(cgi_bin::tickets::getticket))
        .route("/cgi-bin/qrcode/create", any(cgi_bin::scenes::create))
        .route("/cgi-bin/user/info", any(cgi_bin::followers::info))
        .route("/cgi-bin/clear_quota", any(cgi_bin::quota::clear))
        .route("/cgi-bin/clear_quota/v2", any(cgi_bin::quota::clear_by_secret))
        .route("/cgi-bin/openapi/rid/get", any(cgi_bin::quota::rid))
        .route("/cgi-bin/wxaapp/createwxaqrcode", any(wxa::codes::square))
        .route("/wxa/getwxacode", any(wxa::codes::limited))
        .route("/wxa/getwxacodeunlimit", any(wxa::codes::unlimited))
        .route("/wxa/generatescheme", any(wxa::links::scheme))
        .route("/wxa/generate_urllink", any(wxa::links::url_link))
        .route("/wxa/checksession", any(wxa::sessions::check))
        .route("/wxa/resetusersessionkey", any(wxa::sessions::reset))
        .route("/wxa/business/getuserphonenumber", any(wxa::phone::number))
        .route("/connect/sdk/qrconnect", any(sdk_qrconnect::create))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(platform),
            attendant::attend,
        ));
    Router::new()
        .route("/cgi-bin/showqrcode", get(cgi_bin::scenes::show))
        .route("/connect/qrconnect", get(qrconnect::page))
        .route("/connect/qrcode/{uuid}", get(qrconnect::image))
        .route("/connect/l/qrconnect", get(long_poll::poll))
        .route(
            "/connect/oauth2/authorize",
            get(authorize::show).post(authorize::decide),
        )
        .merge(api)
}
