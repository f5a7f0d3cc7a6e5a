//! Making two users one, and what that would do.

use super::{MergeOutcome, details, metadata, names, password, record::Record};
use crate::store::{
    Alone, Reading, StoreError, Writing,
    audit::{self, Entry},
    bindings::By,
    engine::{to_json, values},
    feed, refused, user_changes, users,
};
use serde_json::json;
use yaopai_domain::{
    EntityKey, FieldError, IdentityId, Merge, MergeId, MergePreview, MergeRequest, Merged, PoolId, Timestamp,
    UserId, merge,
};

pub(super) async fn preview(
    reading: &Reading<'_>,
    pool: &PoolId,
    request: &MergeRequest,
    now: Timestamp,
) -> Result<Result<Option<MergePreview>, Vec<FieldError>>, StoreError> {
    let (Some(kept), Some(removed)) = (
        users::record(reading, pool, request.kept).await?,
        users::record(reading, pool, request.removed).await?,
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

pub(super) async fn unite(
    writing: &Writing<'_>,
    pool: &PoolId,
    by: &By,
    request: &MergeRequest,
) -> Result<MergeOutcome, StoreError> {
    let alone = writing.alone(pool).await?;
    let (Some(kept), Some(removed)) = (
        users::load(&alone, pool, request.kept).await?,
        users::record(&alone, pool, request.removed).await?,
    ) else {
        return Ok(MergeOutcome::NoUser);
    };
    let merged = match merge(&kept, &removed.user, &request.choices, alone.now()) {
        Ok(merged) => merged,
        Err(refused) => return Ok(MergeOutcome::Refused(refused)),
    };
    let names = names::unite(&alone, request).await?;
    let details = details::unite(&alone, request).await?;
    let password = password::unite(&alone, request).await?;
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
    metadata::rewrite(&alone, &kept, &merged.result).await?;
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
    metadata::note(&alone, &kept, &merged.result, revision).await?;
    Ok(MergeOutcome::Done(done))
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
