//! Long work: exports, imports, and how far they and the load are.

use super::Answer;
use crate::{desktop, host::Host};
use tauri::{AppHandle, State};
use yaopai_console::{FileFormat, ImportPreview, Job, UserQuery};

/// Stops a job; what a first load has so far stays, and it can be resumed.
#[tauri::command]
#[specta::specta]
pub(crate) fn cancel_job(host: State<'_, Host>, id: String) -> Answer<()> {
    host.console()?.cancel_job(&id).map_err(|error| error.view())
}

/// Goes on with a job that was stopped.
#[tauri::command]
#[specta::specta]
pub(crate) fn resume_job(host: State<'_, Host>, id: String) -> Answer<()> {
    host.console()?.resume_job(&id).map_err(|error| error.view())
}

/// Long work: what runs, and what has ended since the start.
#[tauri::command]
#[specta::specta]
pub(crate) fn jobs(host: State<'_, Host>) -> Answer<Vec<Job>> {
    Ok(host.console()?.jobs())
}

/// Asks where to, and writes exactly the users of a query there; nothing if the operator changed their mind.
#[tauri::command]
#[specta::specta]
pub(crate) async fn export_users(
    app: AppHandle,
    host: State<'_, Host>,
    query: UserQuery,
    format: FileFormat,
) -> Answer<Option<String>> {
    let console = host.console()?;
    let path = desktop::where_to_export(&app, format).await?;
    Ok(path.map(|path| console.export_users(query, format, path)))
}

/// Asks which file, and says what importing it would do; nothing is written.
#[tauri::command]
#[specta::specta]
pub(crate) async fn preview_import(app: AppHandle, host: State<'_, Host>) -> Answer<Option<ImportPreview>> {
    let console = host.console()?;
    match desktop::what_to_import(&app).await? {
        Some(path) => console
            .preview_import(path)
            .await
            .map(Some)
            .map_err(|error| error.view()),
        None => Ok(None),
    }
}

/// Imports what a preview showed.
#[tauri::command]
#[specta::specta]
pub(crate) fn run_import(host: State<'_, Host>, id: String) -> Answer<String> {
    host.console()?.run_import(&id).map_err(|error| error.view())
}
