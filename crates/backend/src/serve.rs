//! Starting and stopping a backend.

use crate::{
    App, Config, Database, Error, SecretKey,
    account::Passwords,
    bootstrap,
    browser_guard::OwnHosts,
    deliver::Courier,
    limit::{Gates, Proxies},
    observe::Metrics,
    router::router,
    session::Keys,
    store::{News, Store, StoreError},
    vault::Vault,
};
use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;
use yaopai_domain::{Clock, Entropy, Reach, Timestamp, reach};
use yaopai_wechat::{WeChat, WeChatHosts};

/// How often what is old is forgotten.
const FORGET_EVERY: Duration = Duration::from_hours(1);
/// How often attempts are ended that nobody drives any more.
const END_OVERDUE_EVERY: Duration = Duration::from_mins(1);
/// Pages of the feed that are read at a time.
pub(crate) const FEED_READERS: usize = 2;
/// How long a stop waits for requests and tasks that do not want to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// Limits of one call to WeChat or to a gateway.
const CONNECT: Duration = Duration::from_secs(3);
const CALL: Duration = Duration::from_secs(10);

/// A running backend.
pub struct Backend {
    url: Url,
    app: Arc<App>,
    drain: Duration,
    server: JoinHandle<()>,
}

impl Backend {
    /// Starts a backend: it answers requests when this returns.
    ///
    /// A database that has no pool gets the pool `default`. A bootstrap file is applied first, all or nothing.
    pub async fn start(
        config: Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        let address = config.listen;
        let listen_failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen_failed)?;
        let bound = listener.local_addr().map_err(listen_failed)?;
        let url =
            Url::parse(&format!("http://{bound}/")).map_err(|_| Error::Internal("an address is no URL"))?;

        make_dir(&config.data_dir)?;
        let secret_key = match config.secret_key {
            Some(key) => key,
            None => SecretKey::of_data_dir(&config.data_dir, entropy.as_ref())?,
        };
        let news = News::new();
        let store = open(config.database, &clock, &entropy, news.clone()).await?;
        store.complete_feeds().await?;
        let vault = Arc::new(Vault::new(&secret_key));
        if let Some(file) = &config.bootstrap {
            bootstrap::apply(file, &store, &vault).await?;
        }
        store.ensure_a_pool().await?;
        store.end_interrupted_attempts().await?;
        forget_what_is_old(&store, clock.now()).await?;
        let http = http_client(&config.wechat)?;
        let public_url = config.public_url.unwrap_or_else(|| url.clone());
        let courier = Courier::new(config.delivery)?;

        let app = Arc::new(App {
            store: Arc::new(store),
            wechat: WeChat::new(config.wechat, http),
            wechat_environment: config.wechat_environment,
            vault,
            keys: Keys::default(),
            passwords: Passwords::new(),
            courier,
            metrics: Metrics::new(clock.now()),
            gates: Gates::new(config.limits, Arc::clone(&clock)),
            proxies: Proxies::new(config.trusted_proxies),
            own_hosts: OwnHosts::new(&public_url, config.allowed_hosts),
            public_url,
            embedded_key: config.embedded_key,
            clock,
            entropy,
            feed_readers: Semaphore::new(FEED_READERS),
            news,
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        app.tasks.spawn(forget_every(FORGET_EVERY, Arc::clone(&app)));
        app.tasks
            .spawn(end_overdue_every(END_OVERDUE_EVERY, Arc::clone(&app)));
        app.tasks.spawn(watch(Arc::clone(&app)));
        let server = tokio::spawn(serve(listener, Arc::clone(&app)));
        Ok(Self {
            url,
            app,
            drain: config.drain,
            server,
        })
    }

    /// Where it listens.
    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// Whether anybody outside this process can get in.
    pub async fn has_access_keys(&self) -> Result<bool, Error> {
        Ok(self.app.store.has_access_keys().await?)
    }

    /// Says that it is not ready for as long as it was told to, so that nobody sends more requests; then ends streams and
    /// background tasks, lets running requests finish (5 s at most), and closes the database.
    pub async fn stop(self) {
        self.app.draining.cancel();
        tokio::time::sleep(self.drain).await;
        self.app.stopping.cancel();
        let abort = self.server.abort_handle();
        if tokio::time::timeout(PATIENCE, self.server).await.is_err() {
            abort.abort();
        }
        self.app.tasks.close();
        if tokio::time::timeout(PATIENCE, self.app.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("background tasks did not end in time");
        }
        self.app.store.close().await;
    }
}

/// Says of a database that it was restored from a backup: consoles, which may know of changes that the backup lacks, load
/// everything again. Answers how many pools it has; a file that is not there is an error, and is not made.
pub async fn restored(
    database: Database,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<usize, Error> {
    if let Database::Sqlite(file) = &database {
        fs::metadata(file).map_err(|source| Error::DataDir {
            path: file.clone(),
            source,
        })?;
    }
    let store = open(database, &clock, &entropy, News::new()).await?;
    let renewed = store.renew_feeds().await;
    store.close().await;
    Ok(renewed?)
}

/// Hears of changes by other backends, until this one stops.
async fn watch(app: Arc<App>) {
    app.stopping.run_until_cancelled(app.store.watch_heads()).await;
}

async fn serve(listener: TcpListener, app: Arc<App>) {
    let stopped = app.stopping.clone().cancelled_owned();
    let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service)
        .with_graceful_shutdown(stopped)
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the server ended");
    }
}

