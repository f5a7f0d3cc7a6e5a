//! `/sandbox/people`: what somebody does with the phone, without a screen.

use std::sync::Arc;

use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::fault::{Order, ScriptFault};
use crate::phone::{Decision, avatar_path, follow as following};
use crate::platform::wxa::phone::{PAID, PhoneInfo};
use crate::platform::{Authorize, Params, Platform, Shared, native_callback};
use crate::world::World;
use crate::world::apps::{AppKind, AppSheet};
use crate::world::codes::{Grant, Purpose};
use crate::world::people::{self, ANONYMOUS, EVERYONE, GREY_AVATAR, Person, PersonSheet, PersonTrait};
use crate::world::pushes::Push;
use crate::world::user_tokens::Revocation;
use crate::{ciphers, shapes};

fn somebody(id: &str) -> Result<Arc<Person>, ScriptFault> {
    people::find(id).ok_or(ScriptFault::PersonUnknown)
}

fn app_of(platform: &Platform, app_id: &str, kind: AppKind) -> Result<AppSheet, ScriptFault> {
    platform
        .world()
        .app_of_kind(app_id, kind)
        .cloned()
        .ok_or(ScriptFault::AppKind)
}

/// `GET /sandbox/people`: everyone with a name.
pub(super) async fn everyone() -> Json<Vec<PersonSheet>> {
    Json(
        EVERYONE
            .iter()
            .map(|person| PersonSheet::from(&**person))
            .collect(),
    )
}

/// `GET /sandbox/people/{id}`: also for visitors.
pub(super) async fn show(Path(id): Path<String>) -> Result<Json<PersonSheet>, ScriptFault> {
    Ok(Json(PersonSheet::from(&*somebody(&id)?)))
}

/// Under which names an app knows somebody.
#[derive(Serialize)]
pub(super) struct Names {
    openid: String,
    unionid: Option<String>,
}

/// `GET /sandbox/people/{id}/openids/{app_id}`.
pub(super) async fn openid(
    State(platform): State<Shared>,
    Path((id, app_id)): Path<(String, String)>,
) -> Result<Json<Names>, ScriptFault> {
    let person = somebody(&id)?;
    let world = platform.world();
    let app = world.app(&app_id).ok_or(ScriptFault::AppUnknown)?;
    let grant = Grant::new(person, "");
    Ok(Json(Names {
        openid: grant.openid(&app_id),
        unionid: World::unionid(app, &grant),
    }))
}

/// An app, for what needs to know nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct At {
    app_id: String,
}

/// A `wx.login` with the profile that the mini program may ask for beside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WxLogin {
    app_id: String,
    /// Whether the profile is anonymous, as in mini programs published since 2022-11-08.
    #[serde(default)]
    anonymous: bool,
    /// Whether `encryptedData` leaves OpenID and UnionID out, as that of `wx.getUserProfile` does.
    #[serde(default)]
    without_openid: bool,
}

/// What `wx.login` and `wx.getUserInfo` give to the mini program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LoggedIn {
    code: String,
    encrypted_data: String,
    iv: String,
    raw_data: String,
    signature: String,
    user_info: Value,
}

