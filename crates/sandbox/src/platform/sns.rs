//! `sns/*`: exchanging codes, refreshing and reading people.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde::Serialize;

use super::answer::{Family, Fine};
use super::{Errcode, Params, Platform, Shared};
use crate::shapes;
use crate::world::World;
use crate::world::apps::{AppKind, AppSheet};
use crate::world::codes::CodeFault;
use crate::world::people::{GREY_AVATAR, PersonTrait};
use crate::world::user_tokens::{ACCESS_SECONDS, UserToken, UserTokenFault};

/// `GET` with everything in the query is the documented way; `POST` with a filled query works as well.
fn check_method(method: &Method) -> Result<(), Errcode> {
    if method == Method::GET || method == Method::POST {
        Ok(())
    } else {
        Err(Errcode::GetRequired)
    }
}

/// The checks that every call with an AppSecret starts with, in the order of the simulator:
/// AppID missing, AppID unknown, secret missing, secret wrong, grant type.
pub(crate) fn check_app(
    world: &World,
    app_id: &str,
    secret: &str,
    grant_type: &str,
    expected_grant_type: &str,
) -> Result<AppSheet, Errcode> {
    let app = known_app(world, app_id)?;
    if secret.is_empty() {
        return Err(Errcode::AppsecretMissing);
    }
    if secret != app.app_secret {
        return Err(Errcode::InvalidAppsecret);
    }
    if grant_type != expected_grant_type {
        return Err(Errcode::InvalidGrantType);
    }
    Ok(app)
}

fn known_app(world: &World, app_id: &str) -> Result<AppSheet, Errcode> {
    if app_id.is_empty() {
        return Err(Errcode::AppidMissing);
    }
    world.app(app_id).cloned().ok_or(Errcode::InvalidAppid)
}

#[derive(Serialize)]
struct LoggedIn {
    session_key: String,
    openid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

/// `GET /sns/jscode2session`: a mini program's login code becomes OpenID and session key.
pub(crate) async fn jscode2session(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
) -> Response {
    Family::Sns.answer(
        &platform,
        check_method(&method).and_then(|()| logged_in(&platform, &params)),
    )
}

fn logged_in(platform: &Platform, params: &Params) -> Result<LoggedIn, Errcode> {
    let now = platform.now();
    let mut world = platform.world();
    let app = check_app(
        &world,
        params.get("appid"),
        params.get("secret"),
        params.get("grant_type"),
        "authorization_code",
    )?;
    let code = params.get("js_code");
    if code.is_empty() {
        return Err(Errcode::CodeMissing);
    }
    let grant = world
        .codes
        .exchange(code, AppKind::MiniProgram, &app.app_id, now)
        .map_err(|fault| match fault {
            CodeFault::Used => Errcode::CodeUsed,
            // Unlike sns/oauth2, this endpoint calls an old code invalid.
            CodeFault::Unknown | CodeFault::Expired => Errcode::InvalidCode,
        })?;
    let session_key = world
        .session_keys
        .current(grant.person.id, &app.app_id, now, &platform.entropy);
    Ok(LoggedIn {
        session_key,
        openid: shapes::openid(grant.person.id, &app.app_id),
        unionid: World::unionid(&app, grant.person),
    })
}

#[derive(Serialize)]
struct Tokens {
    access_token: String,
    expires_in: u64,
    refresh_token: String,
    openid: String,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

/// `GET /sns/oauth2/access_token`: the code of a web page becomes tokens.
pub(crate) async fn access_token(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    Family::Sns.answer(
        &platform,
        check_method(&method).and_then(|()| tokens(&platform, &params)),
    )
}

fn tokens(platform: &Platform, params: &Params) -> Result<Tokens, Errcode> {
    let now = platform.now();
    let mut world = platform.world();
    let app = check_app(
        &world,
        params.get("appid"),
        params.get("secret"),
        params.get("grant_type"),
        "authorization_code",
    )?;
    let code = params.get("code");
    if code.is_empty() {
        return Err(Errcode::CodeMissing);
    }
    // The code of a mini program is none here, whoever sends it.
    if app.kind == AppKind::MiniProgram {
        return Err(Errcode::InvalidCode);
    }
    let grant = world
        .codes
        .exchange(code, app.kind, &app.app_id, now)
        .map_err(|fault| match fault {
            CodeFault::Used => Errcode::CodeUsed,
            CodeFault::Unknown => Errcode::InvalidCode,
            CodeFault::Expired => Errcode::CodeExpired,
        })?;
    let pair = world
        .user_tokens
        .issue(&app.app_id, grant, now, &platform.entropy);
    let unionid = if may_read_profile(&pair) {
        World::unionid(&app, pair.grant.person)
    } else {
        None
    };
    Ok(Tokens {
        openid: openid_of(&pair),
        access_token: pair.access_token,
        expires_in: ACCESS_SECONDS,
        refresh_token: pair.refresh_token,
        scope: pair.grant.scope,
        unionid,
    })
}

fn openid_of(pair: &UserToken) -> String {
    shapes::openid(pair.grant.person.id, &pair.app_id)
}

/// `snsapi_base` tells the OpenID and nothing else.
fn may_read_profile(pair: &UserToken) -> bool {
    pair.grant.scope != "snsapi_base"
}

#[derive(Serialize)]
struct Refreshed {
    openid: String,
    access_token: String,
    expires_in: u64,
    refresh_token: String,
    scope: String,
}

/// `GET /sns/oauth2/refresh_token`: needs no secret; other key order than the exchange, and no UnionID.
pub(crate) async fn refresh_token(
    State(platform): State<Shared>,
    method: Method,
    params: Params,
) -> Response {
    Family::Sns.answer(
        &platform,
        check_method(&method).and_then(|()| refreshed(&platform, &params)),
    )
}

fn refreshed(platform: &Platform, params: &Params) -> Result<Refreshed, Errcode> {
    let now = platform.now();
    let mut world = platform.world();
    let app = known_app(&world, params.get("appid"))?;
    if params.get("grant_type") != "refresh_token" {
        return Err(Errcode::InvalidGrantType);
    }
    let refresh_token = params.get("refresh_token");
    if refresh_token.is_empty() {
        return Err(Errcode::RefreshTokenMissing);
    }
    let pair = world
        .user_tokens
        .refresh(&app.app_id, refresh_token, now, &platform.entropy)
        .map_err(|fault| match fault {
            UserTokenFault::Unknown => Errcode::InvalidRefreshToken,
            UserTokenFault::Expired => Errcode::RefreshTokenExpired,
        })?;
    // The list of an official account ends with a comma here; clients have to live with that.
    let scope = match pair.grant.scope.as_str() {
        "snsapi_userinfo" => "snsapi_base,snsapi_userinfo,".to_owned(),
        "snsapi_base" => "snsapi_base,".to_owned(),
        other => other.to_owned(),
    };
    Ok(Refreshed {
        openid: openid_of(&pair),
        access_token: pair.access_token,
        expires_in: ACCESS_SECONDS,
        refresh_token: pair.refresh_token,
        scope,
    })
}

/// The pair behind `access_token` and `openid`: checked in this order.
fn pair_of<'w>(world: &'w World, params: &Params, now: u64) -> Result<&'w UserToken, Errcode> {
    let access_token = params.get("access_token");
    if access_token.is_empty() {
        return Err(Errcode::AccessTokenMissing);
    }
    let openid = params.get("openid");
    if openid.is_empty() {
        return Err(Errcode::OpenidMissing);
    }
    if !shapes::is_token(access_token) || world.api_tokens.knows(access_token) {
        return Err(Errcode::InvalidAccessToken);
    }
    let pair = world
        .user_tokens
        .find(access_token, now)
        .map_err(|fault| match fault {
            UserTokenFault::Unknown => Errcode::InvalidCredential,
            UserTokenFault::Expired => Errcode::AccessTokenExpired,
        })?;
    if openid == openid_of(pair) {
        Ok(pair)
    } else {
        Err(Errcode::InvalidOpenid)
    }
}

