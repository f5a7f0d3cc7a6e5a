//! Where a browser may be sent after a login: one rule for every facade.

use url::{Host, Url};

/// The target, if an entry of the list allows it.
///
/// An entry allows exactly its own text, query included. A `*` that is a whole label of an entry's host stands for one
/// label of a host name, whatever it is; nowhere else does it stand for anything.
pub(crate) fn allowed<'e>(list: impl IntoIterator<Item = &'e str>, target: &str) -> Option<Url> {
    let parts = Parts::of(target)?;
    let url = Url::parse(target).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        // What a browser reads as the host is what the list was asked for.
        && url.host_str() == Some(parts.host)
        && !target.contains(|character: char| character.is_whitespace() || matches!(character, '\\' | '*'));
    let by = |entry: &str| Parts::of(entry).is_some_and(|entry| entry.allows(&parts, &url));
    (plain && list.into_iter().any(by)).then_some(url)
}

/// A URL's text in three: nothing of it is decoded or brought into a normal form.
#[derive(PartialEq, Eq)]
struct Parts<'t> {
    scheme: &'t str,
    host: &'t str,
    /// Port, path and query.
    rest: &'t str,
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (scheme, after) = text.split_once("://")?;
        let end = if after.starts_with('[') {
            after.find(']')? + 1
        } else {
            after.find([':', '/', '?', '#']).unwrap_or(after.len())
        };
        let (host, rest) = after.split_at(end);
        let rest = if rest == "/" { "" } else { rest };
        Some(Self { scheme, host, rest })
    }

    fn allows(&self, target: &Self, url: &Url) -> bool {
        if self.scheme != target.scheme || self.rest != target.rest {
            return false;
        }
        if self.host == target.host {
            return true;
        }
        // An address has no labels.
        if !matches!(url.host(), Some(Host::Domain(_))) {
            return false;
        }
        let (wanted, labels): (Vec<_>, Vec<_>) =
            (self.host.split('.').collect(), target.host.split('.').collect());
        wanted.len() == labels.len()
            && wanted
                .iter()
                .zip(&labels)
                .all(|(wanted, label)| wanted == label || (*wanted == "*" && !label.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const LIST: [&str; 5] = [
        "https://shop.example.com/cb",
        "https://*.example.com/cb?from=wx",
        "http://localhost:8080/cb",
        "https://example.org",
        "https://example.net/*",
    ];

    #[rstest]
    #[case::itself("https://shop.example.com/cb", true)]
    #[case::one_label("https://m.example.com/cb?from=wx", true)]
    #[case::port("http://localhost:8080/cb", true)]
    #[case::bare_origin("https://example.org/", true)]
    #[case::other_scheme("http://shop.example.com/cb", false)]
    #[case::other_port("https://shop.example.com:444/cb", false)]
    #[case::other_path("https://shop.example.com/cb/", false)]
    #[case::deeper_path("https://shop.example.com/cb/../x", false)]
    #[case::more_query("https://shop.example.com/cb?x=1", false)]
    #[case::fragment("https://shop.example.com/cb#x", false)]
    #[case::trailing_dot("https://shop.example.com./cb", false)]
    #[case::upper_case("https://SHOP.example.com/cb", false)]
    #[case::encoded_host("https://shop%2eexample.com/cb", false)]
    #[case::user_info("https://shop.example.com@evil.example/cb", false)]
    #[case::user_info_before("https://evil@shop.example.com/cb", false)]
    #[case::backslash("https://evil.example\\.example.com/cb?from=wx", false)]
    #[case::two_labels("https://a.b.example.com/cb?from=wx", false)]
    #[case::no_label("https://.example.com/cb?from=wx", false)]
    #[case::bare_domain("https://example.com/cb?from=wx", false)]
    #[case::query_as_label("https://evil.example?.example.com/cb?from=wx", false)]
    #[case::path_as_label("https://evil.example/.example.com/cb?from=wx", false)]
    #[case::star_itself("https://*.example.com/cb?from=wx", false)]
    #[case::star_in_path("https://example.net/anything", false)]
    #[case::script("javascript://shop.example.com/cb", false)]
    #[case::relative("//shop.example.com/cb", false)]
    #[case::newline("https://shop.example.com/cb\n", false)]
    fn only_what_the_list_names(#[case] target: &str, #[case] expected: bool) {
        assert_eq!(allowed(LIST, target).is_some(), expected);
    }

    #[test]
    fn a_star_is_no_address() {
        assert_eq!(allowed(["http://*.0.0.1/"], "http://127.0.0.1/"), None);
        assert!(allowed(["http://127.0.0.1/"], "http://127.0.0.1/").is_some());
        assert!(allowed(["http://[::1]:81/x"], "http://[::1]:81/x").is_some());
    }

    proptest! {
        #[test]
        fn whatever_a_star_allows_stays_below_its_domain(target in "https://[a-z@:/?#.\\\\%0-9-]{0,24}\\.example\\.com/cb(\\?from=wx)?") {
            if let Some(url) = allowed(LIST, &target) {
                let host = url.host_str().unwrap();
                prop_assert!(host.ends_with(".example.com"));
                prop_assert_eq!(host.split('.').count(), 3);
                prop_assert_eq!(url.port(), None);
                prop_assert_eq!(url.path(), "/cb");
            }
        }

        #[test]
        fn never_panics(entry in ".{0,40}", target in ".{0,40}") {
            let _ = allowed([entry.as_str()], &target);
        }
    }
}
