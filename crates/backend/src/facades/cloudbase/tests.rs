//! The CloudBase facade against a whole backend and the sandbox.

mod strangers;

use crate::{
    facades::desk::{Desk, FAR_PAGE, PAGE, parameter},
    testing::Answer,
};
use axum::http::{Method, StatusCode, header};
use base64::{Engine, prelude::BASE64_STANDARD};
use rstest::rstest;
use serde_json::{Value, json};
use yaopai_sandbox::AppKind;

const PHONE: &str = "+86 13800138000";
const PASSWORD: &str = "correct horse";

/// Somebody's SDK: a web page of an application, or of the environment itself.
struct Sdk<'d> {
    desk: &'d Desk,
    client_id: &'static str,
    token: Option<String>,
}

impl<'d> Sdk<'d> {
    const fn of(desk: &'d Desk, client_id: &'static str) -> Self {
        Self {
            desk,
            client_id,
            token: None,
        }
    }

    /// A call without credentials, as browsers send it.
    async fn open(&self, method: Method, path: &str, body: Value) -> Answer {
        let join = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{join}client_id={}", self.client_id);
        let headers = [("content-type", "text/plain;charset=UTF-8")];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.desk.call(method, &path, &headers, body).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.open(Method::POST, path, body).await
    }

    /// A call of whoever is signed in.
    async fn own(&self, method: Method, path: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {}", self.token.as_deref().unwrap_or_default());
        let headers = [("authorization", bearer.as_str())];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.desk.call(method, path, &headers, body).await
    }

    /// The uri of WeChat's page.
    async fn uri(&self, provider_id: &str, page: &str) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("provider_id", provider_id)
            .append_pair("state", "wx_open")
            .append_pair("redirect_uri", page)
            .finish();
        let path = format!("/auth/v1/provider/uri?{query}&other_params[sign_out_uri]=x");
        self.open(Method::GET, &path, Value::Null).await
    }

    /// Goes through WeChat's page; the code that the business page gets.
    async fn code(&self, provider_id: &str, person: &str) -> String {
        let uri = ok(self.uri(provider_id, PAGE).await)["uri"]
            .as_str()
            .unwrap()
            .to_owned();
        let back = self.desk.scan_page(&uri, person).await;
        assert!(back.as_str().starts_with(PAGE), "{back}");
        assert_eq!(parameter(&back, "state").as_deref(), Some("wx_open"));
        parameter(&back, "code").unwrap()
    }

    async fn grant(&self, provider_id: &str, code: &str) -> Answer {
        let body = json!({
            "provider_id": provider_id,
            "provider_redirect_uri": "curpage",
            "provider_code": code,
        });
        self.post("/auth/v1/provider/token", body).await
    }

    /// A provider token of a person.
    async fn provider_token(&self, person: &str) -> String {
        let code = self.code("wx_open", person).await;
        let granted = ok(self.grant("wx_open", &code).await);
        granted["provider_token"].as_str().unwrap().to_owned()
    }

    async fn sign_in(&mut self, provider_token: &str) -> Answer {
        let body = json!({ "provider_token": provider_token });
        let answer = self.post("/auth/v1/signin/with/provider", body).await;
        self.keep(answer)
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        if answer.status == StatusCode::OK {
            self.token = answer.json()["access_token"].as_str().map(str::to_owned);
        }
        answer
    }

    /// A token that proves [`PHONE`].
    async fn verification_token(&self) -> String {
        self.desk.clock.turn(60_000);
        let body = json!({ "phone_number": PHONE, "target": "ANY" });
        let sent = ok(self.post("/auth/v1/verification", body).await);
        let body = json!({
            "verification_id": sent["verification_id"],
            "verification_code": self.desk.one_time_code("+8613800138000").await,
        });
        let token = ok(self.post("/auth/v1/verification/verify", body).await);
        token["verification_token"].as_str().unwrap().to_owned()
    }

    async fn sign_up(&mut self, more: Value) -> Answer {
        let mut body = json!({
            "phone_number": PHONE,
            "verification_token": self.verification_token().await,
            "username": "xiaoman",
            "password": PASSWORD,
        });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = self.post("/auth/v1/signup", body).await;
        self.keep(answer)
    }

    async fn me(&self) -> Value {
        ok(self.own(Method::GET, "/auth/v1/user/me", Value::Null).await)
    }
}

fn ok(answer: Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let value = answer.json();
    assert!(value["code"].is_null(), "the SDK takes any `code` for an error");
    value
}

