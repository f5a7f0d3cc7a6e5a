//! WeChat, as the sandbox plays it: an app of its own for the mini program, and login codes made before they are timed.

use crate::process::{Program, client};
use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// Codes that are asked for at the same time.
const AT_ONCE: usize = 32;

/// A running sandbox.
pub(crate) struct Sandbox {
    pub(crate) program: Program,
    /// Where it is.
    pub(crate) url: String,
    /// The mini program's AppID.
    pub(crate) app_id: String,
    /// The mini program's AppSecret.
    pub(crate) app_secret: String,
}

impl Sandbox {
    /// Starts it, with no quotas in the way.
    pub(crate) async fn start(programs: &Path) -> Result<Self> {
        let mut command = Command::new(programs.join("yaopai-sandbox"));
        command.args(["--listen", "127.0.0.1:0", "--smtp-listen", "127.0.0.1:0"]);
        let (program, url) = Program::start(command, "WeChat sandbox on ").await?;
        let url = url.trim_end_matches('/').to_owned();
        let http = client()?;
        let apps: Value = http
            .get(format!("{url}/sandbox/apps"))
            .send()
            .await?
            .json()
            .await?;
        let mini_program = apps
            .as_array()
            .or_else(|| apps["apps"].as_array())
            .and_then(|apps| apps.iter().find(|app| app["kind"] == "mini_program"))
            .context("no mini program in the sandbox")?;
        let text = |name: &str| mini_program[name].as_str().map(str::to_owned);
        let app_id = text("app_id").context("no app_id")?;
        let app_secret = text("app_secret").context("no app_secret")?;
        let quota = json!({"quota": {"name": "/sns/jscode2session", "limit": 1_000_000_000_u32}});
        let lifted = http
            .post(format!("{url}/sandbox/switches"))
            .json(&quota)
            .send()
            .await?;
        lifted
            .error_for_status()
            .context("the login quota cannot be lifted")?;
        Ok(Self {
            program,
            url,
            app_id,
            app_secret,
        })
    }

    /// A login code of each of these visitors.
    pub(crate) async fn codes(&self, visitors: impl Iterator<Item = u32>) -> Result<Vec<String>> {
        let http = client()?;
        stream::iter(visitors)
            .map(|visitor| {
                let url = format!("{}/sandbox/people/visitor-{visitor}/wx-login", self.url);
                let request = http.post(url).json(&json!({ "app_id": self.app_id }));
                async move {
                    let answer: Value = request.send().await?.error_for_status()?.json().await?;
                    answer["code"].as_str().map(str::to_owned).context("no code")
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }
}
