//! Which addresses requests to subgraphs may be sent to. Requests can contain credentials, so they
//! are only readable in transit within a network that the operator has declared to be private.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::config::PrivateAddresses;

/// An address that must not receive requests, with the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The URL is neither `https` nor `http`.
    #[error("use an `https` URL, not `{0}`")]
    Scheme(String),
    /// Plain `http` to another machine.
    #[error(
        "plain `http` can be read in transit; use `https`, or set `allow_private_addresses = true` \
         in `[[subgraph]]` or `[federation]` (without a configuration file: \
         `--allow-private-addresses`) if the host is in a private network: `{0}`"
    )]
    Insecure(String),
    /// A private address, where only public ones are allowed.
    #[error(
        "private address; set `allow_private_addresses = true` in `[[subgraph]]` or \
         `[federation]` (without a configuration file: `--allow-private-addresses`): `{0}`"
    )]
    Private(IpAddr),
    /// A host for plain `http` has an address outside private networks.
    #[error("plain `http` is for private networks only; use `https` for this address: `{0}`")]
    PublicOverHttp(IpAddr),
    /// The name of this machine resolves to another one.
    #[error("`localhost` is another machine: `{0}`")]
    NotLoopback(IpAddr),
    /// An address that no subgraph has, such as that of a metadata service.
    #[error("link-local or reserved address, which is never used for subgraphs: `{0}`")]
    Reserved(IpAddr),
    /// The name resolves to nothing.
    #[error("the name has no addresses")]
    NoAddress,
}

/// The addresses to which requests for a URL may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRule {
    /// Only this machine, because the URL names it.
    Loopback,
    /// Only public addresses.
    Public,
    /// Only private addresses, because the URL is `http`.
    Private,
    /// Public and private addresses.
    PublicOrPrivate,
}

impl AddressRule {
    /// All rules, in order.
    pub(crate) const ALL: [Self; 4] =
        [Self::Loopback, Self::Public, Self::Private, Self::PublicOrPrivate];

    /// The rule for a URL. A host that is an address is checked here, a name when it is resolved.
    ///
    /// # Errors
    /// [`AddressError`] if no request may be sent to the URL.
    pub fn of(url: &Url, private: PrivateAddresses) -> Result<Self, AddressError> {
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
            Some(Host::Domain(_)) | None => None,
        };
        let host = url.host_str().unwrap_or_default();
        let is_loopback = match literal {
            Some(address) => AddressClass::of(address) == AddressClass::Loopback,
            None => matches!(host, "localhost" | "localhost."),
        };
        let rule = match (url.scheme(), private) {
            ("http" | "https", _) if is_loopback => Self::Loopback,
            ("https", PrivateAddresses::Rejected) => Self::Public,
            ("https", PrivateAddresses::Allowed) => Self::PublicOrPrivate,
            ("http", PrivateAddresses::Allowed) => Self::Private,
            ("http", PrivateAddresses::Rejected) => {
                return Err(AddressError::Insecure(host.to_owned()));
            }
            (scheme, _) => return Err(AddressError::Scheme(scheme.to_owned())),
        };
        if let Some(address) = literal {
            rule.allowed(vec![address])?;
        }
        Ok(rule)
    }

    /// The allowed addresses among those of a host.
    ///
    /// # Errors
    /// [`AddressError`] if there are none, or if plain `http` could reach another network.
    pub(crate) fn allowed(self, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, AddressError> {
        let first = *addresses.first().ok_or(AddressError::NoAddress)?;
        let is_private = |class| matches!(class, AddressClass::Private | AddressClass::Loopback);
        let is_allowed = |address: &IpAddr| match (self, AddressClass::of(*address)) {
            (Self::Loopback, class) => class == AddressClass::Loopback,
            (Self::Public, class) => class == AddressClass::Public,
            (Self::Private, class) => is_private(class),
            (Self::PublicOrPrivate, class) => class != AddressClass::Reserved,
        };
        // The next connection could be to any of the addresses.
        let elsewhere = addresses.iter().find(|address| !is_allowed(address));
        if let (Self::Private, Some(address)) = (self, elsewhere) {
            return Err(match AddressClass::of(*address) {
                AddressClass::Reserved => AddressError::Reserved(*address),
                _ => AddressError::PublicOverHttp(*address),
            });
        }
        let allowed: Vec<_> = addresses.into_iter().filter(is_allowed).collect();
        if !allowed.is_empty() {
            return Ok(allowed);
        }
        Err(match (self, AddressClass::of(first)) {
            (_, AddressClass::Reserved) => AddressError::Reserved(first),
            (Self::Loopback, _) => AddressError::NotLoopback(first),
            _ => AddressError::Private(first),
        })
    }
}

