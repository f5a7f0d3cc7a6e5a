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
pub(crate) use authorize::{Authorize, PATH as AUTHORIZE_PATH, PageFault};
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

/// The calls of the server API: what failures and delays can be ordered for, and who answers.
macro_rules! calls {
    ($($path:literal => $handler:path;)+) => {
        const CALLS: &[&str] = &[$($path),+];

        fn calls() -> Router<Shared> {
            Router::new()$(.route($path, any($handler)))+
        }
    };
}

calls! {
    "/sns/jscode2session" => sns::jscode2session;
    "/sns/oauth2/access_token" => sns::access_token;
    "/sns/oauth2/refresh_token" => sns::refresh_token;
    "/sns/auth" => sns::auth;
    "/sns/userinfo" => sns::userinfo;
    "/cgi-bin/token" => cgi_bin::tokens::token;
    "/cgi-bin/stable_token" => cgi_bin::tokens::stable_token;
    "/cgi-bin/ticket/getticket" => cgi_bin::tickets::getticket;
    "/cgi-bin/qrcode/create" => cgi_bin::scenes::create;
    "/cgi-bin/user/info" => cgi_bin::followers::info;
    "/cgi-bin/clear_quota" => cgi_bin::quota::clear;
    "/cgi-bin/clear_quota/v2" => cgi_bin::quota::clear_by_secret;
    "/cgi-bin/openapi/rid/get" => cgi_bin::quota::rid;
    "/cgi-bin/wxaapp/createwxaqrcode" => wxa::codes::square;
    "/wxa/getwxacode" => wxa::codes::limited;
    "/wxa/getwxacodeunlimit" => wxa::codes::unlimited;
    "/wxa/generatescheme" => wxa::links::scheme;
    "/wxa/generate_urllink" => wxa::links::url_link;
    "/wxa/checksession" => wxa::sessions::check;
    "/wxa/resetusersessionkey" => wxa::sessions::reset;
    "/wxa/business/getuserphonenumber" => wxa::phone::number;
    "/connect/sdk/qrconnect" => sdk_qrconnect::create;
}

/// Whether this is the path of a call of the server API.
pub(crate) fn is_call(path: &str) -> bool {
    CALLS.contains(&path)
}

/// The endpoints of `api.weixin.qq.com` and `open.weixin.qq.com`.
pub(crate) fn router(platform: &Shared) -> Router<Shared> {
    let attended = calls().route_layer(middleware::from_fn_with_state(
        Arc::clone(platform),
        attendant::attend,
    ));
    Router::new()
        .route("/cgi-bin/showqrcode", get(cgi_bin::scenes::show))
        .route("/connect/qrconnect", get(qrconnect::page))
        .route("/connect/qrcode/{uuid}", get(qrconnect::image))
        .route("/connect/l/qrconnect", get(long_poll::poll))
        .route(authorize::PATH, get(authorize::show).post(authorize::decide))
        .merge(attended)
}
