//! Tests of the root package that need no window.

mod ipc;
mod whole_path;
