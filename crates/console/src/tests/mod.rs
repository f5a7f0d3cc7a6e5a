//! Tests of the console as a whole, and what they and the simulation share.

mod backend;
mod exchange;
mod http;
mod model;
mod people;
mod pull;

pub(crate) use model::{BackendModel, ambient, json, key, user_id};
pub(crate) use people::{binding, user};
pub(crate) use pull::{LOADED_BY, pull};
