//! Tests of facades: a backend whose requests are calls, the sandbox it talks to, and people with phones.

use crate::{
    Delivery, MailServer, SmsGateway,
    serve::gateway_client,
    session,
    testing::{Answer, Bench},
};
use aws_lc_rs::rsa::{Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::{collections::BTreeMap, ops::Deref, sync::Mutex};
use url::Url;
use yaopai_domain::PoolId;
use yaopai_sandbox::{AppKind, AppSheet, Config, Sandbox};
use zeroize::Zeroizing;

/// The page of the business.
pub(crate) const PAGE: &str = "http://127.0.0.1:9/login";
/// A page on a host that WeChat does not know.
pub(crate) const FAR_PAGE: &str = "http://localhost:9/login";

/// A backend, the sandbox it talks to, and people with phones.
pub(crate) struct Desk {
    pub(crate) bench: Bench,
    pub(crate) sandbox: Sandbox,
    http: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Deref for Desk {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

impl Desk {
    /// The pool `default` has a connection for each app of the sandbox: `wxapp`, `wxweb`, `pc`, and of the website too
    /// `pc-members` (login-only), `pc-disabled` and `pc-relay` (WeChat knows our host). The application `shop` offers all,
    /// `members` only `pc-members`.
    pub(crate) async fn open() -> Self {
        let sandbox = Sandbox::start(Config::default()).await.unwrap();
        let delivery = Delivery {
            sms: Some(SmsGateway {
                url: sandbox.url().join("sms").unwrap(),
                secret: Some(Zeroizing::new("gateway".to_owned())),
            }),
            mail: Some(
                MailServer::new(
                    &format!("smtp://{}", sandbox.smtp_address()),
                    "Codes <codes@example.com>",
                )
                .unwrap(),
            ),
        };
        let bench = Bench::beside(&sandbox.url(), delivery).await;
        let http = gateway_client(&sandbox.url()).unwrap();
        let desk = Self {
            bench,
            sandbox,
            http,
            cookies: Mutex::default(),
        };
        desk.furnish().await;
        desk
    }

    async fn furnish(&self) {
        let page = format!("callback_url = '{PAGE}'");
        for (identifier, kind, app, more) in [
            (
                "wxapp",
                "wechat:miniprogram:default",
                AppKind::MiniProgram,
                String::new(),
            ),
            (
                "wxweb",
                "wechat:webpage-authorization",
                AppKind::OfficialAccount,
                page.clone(),
            ),
            ("pc", "wechat:pc", AppKind::Website, page.clone()),
            (
                "pc-members",
                "wechat:pc",
                AppKind::Website,
                format!("{page}\nlogin_only = true"),
            ),
            (
                "pc-disabled",
                "wechat:pc",
                AppKind::Website,
                format!("{page}\nenabled = false"),
            ),
            ("pc-relay", "wechat:pc", AppKind::Website, String::new()),
        ] {
            let AppSheet {
                app_id, app_secret, ..
            } = self.app(app);
            // One after the other: which is the oldest matters.
            self.clock.turn(1000);
            let file = format!(
                "[[connection]]\nkind = '{kind}'\nidentifier = '{identifier}'\ndisplay_name = '{identifier}'\n\
                 app_id = '{app_id}'\napp_secret = '{app_secret}'\n{more}\n"
            );
            self.bootstrap(&file).await.unwrap();
        }
        let file = format!(
            "[[application]]\nid = 'shop'\nname = 'shop'\nredirect_urls = ['{PAGE}', '{FAR_PAGE}']\n\
             [[application]]\nid = 'members'\nname = 'members'\nredirect_urls = ['{PAGE}']\nconnections = ['pc-members']\n"
        );
        self.bootstrap(&file).await.unwrap();
    }

    /// The sandbox's app of this kind.
    pub(crate) fn app(&self, kind: AppKind) -> AppSheet {
        let mut apps = self.sandbox.apps().into_iter();
        apps.find(|app| app.kind == kind).unwrap()
    }

    /// From now on requests come from another browser.
    pub(crate) fn another_browser(&self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.cookies.lock().unwrap())
    }

    /// From now on requests come from the browser with these cookies.
    pub(crate) fn browser(&self, cookies: BTreeMap<String, String>) {
        *self.cookies.lock().unwrap() = cookies;
    }

    /// Sends a request with these headers and the cookies that answers have set.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<String> = self
            .cookies
            .lock()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let answer = self.take(request.body(body.into()).unwrap()).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Opens an address of ours in the browser.
    pub(crate) async fn browse(&self, url: &Url) -> Answer {
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        self.call(Method::GET, &path, &[], "").await
    }

    /// Turns something in the sandbox.
    pub(crate) async fn sandbox(&self, method: Method, path: &str, body: Value) -> Value {
        let url = self.sandbox.url().join(path).unwrap();
        let request = self.http.request(method, url);
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {text}");
        // Some answers say nothing.
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// What `wx.login` and `wx.getUserInfo` give in the mini program: `code`, `encryptedData`, `iv`, …
    pub(crate) async fn wx_login(&self, person: &str) -> Value {
        let app_id = self.app(AppKind::MiniProgram).app_id;
        let path = format!("sandbox/people/{person}/wx-login");
        self.sandbox(Method::POST, &path, json!({ "app_id": app_id }))
            .await
    }

    /// What the phone-number button gives: `code`, `encryptedData`, `iv`.
    pub(crate) async fn phone_code(&self, person: &str) -> Value {
        let app_id = self.app(AppKind::MiniProgram).app_id;
        let path = format!("sandbox/people/{person}/phone-code");
        self.sandbox(Method::POST, &path, json!({ "app_id": app_id }))
            .await
    }

    /// Opens an authorize link inside WeChat and allows it; where the browser is sent.
    pub(crate) async fn authorize(&self, url: &str, person: &str) -> Url {
        let path = format!("sandbox/people/{person}/authorize");
        let answer = self.sandbox(Method::POST, &path, json!({ "url": url })).await;
        answer["location"].as_str().unwrap().parse().unwrap()
    }

    /// Opens WeChat's QR page as a browser, scans and approves; where the browser is sent.
    pub(crate) async fn scan_page(&self, url: &str, person: &str) -> Url {
        let page = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let uuid = between(&page, "/connect/qrcode/", "\"").unwrap_or_else(|| panic!("no QR code: {page}"));
        let confirm = self
            .sandbox
            .url()
            .join(&format!("connect/confirm?uuid={uuid}"))
            .unwrap();
        let scan = json!({ "url": confirm, "person": person, "decision": "approve" });
        self.sandbox(Method::POST, "sandbox/scan", scan).await;
        let poll = self
            .sandbox
            .url()
            .join(&format!("connect/l/qrconnect?uuid={uuid}"))
            .unwrap();
        let poll = self.http.get(poll).send().await.unwrap().text().await.unwrap();
        let code = between(&poll, "wx_code='", "'").unwrap_or_else(|| panic!("no code: {poll}"));
        let asked: Url = url.parse().unwrap();
        let of = |name: &str| {
            asked
                .query_pairs()
                .find(|(key, _)| key == name)
                .unwrap()
                .1
                .into_owned()
        };
        let mut target: Url = of("redirect_uri").parse().unwrap();
        target
            .query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &of("state"));
        target
    }

    /// Scans a picture with a mini program's code, and agrees: the mini program tells its server, which is this one.
    pub(crate) async fn scan_in_mini_program(&self, picture: &[u8], person: &str) {
        let url: Url = read_code(picture).parse().unwrap();
        let scene = parameter(&url, "scene").unwrap();
        let code = self.wx_login(person).await["code"].clone();
        for report in [
            json!({ "scene": scene, "event": "scanned" }),
            json!({ "scene": scene, "event": "confirmed", "code": code }),
        ] {
            let headers = [("content-type", "application/json")];
            let path = "/login/v1/miniprogram/scan";
            let answer = self.call(Method::POST, path, &headers, report.to_string()).await;
            assert!(answer.status.is_success(), "{}", answer.text());
        }
    }

    /// The newest one-time code that was sent to a phone or mailbox.
    pub(crate) async fn one_time_code(&self, target: &str) -> String {
        let path = format!("otp/{}", target.replace('+', "%2B"));
        let answer = self.sandbox(Method::GET, &path, Value::Null).await;
        answer["code"].as_str().unwrap().to_owned()
    }

    /// A password as an SDK encrypts it with the public key of the pool `default`.
    pub(crate) async fn encrypted(&self, password: &str) -> String {
        let key = session::keys::encryption(&self.app, &PoolId::default()).await;
        let pem = key.unwrap().public_pem().unwrap();
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = PublicEncryptingKey::from_der(&BASE64_STANDARD.decode(text).unwrap()).unwrap();
        let key = Pkcs1PublicEncryptingKey::new(der).unwrap();
        let mut sealed = vec![0; key.ciphertext_size()];
        BASE64_STANDARD.encode(key.encrypt(password.as_bytes(), &mut sealed).unwrap())
    }

    /// How many users the pool `default` has.
    pub(crate) async fn users(&self) -> usize {
        let answer = self.manage(Method::GET, "users?limit=100", Value::Null).await;
        answer.json()["users"].as_array().unwrap().len()
    }

    /// The attempts of the pool `default`, newest first.
    pub(crate) async fn attempts(&self) -> Vec<Value> {
        let answer = self.manage(Method::GET, "attempts", Value::Null).await;
        answer.json()["attempts"].as_array().unwrap().clone()
    }
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let rest = text.split_once(before)?.1;
    Some(rest.split_once(after)?.0.to_owned())
}

/// What is drawn as a QR code.
pub(crate) fn read_code(picture: &[u8]) -> String {
    let picture = image::load_from_memory(picture).unwrap().to_luma8();
    let mut camera = rqrr::PreparedImage::prepare(picture);
    camera.detect_grids()[0].decode().unwrap().1
}

/// A query parameter of a URL.
pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
