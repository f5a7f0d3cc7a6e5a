//! What is kept for a time only: each table and how long.

use super::{Store, StoreError, Writing, engine::values};

const MINUTE: i64 = 60 * 1000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Statements that forget what is older than so many milliseconds. Those who write some of these forget the old ones too,
/// but nobody may come to write for long.
const LEFTOVERS: [(&str, i64); 10] = [
    ("DELETE FROM upload WHERE used = 0 AND created_at < $1", DAY),
    ("DELETE FROM qr_login WHERE expires_at < $1", 60 * MINUTE),
    ("DELETE FROM authing_nonce WHERE at < $1", DAY),
    // A client that finds its session alive (wx.checkSession) does not log in again, so it may be old; but WeChat ends
    // those that nobody uses within days.
    ("DELETE FROM wechat_session WHERE at < $1", 30 * DAY),
    ("DELETE FROM wechat_phone WHERE at < $1", DAY),
    ("DELETE FROM used_open_data WHERE at < $1", DAY),
    ("DELETE FROM provider_token WHERE expires_at < $1", 0),
    ("DELETE FROM provider_redirect WHERE expires_at < $1", 0),
    ("DELETE FROM verification WHERE expires_at < $1", DAY),
    ("DELETE FROM pace WHERE last_at < $1", DAY),
];

impl Store {
    /// Forgets what its time is over for. One table after the other, so that nobody who writes waits for all of them.
    pub(crate) async fn forget_leftovers(&self) -> Result<(), StoreError> {
        for leftover in LEFTOVERS {
            self.write(leftover, |writing, (sql, kept)| {
                Box::pin(forget(writing, sql, *kept))
            })
            .await?;
        }
        Ok(())
    }
}

async fn forget(writing: &Writing<'_>, sql: &str, kept: i64) -> Result<(), StoreError> {
    let oldest = writing.now().plus_millis(-kept);
    writing.execute(sql, values![oldest]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{DAY, MINUTE};
    use crate::{
        store::engine::values,
        testing::{Bench, On},
    };
    use rstest::rstest;

    /// A row of each table at the moment $1, and its table.
    const ROWS: [(&str, &str); 10] = [
        ("upload", "INSERT INTO upload VALUES ('n', 'image/png', $2, 0, '', $1)"),
        (
            "qr_login",
            "INSERT INTO qr_login (id, pool, scene, state, custom_data, media_type, picture, created_at, expires_at)
             VALUES ('q', 'default', 'APP_AUTH', 'waiting', '{}', 'image/png', $2, 0, $1)",
        ),
        ("authing_nonce", "INSERT INTO authing_nonce VALUES ('k', 'n', $1)"),
        (
            "wechat_session",
            "INSERT INTO wechat_session VALUES ('default', 'wx', 'o', $2, 'k', $1)",
        ),
        ("wechat_phone", "INSERT INTO wechat_phone VALUES ('default', 'wx', 'o', '+86138', $1)"),
        ("used_open_data", "INSERT INTO used_open_data VALUES ('default', 'd', $1)"),
        (
            "provider_token",
            "INSERT INTO provider_token (token_hash, pool, connection_id, attempt, person, snapshot_user, expires_at)
             VALUES ('t', 'default', 'c', 'a', '{}', 0, $1)",
        ),
        (
            "provider_redirect",
            "INSERT INTO provider_redirect (state_hash, pool, redirect_uri, state, expires_at)
             VALUES ('s', 'default', 'https://shop.example.com', '', $1)",
        ),
        (
            "verification",
            "INSERT INTO verification (id, pool, kind, target, purpose, code_hash, state, tries, made_at, expires_at)
             VALUES ('v', 'default', 'phone', '+86138', 'enter', 'h', 'open', 0, 0, $1)",
        ),
        ("pace", "INSERT INTO pace VALUES ('default', 'a', 's', 1, 0, $1)"),
    ];

    #[rstest]
    #[case::sqlite(On::Sqlite)]
    #[case::postgres(On::Postgres)]
    #[tokio::test]
    async fn what_its_time_is_over_for_is_forgotten_though_nobody_comes(#[case] engine: On) {
        let bench = Bench::on(engine).await;
        let now = bench.app.clock.now();
        for (_, sql) in ROWS {
            let values = if sql.contains("$2") {
                values![now, [1u8].as_slice()]
            } else {
                values![now]
            };
            bench.change(sql, values).await;
        }
        let left = async || {
            let mut left = Vec::new();
            for (table, _) in ROWS {
                let sql = format!("SELECT 1 AS one FROM {table}");
                if !bench.look(&sql, values![]).await.is_empty() {
                    left.push(table);
                }
            }
            left
        };
        bench.app.store.forget_leftovers().await.unwrap();
        assert_eq!(left().await.len(), ROWS.len());
        for (later, expected) in [(61 * MINUTE, 7), (DAY, 1), (30 * DAY, 0)] {
            bench.clock.turn(later);
            bench.app.store.forget_leftovers().await.unwrap();
            let left = left().await;
            assert_eq!(left.len(), expected, "{left:?}");
        }
    }
}
