//! What the program holds while it runs: sandbox, embedded backend and console, started in this order.

use crate::{
    commands::Answer,
    environment::{Environment, Server},
    instance::{self, DirectoryLock},
    settings::{self, Settings, WeChatChoice},
};
use serde::{Deserialize, Serialize};
use specta::Type;
use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;
use url::Url;
use yaopai_backend::{Backend, Database, EmbeddedKey, StoreError, WeChatHosts};
use yaopai_console::{AccessKey, Console, ErrorView, Notice, Options};
use yaopai_domain::{ConnectionKind, PoolId, System, WeChatEnvironment};
use yaopai_sandbox::{AppKind, Sandbox};

/// The embedded backend's database.
const BACKEND_FILE: &str = "backend.db";
/// The console's replica of it.
const REPLICA_FILE: &str = "replica.db";

/// How the program started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Startup {
    /// Everything runs.
    Ready {
        /// Local files that were damaged or of a newer version and have been kept aside, if any.
        kept_aside: Vec<String>,
    },
    /// It does not run, and why.
    Failed {
        /// What happened.
        problem: StartupProblem,
        /// The file or address it is about.
        subject: String,
        /// For the ticket.
        detail: String,
    },
}

/// What can keep the program from starting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StartupProblem {
    /// The embedded backend's data was written by a newer version of the program. It was kept aside under a dated name,
    /// and the console's replica of it with it.
    NewerBackend,
    /// The embedded backend's data is damaged. It was kept aside in the same way.
    DamagedBackend,
    /// Another running program uses the data directory.
    AlreadyRunning,
    /// The data directory or a file in it cannot be read or written.
    DataDirectory,
    /// Environment variables or settings contradict each other.
    Configuration,
    /// The embedded backend or the sandbox did not start.
    EmbeddedServer,
}

/// What this program is and where its things are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub(crate) struct About {
    /// Version of the program.
    pub version: String,
    /// Where its files are.
    pub data_dir: String,
    /// The backend's address.
    pub server_url: String,
    /// Whether that backend runs inside this program.
    pub embedded: bool,
    /// The sandbox's address, if there is one: a page with its apps, people and phone.
    pub sandbox_url: Option<String>,
    /// Which WeChat the embedded backend talks to.
    pub wechat: WeChatChoice,
}

/// An app that the sandbox knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub(crate) struct SandboxApp {
    /// The kind of connection it serves.
    pub kind: ConnectionKind,
    /// Its name.
    pub name: String,
    /// Its AppID.
    pub app_id: String,
    /// Its AppSecret; it opens nothing but the sandbox.
    pub app_secret: String,
}

/// What the program holds while it runs.
pub(crate) struct Host {
    data_dir: PathBuf,
    startup: Startup,
    running: Option<Running>,
}

struct Running {
    console: Console,
    server_url: Url,
    sandbox_url: Option<String>,
    sandbox_apps: Vec<SandboxApp>,
    wechat: WeChatChoice,
    /// What runs inside this program; taken out when it stops. Empty with a remote server.
    embedded: Option<Mutex<Option<Embedded>>>,
    _lock: DirectoryLock,
}

struct Embedded {
    backend: Backend,
    sandbox: Option<Sandbox>,
}

/// Why the program does not run.
struct Failed {
    problem: StartupProblem,
    subject: String,
    detail: String,
}

impl Failed {
    fn new(problem: StartupProblem, subject: impl Into<String>, error: impl std::fmt::Display) -> Self {
        Self {
            problem,
            subject: subject.into(),
            detail: error.to_string(),
        }
    }
}

impl Host {
    /// Starts everything. A failure is part of the answer: the window opens and says what to do.
    pub(crate) async fn start(environment: Environment) -> Self {
        let data_dir = environment.data_dir.clone();
        match Running::start(environment).await {
            Ok(running) => {
                let kept_aside = running
                    .console
                    .notices()
                    .into_iter()
                    .map(|Notice::ReplicaKeptAside { path }| path)
                    .collect();
                Self {
                    data_dir,
                    startup: Startup::Ready { kept_aside },
                    running: Some(running),
                }
            }
            Err(Failed {
                problem,
                subject,
                detail,
            }) => {
                tracing::error!(?problem, %subject, %detail, "cannot start");
                Self {
                    data_dir,
                    startup: Startup::Failed {
                        problem,
                        subject,
                        detail,
                    },
                    running: None,
                }
            }
        }
    }

    /// Stops everything, in the opposite order. Waits for what is being written.
    pub(crate) async fn stop(&self) {
        let Some(running) = &self.running else { return };
        running.console.close().await;
        let Some(embedded) = &running.embedded else { return };
        if let Some(Embedded { backend, sandbox }) = embedded.lock().await.take() {
            backend.stop().await;
            if let Some(sandbox) = sandbox {
                sandbox.stop().await;
            }
        }
    }

