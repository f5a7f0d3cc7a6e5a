//! Logins from end to end: a real backend and a real sandbox on ports of their own, and a simulated phone.

mod browser_back;
mod follow_code;
mod kinds;
mod knock;
mod left;
mod mini_program;
mod pc;
mod refusals;
mod secrets;
mod silence;
mod webpage_authorization;

use crate::{
    Backend, Config, Database, Delivery, EmbeddedKey, WeChatHosts,
    testing::{On, TestDatabase},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};
use yaopai_domain::{
    AttemptId, AttemptState, Clock, Code, ConnectionId, ConnectionKind, Drawing, Failure, LegName,
    LegOutcome, LoginAttempt, Problem, Rejected, System, TestLogin, Verdict, WeChatEnvironment,
};
use yaopai_sandbox::{AppKind, AppSheet, Sandbox};

/// Nothing here takes so long; a test that hangs shall say so.
const PATIENCE: Duration = Duration::from_mins(1);

/// A backend, the sandbox it talks to, and somebody who operates both.
struct Ends {
    sandbox: Sandbox,
    backend: Backend,
    key: EmbeddedKey,
    http: reqwest::Client,
    dir: tempfile::TempDir,
    database: Option<TestDatabase>,
}

impl Ends {
    async fn open() -> Self {
        Self::open_at(Arc::new(System)).await
    }

    async fn open_at(clock: Arc<dyn Clock>) -> Self {
        Self::open_to(None, clock, On::any()).await
    }

    /// With the backend's database in a file, whatever the other tests run on.
    async fn open_on_file() -> Self {
        Self::open_to(None, Arc::new(System), On::Sqlite).await
    }

