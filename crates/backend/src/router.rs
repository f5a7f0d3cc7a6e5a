//! All endpoints, and what every request passes through.

use crate::{
    App, Error,
    endpoint::Endpoint,
    facades::{self, Browsers, let_browsers_in},
    login, manage, observe, openapi, sync, verification,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, Request},
    middleware,
};
use std::{collections::HashMap, sync::Arc};
use tower_http::{
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

/// Bytes of a request body.
const BODY_LIMIT: usize = 1024 * 1024;
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Every endpoint there is.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![verification::endpoint()];
    endpoints.push(openapi::endpoint());
    endpoints.extend(observe::endpoints());
    endpoints.extend(manage::endpoints());
    endpoints.extend(sync::endpoints());
    endpoints.extend(login::endpoints());
    endpoints.extend(facades::endpoints());
    endpoints
}

/// The router of all endpoints.
pub(crate) fn router(app: Arc<App>) -> Router {
    let endpoints = endpoints();
    let browsers: HashMap<_, _> = endpoints
        .iter()
        .filter(|endpoint| endpoint.browsers != Browsers::Nobody)
        .map(|endpoint| (endpoint.path, endpoint.browsers))
        .collect();
    let browsers = middleware::from_fn_with_state((Arc::clone(&app), Arc::new(browsers)), let_browsers_in);
    endpoints
        .into_iter()
        .fold(Router::new(), |router, endpoint| endpoint.mount(router, &app))
        .fallback(async || Error::NotFound("address"))
        .method_not_allowed_fallback(async || Error::MethodNotAllowed)
        .layer(browsers)
        .layer(middleware::from_fn_with_state(Arc::clone(&app), observe::measure))
        .layer(middleware::from_fn(observe::name_request))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        // The path only: a query can hold codes.
        .layer(TraceLayer::new_for_http().make_span_with(|request: &Request<_>| {
            tracing::info_span!(
                "request",
                method = %request.method(),
                path = request.uri().path(),
                id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()),
            )
        }))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, Log, SECRET, draft};
    use axum::http::{Method, StatusCode, header};
    use serde_json::{Value, json};
    use std::collections::BTreeSet;
    use yaopai_domain::{Code, Problem, Role};

    const NOBODY: [bool; 3] = [false; 3];
    const EVERYBODY: [bool; 3] = [true; 3];
    const SUPPORT: [bool; 3] = [false, true, true];
    const ADMIN: [bool; 3] = [false, false, true];

    /// Whether viewer, support and admin may; `None`: no key is asked for.
    const RIGHTS: &[(&str, &str, Option<[bool; 3]>)] = &[
        ("GET", "/healthz", None),
        ("GET", "/readyz", None),
        ("GET", "/metrics", Some(EVERYBODY)),
        ("GET", "/openapi.json", None),
        ("GET", "/{name}", None),
        ("GET", "/manage/v1/pools/{pool}", Some(EVERYBODY)),
        ("GET", "/manage/v1/pools/{pool}/connections", Some(EVERYBODY)),
        ("POST", "/manage/v1/pools/{pool}/connections", Some(ADMIN)),
        ("GET", "/manage/v1/pools/{pool}/connections/{id}", Some(EVERYBODY)),
        ("PUT", "/manage/v1/pools/{pool}/connections/{id}", Some(ADMIN)),
        ("DELETE", "/manage/v1/pools/{pool}/connections/{id}", Some(ADMIN)),
        (
            "PUT",
            "/manage/v1/pools/{pool}/connections/{id}/enabled",
            Some(ADMIN),
        ),
        (
            "GET",
            "/manage/v1/pools/{pool}/connections/{id}/usage",
            Some(EVERYBODY),
        ),
        (
            "POST",
            "/manage/v1/pools/{pool}/connections/{id}/test-logins",
            Some(SUPPORT),
        ),
        ("GET", "/manage/v1/pools/{pool}/users", Some(EVERYBODY)),
        ("GET", "/manage/v1/pools/{pool}/users/{id}", Some(EVERYBODY)),
        ("POST", "/manage/v1/pools/{pool}/users", Some(SUPPORT)),
        ("PATCH", "/manage/v1/pools/{pool}/users/{id}", Some(SUPPORT)),
        ("DELETE", "/manage/v1/pools/{pool}/users/{id}", Some(ADMIN)),
        (
            "DELETE",
            "/manage/v1/pools/{pool}/users/{id}/identities/{identity}",
            Some(SUPPORT),
        ),
        ("GET", "/manage/v1/pools/{pool}/refused", Some(SUPPORT)),
        (
            "PUT",
            "/manage/v1/pools/{pool}/refused/{app_id}/{open_id}",
            Some(SUPPORT),
        ),
        (
            "DELETE",
            "/manage/v1/pools/{pool}/refused/{app_id}/{open_id}",
            Some(SUPPORT),
        ),
        ("GET", "/manage/v1/pools/{pool}/merges", Some(ADMIN)),
        ("POST", "/manage/v1/pools/{pool}/merges", Some(ADMIN)),
        ("POST", "/manage/v1/pools/{pool}/merges/preview", Some(ADMIN)),
        ("POST", "/manage/v1/pools/{pool}/merges/{id}/undo", Some(ADMIN)),
        ("GET", "/manage/v1/pools/{pool}/attempts", Some(EVERYBODY)),
        ("GET", "/manage/v1/pools/{pool}/attempts/{id}", Some(EVERYBODY)),
        ("DELETE", "/manage/v1/pools/{pool}/attempts/{id}", Some(SUPPORT)),
        (
            "GET",
            "/manage/v1/pools/{pool}/attempts/{id}/events",
            Some(EVERYBODY),
        ),
        ("GET", "/manage/v1/pools/{pool}/operators", Some(ADMIN)),
        ("POST", "/manage/v1/pools/{pool}/operators", Some(ADMIN)),
        ("PUT", "/manage/v1/pools/{pool}/operators/{id}", Some(ADMIN)),
        ("DELETE", "/manage/v1/pools/{pool}/operators/{id}", Some(ADMIN)),
        ("GET", "/manage/v1/pools/{pool}/access-keys", Some(ADMIN)),
        ("POST", "/manage/v1/pools/{pool}/access-keys", Some(ADMIN)),
        ("DELETE", "/manage/v1/pools/{pool}/access-keys/{id}", Some(ADMIN)),
        ("GET", "/manage/v1/pools/{pool}/authing-keys", Some(ADMIN)),
        ("DELETE", "/manage/v1/pools/{pool}/authing-keys/{id}", Some(ADMIN)),
        ("POST", "/manage/v1/pools/{pool}/keys/rotate", Some(ADMIN)),
        ("GET", "/manage/v1/pools/{pool}/applications", Some(EVERYBODY)),
        ("POST", "/manage/v1/pools/{pool}/applications", Some(ADMIN)),
        (
            "GET",
            "/manage/v1/pools/{pool}/applications/{id}",
            Some(EVERYBODY),
        ),
        ("PUT", "/manage/v1/pools/{pool}/applications/{id}", Some(ADMIN)),
        ("DELETE", "/manage/v1/pools/{pool}/applications/{id}", Some(ADMIN)),
        (
            "POST",
            "/manage/v1/pools/{pool}/applications/{id}/secrets",
            Some(ADMIN),
        ),
        (
            "DELETE",
            "/manage/v1/pools/{pool}/applications/{id}/secrets/{fingerprint}",
            Some(ADMIN),
        ),
        (
            "GET",
            "/manage/v1/pools/{pool}/platform-accounts",
            Some(EVERYBODY),
        ),
        ("POST", "/manage/v1/pools/{pool}/platform-accounts", Some(ADMIN)),
        (
            "PUT",
            "/manage/v1/pools/{pool}/platform-accounts/{id}",
            Some(ADMIN),
        ),
        ("GET", "/manage/v1/pools/{pool}/audit", Some(SUPPORT)),
        ("POST", "/sync/v1/pools/{pool}/load", Some(EVERYBODY)),
        ("POST", "/sync/v1/pools/{pool}/pull", Some(EVERYBODY)),
        // Edits that the role does not allow are rejected one by one.
        ("POST", "/sync/v1/pools/{pool}/push", Some(EVERYBODY)),
        ("GET", "/sync/v1/pools/{pool}/results", Some(EVERYBODY)),
        ("GET", "/sync/v1/pools/{pool}/events", Some(EVERYBODY)),
        ("GET", "/connections/social/{identifier}/callback", None),
        ("POST", "/login/v1/miniprogram/scan", None),
        ("POST", "/login/v1/app-launch/code", None),
        ("GET", "/connections/social/{identifier}/{pool}/events", None),
        ("POST", "/connections/social/{identifier}/{pool}/events", None),
        // OpenID Connect: applications prove themselves, people show their tokens.
        ("GET", "/oidc/{pool}/.well-known/openid-configuration", None),
        ("GET", "/oidc/{pool}/jwks", None),
        ("GET", "/oidc/{pool}/authorize", None),
        ("POST", "/oidc/{pool}/authorize", None),
        ("POST", "/oidc/{pool}/token", None),
        ("POST", "/oidc/token", None),
        ("POST", "/oidc/token/revocation", None),
        ("GET", "/oidc/{pool}/userinfo", None),
        ("POST", "/oidc/{pool}/userinfo", None),
        ("POST", "/oidc/{pool}/introspect", None),
        ("POST", "/oidc/{pool}/revoke", None),
        ("GET", "/oidc/{pool}/logout", None),
        ("POST", "/oidc/{pool}/logout", None),
        // CloudBase: tokens of people, not keys of operators.
        ("GET", "/auth/v1/provider/uri", None),
        ("GET", "/auth/v1/provider/begin", None),
        ("GET", "/auth/v1/provider/callback", None),
        ("POST", "/auth/v1/provider/token", None),
        ("PATCH", "/auth/v1/provider/token", None),
        ("POST", "/auth/v1/qrcode/generate", None),
        ("POST", "/auth/v1/qrcode/get/status", None),
        ("POST", "/auth/v1/signin/with/provider", None),
        ("POST", "/auth/v1/signin", None),
        ("POST", "/auth/v1/signup", None),
        ("POST", "/auth/v1/token", None),
        ("POST", "/auth/v1/revoke", None),
        ("POST", "/auth/v1/user/signout", None),
        ("DELETE", "/auth/v1/user/revoke/all", None),
        ("POST", "/auth/v1/verification", None),
        ("POST", "/auth/v1/verification/verify", None),
        ("GET", "/auth/v1/user/me", None),
        ("PATCH", "/auth/v1/user/profile", None),
        ("POST", "/auth/v1/user/basic/edit", None),
        ("POST", "/auth/v1/user/sudo", None),
        ("PATCH", "/auth/v1/user/password", None),
        ("PATCH", "/auth/v1/user/contact", None),
        ("POST", "/auth/v1/reset", None),
        ("GET", "/auth/v1/user/provider", None),
        ("POST", "/auth/v1/user/provider/bind", None),
        ("DELETE", "/auth/v1/user/provider/{id}", None),
        ("POST", "/auth/v2/signin/with/provider", None),
        ("POST", "/auth/v2/signin/username", None),
        ("POST", "/auth/v2/signin/publichkey", None),
        ("POST", "/auth/v2/token", None),
        ("GET", "/auth/v2/user/me", None),
        ("GET", "/auth/{*call}", None),
        ("POST", "/auth/{*call}", None),
        ("PATCH", "/auth/{*call}", None),
        ("DELETE", "/auth/{*call}", None),
        ("GET", "/api/wx/login", None),
        ("POST", "/api/wx/login", None),
        ("GET", "/api/wx/check", None),
        ("POST", "/api/wx/check", None),
        ("GET", "/api/wx/userinfo", None),
        ("POST", "/api/wx/userinfo", None),
        ("GET", "/api/wx/logout", None),
        ("POST", "/api/wx/logout", None),
        ("POST", "/api/v2/upload", None),
        ("POST", "/upload/qiniu", None),
        ("GET", "/uploads/{name}", None),
        ("POST", "/graphql", None),
        ("POST", "/oauth/wechatapp/auth/{pool}", None),
        ("POST", "/oauth/wechatapp/getphone/{pool}", None),
        ("POST", "/oauth/wechatapp/phone/{pool}", None),
        ("POST", "/oauth/wechatapp/decrypt/{pool}", None),
        ("GET", "/send_smscode/{phone}/{pool}", None),
        ("POST", "/graphql/v2", None),
        ("POST", "/connections/social/wechat-miniprogram/auth", None),
        (
            "POST",
            "/connections/social/wechat-miniprogram/auth-by-phone",
            None,
        ),
        ("POST", "/connections/social/wechat-miniprogram/getphone", None),
        ("POST", "/connections/social/wechat-miniprogram/bind", None),
        ("GET", "/api/v2/.well-known", None),
        ("GET", "/api/v2/logout", None),
        ("POST", "/api/v2/sms/send", None),
        ("POST", "/api/v2/login/email-code", None),
        ("POST", "/api/v2/register/email-code", None),
        ("POST", "/api/v2/qrcode/gene", None),
        ("GET", "/api/v2/qrcode/check", None),
        ("POST", "/api/v2/qrcode/userinfo", None),
        ("POST", "/api/v2/qrcode/scanned", None),
        ("POST", "/api/v2/qrcode/confirm", None),
        ("POST", "/api/v2/qrcode/cancel", None),
        ("GET", "/api/v2/qrcode/{name}", None),
        ("GET", "/oauth/wxapp/grant/", None),
        ("POST", "/oauth/wxapp/redirect", None),
        ("GET", "/oauth/wechatmp/url/{pool}", None),
        ("GET", "/connections/social/{identifier}", None),
        ("GET", "/api/v3/list-users", None),
        ("GET", "/api/v3/get-user", None),
        ("GET", "/api/v3/get-user-batch", None),
        ("GET", "/api/v3/get-custom-data", None),
        ("GET", "/api/v3/get-user-identities", None),
        ("GET", "/api/v3/list-ext-idp", None),
        ("GET", "/api/v3/get-ext-idp", None),
        ("GET", "/api/v3/ext-idp-conn-apps", None),
        ("GET", "/api/v3/get-user-login-history", None),
        ("GET", "/api/v3/get-custom-fields", None),
        ("GET", "/api/v3/list-custom-fields", None),
        ("GET", "/api/v3/list-applications", None),
        ("GET", "/api/v3/get-application", None),
        ("POST", "/api/v3/set-custom-fields", None),
        ("POST", "/api/v3/delete-custom-fields", None),
        ("POST", "/api/v3/list-users", None),
        ("POST", "/api/v3/create-user", None),
        ("POST", "/api/v3/create-users-batch", None),
        ("POST", "/api/v3/update-user", None),
        ("POST", "/api/v3/delete-users-batch", None),
        ("POST", "/api/v3/is-user-exists", None),
        ("POST", "/api/v3/kick-users", None),
        ("POST", "/api/v3/set-custom-data", None),
        ("POST", "/api/v3/link-identity", None),
        ("POST", "/api/v3/unlink-identity", None),
        ("POST", "/api/v3/create-ext-idp", None),
        ("POST", "/api/v3/update-ext-idp", None),
        ("POST", "/api/v3/delete-ext-idp", None),
        ("POST", "/api/v3/create-ext-idp-conn", None),
        ("POST", "/api/v3/update-ext-idp-conn", None),
        ("POST", "/api/v3/delete-ext-idp-conn", None),
        ("POST", "/api/v3/change-ext-idp-conn-state", None),
        ("POST", "/api/v3/signin-by-mobile", None),
        ("GET", "/api/v3/get-profile", None),
        ("POST", "/api/v3/update-profile", None),
        ("POST", "/api/v3/gene-qrcode", None),
        ("GET", "/api/v3/get-qrcode-status", None),
        ("GET", "/api/v3/check-qrcode-status", None),
        ("POST", "/api/v3/exchange-tokenset-with-qrcode-ticket", None),
        ("POST", "/api/v3/change-qrcode-status", None),
        ("POST", "/api/v3/set-qrcode-status", None),
        ("GET", "/api/v3/system", None),
        ("GET", "/api/v2/users/{id}", None),
        ("POST", "/api/v2/users/batch", None),
        ("POST", "/api/v2/users/kick", None),
        ("POST", "/api/v2/users/filter", None),
        ("POST", "/api/v2/users/identity/link", None),
        ("POST", "/api/v2/users/identity/unlink", None),
        ("GET", "/api/v2/extIdp", None),
        ("POST", "/api/v2/extIdp", None),
        ("GET", "/api/v2/extIdp/{id}", None),
        ("PUT", "/api/v2/extIdp/{id}", None),
        ("DELETE", "/api/v2/extIdp/{id}", None),
        ("POST", "/api/v2/extIdpConn", None),
        ("PUT", "/api/v2/extIdpConn/{id}", None),
        ("DELETE", "/api/v2/extIdpConn/{id}", None),
        ("PUT", "/api/v2/extIdpConn/{id}/state", None),
    ];

    #[test]
    fn every_endpoint_is_in_the_table_of_rights() {
        let mounted: BTreeSet<_> = endpoints()
            .iter()
            .map(|endpoint| (endpoint.method.to_string(), endpoint.path))
            .collect();
        let listed: BTreeSet<_> = RIGHTS
            .iter()
            .map(|(method, path, _)| ((*method).to_owned(), *path))
            .collect();
        assert_eq!(mounted, listed);
    }

    #[tokio::test]
    async fn every_endpoint_lets_in_exactly_whom_the_table_says() {
        let bench = Bench::new().await;
        for (method, path, rights) in RIGHTS {
            let method: Method = method.parse().unwrap();
            let in_a_pool = path.contains("{pool}");
            let path = path
                .replace("{pool}", "default")
                .replace("{id}", "00000000-0000-7000-8000-000000000000")
                .replace("{fingerprint}", "0123456789ab");
            let name = format!("{method} {path}");
            let keyless = bench.send(None, method.clone(), &path, "").await;
            // People's own tokens are asked for in other words.
            let asks = keyless
                .headers
                .get(header::CONTENT_TYPE)
                .is_some_and(|kind| kind == Problem::MEDIA_TYPE);
            assert_eq!(
                asks && keyless.status == StatusCode::UNAUTHORIZED,
                rights.is_some(),
                "{name} without a key"
            );
            let allowed = rights.unwrap_or(NOBODY);
            for (role, allowed) in [Role::Viewer, Role::Support, Role::Admin]
                .into_iter()
                .zip(allowed)
            {
                if rights.is_none() {
                    continue;
                }
                let answer = bench.ask(role, method.clone(), &path, Value::Null).await;
                assert_eq!(
                    answer.status != StatusCode::FORBIDDEN,
                    allowed,
                    "{name} as {role:?}: {answer:?}"
                );
                assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{name}");
            }
            if in_a_pool && rights.is_some() {
                let stranger = Some("the key of the stranger");
                let answer = bench.send(stranger, method.clone(), &path, "").await;
                assert_eq!(answer.code(), Code::NotFound, "{name} with a key of another pool");
            }
        }
    }

    #[tokio::test]
    async fn a_problem_names_the_request_it_is_about() {
        let bench = Bench::new().await;
        let answer = bench.send(None, Method::GET, "/nothing/here", "").await;
        let named = answer.headers["x-request-id"].to_str().unwrap();
        assert_eq!(answer.problem().request_id.as_deref(), Some(named));
        let request = Request::get("/manage/v1/pools/default").header("x-request-id", "ticket-7");
        let answer = bench.take(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.problem().request_id.as_deref(), Some("ticket-7"));
    }

    #[tokio::test]
    async fn things_of_another_pool_do_not_exist() {
        let bench = Bench::new().await;
        let id = bench.connect("pc").await;
        let stranger = Some("the key of the stranger");
        for (method, path) in [
            (Method::GET, format!("connections/{id}")),
            (Method::GET, format!("connections/{id}/usage")),
            (Method::PUT, format!("connections/{id}")),
            (Method::DELETE, format!("connections/{id}")),
        ] {
            let path = format!("/manage/v1/pools/other/{path}");
            let answer = bench.send(stranger, method, &path, draft("pc").to_string()).await;
            assert_eq!(answer.code(), Code::NotFound, "{path}");
        }
        let still = bench
            .manage(Method::GET, &format!("connections/{id}"), Value::Null)
            .await;
        assert_eq!(still.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn unknown_addresses_and_methods_are_problems_too() {
        let bench = Bench::new().await;
        let unknown = bench.send(None, Method::GET, "/nothing/here", "").await;
        assert_eq!(unknown.code(), Code::NotFound);
        let method = bench.send(None, Method::PATCH, "/healthz", "").await;
        assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(method.code(), Code::MalformedRequest);
    }

    #[tokio::test]
    async fn an_app_secret_never_comes_out_again() {
        let log = Log::listen();
        let bench = Bench::new().await;
        let created = bench.manage(Method::POST, "connections", draft("pc")).await;
        let id = created.json()["id"].as_str().unwrap().to_owned();
        let mut answers = vec![created];
        for (method, path, body) in [
            (Method::PUT, format!("connections/{id}"), draft("pc")),
            (
                Method::PUT,
                format!("connections/{id}"),
                json!({"app_secret": SECRET}),
            ),
            (
                Method::PUT,
                format!("connections/{id}/enabled"),
                json!({"enabled": false}),
            ),
            (Method::POST, "connections".to_owned(), draft("pc")),
            (
                Method::GET,
                format!("connections/{id}?secret={SECRET}"),
                Value::Null,
            ),
            (Method::GET, format!("connections/{id}/usage"), Value::Null),
            (Method::GET, "connections".to_owned(), Value::Null),
        ] {
            answers.push(bench.manage(method, &path, body).await);
        }
        let client = "00000000-0000-7000-8000-000000000001";
        let load = json!({"client_id": client, "parts": 1});
        let plan = bench
            .ask(Role::Viewer, Method::POST, "/sync/v1/pools/default/load", load)
            .await;
        let pull = json!({"client_id": client, "cursor": plan.json()["parts"][0], "limit": 10, "pages": 1});
        let page = bench
            .ask(Role::Viewer, Method::POST, "/sync/v1/pools/default/pull", pull)
            .await;
        assert!(page.text().contains(&id), "the connection is on the page");
        answers.extend([plan, page]);
        for answer in &answers {
            assert!(!answer.text().contains(SECRET), "{answer:?}");
        }
        assert!(
            log.text().contains("/manage/v1/pools/default/connections"),
            "requests are logged"
        );
        assert!(!log.text().contains(SECRET));

        let mut files = 0;
        for entry in std::fs::read_dir(bench.dir()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()),
                "{}",
                path.display()
            );
            files += 1;
        }
        assert!(files >= 2, "the database and its log were looked into");
    }
}
