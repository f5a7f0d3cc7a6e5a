//! QR logins: a code on one screen, confirmed on another (`QrCodeAuthenticationClient`, and the third generation's calls).
//!
//! The first screen polls; what it gets in the end is a ticket, which is exchanged once. It polls with a word that is not
//! in the picture: many see the picture, and the login belongs to whoever shows it.

use super::{
    caller::{Caller, user_of},
    fields::Fields,
    mini_program,
    user::{Portrait, brief},
    wire::{Fault, Rest},
};
use crate::{
    App, Error, account,
    endpoint::{Endpoint, Needs},
    extract::Place,
    facades::{Browsers, Call},
    login::{self, Door, Which},
    session::Grant,
    store::{QrLogin, QrState, Scanner},
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ImageFormat, Luma};
use qrcode::QrCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{io::Cursor, sync::Arc};
use yaopai_domain::{AttemptState, ConnectionKind, Drawing, UserId};

/// Seconds in which a code can be confirmed.
const LIVES_SECONDS: i64 = 120;
/// A scene of WeChat's has up to 32 characters; this many bytes are as many hexadecimal digits.
const WORD_BYTES: usize = 16;
const CUSTOM_DATA_MAX: usize = 4_096;

pub(super) fn endpoints() -> Vec<Endpoint> {
    let anybody = Needs::Nothing;
    let mut endpoints: Vec<Endpoint> = [
        Endpoint::post("/api/v2/qrcode/gene", anybody, gene).from(Browsers::Listed),
        Endpoint::get("/api/v2/qrcode/check", anybody, check).from(Browsers::Listed),
        Endpoint::post("/api/v2/qrcode/userinfo", anybody, user_info).from(Browsers::Listed),
        Endpoint::post("/api/v2/qrcode/scanned", anybody, scanned),
        Endpoint::post("/api/v2/qrcode/confirm", anybody, confirm),
        Endpoint::post("/api/v2/qrcode/cancel", anybody, cancel),
        Endpoint::get("/oauth/wxapp/grant/", anybody, grant),
        Endpoint::post("/oauth/wxapp/redirect", anybody, confirm_by_mini_program),
    ]
    .into_iter()
    .map(|endpoint| endpoint.failing(Rest::early))
    .collect();
    endpoints.push(Endpoint::get("/api/v2/qrcode/{name}", anybody, picture).from(Browsers::Anybody));
    endpoints
}

/// How a code is scanned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    /// By WeChat, which opens the mini program.
    MiniProgram,
    /// By WeChat, which has the person follow the official account.
    Follow,
    /// By the business's own app.
    App,
}

impl Scene {
    const fn as_str(self) -> &'static str {
        match self {
            Self::MiniProgram => "WXAPP_AUTH",
            Self::Follow => "WECHATMP_AUTH",
            Self::App => "APP_AUTH",
        }
    }
}

/// Draws a code.
pub(super) async fn draw(caller: &Caller, scene: Scene, asked: Fields<'_>) -> Result<QrLogin, Fault> {
    let (pool, application) = caller.place().await?;
    let app = &caller.app;
    let custom_data = match asked.0.get("params").or_else(|| asked.0.get("customData")) {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(json)) if serde_json::from_str::<Value>(json).is_ok() => json.clone(),
        Some(value) => value.to_string(),
    };
    if custom_data.len() > CUSTOM_DATA_MAX {
        return Err(Fault::malformed("customData 过长"));
    }
    let now = app.clock.now();
    let mut id = word(app);
    let scanned = word(app);
    let mut expires_at = now.plus_millis(LIVES_SECONDS * 1000);
    let (media_type, picture) = match scene {
        Scene::MiniProgram => {
            let door = door(caller, asked, ConnectionKind::MiniProgram).await?;
            drawn_by_wechat(caller, &door, &scanned).await?
        }
        Scene::Follow => {
            let door = door(caller, asked, ConnectionKind::FollowCode).await?;
            let scan = login::begin_scan(app, &door).await?;
            // The ticket of the scan is what the screen polls with.
            id = scan.ticket.to_string();
            expires_at = scan.expires_at;
            drawn(scan.drawing)?
        }
        Scene::App => {
            let text = json!({
                "scene": scene.as_str(),
                "random": scanned,
                "userPoolId": pool,
                "createdAt": super::user::iso(now),
                "expiresIn": LIVES_SECONDS,
                "customData": serde_json::from_str::<Value>(&custom_data).unwrap_or_default(),
            });
            ("image/png".to_owned(), drawn_by_us(&text.to_string())?)
        }
    };
    let login = QrLogin {
        id,
        scan_hash: (scene != Scene::Follow).then(|| hash(&scanned)),
        pool,
        application: application.map(|application| application.id),
        scene: scene.as_str().to_owned(),
        state: QrState::Waiting,
        scanner: None,
        custom_data,
        media_type,
        picture,
        created_at: now,
        expires_at,
    };
    app.store.open_qr_login(login.clone()).await?;
    Ok(login)
}

