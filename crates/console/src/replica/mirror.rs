//! The mirror: what the backend said, and the proof that it is all of it.

use super::{
    created,
    progress::{Phase, Place, advance, complete, progress},
    rows::{self, Into, Put, Together},
};
use crate::Error;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use yaopai_domain::{
    Bug, Change, Digest, Entity, EntityKey, EntityType, PageEnd, PullPage, Revision, Timestamp, planted,
};

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    /// Its place had moved on meanwhile; nothing was done.
    Stale,
    /// Its changes are in the mirror.
    Done(News),
    /// Its changes are in the mirror, and it should equal the backend now, but does not.
    Unequal,
}

/// What changed on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct News {
    /// Users, bindings or refused people.
    pub(crate) users: bool,
    /// Connections or verification files.
    pub(crate) connections: bool,
}

/// Step A: applies a page that was asked for at the place `from`. After a caught-up page the mirror has to agree with the
/// backend's digests; only then may what a reset left behind be swept.
pub(crate) fn apply_page(
    connection: &Connection,
    from: &Place,
    page: &PullPage,
    now: Timestamp,
) -> Result<Applied, Error> {
    if !advance(connection, from, page)? {
        return Ok(Applied::Stale);
    }
    let progress = progress(connection)?;
    let into = into(progress.phase);
    let mut news = News::default();
    let mut digests = Digests::read(connection, progress.generation)?;
    let mut together = Together::default();
    if into == Into::Bare {
        together = Together::with(page.changes.iter().filter_map(|change| match &change.entity {
            Some(Entity::Identity(identity)) => Some(&**identity),
            _ => None,
        }));
    }
    for change in &page.changes {
        let put = apply(connection, progress.generation, change, &mut together, into)?;
        let revision = change.entity.as_ref().map(|_| change.revision);
        digests.note(&change.key, revision, put);
        news.note(change.key.entity_type());
    }
    digests.write(connection)?;
    if from.part.is_some() || page.end != PageEnd::CaughtUp {
        return Ok(Applied::Done(news));
    }
    let unequal = page.digests.as_ref().is_some_and(|theirs| !digests.equal(theirs));
    if unequal && !planted(Bug::NoDigests) {
        connection.execute("UPDATE replica SET mismatches = mismatches + 1", [])?;
        return Ok(Applied::Unequal);
    }
    if complete(connection, now)? {
        created::show_all(connection)?;
    }
    Ok(Applied::Done(news))
}

/// Whether lists and search, as far as they are made, are to be kept true.
pub(super) const fn into(phase: Phase) -> Into {
    match phase {
        Phase::Rows | Phase::Indexes => Into::Bare,
        Phase::Search | Phase::Ready => Into::Ready,
    }
}

fn apply(
    connection: &Connection,
    generation: i64,
    change: &Change,
    together: &mut Together<'_>,
    into: Into,
) -> Result<Put, Error> {
    let rev = change.revision.0;
    match &change.entity {
        Some(Entity::User(user)) => rows::put_user(connection, generation, rev, user, together, into),
        Some(Entity::Identity(identity)) => {
            rows::put_identity(connection, generation, rev, identity, together, into)
        }
        Some(Entity::Connection(state)) => rows::put_connection(connection, generation, rev, state),
        Some(Entity::VerificationFile(file)) => {
            rows::put_verification_file(connection, generation, rev, file)
        }
        Some(Entity::RefusedPerson(refused)) => rows::put_refused(connection, generation, rev, refused),
        None => rows::delete(connection, &change.key, generation, rev, into),
    }
}

impl News {
    const fn note(&mut self, etype: EntityType) {
        match etype {
            EntityType::User | EntityType::Identity | EntityType::RefusedPerson => self.users = true,
            EntityType::Connection | EntityType::VerificationFile => self.connections = true,
        }
    }
}

/// The digests of the rows of the present generation, by type.
pub(super) struct Digests {
    generation: i64,
    types: BTreeMap<EntityType, Digest>,
}

impl Digests {
    pub(super) fn read(connection: &Connection, generation: i64) -> Result<Self, Error> {
        let mut types = BTreeMap::new();
        let mut statement = connection.prepare_cached("SELECT type, count, lo, hi FROM digests")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let unsigned = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
            let digest = Digest {
                count: unsigned("count")?,
                lo: unsigned("lo")?,
                hi: unsigned("hi")?,
            };
            if let Some(etype) = EntityType::of_name(&row.get::<_, String>("type")?) {
                types.insert(etype, digest);
            }
        }
        Ok(Self { generation, types })
    }

    pub(super) fn write(&self, connection: &Connection) -> Result<(), Error> {
        let mut statement = connection.prepare_cached(
            "INSERT INTO digests (type, count, lo, hi) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (type) DO UPDATE
             SET count = excluded.count, lo = excluded.lo, hi = excluded.hi",
        )?;
        for (etype, digest) in &self.types {
            statement.execute(params![
                etype.as_str(),
                digest.count.cast_signed(),
                digest.lo.cast_signed(),
                digest.hi.cast_signed()
            ])?;
        }
        Ok(())
    }

    /// A row was put at this revision, or deleted. Revision 0 is of rows that the backend does not have yet.
    pub(super) fn note(&mut self, key: &EntityKey, revision: Option<Revision>, put: Put) {
        if !put.written {
            return;
        }
        let digest = self.types.entry(key.entity_type()).or_default();
        if let Some(old) = put.old
            && old.generation == self.generation
            && old.rev > 0
        {
            digest.remove(key, Revision(old.rev));
        }
        if let Some(revision) = revision
            && revision.0 > 0
        {
            digest.add(key, revision);
        }
    }

    fn equal(&self, theirs: &BTreeMap<EntityType, Digest>) -> bool {
        let mut equal = true;
        for (etype, theirs) in theirs {
            let ours = self.types.get(etype).copied().unwrap_or_default();
            if ours != *theirs {
                tracing::error!(?etype, ?ours, ?theirs, "the replica does not equal the backend");
                equal = false;
            }
        }
        equal
    }
}
