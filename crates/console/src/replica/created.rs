//! Users who were created here and whom the backend does not have yet: in the mirror like everybody else, at revision 0,
//! which every revision of the backend's replaces.

use super::{
    columns::{json, to_json},
    mirror::{Digests, into},
    progress::progress,
    rows::{self, Put, Together},
};
use crate::{Ambient, Error};
use rusqlite::{Connection, params};
use yaopai_domain::{
    Act, EntityKey, MetadataEntry, MutationId, NewUser, Profile, Revision, Source, Sourced, Timestamp, User,
    UserId, UserStatus,
};

/// What stands in the column `field` of an edit that creates a user.
pub(super) const FIELD: &str = "user";

/// Step E of an import: creates a user here and queues them for the backend. One who is more than the backend takes at once
/// is refused: it could never leave, nor could any edit behind it.
pub(crate) fn create_user(connection: &Connection, new: &NewUser, ambient: &Ambient) -> Result<(), Error> {
    if !Act::Create(Box::new(new.clone())).fits() {
        return Err(Error::TooLarge);
    }
    let id = MutationId::new(&*ambient.clock, &*ambient.entropy);
    let now = ambient.clock.now();
    connection
        .prepare_cached(
            "INSERT INTO outbox (mutation_id, user_id, field, new, act, state, created_at)
             VALUES (?1, ?2, ?3, ?4, 'create', 'queued', ?5)",
        )?
        .execute(params![
            id.to_string(),
            new.user_id.to_string(),
            FIELD,
            to_json(new)?,
            now.0
        ])?;
    show(connection, new, now)
}

/// Puts the user into the mirror, unless the backend has them already.
pub(super) fn show(connection: &Connection, new: &NewUser, at: Timestamp) -> Result<(), Error> {
    let progress = progress(connection)?;
    let user = user(new, at);
    let put = rows::put_user(
        connection,
        progress.generation,
        0,
        &user,
        &mut Together::default(),
        into(progress.phase),
    )?;
    note(connection, progress.generation, user.id, Some(Revision(0)), put)
}

/// Takes everybody who was created here along into the present generation.
pub(super) fn show_all(connection: &Connection) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "SELECT new, created_at FROM outbox WHERE act = 'create' AND state <> 'decided' ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        show(connection, &json(row, "new")?, Timestamp(row.get("created_at")?))?;
    }
    Ok(())
}

/// Takes a user out again whom the backend refused to create.
pub(super) fn withdraw(connection: &Connection, id: UserId) -> Result<(), Error> {
    let progress = progress(connection)?;
    let key = EntityKey::User(id);
    let put = rows::delete(connection, &key, progress.generation, 0, into(progress.phase))?;
    note(connection, progress.generation, id, None, put)
}

fn note(
    connection: &Connection,
    generation: i64,
    id: UserId,
    revision: Option<Revision>,
    put: Put,
) -> Result<(), Error> {
    let mut digests = Digests::read(connection, generation)?;
    digests.note(&EntityKey::User(id), revision, put);
    digests.write(connection)
}

fn user(new: &NewUser, at: Timestamp) -> User {
    let sourced = |value: String| Sourced {
        value,
        source: Source::Import,
    };
    let entry = |value: &yaopai_domain::MetadataValue| MetadataEntry {
        value: value.clone(),
        revision: Revision(0),
        actor: None,
        at,
    };
    User {
        id: new.user_id,
        status: UserStatus::Active,
        profile: Profile {
            nickname: new.nickname.as_ref().map(|name| sourced(name.to_string())),
            avatar_url: None,
            name: new.name.as_ref().map(|name| sourced(name.to_string())),
            phone: new.phone.as_ref().map(|phone| sourced(phone.to_string())),
            email: new.email.as_ref().map(|email| sourced(email.to_string())),
            username: new.username.as_ref().map(|name| sourced(name.to_string())),
        },
        metadata: new
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), entry(value)))
            .collect(),
        created_at: at,
        updated_at: at,
    }
}
