//! Making two users one, and undoing it: each in one transaction.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    bindings::By,
    engine::{Row, to_json, values},
    feed, fields, refused, sessions, user_changes, users,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use yaopai_domain::{
    EntityKey, FieldError, FieldGroup, IdentityId, Merge, MergeId, MergePreview, MergeRequest, Merged,
    MetadataKey, PoolId, Revision, Side, Timestamp, Unmerged, User, UserId, UserRecord, merge, unmerge,
};

/// What became of a merge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MergeOutcome {
    /// They are one.
    Done(Merge),
    /// One of the two is not there.
    NoUser,
    /// The request breaks rules.
    Refused(Vec<FieldError>),
}

/// What became of undoing one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum UnmergeOutcome {
    /// They are two again.
    Done(Unmerged),
    /// There is no such merge.
    NotFound,
    /// It was undone before, or the user who stayed is gone or was merged into another since.
    TooLate,
}

/// Everything that undoing needs. Kept for [`KEPT_MILLIS`].
#[derive(Serialize, Deserialize)]
struct Record {
    kept_before: User,
    kept_after: User,
    removed: User,
    /// Bindings that moved.
    moved: Vec<IdentityId>,
    /// Names the removed user logged in by, and those the kept user gave up for them.
    names: Vec<Name>,
    /// What the removed user said of themselves beyond the profile.
    details: Vec<Detail>,
    /// The removed user's password (an Argon2id hash), sealed by nothing more: it leaves the database in no answer.
    password: Option<Password>,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Name {
    user_id: UserId,
    kind: String,
    value: String,
    since: i64,
}

#[derive(Serialize, Deserialize)]
struct Detail {
    name: String,
    value: String,
    /// Whether the kept user took it over.
    moved: bool,
}

#[derive(Serialize, Deserialize)]
struct Password {
    hash: String,
    set_at: i64,
    /// Whether the kept user took it over.
    moved: bool,
}

/// A merge can be undone this long.
const KEPT_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Store {
    /// What a merge would do; `None` if one of the users is not there.
    pub(crate) async fn preview_merge(
        &self,
        pool: &PoolId,
        request: MergeRequest,
    ) -> Result<Result<Option<MergePreview>, Vec<FieldError>>, StoreError> {
        let now = self.now();
        self.read((pool.clone(), request, now), |reading, (pool, request, now)| {
            Box::pin(preview(reading, pool, request, *now))
        })
        .await
    }

    /// Makes two users one.
    pub(crate) async fn merge_users(
        &self,
        pool: &PoolId,
        by: By,
        request: MergeRequest,
    ) -> Result<MergeOutcome, StoreError> {
        self.write((pool.clone(), by, request), |writing, (pool, by, request)| {
            Box::pin(unite(writing, pool, by, request))
        })
        .await
    }

    /// Makes them two again, as far as nobody has changed things since.
    pub(crate) async fn undo_merge(
        &self,
        pool: &PoolId,
        by: By,
        id: MergeId,
    ) -> Result<UnmergeOutcome, StoreError> {
        self.write((pool.clone(), by, id), |writing, (pool, by, id)| {
            Box::pin(divide(writing, pool, by, *id))
        })
        .await
    }

    /// At most `limit` merges, newest first.
    pub(crate) async fn merges(&self, pool: &PoolId, limit: u32) -> Result<Vec<Merge>, StoreError> {
        self.read((pool.clone(), limit), |reading, (pool, limit)| {
            Box::pin(newest(reading, pool, *limit))
        })
        .await
    }

    /// Forgets merges that are too old to be undone.
    pub(crate) async fn forget_old_merges(&self) -> Result<(), StoreError> {
        self.write((), |writing, ()| {
            Box::pin(async move {
                let sql = "DELETE FROM user_merge WHERE at < $1";
                let oldest = writing.now().plus_millis(-KEPT_MILLIS);
                writing.execute(sql, values![oldest]).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn preview(
    reading: &Reading<'_>,
    pool: &PoolId,
    request: &MergeRequest,
    now: Timestamp,
) -> Result<Result<Option<MergePreview>, Vec<FieldError>>, StoreError> {
    let (Some(kept), Some(removed)) = (
        record_of(reading, pool, request.kept).await?,
        record_of(reading, pool, request.removed).await?,
    ) else {
        return Ok(Ok(None));
    };
    Ok(
        merge(&kept.user, &removed.user, &request.choices, now).map(|Merged { result, differences }| {
            Some(MergePreview {
                kept,
                removed,
                result,
                differences,
            })
        }),
    )
}

async fn record_of(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: UserId,
) -> Result<Option<UserRecord>, StoreError> {
    let Some(user) = users::load(reading, pool, id).await? else {
        return Ok(None);
    };
    let identities = users::identities_of(reading, pool, id).await?;
    Ok(Some(UserRecord { user, identities }))
}

async fn unite(
    writing: &Writing<'_>,
    pool: &PoolId,
    by: &By,
    request: &MergeRequest,
) -> Result<MergeOutcome, StoreError> {
    let alone = writing.alone(pool).await?;
    let (Some(kept), Some(removed)) = (
        users::load(&alone, pool, request.kept).await?,
        record_of(&alone, pool, request.removed).await?,
    ) else {
        return Ok(MergeOutcome::NoUser);
    };
    let merged = match merge(&kept, &removed.user, &request.choices, alone.now()) {
        Ok(merged) => merged,
        Err(refused) => return Ok(MergeOutcome::Refused(refused)),
    };
    let names = move_names(&alone, request).await?;
    let details = move_details(&alone, request).await?;
    let password = move_password(&alone, request).await?;
    let sql = "UPDATE identity SET user_id = $1 WHERE pool = $2 AND user_id = $3";
    alone
        .execute(sql, values![kept.id, pool, removed.user.id])
        .await?;
    users::save(&alone, &merged.result).await?;
    let moved: Vec<IdentityId> = removed.identities.iter().map(|binding| binding.id).collect();
    let record = Record {
        kept_before: kept.clone(),
        kept_after: merged.result.clone(),
        removed: removed.user.clone(),
        moved: moved.clone(),
        names,
        details,
        password,
    };
    user_changes::remove(&alone, removed.user.id).await?;
    let mut changed: Vec<EntityKey> = moved.iter().copied().map(EntityKey::Identity).collect();
    changed.extend([EntityKey::User(kept.id), EntityKey::User(removed.user.id)]);
    rewrite_metadata(&alone, &kept, &merged.result).await?;
    let done = Merge {
        id: MergeId::new(alone.clock(), alone.entropy()),
        kept: kept.id,
        removed: removed.user.id,
        actor: by.actor.clone(),
        at: alone.now(),
        undone_at: None,
    };
    let sql = "INSERT INTO user_merge (id, pool, kept, removed, actor, at, record)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = values![
        done.id,
        pool,
        done.kept,
        done.removed,
        &done.actor,
        done.at,
        to_json(&record)?
    ];
    alone.execute(sql, values).await?;
    changed.extend(forget_united(&alone, kept.id).await?);
    let entry = Entry {
        actor: &by.actor,
        action: "user.merge",
        target: format!("user:{}", kept.id),
        old: Some(json!({ "removed": removed.user, "bindings": moved })),
        new: Some(json!({ "merge": done.id, "differences": merged.differences })),
    };
    audit::write(&alone, pool, entry).await?;
    let revisions = feed::commit(&alone, &changed).await?;
    let revision = revisions
        .get(&EntityKey::User(kept.id))
        .copied()
        .unwrap_or_default();
    note_metadata(&alone, &kept, &merged.result, revision).await?;
    Ok(MergeOutcome::Done(done))
}

/// Of each kind of name one stays: the kept user's, unless they have none or the other's was chosen. Answers every name
/// that either of them had.
async fn move_names(alone: &Alone<'_>, request: &MergeRequest) -> Result<Vec<Name>, StoreError> {
    let mut names = names_of(alone, request.kept).await?;
    names.extend(names_of(alone, request.removed).await?);
    let mut by_kind: BTreeMap<&str, (Option<&Name>, Option<&Name>)> = BTreeMap::new();
    for name in &names {
        let slot = by_kind.entry(&name.kind).or_default();
        if name.user_id == request.kept {
            slot.0 = Some(name);
        } else {
            slot.1 = Some(name);
        }
    }
    for (kind, (mine, theirs)) in by_kind {
        let chosen = request.choices.get(kind) == Some(&Side::Removed);
        let Some(theirs) = theirs.filter(|_| chosen || mine.is_none()) else {
            continue;
        };
        drop_name(alone, request.kept, kind).await?;
        let sql = "UPDATE login_name SET user_id = $1 WHERE pool = $2 AND kind = $3 AND value = $4";
        let values = values![request.kept, alone.pool(), kind, &theirs.value];
        alone.execute(sql, values).await?;
    }
    Ok(names)
}

async fn names_of(reading: &Reading<'_>, user: UserId) -> Result<Vec<Name>, StoreError> {
    let sql = "SELECT user_id, kind, value, since FROM login_name WHERE user_id = $1 ORDER BY kind";
    let rows = reading.rows(sql, values![user]).await?;
    rows.iter()
        .map(|row| {
            Ok(Name {
                user_id: row.parsed("user_id")?,
                kind: row.text("kind")?,
                value: row.text("value")?,
                since: row.integer("since")?,
            })
        })
        .collect()
}

async fn drop_name(alone: &Alone<'_>, user: UserId, kind: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM login_name WHERE pool = $1 AND user_id = $2 AND kind = $3";
    alone.execute(sql, values![alone.pool(), user, kind]).await?;
    Ok(())
}

/// What the kept user has not said of themselves is taken from the other one.
async fn move_details(alone: &Alone<'_>, request: &MergeRequest) -> Result<Vec<Detail>, StoreError> {
    let sql = "SELECT name, value FROM user_detail WHERE user_id = $1 ORDER BY name";
    let mut details = Vec::new();
    for row in alone.rows(sql, values![request.removed]).await? {
        let name = row.text("name")?;
        let sql = "UPDATE user_detail SET user_id = $1 WHERE user_id = $2 AND name = $3 AND NOT EXISTS (
                SELECT 1 FROM user_detail d WHERE d.user_id = $4 AND d.name = $5)";
        let values = values![request.kept, request.removed, &name, request.kept, &name];
        details.push(Detail {
            value: row.text("value")?,
            moved: alone.execute(sql, values).await? == 1,
            name,
        });
    }
    Ok(details)
}

/// The kept user's password stays; one who has none takes the other's.
async fn move_password(alone: &Alone<'_>, request: &MergeRequest) -> Result<Option<Password>, StoreError> {
    let sql = "SELECT hash, set_at FROM user_password WHERE user_id = $1";
    let Some(theirs) = alone.row(sql, values![request.removed]).await? else {
        return Ok(None);
    };
    let moved = alone.row(sql, values![request.kept]).await?.is_none();
    if moved {
        let sql = "UPDATE user_password SET user_id = $1 WHERE user_id = $2";
        alone.execute(sql, values![request.kept, request.removed]).await?;
    }
    Ok(Some(Password {
        hash: theirs.text("hash")?,
        set_at: theirs.integer("set_at")?,
        moved,
    }))
}

/// Brings the metadata rows of a user from one state to the other.
async fn rewrite_metadata(alone: &Alone<'_>, before: &User, after: &User) -> Result<(), StoreError> {
    for key in changed_keys(before, after) {
        let value = after.metadata.get(&key).map(|entry| &entry.value);
        fields::put_metadata(alone, after.id, &key, value).await?;
    }
    Ok(())
}

/// Writes who set the keys that changed: whoever set them for the user they come from.
async fn note_metadata(
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

/// Those whom the queue holds because they belonged to two users no longer do.
async fn forget_united(alone: &Alone<'_>, kept: UserId) -> Result<Vec<EntityKey>, StoreError> {
    let sql = "DELETE FROM refused_person WHERE pool = $1 AND refusal = 'two_users' AND EXISTS (
            SELECT 1 FROM identity i WHERE i.pool = refused_person.pool AND i.scope_kind = 'app'
                AND i.scope = refused_person.app_id AND i.subject = refused_person.open_id AND i.user_id = $2)
        AND EXISTS (
            SELECT 1 FROM identity i WHERE i.pool = refused_person.pool AND i.scope_kind = 'platform'
                AND i.subject = refused_person.union_id AND i.user_id = $3)
        RETURNING app_id, open_id";
    refused::keys(&alone.rows(sql, values![alone.pool(), kept, kept]).await?)
}

const MERGE: &str = "SELECT id, kept, removed, actor, at, undone_at, record FROM user_merge";

fn merge_of(row: &Row) -> Result<Merge, StoreError> {
    Ok(Merge {
        id: row.parsed("id")?,
        kept: row.parsed("kept")?,
        removed: row.parsed("removed")?,
        actor: row.text("actor")?,
        at: row.moment("at")?,
        undone_at: row.moment_or_null("undone_at")?,
    })
}

async fn newest(reading: &Reading<'_>, pool: &PoolId, limit: u32) -> Result<Vec<Merge>, StoreError> {
    let sql = format!("{MERGE} WHERE pool = $1 ORDER BY at DESC, id DESC LIMIT $2");
    let rows = reading.rows(&sql, values![pool, limit]).await?;
    rows.iter().map(merge_of).collect()
}

async fn divide(
    writing: &Writing<'_>,
    pool: &PoolId,
    by: &By,
    id: MergeId,
) -> Result<UnmergeOutcome, StoreError> {
    let alone = writing.alone(pool).await?;
    let sql = format!("{MERGE} WHERE pool = $1 AND id = $2");
    let Some(row) = alone.row(&sql, values![pool, id]).await? else {
        return Ok(UnmergeOutcome::NotFound);
    };
    let mut merge = merge_of(&row)?;
    let Some(before) = users::load(&alone, pool, merge.kept).await? else {
        return Ok(UnmergeOutcome::TooLate);
    };
    if merge.undone_at.is_some() || users::load(&alone, pool, merge.removed).await?.is_some() {
        return Ok(UnmergeOutcome::TooLate);
    }
    let record: Record = row.json("record")?;
    let mut kept = before.clone();
    let left = unmerge(&record.kept_before, &record.kept_after, &mut kept);
    kept.updated_at = alone.now();
    users::save(&alone, &kept).await?;
    rewrite_metadata(&alone, &before, &kept).await?;
    let removed = User {
        updated_at: alone.now(),
        ..record.removed.clone()
    };
    users::save(&alone, &removed).await?;
    let nothing = User {
        metadata: yaopai_domain::Metadata::new(),
        ..removed.clone()
    };
    rewrite_metadata(&alone, &nothing, &removed).await?;
    let mut changed = vec![EntityKey::User(kept.id), EntityKey::User(removed.id)];
    let mut bindings_left = 0;
    for binding in &record.moved {
        let sql = "UPDATE identity SET user_id = $1 WHERE id = $2 AND user_id = $3";
        if alone.execute(sql, values![removed.id, *binding, kept.id]).await? == 1 {
            changed.push(EntityKey::Identity(*binding));
        } else {
            bindings_left += 1;
        }
    }
    // Whoever came in as the removed user has a session of the kept one.
    sessions::end_all(&alone, pool, kept.id).await?;
    restore_names(&alone, &record, kept.id).await?;
    restore_details(&alone, &record, kept.id).await?;
    restore_password(&alone, &record, kept.id).await?;
    merge.undone_at = Some(alone.now());
    let sql = "UPDATE user_merge SET undone_at = $1, record = '' WHERE id = $2";
    alone.execute(sql, values![alone.now(), id]).await?;
    let entry = Entry {
        actor: &by.actor,
        action: "user.unmerge",
        target: format!("user:{}", kept.id),
        old: Some(json!({ "merge": id })),
        new: Some(json!({ "restored": removed.id, "left": left, "bindings_left": bindings_left })),
    };
    audit::write(&alone, pool, entry).await?;
    let revisions = feed::commit(&alone, &changed).await?;
    let revision = |id| revisions.get(&EntityKey::User(id)).copied().unwrap_or_default();
    note_metadata(&alone, &before, &kept, revision(kept.id)).await?;
    note_metadata(&alone, &nothing, &removed, revision(removed.id)).await?;
    Ok(UnmergeOutcome::Done(Unmerged {
        merge,
        left,
        bindings_left,
    }))
}

/// Gives the removed user their names back, and the kept one those that the merge replaced and nobody has touched since.
async fn restore_names(alone: &Alone<'_>, record: &Record, kept: UserId) -> Result<(), StoreError> {
    let (theirs, own): (Vec<&Name>, Vec<&Name>) = record
        .names
        .iter()
        .partition(|name| name.user_id == record.removed.id);
    let mut untouched = BTreeSet::new();
    for name in &theirs {
        let sql = "DELETE FROM login_name WHERE pool = $1 AND kind = $2 AND value = $3 AND user_id = $4";
        let values = values![alone.pool(), &name.kind, &name.value, kept];
        if alone.execute(sql, values).await? == 1 {
            untouched.insert(name.kind.as_str());
        }
    }
    let own = own
        .into_iter()
        .filter(|name| untouched.contains(name.kind.as_str()));
    for name in theirs.iter().copied().chain(own) {
        let sql = "INSERT INTO login_name (pool, kind, value, user_id, since) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT DO NOTHING";
        let values = values![alone.pool(), &name.kind, &name.value, name.user_id, name.since];
        alone.execute(sql, values).await?;
    }
    Ok(())
}

async fn restore_details(alone: &Alone<'_>, record: &Record, kept: UserId) -> Result<(), StoreError> {
    for detail in &record.details {
        if detail.moved {
            let sql = "DELETE FROM user_detail WHERE user_id = $1 AND name = $2 AND value = $3";
            alone
                .execute(sql, values![kept, &detail.name, &detail.value])
                .await?;
        }
        let sql = "INSERT INTO user_detail (pool, user_id, name, value) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING";
        let values = values![alone.pool(), record.removed.id, &detail.name, &detail.value];
        alone.execute(sql, values).await?;
    }
    Ok(())
}

async fn restore_password(alone: &Alone<'_>, record: &Record, kept: UserId) -> Result<(), StoreError> {
    let Some(password) = &record.password else {
        return Ok(());
    };
    if password.moved {
        let sql = "DELETE FROM user_password WHERE user_id = $1 AND hash = $2";
        alone.execute(sql, values![kept, &password.hash]).await?;
    }
    let sql = "INSERT INTO user_password (pool, user_id, hash, set_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING";
    let values = values![alone.pool(), record.removed.id, &password.hash, password.set_at];
    alone.execute(sql, values).await?;
    Ok(())
}
