//! `cgi-bin/user/info`: what an official account is told of a follower, which is little since 2021-12-27.

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use serde::Serialize;

use crate::platform::answer::Family;
use crate::platform::bearer::{bearer, read};
use crate::platform::{Errcode, Params, Platform, Shared};
use crate::world::World;
use crate::world::apps::AppKind;
use crate::world::codes::Grant;
use crate::world::scenes::SceneKey;

#[derive(Serialize)]
struct Follower {
    subscribe: u8,
    openid: String,
    nickname: &'static str,
    sex: u8,
    language: &'static str,
    city: &'static str,
    province: &'static str,
    country: &'static str,
    headimgurl: &'static str,
    subscribe_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
    remark: &'static str,
    groupid: u32,
    tagid_list: [u32; 0],
    subscribe_scene: &'static str,
    qr_scene: u32,
    qr_scene_str: String,
}

#[derive(Serialize)]
struct Stranger {
    subscribe: u8,
    openid: String,
    tagid_list: [u32; 0],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Info {
    Follower(Box<Follower>),
    Stranger(Stranger),
}

/// `GET /cgi-bin/user/info`: no errcode on success.
pub(crate) async fn info(State(platform): State<Shared>, method: Method, params: Params) -> Response {
    Family::Api.answer(&platform, read(&method).and_then(|()| told(&platform, &params)))
}

fn told(platform: &Platform, params: &Params) -> Result<Info, Errcode> {
    let world = platform.world();
    let app = bearer(&world, params, platform.now())?;
    if app.kind != AppKind::OfficialAccount {
        return Err(Errcode::ApiUnauthorized);
    }
    let openid = params.get("openid");
    if openid.is_empty() {
        return Err(Errcode::OpenidMissing);
    }
    let person = world
        .person_of(openid, &app.app_id)
        .ok_or(Errcode::InvalidOpenid)?;
    let Some(following) = world.followers.get(openid) else {
        return Ok(Info::Stranger(Stranger {
            subscribe: 0,
            openid: openid.to_owned(),
            tagid_list: [],
        }));
    };
    let (qr_scene, qr_scene_str) = match &following.scene {
        None => (0, String::new()),
        Some(SceneKey::Number(number)) => (*number, String::new()),
        Some(SceneKey::Text(text)) => (0, text.clone()),
    };
    Ok(Info::Follower(Box::new(Follower {
        subscribe: 1,
        openid: openid.to_owned(),
        nickname: "",
        sex: 0,
        language: "zh_CN",
        city: "",
        province: "",
        country: "",
        headimgurl: "",
        subscribe_time: following.since,
        unionid: World::unionid(&app, &Grant::new(person, "")),
        remark: "",
        groupid: 0,
        tagid_list: [],
        subscribe_scene: if following.scene.is_some() {
            "ADD_SCENE_QR_CODE"
        } else {
            "ADD_SCENE_SEARCH"
        },
        qr_scene,
        qr_scene_str,
    })))
}
