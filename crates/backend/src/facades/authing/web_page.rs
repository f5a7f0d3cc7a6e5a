//! Logins of web pages: the page sends the browser here, and gets it back with `code`, `message` and `data` in its query.
//!
//! `data` holds a token, so the page it goes to is one that the application or the connection names, and nothing tells the
//! next page where the browser has been.

use super::{
    caller::{Caller, FACADE, SCOPE, begin, offers, portrait, user_of},
    user::Portrait,
    wire::{Fault, Rest},
};
use crate::{
    App,
    endpoint::{Endpoint, Needs},
    facades::{Call, redirect},
    login::{self, Arrived, Departure, Rejected, Then, Which},
    session::Grant,
};
use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use url::Url;
use yaopai_domain::ConnectionKind;

/// Where the browser goes with the outcome.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// To a page.
    Page(Url),
    /// Nowhere: the window was opened by a page of one of these origins, and tells it.
    Opener(Vec<String>),
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let anybody = Needs::Nothing;
    vec![
        Endpoint::get("/oauth/wechatmp/url/{pool}", anybody, of_pool).failing(Rest::early),
        Endpoint::get("/connections/social/{identifier}", anybody, of_connection).failing(Rest::early),
    ]
}

/// `GET /oauth/wechatmp/url/{pool}` (wxmp 1.0): the pool's web page connection, and the page that it names.
async fn of_pool(State(app): State<Arc<App>>, call: Call) -> Response {
    let pool = last_segment(&call);
    let caller = Caller::of(app, &call, Some(&pool));
    send(caller, Which::Kind(ConnectionKind::WebpageAuthorization), &call).await
}

/// `GET /connections/social/{identifier}?app_id&redirect_url` (wxmp 1.1 and later, `social.authorize`).
async fn of_connection(State(app): State<Arc<App>>, call: Call) -> Response {
    let named = last_segment(&call);
    let caller = Caller::of(app, &call, None);
    // The first version that knew connections named them by their kind.
    let which = match named.parse::<ConnectionKind>() {
        Ok(kind) => Which::Kind(kind),
        Err(_) => Which::Identifier(&named),
    };
    send(caller, which, &call).await
}

fn last_segment(call: &Call) -> String {
    let last = call.uri.path().rsplit('/').next().unwrap_or_default();
    percent_encoding::percent_decode_str(last)
        .decode_utf8_lossy()
        .into_owned()
}

async fn send(caller: Caller, which: Which<'_>, call: &Call) -> Response {
    match try_send(&caller, which, call).await {
        Ok(away) => away.marking(&caller.app, go_to(&away.url)),
        Err(fault) => Rest(Err(fault)).into_response(),
    }
}

async fn try_send(caller: &Caller, which: Which<'_>, call: &Call) -> Result<Departure, Fault> {
    let door = caller.door(which).await?;
    let (_, application) = caller.place().await?;
    let own = door.connection.callback_url.as_deref();
    let listed = application
        .iter()
        .flat_map(|application| &application.redirect_urls);
    let listed: Vec<&str> = listed.map(Url::as_str).chain(own).collect();
    let opened_by_page = matches!(call.query("from_guard"), Some("1" | "true"));
    let asked = call.query("redirect_url").or(call.query("redirectUrl"));
    let answer = match asked.filter(|url| !url.is_empty()).or(own) {
        _ if opened_by_page => Some(Answer::Opener(origins(&listed))),
        Some(target) => redirect::allowed(listed, target).map(Answer::Page),
        None => None,
    };
    let Some(answer) = answer else {
        caller
            .reject(&door.pool, Some(&door), Rejected::ForeignRedirect)
            .await;
        return Err(Fault::new(
            1104,
            "redirect_url 不在应用或身份源连接的回调地址列表中",
        ));
    };
    let memo =
        serde_json::to_value(answer).map_err(|_| crate::Error::Internal("a memo could not be written"))?;
    let then = Then {
        facade: FACADE.to_owned(),
        memo,
    };
    Ok(login::begin_redirect(&caller.app, &door, then, &call.headers).await?)
}

