//! The one HTTP client: every call of `/manage/v1` and `/sync/v1`, and how their errors read.

use crate::{
    AccessKey, Error,
    sse::{SseEvent, SseParser},
};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header, redirect};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::VecDeque, time::Duration};
use url::Url;
use yaopai_domain::{
    AttemptId, Code, Connection, ConnectionDraft, ConnectionId, ConnectionUsage, IdentityId, LoginAttempt,
    Merge, MergeId, MergePreview, MergeRequest, PoolId, Problem, Reach, ServerInfo, TestLogin,
    TestLoginRequest, Unmerged, UserId, reach,
};

mod sync;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(10);
/// The backend asks WeChat up to three times before it answers, each time at most [`TOTAL_TIMEOUT`].
const TEST_LOGIN_TIMEOUT: Duration = Duration::from_secs(35);
/// An event stream lives as long as the console; [`SILENCE_TIMEOUT`] ends a dead one.
const STREAM_TIMEOUT: Duration = Duration::from_hours(366 * 24);
/// The backend comments every 20 s; twice that and a bit without a byte means the connection is dead.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(45);
/// No answer is larger: the backend ends a page of changes after about 2 MiB.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// The backend lists no more merges at once.
const MOST_MERGES: u32 = 200;

/// The backend, as one pool of it looks to one access key.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    server: Url,
    access_key: AccessKey,
    pool: PoolId,
}

