//! The browser that comes back from WeChat must be the one that was sent there (login CSRF; RFC 9700, 4.7).
//!
//! Whoever has a callback of their own could otherwise have somebody else's browser open it, and that person would be
//! logged in as them. So a browser that is sent away gets a cookie, and a state answers only to the browser that has it.

use super::nonce::{Nonce, hash};
use crate::App;
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use url::Url;

/// Over TLS: `__Host-` keeps other hosts of the domain from setting it.
const NAME: &str = "__Host-yaopai-browser";
/// Where there is no TLS, browsers refuse the other name.
const PLAIN_NAME: &str = "yaopai-browser";
/// Seconds: longer than any state lives, so that a reload still gets the first outcome.
const LIVES: u32 = 60 * 60;

/// The random word by which a browser is known again.
pub(crate) struct Mark(Nonce);

impl Mark {
    /// The mark of a browser that is sent away: its own if it has one, since other windows of it may be on their way too.
    pub(crate) fn give(app: &App, headers: &HeaderMap) -> Self {
        let own = carried(app, headers).find_map(Nonce::read);
        Self(own.unwrap_or_else(|| Nonce::new(app.entropy.as_ref())))
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> String {
        self.0.hash()
    }

    /// Sends the mark with an answer.
    pub(crate) fn put_on(&self, app: &App, response: &mut Response) {
        // Of hexadecimal digits and our own letters, so it always is a value.
        if let Ok(mut cookie) = HeaderValue::from_str(&self.cookie(&app.public_url)) {
            cookie.set_sensitive(true);
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }

    fn cookie(&self, public_url: &Url) -> String {
        let (name, word) = (name(public_url), self.0.expose());
        let secure = if name == NAME { "; Secure" } else { "" };
        // Lax: it has to come along when WeChat's page sends the browser here.
        format!("{name}={word}; Path=/; Max-Age={LIVES}; HttpOnly; SameSite=Lax{secure}")
    }
}

/// The hashes of the marks that a request carries: one, unless somebody has meddled.
pub(crate) fn marks(app: &App, headers: &HeaderMap) -> Vec<String> {
    carried(app, headers)
        .filter_map(Nonce::read)
        .map(|mark| mark.hash())
        .collect()
}

/// Whether a request carries the mark of this hash.
pub(super) fn carries(app: &App, headers: &HeaderMap, mark_hash: &str) -> bool {
    carried(app, headers).any(|mark| hash(mark) == mark_hash)
}

fn name(public_url: &Url) -> &'static str {
    if public_url.scheme() == "https" {
        NAME
    } else {
        PLAIN_NAME
    }
}

fn carried<'h>(app: &App, headers: &'h HeaderMap) -> impl Iterator<Item = &'h str> {
    let name = name(&app.public_url);
    headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(move |(of, _)| *of == name)
        .map(|(_, mark)| mark)
}

/// Where a browser goes, and by what it is known when it comes back.
pub(crate) struct Departure {
    /// WeChat's page.
    pub(crate) url: Url,
    pub(super) mark: Mark,
}

impl Departure {
    /// The answer that sends the browser away, with its mark.
    pub(crate) fn marking(&self, app: &App, mut response: Response) -> Response {
        self.mark.put_on(app, &mut response);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, Seeded};
    use rstest::rstest;

    #[rstest]
    #[case::tls(
        "https://login.example.com",
        "__Host-yaopai-browser",
        "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"
    )]
    #[case::loopback(
        "http://127.0.0.1:9",
        "yaopai-browser",
        "; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"
    )]
    fn a_mark_is_for_this_host_and_no_script(#[case] at: &str, #[case] name: &str, #[case] rules: &str) {
        let mark = Mark(Nonce::new(&Seeded::new(1)));
        let expected = format!("{name}={}{rules}", mark.0.expose());
        assert_eq!(mark.cookie(&at.parse().unwrap()), expected);
    }

    #[tokio::test]
    async fn a_browser_keeps_its_mark_but_cannot_choose_it() {
        let bench = Bench::new().await;
        let (app, none) = (&bench.app, HeaderMap::new());
        let mark = Mark::give(app, &none);
        let with = |word: &str| {
            let mut headers = HeaderMap::new();
            let cookies = format!("other=1; {PLAIN_NAME}={word}");
            headers.append(header::COOKIE, cookies.parse().unwrap());
            headers
        };
        let own = with(mark.0.expose());
        assert!(carries(app, &own, &mark.hash()) && !carries(app, &none, &mark.hash()));
        assert_eq!(Mark::give(app, &own).hash(), mark.hash(), "a second window");
        assert_ne!(Mark::give(app, &with("short")).hash(), hash("short"));
    }
}