/// The error word of a failure, whose whole shape is checked on the way.
fn word(answer: &Answer) -> String {
    assert!(answer.status.as_u16() >= 400, "{}", answer.text());
    let body = answer.json();
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["error", "error_code", "error_description"], "{body}");
    assert!(body["error_code"].as_u64().unwrap() > 0);
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn rule_4_a_failed_sign_in_keeps_the_provider_token() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "members");
    let token = sdk.provider_token("lin-xiaoman").await;
    for _ in 0..2 {
        let refused = sdk.sign_in(&token).await;
        assert_eq!(word(&refused), "not_found");
        assert_eq!(refused.json()["error_code"], 5);
    }
    assert_eq!(desk.users().await, 0, "login-only creates nobody");

    ok(sdk.sign_up(json!({})).await);
    let bind = json!({ "provider_token": token });
    let bound = sdk
        .own(Method::POST, "/auth/v1/user/provider/bind", bind.clone())
        .await;
    assert_eq!(ok(bound), json!({}));
    let me = sdk.me().await;
    assert_eq!(me["name"], "小满", "the profile came with the binding");
    assert_eq!(me["phone_number"], PHONE);
    let again = sdk.own(Method::POST, "/auth/v1/user/provider/bind", bind).await;
    assert_eq!(word(&again), "invalid_grant", "a success uses the token up");

    let token = sdk.provider_token("lin-xiaoman").await;
    let signed_in = ok(sdk.sign_in(&token).await);
    assert_eq!(signed_in["sub"], me["sub"], "the next login is that user");
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn signing_up_with_a_provider_token_binds_in_the_same_go() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "members");
    let token = sdk.provider_token("lin-xiaoman").await;
    let sub = ok(sdk.sign_up(json!({ "provider_token": token })).await)["sub"].clone();
    let token = sdk.provider_token("lin-xiaoman").await;
    assert_eq!(ok(sdk.sign_in(&token).await)["sub"], sub);

    let mut other = Sdk::of(&desk, "members");
    let token = other.provider_token("lin-xiaoman").await;
    let body = json!({ "provider_token": token, "username": "chenmo", "password": PASSWORD });
    let refused = other.post("/auth/v1/signup", body).await;
    assert_eq!(word(&refused), "already_exists");
    assert_eq!(desk.users().await, 1, "and nobody was made");
    ok(other.sign_in(&token).await);
}

#[tokio::test]
async fn of_two_who_sign_up_with_one_provider_token_one_is_made() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "members");
    let token = sdk.provider_token("lin-xiaoman").await;
    let up = |name: &'static str| {
        let body = json!({ "provider_token": token, "username": name, "password": PASSWORD });
        sdk.post("/auth/v1/signup", body)
    };
    let (one, other) = tokio::join!(up("xiaoman"), up("another"));
    let made = [&one, &other].map(|answer| answer.status == StatusCode::OK);
    assert!(made == [true, false] || made == [false, true], "{made:?}");
    assert_eq!(desk.users().await, 1, "nobody is left behind without a binding");
}

#[tokio::test]
async fn of_two_who_enrich_one_provider_token_neither_loses_what_the_other_adds() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let app_id = desk.app(AppKind::MiniProgram).app_id;
    let login = desk.wx_login("chen-mo").await;
    let body = json!({ "provider_id": app_id, "provider_code": login["code"] });
    let granted = ok(sdk.post("/auth/v1/provider/token", body).await);
    let button = desk.phone_code("chen-mo").await;
    let enrich = |params: Value| {
        let body = json!({ "provider_token": granted["provider_token"], "provider_params": params });
        sdk.open(Method::PATCH, "/auth/v1/provider/token", body)
    };
    let (phone, profile) = tokio::join!(
        enrich(json!({ "code": button["code"] })),
        enrich(json!({ "iv": login["iv"], "encryptedData": login["encryptedData"] })),
    );
    ok(phone);
    ok(profile);
    let kept = desk
        .look("SELECT person, phone FROM provider_token", vec![])
        .await;
    assert!(kept[0].text_or_null("phone").unwrap().is_some());
    let person = kept[0].text("person").unwrap();
    assert!(person.contains("\"nickname\":\""), "{person}");
}

#[tokio::test]
async fn an_application_that_is_deleted_takes_its_sessions_and_tokens_along() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    let left = sdk.provider_token("chen-mo").await;
    let mut elsewhere = Sdk::of(&desk, "default");
    let token = elsewhere.provider_token("lin-xiaoman").await;
    ok(elsewhere.sign_in(&token).await);

    let deleted = desk
        .manage(Method::DELETE, "applications/shop", Value::Null)
        .await;
    assert!(deleted.status.is_success(), "{}", deleted.text());
    let me = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&me), "unauthenticated");
    let mut other = Sdk::of(&desk, "default");
    assert_eq!(word(&other.sign_in(&left).await), "invalid_grant");
    elsewhere.me().await;
}

