//! What the program holds while it runs: sandbox, embedded backend and console, started in this order.

use crate::{
    commands::Answer,
    embedded::Embedded,
    environment::{Environment, Server},
    instance::{self, DirectoryLock},
    settings::{self, Settings, WeChatChoice},
};
use serde::{Deserialize, Serialize};
use specta::Type;
use std::{
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Mutex;
use url::Url;
use yaopai_console::{Console, ErrorView, Notice, Options};
use yaopai_domain::{ConnectionKind, PoolId, System};

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

/// Why the program does not run.
#[derive(Debug)]
pub(crate) struct Failed {
    problem: StartupProblem,
    subject: String,
    detail: String,
}

impl Failed {
    /// `problem` with the file or address it is about, and what the ticket needs to know.
    pub(crate) fn new(
        problem: StartupProblem,
        subject: impl Into<String>,
        error: impl std::fmt::Display,
    ) -> Self {
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
        if let Some(embedded) = embedded.lock().await.take() {
            embedded.stop().await;
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
        let embedded = Embedded::start(data_dir, public_url, settings.wechat).await?;
        let console = match open(embedded.options(data_dir)).await {
            Ok(console) => console,
            Err(failed) => {
                embedded.stop().await;
                return Err(failed);
            }
        };
        Ok(Self {
            console,
            server_url: embedded.url(),
            sandbox_url: embedded.sandbox_url(),
            sandbox_apps: embedded.sandbox_apps(),
            wechat: settings.wechat,
            embedded: Some(Mutex::new(Some(embedded))),
            _lock: lock,
        })
    }
}

/// Makes the data directory, which only its owner can enter, and takes it. One that is there stays as open as it is.
fn prepare(data_dir: &Path) -> Result<DirectoryLock, Failed> {
    let shown = || data_dir.display().to_string();
    let broken = |error: io::Error| Failed::new(StartupProblem::DataDirectory, shown(), error);
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(data_dir).map_err(broken)?;
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

/// One replica a server and pool, named so that people recognise it: `replica-default@id.example.com+443+path.db`.
fn replica_name(server: &Url, pool: &PoolId) -> String {
    let host = server.host_str().unwrap_or_default();
    let port = server.port_or_known_default().unwrap_or_default();
    let mut name = format!("replica-{pool}@{}+{port}", file_text(host));
    for segment in server.path().split('/').filter(|segment| !segment.is_empty()) {
        name.push('+');
        name.push_str(&file_text(segment));
    }
    name + ".db"
}

/// Text as part of a file name, different for every text on every system, also where capitals do not count.
fn file_text(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => name.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(name, "%{byte:02x}")),
        }
    }
    name
}

/// Reads a URL that came in an environment variable.
pub(crate) fn parse_url(variable: &str, text: &str) -> Result<Url, Failed> {
    text.parse()
        .map_err(|error| Failed::new(StartupProblem::Configuration, variable, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::{BACKEND_FILE, REPLICA_FILE};
    use std::collections::BTreeSet;

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
    #[tokio::test(flavor = "multi_thread")]
    async fn a_start_that_fails_leaves_nothing_running() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(REPLICA_FILE)).unwrap();
        let host = Host::start(embedded(folder.path())).await;
        let Startup::Failed { problem, .. } = host.startup() else {
            panic!("a folder is no replica");
        };
        assert_eq!(problem, StartupProblem::DataDirectory);
        assert!(
            folder.path().join(BACKEND_FILE).exists(),
            "the backend had started"
        );
        assert!(
            !folder.path().join(format!("{BACKEND_FILE}-wal")).exists(),
            "and has closed its file"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_data_directory_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let data_dir = folder.path().join("yaopai/data");
        drop(prepare(&data_dir).unwrap());
        assert_eq!(mode(&data_dir), 0o700);

        fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o755)).unwrap();
        drop(prepare(&data_dir).unwrap());
        assert_eq!(mode(&data_dir), 0o755, "opened on purpose");
    }

    #[test]
    fn every_server_and_pool_has_a_replica_of_its_own() {
        let name = |server: &str, pool: &str| replica_name(&server.parse().unwrap(), &pool.parse().unwrap());
        assert_eq!(
            name("https://id.example.com/yaopai/", "default"),
            "replica-default@id.example.com+443+yaopai.db"
        );
        assert_eq!(
            name("https://id.example.com", "default"),
            name("https://id.example.com:443/", "default")
        );
        let names = [
            name("https://id.example.com/", "default"),
            name("https://id.example.com/", "shop"),
            name("http://id.example.com/", "default"),
            name("https://id.example.com:8443/", "default"),
            name("https://id.example.com/8443", "default"),
            name("https://id.example.com/a/b", "default"),
            name("https://id.example.com/a_b", "default"),
            name("https://id.example.com/a+b", "default"),
            name("https://id.example.com/A/b", "default"),
            name("https://id.example.com/%E8%85%B0", "default"),
            name("https://[::1]/", "default"),
        ];
        let different: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
        let plain = |c: char| c.is_ascii_alphanumeric() || ".-_+@%".contains(c);
        assert!(names.iter().all(|name| name.chars().all(plain)), "{names:?}");
    }
}
