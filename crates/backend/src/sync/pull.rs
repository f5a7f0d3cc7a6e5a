//! `POST /sync/v1/pools/{pool}/load` and `/pull`: the change feed, page after page.
//!
//! The answer of a pull is a line of JSON a page, each sent when it is read: a console applies one while the next is on its
//! way, and a broken line loses one page at most. Between pages nothing is held, neither a snapshot nor a lock.

use super::{
    cursor,
    pack::{self, Packer},
};
use crate::{
    App, Error,
    access::{Caller, while_allowed},
    endpoint::{Endpoint, Needs},
    extract::Body,
    openapi::Doc,
    store::{Page, Pull, PullAnswer},
};
use axum::{
    Json,
    body::Body as Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use std::{convert::Infallible, io, sync::Arc};
use yaopai_domain::{
    Action, EntityType, LoadPlan, LoadRequest, PageEnd, PoolId, PullPage, PullRequest, PullReset,
    ResetReason, Seen,
};

/// An answer has at most this many pages.
const MAX_PAGES: u32 = 1000;
const LINES: &str = "application/x-ndjson";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::post("/sync/v1/pools/{pool}/load", Needs::Right(Action::Pull), load).doc(
            Doc::new("load", "Begin to load everything")
                .takes::<LoadRequest>()
                .answers::<LoadPlan>(StatusCode::OK, "What to pull"),
        ),
        Endpoint::post("/sync/v1/pools/{pool}/pull", Needs::Right(Action::Pull), pull)
            .long()
            .doc(
                Doc::new("pull", "Pages of changes")
                    .takes::<PullRequest>()
                    .answers_lines::<PullPage>("A page a line, in the order of their revisions"),
            ),
    ]
}

async fn load(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(request): Body<LoadRequest>,
) -> Result<Json<LoadPlan>, Error> {
    let scope = EntityType::scope(caller.role);
    let load = app.store.load(&caller.pool, scope.clone(), request.parts).await?;
    Ok(Json(LoadPlan {
        parts: load.parts.iter().map(cursor::write).collect(),
        tail: cursor::write(&load.tail),
        seen: load.seen,
        counts: load.counts,
        scope,
    }))
}

async fn pull(
    State(app): State<Arc<App>>,
    caller: Caller,
    headers: HeaderMap,
    Body(request): Body<PullRequest>,
) -> Result<Response, Error> {
    let from = cursor::read(&request.cursor).ok_or(Error::SyncReset(ResetReason::Malformed))?;
    let pull = Pull {
        client: request.client_id,
        from,
        seen: request.seen,
        scope: EntityType::scope(caller.role),
        limit: request.limit.clamp(1, PullRequest::MAX_LIMIT),
    };
    // The first page is read before anything is said: a reset is a problem then, not a line.
    let first = match read(&app, &caller.pool, &pull).await? {
        PullAnswer::Reset(reason) => return Err(Error::SyncReset(reason)),
        PullAnswer::Page(page) => page,
    };
    let rest = Rest {
        app: Arc::clone(&app),
        pool: caller.pool.clone(),
        pull,
        pages: request.pages.clamp(1, MAX_PAGES),
        next: Some(first),
    };
    let lines = while_allowed(
        app,
        caller,
        Action::Pull,
        Box::pin(stream::unfold(rest, Rest::line)),
    );
    let packer = pack::is_wanted(&headers).then(Packer::new).transpose();
    let packer = packer.map_err(|_| Error::Internal("no memory to compress with"))?;
    let packed = packer.is_some();
    let body = match packer {
        Some(packer) => Bytes::from_stream(packed_lines(Box::pin(lines), packer)),
        None => Bytes::from_stream(lines.map(Ok::<_, Infallible>)),
    };
    let mut response = (
        [(header::CONTENT_TYPE, LINES), (header::VARY, "accept-encoding")],
        body,
    )
        .into_response();
    if packed {
        let coding = HeaderValue::from_static("zstd");
        response.headers_mut().insert(header::CONTENT_ENCODING, coding);
    }
    Ok(response)
}

