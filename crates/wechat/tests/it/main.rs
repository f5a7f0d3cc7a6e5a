//! The client against answers of the platform, word for word.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

mod canned;
mod platform_answers;
mod secrets;
mod tokens;