/// `POST /sandbox/people/{id}/wx-login`. The profile is sealed with the session key that exchanging the code will
/// give, unless the key rotates in between.
pub(super) async fn wx_login(
    State(platform): State<Shared>,
    Path(id): Path<String>,
    Order(wish): Order<WxLogin>,
) -> Result<Json<LoggedIn>, ScriptFault> {
    let person = somebody(&id)?;
    let app = app_of(&platform, &wish.app_id, AppKind::MiniProgram)?;
    let now = platform.now();
    let anonymous = wish.anonymous || person.is(PersonTrait::AnonymousProfile);
    let (nickname, avatar) = if anonymous {
        (ANONYMOUS.to_owned(), GREY_AVATAR.to_owned())
    } else {
        let avatar = platform.address(&avatar_path(&person, 132), &[]);
        (person.nickname.clone(), avatar)
    };
    let user_info = json!({
        "nickName": nickname, "gender": 0, "language": "", "city": "", "province": "", "country": "",
        "avatarUrl": avatar,
    });
    let grant = Grant::new(Arc::clone(&person), "");
    let mut told = json!({});
    if !wish.without_openid {
        told["openId"] = grant.openid(&app.app_id).into();
    }
    for (name, value) in user_info.as_object().into_iter().flatten() {
        told[name] = value.clone();
    }
    if !wish.without_openid
        && let Some(unionid) = World::unionid(&app, &grant)
    {
        told["unionId"] = unionid.into();
    }
    told["watermark"] = json!({ "timestamp": now, "appid": app.app_id });
    let (session_key, code) = {
        let mut world = platform.world();
        let openid = world.meet(&person, &app.app_id);
        let key = world
            .session_keys
            .current(&openid, app.session_key_kept_seconds, now, &platform.entropy);
        let purpose = Purpose::Login(app.kind);
        let code = world
            .codes
            .issue(purpose, &app.app_id, grant, now, &platform.entropy);
        (key, code)
    };
    let raw_data = user_info.to_string();
    let (encrypted_data, iv) = sealed(&platform, &session_key, &told.to_string());
    Ok(Json(LoggedIn {
        code,
        encrypted_data,
        iv,
        signature: ciphers::sha1_hex(&format!("{raw_data}{session_key}")),
        raw_data,
        user_info,
    }))
}

/// `encryptedData` and `iv`.
fn sealed(platform: &Platform, session_key: &str, plain: &str) -> (String, String) {
    let iv = shapes::block(&platform.entropy);
    let data = ciphers::encrypt_open_data(session_key, &iv, plain).unwrap_or_default();
    (data, STANDARD.encode(iv))
}

/// What the phone number button gives to the mini program: the code of today, the sealed number of before.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhoneCode {
    code: String,
    encrypted_data: String,
    iv: String,
}

/// `POST /sandbox/people/{id}/phone-code`.
pub(super) async fn phone_code(
    State(platform): State<Shared>,
    Path(id): Path<String>,
    Order(At { app_id }): Order<At>,
) -> Result<Json<PhoneCode>, ScriptFault> {
    let person = somebody(&id)?;
    let app = app_of(&platform, &app_id, AppKind::MiniProgram)?;
    let now = platform.now();
    let number = PhoneInfo::of(&person, &app_id, now);
    let (session_key, code) = {
        let mut world = platform.world();
        if world.quotas.exhausted(PAID, &app_id) {
            return Err(ScriptFault::PhoneQuota);
        }
        let openid = world.meet(&person, &app_id);
        let key = world
            .session_keys
            .current(&openid, app.session_key_kept_seconds, now, &platform.entropy);
        let code = world.codes.issue(
            Purpose::Phone,
            &app_id,
            Grant::new(person, ""),
            now,
            &platform.entropy,
        );
        (key, code)
    };
    let plain = serde_json::to_string(&number).unwrap_or_default();
    let (encrypted_data, iv) = sealed(&platform, &session_key, &plain);
    Ok(Json(PhoneCode {
        code,
        encrypted_data,
        iv,
    }))
}

/// A page that somebody opens inside WeChat.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Visit {
    url: String,
    #[serde(default)]
    refuse: bool,
    /// Whether WeChat shows only a snapshot of the page: the app is told of a virtual user.
    #[serde(default)]
    snapshot: bool,
}

/// Where WeChat's browser goes next.
#[derive(Serialize)]
pub(super) struct Location {
    location: String,
}

/// `POST /sandbox/people/{id}/authorize`: opens an authorize URL inside WeChat and answers the callback.
pub(super) async fn authorize(
    State(platform): State<Shared>,
    Path(id): Path<String>,
    Order(visit): Order<Visit>,
) -> Result<Json<Location>, ScriptFault> {
    let person = somebody(&id)?;
    let url = Url::parse(visit.url.trim())
        .ok()
        .filter(|url| url.path() == "/connect/oauth2/authorize")
        .ok_or(ScriptFault::NotAQrCode)?;
    let params = Params::parse(url.query().unwrap_or_default().as_bytes());
    let mut authorize = Authorize::check(&mut platform.world(), &params)?;
    authorize.snapshot |= visit.snapshot;
    let decision = if visit.refuse {
        Decision::Refuse
    } else {
        Decision::Approve(person)
    };
    let location = authorize.decide(&platform, decision)?;
    Ok(Json(Location { location }))
}

