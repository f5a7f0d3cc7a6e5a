//! Who a WeChat person is: looked up, decided and written in one transaction.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    engine::{values, wire_name},
    feed, refused, users,
};
use crate::identity::{Arrival, Decision, Holder, decide, seen_on_a_new_day};
use yaopai_domain::{
    EntityKey, IdentityId, Refusal, Timestamp, User, UserId, Verdict, is_anonymous_avatar,
    is_anonymous_nickname,
};

impl Store {
    /// Decides who the person is, and writes it unless it is a dry run: one transaction, so that many arrivals of one
    /// person make one user. A login that changes nothing only reads.
    pub(crate) async fn resolve(&self, arrival: Arrival) -> Result<Verdict, StoreError> {
        match self.foresee(&arrival).await? {
            Foreseen::Settled(verdict) => Ok(verdict),
            Foreseen::ToWrite(verdict) if arrival.dry_run => Ok(verdict),
            Foreseen::ToWrite(_) => {
                self.write(arrival, |writing, arrival| Box::pin(settle(writing, arrival)))
                    .await
            }
        }
    }

    /// Looks at who the person is, without a lock.
    pub(super) async fn foresee(&self, arrival: &Arrival) -> Result<Foreseen, StoreError> {
        let now = self.now();
        self.glance((arrival.clone(), now), |reading, (arrival, now)| {
            Box::pin(foresee(reading, arrival, *now))
        })
        .await
    }
}

/// What a look without a lock finds.
pub(super) enum Foreseen {
    /// This is it, and there is nothing to write.
    Settled(Verdict),
    /// It would be this, but it has to be written, and looked at again before.
    ToWrite(Verdict),
}

async fn foresee(reading: &Reading<'_>, arrival: &Arrival, now: Timestamp) -> Result<Foreseen, StoreError> {
    let mut known = look(reading, arrival).await?;
    Ok(match known.decide(arrival) {
        Decision::Refuse(refusal) if is_for_the_queue(refusal) => Foreseen::ToWrite(refuse(refusal, arrival)),
        Decision::Refuse(refusal) => Foreseen::Settled(refuse(refusal, arrival)),
        Decision::Create => Foreseen::ToWrite(Verdict::Create {
            user_id: None,
            person: arrival.person.clone(),
        }),
        Decision::LogIn {
            user_id,
            bind_open_id,
            bind_union_id,
        } => {
            let user = known.user(user_id)?;
            let greeted = greet(user, arrival);
            let verdict = log_in(user, bind_union_id, arrival);
            let news = greeted
                || bind_open_id
                || bind_union_id
                || known.all().any(|bound| bound.news(arrival, now).is_some());
            if news {
                Foreseen::ToWrite(verdict)
            } else {
                Foreseen::Settled(verdict)
            }
        }
    })
}

/// Decides who the person is, and writes it.
pub(super) async fn settle(writing: &Writing<'_>, arrival: &Arrival) -> Result<Verdict, StoreError> {
    let alone = writing.alone(&arrival.pool).await?;
    settle_alone(&alone, arrival).await
}

/// [`Store::resolve`] within a transaction, for an arrival that is no dry run.
pub(super) async fn settle_alone(alone: &Alone<'_>, arrival: &Arrival) -> Result<Verdict, StoreError> {
    let mut known = look(alone, arrival).await?;
    match known.decide(arrival) {
        Decision::Refuse(refusal) => {
            if is_for_the_queue(refusal) {
                remember_refused(alone, arrival, refusal).await?;
                let queued = refused::key(&arrival.app_id, &arrival.person.open_id);
                feed::commit(alone, &[queued]).await?;
            }
            Ok(refuse(refusal, arrival))
        }
        Decision::Create => create(alone, arrival).await,
        Decision::LogIn {
            user_id,
            bind_open_id,
            bind_union_id,
        } => {
            let user = known.user(user_id)?;
            let mut changed = Vec::new();
            if greet(user, arrival) {
                user.updated_at = alone.now();
                users::save(alone, user).await?;
                changed.push(EntityKey::User(user_id));
            }
            let verdict = log_in(user, bind_union_id, arrival);
            for bound in known.all() {
                changed.extend(see(alone, bound, arrival).await?);
            }
            if bind_open_id {
                changed.extend(self::bind_open_id(alone, arrival, user_id).await?);
            }
            if bind_union_id {
                changed.extend(self::bind_union_id(alone, arrival, user_id).await?);
            }
            feed::commit(alone, &changed).await?;
            Ok(verdict)
        }
    }
}

/// Whether an operator can let in whom this refuses.
const fn is_for_the_queue(refusal: Refusal) -> bool {
    match refusal {
        Refusal::LoginOnly | Refusal::TwoUsers => true,
        Refusal::SnapshotUser | Refusal::UserBlocked => false,
    }
}

