//! Users: one who is found again stays as they are.

use super::{
    Record, Touched, audited,
    fault::{Fault, at, rule},
    pool,
};
use crate::{
    bootstrap::UserEntry,
    store::{Reading, engine::values, fields, users},
};
use serde_json::json;
use std::collections::BTreeMap;
use yaopai_domain::{
    EntityKey, FieldError, MetadataKey, MetadataValue, Profile, Rule, Source, Sourced, User, UserId,
    UserStatus,
};

/// Makes a user, unless they are found again.
pub(super) async fn put(touched: &mut Touched<'_>, entry: &UserEntry) -> Result<(), Fault> {
    let alone = &touched.alone;
    pool::known(alone, &entry.pool).await?;
    if exists(alone, entry).await? {
        return Ok(());
    }
    let metadata = metadata(entry)?;
    let imported = |value: &Option<String>| {
        value.clone().map(|value| Sourced {
            value,
            source: Source::Import,
        })
    };
    let user = User {
        id: entry
            .id
            .unwrap_or_else(|| UserId::new(alone.clock(), alone.entropy())),
        status: UserStatus::Active,
        profile: Profile {
            nickname: imported(&entry.nickname),
            avatar_url: None,
            name: imported(&entry.name),
            phone: imported(&entry.phone),
            email: imported(&entry.email),
            username: imported(&entry.username),
        },
        metadata: BTreeMap::new(),
        created_at: alone.now(),
        updated_at: alone.now(),
    };
    users::save(alone, &user).await?;
    for (key, value) in metadata {
        fields::put_metadata(alone, user.id, &key, Some(&value)).await?;
        touched.metadata.push((user.id, key));
    }
    touched.keys.push(EntityKey::User(user.id));
    let record = Record {
        action: "user.create",
        target: format!("user:{}", user.id),
        old: None,
        new: Some(json!({ "profile": user.profile, "metadata": entry.metadata })),
    };
    Ok(audited(alone, &entry.pool, record).await?)
}

fn metadata(entry: &UserEntry) -> Result<Vec<(MetadataKey, MetadataValue)>, Fault> {
    if entry.metadata.len() > MetadataKey::MAX_PER_USER {
        return Err(rule(&FieldError::new("metadata", Rule::MetadataCount)));
    }
    entry
        .metadata
        .iter()
        .map(|(key, value)| {
            let field = |broken| rule(&FieldError::new(format!("metadata.{key}"), broken));
            let parsed = key.parse().map_err(field)?;
            let value = MetadataValue::new(value.clone()).map_err(field)?;
            Ok((parsed, value))
        })
        .collect()
}

async fn exists(reading: &Reading<'_>, entry: &UserEntry) -> Result<bool, Fault> {
    if let Some(id) = entry.id {
        let found = reading
            .row("SELECT pool FROM users WHERE id = $1", values![id])
            .await?;
        return match found.map(|row| row.text("pool")).transpose()? {
            Some(pool) if pool != entry.pool.as_str() => Err(at("id", "a user of another pool has this id")),
            pool => Ok(pool.is_some()),
        };
    }
    let (sql, value) = if let Some(username) = &entry.username {
        ("SELECT id FROM users WHERE pool = $1 AND username = $2", username)
    } else if let Some(email) = &entry.email {
        ("SELECT id FROM users WHERE pool = $1 AND email = $2", email)
    } else if let Some(phone) = &entry.phone {
        ("SELECT id FROM users WHERE pool = $1 AND phone = $2", phone)
    } else if let Some(nickname) = &entry.nickname {
        (
            "SELECT id FROM users WHERE pool = $1 AND nickname = $2 AND nickname_source = 'import'",
            nickname,
        )
    } else {
        return Err(Fault::At(
            None,
            "a user needs an id, user name, e-mail, phone or nickname to be found again by".to_owned(),
        ));
    };
    Ok(reading.any(sql, values![&entry.pool, value]).await?)
}
