//! Logins that a phone finishes while another device shows a code and waits.

use super::{
    Door, Nonce, draw,
    knock::detached,
    nonce::hash,
    running::{Running, Stop},
};
use crate::{App, Error, store::Ties};
use std::sync::Arc;
use yaopai_domain::{AttemptId, Drawing, LoginAttempt, PoolId, Timestamp, Verdict};
use zeroize::Zeroizing;

/// A code to show, and how to ask what became of it.
pub(crate) struct Scan {
    /// The attempt.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests follow the attempt, facades the ticket")
    )]
    pub(crate) attempt: AttemptId,
    /// By what the device that shows the code asks; whoever has it can take the login.
    pub(crate) ticket: Zeroizing<String>,
    /// What to draw. For `app-launch`: the launch token with which the app opens the mini program.
    pub(crate) drawing: Drawing,
    /// When it ends by itself.
    pub(crate) expires_at: Timestamp,
}

/// Begins a login that a phone finishes; works for every kind. If WeChat refuses at once, the attempt is kept as failed.
pub(crate) async fn begin_scan(app: &Arc<App>, door: &Door) -> Result<Scan, Error> {
    begin(app, door, false).await
}

/// [`begin_scan`], only to learn who the person is: its verdict says what would be, and nothing of it is written. Whoever
/// goes on with the person has them resolved then ([`super::resolve`]).
pub(crate) async fn begin_naming_scan(app: &Arc<App>, door: &Door) -> Result<Scan, Error> {
    begin(app, door, true).await
}

async fn begin(app: &Arc<App>, door: &Door, dry_run: bool) -> Result<Scan, Error> {
    let door = door.clone();
    detached(app, async move |app| {
        let entropy = app.entropy.as_ref();
        let (nonce, ticket) = (Nonce::new(entropy), Nonce::new(entropy));
        let ties = Ties {
            nonce_hash: Some(nonce.hash()),
            ticket_hash: Some(ticket.hash()),
            application: door.application.clone(),
            memo: None,
        };
        let running = Running::begin_login(Arc::clone(&app), &door, ties, dry_run).await?;
        match draw(&running, &nonce).await {
            Ok(drawing) => Ok(Scan {
                attempt: running.id,
                ticket: ticket.into_text(),
                drawing,
                expires_at: running.expires_at(),
            }),
            Err(stop) => {
                running.stop(&stop).await;
                Err(Stop::into_error(stop))
            }
        }
    })
    .await
}

/// How a scan stands. `NotFound("ticket")` if nobody waits with this ticket, or its login was taken.
pub(crate) async fn scan(app: &App, pool: &PoolId, ticket: &str) -> Result<LoginAttempt, Error> {
    let found = app.store.attempt_of_ticket(pool, hash(ticket)).await?;
    Ok(found.ok_or(Error::NotFound("ticket"))?.attempt)
}

/// Takes the verdict of a scan that has ended, once: the ticket opens nothing afterwards.
pub(crate) async fn redeem_scan(
    app: &App,
    pool: &PoolId,
    ticket: &str,
) -> Result<(AttemptId, Option<Verdict>), Error> {
    let found = app.store.redeem_ticket(pool, hash(ticket)).await?;
    let attempt = found.ok_or(Error::NotFound("ticket"))?.attempt;
    Ok((attempt.id, attempt.verdict))
}
