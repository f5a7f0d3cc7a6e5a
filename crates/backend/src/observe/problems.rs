//! A problem names its request, so that whoever reads it finds the lines about it in the log.

use axum::{
    Json,
    body::Body,
    extract::Request,
    http::header,
    middleware::Next,
    response::{IntoResponse, Response},
};
use yaopai_domain::Problem;

/// Writes the request's id into the problem that is answered, if it is one.
pub(crate) async fn name_request(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    let response = next.run(request).await;
    let (mut parts, body) = response.into_parts();
    let Some(problem) = parts.extensions.remove::<Problem>() else {
        return Response::from_parts(parts, body);
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let named = Problem {
        request_id: id,
        ..problem
    };
    let body: Body = Json(named).into_response().into_body();
    Response::from_parts(parts, body)
}