#[tokio::test]
async fn a_person_of_somebody_else_is_not_bound() {
    let desk = Desk::open().await;
    let mut owner = Sdk::of(&desk, "shop");
    let token = owner.provider_token("lin-xiaoman").await;
    ok(owner.sign_in(&token).await);
    let mut thief = Sdk::of(&desk, "shop");
    ok(thief.sign_up(json!({})).await);
    let token = thief.provider_token("lin-xiaoman").await;
    let bind = json!({ "provider_token": token });
    let refused = thief.own(Method::POST, "/auth/v1/user/provider/bind", bind).await;
    assert_eq!(word(&refused), "already_exists");
    ok(thief.sign_in(&token).await);
    assert_eq!(
        thief.me().await["sub"],
        owner.me().await["sub"],
        "the token was still good"
    );
}

#[tokio::test]
async fn the_last_way_in_stays() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    let path = "/auth/v1/user/provider/wx_open";
    let refused = sdk.own(Method::DELETE, path, Value::Null).await;
    assert_eq!(word(&refused), "failed_precondition");
    let contact = json!({ "verification_token": sdk.verification_token().await });
    ok(sdk.own(Method::PATCH, "/auth/v1/user/contact", contact).await);
    assert_eq!(ok(sdk.own(Method::DELETE, path, Value::Null).await), json!({}));
    assert_eq!(sdk.me().await["providers"], json!([]));
    let nothing = sdk.own(Method::DELETE, path, Value::Null).await;
    assert_eq!(word(&nothing), "not_found");
}

#[tokio::test]
async fn what_an_sdk_reads_of_a_login_and_a_user() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let code = sdk.code("wx_open", "lin-xiaoman").await;
    let mut granted = ok(sdk.grant("wx_open", &code).await);
    let token = granted["provider_token"].as_str().unwrap().to_owned();
    let mut credentials = ok(sdk.sign_in(&token).await);
    let mut me = sdk.me().await;
    let list = ok(sdk.own(Method::GET, "/auth/v1/user/provider", Value::Null).await);
    assert_eq!(me["sub"], credentials["sub"]);
    assert_eq!(me["sub"], me["uid"]);
    granted["provider_token"] = json!("[token]");
    granted["provider_profile"]["picture"] = json!("[picture]");
    for name in ["access_token", "refresh_token", "sub"] {
        credentials[name] = json!(format!("[{name}]"));
    }
    for name in ["sub", "uid", "picture", "created_at", "updated_at"] {
        assert!(me[name].is_string(), "{name}");
        me[name] = json!(format!("[{name}]"));
    }
    me["providers"][0]["provider_user_id"] = json!("[open_id]");
    let shown =
        json!({ "provider/token": granted, "signin": credentials, "user/me": me, "user/provider": list });
    let mini_program = desk.app(AppKind::MiniProgram).app_id;
    let shown = shown.to_string().replace(&mini_program, "[appid]");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    insta::assert_json_snapshot!(shown);
}

#[tokio::test]
async fn one_provider_token_signs_one_in() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "default");
    let token = sdk.provider_token("lin-xiaoman").await;
    let body = json!({ "provider_token": token });
    let tries = (0..8).map(|_| sdk.post("/auth/v1/signin/with/provider", body.clone()));
    let answers = futures_util::future::join_all(tries).await;
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!(good.len(), 1);
    for answer in bad {
        assert_eq!(word(answer), "invalid_grant");
    }
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn rule_2_a_page_that_is_loaded_again_gets_the_same_person() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let code = sdk.code("wx_open", "lin-xiaoman").await;
    let mut subs = Vec::new();
    for _ in 0..2 {
        let granted = ok(sdk.grant("wx_open", &code).await);
        let token = granted["provider_token"].as_str().unwrap().to_owned();
        subs.push(ok(sdk.sign_in(&token).await)["sub"].clone());
    }
    assert_eq!(subs[0], subs[1]);
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn sign_up_can_be_forbidden_by_the_call() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    let body = json!({ "provider_token": token, "force_disable_sign_up": true });
    let refused = sdk.post("/auth/v2/signin/with/provider", body).await;
    assert_eq!(word(&refused), "not_found");
    assert_eq!(desk.users().await, 0);
}

