//! From WeChat's page to a provider token: `provider/uri`, our own callback, `provider/token`.

use super::{
    fault::{Fault, Word},
    sign_in::{spent, taken},
    visit::{FACADE, Visit},
};
use crate::{
    App, Error,
    account::{self, Proven, Refused},
    facades::{Call, redirect},
    login::{self, Door, Identified, Rejected, Via},
    store::{Application, ProviderRedirect, ProviderToken, SentBack, Told},
};
use axum::{
    extract::State,
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use url::Url;
use yaopai_domain::{Connection, ConnectionKind, UserId, WeChatPerson};
use yaopai_wechat::{LoginCode, PhoneCode, Scope};
use zeroize::Zeroizing;

/// Seconds that a provider token lives (CloudBase's documentation).
pub(super) const TOKEN_SECONDS: i64 = 3600;
/// Milliseconds in which a person comes back from WeChat's page.
const REDIRECT_MILLIS: i64 = 10 * 60 * 1000;
/// Path of our own address where a browser gets its mark before it goes to WeChat.
pub(super) const BEGIN_PATH: &str = "/auth/v1/provider/begin";
/// Path of our own callback.
pub(super) const CALLBACK_PATH: &str = "/auth/v1/provider/callback";

/// SHA-256 (hex) of a token or state that came in. Both are long and random, so the hash cannot be turned back.
pub(super) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// 256 random bits as 43 letters, digits, `-` and `_`.
fn secret(app: &App) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    app.entropy.fill(bytes.as_mut_slice());
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// `GET /auth/v1/provider/uri?provider_id&redirect_uri&state` → `{"uri": …}`: WeChat's page to send the browser to.
///
/// WeChat compares the host it sends the browser back to with the one registered for the AppID. If that is the host of the
/// business page, WeChat sends the browser there directly; otherwise to us, and we send it on, with WeChat's code. Then it
/// begins with us, too: a page asks for the address in the background, where a browser would not take our cookie.
pub(super) async fn uri(visit: &mut Visit) -> Result<Value, Fault> {
    let asked = |name: &str| visit.call.query(name).unwrap_or_default().to_owned();
    let (provider_id, target, state) = (asked("provider_id"), asked("redirect_uri"), asked("state"));
    let (pool, application) = visit.client().await?;
    let door = visit.door(&pool, application.as_ref(), &provider_id).await?;
    let target = allowed(&visit.app, &door, application.as_ref(), &target).await?;

    let ours = ours(&visit.app, CALLBACK_PATH)?;
    let registered = match door.connection.kind {
        ConnectionKind::Pc => door
            .connection
            .callback_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok()),
        ConnectionKind::WebpageAuthorization => None,
        _ => {
            return Err(Fault::new(
                Word::InvalidArgument,
                "this provider has no page: its app gives the code",
            )
            .rejected(Rejected::BadRequest));
        }
    };
    let registered = registered.as_ref().unwrap_or(&ours);
    let direct = registered.host() == target.host() && passes_wechat(&state);
    let uri = if direct {
        wechat_page(&visit.app, &door.connection, &target, &state)
    } else if registered.host() == ours.host() {
        relayed(&visit.app, &door, target, state).await?
    } else {
        return Err(foreign());
    };
    Ok(json!({ "uri": uri }))
}

/// WeChat's page of a connection that has one.
fn wechat_page(app: &App, connection: &Connection, redirect_uri: &Url, state: &str) -> Url {
    let app_id = &connection.app_id;
    match connection.kind {
        ConnectionKind::WebpageAuthorization => {
            app.wechat
                .authorize_url(app_id, redirect_uri, Scope::UserInfo, state)
        }
        _ => app.wechat.qrconnect_url(app_id, redirect_uri, state),
    }
}

