//! What a user's own app keeps about them.

use super::Refused;
use crate::{App, Error, store::OwnMetadata};
use yaopai_domain::{MetadataKey, MetadataValue, PoolId, UserId};

/// One key and what it shall be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OwnEntry {
    /// The key.
    pub(crate) key: MetadataKey,
    /// The value; `None` removes the key.
    pub(crate) value: Option<MetadataValue>,
}

/// Sets and removes keys, all or none; [`Error::Forbidden`] if an operator or a script has set one of them last. Reading them is part of [`super::person`].
pub(crate) async fn change_metadata(
    app: &App,
    pool: &PoolId,
    user: UserId,
    entries: Vec<OwnEntry>,
) -> Result<(), Error> {
    match app.store.change_own_metadata(pool, user, entries).await? {
        OwnMetadata::Set => Ok(()),
        OwnMetadata::TooMany => Err(Refused::TooManyKeys.into()),
        OwnMetadata::NotTheirs => Err(Error::Forbidden),
    }
}
