//! The console in its real window, in a virtual screen, against real programs: nothing here is a stand-in but WeChat.
//!
//! `tour` is the whole journey of an administrator and leaves a picture of every step in `target/tour/`;
//! `embedded` is how the console starts and ends by itself. `scripts/tour` plays the first alone.

#![cfg(target_os = "linux")]

mod embedded;
mod home;
mod phone;
mod process;
mod screen;
mod server;
mod tour;
mod wait;
mod window;

/// Two windows on two cores disturb each other's timing: one test at a time.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
