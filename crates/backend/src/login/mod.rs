//! The ways to log in, one file each, and what they share.
//!
//! A test login begins with [`start_test`]: it writes an attempt, asks WeChat for what has to be drawn and watches the
//! attempt until it ends. WeChat's answer arrives by long poll ([`pc`]), by callback ([`webpage_authorization`]) or from
//! the mini program ([`mini_program`]); whichever way, [`exchange::confirm`] turns its code into a verdict, once.

mod door;
mod exchange;
mod knock;
mod mini_program;
mod nonce;
mod page;
mod pc;
mod running;
mod step;
#[cfg(test)]
mod tests;
mod webpage_authorization;

pub(crate) use door::{Door, Via, Which, door};
pub(crate) use knock::{Identified, Rejected, identify, log_in, reject, resolve};
pub(crate) use step::{Step, advance};

use crate::{App, Error, endpoint::Endpoint};
use running::{Running, Stop};
use std::sync::Arc;
use yaopai_domain::{Connection, ConnectionKind, Drawing, PoolId, TestLogin};

/// Callbacks and scans.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![webpage_authorization::endpoint(), mini_program::endpoint()]
}

/// Starts a test login and watches it. If WeChat refuses at once, the attempt is kept as failed and the refusal answered.
pub(crate) async fn start_test(
    app: Arc<App>,
    pool: PoolId,
    connection: Connection,
    dry_run: bool,
) -> Result<TestLogin, Error> {
    let nonce = nonce::Nonce::new(app.entropy.as_ref());
    let running = Running::begin_test(app, pool, connection, dry_run, &nonce).await?;
    let drawing = match running.connection.kind {
        ConnectionKind::Pc => pc::start(&running, &nonce).await,
        ConnectionKind::WebpageAuthorization => webpage_authorization::start(&running, &nonce).await,
        ConnectionKind::MiniProgram => mini_program::start(&running, &nonce).await,
    };
    match drawing {
        Ok(drawing) => told(&running, drawing).await,
        Err(stop) => {
            let error = match &stop {
                Stop::Leg(_, error) => Error::WeChat(error.clone()),
                Stop::Ours(_) => Error::Internal("the test login could not begin"),
            };
            running.stop(stop).await;
            Err(error)
        }
    }
}

async fn told(running: &Running, drawing: Drawing) -> Result<TestLogin, Error> {
    let attempt = running
        .app
        .store
        .attempt(&running.pool, running.id)
        .await?
        .ok_or(Error::NotFound("attempt"))?;
    Ok(TestLogin { attempt, drawing })
}