#[tokio::test]
async fn a_host_that_wechat_does_not_know_is_reached_through_ours() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let uri = ok(sdk.uri("pc-relay", FAR_PAGE).await)["uri"]
        .as_str()
        .unwrap()
        .to_owned();
    let ours = desk
        .scan_page(departed(&desk, &uri).await.as_str(), "chen-mo")
        .await;
    assert_eq!(ours.path(), "/auth/v1/provider/callback");
    let page = sent_on(&desk.browse(&ours).await);
    assert!(page.as_str().starts_with(FAR_PAGE), "{page}");
    assert_eq!(parameter(&page, "state").as_deref(), Some("wx_open"));
    let granted = ok(sdk.grant("pc-relay", &parameter(&page, "code").unwrap()).await);
    let token = granted["provider_token"].as_str().unwrap().to_owned();
    ok(sdk.sign_in(&token).await);
    assert_eq!(sdk.me().await["name"], "陈默");

    desk.clock.turn(11 * 60 * 1000);
    let late = desk.browse(&ours).await;
    assert_eq!(word(&late), "invalid_argument");
}

/// Where our own address sends the browser, which it marks.
async fn departed(desk: &Desk, uri: &str) -> url::Url {
    let ours: url::Url = uri.parse().unwrap();
    assert_eq!(ours.path(), "/auth/v1/provider/begin");
    sent_on(&desk.browse(&ours).await)
}

fn sent_on(answer: &Answer) -> url::Url {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
    answer.headers[header::LOCATION]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_browser_that_did_not_begin_is_not_sent_on_with_a_code() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let uri = ok(sdk.uri("pc-relay", FAR_PAGE).await)["uri"].clone();
    let wechat = departed(&desk, uri.as_str().unwrap()).await;
    let twice: url::Url = uri.as_str().unwrap().parse().unwrap();
    assert_ne!(parameter(&wechat, "state"), parameter(&twice, "ticket"));
    let twice = desk.browse(&twice).await;
    assert_eq!(word(&twice), "invalid_argument", "a link begins one login");

    let ours = desk.scan_page(wechat.as_str(), "chen-mo").await;
    let own = desk.another_browser();
    let refused = sent_on(&desk.browse(&ours).await);
    assert!(refused.as_str().starts_with(FAR_PAGE), "{refused}");
    assert_eq!(parameter(&refused, "error").as_deref(), Some("other_browser"));
    assert_eq!(parameter(&refused, "code"), None);

    desk.browser(own);
    let page = sent_on(&desk.browse(&ours).await);
    assert!(parameter(&page, "code").is_some(), "{page}");
    assert_eq!(sent_on(&desk.browse(&ours).await), page, "a reload");
    let mut stolen = ours.clone();
    let state = parameter(&ours, "state").unwrap();
    stolen.set_query(Some(&format!("code=another&state={state}")));
    let refused = sent_on(&desk.browse(&stolen).await);
    assert_eq!(parameter(&refused, "error").as_deref(), Some("replayed"));
    let attempts = desk.attempts().await;
    let why: Vec<_> = attempts
        .iter()
        .filter_map(|attempt| attempt["verdict"]["failure"]["why"].as_str())
        .collect();
    assert_eq!(why.len(), 2, "{attempts:?}");
    assert!(
        why.contains(&"replay") && why.contains(&"other_browser"),
        "{why:?}"
    );
}

#[rstest]
#[case::exact("pc", PAGE, true)]
#[case::of_the_application("pc-relay", FAR_PAGE, true)]
#[case::other_path("pc", "http://127.0.0.1:9/login/evil", false)]
#[case::other_query("pc", "http://127.0.0.1:9/login?next=x", false)]
#[case::other_port("pc", "http://127.0.0.1:10/login", false)]
#[case::other_host("pc", "http://evil.example/login", false)]
#[case::user_info("pc", "http://127.0.0.1:9@evil.example/login", false)]
#[case::script("pc", "javascript:alert(1)", false)]
#[case::no_url("pc", "curpage", false)]
#[case::nothing("pc", "", false)]
#[case::a_host_that_nobody_registered("pc", FAR_PAGE, true)]
#[tokio::test]
async fn only_pages_of_the_list_are_returned_to(
    #[case] provider_id: &str,
    #[case] page: &str,
    #[case] allowed: bool,
) {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let answer = sdk.uri(provider_id, page).await;
    if allowed {
        ok(answer);
    } else {
        assert_eq!(word(&answer), "invalid_argument");
        assert_eq!(desk.attempts().await.len(), 1, "an operator can read it");
    }
}

#[tokio::test]
async fn a_page_inside_wechat_logs_in_through_ours() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let uri = ok(sdk.uri("wx_mp", FAR_PAGE).await)["uri"]
        .as_str()
        .unwrap()
        .to_owned();
    let ours = desk
        .authorize(departed(&desk, &uri).await.as_str(), "zhao-yuan")
        .await;
    let page = sent_on(&desk.browse(&ours).await);
    let granted = ok(sdk.grant("wx_mp", &parameter(&page, "code").unwrap()).await);
    let token = granted["provider_token"].as_str().unwrap().to_owned();
    ok(sdk.sign_in(&token).await);
    assert_eq!(sdk.me().await["providers"][0]["id"], "wx_mp");
}