/// Binds those of the person's identifiers that nobody has to a user; what that adds.
pub(super) async fn bind_missing(
    alone: &Alone<'_>,
    arrival: &Arrival,
    known: &Known,
    user: UserId,
) -> Result<Vec<EntityKey>, StoreError> {
    let mut changed = Vec::new();
    for bound in known.all() {
        changed.extend(see(alone, bound, arrival).await?);
    }
    if known.open_id.is_none() {
        changed.extend(bind_open_id(alone, arrival, user).await?);
    }
    if known.union_id.is_none() {
        changed.extend(bind_union_id(alone, arrival, user).await?);
    }
    Ok(changed)
}

/// The binding of one of the person's identifiers.
struct Bound {
    id: IdentityId,
    user: User,
    union_id: Option<String>,
    is_open_id: bool,
    last_seen: Timestamp,
}

/// What an arrival adds to a binding.
struct News {
    union_id: Option<String>,
}

impl Bound {
    /// That the binding was seen, and the UnionID that has become known with it; `None` if neither is news.
    fn news(&self, arrival: &Arrival, now: Timestamp) -> Option<News> {
        let union_id = arrival.person.union_id.clone().filter(|_| self.is_open_id);
        let union_id_is_news = union_id.is_some() && union_id != self.union_id;
        (union_id_is_news || seen_on_a_new_day(self.last_seen, now)).then_some(News { union_id })
    }
}

/// What is known of the person's identifiers.
pub(super) struct Known {
    open_id: Option<Bound>,
    union_id: Option<Bound>,
}

impl Known {
    fn decide(&self, arrival: &Arrival) -> Decision {
        let holder = |bound: &Option<Bound>| {
            bound.as_ref().map(|bound| Holder {
                user_id: bound.user.id,
                status: bound.user.status,
            })
        };
        decide(arrival, holder(&self.open_id), holder(&self.union_id))
    }

    /// The users who have an identifier of the person.
    pub(super) fn holders(&self) -> impl Iterator<Item = UserId> {
        self.all().map(|bound| bound.user.id)
    }

    /// One of the [`holders`](Self::holders), without metadata.
    fn user(&mut self, id: UserId) -> Result<&mut User, StoreError> {
        self.open_id
            .iter_mut()
            .chain(&mut self.union_id)
            .map(|bound| &mut bound.user)
            .find(|user| user.id == id)
            .ok_or(StoreError::NotFound("user"))
    }

    /// Whether every identifier that WeChat named is bound.
    pub(super) fn is_whole(&self, arrival: &Arrival) -> bool {
        self.open_id.is_some() && (self.union_id.is_some() || arrival.person.union_id.is_none())
    }

    fn all(&self) -> impl Iterator<Item = &Bound> {
        self.open_id.iter().chain(&self.union_id)
    }
}

pub(super) async fn look(reading: &Reading<'_>, arrival: &Arrival) -> Result<Known, StoreError> {
    let columns = format!(
        "SELECT i.id AS identity, i.scope_kind, i.union_id, i.last_seen, {}
        FROM identity i JOIN users u ON u.pool = i.pool AND u.id = i.user_id",
        users::COLUMNS
    );
    let by_open_id = "WHERE i.pool = $1 AND i.scope_kind = 'app' AND i.scope = $2 AND i.subject = $3";
    let by_union_id = "WHERE i.pool = $4 AND i.scope_kind = 'platform' AND i.scope = $5 AND i.subject = $6";
    let mut sql = format!("{columns} {by_open_id}");
    let mut values = values![&arrival.pool, &arrival.app_id, &arrival.person.open_id];
    if let Some(union_id) = &arrival.person.union_id {
        // Two questions, not one with an OR: each is one step into an index.
        sql = format!("{sql} UNION ALL {columns} {by_union_id}");
        values.extend(values![&arrival.pool, arrival.platform_account, union_id]);
    }
    let mut known = Known {
        open_id: None,
        union_id: None,
    };
    for row in reading.rows(&sql, values).await? {
        let bound = Bound {
            id: row.parsed("identity")?,
            user: users::without_metadata(&row)?,
            union_id: row.text_or_null("union_id")?,
            is_open_id: row.text("scope_kind")? == "app",
            last_seen: row.moment("last_seen")?,
        };
        let place = if bound.is_open_id {
            &mut known.open_id
        } else {
            &mut known.union_id
        };
        *place = Some(bound);
    }
    Ok(known)
}

/// Takes what WeChat says about the person into the user's profile; whether that changed anything.
fn greet(user: &mut User, arrival: &Arrival) -> bool {
    let person = &arrival.person;
    user.profile
        .absorb_wechat(person.nickname.as_deref(), person.avatar_url.as_deref())
}

