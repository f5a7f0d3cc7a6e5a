//! The sandbox from outside: a real server on a port of its own, spoken to over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "a panic in a test is its report, also in what the tests share"
)]

mod api_tokens;
mod apps;
mod authorize;
mod followers;
mod harness;
mod login_codes;
mod mini_program_calls;
mod miniprogram;
mod mobile_app;
mod one_time_codes;
mod qrconnect;
mod running;
mod switches;
mod user_tokens;
mod wire;
