//! The model behind real HTTP, on a port of its own, with a connection and an attempt to follow.

use super::BackendModel;
use axum::{
    Json, Router,
    body::Body,
    extract::{Query, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use yaopai_domain::{
    AttemptState, Code, ConnectionKind, Drawing, FieldError, LoadPlan, LoadRequest, LoginAttempt, Problem,
    PullRequest, Purpose, PushAnswer, PushRequest, PushResults, Role, Rule, ServerInfo, TestLogin, Timestamp,
    WeChatEnvironment,
};

/// The key that the backend accepts.
pub(super) const ACCESS_KEY: &str = "canary-access-key";
/// The text of the code of a test login.
pub(super) const QR_TEXT: &str = "https://open.weixin.qq.com/connect/confirm?uuid=011AbCdEfGhIjKl0";

/// What outlives a stop: the backend's database, so to say.
pub(super) struct Shared {
    model: Mutex<BackendModel>,
    /// Counts commits that hints tell of.
    commits: watch::Sender<i64>,
    /// The attempt that every test login starts.
    pub(super) attempt: watch::Sender<LoginAttempt>,
    /// How often the attempt's events were asked for; the first stream breaks after one event.
    pub(super) streams: AtomicU32,
    /// Answers with more changes than this break off.
    pub(super) line: AtomicUsize,
    /// What every call of the sync is answered with instead, and the seconds of `Retry-After`.
    pub(super) refusal: Mutex<Option<(Code, Option<u64>)>>,
    /// Calls that were refused so.
    pub(super) refused: AtomicU32,
}

impl Shared {
    pub(super) fn new(model: BackendModel) -> Arc<Self> {
        Arc::new(Self {
            model: Mutex::new(model),
            commits: watch::Sender::new(0),
            attempt: watch::Sender::new(attempt()),
            streams: AtomicU32::new(0),
            line: AtomicUsize::new(usize::MAX),
            refusal: Mutex::new(None),
            refused: AtomicU32::new(0),
        })
    }

    pub(super) fn model(&self) -> MutexGuard<'_, BackendModel> {
        self.model.lock().unwrap()
    }

    /// Changes something and hints at it.
    pub(super) fn change(&self, change: impl FnOnce(&mut BackendModel)) {
        change(&mut self.model());
        self.commits.send_modify(|head| *head += 1);
    }
}

fn attempt() -> LoginAttempt {
    let id = super::user_id(77).uuid();
    LoginAttempt {
        id: id.into(),
        connection_id: Some(id.into()),
        kind: Some(ConnectionKind::Pc),
        via: None,
        purpose: Purpose::Test,
        dry_run: true,
        state: AttemptState::Waiting,
        created_at: Timestamp(0),
        expires_at: Timestamp(300_000),
        finished_at: None,
        legs: Vec::new(),
        verdict: None,
    }
}

/// A running backend.
pub(super) struct HttpBackend {
    pub(super) address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct App {
    shared: Arc<Shared>,
    stop: CancellationToken,
}

impl HttpBackend {
    pub(super) async fn start(shared: Arc<Shared>, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let app = App {
            shared,
            stop: stop.clone(),
        };
        let pool = "/manage/v1/pools/default";
        let router = Router::new()
            .route(pool, get(info))
            .route(&format!("{pool}/connections"), get(gateway_page).post(taken))
            .route(
                &format!("{pool}/connections/{{id}}/test-logins"),
                post(test_login),
            )
            .route(&format!("{pool}/attempts/{{id}}"), get(attempt_now))
            .route(&format!("{pool}/attempts/{{id}}/events"), get(attempt_events))
            .route("/sync/v1/pools/default/load", post(load))
            .route("/sync/v1/pools/default/pull", post(pull))
            .route("/sync/v1/pools/default/results", get(results))
            .route("/sync/v1/pools/default/push", post(push))
            .route("/sync/v1/pools/default/events", get(hints))
            .layer(middleware::from_fn_with_state(app.clone(), refuse))
            .layer(middleware::from_fn(authenticate))
            .with_state(app);
        let stopped = stop.clone().cancelled_owned();
        let serve = axum::serve(listener, router).with_graceful_shutdown(stopped);
        let task = tokio::spawn(async move { serve.await.unwrap() });
        Self { address, stop, task }
    }

    /// Ends every connection and gives the port back.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

struct Refusal(Problem);

impl Refusal {
    fn of(code: Code) -> Self {
        Self(Problem::new(code, "refused"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap();
        let mut response = (status, Json(self.0)).into_response();
        let media_type = Problem::MEDIA_TYPE.parse().unwrap();
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response
    }
}

async fn authenticate(request: Request, next: Next) -> Response {
    let expected = format!("Bearer {ACCESS_KEY}");
    match request.headers().get(header::AUTHORIZATION) {
        Some(given) if given == expected.as_str() => next.run(request).await,
        _ => Refusal::of(Code::Unauthenticated).into_response(),
    }
}

async fn refuse(State(app): State<App>, request: Request, next: Next) -> Response {
    let refusal = *app.shared.refusal.lock().unwrap();
    let Some((code, retry_after)) = refusal else {
        return next.run(request).await;
    };
    app.shared.refused.fetch_add(1, Ordering::Relaxed);
    let mut response = Refusal::of(code).into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

async fn info() -> Json<ServerInfo> {
    Json(ServerInfo {
        version: "0.1.0".to_owned(),
        pool_name: "Default".to_owned(),
        public_url: "http://127.0.0.1:8060/".to_owned(),
        wechat: WeChatEnvironment::Real,
        role: Role::Admin,
    })
}

/// A proxy in front of the backend that lost it.
async fn gateway_page() -> Response {
    (StatusCode::BAD_GATEWAY, "<html>502</html>").into_response()
}

async fn taken() -> Refusal {
    Refusal(Problem::fields(vec![FieldError::new(
        "identifier",
        Rule::IdentifierTaken,
    )]))
}

async fn load(State(app): State<App>, Json(request): Json<LoadRequest>) -> Json<LoadPlan> {
    Json(app.shared.model().load(&request))
}

/// Pages a line each; one with more changes than the line carries breaks off.
async fn pull(State(app): State<App>, Json(request): Json<PullRequest>) -> Result<Response, Refusal> {
    let pages = app.shared.model().pull(&request).map_err(Refusal::of)?;
    let most = app.shared.line.load(Ordering::Relaxed);
    let mut lines = Vec::new();
    for page in &pages {
        if page.changes.len() > most {
            lines.push(Ok("{\"changes\":[".to_owned()));
            lines.push(Err("the line is dead"));
            break;
        }
        lines.push(Ok(serde_json::to_string(page).unwrap() + "\n"));
    }
    let body = Body::from_stream(stream::iter(lines));
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

async fn results(State(app): State<App>, Query(ids): Query<Vec<(String, String)>>) -> Json<PushResults> {
    let ids: Vec<_> = ids[0].1.split(',').map(|id| id.parse().unwrap()).collect();
    Json(app.shared.model().results(&ids))
}

async fn push(State(app): State<App>, Json(request): Json<PushRequest>) -> Result<Json<PushAnswer>, Refusal> {
    let mut answer = None;
    app.shared.change(|model| answer = Some(model.push(&request)));
    answer.unwrap().map(Json).map_err(Refusal::of)
}

async fn hints(State(app): State<App>) -> Response {
    let heads = follow(app.shared.commits.subscribe())
        .map(|head| event("head", &serde_json::json!({ "head": head })));
    event_stream(heads.take_until(app.stop.cancelled_owned()))
}

async fn test_login(State(app): State<App>) -> (StatusCode, Json<TestLogin>) {
    let started = TestLogin {
        attempt: app.shared.attempt.borrow().clone(),
        drawing: Drawing::Text {
            text: QR_TEXT.to_owned(),
        },
    };
    (StatusCode::CREATED, Json(started))
}

async fn attempt_now(State(app): State<App>) -> Json<LoginAttempt> {
    Json(app.shared.attempt.borrow().clone())
}

async fn attempt_events(State(app): State<App>) -> Response {
    let states = follow(app.shared.attempt.subscribe()).map(|attempt| event("attempt", &attempt));
    if app.shared.streams.fetch_add(1, Ordering::Relaxed) == 0 {
        return event_stream(states.take(1));
    }
    event_stream(states.take_until(app.stop.cancelled_owned()))
}

/// The present value and every later one.
fn follow<T: Clone + Send + Sync + 'static>(receiver: watch::Receiver<T>) -> impl Stream<Item = T> + Send {
    stream::unfold((receiver, true), |(mut receiver, first)| async move {
        if !first {
            receiver.changed().await.ok()?;
        }
        let value = receiver.borrow_and_update().clone();
        Some((value, (receiver, false)))
    })
}

fn event(name: &str, data: &impl Serialize) -> String {
    format!(
        ": comment\nevent: {name}\ndata: {}\n\n",
        serde_json::to_string(data).unwrap()
    )
}

fn event_stream(events: impl Stream<Item = String> + Send + 'static) -> Response {
    let body = Body::from_stream(events.map(Ok::<_, Infallible>));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}
