//! What the program holds while it runs: sandbox, embedded backend and console, started in this order.

use crate::{
    commands::Answer,
    settings::{self, Settings, WeChatChoice},
};
use serde::{Deserialize, Serialize};
use specta::Type;
use std::path::PathBuf;
use yaopai_console::{Console, ErrorView};
use yaopai_domain::ConnectionKind;

/// How the program started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Startup {
    /// Everything runs.
    Ready {
        /// Local files that were damaged and have been kept aside, if any.
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
pub enum StartupProblem {
    /// A local file was written by a newer version of the program. It was not touched.
    NewerFile,
    /// A local file is damaged. It was kept aside under a dated name.
    DamagedFile,
    /// The data directory or a file in it cannot be read or written.
    DataDirectory,
    /// Environment variables or settings contradict each other.
    Configuration,
    /// The embedded backend or the sandbox did not start.
    EmbeddedServer,
}

/// What this program is and where its things are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct About {
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
pub struct SandboxApp {
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
    settings: Settings,
    startup: Startup,
    console: Option<Console>,
}

impl Host {
    /// The console, or the reason there is none.
    pub(crate) fn console(&self) -> Answer<&Console> {
        self.console.as_ref().ok_or_else(|| ErrorView::LocalStore { detail: "not started".to_owned() })
    }

    pub(crate) fn startup(&self) -> Startup {
        self.startup.clone()
    }

    pub(crate) fn about(&self) -> About {
        About {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_dir: self.data_dir.display().to_string(),
            server_url: String::new(),
            embedded: true,
            sandbox_url: None,
            wechat: self.settings.wechat,
        }
    }

    pub(crate) fn sandbox_apps(&self) -> Vec<SandboxApp> {
        Vec::new()
    }

    pub(crate) fn choose_wechat(&self, choice: WeChatChoice) -> Answer<()> {
        settings::write(&self.data_dir, &Settings { wechat: choice })
            .map_err(|error| ErrorView::LocalStore { detail: error.to_string() })
    }
}