/// 128 random bits.
fn word(app: &App) -> String {
    let mut bytes = [0; WORD_BYTES];
    app.entropy.fill(&mut bytes);
    hex::encode(bytes)
}

/// The connection that the request names, or the pool's one of that kind.
async fn door(caller: &Caller, asked: Fields<'_>, kind: ConnectionKind) -> Result<Door, Fault> {
    match asked.text("extIdpConnId").and_then(|id| id.parse().ok()) {
        Some(id) => caller.door(Which::Id(id)).await,
        None => caller.door(Which::Kind(kind)).await,
    }
}

fn drawn(drawing: Drawing) -> Result<(String, Vec<u8>), Fault> {
    match drawing {
        Drawing::Text { text } => Ok(("image/png".to_owned(), drawn_by_us(&text)?)),
        Drawing::Image { media_type, base64 } => {
            let bytes = STANDARD.decode(base64);
            let bytes = bytes.map_err(|_| Error::Internal("a drawing is not base64"))?;
            Ok((media_type, bytes))
        }
    }
}

async fn drawn_by_wechat(caller: &Caller, door: &Door, scene: &str) -> Result<(String, Vec<u8>), Fault> {
    let app = &caller.app;
    let connection = &door.connection;
    let credentials = app
        .credentials(&door.pool, connection.id, &connection.app_id)
        .await?;
    let page = login::scene_page(&connection.settings);
    let call = app
        .wechat
        .mini_program_code(&credentials, &page, scene, app.clock.now())
        .await;
    let image = call.result.map_err(Error::from)?;
    Ok((image.media_type.to_owned(), image.bytes))
}

fn drawn_by_us(text: &str) -> Result<Vec<u8>, Fault> {
    let broken = || Fault::from(Error::Internal("a QR code could not be drawn"));
    let code = QrCode::new(text).map_err(|_| Fault::malformed("customData 过长"))?;
    let picture = code.render::<Luma<u8>>().min_dimensions(300, 300).build();
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|_| broken())?;
    Ok(bytes.into_inner())
}

/// Where a code's picture is.
pub(super) fn address(app: &App, login: &QrLogin) -> String {
    let base = app.public_url.as_str().trim_end_matches('/');
    format!("{base}/api/v2/qrcode/{}.img", login.id)
}

/// How far a code is, as its screen may know.
pub(super) struct Seen {
    pub(super) login: QrLogin,
    pub(super) expired: bool,
    /// What the screen exchanges for the person's tokens; only the first look after they agreed gets it.
    pub(super) ticket: Option<String>,
    pub(super) person: Option<Value>,
}

/// Looks at a code. The first look at a confirmed one gets its ticket, those after it only hear that it is confirmed.
pub(super) async fn look(app: &App, id: &str) -> Result<Seen, Fault> {
    let mut login = app.store.qr_login(id).await?.ok_or_else(unknown)?;
    if login.scene == Scene::Follow.as_str() && follow(app, &login).await? {
        login = app.store.qr_login(id).await?.ok_or_else(unknown)?;
    }
    let now = app.clock.now();
    let mut ticket = None;
    if login.state == QrState::Confirmed {
        let mut bytes = [0; 32];
        app.entropy.fill(&mut bytes);
        let fresh = hex::encode(bytes);
        let given = app.store.give_qr_ticket(id, hash(&fresh)).await?;
        ticket = given.then_some(fresh);
    }
    let person = match login.scanner {
        Some(Scanner { user, .. }) => {
            let person = account::person(app, &login.pool, user).await?;
            Some(brief(user, &person))
        }
        None => None,
    };
    let expired = login.expires_at <= now && login.state != QrState::Exchanged;
    Ok(Seen {
        login,
        expired,
        ticket,
        person,
    })
}

