//! The steps of a first load, for measurements.

use super::{
    build::{bare, build_indexes, build_search},
    open,
    rows::{Into, Together, put_identity, put_user},
    transact,
};
use crate::{Error, options::Ambient};
use rusqlite::Connection;
use std::path::Path;
use yaopai_domain::{Identity, PoolId, User};

pub(crate) fn create(path: &Path, pool: PoolId, ambient: Ambient) -> Result<Connection, Error> {
    let opening = open::Opening {
        path: path.to_owned(),
        pool,
        ambient,
    };
    let (c, _) = open::open(&opening)?;
    bare(&c)?;
    Ok(c)
}

pub(crate) fn open(path: &Path) -> Result<Connection, Error> {
    open::reader(path)
}

pub(crate) fn load(c: &mut Connection, people: &[(User, Vec<Identity>)], rev: i64) -> Result<(), Error> {
    transact(c, |c| {
        let mut together = Together::with(people.iter().flat_map(|(_, identities)| identities));
        for (user, identities) in people {
            put_user(c, 1, rev, user, &mut together, Into::Bare)?;
            for identity in identities {
                put_identity(c, 1, rev, identity, &mut together, Into::Bare)?;
            }
        }
        Ok(())
    })
}

pub(crate) fn build(c: &mut Connection) -> Result<Option<&'static str>, Error> {
    if !transact(c, |c| build_indexes(c))?.is_whole() {
        return Ok(Some("indexes"));
    }
    if !transact(c, |c| build_search(c))?.is_whole() {
        return Ok(Some("search"));
    }
    Ok(None)
}
