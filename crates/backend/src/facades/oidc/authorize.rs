//! `GET|POST /oidc/{pool}/authorize`: the browser goes to WeChat, and comes back to the application with a code
//! (RFC 6749, 4.1; RFC 7636; RFC 9207).

use super::{
    NAME,
    client::{application, has_secret},
    discovery::SCOPES,
    fault::{Fault, Kind},
    page::{self, Choice},
    parameters::Parameters,
    rejected, via,
};
use crate::{
    App, Error,
    extract::Place,
    facades::{Call, redirect},
    login::{Arrived, Then, Which, begin_redirect, door},
    session::{issuer, says, token},
    store::{Application, AuthorizationCode},
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use url::{Host, Url, form_urlencoded};
use yaopai_domain::{ApplicationId, Connection, ConnectionKind, PoolId, Refusal, Rejected, Verdict};

/// A code is good for a minute: only a redirect lies between its making and its use.
const CODE_MILLIS: i64 = 60 * 1000;
/// A SHA-256 as base64url.
const CHALLENGE_CHARS: usize = 43;
/// `state` and `nonce` are kept while the browser is away.
const OPAQUE_MAX: usize = 2048;

/// What an application asked for, kept while the browser is away at WeChat.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    application: ApplicationId,
    redirect_uri: String,
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    code_challenge: Option<String>,
}

/// Handles the request.
pub(super) async fn handle(State(app): State<Arc<App>>, Place(pool): Place<String>, call: Call) -> Response {
    begin(&app, &pool, &call).await.unwrap_or_else(|fault| {
        let status = fault.clone().into_response().status();
        page::refused(&fault, status)
    })
}

/// An error means that the request may not be answered by a redirect: application and target are not known to belong
/// together.
async fn begin(app: &Arc<App>, pool: &str, call: &Call) -> Result<Response, Fault> {
    let pool = super::pool(app, pool).await?;
    let parameters = Parameters::of(call)?;
    let client = application(app, &pool, parameters.need("client_id")?)
        .await?
        .ok_or_else(|| Fault::request("client_id is no application of this pool"))?;
    let redirect_uri = parameters.need("redirect_uri")?;
    let Some(target) = target(&client, redirect_uri) else {
        rejected(app, &pool, call, Rejected::ForeignRedirect).await;
        return Err(Fault::request("redirect_uri is none of the application"));
    };
    let state = parameters.get("state");
    let response = match asked(app, &client, redirect_uri, &parameters).await {
        Ok(asked) => depart(app, &pool, &client, asked, &parameters, call).await,
        Err(fault) => {
            rejected(app, &pool, call, Rejected::BadRequest).await;
            Err(fault)
        }
    };
    Ok(response.unwrap_or_else(|fault| send_back(app, &pool, target, state, Err(&fault))))
}

