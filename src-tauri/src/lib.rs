//! The only Rust that knows Tauri: window, commands, events. Everything else lives in `crates/`.

mod commands;
mod contract;
mod desktop;
mod events;
mod host;
mod settings;

use std::process::ExitCode;

pub use contract::{PLUGIN, contract};

/// Runs the desktop program until its window is closed.
pub fn run() -> ExitCode {
    ExitCode::SUCCESS
}