/// Looks how the scan behind a code stands, and moves the code on with it; whether it did.
async fn follow(app: &App, login: &QrLogin) -> Result<bool, Fault> {
    if !matches!(login.state, QrState::Waiting | QrState::Scanned) {
        return Ok(false);
    }
    let attempt = match login::scan(app, &login.pool, &login.id).await {
        Ok(attempt) => attempt,
        // Its login was taken, by another look.
        Err(Error::NotFound(_)) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let (to, scanner) = match attempt.state {
        AttemptState::Waiting | AttemptState::Confirmed => return Ok(false),
        AttemptState::Scanned => (QrState::Scanned, None),
        AttemptState::Decided => {
            let verdict = match login::redeem_scan(app, &login.pool, &login.id).await {
                Ok((_, verdict)) => verdict,
                // It was taken meanwhile, or nobody has looked for too long.
                Err(Error::NotFound(_)) => return Ok(false),
                Err(error) => return Err(error.into()),
            };
            match verdict.as_ref().map(user_of) {
                Some(Ok(user)) => (QrState::Confirmed, Some(fresh(app, user))),
                Some(Err(_)) | None => (QrState::Cancelled, None),
            }
        }
        AttemptState::Refused | AttemptState::Expired | AttemptState::Cancelled | AttemptState::Failed => {
            (QrState::Cancelled, None)
        }
    };
    Ok(app.store.move_qr_login(&login.id, to, scanner).await?)
}

/// Moves the code that says `scanned` on for the person whose token was shown.
pub(super) async fn advance(caller: &Caller, scanned: &str, to: QrState) -> Result<Value, Fault> {
    let bearer = caller.person().await?;
    let login = scanned_login(&caller.app, scanned).await?;
    if login.pool != bearer.pool {
        return Err(unknown());
    }
    let scanner = Scanner {
        user: bearer.user,
        shown_at: bearer.shown_at,
    };
    moved(caller, &login, to, scanner).await
}

/// Somebody who has just shown who they are.
fn fresh(app: &App, user: UserId) -> Scanner {
    Scanner {
        user,
        shown_at: app.clock.now(),
    }
}

async fn moved(caller: &Caller, login: &QrLogin, to: QrState, scanner: Scanner) -> Result<Value, Fault> {
    if caller
        .app
        .store
        .move_qr_login(&login.id, to, Some(scanner))
        .await?
    {
        Ok(json!({ "status": status(to), "description": "" }))
    } else {
        Err(used())
    }
}

/// Exchanges a ticket for the person, let in, once.
pub(super) async fn exchange(caller: &Caller, ticket: &str) -> Result<Portrait, Fault> {
    let login = caller.app.store.take_qr_ticket(hash(ticket)).await?;
    let login = login.ok_or_else(|| Fault::new(2243, "ticket 无效或已过期"))?;
    let scanner = login.scanner.ok_or_else(Fault::no_user)?;
    let grant = Grant {
        application: login.application.as_ref(),
        shown_at: Some(scanner.shown_at),
        ..Grant::to(&login.pool, scanner.user)
    };
    caller.granted(grant).await
}

/// The code that says this word.
async fn scanned_login(app: &App, scanned: &str) -> Result<QrLogin, Fault> {
    let found = app.store.scanned_qr_login(hash(scanned)).await?;
    found.ok_or_else(unknown)
}

fn unknown() -> Fault {
    Fault::new(2241, "二维码不存在")
}

fn used() -> Fault {
    Fault::new(2242, "二维码已失效或已被使用")
}

fn hash(word: &str) -> String {
    hex::encode(Sha256::digest(word))
}

const fn status(state: QrState) -> i8 {
    match state {
        QrState::Waiting => 0,
        QrState::Scanned => 1,
        QrState::Confirmed | QrState::Exchanged => 2,
        QrState::Cancelled => 3,
    }
}

async fn gene(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let caller = Caller::of(app, &call, None);
            let body = caller.fields(&call).await?;
            let body = Fields(&body);
            let scene = match body.need("scene")? {
                "WXAPP_AUTH" => Scene::MiniProgram,
                "WECHATMP_AUTH" => Scene::Follow,
                "APP_AUTH" => Scene::App,
                _ => return Err(Fault::malformed("不支持的 scene")),
            };
            let login = draw(&caller, scene, body).await?;
            Ok(json!({
                "random": login.id,
                "url": address(&caller.app, &login),
                "expiresIn": LIVES_SECONDS,
            }))
        }
        .await,
    )
}

