//! The change feed: the only way by which a change of a synced entity becomes visible.

use super::{
    Alone, NewHead, StoreError, Writing,
    engine::{Row, to_json, values},
};
use futures_util::future::{try_join, try_join_all, try_join3};
use std::collections::{BTreeMap, BTreeSet};
use yaopai_domain::{Bug, Digest, EntityKey, EntityType, PoolId, Revision, planted};

/// Gives each of the entities a revision and commits them to the feed. Call it after all other writes of the
/// transaction, or followed only by rows that wait for nobody (`field_rev`, `mut_result`, `audit`).
///
/// An entity whose row is gone becomes a tombstone. The digests follow under the same lock.
pub(super) async fn commit(
    alone: &Alone<'_>,
    keys: &[EntityKey],
) -> Result<BTreeMap<EntityKey, Revision>, StoreError> {
    let mut keys: BTreeSet<EntityKey> = keys.iter().cloned().collect();
    if planted(Bug::ForgottenFeed) {
        keys = keys.into_iter().take(1).collect();
    }
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let pool = alone.pool();
    let (row, states) = try_join(
        alone.row(
            "SELECT rev, digests FROM pool_head WHERE pool = $1",
            values![pool],
        ),
        try_join_all(keys.iter().map(|key| state(alone, key))),
    )
    .await?;
    let row = row.ok_or(StoreError::NotFound("pool"))?;
    let before = row.integer("rev")?;
    let head = before + keys.len() as i64;
    let mut digests: Option<Digests> = row.json_or_null("digests")?;
    let revisions: BTreeMap<_, _> = keys.into_iter().zip((before + 1..).map(Revision)).collect();
    let changed: Vec<_> = revisions.iter().zip(states).collect();
    if let Some(digests) = &mut digests {
        for ((key, revision), state) in &changed {
            let digest = digests.entry(key.entity_type()).or_default();
            if let Some(was) = state.was {
                digest.remove(key, was);
            }
            if state.here {
                digest.add(key, **revision);
            }
        }
    }
    let digests = digests.as_ref().map(to_json).transpose()?;
    let sql = "UPDATE pool_head SET rev = $2, digests = $3 WHERE pool = $1";
    let put = changed
        .iter()
        .map(|((key, revision), state)| put(alone, key, **revision, !state.here));
    try_join3(
        alone.execute(sql, values![pool, head, digests]),
        try_join_all(put),
        mark(alone, pool, head),
    )
    .await?;
    alone.tell_head(NewHead {
        pool: pool.clone(),
        head: Revision(head),
    });
    Ok(revisions)
}

/// What a replica holds that equals the pool, by type.
pub(super) type Digests = BTreeMap<EntityType, Digest>;

async fn put(
    alone: &Alone<'_>,
    key: &EntityKey,
    revision: Revision,
    deleted: bool,
) -> Result<(), StoreError> {
    let (etype, eid) = (key.entity_type().as_str(), key.id());
    let sql = "INSERT INTO feed (pool, etype, eid, rev, deleted) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (pool, etype, eid) DO UPDATE SET rev = excluded.rev, deleted = excluded.deleted";
    alone
        .execute(sql, values![alone.pool(), etype, eid, revision, deleted])
        .await?;
    Ok(())
}

/// Writes the random mark of a head.
pub(super) async fn mark(writing: &Writing<'_>, pool: &PoolId, head: i64) -> Result<(), StoreError> {
    let mut random = [0; 8];
    writing.entropy().fill(&mut random);
    let mark = i64::from_le_bytes(random) & i64::MAX;
    let sql = "INSERT INTO rev_mark (pool, rev, mark, at) VALUES ($1, $2, $3, $4)";
    writing
        .execute(sql, values![pool, head, mark, writing.now()])
        .await?;
    Ok(())
}

/// The entity that a feed row is about.
pub(super) fn key(row: &Row) -> Result<EntityKey, StoreError> {
    let etype = EntityType::of_name(row.str("etype")?);
    let etype = etype.ok_or_else(|| StoreError::Unreadable("etype: unknown name".to_owned()))?;
    EntityKey::of_id(etype, row.str("eid")?)
        .ok_or_else(|| StoreError::Unreadable("eid: of another shape".to_owned()))
}

/// How an entity is before its feed row is written.
struct State {
    /// The revision at which the feed has it, unless as a tombstone.
    was: Option<Revision>,
    /// Whether its row is there now.
    here: bool,
}

