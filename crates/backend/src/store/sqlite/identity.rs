//! Identities in SQLite: who a WeChat person is, looked up, decided and written in one transaction.

use super::{Sqlite, Writing, feed, row::Columns, users};
use crate::{
    identity::{Arrival, Decision, Holder, decide, seen_on_a_new_day},
    store::{IdentityStore, Reply, StoreError},
};
use rusqlite::{Transaction, params};
use yaopai_domain::{
    EntityKey, IdentityId, Metadata, Profile, Refusal, Timestamp, User, UserId, UserStatus, Verdict,
    is_anonymous_avatar, is_anonymous_nickname,
};

impl IdentityStore for Sqlite {
    fn resolve(&self, arrival: Arrival) -> Reply<'_, Verdict> {
        if arrival.dry_run {
            Box::pin(self.read(move |tx| {
                let known = look(tx, &arrival)?;
                Ok(match known.decide(&arrival) {
                    Decision::Refuse(refusal) => refuse(refusal, arrival),
                    Decision::Create => Verdict::Create {
                        user_id: None,
                        person: arrival.person,
                    },
                    Decision::LogIn {
                        user_id,
                        bind_union_id,
                        ..
                    } => {
                        let mut user = user(tx, &arrival, user_id)?;
                        greet(&mut user, &arrival);
                        log_in(&user, bind_union_id, arrival)
                    }
                })
            }))
        } else {
            Box::pin(self.write(move |writing| {
                let known = look(writing.tx(), &arrival)?;
                match known.decide(&arrival) {
                    Decision::Refuse(refusal) => {
                        if refusal == Refusal::LoginOnly {
                            remember_refused(writing, &arrival)?;
                        }
                        Ok(refuse(refusal, arrival))
                    }
                    Decision::Create => create(writing, arrival),
                    Decision::LogIn {
                        user_id,
                        bind_open_id,
                        bind_union_id,
                    } => {
                        let mut user = user(writing.tx(), &arrival, user_id)?;
                        let mut changed = Vec::new();
                        if greet(&mut user, &arrival) {
                            user.updated_at = writing.now();
                            users::save(writing, &arrival.pool, &user)?;
                            changed.push(EntityKey::User(user_id));
                        }
                        changed.extend(if bind_open_id {
                            Some(bind_open(writing, &arrival, user_id)?)
                        } else {
                            known
                                .open_id
                                .map(|row| see(writing, row, &arrival))
                                .transpose()?
                                .flatten()
                        });
                        changed.extend(if bind_union_id {
                            bind_union(writing, &arrival, user_id)?
                        } else {
                            known
                                .union_id
                                .map(|row| see(writing, row, &arrival))
                                .transpose()?
                                .flatten()
                        });
                        forget_refused(writing, &arrival)?;
                        feed::commit(writing, &arrival.pool, &changed)?;
                        Ok(log_in(&user, bind_union_id, arrival))
                    }
                }
            }))
        }
    }
}

/// The binding of one of the person's identifiers.
struct Bound {
    id: IdentityId,
    holder: Holder,
    union_id: Option<String>,
    is_open_id: bool,
    last_seen: Timestamp,
}

/// What is known of the person's identifiers.
struct Known {
    open_id: Option<Bound>,
    union_id: Option<Bound>,
}

impl Known {
    fn decide(&self, arrival: &Arrival) -> Decision {
        let holder = |bound: &Option<Bound>| bound.as_ref().map(|bound| bound.holder);
        decide(arrival, holder(&self.open_id), holder(&self.union_id))
    }
}

fn look(tx: &Transaction<'_>, arrival: &Arrival) -> Result<Known, StoreError> {
    let open_id = bound(tx, arrival, "app", &arrival.app_id, &arrival.person.open_id)?;
    let account = arrival.platform_account.to_string();
    let union_id = match &arrival.person.union_id {
        Some(union_id) => bound(tx, arrival, "platform", &account, union_id)?,
        None => None,
    };
    Ok(Known { open_id, union_id })
}

fn bound(
    tx: &Transaction<'_>,
    arrival: &Arrival,
    scope_kind: &str,
    scope: &str,
    subject: &str,
) -> Result<Option<Bound>, StoreError> {
    tx.prepare_cached(
        "SELECT i.id, i.user_id, i.union_id, i.last_seen, u.status
         FROM identity i JOIN users u ON u.pool = i.pool AND u.id = i.user_id
         WHERE i.pool = ?1 AND i.scope_kind = ?2 AND i.scope = ?3 AND i.subject = ?4",
    )?
    .query_and_then(
        params![arrival.pool.as_str(), scope_kind, scope, subject],
        |row| {
            let status: String = row.get("status")?;
            Ok(Bound {
                id: row.parsed("id")?,
                holder: Holder {
                    user_id: row.parsed("user_id")?,
                    status: super::row::from_wire_name("status", &status)?,
                },
                union_id: row.get("union_id")?,
                is_open_id: scope_kind == "app",
                last_seen: row.moment("last_seen")?,
            })
        },
    )?
    .next()
    .transpose()
}

fn user(tx: &Transaction<'_>, arrival: &Arrival, id: UserId) -> Result<User, StoreError> {
    users::load(tx, &arrival.pool, id)?.ok_or(StoreError::NotFound("user"))
}

/// Takes what WeChat says about the person into the user's profile; whether that changed anything.
fn greet(user: &mut User, arrival: &Arrival) -> bool {
    let person = &arrival.person;
    user.profile
        .absorb_wechat(person.nickname.as_deref(), person.avatar_url.as_deref())
}

