//! What every engine promises, and what several backends on one database must keep together.

use super::PostgresServer;
use crate::{
    store::{
        By, News, Store, StoreError, UserChange,
        conformance::{Subject, suite},
        engine::{migrations, values},
    },
    testing::{Hands, Seeded, TestDatabase},
};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, config::SslMode};
use yaopai_domain::{ClientId, Clock, EntityKey, Entropy, PoolId, Revision, Source};

async fn store(server: PostgresServer, seed: u64, news: News) -> Result<Store, StoreError> {
    let clock: Arc<dyn Clock> = Arc::new(Hands::new());
    let entropy: Arc<dyn Entropy> = Arc::new(Seeded::new(seed));
    Store::postgres(server, clock, entropy, news).await
}

async fn open() -> (Subject, TestDatabase) {
    let database = TestDatabase::new().await;
    let clock = Arc::new(Hands::new());
    let store = Store::postgres(
        database.server(),
        Arc::clone(&clock) as Arc<dyn Clock>,
        Arc::new(Seeded::new(7)),
        News::new(),
    )
    .await
    .unwrap();
    store.ensure_a_pool().await.unwrap();
    let subject = Subject {
        store: Arc::new(store),
        clock,
        ids: Seeded::new(8),
    };
    (subject, database)
}

suite!(open);

#[tokio::test]
async fn who_asks_for_tls_gets_it_or_an_error_that_says_so() {
    let database = TestDatabase::empty().await;
    let mut server = database.server();
    server.set_ssl_mode(SslMode::Require);
    let refused = store(server, 1, News::new()).await.err().unwrap();
    assert!(refused.to_string().contains("TLS"), "{refused}");
    let mut server = database.server();
    server.set_ssl_mode(SslMode::Prefer);
    store(server, 1, News::new()).await.unwrap().close().await;
}

