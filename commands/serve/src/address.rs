//! Whose address a request came from: the socket's, or what a trusted proxy says.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use http::HeaderMap;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// How many entries of `X-Forwarded-For` are looked at, from the right.
const MAX_HOPS: usize = 16;

/// The address that a request came from, in every request's extensions.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A range of addresses, such as `10.0.0.0/8`; a single address is its own range.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no range of addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// The part before the slash.
    #[error("this is no IP address")]
    Address,
    /// The part after the slash.
    #[error("the number of bits is out of range")]
    Prefix,
    /// `10.1.2.3/8` may be meant as one address or as all of them.
    #[error("bits are set beyond the prefix")]
    HostBits,
}

impl Peer {
    /// The address of a request; without a peer all requests come from one.
    pub(crate) fn address(peer: Option<&Self>) -> IpAddr {
        peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0)
    }

    /// Finds who is behind `socket`: each proxy appends the address that it saw, so from the right the first
    /// address that is no trusted proxy is the nearest that somebody trusted vouches for.
    pub(crate) fn find(socket: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let mut nearest = socket.to_canonical();
        if !is_trusted(nearest, trusted) {
            return Self(nearest);
        }
        let values = headers.get_all(FORWARDED_FOR).into_iter().rev();
        let entries = values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        for entry in entries.take(MAX_HOPS) {
            let Some(address) = parse_entry(entry.trim()) else { break };
            nearest = address;
            if !is_trusted(nearest, trusted) {
                break;
            }
        }
        Self(nearest)
    }
}

/// What limits count as one: an IPv4 address, or the 64 bits of IPv6 that one customer has at least.
pub(crate) fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address => address,
    }
}

/// Says whether `address` belongs to one of our proxies.
pub(crate) fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

/// Reads `1.2.3.4`, `1.2.3.4:5`, `2001:db8::1` or `[2001:db8::1]:5`.
fn parse_entry(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let address = bare.parse().or_else(|_| entry.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

impl Network {
    /// The range of `prefix` bits around `address`; nothing when it has not so many.
    pub(crate) fn around(address: IpAddr, prefix: u8) -> Option<Self> {
        let address = match address.to_canonical() {
            IpAddr::V4(v4) if prefix <= 32 => Ipv4Addr::from_bits(v4.to_bits() & mask_v4(prefix)).into(),
            IpAddr::V6(v6) if prefix <= 128 => Ipv6Addr::from_bits(v6.to_bits() & mask_v6(prefix)).into(),
            _ => return None,
        };
        Some(Self { address, prefix })
    }

    /// How many leading bits all its addresses share.
    pub(crate) fn prefix(self) -> u8 {
        self.prefix
    }

    /// Its first address.
    pub(crate) fn first(self) -> IpAddr {
        self.address
    }

    /// Says whether `address` is in the range.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => own.to_bits() == other.to_bits() & mask_v4(self.prefix),
            (IpAddr::V6(own), IpAddr::V6(other)) => own.to_bits() == other.to_bits() & mask_v6(self.prefix),
            _ => false,
        }
    }
}

fn mask_v4(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

fn mask_v6(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)
}

/// This machine, 127.0.0.0/8.
impl Default for Network {
    fn default() -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), prefix: 8 }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(text) => match text.parse() {
                Ok(prefix) if prefix <= bits => prefix,
                _ => return Err(NetworkError::Prefix),
            },
        };
        let network = Self { address, prefix };
        if network.contains(address) { Ok(network) } else { Err(NetworkError::HostBits) }
    }
}

kefu_app::setting_from_text!(
    Network,
    "an address or range such as 10.0.0.0/8",
    "形如 10.0.0.0/8 的地址或地址段"
);

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn find(socket: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        Peer::find(socket.parse().unwrap(), &headers, &trusted).0.to_string()
    }

    #[test]
    fn forwarded_headers_of_strangers_count_for_nothing() {
        assert_eq!(find("203.0.113.9", &["1.1.1.1"], &[]), "203.0.113.9");
        assert_eq!(find("203.0.113.9", &["1.1.1.1"], &["10.0.0.0/8"]), "203.0.113.9");
    }

    #[test]
    fn the_right_most_stranger_is_the_peer() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        assert_eq!(find("10.0.0.1", &["6.6.6.6, 198.51.100.7"], &trusted), "198.51.100.7");
        assert_eq!(find("10.0.0.1", &["6.6.6.6, 198.51.100.7, 10.9.9.9"], &trusted), "198.51.100.7");
        assert_eq!(find("10.0.0.1", &["6.6.6.6", "198.51.100.7", "10.9.9.9"], &trusted), "198.51.100.7");
        assert_eq!(find("::ffff:10.0.0.1", &["198.51.100.7:4711"], &trusted), "198.51.100.7");
        assert_eq!(find("fd00::1", &["[2001:db8::7]:4711"], &trusted), "2001:db8::7");
        assert_eq!(find("fd00::1", &["[2001:db8::7]"], &trusted), "2001:db8::7");
    }

    #[test]
    fn without_a_stranger_the_farthest_proxy_is_the_peer() {
        assert_eq!(find("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(find("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &["10.0.0.0/8"]), "10.0.0.3");
    }

    #[test]
    fn nonsense_ends_the_search_at_what_was_vouched_for() {
        for value in ["", "unknown", "6.6.6.6, _hidden", "6.6.6.6,", "6.6.6.6 7.7.7.7", "é"] {
            assert_eq!(find("10.0.0.1", &[value], &["10.0.0.0/8"]), "10.0.0.1", "{value}");
        }
        assert_eq!(find("10.0.0.1", &["9.9.9.9, x, 10.0.0.2"], &["10.0.0.0/8"]), "10.0.0.2");
        let long = "10.0.0.2,".repeat(5000) + "10.0.0.2";
        assert_eq!(find("10.0.0.1", &["9.9.9.9", &long], &["10.0.0.0/8"]), "10.0.0.2");
    }

    #[test]
    fn networks_are_read_and_shown() {
        for text in ["10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "192.0.2.1/32", "::1/128"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        assert_eq!("192.0.2.1".parse::<Network>().unwrap().to_string(), "192.0.2.1/32");
        for (text, error) in [
            ("", NetworkError::Address),
            ("proxy", NetworkError::Address),
            ("10.0.0.0/33", NetworkError::Prefix),
            ("10.0.0.0/", NetworkError::Prefix),
            ("::/129", NetworkError::Prefix),
            ("10.1.0.0/8", NetworkError::HostBits),
        ] {
            assert_eq!(text.parse::<Network>(), Err(error), "{text}");
        }
        assert!("0.0.0.0/0".parse::<Network>().unwrap().contains([1, 2, 3, 4].into()));
        assert!(!"0.0.0.0/0".parse::<Network>().unwrap().contains(Ipv6Addr::LOCALHOST.into()));
    }

    #[test]
    fn one_customer_is_one_group() {
        let group = |text: &str| group(text.parse().unwrap()).to_string();
        assert_eq!(group("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(group("203.0.113.9"), "203.0.113.9");
        assert_eq!(group("::ffff:203.0.113.9"), "203.0.113.9");
    }
}
