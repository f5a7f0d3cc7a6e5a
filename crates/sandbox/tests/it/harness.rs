//! A sandbox whose time belongs to the test, and short words for what clients do with it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use url::Url;
use yaopai_sandbox::{AppKind, AppSheet, Clock, Config, Entropy, Sandbox};

/// The beginning of time in every test: the time of the sample request ids, `67748580` in hex.
pub(crate) const START: u64 = 0x6774_8580;

/// A clock that only moves when told to.
pub(crate) struct ManualClock(AtomicU64);

impl Clock for ManualClock {
    fn unix_seconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) http: Client,
    clock: Arc<ManualClock>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own client, which must see redirects instead of following"
)]
pub(crate) fn http() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .build()
        .unwrap()
}

/// A sandbox that holds polls for an hour: a test that waits for news gets news, never a timeout.
pub(crate) async fn start() -> World {
    start_with(Config {
        hold: Duration::from_hours(1),
        ..Config::default()
    })
    .await
}

pub(crate) async fn start_with(config: Config) -> World {
    let clock = Arc::new(ManualClock(AtomicU64::new(START)));
    let sandbox = Sandbox::start_with(
        config,
        Arc::clone(&clock) as Arc<dyn Clock>,
        Entropy::from_seed([1; 32]),
    )
    .await
    .unwrap();
    World {
        sandbox,
        http: http(),
        clock,
    }
}

impl World {
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn app(&self, kind: AppKind) -> AppSheet {
        self.sandbox
            .apps()
            .into_iter()
            .find(|app| app.kind == kind)
            .unwrap()
    }

    /// An address of the sandbox.
    pub(crate) fn at(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.sandbox.url().join(path).unwrap();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Response {
        self.http.get(self.at(path, query)).send().await.unwrap()
    }

    /// The body of an answer of the server API, with its request id replaced.
    pub(crate) async fn json(&self, path: &str, query: &[(&str, &str)]) -> Value {
        body(self.get(path, query).await).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, query: &[(&str, &str)], text: &str) -> Value {
        let request = self
            .http
            .request(method, self.at(path, query))
            .body(text.to_owned());
        body(request.send().await.unwrap()).await
    }

    /// What a script is answered; it must not be refused.
    pub(crate) async fn script(&self, method: Method, path: &str, order: Value) -> Value {
        let (status, answer) = self.try_script(method, path, order).await;
        assert!((200..300).contains(&status), "{status} {answer}");
        answer
    }

    /// What a script is answered, with the status; null for an answer without a body.
    pub(crate) async fn try_script(&self, method: Method, path: &str, order: Value) -> (u16, Value) {
        let request = self
            .http
            .request(method, self.at(&format!("/sandbox/{path}"), &[]));
        let answer = request.json(&order).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Changes a built-in app.
    pub(crate) async fn change(&self, kind: AppKind, change: Value) {
        let path = format!("apps/{}", self.app(kind).app_id);
        self.script(Method::PATCH, &path, change).await;
    }

    /// Somebody does something at a built-in app.
    pub(crate) async fn act(&self, person: &str, what: &str, kind: AppKind) -> Value {
        let order = json!({ "app_id": self.app(kind).app_id });
        self.script(Method::POST, &format!("people/{person}/{what}"), order)
            .await
    }

    /// Calls the server API with a JSON body.
    pub(crate) async fn post(&self, path: &str, token: &str, order: Value) -> Value {
        self.call(Method::POST, path, &[("access_token", token)], &order.to_string())
            .await
    }

    /// What a mini program's server learns from a login code.
    pub(crate) async fn session(&self, code: &str) -> Value {
        let app = self.app(AppKind::MiniProgram);
        let query = [
            ("appid", app.app_id.as_str()),
            ("secret", &app.app_secret),
            ("js_code", code),
            ("grant_type", "authorization_code"),
        ];
        self.json("/sns/jscode2session", &query).await
    }

    /// Uses the phone of a test person.
    pub(crate) async fn phone(&self, url: &str, person: &str, decision: &str) -> Response {
        let order = json!({ "url": url, "person": person, "decision": decision });
        self.http
            .post(self.at("/sandbox/scan", &[]))
            .json(&order)
            .send()
            .await
            .unwrap()
    }

    /// The address of the authorize page of the built-in official account.
    pub(crate) fn authorize_url(&self, scope: &str) -> String {
        let app = self.app(AppKind::OfficialAccount);
        let query = [
            ("appid", app.app_id.as_str()),
            ("redirect_uri", "http://localhost:4000/back"),
            ("response_type", "code"),
            ("scope", scope),
            ("state", "S1"),
        ];
        self.at("/connect/oauth2/authorize", &query).into()
    }

    /// A code of the built-in official account.
    pub(crate) async fn official_code(&self, person: &str, scope: &str) -> String {
        let done: Value = self
            .phone(&self.authorize_url(scope), person, "approve")
            .await
            .json()
            .await
            .unwrap();
        let location = Url::parse(done["location"].as_str().unwrap()).unwrap();
        let query: HashMap<_, _> = location.query_pairs().into_owned().collect();
        query["code"].clone()
    }

    /// What the exchange of a code answers.
    pub(crate) async fn exchange(&self, app: &AppSheet, code: &str) -> Value {
        let query = [
            ("appid", app.app_id.as_str()),
            ("secret", &app.app_secret),
            ("code", code),
            ("grant_type", "authorization_code"),
        ];
        self.json("/sns/oauth2/access_token", &query).await
    }

    pub(crate) async fn api_token(&self, kind: AppKind) -> String {
        let app = self.app(kind);
        let query = [
            ("grant_type", "client_credential"),
            ("appid", app.app_id.as_str()),
            ("secret", &app.app_secret),
        ];
        text(&self.json("/cgi-bin/token", &query).await["access_token"])
    }
}

async fn body(response: Response) -> Value {
    assert_eq!(response.status(), 200);
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

/// The names of an answer's fields, in their order.
pub(crate) fn keys(answer: &Value) -> Vec<&str> {
    answer.as_object().unwrap().keys().map(String::as_str).collect()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The errcode of an answer; 0 stands for an answer without one.
pub(crate) fn errcode(answer: &Value) -> i64 {
    answer
        .get("errcode")
        .map_or(0, |errcode| errcode.as_i64().unwrap())
}
