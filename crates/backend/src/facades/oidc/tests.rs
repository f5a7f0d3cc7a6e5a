//! The whole way of a person, from the application's link to its tokens, with WeChat's stand-in in between.

mod endpoints;

use crate::{
    facades::desk::{Desk, FAR_PAGE, PAGE, parameter},
    session::token,
    store::engine::values,
    testing::Answer,
};
use axum::http::{Method, StatusCode, header};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{DecodingKey, Validation, jwk::JwkSet};
use rstest::rstest;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use url::{Url, form_urlencoded};

pub(in crate::facades) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(in crate::facades) const SECRET: &str = "the secret of the members' application";
const PHONE: &str = "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.47 Language/zh_CN";

/// Parameters of a request, which a test changes.
#[derive(Clone)]
pub(in crate::facades) struct Form(BTreeMap<&'static str, String>);

impl Form {
    fn new(pairs: &[(&'static str, &str)]) -> Self {
        Self(
            pairs
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()))
                .collect(),
        )
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.insert(name, value.to_owned());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    fn text(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }
}

pub(in crate::facades) struct Shop {
    pub(in crate::facades) desk: Desk,
}

impl Shop {
    /// `shop` is a public client, `members` has a secret.
    pub(in crate::facades) async fn open() -> Self {
        let desk = Desk::open().await;
        desk.change(
            "INSERT INTO application_secret (application, secret_hash, created_at) VALUES ('members', $1, 0)",
            values![token::hash(SECRET)],
        )
        .await;
        Self { desk }
    }

    fn wish() -> Form {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        Form::new(&[
            ("client_id", "shop"),
            ("redirect_uri", PAGE),
            ("response_type", "code"),
            ("scope", "openid profile unknown"),
            ("state", "st&te"),
            ("nonce", "n0nce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("connection", "pc-relay"),
        ])
    }

    pub(in crate::facades) fn redemption(code: &str) -> Form {
        Form::new(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", PAGE),
            ("client_id", "shop"),
            ("code_verifier", VERIFIER),
        ])
    }

    async fn authorize(&self, wish: &Form, agent: &str) -> Answer {
        let path = format!("/oidc/default/authorize?{}", wish.text());
        self.desk
            .call(Method::GET, &path, &[("user-agent", agent)], "")
            .await
    }

    async fn post(&self, path: &str, form: &Form, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers);
        let path = format!("/oidc/default/{path}");
        self.desk.call(Method::POST, &path, &all, form.text()).await
    }

    pub(in crate::facades) async fn token(&self, form: &Form) -> Answer {
        self.post("token", form, &[]).await
    }

    async fn user_info(&self, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        self.desk
            .call(Method::GET, "/oidc/default/userinfo", &headers, "")
            .await
    }

    /// Logs a person in; where the browser ends.
    async fn log_in(&self, wish: &Form, person: &str) -> Url {
        let away = self.authorize(wish, "Firefox").await;
        let back = self.desk.scan_page(away_to(&away).as_str(), person).await;
        self.return_to(&back).await
    }

    async fn return_to(&self, back: &Url) -> Url {
        away_to(&self.desk.browse(back).await)
    }

    /// Why the newest attempt never became a login.
    async fn rejected(&self) -> String {
        let attempts = self.desk.attempts().await;
        // Of the same moment the order is by chance.
        let newest = attempts
            .iter()
            .find(|attempt| attempt["verdict"]["failure"]["why"].is_string())
            .unwrap_or_else(|| panic!("nothing was rejected: {attempts:?}"));
        assert_eq!(newest["via"]["facade"], "oidc", "{newest}");
        text(&newest["verdict"]["failure"], "why").to_owned()
    }

    pub(in crate::facades) async fn code(&self) -> String {
        let end = self.log_in(&Self::wish(), "chen-mo").await;
        parameter(&end, "code").unwrap_or_else(|| panic!("no code: {end}"))
    }

    async fn tokens(&self) -> Value {
        let answer = self.token(&Self::redemption(&self.code().await)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }
}

fn away_to(answer: &Answer) -> Url {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
    let target = answer.headers[header::LOCATION].to_str().unwrap();
    target.parse().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name}: {value}"))
}

#[track_caller]
fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(text(&answer.json(), "error"), error);
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn a_person_logs_in_and_any_resource_server_can_check_it() {
    let shop = Shop::open().await;
    let end = shop.log_in(&Shop::wish(), "chen-mo").await;
    assert!(end.as_str().starts_with(PAGE));
    assert_eq!(parameter(&end, "state").unwrap(), "st&te");
    let document = shop
        .desk
        .call(
            Method::GET,
            "/oidc/default/.well-known/openid-configuration",
            &[],
            "",
        )
        .await
        .json();
    assert_eq!(parameter(&end, "iss").unwrap(), text(&document, "issuer"));

    let code = parameter(&end, "code").unwrap();
    let tokens = shop.token(&Shop::redemption(&code)).await.json();
    assert_eq!(text(&tokens, "token_type"), "Bearer");
    assert_eq!(text(&tokens, "scope"), "openid profile");

    let jwks = text(&document, "jwks_uri").parse::<Url>().unwrap();
    let jwks = shop.desk.call(Method::GET, jwks.path(), &[], "").await.json();
    let jwks: JwkSet = serde_json::from_value(jwks).unwrap();
    let mut subjects = Vec::new();
    for name in ["access_token", "id_token"] {
        let token = text(&tokens, name);
        let header = jsonwebtoken::decode_header(token).unwrap();
        let key = DecodingKey::from_jwk(jwks.find(&header.kid.unwrap()).unwrap()).unwrap();
        let mut rules = Validation::new(header.alg);
        rules.set_audience(&["shop"]);
        rules.set_issuer(&[text(&document, "issuer")]);
        // The clock of these tests is not the world's.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Value>(token, &key, &rules).unwrap().claims;
        subjects.push(text(&claims, "sub").to_owned());
        if name == "id_token" {
            assert_eq!(text(&claims, "nonce"), "n0nce");
        }
    }
    let info = shop.user_info(text(&tokens, "access_token")).await.json();
    subjects.push(text(&info, "sub").to_owned());
    assert!(subjects.windows(2).all(|two| two[0] == two[1]));
    assert!(info["nickname"].is_string(), "{info}");
    assert!(info.get("phone_number").is_none(), "not in the scope");

    let refresh = Form::new(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("client_id", "shop"),
    ]);
    refused(
        &shop.token(&refresh.clone().with("scope", "openid email")).await,
        400,
        "invalid_scope",
    );
    let next = shop.token(&refresh).await.json();
    assert!(
        shop.user_info(text(&next, "access_token"))
            .await
            .status
            .is_success()
    );
    assert_eq!(shop.desk.users().await, 1);
}

