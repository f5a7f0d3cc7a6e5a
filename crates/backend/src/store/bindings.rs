//! Binding a WeChat person to a user by somebody's word, and unbinding them.

use super::{
    Alone, Reading, Store, StoreError, Writing,
    audit::{self, Entry},
    engine::values,
    feed, identity, sessions, users,
};
use crate::identity::Arrival;
use serde_json::json;
use std::sync::Arc;
use yaopai_domain::{EntityKey, Identity, IdentityId, IdentityScope, PlatformAccountId, PoolId, UserId};

/// Who changes something, as the audit log names them.
#[derive(Debug, Clone)]
pub(crate) struct By {
    /// An access key, an operator, or `person:<user id>`.
    pub(crate) actor: String,
}

impl By {
    /// What begins the name of a person who does it themselves.
    const PERSON: &str = "person:";

    /// Whether a person does it to their own account.
    fn is_person(&self) -> bool {
        self.actor.starts_with(Self::PERSON)
    }
}

/// What became of a wish to bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bind {
    /// The person is bound now.
    Bound,
    /// The person was bound to this user already.
    Already,
    /// One of the person's identifiers belongs to another user, who is not told.
    Elsewhere(UserId),
    /// There is no such user.
    NoUser,
    /// A visitor of a snapshot page is nobody (design rule 6).
    Snapshot,
}

/// A binding, and where it is from.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// The binding.
    pub(crate) identity: Identity,
    /// The platform account of its app or UnionID; none of an app that no connection has any more.
    pub(crate) platform_account: Option<PlatformAccountId>,
}

/// What became of a wish to unbind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unbind {
    /// So many bindings are gone.
    Unbound(u32),
    /// The user has not all of these bindings.
    NotFound,
    /// The user could not log in any more.
    LastWayIn,
}

impl Store {
    /// Binds the person to the user, in one transaction.
    pub(crate) async fn bind(&self, person: Arrival, user: UserId, by: By) -> Result<Bind, StoreError> {
        let person = Arc::new(person);
        self.write((person, user, by), |writing, (person, user, by)| {
            Box::pin(bind(writing, person, *user, by))
        })
        .await
    }

    /// The bindings of a user, oldest first.
    pub(crate) async fn bindings(&self, pool: &PoolId, user: UserId) -> Result<Vec<Bound>, StoreError> {
        self.read((pool.clone(), user), |reading, (pool, user)| {
            Box::pin(bindings(reading, pool, *user))
        })
        .await
    }

    /// Unbinds identities of the user, in one transaction, all or none: an OpenID alone, with the UnionID it is the last to
    /// carry; a UnionID with every OpenID that carries it. `force` also takes the user's last way in.
    pub(crate) async fn unbind(
        &self,
        pool: &PoolId,
        user: UserId,
        identities: &[IdentityId],
        by: By,
        force: bool,
    ) -> Result<Unbind, StoreError> {
        let data = (pool.clone(), user, identities.to_vec(), by, force);
        self.write(data, |writing, (pool, user, identities, by, force)| {
            Box::pin(unbind(writing, pool, *user, identities, by, *force))
        })
        .await
    }
}

async fn bind(writing: &Writing<'_>, person: &Arrival, user: UserId, by: &By) -> Result<Bind, StoreError> {
    if person.snapshot_user {
        return Ok(Bind::Snapshot);
    }
    let alone = writing.alone(&person.pool).await?;
    bind_alone(&alone, person, user, by).await
}

/// [`Store::bind`] within a transaction.
pub(super) async fn bind_alone(
    alone: &Alone<'_>,
    person: &Arrival,
    id: UserId,
    by: &By,
) -> Result<Bind, StoreError> {
    let Some(mut user) = users::load_without_metadata(alone, &person.pool, id).await? else {
        return Ok(Bind::NoUser);
    };
    let known = identity::look(alone, person).await?;
    if let Some(other) = known.holders().find(|holder| *holder != id) {
        return Ok(Bind::Elsewhere(other));
    }
    if known.is_whole(person) {
        return Ok(Bind::Already);
    }
    let mut changed = identity::bind_missing(alone, person, &known, id).await?;
    // Their own name stays: what came with the binding may be older, or of another app.
    let (nickname, avatar_url) = (&person.person.nickname, &person.person.avatar_url);
    if user
        .profile
        .fill_from_wechat(nickname.as_deref(), avatar_url.as_deref())
    {
        user.updated_at = alone.now();
        users::save(alone, &user).await?;
        changed.push(EntityKey::User(id));
    }
    let entry = Entry {
        actor: &by.actor,
        action: "identity.bind",
        target: format!("user:{id}"),
        old: None,
        new: Some(json!({
            "app_id": person.app_id,
            "open_id": person.person.open_id,
            "union_id": person.person.union_id,
        })),
    };
    audit::write(alone, alone.pool(), entry).await?;
    feed::commit(alone, &changed).await?;
    Ok(Bind::Bound)
}