async fn check(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let id = call.query("random").ok_or_else(|| Fault::missing("random"))?;
            let seen = look(&app, id).await?;
            Ok(json!({
                "random": seen.login.id,
                "status": if seen.expired { -1 } else { status(seen.login.state) },
                "ticket": seen.ticket,
                "userInfo": seen.person.unwrap_or_else(|| json!({})),
                "scannedUserId": seen.login.scanner.map(|scanner| scanner.user),
                "customData": serde_json::from_str::<Value>(&seen.login.custom_data).unwrap_or_default(),
            }))
        }
        .await,
    )
}

async fn user_info(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let caller = Caller::of(app, &call, None);
            let body = caller.fields(&call).await?;
            Ok(exchange(&caller, Fields(&body).need("ticket")?).await?.v2())
        }
        .await,
    )
}

async fn scanned(State(app): State<Arc<App>>, call: Call) -> Rest {
    by_app(app, &call, QrState::Scanned).await
}

async fn confirm(State(app): State<Arc<App>>, call: Call) -> Rest {
    by_app(app, &call, QrState::Confirmed).await
}

async fn cancel(State(app): State<Arc<App>>, call: Call) -> Rest {
    by_app(app, &call, QrState::Cancelled).await
}

async fn by_app(app: Arc<App>, call: &Call, to: QrState) -> Rest {
    Rest(
        async {
            let caller = Caller::of(app, call, None);
            let body = caller.fields(call).await?;
            advance(&caller, Fields(&body).need("random")?, to).await
        }
        .await,
    )
}

async fn picture(State(app): State<Arc<App>>, Place(name): Place<String>) -> Result<Response, Error> {
    let id = name.strip_suffix(".img").unwrap_or(&name);
    let login = app.store.qr_login(id).await?.ok_or(Error::NotFound("QR code"))?;
    let headers = [
        (header::CONTENT_TYPE, login.media_type),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, login.picture).into_response())
}

/// `GET /oauth/wxapp/grant/?code&random`: the mini program that was opened by the code tells who looks at it. The person
/// is logged in by this, but no token leaves; neither do their identifiers and the session key.
async fn grant(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let (caller, login) = opened(app, &call, QrState::Scanned).await?;
            let code = call.query("code").ok_or_else(|| Fault::missing("code"))?;
            let door = caller.mini_program(None).await?;
            let user = mini_program::user(&caller, &door, code).await?;
            moved(&caller, &login, QrState::Scanned, fresh(&caller.app, user)).await
        }
        .await,
    )
}

/// `POST /oauth/wxapp/redirect?random&code`: the person agreed. A fresh code proves that it is still them.
async fn confirm_by_mini_program(State(app): State<Arc<App>>, call: Call) -> Rest {
    Rest(
        async {
            let (caller, login) = opened(app, &call, QrState::Confirmed).await?;
            let body = caller.fields(&call).await?;
            let code = Fields(&body).need("code")?;
            let door = caller.mini_program(None).await?;
            let user = mini_program::user(&caller, &door, code).await?;
            moved(&caller, &login, QrState::Confirmed, fresh(&caller.app, user)).await
        }
        .await,
    )
}

/// Who calls, and which code the mini program was opened by. A code that cannot go there any more is refused before
/// anybody is asked who the person is: whoever comes with the word of another's code is not logged in by it.
async fn opened(app: Arc<App>, call: &Call, to: QrState) -> Result<(Caller, QrLogin), Fault> {
    let scanned = call.query("random").ok_or_else(|| Fault::missing("random"))?;
    let login = scanned_login(&app, scanned).await?;
    if login.scene != Scene::MiniProgram.as_str() {
        return Err(unknown());
    }
    if !login.may_go(to, app.clock.now()) {
        return Err(used());
    }
    let caller = Caller::of(app, call, Some(login.pool.as_str()));
    Ok((caller, login))
}
