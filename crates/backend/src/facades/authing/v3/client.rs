//! What people's own apps ask (`@authing/miniapp-*` 5, `AuthenticationClient` of authing-node-sdk 4).

use crate::{
    App,
    endpoint::{Endpoint, Needs},
    facades::{
        Browsers, Call,
        authing::{
            caller::Caller,
            fields::Fields,
            mini_program::{self, Entry, PhoneProof, SealedData},
            qr::{self, Scene},
            user::Portrait,
            v2,
            wire::{Envelope, Fault},
        },
    },
    login::Which,
    session,
    store::QrState,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use yaopai_domain::ConnectionKind;

const PATHS: [(&str, bool); 9] = [
    ("/api/v3/signin-by-mobile", true),
    ("/api/v3/get-profile", false),
    ("/api/v3/update-profile", true),
    ("/api/v3/gene-qrcode", true),
    ("/api/v3/get-qrcode-status", false),
    ("/api/v3/check-qrcode-status", false),
    ("/api/v3/exchange-tokenset-with-qrcode-ticket", true),
    ("/api/v3/change-qrcode-status", true),
    ("/api/v3/set-qrcode-status", true),
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    let anybody = Needs::Nothing;
    let mut endpoints: Vec<Endpoint> = PATHS
        .into_iter()
        .map(|(path, posted)| {
            let endpoint = if posted {
                Endpoint::post(path, anybody, handle)
            } else {
                Endpoint::get(path, anybody, handle)
            };
            endpoint.from(Browsers::Listed)
        })
        .collect();
    endpoints.push(Endpoint::get("/api/v3/system", anybody, system).from(Browsers::Listed));
    endpoints
}

/// The public key of passwords, without an envelope.
async fn system(State(app): State<Arc<App>>, call: Call) -> Response {
    let caller = Caller::of(app, &call, None);
    let key = async {
        let (pool, _) = caller.place().await?;
        let key = session::keys::encryption(&caller.app, &pool).await?;
        Ok::<_, Fault>(key.public_pem()?)
    };
    match key.await {
        Ok(pem) => Json(json!({ "rsa": { "publicKey": pem }, "sm2": { "publicKey": "" } })).into_response(),
        Err(fault) => Envelope(Err(fault)).into_response(),
    }
}

async fn handle(State(app): State<Arc<App>>, call: Call) -> Envelope {
    let caller = Caller::of(app, &call, None);
    Envelope(answer(&caller, &call).await)
}

async fn answer(caller: &Caller, call: &Call) -> Result<Value, Fault> {
    let sent = caller.fields(call).await?;
    let fields = Fields(&sent);
    match call.uri.path().strip_prefix("/api/v3/").unwrap_or_default() {
        "signin-by-mobile" => sign_in(caller, fields).await,
        "get-profile" => {
            let bearer = caller.person().await?;
            let portrait = caller.portrait_of(&bearer).await?;
            Ok(portrait.v3(fields.flag("withIdentities"), fields.flag("withCustomData")))
        }
        "update-profile" => {
            let bearer = caller.person().await?;
            Ok(v2::update(caller, &bearer, &sent).await?.v3(false, false))
        }
        "gene-qrcode" => {
            let scene = match fields.need("type")? {
                "WECHAT_MINIPROGRAM" => Scene::MiniProgram,
                "WECHAT_OFFICIAL_ACCOUNT" => Scene::Follow,
                "MOBILE_APP" => Scene::App,
                _ => return Err(Fault::malformed("不支持的 type")),
            };
            let login = qr::draw(caller, scene, fields).await?;
            Ok(json!({ "qrcodeId": login.id, "url": qr::address(&caller.app, &login) }))
        }
        "get-qrcode-status" | "check-qrcode-status" => {
            let seen = qr::look(&caller.app, fields.need("qrcodeId")?).await?;
            let status = match seen.login.state {
                _ if seen.expired => "EXPIRED",
                QrState::Waiting => "PENDING",
                QrState::Scanned => "SCANNED",
                QrState::Confirmed | QrState::Exchanged => "AUTHORIZED",
                QrState::Cancelled => "CANCELLED",
            };
            Ok(json!({
                "qrcodeId": seen.login.id,
                "status": status,
                "ticket": seen.ticket,
                "briefUserInfo": seen.person,
            }))
        }
        "exchange-tokenset-with-qrcode-ticket" => tokens(qr::exchange(caller, fields.need("ticket")?).await?),
        _ => {
            let to = match fields.need("action")? {
                "SCAN" => QrState::Scanned,
                "CONFIRM" => QrState::Confirmed,
                "CANCEL" => QrState::Cancelled,
                _ => return Err(Fault::malformed("不支持的 action")),
            };
            qr::advance(caller, fields.need("qrcodeId")?, to).await
        }
    }
}

async fn sign_in(caller: &Caller, fields: Fields<'_>) -> Result<Value, Fault> {
    let nothing = Map::new();
    let payload = |name: &str| Fields(fields.object(name).unwrap_or(&nothing));
    let identifier = fields
        .text("extIdpConnidentifier")
        .or(fields.text("extIdpConnIdentifier"));
    let entered = match fields.need("connection")? {
        "wechat_mini_program_code" => {
            let payload = payload("wechatMiniProgramCodePayload");
            let door = caller.mini_program(identifier).await?;
            let profile = payload.text("iv").zip(payload.text("encryptedData"));
            let entry = Entry {
                code: payload.need("code")?,
                phone: None,
                profile: profile.map(|(iv, data)| SealedData { iv, data }),
                override_profile: false,
            };
            mini_program::enter(caller, &door, entry).await?
        }
        "wechat_mini_program_code_and_phone" => {
            let payload = payload("wechatMiniProgramCodeAndPhonePayload");
            let login = Fields(payload.object("wxLoginInfo").unwrap_or(&nothing));
            let phone = Fields(payload.object("wxPhoneInfo").unwrap_or(&nothing));
            let door = caller.mini_program(identifier).await?;
            let entry = Entry {
                code: login.need("code")?,
                phone: Some(PhoneProof::Code(phone.need("code")?)),
                profile: None,
                override_profile: false,
            };
            mini_program::enter(caller, &door, entry).await?
        }
        "wechat" => {
            let which = identifier.map_or(Which::Kind(ConnectionKind::Mobile), Which::Identifier);
            let door = caller.door(which).await?;
            let user = mini_program::user(caller, &door, payload("wechatPayload").need("code")?).await?;
            caller.let_in(&door.pool, user, None).await?
        }
        _ => return Err(Fault::malformed("不支持的 connection")),
    };
    tokens(entered)
}

/// The tokens of a login. The client SDKs look for `expires_in`, the API's own description says `expire_in`.
fn tokens(portrait: Portrait) -> Result<Value, Fault> {
    let token = portrait.token.ok_or_else(Fault::signed_out)?;
    Ok(json!({
        "access_token": token.text,
        "id_token": token.id,
        "refresh_token": token.refresh,
        "token_type": "Bearer",
        "scope": "openid profile",
        "expires_in": token.expires_in,
        "expire_in": token.expires_in,
    }))
}