#[tokio::test]
async fn rule_1_a_mini_program_and_a_website_find_one_user() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "default");
    let login = desk.wx_login("chen-mo").await;
    let app_id = desk.app(AppKind::MiniProgram).app_id;
    let body = json!({
        "provider_id": app_id,
        "provider_params": { "provider_code_type": "open_id", "appid": app_id, "code": login["code"] },
    });
    let granted = ok(sdk.post("/auth/v1/provider/token", body).await);
    let sub = ok(sdk.sign_in(granted["provider_token"].as_str().unwrap()).await)["sub"].clone();
    let token = sdk.provider_token("chen-mo").await;
    assert_eq!(ok(sdk.sign_in(&token).await)["sub"], sub);
    let me = sdk.me().await;
    let ids: Vec<&str> = me["providers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert!(
        ids.contains(&app_id.as_str()) && ids.contains(&"wx_open"),
        "{ids:?}"
    );
    assert_eq!(desk.users().await, 1);
}

#[tokio::test]
async fn rule_7_a_phone_number_that_wechat_told_becomes_the_users() {
    let desk = Desk::open().await;
    let app_id = desk.app(AppKind::MiniProgram).app_id;
    let enriched = async |sdk: &Sdk<'_>, person: &str, params: Value| {
        let login = desk.wx_login(person).await;
        let body = json!({ "provider_id": app_id, "provider_code": login["code"] });
        let granted = ok(sdk.post("/auth/v1/provider/token", body).await);
        let body = json!({ "provider_token": granted["provider_token"], "provider_params": params });
        let answer = sdk.open(Method::PATCH, "/auth/v1/provider/token", body).await;
        (granted["provider_token"].as_str().unwrap().to_owned(), answer)
    };
    let mut sdk = Sdk::of(&desk, "shop");
    let button = desk.phone_code("chen-mo").await;
    let (token, answer) = enriched(&sdk, "chen-mo", json!({ "code": button["code"] })).await;
    let told = ok(answer)["provider_profile"]["phone_number"].clone();
    assert!(told.as_str().unwrap().starts_with("+86 1"), "{told}");
    ok(sdk.sign_in(&token).await);
    assert_eq!(sdk.me().await["phone_number"], told);

    let mut other = Sdk::of(&desk, "shop");
    let tampered = json!({ "iv": button["iv"], "encryptedData": button["encryptedData"] });
    let (token, answer) = enriched(&other, "lin-xiaoman", tampered).await;
    assert_eq!(word(&answer), "invalid_argument", "sealed for somebody else");
    ok(other.sign_in(&token).await);
    assert!(other.me().await["phone_number"].is_null());
}

#[tokio::test]
async fn a_page_shows_a_mini_programs_code_and_gets_a_provider_token() {
    let desk = Desk::open().await;
    let app = desk.app(AppKind::MiniProgram);
    let mut sdk = Sdk::of(&desk, "default");
    let generate = json!({ "envId": "default", "wxAppId": app.app_id });
    let refused = sdk.post("/auth/v1/qrcode/generate", generate.clone()).await;
    assert_eq!(word(&refused), "invalid_argument", "no connection of that kind");
    let file = format!(
        "[[connection]]\nkind = 'wechat:miniprogram:qrconnect'\nidentifier = 'wxapp-qr'\ndisplay_name = 'QR'\n\
         app_id = '{}'\napp_secret = '{}'\n",
        app.app_id, app.app_secret
    );
    desk.bootstrap(&file).await.unwrap();
    let shown = ok(sdk.post("/auth/v1/qrcode/generate", generate).await);
    assert!(
        shown["qr_code"]
            .as_str()
            .unwrap()
            .starts_with("data:image/jpeg;base64,")
    );
    let ask = json!({ "qrCodeId": shown["qr_code_id"], "envId": "default", "wxAppId": app.app_id });
    let waiting = ok(sdk.post("/auth/v1/qrcode/get/status", ask.clone()).await);
    assert_eq!(waiting, json!({ "status": "WAITING" }));

    let picture = BASE64_STANDARD
        .decode(&shown["qr_code"].as_str().unwrap()[23..])
        .unwrap();
    desk.scan_in_mini_program(&picture, "chen-mo").await;
    let mut status = Value::Null;
    while status["provider_token"].is_null() {
        status = ok(sdk.post("/auth/v1/qrcode/get/status", ask.clone()).await);
        assert!(
            !["EXPIRED", "FAILED", "CANCELLED"].contains(&status["status"].as_str().unwrap()),
            "{status}"
        );
    }
    let token = status["provider_token"].as_str().unwrap().to_owned();
    assert_eq!(
        desk.users().await,
        0,
        "nobody has said yet what is to become of the person"
    );
    let body = json!({ "username": "chenmo", "password": PASSWORD });
    let answer = sdk.post("/auth/v1/signup", body).await;
    ok(sdk.keep(answer));
    let bind = json!({ "provider_token": token });
    ok(sdk.own(Method::POST, "/auth/v1/user/provider/bind", bind).await);
    assert_eq!(desk.users().await, 1, "they are bound to whom they wanted");
    let again = ok(sdk.post("/auth/v1/qrcode/get/status", ask).await);
    assert_eq!(again, json!({ "status": "EXPIRED" }), "the login was taken");
}

