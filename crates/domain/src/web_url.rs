//! URLs of the outside world: their shape, and whether a phone can reach their host.

use crate::Rule;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Whether a phone on the internet can reach a host, as far as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// A public name or address.
    Public,
    /// Only this machine (`localhost`, `127.0.0.1`).
    ThisMachine,
    /// Only this network (private address, single-label or `.local` name).
    ThisNetwork,
}

/// Tells from its host alone who can reach a URL. Nothing is looked up.
pub fn reach(url: &Url) -> Reach {
    match url.host() {
        Some(Host::Ipv4(address)) => reach_of_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => reach_of_address(IpAddr::V6(address)),
        Some(Host::Domain(name)) => reach_of_name(name.trim_end_matches('.')),
        None => Reach::ThisMachine,
    }
}

fn reach_of_name(name: &str) -> Reach {
    if name == "localhost" || name.ends_with(".localhost") {
        Reach::ThisMachine
    } else if !name.contains('.')
        || [".local", ".lan", ".internal", ".home.arpa"]
            .iter()
            .any(|end| name.ends_with(end))
    {
        Reach::ThisNetwork
    } else {
        Reach::Public
    }
}

fn reach_of_address(address: IpAddr) -> Reach {
    let address = address.to_canonical();
    let private = match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || is_carrier_grade_nat(v4),
        IpAddr::V6(v6) => is_unique_local(v6) || (v6.segments()[0] & 0xffc0) == 0xfe80,
    };
    if address.is_loopback() || address.is_unspecified() {
        Reach::ThisMachine
    } else if private {
        Reach::ThisNetwork
    } else {
        Reach::Public
    }
}

/// 100.64.0.0/10 (RFC 6598).
const fn is_carrier_grade_nat(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    a == 100 && b & 0xc0 == 64
}

/// fc00::/7 (RFC 4193).
const fn is_unique_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xfe00 == 0xfc00
}

/// Parses a callback URL: absolute, http(s), no credentials, no fragment.
pub(crate) fn parse_callback_url(text: &str) -> Result<Url, Rule> {
    let url = Url::parse(text).map_err(|_| Rule::CallbackUrlShape)?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(Rule::CallbackUrlShape);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Rule::CallbackUrlCredentials);
    }
    if url.fragment().is_some() {
        return Err(Rule::CallbackUrlFragment);
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://id.example.com/callback", Reach::Public)]
    #[case("http://127.0.0.1:8060", Reach::ThisMachine)]
    #[case("http://[::1]/", Reach::ThisMachine)]
    #[case("http://[::ffff:127.0.0.1]/", Reach::ThisMachine)]
    #[case("http://localhost/", Reach::ThisMachine)]
    #[case("http://app.localhost/", Reach::ThisMachine)]
    #[case("http://192.168.1.7/", Reach::ThisNetwork)]
    #[case("http://100.64.0.1/", Reach::ThisNetwork)]
    #[case("http://[fd00::1]/", Reach::ThisNetwork)]
    #[case("http://nas/", Reach::ThisNetwork)]
    #[case("http://nas.local./", Reach::ThisNetwork)]
    #[case("http://8.8.8.8/", Reach::Public)]
    fn tells_who_can_reach_a_host(#[case] url: &str, #[case] expected: Reach) {
        assert_eq!(reach(&url.parse().unwrap()), expected);
    }

    #[rstest]
    #[case("https://example.com/cb?x=1", None)]
    #[case("example.com/cb", Some(Rule::CallbackUrlShape))]
    #[case("ftp://example.com/", Some(Rule::CallbackUrlShape))]
    #[case("javascript:alert(1)", Some(Rule::CallbackUrlShape))]
    #[case("https://user:pw@example.com/", Some(Rule::CallbackUrlCredentials))]
    #[case("https://example.com/#/home", Some(Rule::CallbackUrlFragment))]
    fn refuses_callback_urls_wechat_could_not_use(#[case] url: &str, #[case] broken: Option<Rule>) {
        assert_eq!(parse_callback_url(url).err(), broken);
    }
}