/// What an address can be reached from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AddressClass {
    /// The whole internet.
    Public,
    /// The network of the operator.
    Private,
    /// This machine.
    Loopback,
    /// Nothing that could be a subgraph: link-local addresses, among them those of the metadata
    /// services of clouds; multicast and others in the registries of IANA.
    Reserved,
}

use AddressClass::{Loopback, Private, Public, Reserved};

/// Classes of IPv4 networks, the first match applies; all others are public. Networks for
/// documentation and benchmarks are found in virtual machines, and never in public.
const CLASSES_V4: [(Ipv4Addr, u32, AddressClass); 17] = [
    // Metadata services of Alibaba and Azure.
    (Ipv4Addr::new(100, 100, 100, 200), 32, Reserved),
    (Ipv4Addr::new(168, 63, 129, 16), 32, Reserved),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Loopback),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Private),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Private),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Private),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Private),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Private),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Private),
    (Ipv4Addr::UNSPECIFIED, 8, Reserved),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Reserved),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Reserved),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Reserved),
    (Ipv4Addr::new(224, 0, 0, 0), 4, Reserved),
    (Ipv4Addr::new(240, 0, 0, 0), 4, Reserved),
];

/// Classes of IPv6 networks, the first match applies; all others are reserved.
const CLASSES_V6: [(Ipv6Addr, u32, AddressClass); 7] = [
    // Metadata service of Amazon.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, Reserved),
    (Ipv6Addr::LOCALHOST, 128, Loopback),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Private),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Private),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Private),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Reserved),
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Public),
];

/// Networks that translate to IPv4 (NAT64 and 6to4), with the first bit of the IPv4 address.
const TRANSLATED_V6: [(Ipv6Addr, u32, u32); 2] = [
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, 96),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 16),
];

