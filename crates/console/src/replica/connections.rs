//! The pool's connections, as far as the mirror knows them: what people call them, with or without the backend.

use super::{columns::Uuid16, rows::kind_of};
use crate::{Error, KnownConnection};
use rusqlite::Connection;

/// The connections by name.
pub(crate) fn known_connections(c: &Connection) -> Result<Vec<KnownConnection>, Error> {
    let mut statement = c.prepare_cached(
        "SELECT id, display_name,
                coalesce(c.kind, (SELECT o.kind FROM origins o WHERE o.connection_id = c.id)) AS kind
         FROM connections c ORDER BY display_name, id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(KnownConnection {
            id: row.get::<_, Uuid16>("id")?.id(),
            display_name: row.get("display_name")?,
            kind: row.get::<_, Option<u8>>("kind")?.and_then(kind_of),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
