//! The sandbox from outside: a real server on a port of its own, spoken to over HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "a panic in a test is its report, also in what the tests share"
)]

mod api_tokens;
mod apps;
mod authorize;
mod harness;
mod login_codes;
mod miniprogram;
mod qrconnect;
mod running;
mod user_tokens;
