//! Client of the WeChat platform: the calls a login needs, typed, with secrets that cannot be printed.
//!
//! Every call answers a [`Call`]: what it brought, and what people may see of it in a login attempt.

mod answer;
mod api_token;
mod authorize;
mod call;
mod client;
mod errcode;
mod error;
mod hosts;
mod long_poll;
mod mini_program_code;
mod oauth;
mod qr_page;
mod secret;
mod session;

pub use call::Call;
pub use client::{Credentials, WeChat};
pub use errcode::{Class, Errcode};
pub use error::Error;
pub use hosts::WeChatHosts;
pub use long_poll::QrState;
pub use mini_program_code::CodeImage;
pub use oauth::{Grant, UserInfo};
pub use qr_page::QrUuid;
pub use secret::{ApiToken, LoginCode, SessionKey, UserToken};
pub use session::Session;
