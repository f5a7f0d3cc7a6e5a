//! The people whom login-only mode refused, and those whose identifiers belong to two users: support lets them in.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    bindings::{Bind, By, bind_alone},
    connections,
    engine::{Row, values},
    feed, identity,
};
use crate::identity::{Arrival, person};
use serde_json::json;
use yaopai_domain::{
    ConnectionId, EntityKey, PlatformAccountId, PoolId, Refused, RefusedPerson, Timestamp, UserId, Verdict,
    WeChatPerson,
};

/// Where a page of the queue ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedAfter {
    /// When the last one on the page came last.
    pub(crate) last_seen: Timestamp,
    /// The AppID that refused them.
    pub(crate) app_id: String,
    /// Their OpenID.
    pub(crate) open_id: String,
}

/// What an operator decides about a refused person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// They are this user.
    Is(UserId),
    /// They are new, and get in.
    New,
    /// Nothing; the queue forgets them until they come again.
    Dismiss,
}

/// What became of the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// They are this user now.
    As(UserId),
    /// The queue has forgotten them.
    Dismissed,
    /// They are not in the queue.
    NotFound,
    /// They could not be bound.
    Not(Bind),
}

const REFUSED: &str =
    "SELECT app_id, open_id, connection_id, union_id, nickname, avatar_url, refusal, first_seen,
        last_seen, times FROM refused_person";

impl Store {
    /// At most `limit` refused people, the latest first, behind `after`.
    pub(crate) async fn refused_people(
        &self,
        pool: &PoolId,
        after: Option<RefusedAfter>,
        limit: u32,
    ) -> Result<Vec<RefusedPerson>, StoreError> {
        self.read((pool.clone(), after, limit), |reading, (pool, after, limit)| {
            Box::pin(page(reading, pool, after.as_ref(), *limit))
        })
        .await
    }

    /// Does with a refused person what an operator decided, in one transaction.
    pub(crate) async fn admit(
        &self,
        pool: &PoolId,
        app_id: String,
        open_id: String,
        admission: Admission,
        by: By,
    ) -> Result<Admitted, StoreError> {
        let data = (pool.clone(), app_id, open_id, admission, by);
        self.write(data, |writing, (pool, app_id, open_id, admission, by)| {
            Box::pin(admit(writing, pool, app_id, open_id, *admission, by))
        })
        .await
    }
}

/// One refused person, as replicas hold them.
pub(super) async fn load(
    reading: &Reading<'_>,
    pool: &PoolId,
    app_id: &str,
    open_id: &str,
) -> Result<Option<Refused>, StoreError> {
    let sql = format!("{REFUSED} WHERE pool = $1 AND app_id = $2 AND open_id = $3");
    let row = reading.row(&sql, values![pool, app_id, open_id]).await?;
    row.map(|row| Ok(refused(&row)?.into())).transpose()
}

async fn page(
    reading: &Reading<'_>,
    pool: &PoolId,
    after: Option<&RefusedAfter>,
    limit: u32,
) -> Result<Vec<RefusedPerson>, StoreError> {
    let rows = match after {
        None => {
            let sql = format!("{REFUSED} WHERE pool = $1 ORDER BY last_seen DESC, app_id, open_id LIMIT $2");
            reading.rows(&sql, values![pool, limit]).await?
        }
        Some(after) => {
            let sql = format!(
                "{REFUSED} WHERE pool = $1 AND (last_seen < $2 OR (last_seen = $3 AND (app_id > $4
                    OR (app_id = $5 AND open_id > $6)))) ORDER BY last_seen DESC, app_id, open_id LIMIT $7"
            );
            let values = values![
                pool,
                after.last_seen,
                after.last_seen,
                &after.app_id,
                &after.app_id,
                &after.open_id,
                limit
            ];
            reading.rows(&sql, values).await?
        }
    };
    let mut people = Vec::with_capacity(rows.len());
    for row in rows {
        let mut person = refused(&row)?;
        person.holders = holders(reading, pool, &person).await?;
        people.push(person);
    }
    Ok(people)
}

fn refused(row: &Row) -> Result<RefusedPerson, StoreError> {
    Ok(RefusedPerson {
        app_id: row.text("app_id")?,
        open_id: row.text("open_id")?,
        connection_id: row.parsed_or_null("connection_id")?,
        union_id: row.text_or_null("union_id")?,
        nickname: row.text_or_null("nickname")?,
        avatar_url: row.text_or_null("avatar_url")?,
        refusal: row.named("refusal")?,
        holders: Vec::new(),
        first_seen: row.moment("first_seen")?,
        last_seen: row.moment("last_seen")?,
        times: u32::try_from(row.integer("times")?).unwrap_or(u32::MAX),
    })
}