/// A native app asks WeChat's app.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SendAuth {
    app_id: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    refuse: bool,
}

/// What WeChat's SDK gives to the native app.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SendAuthResp {
    err_code: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    state: String,
    lang: &'static str,
    country: &'static str,
    /// What iOS opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// `POST /sandbox/people/{id}/send-auth`: `SendAuth.Req` with `snsapi_userinfo`. A refusal is `errCode` -4.
pub(super) async fn send_auth(
    State(platform): State<Shared>,
    Path(id): Path<String>,
    Order(request): Order<SendAuth>,
) -> Result<Json<SendAuthResp>, ScriptFault> {
    let person = somebody(&id)?;
    let app = app_of(&platform, &request.app_id, AppKind::MobileApp)?;
    let code = (!request.refuse).then(|| {
        let grant = Grant::new(person, "snsapi_userinfo");
        let now = platform.now();
        let purpose = Purpose::Login(app.kind);
        let codes = &mut platform.world().codes;
        codes.issue(purpose, &app.app_id, grant, now, &platform.entropy)
    });
    Ok(Json(SendAuthResp {
        err_code: if request.refuse { -4 } else { 0 },
        url: code
            .as_deref()
            .map(|code| native_callback(&app.app_id, code, &request.state)),
        code,
        state: request.state,
        lang: "zh_CN",
        country: "CN",
    }))
}

/// What an official account was told, if it was told anything.
#[derive(Serialize)]
pub(super) struct Told {
    push: Option<Push>,
}

/// `POST /sandbox/people/{id}/follow`: by a search, without a scene code.
pub(super) async fn follow(
    State(platform): State<Shared>,
    Path(id): Path<String>,
    Order(At { app_id }): Order<At>,
) -> Result<Json<Told>, ScriptFault> {
    let push = following::follow(&platform, &app_id, &somebody(&id)?).await?;
    Ok(Json(Told { push }))
}

/// `POST /sandbox/people/{id}/unfollow`.
pub(super) async fn unfollow(
    State(platform): State<Shared>,
    Path(id): Path<String>,
    Order(At { app_id }): Order<At>,
) -> Result<Json<Told>, ScriptFault> {
    let push = following::unfollow(&platform, &app_id, &somebody(&id)?).await?;
    Ok(Json(Told { push }))
}

/// What ends a person's tokens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revoke {
    app_id: String,
    reason: Revocation,
}

/// `POST /sandbox/people/{id}/revoke`: changes the password, or withdraws the authorisation of the app.
pub(super) async fn revoke(
    State(platform): State<Shared>,
    Path(id): Path<String>,
    Order(Revoke { app_id, reason }): Order<Revoke>,
) -> Result<StatusCode, ScriptFault> {
    let person = somebody(&id)?;
    platform.world().user_tokens.revoke(&person.id, &app_id, reason);
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /sandbox/people/{id}/rotate-session-key`: the key that the server holds is dead.
pub(super) async fn rotate_session_key(
    State(platform): State<Shared>,
    Path(id): Path<String>,
    Order(At { app_id }): Order<At>,
) -> Result<StatusCode, ScriptFault> {
    let person = somebody(&id)?;
    let app = app_of(&platform, &app_id, AppKind::MiniProgram)?;
    let openid = shapes::openid(&person.id, &app.app_id);
    let mut world = platform.world();
    if world.session_keys.get(&openid).is_none() {
        return Err(ScriptFault::NoSession);
    }
    world
        .session_keys
        .rotate(&openid, platform.now(), &platform.entropy);
    Ok(StatusCode::NO_CONTENT)
}
