//! The way back to an app: its redirect_uri with `code` and `state`, in this order.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// Everything a query value cannot hold as it is.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The redirect_uri without its fragment and ready for more parameters. `None` if it is no URL.
pub(crate) fn open_query(redirect_uri: &str) -> Option<String> {
    let mut url = Url::parse(redirect_uri).ok()?;
    url.set_fragment(None);
    let separator = if url.query().is_some() { '&' } else { '?' };
    Some(format!("{url}{separator}"))
}

/// Where the browser goes: with a code if the person agreed, with the state alone if not.
pub(crate) fn callback(redirect_uri: &str, code: Option<&str>, state: &str) -> Option<String> {
    let open = open_query(redirect_uri)?;
    let state = encode(state);
    Some(match code {
        Some(code) => format!("{open}code={code}&state={state}"),
        None => format!("{open}state={state}"),
    })
}

/// What WeChat opens to return to a native app.
pub(crate) fn native_callback(app_id: &str, code: &str, state: &str) -> String {
    format!("{app_id}://oauth?code={code}&state={}", encode(state))
}

/// A value as it stands in a query.
pub(crate) fn encode(value: &str) -> String {
    utf8_percent_encode(value, QUERY_VALUE).to_string()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "http://localhost/back",
        Some("C"),
        "S",
        "http://localhost/back?code=C&state=S"
    )]
    #[case(
        "http://localhost/back?x=%2F",
        Some("C"),
        "S",
        "http://localhost/back?x=%2F&code=C&state=S"
    )]
    #[case(
        "http://localhost/#/route",
        Some("C"),
        "S",
        "http://localhost/?code=C&state=S"
    )]
    #[case("http://localhost/back", None, "a b", "http://localhost/back?state=a%20b")]
    fn appends_code_and_state(
        #[case] redirect_uri: &str,
        #[case] code: Option<&str>,
        #[case] state: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(callback(redirect_uri, code, state).unwrap(), expected);
    }
}
