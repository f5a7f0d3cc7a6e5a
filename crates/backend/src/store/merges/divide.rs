//! Making them two again, as far as nobody has changed things since.

use super::{MERGE, UnmergeOutcome, details, merge_of, metadata, names, password, record::Record};
use crate::store::{
    StoreError, Writing,
    audit::{self, Entry},
    bindings::By,
    engine::values,
    feed, sessions, users,
};
use serde_json::json;
use yaopai_domain::{EntityKey, MergeId, Metadata, PoolId, Unmerged, User, unmerge};

pub(super) async fn divide(
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
    metadata::rewrite(&alone, &before, &kept).await?;
    let removed = User {
        updated_at: alone.now(),
        ..record.removed.clone()
    };
    users::save(&alone, &removed).await?;
    let nothing = User {
        metadata: Metadata::new(),
        ..removed.clone()
    };
    metadata::rewrite(&alone, &nothing, &removed).await?;
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
    names::restore(&alone, &record, kept.id).await?;
    details::restore(&alone, &record, kept.id).await?;
    password::restore(&alone, &record, kept.id).await?;
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
    metadata::note(&alone, &before, &kept, revision(kept.id)).await?;
    metadata::note(&alone, &nothing, &removed, revision(removed.id)).await?;
    Ok(UnmergeOutcome::Done(Unmerged {
        merge,
        left,
        bindings_left,
    }))
}