/// Reads what an application asks for.
async fn asked(
    app: &App,
    client: &Application,
    redirect_uri: &str,
    parameters: &Parameters,
) -> Result<Asked, Fault> {
    for (name, kind) in [
        ("request", Kind::RequestNotSupported),
        ("request_uri", Kind::RequestUriNotSupported),
    ] {
        if parameters.get(name).is_some() {
            return Err(Fault::new(kind, "parameters go into the query or the form"));
        }
    }
    if parameters.need("response_type")? != "code" {
        return Err(Fault::new(
            Kind::UnsupportedResponseType,
            "response_type has to be code",
        ));
    }
    if parameters
        .get("response_mode")
        .is_some_and(|mode| mode != "query")
    {
        return Err(Fault::request("response_mode has to be query"));
    }
    if parameters
        .get("prompt")
        .is_some_and(|prompt| says(prompt, "none"))
    {
        // Nobody is remembered here: WeChat is asked every time.
        return Err(Fault::new(Kind::LoginRequired, "the person has to log in"));
    }
    for name in ["state", "nonce"] {
        if parameters.get(name).is_some_and(|text| text.len() > OPAQUE_MAX) {
            return Err(Fault::request(format!("{name} is too long")));
        }
    }
    let code_challenge = parameters.get("code_challenge");
    match (code_challenge, parameters.get("code_challenge_method")) {
        (Some(challenge), Some("S256")) => {
            let shaped = challenge.len() == CHALLENGE_CHARS
                && challenge
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if !shaped {
                return Err(Fault::request("code_challenge is no SHA-256 in base64url"));
            }
        }
        (Some(_), _) => return Err(Fault::request("code_challenge_method has to be S256")),
        (None, Some(_)) => return Err(Fault::request("code_challenge is missing")),
        (None, None) if has_secret(app, &client.id).await? => {}
        (None, None) => {
            return Err(Fault::request(
                "a client without a secret needs PKCE (code_challenge)",
            ));
        }
    }
    // Unknown words are left out; the token answer says what remained.
    let scope: Vec<&str> = SCOPES
        .into_iter()
        .filter(|word| says(parameters.get("scope").unwrap_or_default(), word))
        .collect();
    Ok(Asked {
        application: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        scope: scope.join(" "),
        state: parameters.get("state").map(str::to_owned),
        nonce: parameters.get("nonce").map(str::to_owned),
        code_challenge: code_challenge.map(str::to_owned),
    })
}

/// Sends the browser to WeChat, or lets the person choose by which connection.
async fn depart(
    app: &Arc<App>,
    pool: &PoolId,
    client: &Application,
    asked: Asked,
    parameters: &Parameters,
    call: &Call,
) -> Result<Response, Fault> {
    let named = parameters
        .get("connection")
        .or_else(|| parameters.get("kc_idp_hint"));
    let connections = app.store.connections(pool).await.map_err(Error::from)?;
    let inside_wechat = call
        .header(header::USER_AGENT.as_str())
        .is_some_and(|agent| agent.contains("MicroMessenger"));
    let offered = offered(connections, client, inside_wechat);
    let identifier = match (named, offered.as_slice()) {
        (Some(named), _) => named.to_owned(),
        (None, []) => {
            return Err(Fault::new(
                Kind::ServerError,
                "the application offers no connection that logs in by redirect",
            ));
        }
        (None, [only]) => only.identifier.clone(),
        (None, several) => return Ok(choose(app, pool, several, parameters)),
    };
    let door = match door(
        app,
        pool,
        Which::Identifier(&identifier),
        Some(client.id.clone()),
        via(call),
    )
    .await
    {
        Ok(door) => door,
        Err(Error::NotFound(_)) => return Err(Fault::request("the application offers no such connection")),
        Err(error) => return Err(error.into()),
    };
    if !door.connection.kind.redirects() {
        return Err(Fault::request("this connection does not log in by redirect"));
    }
    let memo = serde_json::to_value(asked).map_err(|_| Error::Internal("a memo could not be written"))?;
    let then = Then {
        facade: NAME.to_owned(),
        memo,
    };
    let away = begin_redirect(app, &door, then, &call.headers).await?;
    Ok(away.marking(app, go(&away.url)))
}

/// The connections by which a browser of this sort can log in: the page inside WeChat, a QR code elsewhere; whatever there
/// is if there is nothing that fits.
fn offered(connections: Vec<Connection>, client: &Application, inside_wechat: bool) -> Vec<Connection> {
    let best = if inside_wechat {
        ConnectionKind::WebpageAuthorization
    } else {
        ConnectionKind::Pc
    };
    let (fitting, others): (Vec<_>, Vec<_>) = connections
        .into_iter()
        .filter(|connection| {
            connection.enabled
                && connection.kind.redirects()
                && (client.connections.is_empty() || client.connections.contains(&connection.identifier))
        })
        .partition(|connection| connection.kind == best);
    if fitting.is_empty() { others } else { fitting }
}

