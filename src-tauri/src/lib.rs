//! The only Rust that knows Tauri: window, commands, events. Everything else lives in `crates/`.

mod commands;
mod contract;
mod desktop;
mod embedded;
mod environment;
mod events;
mod host;
mod instance;
mod settings;

use crate::{environment::Environment, host::Host};
use std::{io, process::ExitCode};
use tauri::{Manager, RunEvent, WebviewWindowBuilder, async_runtime};
use tracing_subscriber::EnvFilter;

pub use contract::{PLUGIN, contract};

/// Runs the desktop program until its window is closed.
pub fn run() -> ExitCode {
    let filter = EnvFilter::try_from_env("YAOPAI_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
    let environment = match Environment::of_process() {
        Ok(environment) => environment,
        Err(contradiction) => {
            tracing::error!("{contradiction}");
            return ExitCode::FAILURE;
        }
    };
    match build(environment) {
        Ok(app) => {
            app.run(|app, event| {
                if let RunEvent::Exit = event {
                    async_runtime::block_on(app.state::<Host>().stop());
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!("the window cannot open: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Ctrl-C in the terminal and a system that shuts down end the program as closing its window does.
async fn end_when_told(app: tauri::AppHandle) {
    #[cfg(unix)]
    let told = async {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    };
    #[cfg(not(unix))]
    let told = tokio::signal::ctrl_c();
    match told.await {
        Ok(()) => app.exit(0),
        Err(error) => tracing::warn!(%error, "cannot hear signals"),
    }
}

fn build(environment: Environment) -> tauri::Result<tauri::App> {
    let contract = contract();
    // Language and theme belong to the data directory, like everything else.
    let webview_dir = environment.data_dir.join("webview");
    let commands = tauri::plugin::Builder::<_, ()>::new(PLUGIN)
        .invoke_handler(contract.invoke_handler())
        .build();
    tauri::Builder::default()
        // First, so that a second start ends before it touches any file.
        .plugin(instance::plugin(&environment.data_dir))
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_window_state::Builder::new().build())
        .plugin(commands)
        .setup(move |app| {
            contract.mount_events(app);
            let host = async_runtime::block_on(Host::start(environment));
            if let Ok(console) = host.console() {
                async_runtime::spawn(events::forward(app.handle().clone(), console.clone()));
            }
            app.manage(host);
            async_runtime::spawn(end_when_told(app.handle().clone()));
            // The window opens last: its first question finds an answer.
            for window in &app.config().app.windows {
                WebviewWindowBuilder::from_config(app.handle(), window)?.data_directory(webview_dir.clone()).build()?;
            }
            Ok(())
        })
        .build(tauri::generate_context!())
}
