//! `/sandbox/*`: what scripts use instead of a platform console and a phone.

use axum::Router;
use axum::extract::{Json, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use crate::phone::{Decision, DecisionFault, Destination, confirm, miniprogram};
use crate::platform::{Authorize, Errcode, PageFault, Params, Platform, Shared};
use crate::shapes;
use crate::world::apps::{AppKind, AppSheet};
use crate::world::people::{self, EVERYONE, PersonSheet};

/// The paths of this module.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/sandbox/apps", get(apps).post(register))
        .route("/sandbox/apps/{app_id}/reset-secret", post(reset_secret))
        .route("/sandbox/people", get(everyone))
        .route("/sandbox/scan", post(scan))
        .route("/sandbox/switches", post(switches))
}

/// Why a script is refused; answered as `{"error": …}`.
#[derive(Debug, thiserror::Error)]
enum ScriptFault {
    #[error("app_id must be wx and 16 lower-case hex digits")]
    AppIdShape,
    #[error("app_secret must be 32 lower-case hex digits")]
    AppSecretShape,
    #[error("an app with this app_id exists")]
    AppExists,
    #[error("no app has this app_id")]
    AppUnknown,
    #[error("the url is not the text of a WeChat QR code")]
    NotAQrCode,
    #[error(transparent)]
    Decision(#[from] DecisionFault),
    #[error(transparent)]
    Confirm(#[from] confirm::ConfirmFault),
    #[error(transparent)]
    MiniProgram(#[from] miniprogram::MiniProgramFault),
    #[error("WeChat refuses this link: {}", .0.text())]
    Page(PageFault),
    #[error("login flows do not know errcode {0}")]
    Errcode(i32),
    #[error("failures can be ordered for paths below /sns/, /cgi-bin/ and /wxa/")]
    Path,
}

impl IntoResponse for ScriptFault {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::AppIdShape | Self::AppSecretShape | Self::NotAQrCode | Self::Decision(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Errcode(_) | Self::Path => StatusCode::BAD_REQUEST,
            Self::AppExists => StatusCode::CONFLICT,
            Self::AppUnknown => StatusCode::NOT_FOUND,
            Self::Confirm(_) | Self::Page(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::MiniProgram(_) => StatusCode::BAD_GATEWAY,
        };
        let mut body = json!({ "error": self.to_string() });
        if let Self::Page(fault) = self
            && let Some(number) = fault.number()
        {
            body["errcode"] = number.into();
        }
        (status, Json(body)).into_response()
    }
}

/// `GET /sandbox/apps`.
async fn apps(State(platform): State<Shared>) -> Json<Vec<AppSheet>> {
    Json(platform.world().apps.clone())
}

/// An app to register. Whatever is left out is made up, except the account: without one the app is not bound.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApp {
    kind: AppKind,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    app_id: Option<String>,
    #[serde(default)]
    app_secret: Option<String>,
    #[serde(default)]
    callback_domains: Vec<String>,
    #[serde(default)]
    platform_account: Option<String>,
    #[serde(default)]
    miniprogram_server: Option<Url>,
}

/// `POST /sandbox/apps`: registers an app and answers its sheet.
async fn register(
    State(platform): State<Shared>,
    Json(new): Json<NewApp>,
) -> Result<(StatusCode, Json<AppSheet>), ScriptFault> {
    let app_id = new
        .app_id
        .unwrap_or_else(|| shapes::fresh_app_id(&platform.entropy));
    let app_secret = new
        .app_secret
        .unwrap_or_else(|| shapes::fresh_app_secret(&platform.entropy));
    if !shapes::is_app_id(&app_id) {
        return Err(ScriptFault::AppIdShape);
    }
    if !shapes::is_app_secret(&app_secret) {
        return Err(ScriptFault::AppSecretShape);
    }
    let mut world = platform.world();
    if world.app(&app_id).is_some() {
        return Err(ScriptFault::AppExists);
    }
    let app = AppSheet {
        kind: new.kind,
        name: new.name.unwrap_or_else(|| new.kind.label().0.to_owned()),
        app_id,
        app_secret,
        callback_domains: new.callback_domains,
        platform_account: new.platform_account,
        miniprogram_server: new.miniprogram_server,
    };
    world.apps.push(app.clone());
    Ok((StatusCode::CREATED, Json(app)))
}

/// `POST /sandbox/apps/{app_id}/reset-secret`: the old secret is dead at once.
async fn reset_secret(
    State(platform): State<Shared>,
    Path(app_id): Path<String>,
) -> Result<Json<AppSheet>, ScriptFault> {
    let secret = shapes::fresh_app_secret(&platform.entropy);
    let mut world = platform.world();
    let app = world
        .apps
        .iter_mut()
        .find(|app| app.app_id == app_id)
        .ok_or(ScriptFault::AppUnknown)?;
    app.app_secret = secret;
    Ok(Json(app.clone()))
}

/// `GET /sandbox/people`.
async fn everyone() -> Json<Vec<PersonSheet>> {
    Json(EVERYONE.iter().map(PersonSheet::from).collect())
}

/// What to do with the phone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scan {
    /// The text inside the QR code.
    url: String,
    /// Who holds the phone; only an approval needs to know.
    #[serde(default)]
    person: String,
    decision: Move,
}

/// How far the person goes.
#[derive(Deserialize, Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Move {
    Scan,
    Approve,
    Refuse,
}

