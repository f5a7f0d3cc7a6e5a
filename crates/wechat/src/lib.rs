//! Client of the WeChat platform: the calls a login needs, typed, with secrets that cannot be printed.

mod client;
mod hosts;

pub use client::WeChat;
pub use hosts::WeChatHosts;
