//! What runs inside the program when the backend is not elsewhere: the sandbox, and the backend that talks to it.

use crate::{
    host::{Failed, SandboxApp, StartupProblem, parse_url},
    settings::WeChatChoice,
};
use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};
use url::Url;
use yaopai_backend::{Backend, Database, EmbeddedKey, StoreError, WeChatHosts};
use yaopai_console::{AccessKey, Options};
use yaopai_domain::{ConnectionKind, PoolId, System, WeChatEnvironment};
use yaopai_sandbox::{AppKind, Sandbox};

/// The backend's database.
pub(crate) const BACKEND_FILE: &str = "backend.db";
/// The console's replica of it.
pub(crate) const REPLICA_FILE: &str = "replica.db";

/// A running backend, and the sandbox unless it talks to WeChat itself.
pub(crate) struct Embedded {
    backend: Backend,
    sandbox: Option<Sandbox>,
    key: EmbeddedKey,
}

impl Embedded {
    /// Starts the sandbox, if it is wanted, and the backend. If one of them fails, nothing is left running.
    pub(crate) async fn start(
        data_dir: &Path,
        public_url: Option<&str>,
        choice: WeChatChoice,
    ) -> Result<Self, Failed> {
        let public_url = public_url
            .map(|url| parse_url("YAOPAI_PUBLIC_URL", url))
            .transpose()?;
        let sandbox = match choice {
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
            public_url,
            wechat,
            wechat_environment,
            bootstrap: None,
            embedded_key: Some(key.clone()),
            limits: yaopai_backend::Limits::default(),
            trusted_proxies: Vec::new(),
            allowed_hosts: Vec::new(),
            drain: std::time::Duration::ZERO,
            secret_key: None,
            delivery: yaopai_backend::Delivery::default(),
        };
        match Backend::start(config, Arc::new(System), Arc::new(System)).await {
            Ok(backend) => {
                if let Some(sandbox) = &sandbox {
                    sandbox.set_miniprogram_server(backend.url());
                }
                Ok(Self {
                    backend,
                    sandbox,
                    key,
                })
            }
            Err(error) => {
                if let Some(sandbox) = sandbox {
                    sandbox.stop().await;
                }
                Err(backend_failed(data_dir, error))
            }
        }
    }

    /// Stops both, the backend first. Waits for what is being written.
    pub(crate) async fn stop(self) {
        self.backend.stop().await;
        if let Some(sandbox) = self.sandbox {
            sandbox.stop().await;
        }
    }

    /// What a console of this backend is opened with.
    pub(crate) fn options(&self, data_dir: &Path) -> Options {
        Options {
            server: self.backend.url(),
            access_key: AccessKey::new(self.key.expose()),
            pool: PoolId::default(),
            replica: data_dir.join(REPLICA_FILE),
        }
    }

    /// The backend's address.
    pub(crate) fn url(&self) -> Url {
        self.backend.url()
    }

    /// The sandbox's address, if it runs.
    pub(crate) fn sandbox_url(&self) -> Option<String> {
        self.sandbox.as_ref().map(|sandbox| sandbox.url().to_string())
    }

    /// Apps that the sandbox knows.
    pub(crate) fn sandbox_apps(&self) -> Vec<SandboxApp> {
        self.sandbox.as_ref().map(apps_of).unwrap_or_default()
    }
}

fn apps_of(sandbox: &Sandbox) -> Vec<SandboxApp> {
    let kind = |kind| match kind {
        AppKind::MiniProgram => ConnectionKind::MiniProgram,
        AppKind::OfficialAccount => ConnectionKind::WebpageAuthorization,
        AppKind::Website => ConnectionKind::Pc,
        AppKind::MobileApp => ConnectionKind::Mobile,
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
