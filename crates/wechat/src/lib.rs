//! Client of the WeChat platform: the calls a login needs, typed, with secrets that cannot be printed.
//!
//! Every call answers a [`Call`]: what it brought, and what people may see of it in a login attempt. What needs no call
//! (signatures, encrypted data, pushes) is plain functions on the types they are about.

mod answer;
mod api_token;
mod authorize;
mod call;
mod client;
mod crypto;
mod errcode;
mod error;
mod follow_code;
mod hosts;
mod kept;
mod long_poll;
mod message_crypto;
mod mini_program_code;
mod mini_program_link;
mod oauth;
mod open_data;
mod phone;
mod push;
mod qr_page;
mod sdk_qr;
mod secret;
mod session;

pub use authorize::Scope;
pub use call::Call;
pub use client::{Credentials, WeChat};
pub use errcode::{Class, Errcode, Language, Origin};
pub use error::Error;
pub use follow_code::{FOLLOW_CODE_MAX_SECONDS, FollowCode, Follower};
pub use hosts::WeChatHosts;
pub use long_poll::QrState;
pub use message_crypto::MessageCrypto;
pub use mini_program_code::{CodeImage, MiniProgramVersion, ScenePage};
pub use mini_program_link::LinkTarget;
pub use oauth::{Grant, UserInfo};
pub use open_data::{OpenData, OpenDataError, OpenProfile};
pub use phone::PhoneNumber;
pub use push::{Push, PushError, PushEvent};
pub use qr_page::QrUuid;
pub use sdk_qr::{SdkQr, SdkSignature};
pub use secret::{
    ApiToken, EncodingAesKey, FollowTicket, Link, LoginCode, PhoneCode, PushToken, RefreshToken, SdkTicket,
    SessionKey, UserToken,
};
pub use session::Session;