/// The users who have an identifier of the person.
async fn holders(
    reading: &Reading<'_>,
    pool: &PoolId,
    person: &RefusedPerson,
) -> Result<Vec<UserId>, StoreError> {
    let sql =
        "SELECT user_id FROM identity WHERE pool = $1 AND scope_kind = 'app' AND scope = $2 AND subject = $3
        UNION
        SELECT i.user_id FROM identity i JOIN connection c
          ON c.pool = i.pool AND c.platform_account = i.scope
        WHERE i.pool = $4 AND i.scope_kind = 'platform' AND c.id = $5 AND i.subject = $6";
    let values = values![
        pool,
        &person.app_id,
        &person.open_id,
        pool,
        person.connection_id,
        person.union_id.as_ref()
    ];
    let rows = reading.rows(sql, values).await?;
    rows.iter().map(|row| row.parsed("user_id")).collect()
}

async fn admit(
    writing: &Writing<'_>,
    pool: &PoolId,
    app_id: &str,
    open_id: &str,
    admission: Admission,
    by: &By,
) -> Result<Admitted, StoreError> {
    let alone = writing.alone(pool).await?;
    let sql = format!("{REFUSED} WHERE pool = $1 AND app_id = $2 AND open_id = $3");
    let Some(row) = alone.row(&sql, values![pool, app_id, open_id]).await? else {
        return Ok(Admitted::NotFound);
    };
    let refused = refused(&row)?;
    let admitted = match admission {
        Admission::Dismiss => Admitted::Dismissed,
        Admission::Is(_) | Admission::New => {
            let Some(mut arrival) = arrival(&alone, &refused).await? else {
                return Ok(Admitted::NotFound);
            };
            if !holders(&alone, pool, &refused).await?.is_empty() {
                // What was written down at the refusal is older than what somebody who logs in has.
                arrival.person.nickname = None;
                arrival.person.avatar_url = None;
            }
            match admission {
                Admission::Is(user) => match bind_alone(&alone, &arrival, user, by).await? {
                    Bind::Bound | Bind::Already => Admitted::As(user),
                    refusal => return Ok(Admitted::Not(refusal)),
                },
                _ => match identity::settle_alone(&alone, &arrival).await? {
                    Verdict::Create {
                        user_id: Some(user), ..
                    }
                    | Verdict::LogIn { user_id: user, .. } => Admitted::As(user),
                    _ => return Ok(Admitted::NotFound),
                },
            }
        }
    };
    if let Some(gone) = forget(&alone, app_id, open_id).await? {
        feed::commit(&alone, &[gone]).await?;
    }
    let entry = Entry {
        actor: &by.actor,
        action: match admission {
            Admission::Is(_) => "refused.bind",
            Admission::New => "refused.admit",
            Admission::Dismiss => "refused.dismiss",
        },
        target: format!("refused:{app_id}/{open_id}"),
        old: Some(json!({ "nickname": refused.nickname, "times": refused.times })),
        new: match admitted {
            Admitted::As(user) => Some(json!({ "user": user })),
            Admitted::Dismissed | Admitted::NotFound | Admitted::Not(_) => None,
        },
    };
    audit::write(&alone, pool, entry).await?;
    Ok(admitted)
}

/// The person at the door again, which is open this time; `None` if the connection is gone.
async fn arrival(alone: &Alone<'_>, refused: &RefusedPerson) -> Result<Option<Arrival>, StoreError> {
    let Some(connection_id) = refused.connection_id else {
        return Ok(None);
    };
    let Some(connection) = connections::load(alone, alone.pool(), connection_id).await? else {
        return Ok(None);
    };
    let platform_account: PlatformAccountId = connection.platform_account;
    let who: WeChatPerson = person(
        refused.open_id.clone(),
        refused.union_id.clone(),
        refused.nickname.clone(),
        refused.avatar_url.clone(),
    );
    Ok(Some(Arrival {
        pool: alone.pool().clone(),
        connection_id,
        kind: connection.kind,
        app_id: refused.app_id.clone(),
        platform_account,
        login_only: false,
        person: who,
        snapshot_user: false,
        dry_run: false,
    }))
}

/// Takes a person out of the queue; `None` if they were not in it. The caller commits them to the feed.
pub(super) async fn forget(
    alone: &Alone<'_>,
    app_id: &str,
    open_id: &str,
) -> Result<Option<EntityKey>, StoreError> {
    let sql = "DELETE FROM refused_person WHERE pool = $1 AND app_id = $2 AND open_id = $3";
    let gone = alone.execute(sql, values![alone.pool(), app_id, open_id]).await?;
    Ok((gone > 0).then(|| key(app_id, open_id)))
}

/// A refused person in the feed.
pub(super) fn key(app_id: &str, open_id: &str) -> EntityKey {
    EntityKey::RefusedPerson {
        app_id: app_id.to_owned(),
        open_id: open_id.to_owned(),
    }
}

/// The refused people of these rows.
pub(super) fn keys(rows: &[Row]) -> Result<Vec<EntityKey>, StoreError> {
    rows.iter()
        .map(|row| Ok(key(&row.text("app_id")?, &row.text("open_id")?)))
        .collect()
}

/// Whom a connection refused: they forget it when it is deleted.
pub(super) async fn refused_by(
    reading: &Reading<'_>,
    connection: ConnectionId,
) -> Result<Vec<EntityKey>, StoreError> {
    let sql = "SELECT app_id, open_id FROM refused_person WHERE connection_id = $1";
    keys(&reading.rows(sql, values![connection]).await?)
}
