//! To whom a WeChat identity belongs: refused people, bindings, merges.

use super::Answer;
use crate::host::Host;
use tauri::State;
use yaopai_console::{MergeView, RefusedPage, RefusedQuery};
use yaopai_domain::{IdentityId, Merge, MergeId, MergeRequest, Unmerged, UserId};

/// A page of the refused people of the replica, latest first.
#[tauri::command]
#[specta::specta]
pub(crate) async fn refused_people(host: State<'_, Host>, query: RefusedQuery) -> Answer<RefusedPage> {
    host.console()?
        .refused_people(query)
        .await
        .map_err(|error| error.view())
}

/// Lets a refused person in as this user, or as a new one if there is none; answers who they are now.
#[tauri::command]
#[specta::specta]
pub(crate) async fn admit_refused(
    host: State<'_, Host>,
    app_id: String,
    open_id: String,
    user: Option<UserId>,
) -> Answer<UserId> {
    host.console()?
        .admit_refused(&app_id, &open_id, user)
        .await
        .map_err(|error| error.view())
}

/// Forgets a refused person until they come again.
#[tauri::command]
#[specta::specta]
pub(crate) async fn dismiss_refused(host: State<'_, Host>, app_id: String, open_id: String) -> Answer<()> {
    host.console()?
        .dismiss_refused(&app_id, &open_id)
        .await
        .map_err(|error| error.view())
}

/// Takes a binding from a user; the last way in only if `force` says so.
#[tauri::command]
#[specta::specta]
pub(crate) async fn unbind(
    host: State<'_, Host>,
    user: UserId,
    identity: IdentityId,
    force: bool,
) -> Answer<()> {
    host.console()?
        .unbind(user, identity, force)
        .await
        .map_err(|error| error.view())
}

/// What a merge would do; nothing is written.
#[tauri::command]
#[specta::specta]
pub(crate) async fn preview_merge(host: State<'_, Host>, request: MergeRequest) -> Answer<MergeView> {
    host.console()?
        .preview_merge(&request)
        .await
        .map_err(|error| error.view())
}

/// Makes two users one.
#[tauri::command]
#[specta::specta]
pub(crate) async fn merge(host: State<'_, Host>, request: MergeRequest) -> Answer<Merge> {
    host.console()?
        .merge(&request)
        .await
        .map_err(|error| error.view())
}

/// The latest merges, newest first: those that can be undone, and those that were.
#[tauri::command]
#[specta::specta]
pub(crate) async fn merges(host: State<'_, Host>) -> Answer<Vec<Merge>> {
    host.console()?.merges().await.map_err(|error| error.view())
}

/// Makes them two again, as far as nobody has changed things since.
#[tauri::command]
#[specta::specta]
pub(crate) async fn undo_merge(host: State<'_, Host>, id: MergeId) -> Answer<Unmerged> {
    host.console()?.undo_merge(id).await.map_err(|error| error.view())
}