fn log_in(user: &User, union_id_added: bool, arrival: Arrival) -> Verdict {
    Verdict::LogIn {
        user_id: user.id,
        name: user.profile.best_name().map(str::to_owned),
        union_id_added,
        person: arrival.person,
    }
}

fn refuse(refusal: Refusal, arrival: Arrival) -> Verdict {
    Verdict::Refuse {
        refusal,
        person: arrival.person,
    }
}

fn create(writing: &mut Writing<'_>, arrival: Arrival) -> Result<Verdict, StoreError> {
    let mut user = User {
        id: UserId::new(writing.clock(), writing.entropy()),
        status: UserStatus::Active,
        profile: Profile::default(),
        metadata: Metadata::new(),
        created_at: writing.now(),
        updated_at: writing.now(),
    };
    greet(&mut user, &arrival);
    users::save(writing, &arrival.pool, &user)?;
    let mut changed = vec![EntityKey::User(user.id), bind_open(writing, &arrival, user.id)?];
    changed.extend(bind_union(writing, &arrival, user.id)?);
    forget_refused(writing, &arrival)?;
    feed::commit(writing, &arrival.pool, &changed)?;
    Ok(Verdict::Create {
        user_id: Some(user.id),
        person: arrival.person,
    })
}

/// Binds the OpenID to a user.
fn bind_open(writing: &Writing<'_>, arrival: &Arrival, user: UserId) -> Result<EntityKey, StoreError> {
    let id = IdentityId::new(writing.clock(), writing.entropy());
    writing
        .tx()
        .prepare_cached(
            "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, connection_id, kind, union_id,
                 first_seen, last_seen)
             VALUES (?1, ?2, ?3, 'app', ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
        )?
        .execute(params![
            id.to_string(),
            arrival.pool.as_str(),
            user.to_string(),
            arrival.app_id,
            arrival.person.open_id,
            arrival.connection_id.to_string(),
            arrival.kind.as_str(),
            arrival.person.union_id,
            writing.now().0,
        ])?;
    Ok(EntityKey::Identity(id))
}

/// Binds the UnionID to a user, if WeChat named one.
fn bind_union(
    writing: &Writing<'_>,
    arrival: &Arrival,
    user: UserId,
) -> Result<Option<EntityKey>, StoreError> {
    let Some(union_id) = &arrival.person.union_id else {
        return Ok(None);
    };
    let id = IdentityId::new(writing.clock(), writing.entropy());
    writing
        .tx()
        .prepare_cached(
            "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, first_seen, last_seen)
             VALUES (?1, ?2, ?3, 'platform', ?4, ?5, ?6, ?6)",
        )?
        .execute(params![
            id.to_string(),
            arrival.pool.as_str(),
            user.to_string(),
            arrival.platform_account.to_string(),
            union_id,
            writing.now().0,
        ])?;
    Ok(Some(EntityKey::Identity(id)))
}

/// Writes to a binding that it was seen, and the UnionID that has become known with it; `None` if neither is news.
fn see(writing: &Writing<'_>, bound: Bound, arrival: &Arrival) -> Result<Option<EntityKey>, StoreError> {
    let union_id = arrival.person.union_id.as_ref().filter(|_| bound.is_open_id);
    let union_id_is_news = union_id.is_some() && union_id != bound.union_id.as_ref();
    if !union_id_is_news && !seen_on_a_new_day(bound.last_seen, writing.now()) {
        return Ok(None);
    }
    writing
        .tx()
        .prepare_cached(
            "UPDATE identity SET union_id = coalesce(?2, union_id), last_seen = ?3 WHERE id = ?1",
        )?
        .execute(params![bound.id.to_string(), union_id, writing.now().0])?;
    Ok(Some(EntityKey::Identity(bound.id)))
}

/// Notes a person whom login-only mode refused, so that support can bind them.
fn remember_refused(writing: &Writing<'_>, arrival: &Arrival) -> Result<(), StoreError> {
    let person = &arrival.person;
    writing
        .tx()
        .prepare_cached(
            "INSERT INTO refused_person (pool, app_id, open_id, connection_id, union_id, nickname, avatar_url,
                 first_seen, last_seen, times)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, 1)
             ON CONFLICT (pool, app_id, open_id) DO UPDATE SET connection_id = excluded.connection_id,
                 union_id = coalesce(excluded.union_id, refused_person.union_id),
                 nickname = coalesce(excluded.nickname, refused_person.nickname),
                 avatar_url = coalesce(excluded.avatar_url, refused_person.avatar_url),
                 last_seen = excluded.last_seen, times = refused_person.times + 1",
        )?
        .execute(params![
            arrival.pool.as_str(),
            arrival.app_id,
            person.open_id,
            arrival.connection_id.to_string(),
            person.union_id,
            person.nickname.as_deref().filter(|name| !is_anonymous_nickname(name)),
            person.avatar_url.as_deref().filter(|url| !is_anonymous_avatar(url)),
            writing.now().0,
        ])?;
    Ok(())
}

/// Somebody who came in is no longer refused.
fn forget_refused(writing: &Writing<'_>, arrival: &Arrival) -> Result<(), StoreError> {
    writing
        .tx()
        .prepare_cached("DELETE FROM refused_person WHERE pool = ?1 AND app_id = ?2 AND open_id = ?3")?
        .execute(params![
            arrival.pool.as_str(),
            arrival.app_id,
            arrival.person.open_id
        ])?;
    Ok(())
}
