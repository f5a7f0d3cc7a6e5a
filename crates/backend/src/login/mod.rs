//! The ways to log in, one file each, and what they share.
//!
//! Whoever wants in knocks at a [`door`]. A client that has a code brings it ([`log_in`], or [`identify`] and [`resolve`]
//! apart); a browser is sent to WeChat and comes back ([`begin_redirect`]); a device without WeChat shows a code and waits
//! for a phone ([`begin_scan`]). A test login ([`start_test`]) is one that an operator watches. Whichever way, a code is
//! exchanged once, and its verdict is written with everything that belongs to it in one transaction.

mod app_launch;
mod browser;
mod door;
mod exchange;
mod follow_code;
mod knock;
mod long_poll;
mod mini_program;
mod mobile;
mod nonce;
mod page;
mod pc;
mod phone;
mod redirect;
mod reject;
mod running;
mod scan;
mod step;
#[cfg(test)]
mod tests;
mod webpage_authorization;

pub(crate) use browser::{Departure, Mark, marks};
pub(crate) use door::{Door, Via, Which, door};
pub(crate) use knock::{Identified, begin_session, identify, log_in, resolve};
pub(crate) use mini_program::scene_page;
pub(crate) use phone::{ProvenPhone, open_data, phone_by_code, phone_by_data, take_phone};
pub(crate) use redirect::{Arrived, Then, begin_redirect};
pub(crate) use reject::{reject, reject_unknown_state};
pub(crate) use scan::{begin_naming_scan, begin_scan, redeem_scan, scan};
pub(crate) use step::{LegReport, Step, advance};
pub(crate) use yaopai_domain::Rejected;

use crate::{App, Error, endpoint::Endpoint};
use nonce::Nonce;
use running::{Running, Stop};
use std::sync::Arc;
use yaopai_domain::{Connection, ConnectionKind, Drawing, PoolId, Purpose, TestLogin};

/// Callbacks, scans and pushes.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = vec![
        redirect::endpoint(),
        mini_program::endpoint(),
        app_launch::endpoint(),
    ];
    endpoints.extend(follow_code::endpoints());
    endpoints
}

/// Has WeChat make what has to be drawn, and watches the attempt in the background.
async fn draw(running: &Running, nonce: &Nonce) -> Result<Drawing, Stop> {
    match running.connection.kind {
        ConnectionKind::Pc => pc::start(running, nonce).await,
        ConnectionKind::WebpageAuthorization => webpage_authorization::start(running, nonce).await,
        ConnectionKind::MiniProgram | ConnectionKind::MiniProgramQr => {
            mini_program::start(running, nonce).await
        }
        // Nobody's app opens the mini program of a test: the phone scans a code instead.
        ConnectionKind::AppLaunch if running.purpose == Purpose::Test => {
            mini_program::start(running, nonce).await
        }
        ConnectionKind::AppLaunch => app_launch::start(running, nonce).await,
        ConnectionKind::Mobile => mobile::start(running).await,
        ConnectionKind::FollowCode => follow_code::start(running, nonce).await,
    }
}

/// Starts a test login and watches it. If WeChat refuses at once, the attempt is kept as failed and the refusal answered.
pub(crate) async fn start_test(
    app: Arc<App>,
    pool: PoolId,
    connection: Connection,
    dry_run: bool,
) -> Result<TestLogin, Error> {
    let nonce = Nonce::new(app.entropy.as_ref());
    let running = Running::begin_test(app, pool, connection, dry_run, &nonce).await?;
    match draw(&running, &nonce).await {
        Ok(drawing) => {
            let (attempt, _) = running.as_it_stands().await?;
            Ok(TestLogin { attempt, drawing })
        }
        Err(stop) => {
            running.stop(&stop).await;
            Err(match stop {
                Stop::Leg(_, error) => Error::WeChat(error),
                Stop::Ours(_) => Error::Internal("the test login could not begin"),
            })
        }
    }
}
