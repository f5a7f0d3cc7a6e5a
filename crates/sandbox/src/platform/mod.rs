//! WeChat's own endpoints, on one port: hosts are told apart by path only.

mod answer;
mod authorize;
mod callback;
mod cgi_bin;
mod errcode;
mod params;
mod qrconnect;
mod sns;
mod wxa;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get};
use tokio_util::sync::CancellationToken;
use url::Url;

pub(crate) use answer::Family;
pub(crate) use authorize::{Authorize, PageFault};
pub(crate) use errcode::Errcode;
pub(crate) use params::Params;

use crate::ambient::{Clock, Entropy};
use crate::world::World;

/// The platform behind every endpoint.
pub(crate) struct Platform {
    world: Mutex<World>,
    clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    /// Where phones reach this sandbox: written into QR codes and avatar addresses.
    pub(crate) base: Url,
    /// How long a poll without news is held.
    pub(crate) hold: Duration,
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
        hold: Duration,
        http: reqwest::Client,
    ) -> Self {
        Self {
            world: Mutex::new(world),
            clock,
            entropy,
            base,
            hold,
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
        self.clock.unix_seconds()
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
        .route("/cgi-bin/token", any(cgi_bin::token))
        .route("/cgi-bin/stable_token", any(cgi_bin::stable_token))
        .route("/wxa/getwxacodeunlimit", any(wxa::getwxacodeunlimit))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(platform),
            fail_on_order,
        ));
    Router::new()
        .route("/connect/qrconnect", get(qrconnect::page))
        .route("/connect/qrcode/{uuid}", get(qrconnect::image))
        .route("/connect/l/qrconnect", get(qrconnect::poll))
        .route(
            "/connect/oauth2/authorize",
            get(authorize::show).post(authorize::decide),
        )
        .merge(api)
}

/// Answers the failure that was ordered for this path instead of calling the endpoint.
async fn fail_on_order(State(platform): State<Shared>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let ordered = platform.world().faults.take(&path);
    match ordered {
        Some(errcode) => Family::of(&path).failure(&platform, errcode),
        None => next.run(request).await,
    }
}
