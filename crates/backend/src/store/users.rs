//! Users, read and saved. They are written by logins (`identity`), by pushes (`sync`) and by the bootstrap.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    engine::{Row, Value, values, wire_name},
};
use futures_util::future::try_join_all;
use yaopai_domain::{
    Identity, IdentityScope, Metadata, MetadataEntry, MetadataKey, PoolId, Profile, Revision, Sourced, User,
    UserId, UserRecord, UserStatus,
};

/// The columns of a user `u`, as [`without_metadata`] reads them.
pub(super) const COLUMNS: &str = "u.id, u.status, u.nickname, u.nickname_source, u.avatar_url, u.avatar_url_source,
        u.name, u.name_source, u.phone, u.phone_source, u.email, u.email_source, u.username, u.username_source,
        u.created_at, u.updated_at";
/// Reads an identity `i`, as [`identity`] takes it.
pub(super) const IDENTITY: &str =
    "SELECT i.id, i.user_id, i.scope_kind, i.scope, i.subject, i.connection_id, i.kind,
        i.union_id, i.first_seen, i.last_seen";

impl Store {
    /// One user with all bindings.
    pub(crate) async fn user_record(
        &self,
        pool: &PoolId,
        id: UserId,
    ) -> Result<Option<UserRecord>, StoreError> {
        self.read((pool.clone(), id), |reading, (pool, id)| {
            Box::pin(record(reading, pool, *id))
        })
        .await
    }

    /// At most `limit` users in the order of their ids, the first behind `after`.
    pub(crate) async fn users(
        &self,
        pool: &PoolId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        self.read((pool.clone(), after, limit), |reading, (pool, after, limit)| {
            Box::pin(some(reading, pool, *after, *limit))
        })
        .await
    }
}

/// A user of whom nothing is known yet.
pub(super) fn fresh(writing: &Writing<'_>) -> User {
    User {
        id: UserId::new(writing.clock(), writing.entropy()),
        status: UserStatus::Active,
        profile: Profile::default(),
        metadata: Metadata::new(),
        created_at: writing.now(),
        updated_at: writing.now(),
    }
}

/// A user with all bindings.
pub(super) async fn record(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: UserId,
) -> Result<Option<UserRecord>, StoreError> {
    let Some(user) = load(reading, pool, id).await? else {
        return Ok(None);
    };
    let identities = identities_of(reading, pool, id).await?;
    Ok(Some(UserRecord { user, identities }))
}