#[tokio::test]
async fn inside_wechat_a_person_goes_to_the_web_page() {
    let shop = Shop::open().await;
    let wish = Shop::wish().without("connection");
    let away = away_to(&shop.authorize(&wish, PHONE).await);
    assert!(away.path().ends_with("/oauth2/authorize"), "{away}");
    let back = shop.desk.authorize(away.as_str(), "chen-mo").await;
    let end = shop.return_to(&back).await;
    assert!(parameter(&end, "code").is_some(), "{end}");
}

#[tokio::test]
async fn with_several_connections_the_person_chooses() {
    let shop = Shop::open().await;
    let page = shop
        .authorize(&Shop::wish().without("connection"), "Firefox")
        .await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"));
    let html = page.text();
    let links: Vec<_> = html.match_indices("connection=").collect();
    assert_eq!(
        links.len(),
        3,
        "pc, pc-members and pc-relay; not the closed one: {html}"
    );
    assert!(!html.contains("<script") && !html.contains("pc-disabled"));
}

#[rstest]
#[case::second_use(|form: Form| form, "used")]
#[case::no_verifier(|form: Form| form.without("code_verifier"), "fresh")]
#[case::other_verifier(|form: Form| form.with("code_verifier", &"x".repeat(43)), "fresh")]
#[case::short_verifier(|form: Form| form.with("code_verifier", "x"), "fresh")]
#[case::other_target(|form: Form| form.with("redirect_uri", FAR_PAGE), "fresh")]
#[case::other_client(
    |form: Form| form.with("client_id", "members").with("client_secret", SECRET),
    "fresh"
)]
#[case::other_code(|form: Form| form.with("code", "nonsense"), "fresh")]
#[case::too_late(|form: Form| form, "late")]
#[tokio::test]
async fn a_code_that_does_not_fit_is_refused(#[case] change: fn(Form) -> Form, #[case] state: &str) {
    let shop = Shop::open().await;
    let form = Shop::redemption(&shop.code().await);
    let first = match state {
        "used" => Some(shop.token(&form).await.json()),
        "late" => {
            shop.desk.clock.turn(60_000);
            None
        }
        _ => None,
    };
    refused(&shop.token(&change(form.clone())).await, 400, "invalid_grant");
    if state == "used" {
        assert_eq!(shop.rejected().await, "replay");
    }
    match first {
        // Whoever used it first may be the thief: that session is over, too.
        Some(first) => {
            let token = text(&first, "access_token");
            refused(&shop.user_info(token).await, 401, "invalid_token");
        }
        None if state == "fresh" => assert!(shop.token(&form).await.status.is_success()),
        None => {}
    }
}

