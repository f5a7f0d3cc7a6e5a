//! A stand-in for the WeChat platform, for tests, demos and training, with a simulated phone.
//!
//! It speaks the protocol of `api.weixin.qq.com` and `open.weixin.qq.com` on one port, with WeChat's errcodes,
//! content types, lifetimes and one-time codes. Scanning a QR code is opening the URL inside it.
//! It shares no code with the client that is tested against it, so that each checks the other.

mod ambient;
mod ciphers;
mod config;
mod drawing;
mod error;
mod front;
mod html;
mod phone;
mod platform;
mod post;
mod push;
mod sandbox;
mod scripting;
mod shapes;
mod world;

pub use ambient::{Clock, Entropy, SystemClock};
pub use config::Config;
pub use error::Error;
pub use sandbox::Sandbox;
pub use world::apps::{AppKind, AppSheet, MessageMode, MessageSettings};
pub use world::people::{PersonSheet, PersonTrait};
