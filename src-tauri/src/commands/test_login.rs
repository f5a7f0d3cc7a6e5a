//! Test logins: draw a code, follow what happens.

use super::Answer;
use crate::{desktop, host::Host};
use tauri::{AppHandle, State, ipc::Channel};
use yaopai_console::{PictureFormat, TestLoginView};
use yaopai_domain::{AttemptId, ConnectionId, LoginAttempt};

/// Starts a test login; `on_change` hears every state of the attempt until it is final.
#[tauri::command]
#[specta::specta]
pub(crate) async fn start_test_login(
    host: State<'_, Host>,
    id: ConnectionId,
    dry_run: bool,
    on_change: Channel<LoginAttempt>,
) -> Answer<TestLoginView> {
    let console = host.console()?.clone();
    let started = console
        .start_test_login(id, dry_run)
        .await
        .map_err(|error| error.view())?;
    let attempt = started.attempt.id;
    tauri::async_runtime::spawn(async move {
        // A closed dialog drops its channel; the attempt itself ends by its own clock.
        let followed = console
            .follow_attempt(attempt, |state| drop(on_change.send(state)))
            .await;
        if let Err(error) = followed {
            tracing::warn!(%attempt, %error, "lost sight of a test login");
        }
    });
    Ok(started)
}

/// Ends an attempt that nobody will scan any more.
#[tauri::command]
#[specta::specta]
pub(crate) async fn cancel_test_login(host: State<'_, Host>, id: AttemptId) -> Answer<()> {
    host.console()?
        .cancel_attempt(id)
        .await
        .map_err(|error| error.view())
}

/// The latest attempts, newest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn attempts(host: State<'_, Host>, limit: u32) -> Answer<Vec<LoginAttempt>> {
    host.console()?
        .attempts(limit)
        .await
        .map_err(|error| error.view())
}

/// Puts a code on the clipboard, as a picture.
#[tauri::command]
#[specta::specta]
pub(crate) fn copy_qr(app: AppHandle, host: State<'_, Host>, id: AttemptId) -> Answer<()> {
    let (width, height, rgba) = host.console()?.pixels(id).map_err(|error| error.view())?;
    desktop::copy_picture(&app, &rgba, width, height)
}

/// Asks where to save a code and writes it there; answers the path, or nothing if the operator changed their mind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_qr(
    app: AppHandle,
    host: State<'_, Host>,
    id: AttemptId,
    format: PictureFormat,
) -> Answer<Option<String>> {
    let picture = host
        .console()?
        .picture(id, format)
        .map_err(|error| error.view())?;
    desktop::save_picture(&app, format, picture).await
}
