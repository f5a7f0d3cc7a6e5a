//! Counting and timing every request.

use crate::App;
use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use std::{sync::Arc, time::Duration};

/// Counts a request by its route and status, and times it (to the millisecond, which is what the clock gives).
pub(crate) async fn measure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let began = app.clock.now();
    let method = request.method().to_string();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let took = app.clock.now().millis_since(began);
    let took = Duration::from_millis(u64::try_from(took).unwrap_or(0));
    app.metrics
        .request(&method, &route, response.status().as_u16(), took);
    response
}
