//! What Authing's SDKs speak, in all their generations.
//!
//! `v1`, `v2` and `v3` are the generations; each has its envelope, its names of ids and its calls. What they share is beside
//! them: who calls ([`caller`]), a user on the way out ([`user`]), logins of mini programs ([`mini_program`]).

mod caller;
mod custom_data;
mod entry;
mod fields;
mod graphql;
mod mini_program;
mod operator;
mod qr;
mod signature;
#[cfg(test)]
pub(super) mod tests;
mod upload;
mod user;
mod v1;
mod v2;
mod v3;
mod web_page;
mod wire;

pub(super) use caller::FACADE;
pub(crate) use operator::secret_place;
pub(super) use web_page::came_back;

use crate::endpoint::Endpoint;

/// Everything of this facade.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = upload::endpoints();
    endpoints.extend(v1::endpoints());
    endpoints.extend(v2::endpoints());
    endpoints.extend(v3::endpoints());
    endpoints.extend(qr::endpoints());
    endpoints.extend(web_page::endpoints());
    endpoints
}
