//! `sns/*`: exchanging codes, refreshing and reading people.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde::Serialize;

use super::answer::{Family, Fine};
use super::bearer::read;
use super::{Errcode, Params, Platform, Shared};
use crate::shapes;
use crate::world::World;
use crate::world::apps::{AppKind, AppSheet};
use crate::world::codes::{CodeFault, Purpose};
use crate::world::people::{ANONYMOUS, GREY_AVATAR, PersonTrait};
use crate::world::user_tokens::{ACCESS_SECONDS, Revocation, UserToken, UserTokenFault};

/// The checks that every call with an AppSecret starts with, in the order of the simulator:
/// AppID missing, AppID unknown, secret missing, secret wrong, secret frozen, grant type.
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
    if app.secret_frozen {
        return Err(Errcode::AppsecretFrozen);
    }
    if grant_type != expected_grant_type {
        return Err(Errcode::InvalidGrantType);
    }
    Ok(app)
}

pub(crate) fn known_app(world: &World, app_id: &str) -> Result<AppSheet, Errcode> {
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
        read(&method).and_then(|()| logged_in(&platform, &params)),
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
    // Unlike sns/oauth2, this endpoint calls an old code invalid.
    let fault = |fault| match fault {
        CodeFault::Used => Errcode::CodeUsed,
        CodeFault::Unknown | CodeFault::Expired => Errcode::InvalidCode,
    };
    let purpose = Purpose::Login(AppKind::MiniProgram);
    let person = world
        .codes
        .look(code, purpose, &app.app_id, now)
        .map_err(fault)?
        .person
        .id
        .clone();
    world
        .quotas
        .take("/sns/jscode2session", &app.app_id, &person, now)?;
    let grant = world
        .codes
        .exchange(code, purpose, &app.app_id, now)
        .map_err(fault)?;
    let openid = world.meet(&grant.person, &app.app_id);
    let session_key =
        world
            .session_keys
            .current(&openid, app.session_key_kept_seconds, now, &platform.entropy);
    Ok(LoggedIn {
        session_key,
        openid,
        unionid: World::unionid(&app, &grant),
    })
}

#[derive(Serialize)]
struct Tokens {
    access_token: String,
    expires_in: u64,
    refresh_token: String,
    openid: String,
    scope: String,
    /// 1 for the virtual user of a snapshot page, absent for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_snapshotuser: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

/// `GET /sns/oauth2/access_token`: the code of a web page becomes tokens.
pub(crate) async fn access_token(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    Family::Sns.answer(&platform, read(&method).and_then(|()| tokens(&platform, &params)))
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
    world
        .quotas
        .take("/sns/oauth2/access_token", &app.app_id, "", now)?;
    let grant = world
        .codes
        .exchange(code, Purpose::Login(app.kind), &app.app_id, now)
        .map_err(|fault| match fault {
            CodeFault::Used => Errcode::CodeUsed,
            CodeFault::Unknown => Errcode::InvalidCode,
            CodeFault::Expired => Errcode::CodeExpired,
        })?;
    if !grant.snapshot {
        world.meet(&grant.person, &app.app_id);
    }
    let pair = world
        .user_tokens
        .issue(&app.app_id, grant, now, &platform.entropy);
    let unionid = if may_read_profile(&pair) {
        World::unionid(&app, &pair.grant)
    } else {
        None
    };
    Ok(Tokens {
        openid: pair.openid(),
        access_token: pair.access_token,
        expires_in: ACCESS_SECONDS,
        refresh_token: pair.refresh_token,
        is_snapshotuser: pair.grant.snapshot.then_some(1),
        scope: pair.grant.scope,
        unionid,
    })
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
        read(&method).and_then(|()| refreshed(&platform, &params)),
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
    world
        .quotas
        .take("/sns/oauth2/refresh_token", &app.app_id, "", now)?;
    let pair = world
        .user_tokens
        .refresh(&app.app_id, refresh_token, now, &platform.entropy)
        .map_err(|fault| match fault {
            UserTokenFault::Unknown => Errcode::InvalidRefreshToken,
            UserTokenFault::Expired => Errcode::RefreshTokenExpired,
            UserTokenFault::Revoked(why) => revoked(why),
        })?;
    // The list of an official account ends with a comma here; clients have to live with that.
    let scope = match pair.grant.scope.as_str() {
        "snsapi_userinfo" => "snsapi_base,snsapi_userinfo,".to_owned(),
        "snsapi_base" => "snsapi_base,".to_owned(),
        other => other.to_owned(),
    };
    Ok(Refreshed {
        openid: pair.openid(),
        access_token: pair.access_token,
        expires_in: ACCESS_SECONDS,
        refresh_token: pair.refresh_token,
        scope,
    })
}

fn revoked(why: Revocation) -> Errcode {
    match why {
        Revocation::PasswordChanged => Errcode::PasswordChanged,
        Revocation::Withdrawn => Errcode::UserUnauthorized,
    }
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
    if !shapes::is_token(access_token) || world.api_tokens.owner(access_token).is_some() {
        return Err(Errcode::InvalidAccessToken);
    }
    let pair = world
        .user_tokens
        .find(access_token, now)
        .map_err(|fault| match fault {
            UserTokenFault::Unknown => Errcode::InvalidCredential,
            UserTokenFault::Expired => Errcode::AccessTokenExpired,
            UserTokenFault::Revoked(why) => revoked(why),
        })?;
    if openid == pair.openid() {
        Ok(pair)
    } else {
        Err(Errcode::InvalidOpenid)
    }
}

/// `GET /sns/auth`: whether a token is good for an OpenID. One of the successes that carry an errcode.
pub(crate) async fn auth(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    let outcome =
        read(&method).and_then(|()| pair_of(&platform.world(), &params, platform.now()).map(|_| Fine::OK));
    Family::Sns.answer(&platform, outcome)
}

#[derive(Serialize)]
struct Profile {
    openid: String,
    nickname: String,
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
    match read(&method).and_then(|()| profile(&platform, &params)) {
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
    let now = platform.now();
    let mut world = platform.world();
    let pair = pair_of(&world, params, now)?.clone();
    if !may_read_profile(&pair) {
        return Err(Errcode::ApiUnauthorized);
    }
    world.quotas.take("/sns/userinfo", &pair.app_id, "", now)?;
    let app = known_app(&world, &pair.app_id)?;
    drop(world);
    let person = &pair.grant.person;
    let (nickname, headimgurl) = if pair.grant.snapshot || person.is(PersonTrait::AnonymousProfile) {
        (ANONYMOUS.to_owned(), GREY_AVATAR.to_owned())
    } else {
        let avatar = crate::phone::avatar_path(person, 132);
        (person.nickname.clone(), platform.address(&avatar, &[]))
    };
    Ok(Profile {
        openid: pair.openid(),
        nickname,
        sex: 0,
        language: "",
        city: "",
        province: "",
        country: "",
        headimgurl,
        privilege: [],
        unionid: World::unionid(&app, &pair.grant),
    })
}
