//! The door somebody knocks at: a connection that is enabled, and who is knocking.

use crate::{App, Error};
use std::net::IpAddr;
use yaopai_domain::{ApplicationId, Connection, ConnectionId, ConnectionKind, PoolId};

/// A connection somebody knocks at, found and enabled.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// Whose users are asked.
    pub(crate) pool: PoolId,
    /// The connection.
    pub(crate) connection: Connection,
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

/// Finds a connection of the pool. `NotFound("connection")` if there is none, `ConnectionDisabled` if it is closed.
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
    let mut candidates: Vec<Connection> = app.store.connections(pool).await?;
    candidates.retain(named);
    // Oldest first, but an enabled one before all that are closed.
    candidates.sort_by_key(|connection| !connection.enabled);
    let connection = candidates
        .into_iter()
        .next()
        .ok_or(Error::NotFound("connection"))?;
    if !connection.enabled {
        return Err(Error::ConnectionDisabled);
    }
    Ok(Door {
        pool: pool.clone(),
        connection,
        application,
        via,
    })
}
