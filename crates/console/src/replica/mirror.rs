//! The mirror: what the backend said.

use super::{
    progress::{advance, complete, progress},
    rows::{Into, delete, put_connection, put_identity, put_refused, put_user, put_verification_file, sweep},
};
use crate::Error;
use crate::sync::PullPage;
use rusqlite::Connection;
use yaopai_domain::{Change, Entity, EntityType, Timestamp};

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// The cursor had moved meanwhile; nothing was done.
    Stale,
    /// Its changes are in the mirror.
    Done {
        /// Whether users or bindings changed.
        users: bool,
        /// Whether connections changed.
        connections: bool,
    },
}

/// Applies a page that was asked for at the cursor `from`. A caught-up page also sweeps what a reset left behind.
pub(crate) fn apply_page(
    connection: &Connection,
    from: Option<&str>,
    page: &PullPage,
    now: Timestamp,
) -> Result<Applied, Error> {
    if !advance(connection, from, &page.cursor)? {
        return Ok(Applied::Stale);
    }
    let generation = progress(connection)?.generation;
    let (mut users, mut connections) = (false, false);
    for change in &page.changes {
        apply(connection, generation, change)?;
        match change.key.entity_type() {
            EntityType::User | EntityType::Identity => users = true,
            EntityType::Connection => connections = true,
            EntityType::VerificationFile | EntityType::RefusedPerson => {}
        }
    }
    if page.caught_up && complete(connection, now)? {
        while sweep(connection, generation, Into::Ready, u32::MAX)? {}
        (users, connections) = (true, true);
    }
    Ok(Applied::Done { users, connections })
}

fn apply(connection: &Connection, generation: i64, change: &Change) -> Result<(), Error> {
    let rev = change.revision.0;
    match &change.entity {
        Some(Entity::User(user)) => put_user(connection, generation, rev, user, Into::Ready)?,
        Some(Entity::Identity(identity)) => put_identity(connection, generation, rev, identity, Into::Ready)?,
        Some(Entity::Connection(state)) => put_connection(connection, generation, rev, state, Into::Ready)?,
        Some(Entity::VerificationFile(file)) => {
            put_verification_file(connection, generation, rev, file, Into::Ready)?
        }
        Some(Entity::RefusedPerson(refused)) => {
            put_refused(connection, generation, rev, refused, Into::Ready)?
        }
        None => delete(connection, &change.key, generation, rev, Into::Ready)?,
    };
    Ok(())
}