#[tokio::test]
async fn passwords_codes_and_their_encryption() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let sub = ok(sdk.sign_up(json!({})).await)["sub"].clone();
    for name in ["xiaoman", PHONE, "13800138000"] {
        let body = json!({ "username": name, "password": PASSWORD });
        assert_eq!(ok(sdk.post("/auth/v1/signin", body).await)["sub"], sub, "{name}");
    }
    let token = sdk.verification_token().await;
    let body = json!({ "username": PHONE, "verification_token": token });
    assert_eq!(ok(sdk.post("/auth/v1/signin", body.clone()).await)["sub"], sub);
    assert_eq!(
        word(&sdk.post("/auth/v1/signin", body).await),
        "invalid_verification_code"
    );

    for (name, password) in [
        ("xiaoman", "wrong horse"),
        ("nobody", PASSWORD),
        ("@", PASSWORD),
        ("", ""),
    ] {
        let body = json!({ "username": name, "password": password });
        let refused = sdk.post("/auth/v1/signin", body).await;
        assert_eq!(word(&refused), "invalid_password", "{name}");
    }
    let key = ok(sdk.post("/auth/v2/signin/publichkey", Value::Null).await);
    assert!(
        key["public_key"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN PUBLIC KEY-----")
    );
    for params in [String::new(), "%%%".to_owned(), BASE64_STANDARD.encode([7; 512])] {
        let body = json!({ "params": params, "public_key_thumbprint": key["public_key_thumbprint"] });
        assert_eq!(word(&sdk.post("/auth/v1/signin", body).await), "invalid_password");
    }
}

#[tokio::test]
async fn who_is_refused_for_their_password_or_name_tries_again_with_the_same_token() {
    let desk = Desk::open().await;
    let sdk = Sdk::of(&desk, "shop");
    let taken = json!({ "username": "chenmo", "password": PASSWORD });
    ok(sdk.post("/auth/v1/signup", taken).await);
    let token = sdk.verification_token().await;
    let sign_up = async |username: &str, password: &str| {
        let body = json!({
            "phone_number": PHONE,
            "verification_token": token,
            "username": username,
            "password": password,
        });
        sdk.post("/auth/v1/signup", body).await
    };
    assert_eq!(word(&sign_up("xiaoman", "short").await), "invalid_argument");
    assert_eq!(word(&sign_up("chenmo", PASSWORD).await), "already_exists");
    ok(sign_up("xiaoman", PASSWORD).await);

    let token = sdk.verification_token().await;
    let reset = async |new: &str| {
        let body = json!({ "phone_number": PHONE, "new_password": new, "verification_token": token });
        sdk.post("/auth/v1/reset", body).await
    };
    assert_eq!(word(&reset("short").await), "invalid_argument");
    ok(reset("battery staple").await);
    assert_eq!(word(&reset("third password").await), "invalid_verification_code");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_sign_out_ends_all() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let first = ok(sdk.sign_up(json!({})).await);
    let refresh = |token: &Value| json!({ "client_id": "shop", "client_secret": "", "grant_type": "refresh_token", "refresh_token": token });
    let answer = sdk.post("/auth/v1/token", refresh(&first["refresh_token"])).await;
    let second = ok(sdk.keep(answer));
    assert_eq!(second["sub"], first["sub"]);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    desk.clock.turn(60_000);
    let stolen = sdk.post("/auth/v1/token", refresh(&first["refresh_token"])).await;
    assert_eq!(word(&stolen), "invalid_grant");
    let over = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&over), "unauthenticated", "one of the two stole it");

    let body = json!({ "username": "xiaoman", "password": PASSWORD });
    let answer = sdk.post("/auth/v1/signin", body).await;
    ok(sdk.keep(answer));
    let revoke = json!({ "token": sdk.token });
    assert_eq!(ok(sdk.post("/auth/v1/revoke", revoke.clone()).await), json!({}));
    assert_eq!(
        ok(sdk.post("/auth/v1/revoke", revoke).await),
        json!({}),
        "over is over"
    );
    let over = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&over), "unauthenticated");
}

