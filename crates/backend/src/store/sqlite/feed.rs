//! The change feed: the only way by which a change of a synced entity becomes visible.

use super::{Writing, row::Columns};
use crate::store::{NewHead, StoreError};
use rusqlite::{Row, Transaction, params};
use std::collections::BTreeMap;
use yaopai_domain::{EntityKey, PoolId, Revision};

/// Gives each of the entities a revision and commits them to the feed. Call it after all other writes of the
/// transaction, or followed only by rows that wait for nobody (`field_rev`, `mut_result`, `audit`): the pool's head stays
/// locked until the transaction ends.
///
/// An entity whose row is gone becomes a tombstone.
pub(super) fn commit(
    writing: &mut Writing<'_>,
    pool: &PoolId,
    keys: &[EntityKey],
) -> Result<BTreeMap<EntityKey, Revision>, StoreError> {
    let mut revisions: BTreeMap<EntityKey, Revision> =
        keys.iter().map(|key| (*key, Revision::default())).collect();
    if revisions.is_empty() {
        return Ok(revisions);
    }
    let count = revisions.len() as i64;
    let tx = writing.tx();
    let head: i64 = tx
        .prepare_cached("UPDATE pool_head SET rev = rev + ?2 WHERE pool = ?1 RETURNING rev")?
        .query_row(params![pool.as_str(), count], |row| row.get(0))?;
    let mut put = tx.prepare_cached(
        "INSERT INTO feed (pool, etype, eid, rev, deleted) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (pool, etype, eid) DO UPDATE SET rev = excluded.rev, deleted = excluded.deleted",
    )?;
    for (rev, (key, revision)) in (head - count + 1..).zip(&mut revisions) {
        *revision = Revision(rev);
        let (etype, eid) = columns(*key);
        put.execute(params![pool.as_str(), etype, eid, rev, !exists(tx, *key)?])?;
    }
    mark(writing, pool, head)?;
    writing.heads.push(NewHead {
        pool: pool.clone(),
        head: Revision(head),
    });
    Ok(revisions)
}