impl AddressClass {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let contains = |network: Ipv4Addr, prefix: u32| {
                    network.to_bits() >> (32 - prefix) == address.to_bits() >> (32 - prefix)
                };
                let mut classes = CLASSES_V4.into_iter();
                let class = classes.find(|(network, prefix, _)| contains(*network, *prefix));
                class.map_or(Public, |(_, _, class)| class)
            }
            IpAddr::V6(address) => {
                let contains = |network: Ipv6Addr, prefix: u32| {
                    network.to_bits() >> (128 - prefix) == address.to_bits() >> (128 - prefix)
                };
                let mut translated = TRANSLATED_V6.into_iter();
                if let Some((_, _, start)) =
                    translated.find(|(network, prefix, _)| contains(*network, *prefix))
                {
                    let bits = address.to_bits() >> (96 - start) & u128::from(u32::MAX);
                    let embedded = u32::try_from(bits).unwrap_or_default();
                    // Translation leads out of this machine and its network.
                    let class = Self::of(Ipv4Addr::from_bits(embedded).into());
                    return if class == Public { Public } else { Reserved };
                }
                let mut classes = CLASSES_V6.into_iter();
                let class = classes.find(|(network, prefix, _)| contains(*network, *prefix));
                class.map_or(Reserved, |(_, _, class)| class)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn every_network_must_have_its_class() {
        for (class, addresses) in [
            (
                Public,
                "1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 \
                 128.0.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 168.63.129.17 \
                 2a00:1450:400e::200e ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1",
            ),
            (
                Private,
                "10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 172.16.0.0 172.31.255.255 \
                 192.168.0.0 192.168.255.255 fc00::1 fdff::1 ::ffff:10.1.2.3 192.0.2.1 \
                 198.19.255.255 2001:db8::1",
            ),
            (Loopback, "127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1"),
            (
                Reserved,
                "0.0.0.0 100.100.100.200 168.63.129.16 169.254.0.1 169.254.169.254 192.0.0.192 \
                 224.0.0.1 255.255.255.255 :: ::7f00:1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 \
                 2001::1 ::ffff:169.254.169.254 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 \
                 2002:a00:1::1",
            ),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(AddressClass::of(address.parse().unwrap()), class, "{address}");
            }
        }
    }

    #[test]
    fn a_url_must_have_a_rule_or_an_error_with_the_remedy() {
        let of = |url: &str, private| {
            AddressRule::of(&url.parse().unwrap(), private).map_err(|error| error.to_string())
        };
        let remedy = "set `allow_private_addresses = true` in `[[subgraph]]` or `[federation]`";
        for url in [
            "http://localhost/",
            "https://LOCALHOST./",
            "http://127.1/",
            "http://[::1]/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            for private in [PrivateAddresses::Rejected, PrivateAddresses::Allowed] {
                assert_eq!(of(url, private), Ok(AddressRule::Loopback), "{url}");
            }
        }
        assert_eq!(of("https://a.example/", PrivateAddresses::Rejected), Ok(AddressRule::Public));
        assert_eq!(
            of("https://a.example/", PrivateAddresses::Allowed),
            Ok(AddressRule::PublicOrPrivate)
        );
        for url in [
            "http://pleio:4001/",
            "http://localhost.example/",
            "http://a.localhost/",
            "http://10.0.0.1/",
            "http://012.0.0.1/",
            "http://[fd00::1]/",
            "http://100.64.0.1/",
        ] {
            let error = of(url, PrivateAddresses::Rejected).unwrap_err();
            assert!(error.contains(remedy) && error.contains("in transit"), "{url}: {error}");
            assert_eq!(of(url, PrivateAddresses::Allowed), Ok(AddressRule::Private), "{url}");
        }
        let error = of("https://10.0.0.1/", PrivateAddresses::Rejected).unwrap_err();
        assert!(error.contains(remedy) && error.ends_with("`10.0.0.1`"), "{error}");
        for (url, expected) in [
            ("http://8.8.8.8/", "use `https`"),
            ("http://[2a00::1]/", "use `https`"),
            ("http://169.254.169.254/", "never used for subgraphs"),
            ("https://169.254.169.254/", "never used for subgraphs"),
            ("http://0.0.0.0/", "never used for subgraphs"),
            ("ftp://10.0.0.1/", "not `ftp`"),
        ] {
            let error = of(url, PrivateAddresses::Allowed).unwrap_err();
            assert!(error.contains(expected), "{url}: {error}");
        }
    }

    #[test]
    fn resolved_addresses_must_follow_the_rule() {
        let allowed = |rule: AddressRule, texts: &[&str]| rule.allowed(parsed(texts));
        let mixed = ["10.0.0.1", "8.8.8.8", "::1", "169.254.169.254"];
        assert_eq!(allowed(AddressRule::Public, &mixed), Ok(parsed(&["8.8.8.8"])));
        assert_eq!(allowed(AddressRule::Loopback, &mixed), Ok(parsed(&["::1"])));
        assert_eq!(allowed(AddressRule::PublicOrPrivate, &mixed), Ok(parsed(&mixed[..3])));
        let private = ["10.0.0.1", "fd00::2", "127.0.0.1"];
        assert_eq!(allowed(AddressRule::Private, &private), Ok(parsed(&private)));
        for (rule, texts, error) in [
            (AddressRule::Private, &mixed[..], "plain `http` is for private networks only"),
            (AddressRule::Private, &["10.0.0.1", "169.254.169.254"], "link-local"),
            (AddressRule::Private, &["8.8.8.8"], "`8.8.8.8`"),
            (AddressRule::Public, &private, "set `allow_private_addresses = true`"),
            (AddressRule::Public, &["127.0.0.1"], "set `allow_private_addresses = true`"),
            (AddressRule::Public, &["fe80::1"], "link-local"),
            (AddressRule::PublicOrPrivate, &["169.254.169.254"], "link-local"),
            (AddressRule::Loopback, &["10.0.0.1"], "`localhost` is another machine"),
            (AddressRule::Public, &[], "no addresses"),
        ] {
            let actual = allowed(rule, texts).unwrap_err().to_string();
            assert!(actual.contains(error), "{rule:?} {texts:?}: {actual}");
        }
    }
}