/// The same request once more for each connection.
fn choose(app: &App, pool: &PoolId, connections: &[Connection], parameters: &Parameters) -> Response {
    let choices: Vec<Choice> = connections
        .iter()
        .map(|connection| {
            let query: String = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(parameters.all())
                .append_pair("connection", &connection.identifier)
                .finish();
            Choice {
                name: connection.display_name.clone(),
                address: format!("{}/authorize?{query}", issuer(app, pool)),
            }
        })
        .collect();
    page::choice(&choices)
}

/// Answers a browser that WeChat has sent back.
pub(crate) async fn came_back(app: Arc<App>, arrived: Arrived) -> Response {
    let pool = arrived.door.pool.clone();
    let asked: Option<Asked> = serde_json::from_value(arrived.then.memo.clone()).ok();
    let Some((asked, target)) = asked.and_then(|asked| {
        let target = Url::parse(&asked.redirect_uri).ok()?;
        Some((asked, target))
    }) else {
        return page::early(Error::Internal("a memo cannot be read"));
    };
    let outcome = conclude(&app, &pool, &asked, arrived).await;
    let outcome = outcome.as_deref();
    send_back(&app, &pool, target, asked.state.as_deref(), outcome)
}

/// Logs the person in and makes a code of it.
async fn conclude(app: &Arc<App>, pool: &PoolId, asked: &Asked, arrived: Arrived) -> Result<String, Fault> {
    let denied = |why: &str| Fault::new(Kind::AccessDenied, why);
    if !arrived.agreed {
        return Err(denied("the person did not agree"));
    }
    let attempt = arrived.attempt();
    let user = match arrived.log_in(app).await? {
        Verdict::LogIn { user_id, .. }
        | Verdict::Create {
            user_id: Some(user_id),
            ..
        } => user_id,
        Verdict::Refuse { refusal, .. } => {
            return Err(denied(match refusal {
                Refusal::LoginOnly => "nobody has this WeChat, and the connection makes no users",
                Refusal::SnapshotUser => "a visitor of a snapshot page cannot log in",
                Refusal::UserBlocked => "the account is blocked",
                Refusal::TwoUsers => "this WeChat belongs to two accounts",
            }));
        }
        Verdict::Create { user_id: None, .. } | Verdict::Fail { .. } => {
            return Err(Fault::new(
                Kind::TemporarilyUnavailable,
                "the login failed; an operator finds why in the attempts",
            ));
        }
    };
    let code = token::random(app.entropy.as_ref());
    let kept = AuthorizationCode {
        hash: token::hash(&code),
        pool: pool.clone(),
        application: asked.application.clone(),
        user,
        attempt: Some(attempt),
        redirect_uri: asked.redirect_uri.clone(),
        scope: asked.scope.clone(),
        nonce: asked.nonce.clone(),
        code_challenge: asked.code_challenge.clone(),
        expires_at: app.clock.now().plus_millis(CODE_MILLIS),
        session: None,
    };
    let added = app.store.add_authorization_code(kept).await;
    added.map_err(Error::from)?;
    Ok(code)
}

/// Sends the browser to the application, with a code or with what went wrong.
fn send_back(
    app: &App,
    pool: &PoolId,
    mut target: Url,
    state: Option<&str>,
    outcome: Result<&str, &Fault>,
) -> Response {
    {
        let mut query = target.query_pairs_mut();
        match outcome {
            Ok(code) => {
                query.append_pair("code", code);
            }
            Err(fault) => {
                query.append_pair("error", fault.kind.as_str());
                query.append_pair("error_description", &fault.description);
            }
        }
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &issuer(app, pool));
    }
    go(&target)
}

