//! Which web pages may call an endpoint (the Fetch standard's CORS protocol).

use crate::{App, Error};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{collections::HashMap, sync::Arc};
use url::Url;

/// Which web pages may call an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Browsers {
    /// None but our own.
    #[default]
    Nobody,
    /// All; browsers send no cookies along.
    Anybody,
    /// Pages of an origin that a redirect URL of any application has; browsers may send cookies along, which nothing here
    /// reads (SDKs built on axios ask for it).
    Listed,
}

/// Which web pages may call the endpoints of each path.
pub(crate) type Guests = Arc<HashMap<&'static str, Browsers>>;

/// Seconds for which a browser remembers the answer to its question.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const EXPOSED: HeaderValue = HeaderValue::from_static("x-request-id");

/// Answers browsers that ask whether a page may call an endpoint, and marks answers that a page may read.
pub(crate) async fn let_browsers_in(
    State((app, endpoints)): State<(Arc<App>, Guests)>,
    request: Request,
    next: Next,
) -> Response {
    let browsers = request
        .extensions()
        .get::<MatchedPath>()
        .and_then(|path| endpoints.get(path.as_str()).copied())
        .unwrap_or_default();
    if browsers == Browsers::Nobody {
        return next.run(request).await;
    }
    let allowed = match request.headers().get(header::ORIGIN) {
        Some(origin) => match allowed(&app, browsers, origin).await {
            Ok(allowed) => allowed,
            Err(error) => return error.into_response(),
        },
        None => None,
    };
    let asked = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .cloned();
    let question = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if question {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = allowed else { return response };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if browsers == Browsers::Listed {
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
    if question {
        answer(headers, asked);
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

/// Any header may be sent: SDKs have their own, and none here is believed without a proof in it.
fn answer(headers: &mut HeaderMap, asked: Option<HeaderValue>) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    if let Some(asked) = asked {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
        headers.append(
            header::VARY,
            HeaderValue::from_static("access-control-request-headers"),
        );
    }
}

/// What to answer an origin, if it may come in.
async fn allowed(app: &App, browsers: Browsers, origin: &HeaderValue) -> Result<Option<HeaderValue>, Error> {
    match browsers {
        Browsers::Nobody => Ok(None),
        Browsers::Anybody => Ok(Some(HeaderValue::from_static("*"))),
        Browsers::Listed => {
            let Some(page) = origin.to_str().ok().and_then(|text| Url::parse(text).ok()) else {
                return Ok(None);
            };
            let urls = app.store.redirect_urls().await?;
            Ok(urls
                .iter()
                .any(|url| same_origin(url, &page))
                .then(|| origin.clone()))
        }
    }
}

/// Whether a page is of the origin of a redirect URL; a `*` in that stands for one host label.
fn same_origin(url: &Url, page: &Url) -> bool {
    let same = url.scheme() == page.scheme() && url.port_or_known_default() == page.port_or_known_default();
    let (Some(pattern), Some(host)) = (url.host_str(), page.host_str()) else {
        // Webviews: tauri://localhost has no host that a URL of another scheme could share.
        return false;
    };
    let labels = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (pattern, host) = (labels(pattern), labels(host));
    same && pattern.len() == host.len()
        && pattern
            .iter()
            .zip(&host)
            .all(|(one, other)| one == other || (one == "*" && !other.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::same("https://shop.example.com/login", "https://shop.example.com", true)]
    #[case::default_port("https://shop.example.com/", "https://shop.example.com:443", true)]
    #[case::port("http://localhost:5173/cb", "http://localhost:5173", true)]
    #[case::other_port("http://localhost:5173/cb", "http://localhost:5174", false)]
    #[case::scheme("https://shop.example.com/", "http://shop.example.com", false)]
    #[case::host("https://shop.example.com/", "https://shop.example.com.evil.example", false)]
    #[case::label("https://*.example.com/", "https://shop.example.com", true)]
    #[case::no_label("https://*.example.com/", "https://example.com", false)]
    #[case::two_labels("https://*.example.com/", "https://a.b.example.com", false)]
    #[case::webview("tauri://localhost/", "tauri://localhost", true)]
    fn an_origin_is_that_of_a_redirect_url(#[case] url: &str, #[case] page: &str, #[case] expected: bool) {
        assert_eq!(
            same_origin(&url.parse().unwrap(), &page.parse().unwrap()),
            expected
        );
    }
}
