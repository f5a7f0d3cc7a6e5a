//! Users, feed and audit in the common language, until their areas have moved.

use super::{
    Alone, NewHead, Reading, StoreError, Writing,
    engine::{Row, values, wire_name},
};
use serde_json::Value;
use std::collections::BTreeMap;
use yaopai_domain::{EntityKey, MetadataEntry, PoolId, Profile, Revision, Source, Sourced, User, UserId};

pub(super) mod feed {
    use super::*;

    pub(in crate::store) async fn commit(
        alone: &Alone<'_>,
        keys: &[EntityKey],
    ) -> Result<BTreeMap<EntityKey, Revision>, StoreError> {
        let pool = alone.pool();
        let mut revisions: BTreeMap<EntityKey, Revision> =
            keys.iter().map(|key| (*key, Revision::default())).collect();
        if revisions.is_empty() {
            return Ok(revisions);
        }
        let count = revisions.len() as i64;
        let head = alone
            .row(
                "UPDATE pool_head SET rev = rev + $1 WHERE pool = $2 RETURNING rev",
                values![count, pool],
            )
            .await?
            .ok_or(StoreError::NotFound("pool"))?
            .integer("rev")?;
        for (rev, (key, revision)) in (head - count + 1..).zip(&mut revisions) {
            *revision = Revision(rev);
            let EntityKey::User(id) = key else { continue };
            alone
                .execute(
                    "INSERT INTO feed (pool, etype, eid, rev, deleted) VALUES ($1, 'user', $2, $3, 0)
                     ON CONFLICT (pool, etype, eid) DO UPDATE SET rev = excluded.rev, deleted = excluded.deleted",
                    values![pool, *id, rev],
                )
                .await?;
        }
        let mut random = [0; 8];
        alone.entropy().fill(&mut random);
        let mark = i64::from_le_bytes(random) & i64::MAX;
        alone
            .execute(
                "INSERT INTO rev_mark (pool, rev, mark, at) VALUES ($1, $2, $3, $4)",
                values![pool, head, mark, alone.now()],
            )
            .await?;
        alone.tell_head(NewHead {
            pool: pool.clone(),
            head: Revision(head),
        });
        Ok(revisions)
    }
}

pub(super) mod audit {
    use super::*;

    pub(in crate::store) struct Entry<'a> {
        pub(in crate::store) actor: &'a str,
        pub(in crate::store) action: &'a str,
        pub(in crate::store) target: String,
        pub(in crate::store) old: Option<Value>,
        pub(in crate::store) new: Option<Value>,
    }

    pub(in crate::store) async fn write(
        writing: &Writing<'_>,
        pool: &PoolId,
        entry: Entry<'_>,
    ) -> Result<(), StoreError> {
        let mut random = [0; 16];
        writing.entropy().fill(&mut random);
        writing
            .execute(
                "INSERT INTO audit (id, pool, actor, action, target, old, new, at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                values![
                    hex::encode(random),
                    pool,
                    entry.actor,
                    entry.action,
                    entry.target,
                    entry.old.map(|value| value.to_string()),
                    entry.new.map(|value| value.to_string()),
                    writing.now()
                ],
            )
            .await?;
        Ok(())
    }
}

pub(super) mod users {
    use super::*;

    pub(in crate::store) async fn load(
        reading: &Reading<'_>,
        pool: &PoolId,
        id: UserId,
    ) -> Result<Option<User>, StoreError> {
        let row = reading
            .row(
                "SELECT * FROM users WHERE pool = $1 AND id = $2",
                values![pool, id],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let metadata = reading
            .rows(
                "SELECT m.key, m.value, r.rev, r.actor, r.at
                 FROM user_metadata m
                 JOIN users u ON u.id = m.user_id
                 JOIN field_rev r
                   ON r.pool = u.pool AND r.etype = 'user' AND r.eid = m.user_id AND r.fgroup = 'metadata.' || m.key
                 WHERE m.user_id = $1",
                values![id],
            )
            .await?;
        let metadata = metadata
            .iter()
            .map(|row| {
                let key = row
                    .text("key")?
                    .parse()
                    .map_err(|rule| StoreError::Unreadable(format!("key: {rule:?}")))?;
                let entry = MetadataEntry {
                    value: row.json("value")?,
                    revision: Revision(row.integer("rev")?),
                    actor: row.text_or_null("actor")?,
                    at: row.moment("at")?,
                };
                Ok((key, entry))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Some(User {
            id,
            status: row.named("status")?,
            profile: Profile {
                nickname: sourced(&row, "nickname")?,
                avatar_url: sourced(&row, "avatar_url")?,
                name: sourced(&row, "name")?,
                phone: sourced(&row, "phone")?,
                email: sourced(&row, "email")?,
                username: sourced(&row, "username")?,
            },
            metadata,
            created_at: row.moment("created_at")?,
            updated_at: row.moment("updated_at")?,
        }))
    }

    fn sourced(row: &Row, column: &str) -> Result<Option<Sourced>, StoreError> {
        let Some(value) = row.text_or_null(column)? else {
            return Ok(None);
        };
        let source: Source = row.named(&format!("{column}_source"))?;
        Ok(Some(Sourced { value, source }))
    }

    pub(in crate::store) async fn save(
        writing: &Writing<'_>,
        pool: &PoolId,
        user: &User,
    ) -> Result<(), StoreError> {
        let value = |field: &Option<Sourced>| field.as_ref().map(|field| field.value.clone());
        let source =
            |field: &Option<Sourced>| field.as_ref().map(|field| wire_name(&field.source)).transpose();
        let profile = &user.profile;
        writing
            .execute(
                "INSERT INTO users (id, pool, status, nickname, nickname_source, avatar_url, avatar_url_source, name,
                     name_source, phone, phone_source, email, email_source, username, username_source, created_at,
                     updated_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
                 ON CONFLICT (id) DO UPDATE SET status = excluded.status, nickname = excluded.nickname,
                     nickname_source = excluded.nickname_source, avatar_url = excluded.avatar_url,
                     avatar_url_source = excluded.avatar_url_source, name = excluded.name,
                     name_source = excluded.name_source, phone = excluded.phone,
                     phone_source = excluded.phone_source, email = excluded.email,
                     email_source = excluded.email_source, username = excluded.username,
                     username_source = excluded.username_source, updated_at = excluded.updated_at",
                values![
                    user.id,
                    pool,
                    wire_name(&user.status)?,
                    value(&profile.nickname),
                    source(&profile.nickname)?,
                    value(&profile.avatar_url),
                    source(&profile.avatar_url)?,
                    value(&profile.name),
                    source(&profile.name)?,
                    value(&profile.phone),
                    source(&profile.phone)?,
                    value(&profile.email),
                    source(&profile.email)?,
                    value(&profile.username),
                    source(&profile.username)?,
                    user.created_at,
                    user.updated_at
                ],
            )
            .await?;
        Ok(())
    }
}