async fn some(
    reading: &Reading<'_>,
    pool: &PoolId,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, StoreError> {
    // Every UUID is greater than the empty text.
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let sql = format!("SELECT {COLUMNS} FROM users u WHERE u.pool = $1 AND u.id > $2 ORDER BY u.id LIMIT $3");
    let rows = reading.rows(&sql, values![pool, after, limit]).await?;
    try_join_all(rows.iter().map(|row| whole(reading, row))).await
}

/// One user with metadata.
pub(super) async fn load(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: UserId,
) -> Result<Option<User>, StoreError> {
    match own_row(reading, pool, id).await? {
        Some(row) => whole(reading, &row).await.map(Some),
        None => Ok(None),
    }
}

/// One user whose metadata was not looked up: for decisions, and to be changed and [`save`]d.
pub(super) async fn load_without_metadata(
    reading: &Reading<'_>,
    pool: &PoolId,
    id: UserId,
) -> Result<Option<User>, StoreError> {
    let found = own_row(reading, pool, id).await?;
    found.as_ref().map(without_metadata).transpose()
}

/// The user of a row with [`COLUMNS`]; metadata was not looked up.
pub(super) fn without_metadata(row: &Row) -> Result<User, StoreError> {
    of_row(row, Metadata::new())
}

async fn own_row(reading: &Reading<'_>, pool: &PoolId, id: UserId) -> Result<Option<Row>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM users u WHERE u.pool = $1 AND u.id = $2");
    reading.row(&sql, values![pool, id]).await
}

async fn whole(reading: &Reading<'_>, row: &Row) -> Result<User, StoreError> {
    let metadata = metadata_of(reading, row.parsed("id")?).await?;
    of_row(row, metadata)
}

/// The bindings of a user, oldest first.
pub(super) async fn identities_of(
    reading: &Reading<'_>,
    pool: &PoolId,
    user: UserId,
) -> Result<Vec<Identity>, StoreError> {
    let sql = format!(
        "{IDENTITY} FROM identity i WHERE i.pool = $1 AND i.user_id = $2 ORDER BY i.first_seen, i.id"
    );
    let rows = reading.rows(&sql, values![pool, user]).await?;
    rows.iter().map(identity).collect()
}

/// Writes a user's own row, new or changed; metadata is another table. The caller commits the user to the feed.
pub(super) async fn save(alone: &Alone<'_>, user: &User) -> Result<(), StoreError> {
    let profile = &user.profile;
    let mut values = values![user.id, alone.pool(), wire_name(&user.status)?];
    for field in [
        &profile.nickname,
        &profile.avatar_url,
        &profile.name,
        &profile.phone,
        &profile.email,
        &profile.username,
    ] {
        let source = field.as_ref().map(|field| wire_name(&field.source)).transpose()?;
        values.push(Value::from(field.as_ref().map(|field| &field.value)));
        values.push(Value::from(source));
    }
    values.extend(values![user.created_at, user.updated_at]);
    let sql =
        "INSERT INTO users (id, pool, status, nickname, nickname_source, avatar_url, avatar_url_source, name,
            name_source, phone, phone_source, email, email_source, username, username_source, created_at,
            updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, nickname = excluded.nickname,
            nickname_source = excluded.nickname_source, avatar_url = excluded.avatar_url,
            avatar_url_source = excluded.avatar_url_source, name = excluded.name,
            name_source = excluded.name_source, phone = excluded.phone, phone_source = excluded.phone_source,
            email = excluded.email, email_source = excluded.email_source, username = excluded.username,
            username_source = excluded.username_source, updated_at = excluded.updated_at";
    alone.execute(sql, values).await?;
    Ok(())
}

fn of_row(row: &Row, metadata: Metadata) -> Result<User, StoreError> {
    let sourced = |column: &str| -> Result<Option<Sourced>, StoreError> {
        let source = format!("{column}_source");
        match row.text_or_null(column)? {
            Some(value) => Ok(Some(Sourced {
                value,
                source: row.named(&source)?,
            })),
            None => Ok(None),
        }
    };
    Ok(User {
        id: row.parsed("id")?,
        status: row.named("status")?,
        profile: Profile {
            nickname: sourced("nickname")?,
            avatar_url: sourced("avatar_url")?,
            name: sourced("name")?,
            phone: sourced("phone")?,
            email: sourced("email")?,
            username: sourced("username")?,
        },
        metadata,
        created_at: row.moment("created_at")?,
        updated_at: row.moment("updated_at")?,
    })
}

async fn metadata_of(reading: &Reading<'_>, id: UserId) -> Result<Metadata, StoreError> {
    let sql = "SELECT m.key, m.value, r.rev, r.actor, r.at
        FROM user_metadata m
        JOIN users u ON u.id = m.user_id
        JOIN field_rev r
          ON r.pool = u.pool AND r.etype = 'user' AND r.eid = m.user_id AND r.fgroup = 'metadata.' || m.key
        WHERE m.user_id = $1";
    let rows = reading.rows(sql, values![id]).await?;
    rows.iter()
        .map(|row| {
            let entry = MetadataEntry {
                value: row.json("value")?,
                revision: Revision(row.integer("rev")?),
                actor: row.text_or_null("actor")?,
                at: row.moment("at")?,
            };
            Ok((metadata_key(row)?, entry))
        })
        .collect()
}

/// The identity of a row that begins as [`IDENTITY`] says.
pub(super) fn identity(row: &Row) -> Result<Identity, StoreError> {
    let scope = match row.text("scope_kind")?.as_str() {
        "app" => IdentityScope::OpenId {
            connection_id: row.parsed_or_null("connection_id")?,
            kind: row.parsed("kind")?,
            app_id: row.text("scope")?,
            open_id: row.text("subject")?,
            union_id: row.text_or_null("union_id")?,
        },
        "platform" => IdentityScope::UnionId {
            platform_account: row.parsed("scope")?,
            union_id: row.text("subject")?,
        },
        _ => return Err(StoreError::Unreadable("scope_kind: unknown name".to_owned())),
    };
    Ok(Identity {
        id: row.parsed("id")?,
        user_id: row.parsed("user_id")?,
        scope,
        first_seen: row.moment("first_seen")?,
        last_seen: row.moment("last_seen")?,
    })
}

fn metadata_key(row: &Row) -> Result<MetadataKey, StoreError> {
    row.text("key")?
        .parse()
        .map_err(|rule| StoreError::Unreadable(format!("key: {rule:?}")))
}
