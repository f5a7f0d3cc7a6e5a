//! One program a data directory: a second start focuses the first window.

use std::{
    fs::{File, TryLockError},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::Path,
};
use tauri::{AppHandle, Manager, plugin::TauriPlugin};

/// Brings the window of the running program to the front.
fn focus(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        for done in [window.unminimize(), window.show(), window.set_focus()] {
            if let Err(error) = done {
                tracing::warn!(%error, "cannot bring the window to the front");
            }
        }
    }
}

/// Finds the running program on the session bus, keyed by data directory, and hands over to it.
pub(crate) fn plugin(data_dir: &Path) -> TauriPlugin<tauri::Wry> {
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(format!("cn.yaopai.console.d{:016x}", hasher.finish()))
        .callback(|app, _arguments, _folder| focus(app))
        .build()
}

/// Holds the data directory until it is dropped, also where there is no session bus.
#[derive(Debug)]
pub(crate) struct DirectoryLock(#[expect(dead_code, reason = "the open file is the lock")] File);

/// Takes the data directory; `Ok(None)` if another program holds it.
pub(crate) fn lock(data_dir: &Path) -> io::Result<Option<DirectoryLock>> {
    let file = File::create(data_dir.join("console.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(DirectoryLock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_directory_belongs_to_one_program_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        assert!(first.is_some());
        assert!(
            lock(folder.path()).unwrap().is_none(),
            "the second program is told"
        );
        drop(first);
        assert!(
            lock(folder.path()).unwrap().is_some(),
            "the lock ends with its holder"
        );
    }
}
