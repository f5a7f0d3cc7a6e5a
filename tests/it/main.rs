//! Tests of the root package that need no window.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod headless;
mod ipc;
mod kill;
mod programs;
mod whole_path;