/// The origins of these pages; one with a `*` is none that a message could be sent to.
fn origins(pages: &[&str]) -> Vec<String> {
    let mut origins: Vec<String> = pages
        .iter()
        .filter_map(|page| Url::parse(page).ok())
        .map(|page| page.origin().ascii_serialization())
        .filter(|origin| !origin.contains('*'))
        .collect();
    origins.sort_unstable();
    origins.dedup();
    origins
}

/// WeChat has sent the browser back.
pub(in crate::facades) async fn came_back(app: Arc<App>, arrived: Arrived) -> Response {
    let Ok(answer) = serde_json::from_value::<Answer>(arrived.then.memo.clone()) else {
        return Rest(Err(Fault::new(500, "登录状态无法识别，请重新登录"))).into_response();
    };
    let outcome = log_in(&app, arrived).await;
    let (code, message, data) = match outcome {
        Ok(portrait) => (200, "登录成功".to_owned(), Some(said(&portrait))),
        Err(fault) => (fault.code, fault.message, None),
    };
    match answer {
        Answer::Page(mut url) => {
            url.query_pairs_mut()
                .append_pair("code", &code.to_string())
                .append_pair("message", &message);
            if let Some(data) = data {
                url.query_pairs_mut().append_pair("data", &data.to_string());
            }
            go_to(&url)
        }
        Answer::Opener(origins) => tell_opener(
            &origins,
            &json!({
                "code": code,
                "message": message,
                "data": data,
                "event": { "source": "authing", "eventType": "socialLogin" },
            }),
        ),
    }
}

async fn log_in(app: &Arc<App>, arrived: Arrived) -> Result<Portrait, Fault> {
    if !arrived.agreed {
        return Err(Fault::new(1105, "用户取消了授权"));
    }
    let (pool, application) = (arrived.door.pool.clone(), arrived.door.application.clone());
    if let Some(id) = &application {
        // It may have been deleted meanwhile.
        let application = app.store.application(id).await?;
        let offered = application.map(|application| application.connections);
        let offered = offered.ok_or_else(|| Fault::new(1001, "应用不存在"))?;
        if !offers(Some(&offered), &arrived.door.connection.identifier) {
            return Err(Fault::new(1100, "身份源连接不存在"));
        }
    }
    let user = user_of(&arrived.log_in(app).await?)?;
    let grant = Grant {
        application: application.as_ref(),
        scope: SCOPE,
        ..Grant::to(&pool, user)
    };
    let token = Some(begin(app, grant).await?);
    Ok(Portrait {
        token,
        ..portrait(app, &pool, user).await?
    })
}

/// The user for a URL: without what is not known, under the names of both generations.
fn said(portrait: &Portrait) -> Value {
    let mut user = Map::new();
    if let Value::Object(members) = portrait.v2() {
        user.extend(members.into_iter().filter(|(name, value)| {
            !value.is_null() && !matches!(name.as_str(), "identities" | "customData" | "registerSource")
        }));
    }
    user.insert("_id".to_owned(), json!(portrait.person.user.id));
    Value::Object(user)
}

const REFERRER_POLICY: (HeaderName, &str) = (header::REFERRER_POLICY, "no-referrer");
const NEVER_STORED: (HeaderName, &str) = (header::CACHE_CONTROL, "no-store");

fn go_to(url: &Url) -> Response {
    let location = (header::LOCATION, url.as_str());
    (
        StatusCode::FOUND,
        [location, (REFERRER_POLICY.0, REFERRER_POLICY.1), NEVER_STORED],
    )
        .into_response()
}

/// A page that tells the one that opened it, and nobody else.
fn tell_opener(origins: &[String], message: &Value) -> Response {
    // Inside a script `<` could end it.
    let json = |value: &Value| value.to_string().replace('<', "\\u003c");
    let script = format!(
        "const message = {}; for (const origin of {}) if (window.opener) window.opener.postMessage(message, origin); \
         window.close()",
        json(message),
        json(&json!(origins))
    );
    let hash = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        Sha256::digest(script.as_bytes()),
    );
    let policy = format!("default-src 'none'; script-src 'sha256-{hash}'; frame-ancestors 'none'");
    let page =
        format!("<!doctype html><meta charset=\"utf-8\"><title>微信登录</title><script>{script}</script>");
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        REFERRER_POLICY,
        NEVER_STORED,
    ];
    (headers, Html(page)).into_response()
}