    /// The console, or the reason there is none.
    pub(crate) fn console(&self) -> Answer<&Console> {
        self.running()
            .map(|running| &running.console)
            .ok_or_else(|| ErrorView::LocalStore {
                detail: "the program did not start".to_owned(),
            })
    }

    fn running(&self) -> Option<&Running> {
        self.running.as_ref()
    }

    /// How the program started.
    pub(crate) fn startup(&self) -> Startup {
        self.startup.clone()
    }

    /// What this program is and where its things are.
    pub(crate) fn about(&self) -> About {
        let running = self.running();
        About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_dir: self.data_dir.display().to_string(),
            server_url: running
                .map(|running| running.server_url.to_string())
                .unwrap_or_default(),
            embedded: running.is_none_or(|running| running.embedded.is_some()),
            sandbox_url: running.and_then(|running| running.sandbox_url.clone()),
            wechat: running.map(|running| running.wechat).unwrap_or_default(),
        }
    }

    /// Apps that the sandbox knows; empty when it is not ours.
    pub(crate) fn sandbox_apps(&self) -> Vec<SandboxApp> {
        self.running()
            .map(|running| running.sandbox_apps.clone())
            .unwrap_or_default()
    }

    /// Chooses which WeChat the embedded backend talks to, from the next start on.
    pub(crate) fn choose_wechat(&self, choice: WeChatChoice) -> Answer<()> {
        settings::write(&self.data_dir, &Settings { wechat: choice }).map_err(|error| ErrorView::LocalStore {
            detail: format!("{}: {error}", self.data_dir.display()),
        })
    }
}

impl Running {
    async fn start(environment: Environment) -> Result<Self, Failed> {
        let Environment { data_dir, server } = environment;
        let lock = prepare(&data_dir)?;
        match server {
            Server::Embedded { public_url } => Self::embedded(&data_dir, public_url.as_deref(), lock).await,
            Server::Remote {
                url,
                access_key,
                pool,
                sandbox_url,
            } => {
                let server = parse_url("YAOPAI_SERVER_URL", &url)?;
                let replica = data_dir.join(replica_name(&server, &pool));
                let options = Options {
                    server: server.clone(),
                    access_key,
                    pool,
                    replica,
                };
                Ok(Self {
                    console: open(options).await?,
                    server_url: server,
                    sandbox_url,
                    sandbox_apps: Vec::new(),
                    wechat: WeChatChoice::Sandbox,
                    embedded: None,
                    _lock: lock,
                })
            }
        }
    }

    async fn embedded(
        data_dir: &Path,
        public_url: Option<&str>,
        lock: DirectoryLock,
    ) -> Result<Self, Failed> {
        let settings = settings::read(data_dir).map_err(|error| {
            Failed::new(
                StartupProblem::Configuration,
                data_dir.join("settings.json").display().to_string(),
                error,
            )
        })?;
        let sandbox = match settings.wechat {
            WeChatChoice::Sandbox => {
                let sandbox = Sandbox::start(yaopai_sandbox::Config::default()).await;
                Some(sandbox.map_err(|error| Failed::new(StartupProblem::EmbeddedServer, "sandbox", error))?)
            }
            WeChatChoice::Real => None,
        };
        let (wechat, wechat_environment) = match &sandbox {
            Some(sandbox) => {
                let url = sandbox.url();
                let hosts = WeChatHosts {
                    api: url.clone(),
                    open: url.clone(),
                    poll: url.clone(),
                };
                (hosts, WeChatEnvironment::Sandbox { url: url.to_string() })
            }
            None => (WeChatHosts::real(), WeChatEnvironment::Real),
        };
        let key = EmbeddedKey::generate(&System);
        let config = yaopai_backend::Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            database: Database::Sqlite(data_dir.join(BACKEND_FILE)),
            data_dir: data_dir.to_path_buf(),
            public_url: public_url
                .map(|url| parse_url("YAOPAI_PUBLIC_URL", url))
                .transpose()?,
            wechat,
            wechat_environment,
            bootstrap: None,
            embedded_key: Some(key.clone()),
            secret_key: None,
        };
        let backend = Backend::start(config, Arc::new(System), Arc::new(System))
            .await
            .map_err(|error| backend_failed(data_dir, error))?;
        if let Some(sandbox) = &sandbox {
            sandbox.set_miniprogram_server(backend.url());
        }
        let options = Options {
            server: backend.url(),
            access_key: AccessKey::new(key.expose()),
            pool: PoolId::default(),
            replica: data_dir.join(REPLICA_FILE),
        };
        Ok(Self {
            console: open(options).await?,
            server_url: backend.url(),
            sandbox_url: sandbox.as_ref().map(|sandbox| sandbox.url().to_string()),
            sandbox_apps: sandbox.as_ref().map(apps_of).unwrap_or_default(),
            wechat: settings.wechat,
            embedded: Some(Mutex::new(Some(Embedded { backend, sandbox }))),
            _lock: lock,
        })
    }
}

