//! Connections: configure the ways to log in.

use super::Answer;
use crate::host::Host;
use tauri::State;
use yaopai_console::KnownConnection;
use yaopai_domain::{Connection, ConnectionDraft, ConnectionId, ConnectionUsage, FieldError, SetupSheet};

/// The pool's connections, by display name.
#[tauri::command]
#[specta::specta]
pub(crate) async fn connections(host: State<'_, Host>) -> Answer<Vec<Connection>> {
    host.console()?.connections().await.map_err(|error| error.view())
}

/// The pool's connections as the replica knows them, by display name.
#[tauri::command]
#[specta::specta]
pub(crate) async fn known_connections(host: State<'_, Host>) -> Answer<Vec<KnownConnection>> {
    host.console()?
        .known_connections()
        .await
        .map_err(|error| error.view())
}

/// Checks a draft as far as that is possible without the backend; `existing` is what it replaces.
#[tauri::command]
#[specta::specta]
pub(crate) fn check_connection(
    host: State<'_, Host>,
    draft: ConnectionDraft,
    existing: Option<Connection>,
) -> Answer<Vec<FieldError>> {
    Ok(host.console()?.check_connection(&draft, existing.as_ref()))
}

/// What to paste into WeChat's console for a draft as far as it is typed.
#[tauri::command]
#[specta::specta]
pub(crate) fn setup_sheet(host: State<'_, Host>, draft: ConnectionDraft) -> Answer<Option<SetupSheet>> {
    Ok(host.console()?.setup_sheet(&draft))
}

/// Creates a connection.
#[tauri::command]
#[specta::specta]
pub(crate) async fn create_connection(host: State<'_, Host>, draft: ConnectionDraft) -> Answer<Connection> {
    host.console()?
        .create_connection(&draft)
        .await
        .map_err(|error| error.view())
}

/// Replaces a connection's settings; an empty secret keeps the stored one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn replace_connection(
    host: State<'_, Host>,
    id: ConnectionId,
    draft: ConnectionDraft,
) -> Answer<Connection> {
    host.console()?
        .replace_connection(id, &draft)
        .await
        .map_err(|error| error.view())
}

/// Enables or disables a connection.
#[tauri::command]
#[specta::specta]
pub(crate) async fn set_connection_enabled(
    host: State<'_, Host>,
    id: ConnectionId,
    enabled: bool,
) -> Answer<Connection> {
    host.console()?
        .set_connection_enabled(id, enabled)
        .await
        .map_err(|error| error.view())
}

/// What deleting a connection would mean.
#[tauri::command]
#[specta::specta]
pub(crate) async fn connection_usage(host: State<'_, Host>, id: ConnectionId) -> Answer<ConnectionUsage> {
    host.console()?
        .connection_usage(id)
        .await
        .map_err(|error| error.view())
}

/// Deletes a connection; people and their bindings stay.
#[tauri::command]
#[specta::specta]
pub(crate) async fn delete_connection(host: State<'_, Host>, id: ConnectionId) -> Answer<()> {
    host.console()?
        .delete_connection(id)
        .await
        .map_err(|error| error.view())
}
