//! Plain: what a mini program with a server of its own asks for, as tutorials write it.
//!
//! `wx.login`'s code for a `third_Session`, an opaque word that stands for the session; with it the profile is stored.
//! Names are taken in any case, from the query, a form or JSON; GET and POST are the same. OpenID and session_key never
//! leave. A failure is `{"errcode": …, "errmsg": …}`, with the number in the style of WeChat's.

mod doc;
mod fault;
#[cfg(test)]
mod tests;

use super::{Browsers, Call, PoolHints, pool_of, record};
use crate::{
    App,
    account::{self, ProfilePatch},
    endpoint::{Endpoint, Needs},
    login::{self, Door, Via, Which},
    session::{self, Bearer, Terms},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use fault::Fault;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use yaopai_domain::{Connection, ConnectionKind, PoolId, Refusal, Timestamp, Verdict};
use yaopai_wechat::LoginCode;

/// What a `third_Session` may do.
const SCOPE: &str = "user";
/// Where a `third_Session` is found, apart from the fields: a header of this name.
const SESSION: &str = "third_session";

/// The calls, each by GET and by POST.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let calls: [(&'static str, Work); 4] = [
        ("/api/wx/login", |visit| Box::pin(log_in(visit))),
        ("/api/wx/check", |visit| Box::pin(check(visit))),
        ("/api/wx/userinfo", |visit| Box::pin(user_info(visit))),
        ("/api/wx/logout", |visit| Box::pin(log_out(visit))),
    ];
    let mut endpoints = Vec::new();
    for (path, work) in calls {
        let answering = move |State(app), call| answer(app, call, work);
        let get = Endpoint::get(path, Needs::Nothing, answering).doc(doc::of(path, false));
        let post = Endpoint::post(path, Needs::Nothing, answering).doc(doc::of(path, true));
        endpoints.extend([open(get), open(post)]);
    }
    endpoints
}

fn open(endpoint: Endpoint) -> Endpoint {
    endpoint
        .from(Browsers::Anybody)
        .failing(|error| Fault::from(error).into_response())
}

/// One call.
struct Visit {
    app: Arc<App>,
    call: Call,
    fields: Map<String, Value>,
    pool: Option<PoolId>,
    connection: Option<Connection>,
}

type Work = for<'v> fn(&'v mut Visit) -> BoxFuture<'v, Result<Value, Fault>>;

async fn answer(app: Arc<App>, call: Call, work: Work) -> Response {
    let mut visit = Visit {
        app,
        call,
        fields: Map::new(),
        pool: None,
        connection: None,
    };
    let done = match visit.call.fields() {
        Ok(fields) => {
            visit.fields = fields;
            work(&mut visit).await
        }
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(value) => Json(value).into_response(),
        Err(fault) => {
            visit.record(&fault).await;
            fault.into_response()
        }
    }
}

impl Visit {
    /// A field by its name in any case; an empty text says nothing.
    fn text(&self, name: &str) -> Option<&str> {
        let mut named = self
            .fields
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = named.next()?;
        value.as_str().filter(|text| !text.is_empty())
    }

    /// The mini program's door: `connection` or `appid` name it, otherwise it is the pool's.
    async fn door(&mut self) -> Result<Door, Fault> {
        let hints = PoolHints {
            pool: self.text("pool"),
            application: self.text("app_id"),
            either: None,
        };
        let (pool, application) = pool_of(&self.app, hints).await?;
        self.pool = Some(pool.clone());
        let which = match (self.text("connection"), self.text("appid")) {
            (Some(identifier), _) => Which::Identifier(identifier),
            (None, Some(app_id)) => Which::AppId(app_id),
            (None, None) => Which::Kind(ConnectionKind::MiniProgram),
        };
        let application = application.map(|application| application.id);
        let door = login::door(&self.app, &pool, which, application, self.via()).await?;
        self.connection = Some(door.connection.clone());
        Ok(door)
    }

