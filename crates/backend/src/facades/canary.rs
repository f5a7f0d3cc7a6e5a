//! Design rule 5, over everything at once: people log in through the facades, operators make keys, and no secret, password,
//! code or token is in a log line, an answer that is not its own, or a file.

use super::{
    authing::tests::{POOL, post, v3},
    desk::{Desk, parameter, read_code},
    oidc::tests::{SECRET, Shop, VERIFIER},
};
use crate::{
    store::engine,
    testing::{Bench, Log},
};
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use url::Url;
use yaopai_domain::Role;

const PASSWORD: &str = "yaopai-canary correct horse";
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

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

/// A call of the second generation's GraphQL.
async fn graphql(desk: &Desk, query: &str, variables: Value) -> Value {
    let body = json!({ "query": query, "variables": variables });
    let answer = post(desk, "/graphql/v2", &[POOL], body).await;
    assert!(answer["data"].is_object(), "{answer}");
    answer["data"].clone()
}

/// Logs in through each generation of Authing's SDKs.
async fn people_come_by_authing(desk: &Desk, canaries: &mut Canaries) {
    let login = desk.wx_login("lin-xiaoman").await;
    canaries.add("a code of WeChat (Authing 1)", &login["code"]);
    canaries.add("encrypted data (Authing 1)", &login["encryptedData"]);
    let entered = post(desk, "/oauth/wechatapp/auth/default", &[], login).await;
    canaries.add("a token of Authing 1", &entered["data"]["token"]);

    let password = desk.encrypted(PASSWORD).await;
    canaries.add("an encrypted password", &json!(password));
    let register =
        "mutation r($input: RegisterByUsernameInput!) { registerByUsername(input: $input) { token } }";
    let input = json!({ "input": { "username": "wang-fang", "password": password } });
    let registered = graphql(desk, register, input).await;
    let token = registered["registerByUsername"]["token"].clone();
    canaries.add("a token of Authing 2", &token);
    post(
        desk,
        "/api/v2/sms/send",
        &[POOL],
        json!({ "phone": "13900000009" }),
    )
    .await;
    let code = desk.one_time_code("+8613900000009").await;
    canaries.add("a one-time code (Authing 2)", &json!(format!("\"{code}\"")));
    let enter = "mutation l($input: LoginByPhoneCodeInput!) { loginByPhoneCode(input: $input) { token } }";
    let input = json!({ "input": { "phone": "13900000009", "code": code } });
    let known = graphql(desk, enter, input).await;
    canaries.add("a token for a one-time code", &known["loginByPhoneCode"]["token"]);

    let drawn = post(
        desk,
        "/api/v2/qrcode/gene",
        &[POOL],
        json!({ "scene": "APP_AUTH" }),
    )
    .await;
    let random = drawn["data"]["random"].clone();
    let picture = Url::parse(drawn["data"]["url"].as_str().unwrap()).unwrap();
    let picture = desk.call(Method::GET, picture.path(), &[], "").await;
    let text: Value = serde_json::from_str(&read_code(&picture.bytes)).unwrap();
    let own = [("authorization", token.as_str().unwrap())];
    for step in ["scanned", "confirm"] {
        let path = format!("/api/v2/qrcode/{step}");
        post(desk, &path, &own, json!({ "random": text["random"] })).await;
    }
    let path = format!("/api/v2/qrcode/check?random={}", random.as_str().unwrap());
    let ticket = desk.call(Method::GET, &path, &[POOL], "").await.json()["data"]["ticket"].clone();
    canaries.add("a ticket", &ticket);
    let exchanged = post(
        desk,
        "/api/v2/qrcode/userinfo",
        &[POOL],
        json!({ "ticket": ticket }),
    )
    .await;
    canaries.add("a token for a ticket", &exchanged["data"]["token"]);

    let page = desk
        .call(Method::GET, "/oauth/wechatmp/url/default", &[], "")
        .await;
    let callback = desk
        .authorize(page.headers[header::LOCATION].to_str().unwrap(), "chen-mo")
        .await;
    canaries.add(
        "a code of a web page",
        &json!(parameter(&callback, "code").unwrap()),
    );
    let path = format!("{}?{}", callback.path(), callback.query().unwrap());
    let back = desk.call(Method::GET, &path, &[], "").await;
    let back: Url = back.headers[header::LOCATION].to_str().unwrap().parse().unwrap();
    let user: Value = serde_json::from_str(&parameter(&back, "data").unwrap()).unwrap();
    canaries.add("a token of a web page", &user["token"]);

    let login = desk.wx_login("chen-mo").await;
    let body = json!({
        "connection": "wechat_mini_program_code",
        "wechatMiniProgramCodePayload": { "code": login["code"] },
    });
    let tokens = post(desk, "/api/v3/signin-by-mobile", &[POOL], body).await["data"].clone();
    for name in ["access_token", "refresh_token", "id_token"] {
        canaries.add("a token of Authing 3", &tokens[name]);
    }
}

