//! `/sandbox/*`: what scripts use instead of a platform console and a phone. README.md lists every path.

mod apps;
mod fault;
mod people;
mod scan;
mod switches;

use axum::Router;
use axum::routing::{get, post, put};

pub(crate) use fault::Order;

use crate::platform::Shared;

/// The paths of this module.
pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/sandbox/apps", get(apps::list).post(apps::register))
        .route("/sandbox/apps/{app_id}", get(apps::show).patch(apps::change))
        .route("/sandbox/apps/{app_id}/reset-secret", post(apps::reset_secret))
        .route("/sandbox/apps/{app_id}/confirm-ip", post(apps::confirm_ip))
        .route(
            "/sandbox/apps/{app_id}/messages",
            put(apps::push_messages).delete(apps::push_no_messages),
        )
        .route("/sandbox/apps/{app_id}/pushes", get(apps::pushes))
        .route("/sandbox/people", get(people::everyone))
        .route("/sandbox/people/{id}", get(people::show))
        .route("/sandbox/people/{id}/openids/{app_id}", get(people::openid))
        .route("/sandbox/people/{id}/wx-login", post(people::wx_login))
        .route("/sandbox/people/{id}/phone-code", post(people::phone_code))
        .route("/sandbox/people/{id}/authorize", post(people::authorize))
        .route("/sandbox/people/{id}/send-auth", post(people::send_auth))
        .route("/sandbox/people/{id}/follow", post(people::follow))
        .route("/sandbox/people/{id}/unfollow", post(people::unfollow))
        .route("/sandbox/people/{id}/revoke", post(people::revoke))
        .route(
            "/sandbox/people/{id}/rotate-session-key",
            post(people::rotate_session_key),
        )
        .route("/sandbox/scan", post(scan::scan))
        .route(
            "/sandbox/switches",
            post(switches::set).delete(switches::take_back),
        )
        .route("/sandbox/quotas", get(switches::quotas))
        .route("/sandbox/clock", post(switches::clock))
}
