//! Users: find one, read, edit metadata, decide conflicts.

use super::Answer;
use crate::host::Host;
use tauri::State;
use yaopai_console::{
    Conflict, Keep, MetadataEdit, RejectedPage, SavedView, SavedViewDraft, UserDetail, UserPage, UserQuery,
};
use yaopai_domain::UserId;

/// A page of users from the replica.
#[tauri::command]
#[specta::specta]
pub(crate) async fn users(host: State<'_, Host>, query: UserQuery) -> Answer<UserPage> {
    host.console()?.users(query).await.map_err(|error| error.view())
}

/// The page of a list that begins at a position, counted from 0.
#[tauri::command]
#[specta::specta]
pub(crate) async fn users_at(host: State<'_, Host>, query: UserQuery, position: u32) -> Answer<UserPage> {
    host.console()?
        .users_at(query, position)
        .await
        .map_err(|error| error.view())
}

/// Saved views by name.
#[tauri::command]
#[specta::specta]
pub(crate) async fn saved_views(host: State<'_, Host>) -> Answer<Vec<SavedView>> {
    host.console()?.saved_views().await.map_err(|error| error.view())
}

/// Saves a view, or replaces the one the draft names.
#[tauri::command]
#[specta::specta]
pub(crate) async fn save_view(host: State<'_, Host>, draft: SavedViewDraft) -> Answer<SavedView> {
    host.console()?
        .save_view(draft)
        .await
        .map_err(|error| error.view())
}

/// Forgets a view.
#[tauri::command]
#[specta::specta]
pub(crate) async fn delete_view(host: State<'_, Host>, id: String) -> Answer<()> {
    host.console()?
        .delete_view(id)
        .await
        .map_err(|error| error.view())
}

/// One user from the replica.
#[tauri::command]
#[specta::specta]
pub(crate) async fn user(host: State<'_, Host>, id: UserId) -> Answer<UserDetail> {
    host.console()?.user(id).await.map_err(|error| error.view())
}

/// Stores an edit, durable before this answers, and queues it for the backend.
#[tauri::command]
#[specta::specta]
pub(crate) async fn edit_metadata(host: State<'_, Host>, edit: MetadataEdit) -> Answer<UserDetail> {
    host.console()?
        .edit_metadata(edit)
        .await
        .map_err(|error| error.view())
}

/// A page of the edits that the backend refused for good, newest first, of users that are gone, too; at most 200.
#[tauri::command]
#[specta::specta]
pub(crate) async fn rejected_edits(
    host: State<'_, Host>,
    after: Option<String>,
    limit: u32,
) -> Answer<RejectedPage> {
    host.console()?
        .rejected_edits(after, limit)
        .await
        .map_err(|error| error.view())
}

/// Puts a refused edit away.
#[tauri::command]
#[specta::specta]
pub(crate) async fn dismiss_rejected(host: State<'_, Host>, id: String) -> Answer<()> {
    host.console()?
        .dismiss_rejected(id)
        .await
        .map_err(|error| error.view())
}

/// Puts all refused edits away.
#[tauri::command]
#[specta::specta]
pub(crate) async fn dismiss_all_rejected(host: State<'_, Host>) -> Answer<()> {
    host.console()?
        .dismiss_all_rejected()
        .await
        .map_err(|error| error.view())
}

/// Conflicts nobody has decided yet, oldest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn conflicts(host: State<'_, Host>) -> Answer<Vec<Conflict>> {
    host.console()?.conflicts().await.map_err(|error| error.view())
}

/// Decides a conflict.
#[tauri::command]
#[specta::specta]
pub(crate) async fn resolve_conflict(host: State<'_, Host>, id: String, keep: Keep) -> Answer<()> {
    host.console()?
        .resolve_conflict(id, keep)
        .await
        .map_err(|error| error.view())
}
