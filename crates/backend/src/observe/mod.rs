//! What operators of the server look at: `/healthz`, `/readyz` and Prometheus' `/metrics`.

mod metrics;
mod problems;
mod requests;

pub(crate) use metrics::Metrics;
pub(crate) use problems::name_request;
pub(crate) use requests::measure;

use crate::{
    App, Error,
    endpoint::{Endpoint, Needs},
    openapi::Doc,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{sync::Arc, time::Duration};

/// How long the database may take to answer before the server counts as not ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// The endpoints.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/healthz", Needs::Nothing, healthy).doc(
            Doc::new("read_health", "Whether the process lives").answers::<Status>(StatusCode::OK, "It does"),
        ),
        Endpoint::get("/readyz", Needs::Nothing, ready).doc(
            Doc::new("read_readiness", "Whether requests can be served")
                .answers::<Status>(StatusCode::OK, "They can")
                .answers::<Status>(StatusCode::SERVICE_UNAVAILABLE, "Not now: the word says why"),
        ),
        Endpoint::get("/metrics", Needs::AnyKey, metrics).doc(
            Doc::new("read_metrics", "The server's numbers")
                .answers_text("application/openmetrics-text", "The OpenMetrics text format"),
        ),
    ]
}

/// How the server is.
#[derive(Serialize, JsonSchema)]
struct Status {
    /// In one word or sentence.
    status: &'static str,
}

/// `GET /healthz`: the process answers.
async fn healthy() -> Json<Status> {
    Json(Status { status: "ok" })
}

/// `GET /readyz`: requests can be served; 503 while the database does not answer or the server is stopping.
async fn ready(State(app): State<Arc<App>>) -> Response {
    let asked = tokio::time::timeout(READY_WITHIN, app.store.has_access_keys());
    let (code, status) = if app.draining.is_cancelled() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if matches!(asked.await, Ok(Ok(_))) {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
    };
    (code, Json(Status { status })).into_response()
}

/// `GET /metrics` in the OpenMetrics text format, for whoever shows an access key of any pool.
async fn metrics(State(app): State<Arc<App>>) -> Result<Response, Error> {
    let text = app.metrics.text()?;
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text).into_response())
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;
    use axum::http::{Method, StatusCode};

    #[tokio::test]
    async fn a_server_whose_database_is_gone_is_alive_but_not_ready() {
        let bench = Bench::new().await;
        let ready = bench.send(None, Method::GET, "/readyz", "").await;
        assert_eq!(ready.status, StatusCode::OK);
        bench.app.store.close().await;
        let gone = bench.send(None, Method::GET, "/readyz", "").await;
        assert_eq!(gone.status, StatusCode::SERVICE_UNAVAILABLE);
        let alive = bench.send(None, Method::GET, "/healthz", "").await;
        assert_eq!(alive.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_stopping_server_says_so_to_its_load_balancer() {
        let bench = Bench::new().await;
        bench.app.draining.cancel();
        let stopping = bench.send(None, Method::GET, "/readyz", "").await;
        assert_eq!(stopping.status, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn metrics_are_for_key_holders_and_name_no_path_parameter() {
        let bench = Bench::new().await;
        let nobody = bench.send(None, Method::GET, "/metrics", "").await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
        let id = bench.connect("pc").await;
        let path = format!("/manage/v1/pools/default/connections/{id}");
        bench
            .send(Some("the key of the viewer"), Method::GET, &path, "")
            .await;
        let stranger = Some("the key of the stranger");
        let answer = bench.send(stranger, Method::GET, "/metrics", "").await;
        assert_eq!(answer.status, StatusCode::OK);
        let text = answer.text();
        let line = r#"yaopai_http_requests_total{method="GET",path="/manage/v1/pools/{pool}/connections/{id}",status="200"} 1"#;
        assert!(text.contains(line), "{text}");
        assert!(!text.contains(&id));
        assert!(text.ends_with("# EOF\n"));
    }
}