fn go(url: &Url) -> Response {
    let headers = [
        (header::LOCATION, url.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Where an application may send browsers. On a loopback address the port is free: a native app listens where it can
/// (RFC 8252, 7.3).
pub(super) fn target(application: &Application, uri: &str) -> Option<Url> {
    let entries = || application.redirect_urls.iter().map(Url::as_str);
    if let Some(url) = redirect::allowed(entries(), uri) {
        return Some(url);
    }
    let without_port = portless(uri)?;
    let entries: Vec<String> = entries().filter_map(portless).collect();
    redirect::allowed(entries.iter().map(String::as_str), &without_port)?;
    Url::parse(uri).ok()
}

/// An `http` address of this machine, given as an IP literal, without its port.
fn portless(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    let loopback = match url.host()? {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(_) => false,
    };
    if url.scheme() != "http" || !loopback {
        return None;
    }
    let host = url.host_str()?;
    // Only as it is written: nothing is brought into a normal form on the way.
    let rest = uri.strip_prefix("http://")?.strip_prefix(host)?;
    let rest = match rest.strip_prefix(':') {
        Some(port) => port.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then(|| format!("http://{host}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const LISTED: [&str; 3] = [
        "https://app.example.com/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:3000/cb?x=1",
    ];

    fn client() -> Application {
        Application {
            id: "app".parse().unwrap(),
            pool: PoolId::default(),
            name: "app".to_owned(),
            redirect_urls: LISTED.iter().map(|url| url.parse().unwrap()).collect(),
            connections: Vec::new(),
        }
    }

    #[rstest]
    #[case::itself("https://app.example.com/cb", true)]
    #[case::userinfo("https://user@app.example.com/cb", false)]
    #[case::userinfo_as_host("https://app.example.com@evil.example/cb", false)]
    #[case::case_of_host("https://APP.example.com/cb", false)]
    #[case::case_of_path("https://app.example.com/CB", false)]
    #[case::trailing_dot("https://app.example.com./cb", false)]
    #[case::trailing_slash("https://app.example.com/cb/", false)]
    #[case::encoded_path("https://app.example.com/%63b", false)]
    #[case::encoded_host("https://app%2eexample.com/cb", false)]
    #[case::dots("https://app.example.com/x/../cb", false)]
    #[case::backslash("https://app.example.com\\@evil.example/cb", false)]
    #[case::query("https://app.example.com/cb?x=1", false)]
    #[case::fragment("https://app.example.com/cb#x", false)]
    #[case::plain("http://app.example.com/cb", false)]
    #[case::port("https://app.example.com:8443/cb", false)]
    #[case::suffix("https://app.example.com.evil.example/cb", false)]
    #[case::other_scheme("javascript:alert(1)//https://app.example.com/cb", false)]
    #[case::relative("//app.example.com/cb", false)]
    #[case::whitespace(" https://app.example.com/cb", false)]
    #[case::newline("https://app.example.com/cb\n", false)]
    #[case::loopback("http://127.0.0.1/cb", true)]
    #[case::loopback_port("http://127.0.0.1:51234/cb", true)]
    #[case::loopback_path("http://127.0.0.1:51234/other", false)]
    #[case::loopback_tls("https://127.0.0.1:51234/cb", false)]
    #[case::loopback_name("http://localhost:51234/cb", false)]
    #[case::loopback_suffix("http://127.0.0.1.evil.example/cb", false)]
    #[case::loopback_userinfo("http://127.0.0.1:80@evil.example/cb", false)]
    #[case::loopback_short("http://127.1:51234/cb", false)]
    #[case::loopback_number("http://2130706433:51234/cb", false)]
    #[case::loopback_other("http://127.0.0.2:51234/cb", false)]
    #[case::six("http://[::1]:51234/cb?x=1", true)]
    #[case::six_no_port("http://[::1]/cb?x=1", true)]
    #[case::six_long("http://[0:0:0:0:0:0:0:1]:51234/cb?x=1", false)]
    #[case::six_mapped("http://[::ffff:127.0.0.1]:51234/cb", false)]
    fn a_browser_is_sent_only_where_the_application_said(#[case] uri: &str, #[case] allowed: bool) {
        let found = target(&client(), uri);
        assert_eq!(found.is_some(), allowed, "{uri}");
        if let Some(url) = found {
            assert_eq!(url.as_str(), uri, "sent where it asked");
        }
    }
}
