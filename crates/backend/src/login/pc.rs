//! `wechat:pc`: WeChat's QR page is opened by the backend, which then follows WeChat's long poll.
//!
//! A website that sends its visitors to WeChat's page itself comes by [`super::redirect`].

use super::{
    long_poll::{self, Form},
    nonce::Nonce,
    running::{Running, Stop},
};
use crate::Error;
use yaopai_domain::{Drawing, LegName, SetupSheet};

/// Opens the page, takes its uuid and follows the long poll in the background.
pub(super) async fn start(running: &Running, nonce: &Nonce) -> Result<Drawing, Stop> {
    let connection = &running.connection;
    let callback = connection
        .callback_url
        .as_deref()
        .and_then(|url| url.parse().ok());
    let redirect_uri = SetupSheet::redirect_uri(
        connection.kind,
        &running.app.public_url,
        &connection.identifier,
        callback.as_ref(),
    )
    .ok_or(Error::Internal("a connection without redirect_uri"))?;
    let wechat = &running.app.wechat;
    let page = wechat.open_qr_page(&connection.app_id, &redirect_uri, nonce.expose());
    let uuid = running.call(LegName::QrPage, page).await?;
    let text = wechat.confirm_url(&uuid).into();
    long_poll::watch(running, uuid, Form::Page).await?;
    Ok(Drawing::Text { text })
}