/// `GET /sns/auth`: whether a token is good for an OpenID. One of the successes that carry an errcode.
pub(crate) async fn auth(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    let outcome = check_method(&method)
        .and_then(|()| pair_of(&platform.world(), &params, platform.now()).map(|_| Fine::OK));
    Family::Sns.answer(&platform, outcome)
}

#[derive(Serialize)]
struct Profile {
    openid: String,
    nickname: &'static str,
    sex: u8,
    language: &'static str,
    city: &'static str,
    province: &'static str,
    country: &'static str,
    headimgurl: String,
    privilege: [&'static str; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

/// `GET /sns/userinfo`: nickname and avatar. Sex and region have been empty since 2021-10-20.
pub(crate) async fn userinfo(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    match check_method(&method).and_then(|()| profile(&platform, &params)) {
        // WeChat escapes slashes in this answer; a slash never stands outside a string.
        Ok(profile) => Family::Sns.body(
            serde_json::to_string(&profile)
                .unwrap_or_default()
                .replace('/', "\\/"),
        ),
        Err(errcode) => Family::Sns.failure(&platform, errcode),
    }
}

fn profile(platform: &Platform, params: &Params) -> Result<Profile, Errcode> {
    let world = platform.world();
    let pair = pair_of(&world, params, platform.now())?;
    if !may_read_profile(pair) {
        return Err(Errcode::ApiUnauthorized);
    }
    let person = pair.grant.person;
    let app = known_app(&world, &pair.app_id)?;
    let headimgurl = if person.is(PersonTrait::AnonymousProfile) {
        GREY_AVATAR.to_owned()
    } else {
        platform.address(&crate::phone::avatar_path(person, 132), &[])
    };
    Ok(Profile {
        openid: openid_of(pair),
        nickname: person.nickname,
        sex: 0,
        language: "",
        city: "",
        province: "",
        country: "",
        headimgurl,
        privilege: [],
        unionid: World::unionid(&app, person),
    })
}
