//! The model behind real HTTP, on a port of its own, with a connection and an attempt to follow.

use super::BackendModel;
use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use std::{
    collections::BTreeMap,
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
    AttemptState, Code, ConnectionKind, Drawing, EntityType, FieldError, LoadPlan, LoginAttempt, PageEnd,
    Problem, PullPage, PullRequest, Purpose, PushAnswer, PushRequest, Revision, Role, Rule, Seen, ServerInfo,
    TestLogin, Timestamp, WeChatEnvironment,
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
}

impl Shared {
    pub(super) fn new(model: BackendModel) -> Arc<Self> {
        Arc::new(Self {
            model: Mutex::new(model),
            commits: watch::Sender::new(0),
            attempt: watch::Sender::new(attempt()),
            streams: AtomicU32::new(0),
            line: AtomicUsize::new(usize::MAX),
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
            .route("/sync/v1/pools/default/push", post(push))
            .route("/sync/v1/pools/default/events", get(hints))
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

/// The model's own cursor knows what was seen.
const SEEN: Seen = Seen {
    head: Revision(0),
    mark: 0,
};
const BEGINNING: &str = "beginning";

async fn load() -> Json<LoadPlan> {
    Json(LoadPlan {
        parts: Vec::new(),
        tail: BEGINNING.to_owned(),
        seen: SEEN,
        counts: BTreeMap::new(),
        scope: EntityType::ALL.to_vec(),
    })
}

async fn pull(State(app): State<App>, Json(request): Json<PullRequest>) -> Result<Response, Refusal> {
    let asked = crate::sync::PullRequest {
        client_id: request.client_id,
        cursor: Some(request.cursor).filter(|cursor| cursor != BEGINNING),
        limit: request.limit,
    };
    let page = app.shared.model().pull(&asked).map_err(Refusal::of)?;
    if page.changes.len() <= app.shared.line.load(Ordering::Relaxed) {
        return Ok(Json(PullPage {
            changes: page.changes,
            cursor: page.cursor,
            seen: SEEN,
            end: if page.caught_up {
                PageEnd::CaughtUp
            } else {
                PageEnd::More
            },
            last_seq: page.last_seq,
            chain: String::new(),
            digests: None,
        })
        .into_response());
    }
    let broken = [Ok("{\"changes\":["), Err("the line is dead")];
    Ok(Body::from_stream(stream::iter(broken)).into_response())
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