/// Everything that is kept for a time only, and is not forgotten where it is written.
async fn forget_what_is_old(store: &Store, now: Timestamp) -> Result<(), StoreError> {
    store.forget_old_attempts().await?;
    store.forget_old_merges().await?;
    store.forget_leftovers().await?;
    store.forget_old_changes().await?;
    store.forget_old_sessions(now).await
}

async fn forget_every(period: Duration, app: Arc<App>) {
    while runs_on(&app, period).await {
        // What was not forgotten now is forgotten the next time.
        if let Err(error) = forget_what_is_old(&app.store, app.clock.now()).await {
            tracing::warn!(%error, "old data could not be removed");
        }
    }
}

async fn end_overdue_every(period: Duration, app: Arc<App>) {
    while runs_on(&app, period).await {
        if let Err(error) = app.store.end_overdue_attempts().await {
            tracing::warn!(%error, "overdue login attempts could not be ended");
        }
    }
}

/// Waits for a period; whether the backend still runs then.
async fn runs_on(app: &App, period: Duration) -> bool {
    let over = tokio::time::sleep(period);
    app.stopping.run_until_cancelled(over).await.is_some()
}

async fn open(
    database: Database,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
    news: News,
) -> Result<Store, Error> {
    let (clock, entropy) = (Arc::clone(clock), Arc::clone(entropy));
    match database {
        Database::Sqlite(file) => {
            file.parent()
                .filter(|dir| !dir.as_os_str().is_empty())
                .map(make_dir)
                .transpose()?;
            // Opening may read the whole file, so it must not block the async threads.
            let opened =
                tokio::task::spawn_blocking(move || Store::sqlite(&file, clock, entropy, news)).await;
            Ok(opened.map_err(|_| StoreError::Closed)??)
        }
        Database::Postgres(server) => Ok(Store::postgres(*server, clock, entropy, news).await?),
    }
}

/// Makes a folder that only its owner can enter: it holds people's data and the key of the secrets.
fn make_dir(path: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| Error::DataDir {
        path: path.to_owned(),
        source,
    })
}

/// The client of calls to WeChat.
pub(crate) fn http_client(hosts: &WeChatHosts) -> Result<reqwest::Client, Error> {
    client_of(&[&hosts.api, &hosts.open, &hosts.poll])
}

/// The client of calls to the SMS gateway.
pub(crate) fn gateway_client(url: &Url) -> Result<reqwest::Client, Error> {
    client_of(&[url])
}

