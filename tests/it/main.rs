//! Tests of the root package that need no window.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod ipc;
mod kill;
mod whole_path;