#[tokio::test]
async fn rule_11_a_blocked_user_is_out_at_once() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    desk.change("UPDATE users SET status = 'blocked'", vec![]).await;
    let token = sdk.provider_token("lin-xiaoman").await;
    assert_eq!(word(&sdk.sign_in(&token).await), "user_blocked");
    let out = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&out), "unauthenticated");
}

#[tokio::test]
async fn people_change_only_what_is_theirs() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    let token = sdk.provider_token("lin-xiaoman").await;
    ok(sdk.sign_in(&token).await);
    let before = sdk.me().await;
    let sent = json!({
        "name": "满满", "gender": "FEMALE", "birthdate": "1999-01-01", "picture": "https://cdn.example.com/a.png",
        "phone_number": PHONE, "email": "li@example.com", "sub": "1", "status": "blocked", "groups": ["admin"],
    });
    let changed = ok(sdk.own(Method::PATCH, "/auth/v1/user/profile", sent).await);
    assert_eq!(changed["name"], "满满");
    assert_eq!(changed["gender"], "FEMALE");
    assert_eq!(changed["sub"], before["sub"]);
    assert!(
        changed["phone_number"].is_null() && changed["email"].is_null(),
        "{changed}"
    );
    let sent = json!({ "nickname": "微信用户", "user_id": "1", "phone": PHONE });
    ok(sdk.own(Method::POST, "/auth/v1/user/basic/edit", sent).await);
    assert_eq!(
        sdk.me().await["name"],
        "满满",
        "an anonymous name overwrites nothing"
    );
}

#[tokio::test]
async fn who_changes_a_password_shows_who_they_are() {
    let desk = Desk::open().await;
    let mut sdk = Sdk::of(&desk, "shop");
    ok(sdk.sign_up(json!({})).await);
    let (sudo, path) = ("/auth/v1/user/sudo", "/auth/v1/user/password");
    let set = |token: &Value| json!({ "new_password": "battery staple", "sudo_token": token });
    for token in [json!(null), json!("9999999999999.00"), json!("x")] {
        let refused = sdk.own(Method::PATCH, path, set(&token)).await;
        assert_eq!(word(&refused), "permission_denied", "{token}");
    }
    let wrong = sdk
        .own(Method::POST, sudo, json!({ "password": "wrong horse" }))
        .await;
    assert_eq!(word(&wrong), "invalid_password");
    let shown = ok(sdk.own(Method::POST, sudo, json!({ "password": PASSWORD })).await);
    ok(sdk.own(Method::PATCH, path, set(&shown["sudo_token"])).await);
    let body = json!({ "username": "xiaoman", "password": "battery staple" });
    let answer = sdk.post("/auth/v1/signin", body).await;
    ok(sdk.keep(answer));
    let other_session = sdk.own(Method::PATCH, path, set(&shown["sudo_token"])).await;
    assert_eq!(word(&other_session), "permission_denied");

    let reset = json!({
        "phone_number": PHONE,
        "new_password": "third password",
        "verification_token": sdk.verification_token().await,
    });
    ok(sdk.post("/auth/v1/reset", reset).await);
    let out = sdk.own(Method::GET, "/auth/v1/user/me", Value::Null).await;
    assert_eq!(word(&out), "unauthenticated", "a reset ends all sessions");
}

