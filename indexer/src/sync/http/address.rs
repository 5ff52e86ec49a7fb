//! Which IP addresses are public. Sources may only be fetched from public addresses, unless they
//! are configured otherwise, so that a name or a redirect cannot lead to an internal service.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that a source may be fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressPolicy {
    /// Only public addresses.
    PublicOnly,
    /// Any address, because the source has `allow_private_addresses`.
    Any,
}

impl AddressPolicy {
    /// Whether a connection to `address` is allowed.
    pub(super) fn allows(self, address: IpAddr) -> bool {
        self == Self::Any || is_public(address)
    }
}

/// IPv4 networks that are not public: the special-purpose registry of IANA, multicast, and the
/// address at which Azure serves its virtual machines.
const RESERVED_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Global unicast, the only IPv6 network with public addresses of its own.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Networks within [`GLOBAL_UNICAST`] that are not public: protocol assignments (with Teredo) and
/// documentation.
const RESERVED_V6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Networks whose addresses contain an IPv4 address, which starts at the given bit: IPv4-mapped,
/// NAT64 and 6to4.
const EMBEDDING_V6: [(Ipv6Addr, u32, u32); 3] = [
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, 96),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, 96),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 16),
];

/// Whether an address is reachable from the whole internet. An IPv6 address that contains an IPv4
/// address is as public as that one.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            !RESERVED_V4.iter().any(|(network, prefix)| contains_v4(*network, *prefix, address))
        }
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(embedded) => is_public(embedded.into()),
            None => {
                contains_v6(GLOBAL_UNICAST.0, GLOBAL_UNICAST.1, address)
                    && !RESERVED_V6
                        .iter()
                        .any(|(network, prefix)| contains_v6(*network, *prefix, address))
            }
        },
    }
}

fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (_, _, start) = EMBEDDING_V6
        .into_iter()
        .find(|(network, prefix, _)| contains_v6(*network, *prefix, address))?;
    let octets = address.octets();
    let start = usize::try_from(start / 8).ok()?;
    let octets: [u8; 4] = octets.get(start..start + 4)?.try_into().ok()?;
    Some(octets.into())
}

fn contains_v4(network: Ipv4Addr, prefix: u32, address: Ipv4Addr) -> bool {
    let host_bits = 32 - prefix;
    network.to_bits() >> host_bits == address.to_bits() >> host_bits
}

fn contains_v6(network: Ipv6Addr, prefix: u32, address: Ipv6Addr) -> bool {
    let host_bits = 128 - prefix;
    network.to_bits() >> host_bits == address.to_bits() >> host_bits
}

#[cfg(test)]
mod unit_tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(addresses: &[&str], public: bool) {
        for text in addresses {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(AddressPolicy::PublicOnly.allows(address), public, "{text}");
            assert!(AddressPolicy::Any.allows(address), "{text}");
        }
    }

    #[test]
    fn reserved_ipv4_addresses_must_not_be_public() {
        check(
            &[
                "0.0.0.0",
                "0.255.255.255",
                "10.0.0.0",
                "10.255.255.255",
                "100.64.0.0",
                "100.100.100.200",
                "100.127.255.255",
                "127.0.0.1",
                "127.255.255.255",
                "168.63.129.16",
                "169.254.0.0",
                "169.254.169.254",
                "172.16.0.0",
                "172.31.255.255",
                "192.0.0.192",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.0.0",
                "192.168.255.255",
                "198.18.0.0",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.255",
                "224.0.0.1",
                "239.255.255.255",
                "240.0.0.0",
                "255.255.255.255",
            ],
            false,
        );
    }

    #[test]
    fn neighbours_of_reserved_ipv4_networks_must_be_public() {
        check(
            &[
                "1.0.0.0",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
                "168.63.129.15",
                "168.63.129.17",
                "169.253.255.255",
                "169.255.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "192.0.1.0",
                "192.0.3.0",
                "192.88.98.255",
                "192.88.100.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "198.51.99.255",
                "198.51.101.0",
                "203.0.112.255",
                "203.0.114.0",
                "223.255.255.255",
                "8.8.8.8",
            ],
            true,
        );
    }

    #[test]
    fn reserved_ipv6_addresses_must_not_be_public() {
        check(
            &[
                "::",
                "::1",
                "::7f00:1",
                "::808:808",
                "100::1",
                "64:ff9b:1::a00:1",
                "fc00::1",
                "fd00:ec2::254",
                "fdff::1",
                "fe80::1",
                "fec0::1",
                "ff02::1",
                "2001::1",
                "2001:1ff:ffff::1",
                "2001:db8::1",
                "3fff::1",
                "3fff:fff:ffff::1",
                "4000::1",
                "5f00::1",
            ],
            false,
        );
        check(
            &[
                "2000::1",
                "2001:200::1",
                "2001:db7::1",
                "2001:db9::1",
                "2a00:1450:400e::200e",
                "3ffe:ffff::1",
                "3fff:1000::1",
            ],
            true,
        );
    }

    #[test]
    fn an_ipv6_address_must_be_as_public_as_the_ipv4_address_in_it() {
        check(
            &[
                "::ffff:127.0.0.1",
                "::ffff:10.0.0.1",
                "64:ff9b::169.254.169.254",
                "64:ff9b::192.168.1.1",
                "2002:7f00:1::1",
                "2002:a9fe:a9fe::",
            ],
            false,
        );
        check(&["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"], true);
    }

    proptest! {
        #[test]
        fn every_embedding_must_give_the_same_result(bits: u32, rest: u128) {
            let address = Ipv4Addr::from_bits(bits);
            let expected = AddressPolicy::PublicOnly.allows(address.into());
            for (network, _, start) in EMBEDDING_V6 {
                let tail = rest.checked_shr(start + 32).unwrap_or_default();
                let embedding = network.to_bits() | u128::from(bits) << (96 - start) | tail;
                let embedding = Ipv6Addr::from_bits(embedding);
                prop_assert_eq!(AddressPolicy::PublicOnly.allows(embedding.into()), expected);
            }
        }

        #[test]
        fn the_standard_library_must_agree_on_private_addresses(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let private = address.is_private() || address.is_loopback() || address.is_multicast()
                || address.is_link_local() || address.is_broadcast() || address.is_unspecified()
                || address.is_documentation();
            prop_assert!(!(private && AddressPolicy::PublicOnly.allows(address.into())));
        }
    }
}