/// Reads a page in its turn.
async fn read(app: &App, pool: &PoolId, pull: &Pull) -> Result<PullAnswer, Error> {
    let _turn = app.feed_readers.acquire().await.map_err(|_| Error::Busy)?;
    Ok(app.store.pull(pool, pull.clone()).await?)
}

/// Compresses each line away from the threads that answer requests.
fn packed_lines(
    lines: impl Stream<Item = Vec<u8>> + Unpin,
    packer: Packer,
) -> impl Stream<Item = io::Result<Vec<u8>>> {
    stream::try_unfold((lines, Some(packer)), async |(mut lines, packer)| {
        let Some(mut packer) = packer else {
            return Ok(None);
        };
        let next = lines.next().await;
        let (bytes, packer) = tokio::task::spawn_blocking(move || match next {
            Some(line) => packer.pack(&line).map(|bytes| (bytes, Some(packer))),
            None => packer.finish().map(|bytes| (bytes, None)),
        })
        .await??;
        Ok(Some((bytes, (lines, packer))))
    })
}

/// What is still to be answered.
struct Rest {
    app: Arc<App>,
    pool: PoolId,
    pull: Pull,
    /// How many pages may still be sent.
    pages: u32,
    /// A page that was read already.
    next: Option<Page>,
}

impl Rest {
    /// The next line; `None` after the last.
    async fn line(mut self) -> Option<(Vec<u8>, Self)> {
        if self.pages == 0 {
            return None;
        }
        let page = match self.next.take() {
            Some(page) => page,
            None => match read(&self.app, &self.pool, &self.pull).await {
                Ok(PullAnswer::Page(page)) => page,
                Ok(PullAnswer::Reset(reset)) => {
                    self.pages = 0;
                    return Some((line(&PullReset { reset }), self));
                }
                Err(error) => {
                    // The console asks again and gets told.
                    tracing::warn!(%error, "a stream of pages ends early");
                    return None;
                }
            },
        };
        self.pages = if page.end == PageEnd::More {
            self.pages - 1
        } else {
            0
        };
        self.pull.from = page.position.clone();
        self.pull.seen = Some(
            self.pull
                .seen
                .map_or(page.seen, |seen| Seen::max(seen, page.seen)),
        );
        Some((page_line(page), self))
    }
}

/// A page as it travels.
pub(crate) fn page_line(page: Page) -> Vec<u8> {
    let rest = line(&json!({
        "cursor": cursor::write(&page.position),
        "seen": page.seen,
        "end": page.end,
        "last_seq": page.last_seq,
        "chain": page.chain,
        "digests": page.digests,
    }));
    let mut bytes = b"{\"changes\":".to_vec();
    bytes.extend(page.changes);
    bytes.push(b',');
    // Without its opening brace.
    bytes.extend(&rest[1..]);
    bytes
}

