//! `GET /sync/v1/pools/{pool}/events`: hints that there is something to pull.
//!
//! Server-sent events named `head`. A hint carries no data: losing one costs latency, nothing else. The first one comes at
//! once; hints that pile up become one.

use crate::{
    App, Error,
    access::{Caller, while_allowed},
    endpoint::{Endpoint, Needs},
    openapi::Doc,
    store::NewHead,
};
use axum::{
    extract::State,
    response::{
        IntoResponse,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{StreamExt, stream};
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use yaopai_domain::{Action, Hint, PoolId, Revision};

/// Hints follow each other at this distance: a busy pool gives four a second.
const APART: Duration = Duration::from_millis(250);
/// A comment this often keeps proxies from closing the stream, and tells a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get("/sync/v1/pools/{pool}/events", Needs::Right(Action::Pull), events)
            .long()
            .doc(Doc::new("follow_head", "Hints that there is something to pull").streams::<Hint>(
                "An event `head` at once and at each change; the stream ends when the key loses its right",
            )),
    ]
}

async fn events(State(app): State<Arc<App>>, caller: Caller) -> Result<impl IntoResponse, Error> {
    // Subscribed before the head is read: a commit in between is told twice rather than never.
    let heads = app.news.heads.subscribe();
    let first = app.store.head(&caller.pool).await?;
    let stopped = app.stopping.clone().cancelled_owned();
    let later = later_heads(Arc::clone(&app), caller.pool.clone(), heads);
    let heads = Box::pin(stream::once(async move { first }).chain(later));
    let hints = while_allowed(app, caller, Action::Pull, heads)
        .map(|head| Event::default().event("head").json_data(Hint { head }))
        .filter_map(async |event| event.ok().map(Ok::<_, Infallible>))
        .take_until(stopped);
    Ok(Sse::new(hints).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn later_heads(
    app: Arc<App>,
    pool: PoolId,
    heads: Receiver<NewHead>,
) -> impl stream::Stream<Item = Revision> {
    stream::unfold((app, pool, heads), |(app, pool, mut heads)| async move {
        // Asked for when the one before has been sent. What happens meanwhile becomes one hint.
        tokio::time::sleep(APART).await;
        let head = next_head(&app, &pool, &mut heads).await?;
        Some((head, (app, pool, heads)))
    })
}

/// The newest head of the pool once there is one; `None` when no more will come.
async fn next_head(app: &App, pool: &PoolId, heads: &mut Receiver<NewHead>) -> Option<Revision> {
    let mut newest = loop {
        match heads.recv().await {
            Ok(new) if new.pool == *pool => break new.head,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => break app.store.head(pool).await.ok()?,
            Err(RecvError::Closed) => return None,
        }
    };
    while let Ok(new) = heads.try_recv() {
        if new.pool == *pool {
            newest = newest.max(new.head);
        }
    }
    Some(newest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, draft};
    use axum::http::{Method, StatusCode};

    #[tokio::test]
    async fn hints_that_pile_up_become_one_and_other_pools_give_none() {
        let bench = Bench::new().await;
        let mut heads = bench.app.news.heads.subscribe();
        for identifier in ["a", "b", "c"] {
            bench.connect(identifier).await;
        }
        let created = bench
            .send(
                Some("the key of the stranger"),
                Method::POST,
                "/manage/v1/pools/other/connections",
                draft("d").to_string(),
            )
            .await;
        assert_eq!(created.status, StatusCode::CREATED);
        let pool = PoolId::default();
        assert_eq!(next_head(&bench.app, &pool, &mut heads).await, Some(Revision(3)));
        assert!(heads.is_empty());
    }

    #[tokio::test]
    async fn every_console_hears_of_a_change_and_a_burst_is_few_hints() {
        const BURST: i64 = 20;
        let bench = Bench::new().await;
        let path = "/sync/v1/pools/default/events";
        let mut streams = Vec::new();
        for key in ["the key of the admin", "the key of the viewer"] {
            let mut stream = bench.stream(key, path).await;
            assert_eq!(
                stream.next().await.unwrap(),
                "event: head\ndata: {\"head\":0}\n\n"
            );
            streams.push(stream);
        }
        for number in 0..BURST {
            bench.connect(&format!("c{number}")).await;
        }
        let last = format!("event: head\ndata: {{\"head\":{BURST}}}\n\n");
        for mut stream in streams {
            let mut hints = 1;
            while stream.next().await.unwrap() != last {
                hints += 1;
            }
            assert!(hints < BURST, "{hints}");
        }
    }

    #[tokio::test]
    async fn a_listener_who_fell_behind_gets_the_head_all_the_same() {
        let bench = Bench::new().await;
        bench.connect("a").await;
        let mut heads = bench.app.news.heads.subscribe();
        for _ in 0..=crate::store::NEWS_KEPT {
            let other = NewHead {
                pool: "other".parse().unwrap(),
                head: Revision(1),
            };
            bench.app.news.heads.send(other).unwrap();
        }
        let head = next_head(&bench.app, &PoolId::default(), &mut heads).await;
        assert_eq!(head, Some(Revision(1)));
    }
}