/// A connection past the store.
async fn client(database: &TestDatabase) -> Client {
    let (client, connection) = database.server().config().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Every column, constraint and index there is.
async fn schema(database: &TestDatabase) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', table_name, column_name, data_type, collation_name, is_nullable, column_default)
            FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        ORDER BY 1";
    let rows = client(database).await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn an_upgraded_schema_is_the_fresh_schema() {
    let at_once = TestDatabase::empty().await;
    let made = store(at_once.server(), 1, News::new()).await.unwrap();
    made.close().await;
    let fresh = schema(&at_once).await;
    assert!(fresh.len() > 100, "{fresh:?}");
    for from in migrations::postgres().unwrap().get_migrations() {
        let database = TestDatabase::empty().await;
        let mut old = client(&database).await;
        let first = migrations::postgres()
            .unwrap()
            .set_target(refinery::Target::Version(from.version()));
        first.run_async(&mut old).await.unwrap();
        store(database.server(), 1, News::new())
            .await
            .unwrap()
            .close()
            .await;
        assert_eq!(schema(&database).await, fresh, "from version {}", from.version());
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_as_it_is() {
    let database = TestDatabase::new().await;
    let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)
        VALUES (9999, 'future', '2026-01-01T00:00:00Z', '1')";
    client(&database).await.batch_execute(newer).await.unwrap();
    let refused = store(database.server(), 1, News::new()).await.err().unwrap();
    assert!(
        matches!(refused, StoreError::NewerDatabase { found: 9999, known, .. } if known < 9999),
        "{refused}"
    );
}

#[tokio::test]
async fn several_backends_may_start_on_an_empty_database_at_once() {
    let database = TestDatabase::empty().await;
    let mut starts = JoinSet::new();
    for seed in 0..4 {
        let server = database.server();
        starts.spawn(async move {
            let store = store(server, seed, News::new()).await.unwrap();
            store.ensure_a_pool().await.unwrap();
        });
    }
    starts.join_all().await;
    let pools = client(&database)
        .await
        .query("SELECT id FROM pool", &[])
        .await
        .unwrap();
    assert_eq!(pools.len(), 1);
}

#[tokio::test]
async fn a_head_that_another_backend_moved_is_news() {
    let (one, database) = open().await;
    let news = News::new();
    let mut heads = news.heads.subscribe();
    let two = store(database.server(), 2, news).await.unwrap();
    let watching = tokio::spawn(async move { two.watch_heads().await });
    one.people(3).await;
    let head = one.store.head(&PoolId::default()).await.unwrap();
    while heads.recv().await.unwrap().head != head {}
    watching.abort();
}

const TAKEN: &str = "INSERT INTO pool (id, name, created_at) VALUES ('default', 'taken', 0)";

#[tokio::test]
async fn work_that_loses_a_race_is_run_again() {
    let (subject, _database) = open().await;
    let runs = Arc::new(AtomicU32::new(0));
    let wrote = subject.store.write(Arc::clone(&runs), |writing, runs| {
        Box::pin(async move {
            if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                writing.execute(TAKEN, values![]).await?;
            }
            writing.execute("UPDATE pool SET name = 'again'", values![]).await
        })
    });
    assert_eq!(wrote.await.unwrap(), 1);
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_failed_statement_cannot_be_ignored() {
    let (subject, _database) = open().await;
    let wrote: Result<(), StoreError> = subject
        .store
        .write((), |writing, ()| {
            Box::pin(async move {
                let _ = writing.execute(TAKEN, values![]).await;
                Ok(())
            })
        })
        .await;
    let said = wrote.unwrap_err().to_string();
    assert!(said.contains("23505") && said.contains("pool_pkey"), "{said}");
    assert!(
        !said.contains("(default)"),
        "the server's detail repeats values: {said}"
    );
}

#[tokio::test]
async fn a_character_that_a_text_cannot_hold_is_no_failure() {
    let (subject, _database) = open().await;
    let now = subject.clock.now();
    let found = subject.store.is_access_key("a\0b".to_owned(), now).await;
    assert!(!found.unwrap());
}

/// Eight writers at two backends, one reader at a third: what it has seen is what was committed, in order and once.
#[tokio::test]
async fn a_reader_beside_eight_writers_sees_every_commit_once_and_in_order() {
    const WRITERS: u64 = 8;
    const EACH: usize = 25;
    let database = TestDatabase::new().await;
    let reading = store(database.server(), 1, News::new()).await.unwrap();
    reading.ensure_a_pool().await.unwrap();
    let mut writers = JoinSet::new();
    for seed in 0..WRITERS {
        let server = database.server();
        writers.spawn(async move {
            let store = store(server, 100 + seed, News::new()).await.unwrap();
            let mut made = Vec::new();
            for _ in 0..EACH {
                let by = By {
                    actor: "writer".to_owned(),
                };
                let user = store
                    .create_user(&PoolId::default(), by, Source::Operator, UserChange::default())
                    .await
                    .unwrap();
                made.push(EntityKey::User(user.id));
            }
            made
        });
    }
    let subject = Subject {
        store: Arc::new(reading),
        clock: Arc::new(Hands::new()),
        ids: Seeded::new(8),
    };
    let client = ClientId::new(subject.clock.as_ref(), &subject.ids);
    let mut place = subject.load().await;
    place.position.until = None;
    let (mut seen, mut committed) = (Vec::new(), Vec::new());
    let mut last = Revision(0);
    loop {
        let all_written = writers.is_empty();
        let page = subject.page(client, Some(place), 7).await;
        for change in page.changes {
            assert!(change.revision > last, "a lower revision appeared later");
            last = change.revision;
            seen.push(change.key);
        }
        place = page.place;
        if page.caught_up && all_written {
            break;
        }
        while let Some(ended) = writers.try_join_next() {
            committed.extend(ended.unwrap());
        }
        tokio::task::yield_now().await;
    }
    let once: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!(once.len(), seen.len(), "something was seen twice");
    assert_eq!(once, committed.into_iter().collect());
    assert_eq!(seen.len(), WRITERS as usize * EACH);
}

/// The same with a sequence as the cursor, which is why there is none: numbers are handed out before commits.
#[tokio::test]
async fn a_reader_whose_cursor_is_a_sequence_misses_what_commits_late() {
    let database = TestDatabase::empty().await;
    let reader = client(&database).await;
    reader
        .batch_execute("CREATE TABLE change (seq BIGSERIAL PRIMARY KEY, what TEXT NOT NULL)")
        .await
        .unwrap();
    let (mut slow, fast) = (client(&database).await, client(&database).await);
    let insert = "INSERT INTO change (what) VALUES ($1)";
    let late = slow.transaction().await.unwrap();
    late.execute(insert, &[&"begun first"]).await.unwrap();
    fast.execute(insert, &[&"committed first"]).await.unwrap();
    let behind = async |cursor: i64| {
        let sql = "SELECT seq, what FROM change WHERE seq > $1 ORDER BY seq";
        let rows = reader.query(sql, &[&cursor]).await.unwrap();
        let rows = rows.iter().map(|row| (row.get("seq"), row.get("what")));
        rows.collect::<Vec<(i64, String)>>()
    };
    let first = behind(0).await;
    late.commit().await.unwrap();
    let cursor = first.last().unwrap().0;
    let second = behind(cursor).await;
    assert_eq!(first.len() + second.len(), 1, "of two commits one was seen");
    assert_eq!(behind(0).await.len(), 2, "although both are there");
}
