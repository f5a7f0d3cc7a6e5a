//! Builds Tauri's context from `tauri.conf.json` at the repository root and the capabilities beside this file.

/// Every command the window may call. `tests/it/ipc.rs` compares the list with the generated bindings.
const COMMANDS: &[&str] = &[
    "about",
    "admit_refused",
    "attempts",
    "cancel_job",
    "cancel_test_login",
    "check_connection",
    "choose_wechat",
    "conflicts",
    "connection_usage",
    "connections",
    "copy_qr",
    "copy_text",
    "create_connection",
    "delete_connection",
    "delete_view",
    "dismiss_all_rejected",
    "dismiss_refused",
    "dismiss_rejected",
    "edit_metadata",
    "export_users",
    "jobs",
    "known_connections",
    "merge",
    "merges",
    "open_link",
    "preview_import",
    "preview_merge",
    "refused_people",
    "rejected_edits",
    "replace_connection",
    "resolve_conflict",
    "restart",
    "resume_job",
    "run_import",
    "sandbox_apps",
    "save_qr",
    "save_view",
    "saved_views",
    "set_connection_enabled",
    "setup_sheet",
    "start_test_login",
    "startup",
    "status",
    "sync_now",
    "unbind",
    "undo_merge",
    "user",
    "users",
    "users_at",
];

fn main() {
    println!("cargo::rerun-if-changed=src-tauri/capabilities");
    let commands = tauri_build::InlinedPlugin::new()
        .commands(COMMANDS)
        .default_permission(tauri_build::DefaultPermissionRule::AllowAllCommands);
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*")
        .plugin("console", commands);
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
        std::process::exit(1);
    }
}
