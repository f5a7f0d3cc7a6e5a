//! `yaopai-server` with one mini program, logged in through the plainest of its facades.

use crate::{
    load::{Requests, queue},
    process::{Engine, Program, first_answer, now},
    sandbox::Sandbox,
};
use anyhow::Result;
use std::{path::Path, process::Command, time::Duration};

/// How long a server is left alone before its idle memory is read.
const IDLE: Duration = Duration::from_secs(2);

/// A running server.
pub(crate) struct Server {
    pub(crate) program: Program,
    url: String,
    /// From the start of the process to its first answer.
    pub(crate) first_answer: Duration,
}

impl Server {
    /// Starts it on a database of its own.
    pub(crate) async fn start(
        programs: &Path,
        engine: &Engine,
        sandbox: &Sandbox,
        dir: &Path,
    ) -> Result<Self> {
        let bootstrap = dir.join("bootstrap.toml");
        let (app_id, app_secret) = (&sandbox.app_id, &sandbox.app_secret);
        std::fs::write(
            &bootstrap,
            format!(
                "[[connection]]\nkind = \"wechat:miniprogram:default\"\nidentifier = \"bench\"\n\
                 display_name = \"Bench\"\napp_id = \"{app_id}\"\napp_secret = \"{app_secret}\"\n"
            ),
        )?;
        let command = |database: &str| {
            let mut command = Command::new(programs.join("yaopai-server"));
            command
                .args(["--listen", "127.0.0.1:0", "--client-burst", "0"])
                .args(["--database-url", database])
                .arg("--data-dir")
                .arg(dir.join("data"))
                .arg("--bootstrap")
                .arg(&bootstrap)
                .args(["--wechat-api-url", &sandbox.url])
                .args(["--wechat-open-url", &sandbox.url])
                .args(["--wechat-poll-url", &sandbox.url])
                .env("YAOPAI_LOG", "warn");
            command
        };
        let database = engine.database(dir, "server").await?;
        // The first start makes the schema; the time to the first answer is that of a server that has run before.
        let (first, _) = Program::start(command(&database), "yaopai-server listens on ").await?;
        drop(first);
        let began = now();
        let (program, url) = Program::start(command(&database), "yaopai-server listens on ").await?;
        let url = url.trim_end_matches('/').to_owned();
        let first_answer = first_answer(&format!("{url}/readyz"), began).await?;
        Ok(Self {
            program,
            url,
            first_answer,
        })
    }

    /// A login with each of these codes.
    pub(crate) fn logins(&self, codes: Vec<String>) -> Requests {
        let url = format!("{}/api/wx/login", self.url);
        queue(codes, move |http, code| http.get(&url).query(&[("code", code)]))
    }

    /// Resident memory at rest, in MiB.
    pub(crate) async fn memory_idle(&self) -> Result<f64> {
        tokio::time::sleep(IDLE).await;
        self.program.memory("VmRSS")
    }

    /// The most memory it ever had, in MiB.
    pub(crate) fn memory_peak(&self) -> Result<f64> {
        self.program.memory("VmHWM")
    }
}
