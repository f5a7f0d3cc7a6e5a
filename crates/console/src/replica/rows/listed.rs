//! What lists and search show of a user beyond the row as the backend sends it: the best name, own edits included, and the
//! bindings.

use super::{
    codes::kind_code,
    identity::ids,
    user::{profile_at, row_of},
};
use crate::{
    Error,
    replica::{
        columns::{optional_json, text_at},
        index,
        name_order::name_order,
    },
};
use rusqlite::{Connection, Row, params};
use yaopai_domain::{Identity, IdentityScope, Profile, ProfileField, Source, Sourced, UserId};

/// To be called before what a user is found by changes: what the search index has of the user is remembered.
pub(in crate::replica) fn changing(c: &Connection, user_id: UserId) -> Result<(), Error> {
    match row_of(c, user_id)? {
        Some(row) => index::changing(c, row),
        None => Ok(()),
    }
}

/// To be called after an edit of a user came or went: list and search show what the user looks like here.
pub(in crate::replica) fn refresh(c: &Connection, user_id: UserId) -> Result<(), Error> {
    let Some(row) = row_of(c, user_id)? else {
        return Ok(());
    };
    derive_name(c, row, user_id, &profile_at(c, row)?)?;
    index::tidy(c)
}

/// Puts the own edits of profile fields on top of a profile.
pub(in crate::replica) fn with_own_edits(
    c: &Connection,
    user_id: UserId,
    profile: &mut Profile,
) -> Result<(), Error> {
    let mut statement = c.prepare_cached(
        "SELECT field, value FROM overlay WHERE user_id = ?1 AND field IN ('profile.nickname', 'profile.name')",
    )?;
    let mut rows = statement.query([user_id.to_string()])?;
    while let Some(row) = rows.next()? {
        let field = match text_at(row, 0)? {
            Some("profile.nickname") => ProfileField::Nickname,
            _ => ProfileField::Name,
        };
        let value: Option<String> = optional_json(row, "value")?;
        *field.of_mut(profile) = value.map(|value| Sourced {
            value,
            source: Source::Operator,
        });
    }
    Ok(())
}

/// The best name and where it stands in their order, from the profile and the own edits of it.
pub(super) fn derive_name(c: &Connection, row: i64, user_id: UserId, profile: &Profile) -> Result<(), Error> {
    let mut profile = profile.clone();
    with_own_edits(c, user_id, &mut profile)?;
    let name = profile.best_name();
    c.prepare_cached("UPDATE people SET name = ?2, name_order = ?3 WHERE row = ?1 AND name IS NOT ?2")?
        .execute(params![row, name, name.map(name_order)])?;
    Ok(())
}

/// What the list shows of a user's bindings, from the bindings.
pub(super) fn derive_bindings(c: &Connection, user_id: UserId) -> Result<(), Error> {
    // The user may not be there yet.
    let Some(person) = row_of(c, user_id)? else {
        return Ok(());
    };
    let mut statement = c.prepare_cached(
        "SELECT o.kind, i.open_id, i.union_id, i.last_seen
         FROM identities i JOIN origins o ON o.row = i.origin
         WHERE i.user_id = ?1 ORDER BY i.first_seen, i.id",
    )?;
    let mut rows = statement.query([user_id.uuid().into_bytes()])?;
    let mut bindings = Bindings::default();
    while let Some(row) = rows.next()? {
        bindings.add(row.get(0)?, text_at(row, 1)?, text_at(row, 2)?, row.get(3)?);
    }
    bindings.write(c, person)
}

/// What a list shows of a user's bindings.
#[derive(Default)]
pub(in crate::replica) struct Bindings {
    chips: Vec<u8>,
    union_id: Option<String>,
    open_id: Option<String>,
    last_seen: Option<i64>,
}

impl Bindings {
    /// Of these bindings, in any order.
    pub(super) fn of(identities: &mut [&Identity]) -> Self {
        identities.sort_unstable_by_key(|identity| (identity.first_seen, identity.id));
        let mut bindings = Self::default();
        for identity in identities {
            let kind = match &identity.scope {
                IdentityScope::OpenId { kind, .. } => Some(kind_code(*kind)),
                IdentityScope::UnionId { .. } => None,
            };
            let (open_id, union_id) = ids(&identity.scope);
            bindings.add(kind, open_id, union_id, identity.last_seen.0);
        }
        bindings
    }

    /// Adds the next binding, oldest first.
    pub(in crate::replica) fn add(
        &mut self,
        kind: Option<u8>,
        open_id: Option<&str>,
        union_id: Option<&str>,
        last_seen: i64,
    ) {
        if let Some(kind) = kind {
            self.chips.push(kind << 1 | u8::from(union_id.is_some()));
        }
        if self.union_id.is_none() {
            self.union_id = union_id.map(str::to_owned);
        }
        if self.open_id.is_none() {
            self.open_id = open_id.map(str::to_owned);
        }
        self.last_seen = self.last_seen.max(Some(last_seen));
    }

    /// A byte a binding; `None` without any.
    pub(super) fn chips(&self) -> Option<&[u8]> {
        (!self.chips.is_empty()).then_some(&*self.chips)
    }

    /// How many there are.
    pub(super) const fn count(&self) -> i64 {
        self.chips.len() as i64
    }

    /// The UnionID, or else an OpenID.
    pub(super) fn wechat_id(&self) -> Option<&str> {
        self.union_id.as_deref().or(self.open_id.as_deref())
    }

    /// When the person was last seen, in milliseconds.
    pub(super) const fn last_seen(&self) -> Option<i64> {
        self.last_seen
    }

    /// Whether this stands in a row's columns `bindings`, `wechat_id` and `last_seen`, which begin at `first`.
    pub(in crate::replica) fn stand_in(&self, row: &Row<'_>, first: usize) -> rusqlite::Result<bool> {
        Ok(row.get_ref(first)?.as_blob_or_null()? == self.chips()
            && text_at(row, first + 1)? == self.wechat_id()
            && row.get::<_, Option<i64>>(first + 2)? == self.last_seen)
    }

    /// Writes it beside the user.
    pub(in crate::replica) fn write(&self, c: &Connection, row: i64) -> Result<(), Error> {
        c.prepare_cached(
            "UPDATE people SET bindings = ?2, binding_count = ?3, wechat_id = ?4, last_seen = ?5 WHERE row = ?1",
        )?
        .execute(params![
            row,
            self.chips(),
            self.count(),
            self.wechat_id(),
            self.last_seen
        ])?;
        Ok(())
    }
}
