//! The replica alone, without a backend: what measurements of search and lists drive.

use crate::{
    Error, UserPage, UserQuery,
    options::Ambient,
    replica::{Orders, measure as file},
};
use rusqlite::Connection;
use std::{path::Path, sync::Arc};
use yaopai_domain::{Identity, PoolId, System, User};

/// A replica's file, opened by the one who measures.
pub struct Lists {
    c: Connection,
    orders: Orders,
}

impl Lists {
    /// Makes a file without rows and without what is made from them.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let system = Arc::new(System);
        let ambient = Ambient {
            clock: system.clone(),
            entropy: system,
        };
        let c = file::create(path, PoolId::default(), ambient)?;
        Ok(Self {
            c,
            orders: Orders::default(),
        })
    }

    /// Opens a file as the console's readers do.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self {
            c: file::open(path)?,
            orders: Orders::default(),
        })
    }

    /// Writes people and their bindings, one transaction.
    pub fn load(&mut self, people: &[(User, Vec<Identity>)], rev: i64) -> Result<(), Error> {
        file::load(&mut self.c, people, rev)
    }

    /// Takes the next step of what is made from the rows: `Some(what it was)` until nothing is left.
    pub fn build(&mut self) -> Result<Option<&'static str>, Error> {
        file::build(&mut self.c)
    }

    /// A page of users.
    pub fn users(&self, query: &UserQuery) -> Result<UserPage, Error> {
        // One read transaction, as the console's readers begin: without it every statement locks the file anew.
        let c = self.c.unchecked_transaction()?;
        crate::replica::users(&c, &self.orders, query)
    }

    /// The page that begins at a position.
    pub fn users_at(&self, query: &UserQuery, position: u32) -> Result<UserPage, Error> {
        let c = self.c.unchecked_transaction()?;
        crate::replica::users_at(&c, &self.orders, query, position)
    }

    /// The file itself, for what has to be measured beside it.
    pub const fn connection(&self) -> &Connection {
        &self.c
    }
}