/// Administers with the SDKs of Authing.
async fn scripts_run(desk: &Desk, canaries: &mut Canaries) {
    desk.bootstrap(v3::KEYS).await.unwrap();
    canaries.add("an accessKeySecret", &json!(v3::ADMIN.1));
    let query = "query a($s: String!) { accessToken(userPoolId: \"default\", secret: $s) { accessToken } }";
    let made = graphql(desk, query, json!({ "s": v3::ADMIN.1 })).await;
    canaries.add("a token of a script", &made["accessToken"]["accessToken"]);
    let new = json!({ "username": "zhao-min", "password": PASSWORD });
    let made = v3::ask(desk, &v3::ADMIN, Method::POST, "create-user", new).await;
    assert_eq!(made["statusCode"], 200, "{made}");
    for name in ["list-users", "list-ext-idp"] {
        let answer = v3::ask(desk, &v3::ADMIN, Method::GET, name, json!({})).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        canaries.look_in(name, answer.to_string().as_bytes());
    }
}

/// Logs in by OpenID Connect, and uses a code twice.
async fn people_come_by_oidc(shop: &Shop, canaries: &mut Canaries) {
    canaries.add("a secret of an application", &json!(SECRET));
    canaries.add("a verifier", &json!(VERIFIER));
    let code = shop.code().await;
    canaries.add("a code of ours", &json!(code));
    let tokens = shop.token(&Shop::redemption(&code)).await.json();
    for name in ["access_token", "refresh_token"] {
        canaries.add("a token of OpenID Connect", &tokens[name]);
    }
    let again = shop.token(&Shop::redemption(&code)).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
}

/// Everything that the database holds.
async fn stored(bench: &Bench) -> Vec<u8> {
    let mut all = Vec::new();
    for value in bench.dump().await.into_iter().flat_map(|(_, row)| row) {
        match value {
            engine::Value::Text(text) => all.extend(text.into_bytes()),
            engine::Value::Bytes(bytes) => all.extend(bytes),
            engine::Value::Integer(_) | engine::Value::Null => {}
        }
        all.push(0);
    }
    all
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
    let log = Log::listen();
    let shop = Shop::open().await;
    let desk = &shop.desk;
    let mut canaries = Canaries::default();
    for app in desk.sandbox.apps() {
        canaries.add("an AppSecret", &json!(app.app_secret));
    }
    people_come(desk, &mut canaries).await;
    people_come_by_authing(desk, &mut canaries).await;
    people_come_by_oidc(&shop, &mut canaries).await;
    scripts_run(desk, &mut canaries).await;
    operators_work(desk, &mut canaries).await;

    for path in [
        "/manage/v1/pools/default/connections",
        "/manage/v1/pools/default/users",
        "/manage/v1/pools/default/attempts",
        "/manage/v1/pools/default/audit?limit=200",
        "/manage/v1/pools/default/access-keys",
        "/manage/v1/pools/default/applications",
        "/manage/v1/pools/default/authing-keys",
        "/oidc/default/jwks",
        "/metrics",
        "/openapi.json",
    ] {
        let answer = desk.ask(Role::Admin, Method::GET, path, Value::Null).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        canaries.look_in(path, &answer.bytes);
    }
    let logged = log.text();
    assert!(!logged.is_empty(), "requests are logged");
    canaries.look_in("the log", logged.as_bytes());
    let stored = stored(desk).await;
    assert!(String::from_utf8_lossy(&stored).contains("wang-fang"));
    canaries.look_in("the database", &stored);
    // What SQLite leaves in its files is looked at too; PostgreSQL's are its own.
    for file in std::fs::read_dir(desk.dir()).unwrap() {
        let path = file.unwrap().path();
        // An operator wrote that one.
        if path.ends_with("bootstrap.toml") {
            continue;
        }
        canaries.look_in(&path.display().to_string(), &std::fs::read(&path).unwrap());
    }
}

#[test]
#[should_panic(expected = "a token in the log")]
fn a_canary_is_found() {
    let mut canaries = Canaries::default();
    canaries.add("a token", &json!("sesame-0815"));
    canaries.look_in("the database", b"nothing");
    canaries.look_in("the log", b"token=sesame-0815&x");
}