    /// Whose `third_Session` it is: a field, a header, or a bearer token. A token of another scope is none.
    async fn bearer(&mut self) -> Result<Bearer, Fault> {
        let word = self
            .text(SESSION)
            .or_else(|| self.call.header("third-session"))
            .or_else(|| self.call.header(SESSION))
            .or_else(|| session::bearer_text(&self.call.headers))
            .ok_or_else(Fault::session)?;
        let bearer = session::bearer(&self.app, word).await?;
        self.pool = Some(bearer.pool.clone());
        if session::says(&bearer.scope, SCOPE) {
            Ok(bearer)
        } else {
            Err(Fault::session())
        }
    }

    fn seconds_until(&self, moment: Timestamp) -> i64 {
        moment.millis_since(self.app.clock.now()).max(0) / 1000
    }

    fn via(&self) -> Via {
        Via {
            facade: "plain",
            client: self.call.client,
            request_id: self.call.request_id.clone(),
        }
    }

    /// Keeps for operators what never became a login.
    async fn record(&self, fault: &Fault) {
        if let Some(what) = fault.rejected {
            let connection = self.connection.as_ref();
            record(&self.app, self.pool.as_ref(), connection, &self.via(), what).await;
        }
    }
}

/// `/api/wx/login`: `code` → `{"third_Session": …, "expires_in": …}`
async fn log_in(visit: &mut Visit) -> Result<Value, Fault> {
    let door = visit.door().await?;
    let code = visit.text("code").ok_or_else(Fault::code)?;
    let code = LoginCode::new(code);
    let terms = Terms {
        pool: &door.pool,
        application: door.application.as_ref(),
        scope: SCOPE,
        attempt: None,
        nonce: None,
    };
    let (session, opaque) = session::prepare_opaque(&visit.app, terms);
    let concluded = login::begin_session(&visit.app, &door, code, session).await?;
    match (concluded.verdict, concluded.session_of) {
        (_, Some(_)) => {}
        (Verdict::Refuse { refusal, .. }, None) => return Err(refusal.into()),
        // Blocked since they were found.
        (Verdict::LogIn { .. } | Verdict::Create { user_id: Some(_), .. }, None) => {
            return Err(Refusal::UserBlocked.into());
        }
        (Verdict::Create { user_id: None, .. } | Verdict::Fail { .. }, None) => return Err(Fault::defect()),
    }
    let left = visit.seconds_until(opaque.expires_at);
    Ok(json!({ "third_Session": opaque.token, "expires_in": left }))
}

/// `/api/wx/check`: whether a `third_Session` still counts.
async fn check(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    let left = visit.seconds_until(bearer.expires_at);
    Ok(json!({ "errcode": 0, "errmsg": "ok", "expires_in": left }))
}

/// `/api/wx/userinfo`: stores what `wx.getUserProfile` told. WeChat's "微信用户" and its grey avatar never overwrite what is
/// known (design rule 8), and nothing but a profile is taken.
async fn user_info(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    let sent = match visit.fields.get("userInfo") {
        Some(Value::Object(nested)) => nested,
        _ => &visit.fields,
    };
    let patch = told(sent)?;
    account::update_profile(&visit.app, &bearer.pool, bearer.user, patch).await?;
    Ok(json!({ "errcode": 0, "errmsg": "ok" }))
}

/// The fields of `wx.getUserProfile`. Empty ones say that WeChat did not tell, not that they shall be removed.
fn told(sent: &Map<String, Value>) -> Result<ProfilePatch, Fault> {
    const FIELDS: [&str; 7] = [
        "nickName",
        "avatarUrl",
        "gender",
        "province",
        "city",
        "country",
        "language",
    ];
    let is_told = |value: &Value| match value {
        Value::String(text) => !text.trim().is_empty(),
        Value::Number(_) => true,
        _ => false,
    };
    let mut told = Map::new();
    for field in FIELDS {
        let named = sent.iter().find(|(name, _)| name.eq_ignore_ascii_case(field));
        if let Some((_, value)) = named.filter(|(_, value)| is_told(value)) {
            told.insert(field.to_owned(), value.clone());
        }
    }
    Ok(ProfilePatch::from_sent(&told)?)
}

/// `/api/wx/logout`: ends the session of a `third_Session`.
async fn log_out(visit: &mut Visit) -> Result<Value, Fault> {
    let bearer = visit.bearer().await?;
    session::end(&visit.app, bearer.session).await?;
    Ok(json!({ "errcode": 0, "errmsg": "ok" }))
}
