//! What is left of work that fails, whose caller leaves, or that comes when the store is closed.

use super::subject::Subject;
use crate::store::{
    StoreError,
    engine::{Change, values},
};
use yaopai_domain::PoolId;

pub(crate) async fn work_that_fails_leaves_nothing(subject: Subject) {
    let failed: Result<(), StoreError> = subject
        .store
        .write((), |writing, ()| {
            Box::pin(async move {
                writing
                    .execute("UPDATE pool SET name = 'half'", values![])
                    .await?;
                Err(StoreError::NotFound("anything"))
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::NotFound(_))), "{failed:?}");
    let pool = subject.store.pool(&Subject::pool()).await.unwrap().unwrap();
    assert_eq!(pool.name, PoolId::DEFAULT);
}

/// Changes without a transaction around them are all made, or none of them, and each tells how many rows it changed.
pub(crate) async fn changes_are_made_all_or_none_and_counted_each(subject: Subject) {
    let make = |id: &'static str| Change {
        sql: "INSERT INTO pool (id, name, created_at) VALUES ($1, $2, $3)",
        values: values![id, "made", 1_i64],
    };
    let rename = |id: &'static str| Change {
        sql: "UPDATE pool SET name = $2 WHERE id = $1",
        values: values![id, "renamed"],
    };
    let store = &subject.store;
    let changes = vec![make("one"), rename("default"), rename("nobody's")];
    let put = |changes: Vec<Change>| {
        store.put(changes, |writing, changes| {
            Box::pin(writing.change(changes.clone()))
        })
    };
    assert_eq!(put(changes).await.unwrap(), [1, 1, 0]);
    assert_eq!(put(Vec::new()).await.unwrap(), [0; 0]);
    put(vec![make("two"), make("one")]).await.unwrap_err();
    let names = store.glance((), |reading, ()| {
        Box::pin(async {
            let rows = reading
                .rows("SELECT id, name FROM pool ORDER BY id", values![])
                .await?;
            rows.iter()
                .map(|row| Ok((row.text("id")?, row.text("name")?)))
                .collect()
        })
    });
    let names: Vec<(String, String)> = names.await.unwrap();
    let expected = [("default", "renamed"), ("one", "made")];
    assert_eq!(names, expected.map(|(id, name)| (id.to_owned(), name.to_owned())));
}

pub(crate) async fn what_is_begun_ends_although_the_caller_left(subject: Subject) {
    let mut left = Box::pin(subject.store.write((), |writing, ()| {
        Box::pin(async move {
            writing
                .execute("UPDATE pool SET name = 'changed'", values![])
                .await
        })
    }));
    // Polled once, then dropped.
    assert!(futures_util::poll!(&mut left).is_pending());
    drop(left);
    let name = async || subject.store.pool(&Subject::pool()).await.unwrap().unwrap().name;
    while name().await != "changed" {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn a_closed_store_says_so(subject: Subject) {
    subject.store.close().await;
    let answer = subject.store.has_access_keys().await;
    assert!(matches!(answer, Err(StoreError::Closed)), "{answer:?}");
    let answer = subject.store.ensure_a_pool().await;
    assert!(matches!(answer, Err(StoreError::Closed)), "{answer:?}");
}
