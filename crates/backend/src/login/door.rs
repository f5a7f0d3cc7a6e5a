//! The door somebody knocks at: a connection that is enabled, and who is knocking.

use super::{Rejected, reject};
use crate::{App, Error, limit::address_of, store::SealedSecret};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::{convert::Infallible, net::IpAddr, sync::Arc};
use yaopai_domain::{ApplicationId, Connection, ConnectionId, ConnectionKind, PoolId};

/// A connection somebody knocks at, found and enabled.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// Whose users are asked.
    pub(crate) pool: PoolId,
    /// The connection.
    pub(crate) connection: Connection,
    /// Its sealed AppSecret, if it was read with the connection.
    pub(super) secret: Option<SealedSecret>,
    /// The application for which somebody logs in.
    pub(crate) application: Option<ApplicationId>,
    /// Who is knocking.
    pub(crate) via: Via,
}

/// How a caller names the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'a> {
    /// By its unique identifier.
    Identifier(&'a str),
    /// By its id.
    Id(ConnectionId),
    /// The oldest enabled one of this kind.
    Kind(ConnectionKind),
    /// The oldest enabled one of this AppID.
    AppId(&'a str),
}

/// Who is knocking, for the attempt.
#[derive(Debug, Clone, Default)]
pub(crate) struct Via {
    /// Name of the facade.
    pub(crate) facade: &'static str,
    /// The client's address.
    pub(crate) client: Option<IpAddr>,
    /// The request's id.
    pub(crate) request_id: Option<String>,
}

impl Via {
    /// As an attempt shows it.
    pub(super) fn shown(&self) -> yaopai_domain::Via {
        yaopai_domain::Via {
            facade: self.facade.to_owned(),
            client: self.client.map(|address| address.to_string()),
            request_id: self.request_id.clone(),
        }
    }
}

/// Whoever brings WeChat's answer to an address of our own.
impl FromRequestParts<Arc<App>> for Via {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let request_id = parts.headers.get("x-request-id");
        Ok(Self {
            facade: "callback",
            client: address_of(app, &parts.headers, &parts.extensions),
            request_id: request_id.and_then(|id| id.to_str().ok()).map(str::to_owned),
        })
    }
}

/// Finds a connection of the pool that the application offers. `NotFound("connection")` if there is none,
/// `ConnectionDisabled` if it is closed; both leave an attempt that operators can read.
pub(crate) async fn door(
    app: &App,
    pool: &PoolId,
    which: Which<'_>,
    application: Option<ApplicationId>,
    via: Via,
) -> Result<Door, Error> {
    let named = |connection: &Connection| match which {
        Which::Identifier(identifier) => connection.identifier == identifier,
        Which::Id(id) => connection.id == id,
        Which::Kind(kind) => connection.kind == kind,
        Which::AppId(app_id) => connection.app_id == app_id,
    };
    let mut candidates = app.store.connections_with_secrets(pool).await?;
    candidates.retain(|(connection, _)| named(connection));
    if let Some(id) = &application {
        let offered = match app.store.application(id).await? {
            Some(application) => application.connections,
            None => Vec::new(),
        };
        // An application that names none offers all.
        candidates.retain(|(connection, _)| offered.is_empty() || offered.contains(&connection.identifier));
    }
    // Oldest first, but an enabled one before all that are closed.
    candidates.sort_by_key(|(connection, _)| !connection.enabled);
    let Some((connection, secret)) = candidates.into_iter().next() else {
        reject(app, pool, None, &via, Rejected::UnknownConnection).await;
        return Err(Error::NotFound("connection"));
    };
    if !connection.enabled {
        reject(app, pool, Some(&connection), &via, Rejected::Disabled).await;
        return Err(Error::ConnectionDisabled);
    }
    Ok(Door {
        pool: pool.clone(),
        connection,
        secret: Some(secret),
        application,
        via,
    })
}