/// A client of these hosts. A stand-in on this machine is asked directly: a proxy would look for it on its own.
fn client_of(hosts: &[&Url]) -> Result<reqwest::Client, Error> {
    let here = hosts.iter().all(|url| reach(url) == Reach::ThisMachine);
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where limits and redirects of calls to others are chosen"
    )]
    let client = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(CALL)
        .redirect(reqwest::redirect::Policy::none());
    let client = if here { client.no_proxy() } else { client };
    client.build().map_err(Error::HttpClient)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Delivery, EmbeddedKey,
        store::Ties,
        testing::{Bench, On, TestDatabase},
    };
    use futures_util::StreamExt;
    use rstest::rstest;
    use serde_json::json;
    use std::net::Ipv4Addr;
    use yaopai_domain::{AttemptId, AttemptState, LoginAttempt, PoolId, Purpose, System, WeChatEnvironment};

    fn config(dir: &Path) -> Config {
        let nowhere: Url = "http://127.0.0.1:9".parse().unwrap();
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: Database::Sqlite(dir.join("data/backend.db")),
            data_dir: dir.join("data"),
            public_url: None,
            wechat: WeChatHosts {
                api: nowhere.clone(),
                open: nowhere.clone(),
                poll: nowhere,
            },
            wechat_environment: WeChatEnvironment::Real,
            bootstrap: None,
            embedded_key: Some(EmbeddedKey::generate(&System)),
            limits: crate::Limits::default(),
            trusted_proxies: Vec::new(),
            allowed_hosts: Vec::new(),
            drain: Duration::ZERO,
            secret_key: None,
            delivery: Delivery::default(),
        }
    }

    fn http() -> reqwest::Client {
        let dir = Path::new("");
        http_client(&config(dir).wechat).unwrap()
    }

    async fn start(config: Config) -> Result<Backend, Error> {
        Backend::start(config, Arc::new(System), Arc::new(System)).await
    }

    #[tokio::test]
    async fn a_database_that_is_not_there_was_not_restored() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("elsewhere/backend.db");
        let refused = restored(Database::Sqlite(file.clone()), Arc::new(System), Arc::new(System)).await;
        let said = refused.unwrap_err().to_string();
        assert!(said.contains(&file.display().to_string()), "{said}");
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[tokio::test]
    async fn stops_at_once_although_a_stream_is_open() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        let key = config.embedded_key.clone().unwrap();
        let backend = start(config).await.unwrap();
        let events = backend.url().join("sync/v1/pools/default/events").unwrap();
        let answer = http().get(events).bearer_auth(key.expose()).send().await.unwrap();
        let mut stream = answer.bytes_stream();
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!(first, "event: head\ndata: {\"head\":0}\n\n");

        tokio::time::timeout(PATIENCE, backend.stop())
            .await
            .expect("a stream does not hold a stop up");
        assert!(stream.next().await.is_none(), "the stream ended in good order");
    }

    #[tokio::test]
    async fn a_change_at_one_backend_is_told_by_another_of_the_same_database() {
        let database = TestDatabase::new().await;
        let dir = tempfile::tempdir().unwrap();
        let config = || Config {
            database: Database::Postgres(Box::new(database.server())),
            ..config(dir.path())
        };
        let (here, there) = (config(), config());
        let [key, other_key] = [&here, &there].map(|config| config.embedded_key.clone().unwrap());
        let (here, there) = (start(here).await.unwrap(), start(there).await.unwrap());
        let events = there.url().join("sync/v1/pools/default/events").unwrap();
        let answer = http().get(events).bearer_auth(other_key.expose()).send().await;
        let mut stream = answer.unwrap().bytes_stream();
        let first = stream.next().await.unwrap().unwrap();
        assert_eq!(first, "event: head\ndata: {\"head\":0}\n\n");

        let users = here.url().join("manage/v1/pools/default/users").unwrap();
        let made = http()
            .post(users)
            .bearer_auth(key.expose())
            .json(&json!({ "profile": { "nickname": "张伟" } }));
        assert_eq!(made.send().await.unwrap().status(), 201);
        let told = async {
            let mut heard = Vec::new();
            while !String::from_utf8_lossy(&heard).contains("data: {\"head\":1}\n") {
                heard.extend(stream.next().await.expect("the stream goes on").unwrap());
            }
        };
        tokio::time::timeout(Duration::from_mins(1), told)
            .await
            .expect("it is told");
        drop(stream);
        tokio::join!(here.stop(), there.stop());
    }

    #[rstest]
    #[tokio::test]
    async fn an_attempt_that_nobody_drives_ends_while_the_backend_runs(
        #[values(On::Sqlite, On::Postgres)] engine: On,
        #[values(
            (AttemptState::Waiting, AttemptState::Expired),
            (AttemptState::Confirmed, AttemptState::Failed)
        )]
        (left, ended): (AttemptState, AttemptState),
    ) {
        let bench = Bench::on(engine).await;
        let (pool, now) = (PoolId::default(), bench.clock.now());
        let attempt = LoginAttempt {
            id: AttemptId::new(bench.clock.as_ref(), bench.app.entropy.as_ref()),
            connection_id: None,
            kind: None,
            via: None,
            purpose: Purpose::Login,
            dry_run: false,
            state: left,
            created_at: now,
            expires_at: now.plus_millis(1000),
            finished_at: None,
            legs: Vec::new(),
            verdict: None,
        };
        let id = attempt.id;
        let store = &bench.app.store;
        store.put_attempt(&pool, attempt, Ties::default()).await.unwrap();
        let state = async || store.attempt(&pool, id).await.unwrap().unwrap().state;
        let watch = tokio::spawn(end_overdue_every(
            Duration::from_millis(1),
            Arc::clone(&bench.app),
        ));
        bench.clock.turn(1000);
        assert_eq!(state().await, left, "another backend may still end it");
        bench.clock.turn(60_000);
        while state().await != ended {}
        bench.app.stopping.cancel();
        watch.await.unwrap();
    }

    #[tokio::test]
    async fn an_embedded_backend_lets_its_desktop_in_and_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        let key = config.embedded_key.clone().unwrap();
        let backend = start(config).await.unwrap();
        let pool = backend.url().join("manage/v1/pools/default").unwrap();
        let ask = |key: String| http().get(pool.clone()).bearer_auth(key).send();
        assert_eq!(ask(key.expose().to_owned()).await.unwrap().status(), 200);
        assert_eq!(ask("0".repeat(64)).await.unwrap().status(), 401);
        assert!(!backend.has_access_keys().await.unwrap());
        backend.stop().await;
    }

    #[tokio::test]
    async fn a_database_server_that_is_not_there_is_named_without_its_password() {
        let dir = tempfile::tempdir().unwrap();
        let url = "postgres://yaopai:Tr0ub4dor@127.0.0.1:9/yaopai";
        let config = Config {
            database: url.parse().unwrap(),
            ..config(dir.path())
        };
        let said = start(config).await.err().unwrap().to_string();
        assert!(
            said.contains("127.0.0.1:9/yaopai") && said.contains("refused"),
            "{said}"
        );
        assert!(!said.contains("Tr0ub4dor"), "{said}");
    }

    #[tokio::test]
    async fn says_which_address_is_in_use() {
        let dir = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = taken.local_addr().unwrap();
        let config = Config {
            listen: address,
            ..config(dir.path())
        };
        let error = start(config).await.err().unwrap();
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_it_stores_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        let data_dir = config.data_dir.clone();
        let backend = start(config).await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&data_dir), 0o700);
        assert_eq!(mode(&data_dir.join("secret.key")), 0o600);
        assert_eq!(mode(&data_dir.join("backend.db")), 0o600);
        backend.stop().await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_it_stores_in_an_open_folder_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        let data_dir = config.data_dir.clone();
        fs::create_dir(&data_dir).unwrap();
        fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o755)).unwrap();
        let backend = start(config).await.unwrap();
        let mut files = 0;
        for file in fs::read_dir(&data_dir).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.path().display());
            files += 1;
        }
        assert_eq!(files, 4, "key, database, -wal and -shm");
        backend.stop().await;
    }

    #[tokio::test]
    async fn does_not_start_with_the_database_of_another_program() {
        let dir = tempfile::tempdir().unwrap();
        let config = config(dir.path());
        fs::create_dir(&config.data_dir).unwrap();
        let file = config.data_dir.join("backend.db");
        rusqlite::Connection::open(&file)
            .unwrap()
            .execute_batch("CREATE TABLE recipes (name TEXT)")
            .unwrap();
        let refused = start(config).await.err().unwrap();
        assert!(
            matches!(refused, Error::Store(StoreError::Foreign { .. })),
            "{refused}"
        );
    }
}