/// Whether WeChat hands a `state` back as it is ("授权登录": at most 128 bytes; letters and digits are certain, and SDK
/// samples use `wx_open`).
fn passes_wechat(state: &str) -> bool {
    state.len() <= 128
        && state
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Keeps where the browser goes after our callback; our own address to begin at.
async fn relayed(app: &App, door: &Door, redirect_uri: Url, state: String) -> Result<Url, Fault> {
    let ticket = secret(app);
    let redirect = ProviderRedirect {
        pool: door.pool.clone(),
        connection: door.connection.id,
        redirect_uri,
        state,
        expires_at: app.clock.now().plus_millis(REDIRECT_MILLIS),
    };
    app.store.add_provider_redirect(hash(&ticket), redirect).await?;
    let mut begin = ours(app, BEGIN_PATH)?;
    begin.query_pairs_mut().append_pair("ticket", &ticket);
    Ok(begin)
}

fn ours(app: &App, path: &str) -> Result<Url, Error> {
    let url = app.public_url.join(path);
    url.map_err(|_| Error::Internal("our own address is no URL"))
}

/// The business page, if it is one that the application or the connection allows. An environment without an application
/// may use the pages of all its applications.
async fn allowed(
    app: &App,
    door: &Door,
    application: Option<&Application>,
    target: &str,
) -> Result<Url, Fault> {
    let pages = match application {
        Some(application) => application.redirect_urls.clone(),
        None => app.store.redirect_urls_of(&door.pool).await?,
    };
    let list = pages
        .iter()
        .map(Url::as_str)
        .chain(door.connection.callback_url.as_deref());
    redirect::allowed(list, target).ok_or_else(foreign)
}

fn foreign() -> Fault {
    let said = "provider_redirect_uri is none of the pages that may be returned to";
    Fault::new(Word::InvalidArgument, said).rejected(Rejected::ForeignRedirect)
}

/// `GET /auth/v1/provider/begin?ticket`: marks the browser and sends it to WeChat, once.
///
/// The `state` is made here and told to nobody but this browser: whoever asked for the ticket does not know it, so they
/// cannot have another browser begin and then come back with a code of theirs.
pub(super) async fn begin(State(app): State<Arc<App>>, call: Call) -> Response {
    match try_begin(&app, &call).await {
        Ok(response) => response,
        Err(error) => Fault::from(error).into_response(),
    }
}

async fn try_begin(app: &App, call: &Call) -> Result<Response, Error> {
    let (mut state, mark) = ([0; 16], login::Mark::give(app, &call.headers));
    app.entropy.fill(&mut state);
    let state = hex::encode(state);
    let ticket = hash(call.query("ticket").unwrap_or_default());
    let begun = if call.method == Method::GET {
        app.store
            .begin_provider_redirect(ticket, hash(&state), mark.hash())
            .await?
    } else {
        // Somebody who only asks for the head goes nowhere.
        None
    };
    let Some(redirect) = begun else {
        return lost(app, call).await;
    };
    let connection = app.store.connection(&redirect.pool, redirect.connection).await?;
    let Some(connection) = connection.filter(|connection| connection.enabled) else {
        let rejected = Rejected::Disabled;
        login::reject(app, &redirect.pool, None, &via(call), rejected).await;
        return Err(Error::ConnectionDisabled);
    };
    let page = wechat_page(app, &connection, &ours(app, CALLBACK_PATH)?, &state);
    let mut response = go(&page);
    mark.put_on(app, &mut response);
    Ok(response)
}

/// `GET /auth/v1/provider/callback?code&state`: WeChat sends the browser back, and we send it on to the page that asked.
pub(super) async fn callback(State(app): State<Arc<App>>, call: Call) -> Response {
    match try_callback(&app, &call).await {
        Ok(response) => response,
        Err(error) => Fault::from(error).into_response(),
    }
}

async fn try_callback(app: &App, call: &Call) -> Result<Response, Error> {
    if call.method != Method::GET {
        return lost(app, call).await;
    }
    let (state, code) = (call.query("state").unwrap_or_default(), call.query("code"));
    let marks = login::marks(app, &call.headers);
    let sent_back = app
        .store
        .take_provider_redirect(hash(state), marks, hash(code.unwrap_or_default()))
        .await?;
    let (redirect, answer) = match sent_back {
        None => return lost(app, call).await,
        Some(SentBack::On(redirect)) => {
            // WeChat leaves the code out if the person refused.
            let answer = code.map_or(("error", "access_denied"), |code| ("code", code));
            (redirect, answer)
        }
        Some(SentBack::OtherBrowser(redirect)) => {
            refuse(app, call, &redirect, Rejected::OtherBrowser).await?;
            (redirect, ("error", "other_browser"))
        }
        Some(SentBack::Replayed(redirect)) => {
            refuse(app, call, &redirect, Rejected::Replay).await?;
            (redirect, ("error", "replayed"))
        }
    };
    let mut target = redirect.redirect_uri;
    target
        .query_pairs_mut()
        .append_pair(answer.0, answer.1)
        .append_pair("state", &redirect.state);
    Ok(go(&target))
}

/// Keeps for operators why a browser that came back brings nothing.
async fn refuse(app: &App, call: &Call, redirect: &ProviderRedirect, why: Rejected) -> Result<(), Error> {
    let connection = app.store.connection(&redirect.pool, redirect.connection).await?;
    login::reject(app, &redirect.pool, connection.as_ref(), &via(call), why).await;
    Ok(())
}

/// Nothing is kept about this browser.
async fn lost(app: &App, call: &Call) -> Result<Response, Error> {
    login::reject_unknown_state(app, &via(call)).await?;
    let said = "this login has expired; go back to the page and begin again";
    Ok(Fault::new(Word::InvalidArgument, said).into_response())
}

fn via(call: &Call) -> Via {
    Via {
        facade: FACADE,
        client: call.client,
        request_id: call.request_id.clone(),
    }
}

fn go(url: &Url) -> Response {
    let mut response = Redirect::to(url.as_str()).into_response();
    // The address may hold a code: no page may learn it from the Referer.
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[derive(Deserialize)]
struct GrantRequest {
    #[serde(rename = "provider_id")]
    id: Option<String>,
    #[serde(rename = "provider_code")]
    code: Option<String>,
    #[serde(default, rename = "provider_params")]
    params: Params,
}

#[derive(Default, Deserialize)]
struct Params {
    appid: Option<String>,
    code: Option<String>,
    #[serde(rename = "encryptedData")]
    encrypted_data: Option<String>,
    iv: Option<String>,
}

/// `POST /auth/v1/provider/token`: exchanges WeChat's code for a provider token, once. `provider_redirect_uri` says nothing:
/// WeChat binds its code to no page (samples send `curpage`).
pub(super) async fn grant(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, application) = visit.client().await?;
    let asked: GrantRequest = visit.body()?;
    let params = asked.params;
    let provider_id = asked
        .id
        .or(params.appid)
        .ok_or_else(|| Fault::argument("provider_id is missing"))?;
    let door = visit.door(&pool, application.as_ref(), &provider_id).await?;
    let code = asked
        .code
        .or(params.code)
        .filter(|code| !code.is_empty())
        .ok_or_else(|| Fault::argument("provider_code is missing"))?;
    let identified = login::identify(&visit.app, &door, LoginCode::new(code)).await?;
    let (token, kept) = hand_out(visit, door, identified).await?;
    Ok(told(&token, TOKEN_SECONDS, &provider_id, &kept))
}

/// Makes a provider token of a person who came through a door.
pub(super) async fn hand_out(
    visit: &Visit,
    door: Door,
    identified: Identified,
) -> Result<(Zeroizing<String>, ProviderToken), Fault> {
    let token = secret(&visit.app);
    let kept = ProviderToken {
        pool: door.pool,
        connection: door.connection.id,
        application: door.application,
        attempt: identified.attempt,
        person: identified.person,
        snapshot_user: identified.snapshot_user,
        phone: None,
        expires_at: visit.app.clock.now().plus_millis(TOKEN_SECONDS * 1000),
    };
    visit
        .app
        .store
        .add_provider_token(hash(&token), kept.clone())
        .await?;
    Ok((token, kept))
}

#[derive(Deserialize)]
struct Enrich {
    #[serde(rename = "provider_token")]
    token: String,
    #[serde(rename = "provider_id")]
    id: Option<String>,
    #[serde(default, rename = "provider_params")]
    params: Params,
}

/// `PATCH /auth/v1/provider/token`: adds to a mini program's provider token the phone number behind a code of the phone
/// button, or what is in `encryptedData`. Who the person is stays what WeChat's server said (design rule 7).
pub(super) async fn enrich(visit: &mut Visit) -> Result<Value, Fault> {
    let (pool, _) = visit.client().await?;
    let asked: Enrich = visit.body()?;
    let (kept, door, _) = taken(visit, &pool, &asked.token).await?;
    let open_id = kept.person.open_id;
    let params = asked.params;
    let news = match (params.code, params.encrypted_data, params.iv) {
        (Some(code), _, _) => {
            let code = PhoneCode::new(code);
            let proven = login::phone_by_code(&visit.app, &door, Some(&open_id), code).await?;
            Some(Told::Phone(proven.number.e164()))
        }
        (None, Some(data), Some(iv)) => {
            let opened = login::open_data(&visit.app, &door, &open_id, &iv, &data).await?;
            if opened.phone().is_some() {
                let proven = login::phone_by_data(&visit.app, &door, &open_id, &iv, &data).await?;
                Some(Told::Phone(proven.number.e164()))
            } else {
                opened.profile().map(|profile| Told::Profile {
                    nickname: profile.nickname,
                    avatar_url: profile.avatar_url,
                })
            }
        }
        _ => {
            return Err(Fault::argument(
                "provider_params has neither a code nor encryptedData and iv",
            ));
        }
    };
    let (store, hash) = (&visit.app.store, hash(&asked.token));
    let kept = match news {
        Some(news) => store.enrich_provider_token(&pool, &hash, news).await?,
        // Data that says nothing adds nothing.
        None => store.provider_token(&pool, &hash, visit.app.clock.now()).await?,
    };
    let kept = kept.ok_or_else(spent)?;
    let left = kept.expires_at.millis_since(visit.app.clock.now()).max(0) / 1000;
    let provider_id = asked.id.unwrap_or(door.connection.app_id);
    Ok(told(&asked.token, left, &provider_id, &kept))
}

/// Gives the user the phone number that WeChat told with their provider token, unless they have one or it is another's.
pub(super) async fn keep_phone(visit: &Visit, kept: &ProviderToken, user: UserId) -> Result<(), Fault> {
    let Some(phone) = kept.phone.as_deref().and_then(|phone| phone.parse().ok()) else {
        return Ok(());
    };
    let person = account::person(&visit.app, &kept.pool, user).await?;
    if person.phone_proven {
        return Ok(());
    }
    match account::bind(&visit.app, &kept.pool, user, &Proven::by_wechat(phone)).await {
        Ok(()) | Err(Error::Account(Refused::Taken(_))) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A provider token as SDKs read it. The OpenID is not in it: nobody is signed in yet.
fn told(token: &str, expires_in: i64, provider_id: &str, kept: &ProviderToken) -> Value {
    let WeChatPerson {
        nickname,
        avatar_url,
        anonymous,
        ..
    } = &kept.person;
    let real = |value: &Option<String>| value.clone().filter(|_| !anonymous);
    json!({
        "provider_token": token,
        "expires_in": expires_in,
        "provider_profile": {
            "provider_id": provider_id,
            "name": real(nickname),
            "picture": real(avatar_url),
            "phone_number": kept.phone.as_deref().map(super::user::spaced),
        },
    })
}
