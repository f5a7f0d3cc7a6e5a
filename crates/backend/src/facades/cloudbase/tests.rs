//! The CloudBase facade against a whole backend and the sandbox.

mod accounts;
mod bad_input;
mod browsers;
mod providers;
mod strangers;

use crate::{
    facades::desk::{Desk, PAGE, parameter},
    testing::Answer,
};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

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
