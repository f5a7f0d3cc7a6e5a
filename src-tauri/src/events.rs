//! What the window hears without asking.

use serde::{Deserialize, Serialize};
use specta::Type;
use tauri::AppHandle;
use tauri_specta::Event;
use tokio::sync::broadcast::error::RecvError;
use yaopai_console::{Changed, Console, Status};

/// The status line changed.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub(crate) struct StatusChanged(pub(crate) Status);

/// Users, bindings, metadata or conflicts changed: read them anew.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub(crate) struct UsersChanged;

/// Connections changed: read them anew.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub(crate) struct ConnectionsChanged;

/// A job began, got on or ended: read them anew.
#[derive(Debug, Clone, Serialize, Deserialize, Type, Event)]
pub(crate) struct JobsChanged;

/// Hands the console's changes to the window until the console closes.
pub(crate) async fn forward(app: AppHandle, console: Console) {
    let mut changes = console.changes();
    loop {
        let sent = match changes.recv().await {
            Ok(Changed::Status) => StatusChanged(console.status()).emit(&app),
            Ok(Changed::Users) => UsersChanged.emit(&app),
            Ok(Changed::Connections) => ConnectionsChanged.emit(&app),
            Ok(Changed::Jobs) => JobsChanged.emit(&app),
            // Too slow to hear each one: the window reads everything anew.
            Err(RecvError::Lagged(_)) => StatusChanged(console.status())
                .emit(&app)
                .and_then(|()| UsersChanged.emit(&app))
                .and_then(|()| ConnectionsChanged.emit(&app))
                .and_then(|()| JobsChanged.emit(&app)),
            Err(RecvError::Closed) => return,
        };
        if let Err(error) = sent {
            tracing::warn!(%error, "the window did not hear a change");
        }
    }
}