fn log_in(user: &User, union_id_added: bool, arrival: &Arrival) -> Verdict {
    Verdict::LogIn {
        user_id: user.id,
        name: user.profile.best_name().map(str::to_owned),
        union_id_added,
        person: arrival.person.clone(),
    }
}

fn refuse(refusal: Refusal, arrival: &Arrival) -> Verdict {
    Verdict::Refuse {
        refusal,
        person: arrival.person.clone(),
    }
}

async fn create(alone: &Alone<'_>, arrival: &Arrival) -> Result<Verdict, StoreError> {
    let mut user = users::fresh(alone);
    greet(&mut user, arrival);
    users::save(alone, &user).await?;
    let mut changed = vec![EntityKey::User(user.id)];
    changed.extend(bind_open_id(alone, arrival, user.id).await?);
    changed.extend(bind_union_id(alone, arrival, user.id).await?);
    feed::commit(alone, &changed).await?;
    Ok(Verdict::Create {
        user_id: Some(user.id),
        person: arrival.person.clone(),
    })
}

/// Binds the OpenID to a user, who is no longer refused then; what that changes.
async fn bind_open_id(
    alone: &Alone<'_>,
    arrival: &Arrival,
    user: UserId,
) -> Result<Vec<EntityKey>, StoreError> {
    let id = IdentityId::new(alone.clock(), alone.entropy());
    let sql =
        "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, connection_id, kind, union_id,
            first_seen, last_seen)
        VALUES ($1, $2, $3, 'app', $4, $5, $6, $7, $8, $9, $10)";
    let values = values![
        id,
        &arrival.pool,
        user,
        &arrival.app_id,
        &arrival.person.open_id,
        arrival.connection_id,
        arrival.kind.as_str(),
        arrival.person.union_id.as_ref(),
        alone.now(),
        alone.now(),
    ];
    alone.execute(sql, values).await?;
    let mut changed = vec![EntityKey::Identity(id)];
    changed.extend(refused::forget(alone, &arrival.app_id, &arrival.person.open_id).await?);
    Ok(changed)
}

/// Binds the UnionID to a user, if WeChat named one.
async fn bind_union_id(
    alone: &Alone<'_>,
    arrival: &Arrival,
    user: UserId,
) -> Result<Option<EntityKey>, StoreError> {
    let Some(union_id) = &arrival.person.union_id else {
        return Ok(None);
    };
    let id = IdentityId::new(alone.clock(), alone.entropy());
    let sql = "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, first_seen, last_seen)
        VALUES ($1, $2, $3, 'platform', $4, $5, $6, $7)";
    let values = values![
        id,
        &arrival.pool,
        user,
        arrival.platform_account,
        union_id,
        alone.now(),
        alone.now(),
    ];
    alone.execute(sql, values).await?;
    Ok(Some(EntityKey::Identity(id)))
}

/// Writes to a binding what the arrival adds to it, if anything.
async fn see(alone: &Alone<'_>, bound: &Bound, arrival: &Arrival) -> Result<Option<EntityKey>, StoreError> {
    let Some(news) = bound.news(arrival, alone.now()) else {
        return Ok(None);
    };
    let sql = "UPDATE identity SET union_id = coalesce($2, union_id), last_seen = $3 WHERE id = $1";
    alone
        .execute(sql, values![bound.id, news.union_id, alone.now()])
        .await?;
    Ok(Some(EntityKey::Identity(bound.id)))
}

/// Notes a person who was refused, so that support can let them in.
async fn remember_refused(alone: &Alone<'_>, arrival: &Arrival, refusal: Refusal) -> Result<(), StoreError> {
    let person = &arrival.person;
    let nickname = person
        .nickname
        .as_ref()
        .filter(|name| !is_anonymous_nickname(name));
    let avatar_url = person.avatar_url.as_ref().filter(|url| !is_anonymous_avatar(url));
    let sql =
        "INSERT INTO refused_person (pool, app_id, open_id, connection_id, union_id, nickname, avatar_url,
            first_seen, last_seen, times, refusal)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)
        ON CONFLICT (pool, app_id, open_id) DO UPDATE SET connection_id = excluded.connection_id,
            refusal = excluded.refusal,
            union_id = coalesce(excluded.union_id, refused_person.union_id),
            nickname = coalesce(excluded.nickname, refused_person.nickname),
            avatar_url = coalesce(excluded.avatar_url, refused_person.avatar_url),
            last_seen = excluded.last_seen, times = refused_person.times + 1";
    let values = values![
        &arrival.pool,
        &arrival.app_id,
        &person.open_id,
        arrival.connection_id,
        person.union_id.as_ref(),
        nickname,
        avatar_url,
        alone.now(),
        alone.now(),
        wire_name(&refusal)?,
    ];
    alone.execute(sql, values).await?;
    Ok(())
}