#[tokio::test]
async fn of_many_who_use_a_code_at_once_one_gets_tokens_and_loses_them() {
    let shop = Shop::open().await;
    let form = Shop::redemption(&shop.code().await);
    let answers = futures_util::future::join_all((0..8).map(|_| shop.token(&form))).await;
    let served: Vec<_> = answers.iter().filter(|one| one.status.is_success()).collect();
    assert_eq!(served.len(), 1);
    let token = served[0].json();
    refused(
        &shop.user_info(text(&token, "access_token")).await,
        401,
        "invalid_token",
    );
}

/// Refused with a page: nobody knows whether the target is the application's.
#[rstest]
#[case::unknown_client(|wish: Form| wish.with("client_id", "nobody"))]
#[case::no_client(|wish: Form| wish.without("client_id"))]
#[case::foreign_target(|wish: Form| wish.with("redirect_uri", "https://evil.example/"))]
#[case::no_target(|wish: Form| wish.without("redirect_uri"))]
#[tokio::test]
async fn an_unsafe_request_is_not_sent_anywhere(#[case] change: fn(Form) -> Form) {
    let shop = Shop::open().await;
    let answer = shop.authorize(&change(Shop::wish()), "Firefox").await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(!answer.headers.contains_key(header::LOCATION));
    assert!(answer.text().contains("invalid_request"));
    if answer.text().contains("none of the application") {
        assert_eq!(shop.rejected().await, "foreign_redirect");
    }
}

#[rstest]
#[case::implicit(|wish: Form| wish.with("response_type", "token"), "unsupported_response_type")]
#[case::fragment(|wish: Form| wish.with("response_mode", "fragment"), "invalid_request")]
#[case::no_pkce(
    |wish: Form| wish.without("code_challenge").without("code_challenge_method"),
    "invalid_request"
)]
#[case::plain_pkce(|wish: Form| wish.with("code_challenge_method", "plain"), "invalid_request")]
#[case::odd_pkce(|wish: Form| wish.with("code_challenge", "short"), "invalid_request")]
#[case::silent(|wish: Form| wish.with("prompt", "none"), "login_required")]
#[case::request(|wish: Form| wish.with("request", "e30"), "request_not_supported")]
#[case::unknown_connection(|wish: Form| wish.with("connection", "nowhere"), "invalid_request")]
#[case::disabled(|wish: Form| wish.with("connection", "pc-disabled"), "access_denied")]
#[case::no_redirect(|wish: Form| wish.with("connection", "wxapp"), "invalid_request")]
#[tokio::test]
async fn the_application_is_told_what_is_wrong(#[case] change: fn(Form) -> Form, #[case] error: &str) {
    let shop = Shop::open().await;
    let end = away_to(&shop.authorize(&change(Shop::wish()), "Firefox").await);
    assert!(end.as_str().starts_with(PAGE), "{end}");
    assert_eq!(parameter(&end, "error").unwrap(), error);
    assert_eq!(parameter(&end, "state").unwrap(), "st&te");
    assert!(parameter(&end, "iss").is_some() && parameter(&end, "code").is_none());
}

