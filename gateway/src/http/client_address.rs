//! The address of a client: its network for the log, and what tells clients apart.

use std::net::IpAddr;

use ipnet::IpNet;
use poem::{Request, http::HeaderMap};

/// Number of logged bits of an IPv4 address.
const IPV4_BITS: u8 = 24;
/// Number of logged bits of an IPv6 address.
const IPV6_BITS: u8 = 48;

/// The network of the client, taking `x-forwarded-for` of trusted proxies into account.
pub(super) fn network(request: &Request, trusted: &[IpNet]) -> Option<IpNet> {
    let peer = request.remote_addr().as_socket_addr()?.ip();
    Some(truncated(address(peer, request.headers(), trusted)))
}

/// What tells clients apart: an IPv4 address, or the network of an IPv6 address, since one client can
/// have all addresses of it.
pub(crate) fn distinct(request: &Request, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.remote_addr().as_socket_addr()?.ip();
    Some(match address(peer, request.headers(), trusted) {
        address @ IpAddr::V4(_) => address,
        address @ IpAddr::V6(_) => truncated(address).addr(),
    })
}

/// The last address on the route that is not a trusted proxy.
fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
    let mut hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    let mut client = peer.to_canonical();
    while is_trusted(client) {
        match hops.pop().and_then(|hop| hop.trim().parse::<IpAddr>().ok()) {
            Some(hop) => client = hop.to_canonical(),
            None => break,
        }
    }
    client
}

fn truncated(address: IpAddr) -> IpNet {
    let bits = match address {
        IpAddr::V4(_) => IPV4_BITS,
        IpAddr::V6(_) => IPV6_BITS,
    };
    IpNet::new(address, bits).expect("the prefix length fits the address family").trunc()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    #[test]
    fn forwarded_addresses_must_be_accepted_from_trusted_proxies_only() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let proxy = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        let stranger = IpAddr::V6(Ipv6Addr::LOCALHOST);
        for (peer, forwarded, client) in [
            (proxy, "203.0.113.7", "203.0.113.7"),
            (proxy, "198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
            (proxy, "nonsense", "10.0.0.1"),
            (stranger, "203.0.113.7", "::1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let found = address(peer, &headers, &trusted);
            assert_eq!(found.to_string(), client, "{peer} {forwarded}");
        }
    }

    #[test]
    fn a_client_must_be_logged_as_its_network_only() {
        let v4 = truncated(Ipv4Addr::new(203, 0, 113, 7).into());
        assert_eq!(v4.to_string(), "203.0.113.0/24");
        let v6 = truncated("2001:db8:1:2::3".parse().unwrap());
        assert_eq!(v6.to_string(), "2001:db8:1::/48");
    }
}
