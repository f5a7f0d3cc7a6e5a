//! Access keys in SQLite.

use super::{Sqlite, row::from_wire_name};
use crate::store::{AccessStore, KeyHolder, Reply};
use rusqlite::params;
use yaopai_domain::PoolId;

impl AccessStore for Sqlite {
    fn key_holder(&self, pool: &PoolId, key_hash: String) -> Reply<'_, KeyHolder> {
        let pool = pool.clone();
        Box::pin(self.read(move |tx| {
            let mut keys =
                tx.prepare_cached("SELECT pool, name, role FROM access_key WHERE key_hash = ?1")?;
            let mut rows = keys.query(params![key_hash])?;
            let mut holder = KeyHolder::Nobody;
            while let Some(row) = rows.next()? {
                if row.get::<_, String>(0)? == pool.as_str() {
                    return Ok(KeyHolder::Here {
                        name: row.get(1)?,
                        role: from_wire_name("role", &row.get::<_, String>(2)?)?,
                    });
                }
                holder = KeyHolder::Elsewhere;
            }
            Ok(holder)
        }))
    }

    fn has_access_keys(&self) -> Reply<'_, bool> {
        Box::pin(self.read(|tx| Ok(tx.prepare("SELECT 1 FROM access_key")?.exists([])?)))
    }
}
