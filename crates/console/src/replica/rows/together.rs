//! Rows that arrive together: whose bindings come with them, and what they came by.

use super::{listed::Bindings, origin::Origin};
use crate::Error;
use rusqlite::Connection;
use std::collections::HashMap;
use yaopai_domain::{Identity, IdentityScope, UserId};

/// What the rows of a page share. It lives within one transaction: what is undone takes the origins with it.
#[derive(Default)]
pub(in crate::replica) struct Together<'a> {
    bindings: HashMap<UserId, Vec<&'a Identity>>,
    origins: Vec<(Origin, i64)>,
}

/// So many origins are kept at hand; the rest is looked up.
const AT_HAND: usize = 16;

impl<'a> Together<'a> {
    /// Rows of a first load with these bindings. Most people come together with theirs, which then are written with them.
    pub(in crate::replica) fn with(identities: impl Iterator<Item = &'a Identity>) -> Self {
        let mut together = Self::default();
        for identity in identities {
            together
                .bindings
                .entry(identity.user_id)
                .or_default()
                .push(identity);
        }
        together
    }

    /// What a list shows of a user's bindings that are here.
    pub(super) fn bindings(&mut self, user_id: UserId) -> Bindings {
        match self.bindings.get_mut(&user_id) {
            Some(identities) => Bindings::of(identities),
            None => Bindings::default(),
        }
    }

    /// The number of what an identity came by, a new one if need be.
    pub(super) fn origin(&mut self, c: &Connection, scope: &IdentityScope) -> Result<i64, Error> {
        if let Some((_, row)) = self.origins.iter().find(|(origin, _)| origin.is_of(scope)) {
            return Ok(*row);
        }
        let origin = Origin::of(scope);
        let row = origin.row(c)?;
        if self.origins.len() < AT_HAND {
            self.origins.push((origin, row));
        }
        Ok(row)
    }
}
