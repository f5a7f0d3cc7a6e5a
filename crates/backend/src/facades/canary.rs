//! Design rule 5, over everything at once: people log in through the facades, operators make keys, and no secret, password,
//! code or token is in a log line, an answer that is not its own, or a file.

use super::desk::Desk;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};
use yaopai_domain::Role;

const PASSWORD: &str = "correct horse battery staple";
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// A log that the test reads.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What must not be found, by what it is.
#[derive(Default)]
struct Canaries(Vec<(&'static str, String)>);

impl Canaries {
    /// Adds a text of the answer that brought it.
    fn add(&mut self, what: &'static str, value: &Value) {
        let text = value.as_str().unwrap_or_else(|| panic!("no {what}"));
        assert!(text.len() > 7, "{what} is long enough to be found");
        self.0.push((what, text.to_owned()));
    }

    fn look_in(&self, place: &str, bytes: &[u8]) {
        for (what, canary) in &self.0 {
            let found = bytes.windows(canary.len()).any(|part| part == canary.as_bytes());
            assert!(!found, "{what} in {place}");
        }
    }
}

/// Logs in by WeChat's code, by a password and by a one-time code, also in vain.
async fn people_come(desk: &Desk, canaries: &mut Canaries) {
    let login = desk.wx_login("lin-xiaoman").await;
    canaries.add("a code of WeChat", &login["code"]);
    canaries.add("encrypted data", &login["encryptedData"]);
    let plain = format!(
        "/api/wx/login?pool=default&code={}",
        login["code"].as_str().unwrap()
    );
    let session = desk.call(Method::GET, &plain, &[], "").await;
    assert_eq!(session.status, StatusCode::OK, "{}", session.text());
    canaries.add("a third_Session", &session.json()["third_Session"]);
    let forged = format!("/api/wx/check?third_Session={PASSWORD}").replace(' ', "+");
    desk.call(Method::GET, &forged, &[], "").await;

    let post = async |call: &str, body: Value| {
        let path = format!("/auth/v1/{call}?client_id=default");
        let answer = desk.call(Method::POST, &path, JSON, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        answer.json()
    };
    let phone = json!({ "phone_number": "+86 13800138000", "target": "ANY" });
    let asked = post("verification", phone).await;
    let code = desk.one_time_code("+8613800138000").await;
    // Six digits alone stand in many a number.
    canaries.add("a one-time code", &json!(format!("\"{code}\"")));
    let check = json!({ "verification_id": asked["verification_id"], "verification_code": code });
    let proven = post("verification/verify", check).await;
    canaries.add("a verification token", &proven["verification_token"]);

    canaries.add("a password", &json!(PASSWORD));
    let account = json!({
        "phone_number": "+86 13800138000",
        "verification_token": proven["verification_token"],
        "username": "xiaoman",
        "password": PASSWORD,
    });
    let account = post("signup", account).await;
    let again = post("signin", json!({ "username": "xiaoman", "password": PASSWORD })).await;
    for tokens in [account, again] {
        canaries.add("an access token", &tokens["access_token"]);
        canaries.add("a refresh token", &tokens["refresh_token"]);
    }
    let nobody = json!({ "username": "nobody", "password": PASSWORD }).to_string();
    desk.call(Method::POST, "/auth/v1/signin?client_id=default", JSON, nobody)
        .await;
}

/// Makes a key and a secret, and uses the key.
async fn operators_work(desk: &Desk, canaries: &mut Canaries) {
    let key = json!({ "name": "reports", "role": "admin" });
    let key = desk.manage(Method::POST, "access-keys", key).await.json();
    canaries.add("an access key", &key["key"]);
    let secret = desk
        .manage(Method::POST, "applications/shop/secrets", Value::Null)
        .await;
    canaries.add("an application's secret", &secret.json()["secret"]);
    let path = "/manage/v1/pools/default/connections";
    desk.send(key["key"].as_str(), Method::GET, path, "").await;
    let misplaced = format!("{path}?key={}", key["key"].as_str().unwrap());
    desk.send(None, Method::GET, &misplaced, "").await;
}

#[tokio::test]
async fn no_secret_password_code_or_token_is_found_where_it_does_not_belong() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // With a single subscriber, a place that logs for the first time on another test's thread would stay silent for ever.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _listening = tracing::subscriber::set_default(subscriber);

    let desk = Desk::open().await;
    let mut canaries = Canaries::default();
    for app in desk.sandbox.apps() {
        canaries.add("an AppSecret", &json!(app.app_secret));
    }
    people_come(&desk, &mut canaries).await;
    operators_work(&desk, &mut canaries).await;

    for path in [
        "/manage/v1/pools/default/connections",
        "/manage/v1/pools/default/users",
        "/manage/v1/pools/default/attempts",
        "/manage/v1/pools/default/audit?limit=200",
        "/manage/v1/pools/default/access-keys",
        "/manage/v1/pools/default/applications",
        "/metrics",
        "/openapi.json",
    ] {
        let answer = desk.ask(Role::Admin, Method::GET, path, Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        canaries.look_in(path, &answer.bytes);
    }
    let logged = log.bytes();
    assert!(!logged.is_empty(), "requests are logged");
    canaries.look_in("the log", &logged);
    let mut files = 0;
    for file in std::fs::read_dir(desk.dir()).unwrap() {
        let path = file.unwrap().path();
        // An operator wrote that one.
        if path.ends_with("bootstrap.toml") {
            continue;
        }
        canaries.look_in(&path.display().to_string(), &std::fs::read(&path).unwrap());
        files += 1;
    }
    assert!(files >= 2, "the database and its log were looked into");
}
