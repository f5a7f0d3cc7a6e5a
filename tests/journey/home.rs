//! One person's folders: what an installation keeps between two starts, and nothing of the machine's own.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

/// An empty home; gone when dropped.
pub(crate) struct Home(TempDir);

impl Home {
    /// A new one.
    pub(crate) fn new() -> Result<Self> {
        let folder = TempDir::new()?;
        for name in ["data", "config", "cache", "share", "state", "run"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        Ok(Self(folder))
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Makes a program live here.
    pub(crate) fn lodge<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let folder = |name| self.0.path().join(name);
        command
            .env("HOME", self.0.path())
            .env("YAOPAI_DATA_DIR", folder("data"))
            .env("XDG_CONFIG_HOME", folder("config"))
            .env("XDG_CACHE_HOME", folder("cache"))
            .env("XDG_DATA_HOME", folder("share"))
            .env("XDG_STATE_HOME", folder("state"))
            .env("XDG_RUNTIME_DIR", folder("run"))
    }
}
