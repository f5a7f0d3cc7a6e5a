//! The metadata of a user whom a merge, or undoing it, changes.

use crate::store::{Alone, StoreError, fields};
use yaopai_domain::{FieldGroup, MetadataKey, Revision, User};

/// Brings the metadata rows of a user from one state to the other.
pub(super) async fn rewrite(alone: &Alone<'_>, before: &User, after: &User) -> Result<(), StoreError> {
    for key in changed_keys(before, after) {
        let value = after.metadata.get(&key).map(|entry| &entry.value);
        fields::put_metadata(alone, after.id, &key, value).await?;
    }
    Ok(())
}

/// Writes who set the keys that changed: whoever set them for the user they come from.
pub(super) async fn note(
    alone: &Alone<'_>,
    before: &User,
    after: &User,
    revision: Revision,
) -> Result<(), StoreError> {
    for key in changed_keys(before, after) {
        let actor = after.metadata.get(&key).and_then(|entry| entry.actor.clone());
        fields::changed(
            alone,
            actor.as_deref(),
            after.id,
            &FieldGroup::Metadata(key),
            revision,
        )
        .await?;
    }
    Ok(())
}

fn changed_keys(before: &User, after: &User) -> Vec<MetadataKey> {
    let value = |user: &User, key: &MetadataKey| user.metadata.get(key).map(|entry| entry.value.clone());
    let mut keys: Vec<_> = before
        .metadata
        .keys()
        .chain(after.metadata.keys())
        .cloned()
        .collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| value(before, key) != value(after, key));
    keys
}
