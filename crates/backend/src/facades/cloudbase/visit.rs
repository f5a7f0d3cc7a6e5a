//! One call of an SDK: who sends it, about whom, and how it is answered.

use super::fault::{Fault, Word};
use crate::{
    App,
    endpoint::{Endpoint, Needs},
    facades::{Browsers, Call, PoolHints, pool_of, record},
    login::{self, Door, Via, Which},
    session::{self, Bearer},
    store::Application,
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use yaopai_domain::{Connection, ConnectionKind, PoolId, UserRecord};

/// Name of the facade in attempts.
pub(super) const FACADE: &str = "cloudbase";
/// What every token of this facade may do.
pub(super) const SCOPE: &str = "user";

/// One call of an SDK.
pub(super) struct Visit {
    /// The backend.
    pub(super) app: Arc<App>,
    /// The request.
    pub(super) call: Call,
    pool: Option<PoolId>,
    connection: Option<Connection>,
}

/// What answers a call.
pub(super) type Work = for<'v> fn(&'v mut Visit) -> BoxFuture<'v, Result<Value, Fault>>;

/// A `GET` endpoint.
pub(super) fn get(path: &'static str, work: Work) -> Endpoint {
    open(Endpoint::get(path, Needs::Nothing, answering(work)))
}

/// A `POST` endpoint.
pub(super) fn post(path: &'static str, work: Work) -> Endpoint {
    open(Endpoint::post(path, Needs::Nothing, answering(work)))
}

/// A `PATCH` endpoint.
pub(super) fn patch(path: &'static str, work: Work) -> Endpoint {
    open(Endpoint::patch(path, Needs::Nothing, answering(work)))
}

/// A `DELETE` endpoint.
pub(super) fn delete(path: &'static str, work: Work) -> Endpoint {
    open(Endpoint::delete(path, Needs::Nothing, answering(work)))
}

/// Web pages send tokens in a header and no cookies, so any page may call.
fn open(endpoint: Endpoint) -> Endpoint {
    endpoint
        .from(Browsers::Anybody)
        .failing(|error| Fault::from(error).into_response())
}

fn answering(
    work: Work,
) -> impl Fn(State<Arc<App>>, Call) -> BoxFuture<'static, Response> + Clone + Send + Sync + 'static {
    move |State(app), call| Box::pin(answer(app, call, work))
}

/// Answers with a bare object, or with what an operator can read as an attempt too.
async fn answer(app: Arc<App>, call: Call, work: Work) -> Response {
    let mut visit = Visit {
        app,
        call,
        pool: None,
        connection: None,
    };
    match work(&mut visit).await {
        Ok(value) => Json(value).into_response(),
        Err(fault) => {
            visit.record(&fault).await;
            fault.into_response()
        }
    }
}

impl Visit {
    /// The body as the fields of `T`.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        Ok(self.call.json()?)
    }

    /// Whom the call is about: `client_id` names the environment, which is a pool, or one of its applications.
    pub(super) async fn client(&mut self) -> Result<(PoolId, Option<Application>), Fault> {
        let hints = PoolHints {
            either: self.call.query("client_id"),
            ..PoolHints::default()
        };
        let (pool, application) = pool_of(&self.app, hints).await?;
        self.pool = Some(pool.clone());
        Ok((pool, application))
    }

    /// Who is signed in. A token of another scope, which an application got by OpenID Connect and every one of its servers
    /// sees, does not act for its person.
    pub(super) async fn bearer(&mut self) -> Result<Bearer, Fault> {
        let token = session::bearer_text(&self.call.headers).ok_or_else(Fault::unauthenticated)?;
        let bearer = session::bearer(&self.app, token).await?;
        self.pool = Some(bearer.pool.clone());
        if session::says(&bearer.scope, SCOPE) {
            Ok(bearer)
        } else {
            Err(Fault::unauthenticated())
        }
    }

    /// The user who is signed in, with all bindings.
    pub(super) async fn record_of(&self, bearer: &Bearer) -> Result<UserRecord, Fault> {
        let record = self.app.store.user_record(&bearer.pool, bearer.user).await?;
        record.ok_or_else(Fault::unauthenticated)
    }

    /// The connections that the application of whoever is signed in offers, oldest first.
    pub(super) async fn offered_to(&self, bearer: &Bearer) -> Result<Vec<Connection>, Fault> {
        let mut connections = self.app.store.connections(&bearer.pool).await?;
        let application = match &bearer.application {
            Some(id) => self.app.store.application(id).await?,
            None => None,
        };
        if let Some(Application {
            connections: named, ..
        }) = application
            && !named.is_empty()
        {
            connections.retain(|connection| named.contains(&connection.identifier));
        }
        Ok(connections)
    }

    /// Who is knocking, for the attempt.
    pub(super) fn via(&self) -> Via {
        Via {
            facade: FACADE,
            client: self.call.client,
            request_id: self.call.request_id.clone(),
        }
    }

    /// The connection that a provider id names, which must be enabled.
    pub(super) async fn door(
        &mut self,
        pool: &PoolId,
        application: Option<&Application>,
        provider_id: &str,
    ) -> Result<Door, Fault> {
        self.knock(pool, application, which(provider_id)).await
    }

    /// A connection, which must be enabled.
    pub(super) async fn knock(
        &mut self,
        pool: &PoolId,
        application: Option<&Application>,
        which: Which<'_>,
    ) -> Result<Door, Fault> {
        let application = application.map(|application| application.id.clone());
        let door = login::door(&self.app, pool, which, application, self.via()).await?;
        self.connection = Some(door.connection.clone());
        Ok(door)
    }

    /// Keeps for operators what never became a login.
    async fn record(&self, fault: &Fault) {
        if let Some(what) = fault.rejected {
            let connection = self.connection.as_ref();
            record(&self.app, self.pool.as_ref(), connection, &self.via(), what).await;
        }
    }
}

/// The connection that a provider id names: CloudBase's own words for the ways of WeChat, an AppID, or an identifier.
pub(super) fn which(provider_id: &str) -> Which<'_> {
    match provider_id {
        "wx_open" => Which::Kind(ConnectionKind::Pc),
        "wx_mp" => Which::Kind(ConnectionKind::WebpageAuthorization),
        _ if is_app_id(provider_id) => Which::AppId(provider_id),
        _ => Which::Identifier(provider_id),
    }
}

fn is_app_id(text: &str) -> bool {
    text.len() == yaopai_domain::APP_ID_LENGTH && text.starts_with("wx")
}

/// What a call to an address that CloudBase has and we have not gets.
pub(super) fn unknown(_: &mut Visit) -> BoxFuture<'_, Result<Value, Fault>> {
    Box::pin(async { Err(Fault::new(Word::Unimplemented, "this call is not offered here")) })
}
