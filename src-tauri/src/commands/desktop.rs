//! The program itself: how it started, how it stands, clipboard, links, settings.

use super::Answer;
use crate::{
    desktop,
    host::{About, Host, SandboxApp, Startup},
    settings::WeChatChoice,
};
use tauri::{AppHandle, State};
use yaopai_console::Status;

/// How the program started; the window shows nothing else until it is `ready`.
#[tauri::command]
#[specta::specta]
pub(crate) fn startup(host: State<'_, Host>) -> Startup {
    host.startup()
}

/// What this program is and where its things are.
#[tauri::command]
#[specta::specta]
pub(crate) fn about(host: State<'_, Host>) -> About {
    host.about()
}

/// How the console stands with its backend.
#[tauri::command]
#[specta::specta]
pub(crate) fn status(host: State<'_, Host>) -> Answer<Status> {
    Ok(host.console()?.status())
}

/// Syncs at once.
#[tauri::command]
#[specta::specta]
pub(crate) fn sync_now(host: State<'_, Host>) -> Answer<()> {
    host.console()?.sync_now();
    Ok(())
}

/// Apps that the sandbox knows, to fill a form with; empty when there is no sandbox.
#[tauri::command]
#[specta::specta]
pub(crate) fn sandbox_apps(host: State<'_, Host>) -> Vec<SandboxApp> {
    host.sandbox_apps()
}

/// Chooses which WeChat the embedded backend talks to, from the next start on.
#[tauri::command]
#[specta::specta]
pub(crate) fn choose_wechat(host: State<'_, Host>, choice: WeChatChoice) -> Answer<()> {
    host.choose_wechat(choice)
}

/// Ends the program cleanly and starts it again.
#[tauri::command]
#[specta::specta]
pub(crate) fn restart(app: AppHandle) {
    app.request_restart();
}

/// Opens an http(s) link in the browser.
#[tauri::command]
#[specta::specta]
pub(crate) fn open_link(app: AppHandle, url: String) -> Answer<()> {
    desktop::open_link(&app, &url)
}

/// Puts text on the clipboard.
#[tauri::command]
#[specta::specta]
pub(crate) fn copy_text(app: AppHandle, text: String) -> Answer<()> {
    desktop::copy_text(&app, text)
}
