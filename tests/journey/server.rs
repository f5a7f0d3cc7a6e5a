//! The backend and the WeChat sandbox as programs of their own.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use reqwest::redirect;
use serde_json::Value;

use crate::home::Home;
use crate::process::{Process, free_port};
use crate::wait::until;
use crate::window::CONSOLE;

/// What the backend of a journey lets in. It guards a database that lives for a minute.
const ACCESS_KEY: &str = "journey-0123456789abcdef0123456789abcdef";

/// A client that follows nothing by itself, like the programs it stands for.
pub(crate) fn http() -> Result<reqwest::Client> {
    #[expect(clippy::disallowed_methods, reason = "the one client of these tests")]
    let client = reqwest::Client::builder();
    Ok(client
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()?)
}

/// A program of this workspace, built beside the console.
fn program(name: &str) -> Result<Command> {
    let path = Path::new(CONSOLE).with_file_name(name);
    ensure!(
        path.is_file(),
        "{} is missing: cargo build --workspace --bins",
        path.display()
    );
    Ok(Command::new(path))
}

/// The stand-in for WeChat, running.
pub(crate) struct Sandbox {
    process: Process,
    address: SocketAddr,
}

impl Sandbox {
    /// Starts it and waits until it answers.
    pub(crate) async fn start(home: &Home) -> Result<Self> {
        let address = free_port()?;
        let mut process = Process::start(
            "sandbox",
            program("yaopai-sandbox")?.args(["--listen", &address.to_string()]),
            home.path(),
        )?;
        answers(&mut process, &format!("http://{address}/")).await?;
        Ok(Self { process, address })
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// AppID and AppSecret of its website, as its front page shows them to whoever configures a connection.
    pub(crate) async fn website(&self) -> Result<(String, String)> {
        let apps: Value = http()?
            .get(format!("{}/sandbox/apps", self.url()))
            .send()
            .await?
            .json()
            .await?;
        let mut apps = apps.as_array().context("a list of apps")?.iter();
        let website = apps
            .find(|app| app["kind"] == "website")
            .context("the sandbox has a website")?;
        let word = |name: &str| {
            website[name]
                .as_str()
                .context("an app has both")
                .map(ToOwned::to_owned)
        };
        Ok((word("app_id")?, word("app_secret")?))
    }

    /// Ends it.
    pub(crate) async fn stop(self) -> Result<()> {
        self.process.stop().await
    }
}

/// The identity backend, which can be stopped and started again where it was.
pub(crate) struct Backend {
    process: Option<Process>,
    address: SocketAddr,
    folder: PathBuf,
    wechat: String,
}

impl Backend {
    /// Starts it on an empty database with one access key.
    pub(crate) async fn start(home: &Home, sandbox: &Sandbox) -> Result<Self> {
        let folder = home.path().join("backend");
        fs::create_dir(&folder)?;
        fs::write(
            folder.join("bootstrap.toml"),
            format!(
                "[[pool]]\nid = \"default\"\nname = \"Default\"\n\n\
                 [[access_key]]\nname = \"journey\"\npool = \"default\"\nrole = \"admin\"\nkey = \"{ACCESS_KEY}\"\n"
            ),
        )?;
        let mut backend = Self {
            process: None,
            address: free_port()?,
            folder,
            wechat: sandbox.url(),
        };
        backend.start_again().await?;
        Ok(backend)
    }

    /// Starts it where it was, with what it knew.
    pub(crate) async fn start_again(&mut self) -> Result<()> {
        let mut process = Process::start(
            "backend",
            program("yaopai-server")?
                .args(["--listen", &self.address.to_string()])
                .arg("--data-dir")
                .arg(&self.folder)
                .args([
                    "--database-url",
                    &format!("sqlite:{}", self.folder.join("backend.db").display()),
                ])
                .arg("--bootstrap")
                .arg(self.folder.join("bootstrap.toml"))
                .args(["--wechat-api-url", &self.wechat])
                .args(["--wechat-open-url", &self.wechat])
                .args(["--wechat-poll-url", &self.wechat]),
            &self.folder,
        )?;
        answers(&mut process, &format!("{}/healthz", self.url())).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Ends the process; its database stays.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        self.process.take().context("the backend runs")?.stop().await
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What makes the console use this backend, and name that sandbox, instead of its embedded ones.
    pub(crate) fn settings<'a>(url: &'a str, sandbox: &'a str) -> [(&'a str, &'a str); 3] {
        [
            ("YAOPAI_SERVER_URL", url),
            ("YAOPAI_ACCESS_KEY", ACCESS_KEY),
            ("YAOPAI_SANDBOX_URL", sandbox),
        ]
    }

    /// A user as the backend itself knows them.
    pub(crate) async fn user(&self, id: &str) -> Result<Value> {
        let url = format!("{}/manage/v1/pools/default/users/{id}", self.url());
        Ok(http()?
            .get(url)
            .bearer_auth(ACCESS_KEY)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }
}

async fn answers(process: &mut Process, url: &str) -> Result<()> {
    let client = http()?;
    until(&format!("{url} answers"), async || {
        process.expect_running()?;
        let answer = client.get(url).send().await;
        Ok(answer
            .is_ok_and(|answer| answer.status().is_success())
            .then_some(()))
    })
    .await
}
