//! `wechat:mobile`: a mobile app asks the WeChat beside it and brings the code ([`super::log_in`]); on a device without
//! WeChat it shows a QR code, whose long poll the backend follows.

use super::{
    long_poll::{self, Form},
    running::{Running, Stop},
};
use yaopai_domain::{Drawing, LegName};

/// Has WeChat make a QR code for the app, and follows its long poll in the background.
pub(super) async fn start(running: &Running) -> Result<Drawing, Stop> {
    let Running {
        app,
        pool,
        connection,
        ..
    } = running;
    let credentials = app.credentials(pool, connection.id, &connection.app_id).await?;
    let now = app.clock.now();
    let code = app.wechat.open_sdk_qr(&credentials, app.entropy.as_ref(), now);
    let code = running.call(LegName::SdkQr, code).await?;
    // WeChat's picture says the same.
    let text = app.wechat.confirm_url(&code.uuid).into();
    long_poll::watch(running, code.uuid, Form::Sdk).await?;
    Ok(Drawing::Text { text })
}
