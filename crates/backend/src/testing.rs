//! What the tests of this crate share: a backend without a network, a clock that is turned by hand, seeded randomness.

mod audited;
pub(crate) mod feed_watch;
mod log;
mod postgres;

pub(crate) use audited::audited;
pub(crate) use log::Log;
pub(crate) use postgres::TestDatabase;

use crate::{
    App, Limits, SecretKey,
    account::Passwords,
    bootstrap,
    browser_guard::OwnHosts,
    deliver::{Courier, Delivery},
    limit::{Gates, Proxies},
    observe::Metrics,
    router::router,
    serve::{FEED_READERS, http_client},
    session::Keys,
    store::{News, Store, engine},
    vault::Vault,
};
use axum::{
    Router,
    body::{Body, BodyDataStream, Bytes, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use futures_util::StreamExt;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use yaopai_domain::{Clock, Code, Entropy, PoolId, Problem, Role, Timestamp, WeChatEnvironment};
use yaopai_wechat::{WeChat, WeChatHosts};

/// Reproducible bytes.
pub(crate) struct Seeded {
    seed: u64,
    drawn: AtomicU64,
}

impl Seeded {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: AtomicU64::new(0),
        }
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = Sha256::digest([self.seed.to_le_bytes(), drawn.to_le_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// A clock that moves only when told.
pub(crate) struct Hands(AtomicI64);

impl Hands {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(1_000_000))
    }

    pub(crate) fn turn(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Two pools; in `default` a key for each role, in `other` one.
const PEOPLE: &str = r#"
    [[pool]]
    id = "default"
    name = "Shop"
    [[pool]]
    id = "other"
    name = "Other"
    [[access_key]]
    name = "viewer"
    role = "viewer"
    key = "the key of the viewer"
    [[access_key]]
    name = "support"
    role = "support"
    key = "the key of the support"
    [[access_key]]
    name = "admin"
    role = "admin"
    key = "the key of the admin"
    [[access_key]]
    name = "stranger"
    pool = "other"
    role = "admin"
    key = "the key of the stranger"
"#;

/// An instance of a backend with the key of a folder, and its database unless there is one on a server.
async fn instance(
    dir: &Path,
    postgres: Option<&TestDatabase>,
    clock: &Arc<Hands>,
    seed: u64,
    wechat: &url::Url,
    delivery: Delivery,
) -> Arc<App> {
    let entropy = Arc::new(Seeded::new(seed));
    let news = News::new();
    let now = Arc::clone(clock) as Arc<dyn Clock>;
    let random = Arc::clone(&entropy) as Arc<dyn Entropy>;
    let store = match postgres {
        None => Store::sqlite(&dir.join("backend.db"), now, random, news.clone()),
        Some(database) => Store::postgres(database.server(), now, random, news.clone()).await,
    };
    let store = store.unwrap();
    let key = SecretKey::of_data_dir(dir, entropy.as_ref()).unwrap();
    let nowhere: url::Url = "http://127.0.0.1:9".parse().unwrap();
    let hosts = WeChatHosts {
        api: wechat.clone(),
        open: wechat.clone(),
        poll: wechat.clone(),
    };
    let http = http_client(&hosts).unwrap();
    Arc::new(App {
        store: Arc::new(store),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        entropy,
        wechat: WeChat::new(hosts, http),
        wechat_environment: WeChatEnvironment::Real,
        vault: Arc::new(Vault::new(&key)),
        keys: Keys::default(),
        passwords: Passwords::new(),
        courier: Courier::new(delivery).unwrap(),
        metrics: Metrics::new(clock.now()),
        gates: Gates::new(Limits::default(), Arc::clone(clock) as Arc<dyn Clock>),
        proxies: Proxies::default(),
        own_hosts: OwnHosts::new(&nowhere, Vec::new()),
        public_url: nowhere,
        embedded_key: None,
        feed_readers: Semaphore::new(FEED_READERS),
        news,
        draining: CancellationToken::new(),
        stopping: CancellationToken::new(),
        tasks: TaskTracker::new(),
    })
}

/// Which engine a backend of a test uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

impl On {
    /// The engine for tests that run on any: SQLite unless YAOPAI_TEST_ENGINE says `postgres`.
    pub(crate) fn any() -> Self {
        match std::env::var("YAOPAI_TEST_ENGINE") {
            Ok(engine) if engine == "postgres" => Self::Postgres,
            _ => Self::Sqlite,
        }
    }
}

/// A backend whose requests are calls.
pub(crate) struct Bench {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<Hands>,
    router: Router,
    dir: TempDir,
    postgres: Option<TestDatabase>,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::delivering(Delivery::default()).await
    }

    /// A backend that sends codes these ways.
    pub(crate) async fn delivering(delivery: Delivery) -> Self {
        let nowhere: url::Url = "http://127.0.0.1:9".parse().unwrap();
        Self::beside(&nowhere, delivery).await
    }

    /// A backend on this engine.
    pub(crate) async fn on(engine: On) -> Self {
        let nowhere: url::Url = "http://127.0.0.1:9".parse().unwrap();
        Self::beside_on(engine, &nowhere, Delivery::default()).await
    }

    /// A backend whose WeChat is at this address, and which sends codes these ways.
    pub(crate) async fn beside(wechat: &url::Url, delivery: Delivery) -> Self {
        Self::beside_on(On::any(), wechat, delivery).await
    }

    async fn beside_on(engine: On, wechat: &url::Url, delivery: Delivery) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(Hands::new());
        let postgres = match engine {
            On::Sqlite => None,
            On::Postgres => Some(TestDatabase::new().await),
        };
        let app = instance(dir.path(), postgres.as_ref(), &clock, 42, wechat, delivery).await;
        let bench = Self {
            router: router(Arc::clone(&app)),
            app,
            clock,
            dir,
            postgres,
        };
        if bench.postgres.is_none() {
            feed_watch::watch(&bench.sql());
        }
        bench.bootstrap(PEOPLE).await.unwrap();
        bench
    }

    /// Another instance of this backend, on the same database.
    pub(crate) async fn another(&self, wechat: &url::Url) -> Arc<App> {
        let postgres = self.postgres.as_ref();
        instance(
            self.dir.path(),
            postgres,
            &self.clock,
            43,
            wechat,
            Delivery::default(),
        )
        .await
    }

    /// The folder of the database and the key.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.path().join("backend.db")
    }

    /// Runs a statement past everything that the store promises; how many rows it changed.
    pub(crate) async fn change(&self, sql: &str, values: Vec<engine::Value>) -> u64 {
        let data = (sql.to_owned(), values);
        let changed = self.app.store.write(data, |writing, (sql, values)| {
            Box::pin(async move {
                let changed = writing.execute(sql, values.clone()).await?;
                // Nobody promises a feed row for this.
                writing.execute("DELETE FROM unfed", Vec::new()).await?;
                Ok(changed)
            })
        });
        changed.await.unwrap()
    }

    /// The rows that a query answers.
    pub(crate) async fn look(&self, sql: &str, values: Vec<engine::Value>) -> Vec<engine::Row> {
        let data = (sql.to_owned(), values);
        let rows = self.app.store.read(data, |reading, (sql, values)| {
            Box::pin(reading.rows(sql, values.clone()))
        });
        rows.await.unwrap()
    }

    /// All rows of all tables, by table; the order of a table's rows is that of their values.
    pub(crate) async fn dump(&self) -> Vec<(String, Vec<engine::Value>)> {
        let tables = if self.postgres.is_some() {
            "SELECT cast(table_name AS TEXT) AS name FROM information_schema.tables
             WHERE table_schema = current_schema() ORDER BY 1"
        } else {
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1"
        };
        let mut all = Vec::new();
        for table in self.look(tables, vec![]).await {
            let table = table.text("name").unwrap();
            // The library that migrates keeps it, in types of its own.
            if table == "refinery_schema_history" {
                continue;
            }
            let rows = self.look(&format!("SELECT * FROM {table}"), vec![]).await;
            let mut rows: Vec<_> = rows.into_iter().map(engine::Row::into_values).collect();
            rows.sort_by_cached_key(|row| format!("{row:?}"));
            all.extend(rows.into_iter().map(|row| (table.clone(), row)));
        }
        all
    }

    /// Another connection to the database of SQLite, to look into it. What it writes needs no feed row.
    pub(crate) fn sql(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.database()).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection
    }

    /// Applies a bootstrap file.
    pub(crate) async fn bootstrap(&self, text: &str) -> Result<(), crate::Error> {
        let file = self.dir.path().join("bootstrap.toml");
        std::fs::write(&file, text).unwrap();
        bootstrap::apply(&file, &self.app.store, &self.app.vault).await
    }

    /// Sends a request with this key.
    pub(crate) async fn send(
        &self,
        key: Option<&str>,
        method: Method,
        path: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        self.take(request.body(body.into()).unwrap()).await
    }

    /// Takes any request.
    pub(crate) async fn take(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let streams = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind == "text/event-stream");
        let bytes = if streams {
            Bytes::new()
        } else {
            to_bytes(body, usize::MAX).await.unwrap()
        };
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes,
        }
    }

    /// Takes requests over a real connection too, for whoever sends them by itself; where.
    pub(crate) async fn listen(&self) -> url::Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // It ends with the test's runtime.
        tokio::spawn(axum::serve(listener, self.router.clone()).into_future());
        format!("http://{address}/").parse().unwrap()
    }

    /// Opens a stream with this key.
    pub(crate) async fn stream(&self, key: &str, path: &str) -> Events {
        let request = Request::get(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .body(Body::empty())
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        Events(answer.into_body().into_data_stream())
    }

    /// Asks as the holder of a role, in the pool `default`.
    pub(crate) async fn ask(&self, role: Role, method: Method, path: &str, body: Value) -> Answer {
        let key = format!("the key of the {}", role.as_str());
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(Some(&key), method, path, body).await
    }

    /// Asks as an admin, below `/manage/v1/pools/default/`.
    pub(crate) async fn manage(&self, method: Method, path: &str, body: Value) -> Answer {
        let path = format!("/manage/v1/pools/default/{path}");
        self.ask(Role::Admin, method, &path, body).await
    }

    /// Creates a connection and answers its id.
    pub(crate) async fn connect(&self, identifier: &str) -> String {
        let answer = self.manage(Method::POST, "connections", draft(identifier)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The head of the pool `default`.
    pub(crate) async fn head(&self) -> i64 {
        self.app.store.head(&PoolId::default()).await.unwrap().0
    }
}

/// The AppSecret of [`draft`].
pub(crate) const SECRET: &str = "5ec1e75ec1e75ec1e75ec1e75ec1e75e";

/// A connection that keeps every rule.
pub(crate) fn draft(identifier: &str) -> Value {
    json!({
        "kind": "wechat:pc",
        "identifier": identifier,
        "display_name": "微信登录",
        "app_id": "wx0123456789abcdef",
        "app_secret": SECRET,
        "callback_url": "https://shop.example.com/cb",
    })
}

/// A stream that is open.
pub(crate) struct Events(BodyDataStream);

impl Events {
    /// What comes next, as text; `None` once the backend has ended the stream.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let bytes = self.0.next().await?.unwrap();
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// An answer, read to its end (streams: to their head).
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// The code of a problem; its status and media type are checked on the way.
    pub(crate) fn code(&self) -> Code {
        self.problem().code
    }

    pub(crate) fn problem(&self) -> Problem {
        assert_eq!(self.headers[header::CONTENT_TYPE], Problem::MEDIA_TYPE);
        let problem: Problem = serde_json::from_slice(&self.bytes).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        problem
    }

    /// The refused fields of a problem and the rules they broke.
    pub(crate) fn refused(&self) -> Vec<(String, Value)> {
        self.problem()
            .fields
            .into_iter()
            .map(|field| (field.field, json!(field.rule)))
            .collect()
    }
}