/// Makes the data directory and takes it.
fn prepare(data_dir: &Path) -> Result<DirectoryLock, Failed> {
    let shown = || data_dir.display().to_string();
    let broken = |error: std::io::Error| Failed::new(StartupProblem::DataDirectory, shown(), error);
    fs::create_dir_all(data_dir).map_err(broken)?;
    instance::lock(data_dir).map_err(broken)?.ok_or_else(|| {
        Failed::new(
            StartupProblem::AlreadyRunning,
            shown(),
            "console.lock in it is taken",
        )
    })
}

async fn open(options: Options) -> Result<Console, Failed> {
    let replica = options.replica.display().to_string();
    Console::open(options, Arc::new(System), Arc::new(System))
        .await
        .map_err(|error| Failed::new(StartupProblem::DataDirectory, replica, error))
}

/// One replica a server and pool, named so that people recognise it: `replica-id.example.com-default.db`.
fn replica_name(server: &Url, pool: &PoolId) -> String {
    let host = server
        .host_str()
        .unwrap_or("server")
        .replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "_");
    match server.port() {
        Some(port) => format!("replica-{host}_{port}-{pool}.db"),
        None => format!("replica-{host}-{pool}.db"),
    }
}

fn parse_url(variable: &str, text: &str) -> Result<Url, Failed> {
    text.parse()
        .map_err(|error| Failed::new(StartupProblem::Configuration, variable, error))
}

fn apps_of(sandbox: &Sandbox) -> Vec<SandboxApp> {
    let kind = |kind| match kind {
        AppKind::MiniProgram => ConnectionKind::MiniProgram,
        AppKind::OfficialAccount => ConnectionKind::WebpageAuthorization,
        AppKind::Website => ConnectionKind::Pc,
    };
    let app = |app: yaopai_sandbox::AppSheet| SandboxApp {
        kind: kind(app.kind),
        name: app.name,
        app_id: app.app_id,
        app_secret: app.app_secret,
    };
    sandbox.apps().into_iter().map(app).collect()
}

fn backend_failed(data_dir: &Path, error: yaopai_backend::Error) -> Failed {
    use yaopai_backend::Error;
    let (problem, kept) = match &error {
        Error::Store(StoreError::NewerSchema { kept, .. }) => (StartupProblem::NewerBackend, Some(kept)),
        Error::Store(StoreError::Corrupt { kept, .. }) => (StartupProblem::DamagedBackend, Some(kept)),
        Error::DataDir { .. } => (StartupProblem::DataDirectory, None),
        _ => (StartupProblem::EmbeddedServer, None),
    };
    let subject = data_dir.join(BACKEND_FILE).display().to_string();
    match kept.map(|kept| keep_replica_with(data_dir, kept)) {
        Some(Err(not_kept)) => Failed::new(problem, subject, format!("{error}; the replica: {not_kept}")),
        Some(Ok(())) | None => Failed::new(problem, subject, error),
    }
}

/// The replica is the last copy of what a lost backend knew: it goes aside under the same date, before an empty backend
/// could empty it, too. Both get their old names back together.
fn keep_replica_with(data_dir: &Path, kept: &Path) -> io::Result<()> {
    let suffix = kept
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.strip_prefix(BACKEND_FILE))
        .unwrap_or(".kept");
    for companion in ["", "-wal", "-shm"] {
        let from = data_dir.join(format!("{REPLICA_FILE}{companion}"));
        if from.try_exists()? {
            fs::rename(from, data_dir.join(format!("{REPLICA_FILE}{suffix}{companion}")))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(data_dir: &Path) -> Environment {
        Environment {
            data_dir: data_dir.to_path_buf(),
            server: Server::Embedded { public_url: None },
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_damaged_backend_takes_the_replica_aside_with_it() {
        let folder = tempfile::tempdir().unwrap();
        Host::start(embedded(folder.path())).await.stop().await;
        let replica = fs::read(folder.path().join(REPLICA_FILE)).unwrap();
        fs::write(folder.path().join(BACKEND_FILE), "no database at all").unwrap();

        let host = Host::start(embedded(folder.path())).await;
        let Startup::Failed { problem, detail, .. } = host.startup() else {
            panic!("a damaged backend starts");
        };
        assert_eq!(problem, StartupProblem::DamagedBackend, "{detail}");
        assert!(!folder.path().join(REPLICA_FILE).exists());
        let kept: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.display().to_string().contains("replica.db.corrupt-"))
            .collect();
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert!(fs::read(&kept[0]).unwrap() == replica);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_second_program_in_the_same_folder_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let first = Host::start(embedded(folder.path())).await;
        assert!(
            matches!(first.startup(), Startup::Ready { .. }),
            "{:?}",
            first.startup()
        );
        let second = Host::start(embedded(folder.path())).await;
        let Startup::Failed { problem, .. } = second.startup() else {
            panic!("two programs share a folder");
        };
        assert_eq!(problem, StartupProblem::AlreadyRunning);
        first.stop().await;
    }
}
