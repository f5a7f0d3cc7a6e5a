//! `wechat:webpage-authorization`: the phone opens WeChat's authorise page, and WeChat calls back.

use super::{
    nonce::Nonce,
    redirect::{callback_url, page_address},
    running::{Running, Stop},
};
use yaopai_domain::Drawing;

/// Makes the address of the authorise page, and waits in the background for its end.
pub(super) async fn start(running: &Running, nonce: &Nonce) -> Result<Drawing, Stop> {
    let (app, connection) = (&running.app, &running.connection);
    let callback = callback_url(app, connection)?;
    let address = page_address(app, connection, &callback, nonce);
    running.take(vec![address.begin()]).await?;
    running.watch(std::future::pending());
    Ok(Drawing::Text {
        text: address.url.into(),
    })
}