#[rstest]
#[case::malformed(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    "{\"provider_id\":",
    "invalid_argument"
)]
#[case::not_an_object("POST", "/auth/v1/signup?client_id=default", "[1]", "invalid_argument")]
#[case::another_type(
    "POST",
    "/auth/v1/signin?client_id=default",
    r#"{"username":1}"#,
    "invalid_argument"
)]
#[case::a_form(
    "POST",
    "/auth/v1/signin?client_id=default",
    "username=a&password=b",
    "invalid_argument"
)]
#[case::unknown_client("POST", "/auth/v1/signin?client_id=nowhere", "{}", "invalid_argument")]
#[case::no_client_and_two_pools("POST", "/auth/v1/signin", "{}", "invalid_argument")]
#[case::unknown_provider(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    r#"{"provider_id":"nowhere","provider_code":"1"}"#,
    "provider_not_enabled"
)]
#[case::not_of_the_application(
    "POST",
    "/auth/v1/provider/token?client_id=members",
    r#"{"provider_id":"pc","provider_code":"1"}"#,
    "provider_not_enabled"
)]
#[case::disabled_provider(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    r#"{"provider_id":"pc-disabled","provider_code":"1"}"#,
    "provider_not_enabled"
)]
#[case::no_code(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    r#"{"provider_id":"pc"}"#,
    "invalid_argument"
)]
#[case::made_up_code(
    "POST",
    "/auth/v1/provider/token?client_id=default",
    r#"{"provider_id":"pc","provider_code":"made-up"}"#,
    "invalid_grant"
)]
#[case::forged_provider_token(
    "POST",
    "/auth/v1/signin/with/provider?client_id=default",
    r#"{"provider_token":"forged"}"#,
    "invalid_grant"
)]
#[case::forged_refresh_token(
    "POST",
    "/auth/v1/token?client_id=default",
    r#"{"grant_type":"refresh_token","refresh_token":"forged"}"#,
    "invalid_grant"
)]
#[case::forged_verification_token(
    "POST",
    "/auth/v1/signup?client_id=default",
    r#"{"phone_number":"+86 13800138000","verification_token":"forged"}"#,
    "invalid_verification_code"
)]
#[case::no_token("GET", "/auth/v1/user/me", "", "unauthenticated")]
#[case::bind_without_user("POST", "/auth/v1/user/provider/bind", "{}", "unauthenticated")]
#[case::unknown_state(
    "GET",
    "/auth/v1/provider/callback?code=1&state=made-up",
    "",
    "invalid_argument"
)]
#[tokio::test]
async fn bad_input_is_told_in_cloudbases_shape_and_changes_nothing(
    #[case] method: Method,
    #[case] path: &str,
    #[case] body: &'static str,
    #[case] expected: &str,
) {
    let desk = Desk::open().await;
    let answer = desk
        .call(method, path, &[("content-type", "text/plain")], body)
        .await;
    assert_eq!(word(&answer), expected, "{}", answer.text());
    assert_eq!(desk.users().await, 0);
    // With two pools, nobody knows whose operators a call is for that names none.
    let nobodys = ["nowhere", "signin", "me", "bind"]
        .iter()
        .any(|end| path.ends_with(end))
        || path.contains("callback");
    assert_eq!(
        desk.attempts().await.len(),
        usize::from(!nobodys),
        "an operator reads it once"
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_in_cloudbases_shape() {
    let desk = Desk::open().await;
    let body = format!(r#"{{"username":"{}"}}"#, "x".repeat(2 << 20));
    let answer = Sdk::of(&desk, "default");
    let answer = answer
        .desk
        .call(Method::POST, "/auth/v1/signin?client_id=default", &[], body)
        .await;
    assert_eq!(word(&answer), "invalid_argument");
}

#[rstest]
#[case::forged("eyJhbGciOiJub25lIn0.e30.")]
#[case::nothing("x")]
#[case::dots("..")]
#[tokio::test]
async fn a_forged_token_lets_nobody_in(#[case] token: &str) {
    let desk = Desk::open().await;
    let sdk = Sdk {
        token: Some(token.to_owned()),
        ..Sdk::of(&desk, "default")
    };
    for path in ["/auth/v1/user/me", "/auth/v1/user/provider"] {
        let refused = sdk.own(Method::GET, path, Value::Null).await;
        assert_eq!(word(&refused), "unauthenticated");
    }
}

#[tokio::test]
async fn an_address_that_is_not_offered_is_not_not_found() {
    let desk = Desk::open().await;
    let answer = Sdk::of(&desk, "default")
        .post("/auth/v1/captcha/data", json!({}))
        .await;
    assert_eq!(
        word(&answer),
        "unimplemented",
        "`not_found` would mean that nobody is bound"
    );
}

#[tokio::test]
async fn any_page_may_call_without_cookies() {
    let desk = Desk::open().await;
    let headers = [
        ("origin", "https://shop.example.com"),
        ("access-control-request-method", "PATCH"),
        (
            "access-control-request-headers",
            "authorization,content-type,x-device-id,x-sdk-version",
        ),
    ];
    let answer = desk
        .call(Method::OPTIONS, "/auth/v1/user/profile", &headers, "")
        .await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(
        answer.headers[header::ACCESS_CONTROL_ALLOW_METHODS]
            .to_str()
            .unwrap()
            .contains("PATCH")
    );
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_HEADERS], headers[2].1);
    assert!(
        !answer
            .headers
            .contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS)
    );
    let origin = [("origin", "https://shop.example.com")];
    let answer = desk.call(Method::GET, "/auth/v1/user/me", &origin, "").await;
    assert_eq!(
        answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN],
        "*",
        "errors can be read too"
    );
    let manage = desk
        .call(Method::OPTIONS, "/manage/v1/pools/default", &headers, "")
        .await;
    assert!(!manage.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}
