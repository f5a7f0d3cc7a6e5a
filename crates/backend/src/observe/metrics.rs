//! The numbers that `/metrics` shows.

use crate::Error;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use std::time::Duration;
use yaopai_domain::{ConnectionKind, Timestamp};

/// Upper bounds of the histograms, in seconds: from a look into the database to a call that WeChat lets hang.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// The numbers that `/metrics` shows. Labels have few values: no ids, no addresses, no people.
pub(crate) struct Metrics {
    registry: Registry,
    logins: Family<Login, Counter>,
    requests: Family<Request, Counter>,
    request_seconds: Family<Path, Histogram>,
    wechat_seconds: Family<Endpoint, Histogram>,
    wechat_errors: Family<WeChatError, Counter>,
    limited: Family<Limit, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Login {
    kind: &'static str,
    facade: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    path: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Path {
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WeChatError {
    endpoint: String,
    errcode: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limit {
    limit: &'static str,
}

impl Metrics {
    /// Nothing has happened yet; `now` is the start that is shown.
    pub(crate) fn new(now: Timestamp) -> Self {
        let mut registry = Registry::with_prefix("yaopai");
        let histogram = || Histogram::new(SECONDS);
        let logins = Family::default();
        let requests = Family::default();
        let request_seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        let wechat_seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        let wechat_errors = Family::default();
        let limited = Family::default();
        let started: Gauge = Gauge::default();
        started.set(now.0 / 1000);
        registry.register(
            "build",
            "Version of the server",
            Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register(
            "start_time_seconds",
            "When the server started, UNIX time",
            started,
        );
        registry.register("logins", "Logins by kind, facade and outcome", logins.clone());
        registry.register("http_requests", "Requests by route and status", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time to answer a request",
            Unit::Seconds,
            request_seconds.clone(),
        );
        registry.register_with_unit(
            "wechat_request_duration",
            "Time WeChat took to answer",
            Unit::Seconds,
            wechat_seconds.clone(),
        );
        registry.register(
            "wechat_errors",
            "WeChat's refusals by errcode; none, unreachable and unexpected for calls without one",
            wechat_errors.clone(),
        );
        registry.register(
            "rate_limited",
            "Requests refused by a rate limit",
            limited.clone(),
        );
        Self {
            registry,
            logins,
            requests,
            request_seconds,
            wechat_seconds,
            wechat_errors,
            limited,
        }
    }

    /// Everything in the OpenMetrics text format.
    pub(crate) fn text(&self) -> Result<String, Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry).map_err(|_| Error::Internal("the metrics could not be written"))?;
        Ok(text)
    }

    /// A login ended.
    pub(crate) fn login(&self, kind: Option<ConnectionKind>, facade: &str, outcome: &'static str) {
        let kind = kind.map_or("none", ConnectionKind::as_str);
        let login = Login {
            kind,
            facade: facade.to_owned(),
            outcome,
        };
        self.logins.get_or_create(&login).inc();
    }

    /// A request was answered. `route` is the endpoint's path with its parameters' names, never their values.
    pub(super) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let request = Request {
            method: method.to_owned(),
            path: route.to_owned(),
            status,
        };
        self.requests.get_or_create(&request).inc();
        let path = Path {
            path: route.to_owned(),
        };
        self.request_seconds
            .get_or_create(&path)
            .observe(took.as_secs_f64());
    }

    /// WeChat answered a call, or did not; `refused` is its errcode or why there is none.
    pub(crate) fn wechat(&self, endpoint: &str, refused: Option<String>, took: Duration) {
        let label = Endpoint {
            endpoint: endpoint.to_owned(),
        };
        self.wechat_seconds
            .get_or_create(&label)
            .observe(took.as_secs_f64());
        if let Some(errcode) = refused {
            let endpoint = label.endpoint;
            self.wechat_errors
                .get_or_create(&WeChatError { endpoint, errcode })
                .inc();
        }
    }

    /// A rate limit refused a request.
    pub(crate) fn limited(&self, limit: &'static str) {
        self.limited.get_or_create(&Limit { limit }).inc();
    }
}