async fn state(alone: &Alone<'_>, key: &EntityKey) -> Result<State, StoreError> {
    let (here, mut more) = match key {
        EntityKey::User(id) => ("users WHERE id = $4", values![*id]),
        EntityKey::Identity(id) => ("identity WHERE id = $4", values![*id]),
        EntityKey::Connection(id) => ("connection WHERE id = $4", values![*id]),
        // A file is there for a pool as long as a connection of the pool has it.
        EntityKey::VerificationFile(name) => (
            "connection WHERE pool = $4 AND verification_file = $5",
            values![alone.pool(), name],
        ),
        EntityKey::RefusedPerson { app_id, open_id } => (
            "refused_person WHERE pool = $4 AND app_id = $5 AND open_id = $6",
            values![alone.pool(), app_id, open_id],
        ),
    };
    let sql = format!(
        "SELECT (SELECT rev FROM feed WHERE pool = $1 AND etype = $2 AND eid = $3 AND deleted = 0) AS was,
            (SELECT count(*) FROM {here}) AS here"
    );
    let mut values = values![alone.pool(), key.entity_type().as_str(), key.id()];
    values.append(&mut more);
    let row = alone.row(&sql, values).await?;
    let row = row.ok_or(StoreError::NotFound("entity"))?;
    Ok(State {
        was: row.integer_or_null("was")?.map(Revision),
        here: row.integer("here")? > 0,
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        store::{StoreError, engine::values},
        testing::{Bench, On, draft},
    };
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};
    use yaopai_domain::Role;

    /// A user who has logged in with a connection, by SQL: logins have tests of their own.
    fn bind(bench: &Bench, connection: &str) -> String {
        let sql = bench.sql();
        let user: String = sql
            .query_row("SELECT id FROM users LIMIT 1", [], |row| row.get(0))
            .unwrap();
        let identity = "00000000-0000-7000-8000-0000000000aa";
        sql.execute(
            "INSERT INTO identity (id, pool, user_id, scope_kind, scope, subject, connection_id, kind, first_seen, last_seen)
             VALUES (?1, 'default', ?2, 'app', 'wx0123456789abcdef', 'openid', ?3, 'wechat:pc', 0, 0)",
            [identity, &user, connection],
        )
        .unwrap();
        user
    }

    #[tokio::test]
    async fn no_synced_row_changes_without_its_feed_row_in_the_same_transaction() {
        let bench = Bench::on(On::Sqlite).await;
        bench
            .bootstrap("[[user]]\nusername = \"u\"\nmetadata = { tier = \"gold\" }")
            .await
            .unwrap();
        let id = bench.connect("pc").await;
        let path = format!("connections/{id}");
        let mut changed = draft("pc");
        changed["display_name"] = json!("扫码登录");
        assert_eq!(
            bench.manage(Method::PUT, &path, changed).await.status,
            StatusCode::OK
        );
        let disable = json!({"enabled": false});
        let disabled = bench
            .manage(Method::PUT, &format!("{path}/enabled"), disable)
            .await;
        assert_eq!(disabled.status, StatusCode::OK);

        let user = bind(&bench, &id);
        let usage = bench
            .manage(Method::GET, &format!("{path}/usage"), Value::Null)
            .await;
        assert_eq!(usage.json(), json!({"users": 1, "only_way_in": 1}));
        let edit = |seq: u64, key: &str, values: Value| {
            let mut patch = json!({"user_id": user, "field": format!("metadata.{key}")});
            for (name, value) in values.as_object().unwrap() {
                patch[name] = value.clone();
            }
            json!({
                "seq": seq,
                "id": format!("00000000-0000-7000-8000-00000000000{seq}"),
                "patch": patch,
            })
        };
        let push = json!({
            "client_id": "00000000-0000-7000-8000-000000000001",
            "mutations": [
                edit(1, "tier", json!({"base": "gold", "new": "silver"})),
                edit(2, "note", json!({"new": "vip"})),
                edit(3, "tier", json!({"base": "silver"})),
            ],
        });
        let pushed = bench
            .ask(Role::Support, Method::POST, "/sync/v1/pools/default/push", push)
            .await;
        let applied = pushed.json()["outcomes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|outcome| outcome["outcome"]["type"] == "applied");
        assert!(applied, "{}", pushed.text());

        let deleted = bench.manage(Method::DELETE, &path, Value::Null).await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text());
        let record = bench
            .manage(Method::GET, &format!("users/{user}"), Value::Null)
            .await
            .json();
        let scope = &record["identities"][0]["scope"];
        assert_eq!(scope["open_id"], "openid", "the binding stays");
        assert_eq!(scope["connection_id"], Value::Null, "and forgets the connection");
    }

    #[tokio::test]
    async fn an_entity_of_a_kind_that_is_not_known_is_an_error() {
        let bench = Bench::new().await;
        let key = async |etype: &str| {
            let asked = etype.to_owned();
            let row = bench.app.store.read(asked, |reading, asked| {
                let sql = "SELECT cast($1 AS TEXT) AS etype, '00000000-0000-7000-8000-0000000000aa' AS eid";
                Box::pin(reading.row(sql, values![asked]))
            });
            super::key(&row.await.unwrap().unwrap()).map(|key| key.entity_type().as_str())
        };
        for etype in ["user", "identity", "connection", "verification_file"] {
            assert_eq!(key(etype).await.unwrap(), etype);
        }
        assert!(matches!(key("spaceship").await, Err(StoreError::Unreadable(_))));
    }

    #[tokio::test]
    async fn the_watch_sees_a_transaction_that_forgets_the_feed() {
        let bench = Bench::on(On::Sqlite).await;
        bench.connect("pc").await;
        let forgetful: Result<u64, StoreError> = bench
            .app
            .store
            .write((), |writing, ()| {
                Box::pin(writing.execute("UPDATE connection SET enabled = 0", values![]))
            })
            .await;
        assert!(matches!(forgetful, Err(StoreError::Engine(_))), "{forgetful:?}");
    }
}
