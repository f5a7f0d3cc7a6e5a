//! Who is knocking: an address, seen through the proxies that are trusted.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// A client as the limits know it. Of an IPv6 address only the network counts (/64): one household has all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

impl From<IpAddr> for Client {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
        })
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The proxies whose word about the client's address is believed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies(Vec<IpAddr>);

impl Proxies {
    /// These addresses and no others.
    pub(crate) fn new(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self(
            addresses
                .into_iter()
                .map(|address| address.to_canonical())
                .collect(),
        )
    }

    /// The address of the client, given who connected and what `X-Forwarded-For` says: the last one in that list that is
    /// no trusted proxy. What a client writes into the header itself stands further left and is not believed.
    pub(crate) fn client(&self, peer: IpAddr, forwarded_for: Option<&str>) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.0.contains(&peer) {
            return peer;
        }
        let mut nearest = peer;
        for entry in forwarded_for.unwrap_or_default().rsplit(',') {
            let Ok(address) = entry.trim().parse::<IpAddr>() else {
                break;
            };
            nearest = address.to_canonical();
            if !self.0.contains(&nearest) {
                break;
            }
        }
        nearest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::no_proxy("203.0.113.7", Some("198.51.100.1"), "203.0.113.7")]
    #[case::one_proxy("10.0.0.1", Some("198.51.100.1"), "198.51.100.1")]
    #[case::two_proxies("10.0.0.1", Some("198.51.100.1, 10.0.0.2"), "198.51.100.1")]
    #[case::a_client_that_lies("10.0.0.1", Some("8.8.8.8, 198.51.100.1"), "198.51.100.1")]
    #[case::nonsense("10.0.0.1", Some("me"), "10.0.0.1")]
    #[case::nothing("10.0.0.1", None, "10.0.0.1")]
    #[case::mapped("::ffff:10.0.0.1", Some("198.51.100.1"), "198.51.100.1")]
    fn believes_trusted_proxies_only(
        #[case] peer: &str,
        #[case] forwarded_for: Option<&str>,
        #[case] client: &str,
    ) {
        let proxies = Proxies::new(["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap()));
        assert_eq!(
            proxies.client(peer.parse().unwrap(), forwarded_for),
            client.parse::<IpAddr>().unwrap()
        );
    }

    #[rstest]
    #[case("2001:db8::1", "2001:db8::2", true)]
    #[case("2001:db8::1", "2001:db8:0:1::1", false)]
    #[case("192.0.2.1", "::ffff:192.0.2.1", true)]
    #[case("192.0.2.1", "192.0.2.2", false)]
    fn counts_networks_of_ipv6_as_one(#[case] one: &str, #[case] other: &str, #[case] same: bool) {
        let client = |text: &str| Client::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(client(one) == client(other), same);
    }
}