impl Api {
    /// Sets the client up; calls nothing.
    pub(crate) fn new(server: Url, access_key: AccessKey, pool: PoolId) -> Result<Self, Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the console's one place that makes an HTTP client"
        )]
        let mut builder = Client::builder();
        builder = builder
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_TIMEOUT)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("yaopai-console/", env!("CARGO_PKG_VERSION")));
        if reach(&server) == Reach::ThisMachine {
            builder = builder.no_proxy();
        }
        let http = builder
            .build()
            .map_err(|error| Error::HttpClient(error.to_string()))?;
        Ok(Self {
            http,
            server,
            access_key,
            pool,
        })
    }

    /// The pool that is administered.
    pub(crate) const fn pool(&self) -> &PoolId {
        &self.pool
    }

    /// Whether the backend runs on this machine, so that asking it in vain costs nothing.
    pub(crate) fn is_local(&self) -> bool {
        reach(&self.server) == Reach::ThisMachine
    }

    /// Names backend, pool and access key without giving the key away.
    pub(crate) fn key_mark(&self) -> String {
        self.access_key.fingerprint(&self.server, &self.pool)
    }

    /// Host and port that is called, without a port that is the scheme's own.
    pub(crate) fn host(&self) -> String {
        host_and_port(&self.server)
    }

    /// Whom the console is talking to, and what it may do there.
    pub(crate) async fn server_info(&self) -> Result<ServerInfo, Error> {
        self.json(self.manage(Method::GET, &[])).await
    }

    pub(crate) async fn connections(&self) -> Result<Vec<Connection>, Error> {
        #[derive(serde::Deserialize)]
        struct Connections {
            connections: Vec<Connection>,
        }
        let answer: Connections = self.json(self.manage(Method::GET, &["connections"])).await?;
        Ok(answer.connections)
    }

    pub(crate) async fn create_connection(&self, draft: &ConnectionDraft) -> Result<Connection, Error> {
        self.json(self.manage(Method::POST, &["connections"]).json(draft))
            .await
    }

    pub(crate) async fn replace_connection(
        &self,
        id: ConnectionId,
        draft: &ConnectionDraft,
    ) -> Result<Connection, Error> {
        let request = self.manage(Method::PUT, &["connections", &id.to_string()]);
        self.json(request.json(draft)).await
    }

    pub(crate) async fn set_connection_enabled(
        &self,
        id: ConnectionId,
        enabled: bool,
    ) -> Result<Connection, Error> {
        #[derive(Serialize)]
        struct Enabled {
            enabled: bool,
        }
        let request = self.manage(Method::PUT, &["connections", &id.to_string(), "enabled"]);
        self.json(request.json(&Enabled { enabled })).await
    }

    pub(crate) async fn connection_usage(&self, id: ConnectionId) -> Result<ConnectionUsage, Error> {
        self.json(self.manage(Method::GET, &["connections", &id.to_string(), "usage"]))
            .await
    }

    pub(crate) async fn delete_connection(&self, id: ConnectionId) -> Result<(), Error> {
        self.nothing(self.manage(Method::DELETE, &["connections", &id.to_string()]))
            .await
    }

    pub(crate) async fn start_test_login(&self, id: ConnectionId, dry_run: bool) -> Result<TestLogin, Error> {
        let request = self
            .manage(Method::POST, &["connections", &id.to_string(), "test-logins"])
            .json(&TestLoginRequest { dry_run })
            .timeout(TEST_LOGIN_TIMEOUT);
        self.json(request).await
    }

    pub(crate) async fn attempt(&self, id: AttemptId) -> Result<LoginAttempt, Error> {
        self.json(self.manage(Method::GET, &["attempts", &id.to_string()]))
            .await
    }

    /// The states of an attempt as `attempt` events, the present one first.
    pub(crate) async fn attempt_events(&self, id: AttemptId) -> Result<EventStream, Error> {
        self.events(self.manage(Method::GET, &["attempts", &id.to_string(), "events"]))
            .await
    }

    pub(crate) async fn cancel_attempt(&self, id: AttemptId) -> Result<(), Error> {
        self.nothing(self.manage(Method::DELETE, &["attempts", &id.to_string()]))
            .await
    }

    pub(crate) async fn attempts(&self, limit: u32) -> Result<Vec<LoginAttempt>, Error> {
        #[derive(serde::Deserialize)]
        struct Attempts {
            attempts: Vec<LoginAttempt>,
        }
        let request = self.manage(Method::GET, &["attempts"]).query(&[("limit", limit)]);
        let answer: Attempts = self.json(request).await?;
        Ok(answer.attempts)
    }

    /// Lets a refused person in as this user, or as a new one. Answers who they are then.
    pub(crate) async fn admit(
        &self,
        app_id: &str,
        open_id: &str,
        user_id: Option<UserId>,
    ) -> Result<UserId, Error> {
        #[derive(Serialize)]
        struct Wish {
            user_id: Option<UserId>,
        }
        #[derive(serde::Deserialize)]
        struct Welcome {
            user_id: UserId,
        }
        let request = self.manage(Method::PUT, &["refused", app_id, open_id]);
        let welcome: Welcome = self.json(request.json(&Wish { user_id })).await?;
        Ok(welcome.user_id)
    }

    pub(crate) async fn dismiss_refused(&self, app_id: &str, open_id: &str) -> Result<(), Error> {
        self.nothing(self.manage(Method::DELETE, &["refused", app_id, open_id]))
            .await
    }

    pub(crate) async fn unbind(&self, user: UserId, identity: IdentityId, force: bool) -> Result<(), Error> {
        let path = ["users", &user.to_string(), "identities", &identity.to_string()];
        self.nothing(self.manage(Method::DELETE, &path).query(&[("force", force)]))
            .await
    }

    pub(crate) async fn preview_merge(&self, request: &MergeRequest) -> Result<MergePreview, Error> {
        self.json(self.manage(Method::POST, &["merges", "preview"]).json(request))
            .await
    }

    pub(crate) async fn merge(&self, request: &MergeRequest) -> Result<Merge, Error> {
        self.json(self.manage(Method::POST, &["merges"]).json(request))
            .await
    }

    /// The merges that can still be undone, and those that were, newest first.
    pub(crate) async fn merges(&self) -> Result<Vec<Merge>, Error> {
        #[derive(serde::Deserialize)]
        struct Merges {
            merges: Vec<Merge>,
        }
        let request = self
            .manage(Method::GET, &["merges"])
            .query(&[("limit", MOST_MERGES)]);
        let answer: Merges = self.json(request).await?;
        Ok(answer.merges)
    }

    pub(crate) async fn undo_merge(&self, id: MergeId) -> Result<Unmerged, Error> {
        self.json(self.manage(Method::POST, &["merges", &id.to_string(), "undo"]))
            .await
    }

    /// Hints as `head` events, the present head first.
    pub(crate) async fn hints(&self) -> Result<EventStream, Error> {
        self.events(self.sync(Method::GET, "events")).await
    }

    fn manage(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.request(method, "manage", path)
    }

    fn sync(&self, method: Method, call: &str) -> RequestBuilder {
        self.request(method, "sync", &[call])
    }

    fn request(&self, method: Method, api: &str, path: &[&str]) -> RequestBuilder {
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .extend([api, "v1", "pools", self.pool.as_str()])
                .extend(path);
        }
        self.http
            .request(method, url)
            .bearer_auth(self.access_key.expose())
            .timeout(TOTAL_TIMEOUT)
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let body = self.body(self.send(request).await?).await?;
        self.parse(&body)
    }

    fn parse<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        // serde_json quotes values in its messages; only place and class leave this function.
        serde_json::from_slice(body).map_err(|error| {
            self.unexpected(format_args!(
                "{:?} error at line {} column {} of its JSON",
                error.classify(),
                error.line(),
                error.column()
            ))
        })
    }

    async fn nothing(&self, request: RequestBuilder) -> Result<(), Error> {
        self.send(request).await.map(drop)
    }

    async fn events(&self, request: RequestBuilder) -> Result<EventStream, Error> {
        let response = self.send(request.timeout(STREAM_TIMEOUT)).await?;
        Ok(EventStream {
            api: self.clone(),
            response,
            parser: SseParser::default(),
            ready: VecDeque::new(),
        })
    }

    /// Sends; answers only what succeeded.
    async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        self.try_send(request).await.map_err(|trouble| trouble.error)
    }

    /// Sends; answers only what succeeded, and of the rest what only the sync asks about.
    async fn try_send(&self, request: RequestBuilder) -> Result<Response, Trouble> {
        let response = request.send().await.map_err(|error| self.failed(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let body = self.body(response).await?;
        let told: Option<Problem> = serde_json::from_slice(&body).ok();
        if told.is_none() && knows_no_such_call(status) {
            return Err(self
                .unexpected(format_args!("HTTP status {status} without an explanation"))
                .into());
        }
        Err(Trouble {
            told: told.is_some(),
            retry_after,
            error: Error::Backend(Box::new(told.unwrap_or_else(|| unexplained(status)))),
        })
    }

    async fn body(&self, mut response: Response) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(&error))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(self.incomplete("it is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// Everything that goes wrong below HTTP reads "does not answer": the operator's remedy is the same. An answer that
    /// did not arrive whole is told apart, because asking for less may help.
    fn failed(&self, error: &reqwest::Error) -> Error {
        tracing::debug!(host = %self.host(), connect = error.is_connect(), timeout = error.is_timeout(), "request failed");
        if error.is_connect() {
            return Error::BackendUnreachable { host: self.host() };
        }
        self.incomplete(if error.is_timeout() {
            "it takes too long"
        } else {
            "the connection broke off"
        })
    }

    fn incomplete(&self, why: &'static str) -> Error {
        Error::IncompleteAnswer {
            host: self.host(),
            why,
        }
    }

    pub(crate) fn unexpected(&self, what: std::fmt::Arguments<'_>) -> Error {
        Error::UnexpectedAnswer {
            host: self.host(),
            what: what.to_string(),
        }
    }
}

/// Host and port of a URL as people read them: without the port if it is the scheme's own.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// A call that failed.
struct Trouble {
    error: Error,
    /// The backend said so itself, and not something between it and the console.
    told: bool,
    /// When to come back, if it was said.
    retry_after: Option<Duration>,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self {
            error,
            told: false,
            retry_after: None,
        }
    }
}

/// Whether somebody who says no more than this is another kind of server than a backend: that one explains what it lacks.
const fn knows_no_such_call(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::GONE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::NOT_IMPLEMENTED
    )
}

/// An error answer that says only its status: something in between answered.
fn unexplained(status: StatusCode) -> Problem {
    let code = match status.as_u16() {
        400 => Code::MalformedRequest,
        401 => Code::Unauthenticated,
        403 => Code::Forbidden,
        413 => Code::TooLarge,
        429 | 502..=504 => Code::Busy,
        _ => Code::Internal,
    };
    Problem {
        status: status.as_u16(),
        ..Problem::new(code, format!("HTTP status {status} without an explanation"))
    }
}

/// An open event stream.
pub(crate) struct EventStream {
    api: Api,
    response: Response,
    parser: SseParser,
    ready: VecDeque<SseEvent>,
}

impl EventStream {
    /// The next event; `None` if the backend ended the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<SseEvent>, Error> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            let chunk = self
                .response
                .chunk()
                .await
                .map_err(|error| self.api.failed(&error))?;
            let Some(chunk) = chunk else { return Ok(None) };
            let events = self
                .parser
                .feed(&chunk)
                .map_err(|error| self.api.unexpected(format_args!("{error}")))?;
            self.ready.extend(events);
        }
    }
}