async fn bindings(reading: &Reading<'_>, pool: &PoolId, user: UserId) -> Result<Vec<Bound>, StoreError> {
    let sql = format!(
        "{}, (SELECT MIN(c.platform_account) FROM connection c
            WHERE c.pool = i.pool AND i.scope_kind = 'app' AND c.app_id = i.scope) AS platform_account
        FROM identity i WHERE i.pool = $1 AND i.user_id = $2 ORDER BY i.first_seen, i.id",
        users::IDENTITY
    );
    let rows = reading.rows(&sql, values![pool, user]).await?;
    rows.iter()
        .map(|row| {
            let identity = users::identity(row)?;
            let platform_account = match &identity.scope {
                IdentityScope::OpenId { .. } => row.parsed_or_null("platform_account")?,
                IdentityScope::UnionId { platform_account, .. } => Some(*platform_account),
            };
            Ok(Bound {
                identity,
                platform_account,
            })
        })
        .collect()
}

async fn unbind(
    writing: &Writing<'_>,
    pool: &PoolId,
    user: UserId,
    wanted: &[IdentityId],
    by: &By,
    force: bool,
) -> Result<Unbind, StoreError> {
    let alone = writing.alone(pool).await?;
    let bindings = users::identities_of(&alone, pool, user).await?;
    if !wanted
        .iter()
        .all(|id| bindings.iter().any(|binding| binding.id == *id))
    {
        return Ok(Unbind::NotFound);
    }
    let goes = going_with(wanted, &bindings);
    if !force && goes.len() == bindings.len() && !has_login_name(&alone, pool, user).await? {
        return Ok(Unbind::LastWayIn);
    }
    let mut changed = Vec::new();
    for binding in &goes {
        alone
            .execute("DELETE FROM identity WHERE id = $1", values![binding.id])
            .await?;
        changed.push(EntityKey::Identity(binding.id));
    }
    // Whoever came in by the binding goes; a person who unbinds it themselves stays.
    if !by.is_person() {
        sessions::end_all(&alone, pool, user).await?;
    }
    let entry = Entry {
        actor: &by.actor,
        action: "identity.unbind",
        target: format!("user:{user}"),
        old: Some(json!(
            goes.iter().map(|binding| &binding.scope).collect::<Vec<_>>()
        )),
        new: None,
    };
    audit::write(&alone, pool, entry).await?;
    feed::commit(&alone, &changed).await?;
    Ok(Unbind::Unbound(goes.len() as u32))
}

/// The bindings that go when some go. A UnionID by itself would come back with the next login of any of its OpenIDs, and
/// OpenIDs whose UnionID stays would find the user again.
fn going_with<'a>(wanted: &[IdentityId], bindings: &'a [Identity]) -> Vec<&'a Identity> {
    let is_wanted = |binding: &Identity| wanted.contains(&binding.id);
    let union_goes = |union: &str| {
        bindings.iter().any(|binding| {
            is_wanted(binding)
                && matches!(&binding.scope, IdentityScope::UnionId { union_id, .. } if union_id == union)
        })
    };
    let open_id_goes =
        |binding: &Identity, carried: Option<&str>| is_wanted(binding) || carried.is_some_and(union_goes);
    let all_carriers_go = |union: &str| {
        let mut carriers = bindings.iter().filter_map(|binding| match &binding.scope {
            IdentityScope::OpenId { union_id, .. } if union_id.as_deref() == Some(union) => {
                Some(is_wanted(binding))
            }
            IdentityScope::OpenId { .. } | IdentityScope::UnionId { .. } => None,
        });
        carriers
            .next()
            .is_some_and(|first| first && carriers.all(|goes| goes))
    };
    bindings
        .iter()
        .filter(|binding| match &binding.scope {
            IdentityScope::OpenId { union_id, .. } => open_id_goes(binding, union_id.as_deref()),
            IdentityScope::UnionId { union_id, .. } => is_wanted(binding) || all_carriers_go(union_id),
        })
        .collect()
}

/// Whether the user can log in by a proven phone or address, or by a name and a password.
async fn has_login_name(reading: &Reading<'_>, pool: &PoolId, user: UserId) -> Result<bool, StoreError> {
    let sql = "SELECT n.kind FROM login_name n LEFT JOIN user_password p ON p.user_id = n.user_id
        WHERE n.pool = $1 AND n.user_id = $2 AND (n.kind <> 'username' OR p.user_id IS NOT NULL)";
    reading.any(sql, values![pool, user]).await
}
