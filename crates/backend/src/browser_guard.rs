//! Web pages have no business with what operators administer: their requests are refused before a key is looked at.
//!
//! Keys travel as bearer tokens only, so that no page has one by itself. This is the second wall: a page that got hold of
//! a key cannot use it (it sends `Origin`), and neither can one that gave its own host name the address of this backend
//! (DNS rebinding; it sends that name as `Host`).

use crate::{App, Error};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, header, uri::Authority},
    middleware::Next,
    response::Response,
};
use std::{net::IpAddr, sync::Arc};
use url::Url;

/// The names under which operators reach this backend. Addresses need none: a page cannot pretend to have one.
#[derive(Debug, Clone)]
pub(crate) struct OwnHosts(Vec<String>);

impl OwnHosts {
    /// The host of the public URL, `localhost`, and what else is configured.
    pub(crate) fn new(public_url: &Url, more: Vec<String>) -> Self {
        let public = public_url.host_str().map(str::to_owned);
        let hosts = more.into_iter().chain(public).chain(["localhost".to_owned()]);
        Self(hosts.map(|host| host.to_ascii_lowercase()).collect())
    }

    /// Whether a `Host` header names this backend.
    fn has(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else {
            return false;
        };
        let host = authority.host();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        address.parse::<IpAddr>().is_ok() || self.0.contains(&host.to_ascii_lowercase())
    }
}

/// Lets a request through that no web page sent.
pub(crate) async fn refuse_pages(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    check(&app.own_hosts, request.headers())?;
    Ok(next.run(request).await)
}

fn check(own: &OwnHosts, headers: &HeaderMap) -> Result<(), Error> {
    if headers.contains_key(header::ORIGIN) {
        return Err(Error::FromWebPage);
    }
    // Every browser sends one; a program that does not is none.
    let host = headers
        .get(header::HOST)
        .map(|host| host.to_str().unwrap_or_default());
    match host {
        Some(host) if !own.has(host) => Err(Error::UnknownHost),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;
    use rstest::rstest;

    #[rstest]
    #[case::none(&[], true)]
    #[case::public(&[("host", "id.example.com")], true)]
    #[case::case_and_port(&[("host", "ID.example.com:443")], true)]
    #[case::configured(&[("host", "yaopai:8060")], true)]
    #[case::loopback(&[("host", "127.0.0.1:8060")], true)]
    #[case::loopback_v6(&[("host", "[::1]:8060")], true)]
    #[case::localhost(&[("host", "localhost:8060")], true)]
    #[case::rebound(&[("host", "id.example.com.evil.example")], false)]
    #[case::longer(&[("host", "notlocalhost")], false)]
    #[case::nonsense(&[("host", "a b")], false)]
    #[case::own_page(&[("host", "id.example.com"), ("origin", "https://id.example.com")], false)]
    #[case::page_without_origin(&[("origin", "null")], false)]
    fn only_programs_that_know_the_name_are_let_through(
        #[case] sent: &[(&'static str, &'static str)],
        #[case] through: bool,
    ) {
        let public = "https://id.example.com/".parse().unwrap();
        let own = OwnHosts::new(&public, vec!["yaopai".to_owned()]);
        let headers = sent
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        assert_eq!(check(&own, &headers).is_ok(), through);
    }
}
