//! Pages for people: a choice of connections, an end, a refusal. No script, nothing from elsewhere, Chinese first.

use super::fault::Fault;
use crate::Error;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use std::fmt::Write;

/// Something to choose.
pub(super) struct Choice {
    /// Its name for people.
    pub(super) name: String,
    /// Where it leads.
    pub(super) address: String,
}

/// A page with one link for each choice.
pub(super) fn choice(choices: &[Choice]) -> Response {
    let mut links = String::new();
    for Choice { name, address } in choices {
        // Writing to a text cannot fail.
        let _ = write!(links, "<a href=\"{}\">{}</a>", escaped(address), escaped(name));
    }
    page(
        StatusCode::OK,
        "选择登录方式",
        "Choose how to sign in",
        &format!("<nav>{links}</nav>"),
    )
}

/// The person has left.
pub(super) fn left() -> Response {
    page(StatusCode::OK, "已退出登录。", "You are signed out.", "")
}

/// A request that cannot be answered where it came from, because nobody knows whether that is safe.
pub(super) fn refused(fault: &Fault, status: StatusCode) -> Response {
    page(
        status,
        "登录请求有误，请联系应用的开发者。",
        "The application’s request was refused.",
        &format!(
            "<p><code>{}: {}</code></p>",
            fault.kind.as_str(),
            escaped(&fault.description)
        ),
    )
}

/// A failure that came before the handler.
pub(super) fn early(error: Error) -> Response {
    let fault = Fault::from(error);
    let status = fault.clone().into_response().status();
    refused(&fault, status)
}

fn page(status: StatusCode, chinese: &str, english: &str, more: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>腰牌</title>\
         <style>body{{margin:0;min-height:100vh;display:grid;place-content:center;text-align:center;\
         font:17px/1.6 system-ui,sans-serif;color:#222;background:#f7f7f7}}main{{padding:2rem}}small{{color:#666}}\
         h1{{font-size:1.2rem;margin:0 0 1.5rem}}nav{{display:grid;gap:.75rem}}\
         a{{padding:.75rem 2rem;border-radius:.5rem;background:#067a42;color:#fff;text-decoration:none}}\
         @media(prefers-color-scheme:dark){{body{{color:#ddd;background:#191919}}small{{color:#aaa}}}}</style>\
         <main><h1>{chinese}<br><small lang=\"en\">{english}</small></h1>{more}</main></html>"
    );
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ];
    (status, headers, Html(html)).into_response()
}

/// Text for an element or an attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_named_stays_text() {
        assert_eq!(
            escaped("<b a='\"'>&</b>"),
            "&lt;b a=&#39;&quot;&#39;&gt;&amp;&lt;/b&gt;"
        );
    }
}