    /// With the backend's WeChat at `wechat`, instead of in the sandbox.
    async fn open_to(wechat: Option<url::Url>, clock: Arc<dyn Clock>, engine: On) -> Self {
        let sandbox = Sandbox::start(yaopai_sandbox::Config::default()).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let key = EmbeddedKey::generate(&System);
        let wechat = wechat.unwrap_or_else(|| sandbox.url());
        let database = match engine {
            On::Sqlite => None,
            On::Postgres => Some(TestDatabase::new().await),
        };
        let backend = start(dir.path(), database.as_ref(), wechat, &key, clock).await;
        sandbox.set_miniprogram_server(backend.url());
        #[expect(clippy::disallowed_methods, reason = "the test is the program here")]
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            sandbox,
            backend,
            key,
            http,
            dir,
            database,
        }
    }

    /// Stops the backend and starts it again with the same data.
    async fn restart(self) -> Self {
        let Self {
            sandbox,
            backend,
            key,
            http,
            dir,
            database,
        } = self;
        backend.stop().await;
        let clock = Arc::new(System);
        let backend = start(dir.path(), database.as_ref(), sandbox.url(), &key, clock).await;
        Self {
            sandbox,
            backend,
            key,
            http,
            dir,
            database,
        }
    }

    fn app(&self, kind: ConnectionKind) -> AppSheet {
        let kind = match kind {
            ConnectionKind::Pc => AppKind::Website,
            ConnectionKind::WebpageAuthorization | ConnectionKind::FollowCode => AppKind::OfficialAccount,
            ConnectionKind::MiniProgram | ConnectionKind::MiniProgramQr | ConnectionKind::AppLaunch => {
                AppKind::MiniProgram
            }
            ConnectionKind::Mobile => AppKind::MobileApp,
        };
        self.sandbox
            .apps()
            .into_iter()
            .find(|app| app.kind == kind)
            .unwrap()
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let url = self.backend.url().join("manage/v1/pools/default/").unwrap();
        self.http
            .request(method, url.join(path).unwrap())
            .bearer_auth(self.key.expose())
    }

    /// Creates a connection to the sandbox's app of that kind.
    async fn connect(&self, kind: ConnectionKind) -> ConnectionId {
        self.connect_with(kind, json!({})).await
    }

    /// As [`Ends::connect`], with other fields.
    async fn connect_with(&self, kind: ConnectionKind, other: Value) -> ConnectionId {
        let app = self.app(kind);
        let mut draft = json!({
            "kind": kind,
            "identifier": "wechat",
            "display_name": "微信",
            "app_id": app.app_id,
            "app_secret": app.app_secret,
        });
        for (name, value) in other.as_object().unwrap() {
            draft[name] = value.clone();
        }
        let answer = self
            .ask(Method::POST, "connections")
            .json(&draft)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let connection: Value = answer.json().await.unwrap();
        connection["id"].as_str().unwrap().parse().unwrap()
    }

    async fn disable(&self, id: ConnectionId) {
        let path = format!("connections/{id}/enabled");
        let body = json!({ "enabled": false });
        let answer = self.ask(Method::PUT, &path).json(&body).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    async fn start(&self, id: ConnectionId, dry_run: bool) -> Result<TestLogin, Problem> {
        let path = format!("connections/{id}/test-logins");
        let answer = self
            .ask(Method::POST, &path)
            .json(&json!({ "dry_run": dry_run }))
            .send()
            .await
            .unwrap();
        if answer.status() == StatusCode::CREATED {
            Ok(answer.json().await.unwrap())
        } else {
            let problem: Problem = answer.json().await.unwrap();
            Err(problem)
        }
    }

    /// Starts a test login and answers the attempt and the text of its QR code.
    async fn draw(&self, id: ConnectionId, dry_run: bool) -> (AttemptId, String) {
        let login = self.start(id, dry_run).await.unwrap();
        assert_eq!(login.attempt.state, AttemptState::Waiting);
        let text = match login.drawing {
            Drawing::Text { text } => text,
            Drawing::Image { media_type, base64 } => {
                assert_eq!(media_type, "image/jpeg");
                text_of_picture(&STANDARD.decode(base64).unwrap())
            }
        };
        (login.attempt.id, text)
    }

    /// Does with the phone what a person would do; answers where the phone's browser goes.
    async fn phone(&self, url: &str, person: &str, decision: &str) -> Option<String> {
        let scan = json!({ "url": url, "person": person, "decision": decision });
        let answer = self
            .http
            .post(self.sandbox.url().join("sandbox/scan").unwrap())
            .json(&scan)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{body}");
        body["location"].as_str().map(str::to_owned)
    }

    /// Opens a page as the phone's browser.
    async fn browse(&self, url: &str) -> (StatusCode, String) {
        let answer = self.http.get(url).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn attempt(&self, id: AttemptId) -> LoginAttempt {
        let answer = self.ask(Method::GET, &format!("attempts/{id}")).send().await;
        answer.unwrap().json().await.unwrap()
    }

    /// Follows the attempt live.
    async fn follow(&self, id: AttemptId) -> Live {
        let path = format!("attempts/{id}/events");
        let stream = self.ask(Method::GET, &path).send().await.unwrap();
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        Live {
            stream,
            heard: Vec::new(),
        }
    }

    async fn ended(&self, id: AttemptId) -> LoginAttempt {
        self.follow(id).await.end().await
    }

    /// An attempt without what differs each time: ids, moments, addresses.
    fn timeless(&self, attempt: &LoginAttempt) -> Value {
        let mut attempt = serde_json::to_value(attempt).unwrap();
        for name in ["id", "connection_id", "created_at", "expires_at", "finished_at"] {
            attempt[name] = json!(format!("[{name}]"));
        }
        attempt["verdict"]["user_id"] = json!("[user_id]");
        for leg in attempt["legs"].as_array_mut().unwrap() {
            leg["started_at"] = json!("[started_at]");
            leg["took_ms"] = json!("[took_ms]");
            if let Some(request) = leg["request"].as_str() {
                let request = request.split("&_=").next().unwrap();
                leg["request"] = json!(self.nameless(request));
            }
        }
        let whole = self.nameless(&attempt.to_string());
        serde_json::from_str(&whole).unwrap()
    }

    fn nameless(&self, text: &str) -> String {
        let port = |url: url::Url| url.port().unwrap().to_string();
        text.replace(&port(self.sandbox.url()), "[sandbox]")
            .replace(&port(self.backend.url()), "[backend]")
    }

    async fn attempts(&self) -> Vec<LoginAttempt> {
        let answer = self.ask(Method::GET, "attempts").send().await.unwrap();
        let mut body: Value = answer.json().await.unwrap();
        serde_json::from_value(body["attempts"].take()).unwrap()
    }

    /// Why requests never became logins.
    async fn rejected(&self) -> Vec<Rejected> {
        let attempts = self.attempts().await.into_iter();
        attempts
            .filter_map(|attempt| match attempt.verdict {
                Some(Verdict::Fail {
                    failure: Failure::Rejected { why },
                    ..
                }) => Some(why),
                _ => None,
            })
            .collect()
    }

    async fn users(&self) -> usize {
        let answer = self.ask(Method::GET, "users?limit=100").send().await.unwrap();
        let body: Value = answer.json().await.unwrap();
        body["users"].as_array().unwrap().len()
    }
}

/// An attempt's events as they come.
struct Live {
    stream: reqwest::Response,
    heard: Vec<u8>,
}

impl Live {
    fn states(&self) -> Vec<LoginAttempt> {
        // What follows the last empty line has not arrived whole.
        let heard = String::from_utf8_lossy(&self.heard);
        let whole = heard.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
        whole
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .map(|data| serde_json::from_str(data).unwrap())
            .collect()
    }

    /// Waits for a state.
    async fn until(&mut self, state: AttemptState) {
        while !self.states().iter().any(|attempt| attempt.state == state) {
            assert!(self.hear().await, "the stream ended before {state:?}");
        }
    }

    /// Waits for the end of the stream; the last state, which ended the attempt.
    async fn end(mut self) -> LoginAttempt {
        while self.hear().await {}
        let last = self.states().pop().unwrap();
        assert!(last.state.is_final(), "{:?}", last.state);
        last
    }

    async fn hear(&mut self) -> bool {
        let chunk = self.stream.chunk().await.unwrap();
        self.heard.extend(chunk.iter().flatten());
        chunk.is_some()
    }
}

async fn start(
    dir: &Path,
    database: Option<&TestDatabase>,
    url: url::Url,
    key: &EmbeddedKey,
    clock: Arc<dyn Clock>,
) -> Backend {
    let config = Config {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        database: match database {
            None => Database::Sqlite(dir.join("backend.db")),
            Some(database) => Database::Postgres(Box::new(database.server())),
        },
        data_dir: dir.to_owned(),
        public_url: None,
        wechat: WeChatHosts {
            api: url.clone(),
            open: url.clone(),
            poll: url.clone(),
        },
        wechat_environment: WeChatEnvironment::Sandbox { url: url.into() },
        bootstrap: None,
        embedded_key: Some(key.clone()),
        limits: crate::Limits::default(),
        trusted_proxies: Vec::new(),
        allowed_hosts: Vec::new(),
        drain: Duration::ZERO,
        secret_key: None,
        delivery: Delivery::default(),
    };
    Backend::start(config, clock, Arc::new(System)).await.unwrap()
}

/// What a camera reads.
fn text_of_picture(jpeg: &[u8]) -> String {
    let picture = image::load_from_memory(jpeg).unwrap().to_luma8();
    let mut camera = rqrr::PreparedImage::prepare(picture);
    camera.detect_grids()[0].decode().unwrap().1
}

/// Names and outcomes of an attempt's legs.
fn legs(attempt: &LoginAttempt) -> Vec<(LegName, LegOutcome)> {
    attempt.legs.iter().map(|leg| (leg.name, leg.outcome)).collect()
}

fn legs_done(attempt: &LoginAttempt) -> Vec<LegName> {
    let done: Vec<LegName> = attempt.legs.iter().map(|leg| leg.name).collect();
    assert!(
        attempt.legs.iter().all(|leg| leg.outcome == LegOutcome::Done),
        "{:?}",
        legs(attempt)
    );
    done
}

/// The errcode with which the attempt failed, and the leg.
fn failed_with(attempt: &LoginAttempt) -> (LegName, i32) {
    assert_eq!(attempt.state, AttemptState::Failed);
    match &attempt.verdict {
        Some(Verdict::Fail {
            leg,
            failure: yaopai_domain::Failure::WeChat(error),
        }) => {
            assert!(error.rid.is_some(), "WeChat's support asks for the rid");
            (*leg, error.errcode)
        }
        other => panic!("{other:?}"),
    }
}

/// The refusal of a test login that could not begin.
fn refused(outcome: Result<TestLogin, Problem>) -> (Code, Problem) {
    let problem = outcome.unwrap_err();
    (problem.code, problem)
}