/// What happened on the phone.
#[derive(Serialize)]
struct Scanned {
    page: &'static str,
    done: &'static str,
    /// Where the phone's browser goes next; only the authorize page sends it somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

/// `POST /sandbox/scan`: opens the link as a phone would, and decides.
async fn scan(State(platform): State<Shared>, Json(scan): Json<Scan>) -> Result<Json<Scanned>, ScriptFault> {
    let (destination, url) = Destination::of(&scan.url).ok_or(ScriptFault::NotAQrCode)?;
    let params = Params::parse(url.query().unwrap_or_default().as_bytes());
    let (decision, done) = match scan.decision {
        Move::Scan => (None, "scanned"),
        Move::Refuse => (Some(Decision::Refuse), "refused"),
        Move::Approve => {
            let person = people::find(&scan.person).ok_or(DecisionFault::Person)?;
            (Some(Decision::Approve(person)), "approved")
        }
    };
    let (page, location) = match destination {
        Destination::Confirm => {
            play_confirm(&platform, params.get("uuid"), decision)?;
            ("confirm", None)
        }
        Destination::Authorize => (
            "authorize",
            play_authorize(&platform, &params, decision).map_err(ScriptFault::Page)?,
        ),
        Destination::MiniProgram => {
            let (app_id, scene) = (params.get("appid"), params.get("scene"));
            miniprogram::scan(&platform, app_id, scene).await?;
            if let Some(decision) = decision {
                miniprogram::decide(&platform, app_id, scene, decision).await?;
            }
            ("miniprogram", None)
        }
    };
    Ok(Json(Scanned { page, done, location }))
}

fn play_confirm(
    platform: &Platform,
    uuid: &str,
    decision: Option<Decision>,
) -> Result<(), confirm::ConfirmFault> {
    confirm::scan(platform, uuid)?;
    if let Some(decision) = decision {
        confirm::decide(platform, uuid, decision)?;
    }
    Ok(())
}

fn play_authorize(
    platform: &Platform,
    params: &Params,
    decision: Option<Decision>,
) -> Result<Option<String>, PageFault> {
    let authorize = Authorize::check(&platform.world(), params)?;
    decision
        .map(|decision| authorize.decide(platform, decision))
        .transpose()
}

/// Failures to order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switches {
    errcode: OrderedErrcode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderedErrcode {
    path: String,
    errcode: i32,
    /// Zero takes an earlier order back.
    times: u32,
}

/// `POST /sandbox/switches`: answers an errcode on a path, so many times.
async fn switches(
    State(platform): State<Shared>,
    Json(switches): Json<Switches>,
) -> Result<StatusCode, ScriptFault> {
    let OrderedErrcode { path, errcode, times } = switches.errcode;
    if !["/sns/", "/cgi-bin/", "/wxa/"]
        .iter()
        .any(|family| path.starts_with(family))
    {
        return Err(ScriptFault::Path);
    }
    let errcode = Errcode::from_number(errcode).ok_or(ScriptFault::Errcode(errcode))?;
    platform.world().faults.order(&path, errcode, times);
    Ok(StatusCode::NO_CONTENT)
}