/// Writes the random mark of a head.
pub(super) fn mark(writing: &Writing<'_>, pool: &PoolId, head: i64) -> Result<(), StoreError> {
    let mut random = [0; 8];
    writing.entropy().fill(&mut random);
    let mark = i64::from_le_bytes(random) & i64::MAX;
    writing
        .tx()
        .prepare_cached("INSERT INTO rev_mark (pool, rev, mark, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![pool.as_str(), head, mark, writing.now().0])?;
    Ok(())
}

/// Type and id of an entity as its feed row holds them.
pub(super) fn columns(key: EntityKey) -> (&'static str, String) {
    match key {
        EntityKey::User(id) => ("user", id.to_string()),
        EntityKey::Identity(id) => ("identity", id.to_string()),
        EntityKey::Connection(id) => ("connection", id.to_string()),
    }
}

/// The entity that a feed row with these columns is about: the way back from [`columns`].
pub(super) fn key(row: &Row<'_>) -> Result<EntityKey, StoreError> {
    match row.get_ref("etype")?.as_str().map_err(rusqlite::Error::from)? {
        "user" => Ok(EntityKey::User(row.parsed("eid")?)),
        "identity" => Ok(EntityKey::Identity(row.parsed("eid")?)),
        "connection" => Ok(EntityKey::Connection(row.parsed("eid")?)),
        _ => Err(StoreError::Unreadable("etype: unknown name".to_owned())),
    }
}

fn exists(tx: &Transaction<'_>, key: EntityKey) -> Result<bool, StoreError> {
    let (sql, id) = match key {
        EntityKey::User(id) => ("SELECT 1 FROM users WHERE id = ?1", id.to_string()),
        EntityKey::Identity(id) => ("SELECT 1 FROM identity WHERE id = ?1", id.to_string()),
        EntityKey::Connection(id) => ("SELECT 1 FROM connection WHERE id = ?1", id.to_string()),
    };
    Ok(tx.prepare_cached(sql)?.exists([id])?)
}

#[cfg(test)]
mod tests {
    use crate::{
        store::StoreError,
        testing::{Bench, draft},
    };
    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};
    use yaopai_domain::Role;

    /// Every change of a synced row leaves a mark that only its feed row takes away. A mark that is left at the commit
    /// breaks a deferred foreign key, so that a transaction which forgets the feed cannot commit.
    const WATCH: &str = "
        CREATE TABLE nowhere (id TEXT PRIMARY KEY);
        CREATE TABLE unfed (
            etype TEXT, eid TEXT,
            never TEXT NOT NULL DEFAULT '' REFERENCES nowhere (id) DEFERRABLE INITIALLY DEFERRED
        );
        CREATE TRIGGER user_made AFTER INSERT ON users
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('user', new.id); END;
        CREATE TRIGGER user_changed AFTER UPDATE ON users
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('user', new.id); END;
        CREATE TRIGGER metadata_made AFTER INSERT ON user_metadata
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('user', new.user_id); END;
        CREATE TRIGGER metadata_changed AFTER UPDATE ON user_metadata
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('user', new.user_id); END;
        CREATE TRIGGER metadata_removed AFTER DELETE ON user_metadata
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('user', old.user_id); END;
        CREATE TRIGGER identity_made AFTER INSERT ON identity
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('identity', new.id); END;
        CREATE TRIGGER identity_changed AFTER UPDATE ON identity
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('identity', new.id); END;
        CREATE TRIGGER identity_removed AFTER DELETE ON identity
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('identity', old.id); END;
        CREATE TRIGGER connection_made AFTER INSERT ON connection
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('connection', new.id); END;
        CREATE TRIGGER connection_changed AFTER UPDATE ON connection
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('connection', new.id); END;
        CREATE TRIGGER connection_removed AFTER DELETE ON connection
            BEGIN INSERT INTO unfed (etype, eid) VALUES ('connection', old.id); END;
        CREATE TRIGGER fed_new AFTER INSERT ON feed
            BEGIN DELETE FROM unfed WHERE etype = new.etype AND eid = new.eid; END;
        CREATE TRIGGER fed_again AFTER UPDATE ON feed
            BEGIN DELETE FROM unfed WHERE etype = new.etype AND eid = new.eid; END;
    ";

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
        let bench = Bench::new().await;
        bench.sql().execute_batch(WATCH).unwrap();
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

        bench.sql().execute_batch("DROP TRIGGER identity_made").unwrap();
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

    #[test]
    fn an_entity_of_a_kind_that_is_not_known_is_an_error() {
        let key = |etype: &str| {
            rusqlite::Connection::open_in_memory().unwrap().query_row(
                "SELECT ?1 AS etype, '00000000-0000-7000-8000-0000000000aa' AS eid",
                [etype],
                |row| Ok(super::key(row).map(super::columns)),
            )
        };
        for etype in ["user", "identity", "connection"] {
            assert_eq!(key(etype).unwrap().unwrap().0, etype);
        }
        assert!(matches!(
            key("spaceship").unwrap(),
            Err(StoreError::Unreadable(_))
        ));
    }

    #[tokio::test]
    async fn the_watch_sees_a_transaction_that_forgets_the_feed() {
        let bench = Bench::new().await;
        bench.connect("pc").await;
        bench.sql().execute_batch(WATCH).unwrap();
        let store = super::super::Sqlite::open(
            &bench.database(),
            bench.app.clock.clone(),
            bench.app.entropy.clone(),
            bench.app.news.clone(),
        )
        .unwrap();
        let forgetful: Result<(), StoreError> = store
            .write(|writing| {
                writing.tx().execute("UPDATE connection SET enabled = 0", [])?;
                Ok(())
            })
            .await;
        assert!(matches!(forgetful, Err(StoreError::Engine(_))), "{forgetful:?}");
    }
}