fn line(value: &impl serde::Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use crate::testing::Bench;
    use axum::http::{Method, StatusCode, header};
    use rstest::rstest;
    use serde_json::{Value, json};
    use yaopai_domain::{Code, PageEnd, PullPage, Role};

    const PULL: &str = "/sync/v1/pools/default/pull";

    const LOAD: &str = "/sync/v1/pools/default/load";
    const CLIENT: &str = "00000000-0000-7000-8000-000000000001";

    fn from(cursor: &Value, seen: &Value) -> Value {
        json!({"client_id": CLIENT, "cursor": cursor, "seen": seen, "limit": 10, "pages": 10})
    }

    /// Where a console stands that has loaded everything, and what it has seen.
    async fn loaded(bench: &Bench, role: Role) -> (Value, Value) {
        bench.connect("pc").await;
        let plan = bench
            .ask(role, Method::POST, LOAD, json!({"client_id": CLIENT, "parts": 1}))
            .await
            .json();
        let answer = bench
            .ask(role, Method::POST, PULL, from(&plan["parts"][0], &plan["seen"]))
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json()["end"], "part_done");
        (plan["tail"].clone(), plan["seen"].clone())
    }

    #[rstest]
    #[case::never_written("", json!("not a cursor"), "malformed")]
    #[case::pool_made_anew(
        "UPDATE pool_head SET feed_id = 'another' WHERE pool = 'default'",
        Value::Null,
        "other_feed"
    )]
    #[case::restored_backup(
        "UPDATE rev_mark SET mark = mark + 1 WHERE pool = 'default'",
        Value::Null,
        "lost_tail"
    )]
    #[case::away_too_long(
        "UPDATE pool_head SET horizon = 2 WHERE pool = 'default'",
        Value::Null,
        "horizon_passed"
    )]
    #[tokio::test]
    async fn a_cursor_of_another_history_is_reset_and_told_why(
        #[case] meanwhile: &str,
        #[case] cursor: Value,
        #[case] reason: &str,
    ) {
        let bench = Bench::new().await;
        let (ours, seen) = loaded(&bench, Role::Viewer).await;
        if !meanwhile.is_empty() {
            bench.change(meanwhile, vec![]).await;
        }
        let cursor = if cursor.is_null() { ours } else { cursor };
        let answer = bench
            .ask(Role::Viewer, Method::POST, PULL, from(&cursor, &seen))
            .await;
        assert_eq!(answer.code(), Code::SyncReset);
        assert_eq!(answer.problem().detail, reason);
    }

    #[tokio::test]
    async fn a_cursor_of_this_history_goes_on() {
        let bench = Bench::new().await;
        let (ours, seen) = loaded(&bench, Role::Viewer).await;
        let answer = bench
            .ask(Role::Viewer, Method::POST, PULL, from(&ours, &seen))
            .await
            .json();
        assert_eq!(answer["changes"], json!([]));
        assert_eq!(answer["end"], "caught_up");
    }

    #[tokio::test]
    async fn whoever_gets_another_role_loads_again() {
        let bench = Bench::new().await;
        let (cursor, seen) = loaded(&bench, Role::Admin).await;
        let answer = bench
            .ask(Role::Viewer, Method::POST, PULL, from(&cursor, &seen))
            .await;
        assert_eq!(answer.code(), Code::SyncReset);
        assert_eq!(answer.problem().detail, "rights_changed");
    }

    #[tokio::test]
    async fn pages_come_one_a_line_and_compressed_to_whoever_reads_that() {
        let bench = Bench::new().await;
        for identifier in ["a", "b", "c"] {
            bench.connect(identifier).await;
        }
        let load = json!({"client_id": CLIENT, "parts": 1});
        let plan = bench.ask(Role::Viewer, Method::POST, LOAD, load).await.json();
        let ask = json!({
            "client_id": CLIENT,
            "cursor": plan["parts"][0],
            "seen": plan["seen"],
            "limit": 1,
            "pages": 10,
        });
        let plain = bench.ask(Role::Viewer, Method::POST, PULL, ask.clone()).await;
        let pages: Vec<PullPage> = plain
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let ends: Vec<_> = pages.iter().map(|page| (page.changes.len(), page.end)).collect();
        assert_eq!(
            ends,
            [(1, PageEnd::More), (1, PageEnd::More), (1, PageEnd::PartDone)]
        );

        let request = axum::http::Request::post(PULL)
            .header(header::AUTHORIZATION, "Bearer the key of the viewer")
            .header(header::ACCEPT_ENCODING, "zstd")
            .body(ask.to_string().into())
            .unwrap();
        let packed = bench.take(request).await;
        assert_eq!(packed.headers[header::CONTENT_ENCODING], "zstd");
        assert_eq!(zstd::decode_all(&packed.bytes[..]).unwrap(), plain.bytes);
    }
}
