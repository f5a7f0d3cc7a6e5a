//! The contract with the window: commands and events, declared once. `ui/src/ipc/bindings.ts` is written from it.

use crate::{commands, events};
use tauri_specta::{Builder, collect_commands, collect_events};

/// Name of the plugin our commands live in, so that a capability can name them.
pub const PLUGIN: &str = "console";

/// Every command and event.
pub fn contract() -> Builder<tauri::Wry> {
    Builder::<tauri::Wry>::new()
        .plugin_name(PLUGIN)
        .disable_serde_phases()
        .commands(collect_commands![
            commands::belonging::admit_refused,
            commands::belonging::dismiss_refused,
            commands::belonging::merge,
            commands::belonging::merges,
            commands::belonging::preview_merge,
            commands::belonging::refused_people,
            commands::belonging::unbind,
            commands::belonging::undo_merge,
            commands::connections::check_connection,
            commands::connections::connection_usage,
            commands::connections::connections,
            commands::connections::create_connection,
            commands::connections::delete_connection,
            commands::connections::known_connections,
            commands::connections::replace_connection,
            commands::connections::set_connection_enabled,
            commands::connections::setup_sheet,
            commands::desktop::about,
            commands::desktop::choose_wechat,
            commands::desktop::copy_text,
            commands::desktop::open_link,
            commands::desktop::restart,
            commands::desktop::sandbox_apps,
            commands::desktop::startup,
            commands::desktop::status,
            commands::desktop::sync_now,
            commands::exchange::cancel_job,
            commands::exchange::export_users,
            commands::exchange::jobs,
            commands::exchange::preview_import,
            commands::exchange::resume_job,
            commands::exchange::run_import,
            commands::test_login::attempts,
            commands::test_login::cancel_test_login,
            commands::test_login::copy_qr,
            commands::test_login::save_qr,
            commands::test_login::start_test_login,
            commands::users::conflicts,
            commands::users::delete_view,
            commands::users::dismiss_all_rejected,
            commands::users::dismiss_rejected,
            commands::users::edit_metadata,
            commands::users::rejected_edits,
            commands::users::resolve_conflict,
            commands::users::save_view,
            commands::users::saved_views,
            commands::users::user,
            commands::users::users,
            commands::users::users_at,
        ])
        .events(collect_events![
            events::StatusChanged,
            events::UsersChanged,
            events::ConnectionsChanged,
            events::JobsChanged
        ])
}