#[tokio::test]
async fn a_person_whom_login_only_refuses_is_denied() {
    let shop = Shop::open().await;
    let wish = Shop::wish().with("connection", "pc-members");
    // WeChat knows this connection's page only on the business's host, so the relay of the other one is taken.
    shop.desk
        .change(
            "UPDATE connection SET login_only = 1, callback_url = NULL WHERE identifier = 'pc-members'",
            values![],
        )
        .await;
    let end = shop.log_in(&wish, "chen-mo").await;
    assert_eq!(parameter(&end, "error").unwrap(), "access_denied");
    assert_eq!(shop.desk.users().await, 0);
}

#[tokio::test]
async fn a_client_proves_itself_in_two_ways_and_not_at_once() {
    let shop = Shop::open().await;
    let basic = |secret: &str| {
        let secret: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        format!("Basic {}", BASE64_STANDARD.encode(format!("members:{secret}")))
    };
    let ask = Form::new(&[("grant_type", "refresh_token"), ("refresh_token", "none")]);
    let by_form = ask.clone().with("client_id", "members");
    // Proven: the grant is what is wrong now.
    refused(
        &shop.token(&by_form.clone().with("client_secret", SECRET)).await,
        400,
        "invalid_grant",
    );
    let good = basic(SECRET);
    let good = [("authorization", good.as_str())];
    refused(&shop.post("token", &ask, &good).await, 400, "invalid_grant");

    refused(&shop.token(&by_form).await, 401, "invalid_client");
    refused(
        &shop.token(&by_form.clone().with("client_secret", "wrong")).await,
        401,
        "invalid_client",
    );
    refused(
        &shop.token(&ask.clone().with("client_id", "nobody")).await,
        401,
        "invalid_client",
    );
    refused(&shop.token(&ask).await, 401, "invalid_client");
    refused(
        &shop
            .token(&ask.clone().with("client_id", "shop").with("client_secret", "x"))
            .await,
        401,
        "invalid_client",
    );
    let bad = basic("wrong");
    let answer = shop.post("token", &ask, &[("authorization", bad.as_str())]).await;
    refused(&answer, 401, "invalid_client");
    assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
    let both = ask.clone().with("client_secret", SECRET);
    refused(&shop.post("token", &both, &good).await, 400, "invalid_request");
}

#[rstest]
#[case::unknown_grant("grant_type=password&client_id=shop", "unsupported_grant_type")]
#[case::no_grant("client_id=shop", "invalid_request")]
#[case::no_code("grant_type=authorization_code&client_id=shop", "invalid_request")]
#[case::twice(
    "grant_type=refresh_token&grant_type=password&client_id=shop",
    "invalid_request"
)]
#[tokio::test]
async fn a_malformed_token_request_is_told_so(#[case] body: &'static str, #[case] error: &str) {
    let desk = Desk::open().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = desk.call(Method::POST, "/oidc/default/token", &form, body).await;
    refused(&answer, 400, error);
    let json = [("content-type", "application/json")];
    let answer = desk.call(Method::POST, "/oidc/default/token", &json, "{}").await;
    refused(&answer, 400, "invalid_request");
    let answer = desk.call(Method::POST, "/oidc/nowhere/token", &form, body).await;
    refused(&answer, 404, "invalid_request");
}

#[tokio::test]
async fn a_callback_that_another_browser_opens_gives_no_code() {
    let shop = Shop::open().await;
    let away = shop.authorize(&Shop::wish(), "Firefox").await;
    let cookie = away.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let back = shop.desk.scan_page(away_to(&away).as_str(), "chen-mo").await;
    let own = shop.desk.another_browser();
    let refused = shop.return_to(&back).await;
    assert_eq!(parameter(&refused, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&refused, "code"), None);
    assert_eq!(shop.desk.users().await, 0);
    shop.desk.browser(own);
    assert!(parameter(&shop.return_to(&back).await, "code").is_some());
}
