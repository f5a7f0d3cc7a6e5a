//! Choices that outlive a start: `settings.json` in the data directory.

use serde::{Deserialize, Serialize};
use std::{io, path::Path};

/// What the operator chose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Which WeChat the embedded backend talks to.
    pub(crate) wechat: WeChatChoice,
}

/// Which WeChat the embedded backend talks to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WeChatChoice {
    /// The built-in stand-in: nothing leaves this machine.
    #[default]
    Sandbox,
    /// WeChat itself.
    Real,
}

const FILE: &str = "settings.json";

/// Reads the settings; a file that is not there means the defaults.
pub(crate) fn read(data_dir: &Path) -> io::Result<Settings> {
    match std::fs::read(data_dir.join(FILE)) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
        Err(error) => Err(error),
    }
}

/// Writes the settings whole: a crash leaves the old file or the new one.
pub(crate) fn write(data_dir: &Path, settings: &Settings) -> io::Result<()> {
    let draft = data_dir.join("settings.json.new");
    std::fs::write(&draft, serde_json::to_vec_pretty(settings)?)?;
    std::fs::rename(draft, data_dir.join(FILE))
}
