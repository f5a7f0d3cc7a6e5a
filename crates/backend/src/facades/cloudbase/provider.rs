//! From WeChat's page to a provider token: `provider/uri`, our own callback, `provider/token`.

use super::{
    fault::{Fault, Word},
    sign_in::taken,
    visit::Visit,
};
use crate::{
    App, Error,
    account::{self, Proven, Refused},
    facades::{Call, redirect},
    identity,
    login::{self, Door, Identified, Rejected, Via},
    store::{Application, ProviderRedirect, ProviderToken},
};
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use url::Url;
use yaopai_domain::{ConnectionKind, PoolId, UserId, WeChatPerson};
use yaopai_wechat::{LoginCode, PhoneCode, Scope};
use zeroize::Zeroizing;

/// Seconds that a provider token lives (CloudBase's documentation).
pub(super) const TOKEN_SECONDS: i64 = 3600;
/// Milliseconds in which a person comes back from WeChat's page.
const REDIRECT_MILLIS: i64 = 10 * 60 * 1000;
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
/// business page, WeChat sends the browser there directly; otherwise to us, and we send it on, with WeChat's code.
pub(super) async fn uri(visit: &mut Visit) -> Result<Value, Fault> {
    let asked = |name: &str| visit.call.query(name).unwrap_or_default().to_owned();
    let (provider_id, target, state) = (asked("provider_id"), asked("redirect_uri"), asked("state"));
    let (pool, application) = visit.client().await?;
    let door = visit.door(&pool, application.as_ref(), &provider_id).await?;
    let target = allowed(&visit.app, &door, application.as_ref(), &target).await?;

    let ours = visit
        .app
        .public_url
        .join(CALLBACK_PATH)
        .map_err(|_| Error::Internal("our callback is no URL"))?;
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
    let (redirect_uri, state) = if direct {
        (target, state)
    } else if registered.host() == ours.host() {
        (ours, relayed(&visit.app, pool, target, state).await?)
    } else {
        return Err(foreign());
    };
    let (app_id, wechat) = (&door.connection.app_id, &visit.app.wechat);
    let uri = match door.connection.kind {
        ConnectionKind::WebpageAuthorization => {
            wechat.authorize_url(app_id, &redirect_uri, Scope::UserInfo, &state)
        }
        _ => wechat.qrconnect_url(app_id, &redirect_uri, &state),
    };
    Ok(json!({ "uri": uri }))
}

/// Whether WeChat hands a `state` back as it is ("授权登录": at most 128 bytes; letters and digits are certain, and SDK
/// samples use `wx_open`).
fn passes_wechat(state: &str) -> bool {
    state.len() <= 128
        && state
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// Keeps where the browser goes after our callback; the `state` to give to WeChat.
async fn relayed(app: &App, pool: PoolId, redirect_uri: Url, state: String) -> Result<String, Fault> {
    let mut bytes = [0; 16];
    app.entropy.fill(&mut bytes);
    let nonce = hex::encode(bytes);
    let redirect = ProviderRedirect {
        pool,
        redirect_uri,
        state,
        expires_at: app.clock.now().plus_millis(REDIRECT_MILLIS),
    };
    app.store.add_provider_redirect(hash(&nonce), redirect).await?;
    Ok(nonce)
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

/// `GET /auth/v1/provider/callback?code&state`: WeChat sends the browser back, and we send it on to the page that asked.
pub(super) async fn callback(State(app): State<Arc<App>>, call: Call) -> Response {
    let state = call.query("state").unwrap_or_default();
    let found = app.store.provider_redirect(hash(state), app.clock.now()).await;
    let redirect = match found {
        Ok(Some(redirect)) => redirect,
        Ok(None) => {
            let via = Via {
                facade: "cloudbase",
                client: call.client,
                request_id: call.request_id.clone(),
            };
            if let Ok(Some(pool)) = app.store.only_pool().await {
                login::reject(&app, &pool, None, &via, Rejected::UnknownState).await;
            }
            let said = "this login has expired; go back to the page and begin again";
            return Fault::new(Word::InvalidArgument, said).into_response();
        }
        Err(error) => return Fault::from(error).into_response(),
    };
    let mut target = redirect.redirect_uri;
    {
        let mut query = target.query_pairs_mut();
        match call.query("code") {
            Some(code) => query.append_pair("code", code),
            // WeChat leaves the code out if the person refused.
            None => query.append_pair("error", "access_denied"),
        };
        query.append_pair("state", &redirect.state);
    }
    let mut response = Redirect::to(target.as_str()).into_response();
    // The address holds a code: no page may learn it from the Referer.
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
    let (mut kept, door, _) = taken(visit, &pool, &asked.token).await?;
    let open_id = kept.person.open_id.clone();
    let params = asked.params;
    match (params.code, params.encrypted_data, params.iv) {
        (Some(code), _, _) => {
            let code = PhoneCode::new(code);
            let proven = login::phone_by_code(&visit.app, &door, Some(&open_id), code).await?;
            kept.phone = Some(proven.number.e164());
        }
        (None, Some(data), Some(iv)) => {
            let opened = login::open_data(&visit.app, &door, &open_id, &iv, &data).await?;
            if opened.phone().is_some() {
                let proven = login::phone_by_data(&visit.app, &door, &open_id, &iv, &data).await?;
                kept.phone = Some(proven.number.e164());
            } else if let Some(told) = opened.profile() {
                let union_id = kept.person.union_id.take();
                kept.person = identity::person(open_id, union_id, told.nickname, told.avatar_url);
            }
        }
        _ => {
            return Err(Fault::argument(
                "provider_params has neither a code nor encryptedData and iv",
            ));
        }
    }
    let store = &visit.app.store;
    let hash = hash(&asked.token);
    store
        .change_provider_token(&hash, &kept.person, kept.phone.as_deref())
        .await?;
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
