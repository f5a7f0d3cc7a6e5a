//! `wxa/*`: what servers of mini programs call.

pub(crate) mod codes;
pub(crate) mod links;
pub(crate) mod phone;
pub(crate) mod sessions;

use super::bearer::bearer;
use super::{Errcode, Params};
use crate::world::World;
use crate::world::apps::{AppKind, AppSheet};

/// The mini program whose token the query holds.
fn mini_program(world: &World, params: &Params, now: u64) -> Result<AppSheet, Errcode> {
    let app = bearer(world, params, now)?;
    if app.kind == AppKind::MiniProgram {
        Ok(app)
    } else {
        Err(Errcode::NotMiniProgram)
    }
}
