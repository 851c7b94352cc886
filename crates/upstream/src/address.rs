use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// Where another system is: a scheme, a host, a port and, with HTTP, a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// Whether the connection is encrypted.
    pub is_tls: bool,
    /// The host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path and the query, from `/`; empty if the address has no scheme of HTTP.
    pub path: String,
}

/// An address cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EndpointError {
    /// It has a scheme that is neither HTTP nor a plain connection.
    #[error("the scheme must be http, https, tcp or tls")]
    Scheme,
    /// It has no host.
    #[error("there is no host")]
    Host,
    /// It has no port, or one that is no number from 1 to 65535.
    #[error("there is no port from 1 to 65535")]
    Port,
    /// It has a name and a password in it.
    #[error("a name or password does not belong into an address")]
    UserInfo,
    /// It has a character that no address has.
    #[error("there is a blank or a control character")]
    Character,
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads `https://host/path`, `host:port`, `tcp://host:port` or `tls://host:port`.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err(EndpointError::Character);
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        let (is_tls, default_port) = match scheme {
            "http" => (false, Some(80)),
            "https" => (true, Some(443)),
            "tcp" => (false, None),
            "tls" => (true, None),
            _ => return Err(EndpointError::Scheme),
        };
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err(EndpointError::UserInfo);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or(EndpointError::Host)?;
                (host, rest.strip_prefix(':'))
            }
            None => authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() {
            return Err(EndpointError::Host);
        }
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port != 0),
            None => default_port,
        };
        let path = path.split('#').next().unwrap_or_default();
        let path = match (default_port, path.starts_with('/')) {
            (None, _) => String::new(),
            (Some(_), true) => path.to_owned(),
            (Some(_), false) => format!("/{path}"),
        };
        Ok(Self { is_tls, host: host.to_owned(), port: port.ok_or(EndpointError::Port)?, path })
    }
}

impl Endpoint {
    /// Whether it is spoken to over HTTP.
    #[must_use]
    pub fn is_http(&self) -> bool {
        !self.path.is_empty()
    }

    /// The host and the port as the `Host` header has them.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.is_http(), self.is_tls, self.port) {
            (true, false, 80) | (true, true, 443) => host,
            (_, _, port) => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.is_http(), self.is_tls) {
            (true, true) => "https",
            (true, false) => "http",
            (false, true) => "tls",
            (false, false) => "tcp",
        };
        write!(out, "{scheme}://{}{}", self.authority(), self.path)
    }
}

/// Which addresses may be connected to: the guard against requests that others make us send.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Reach {
    /// Those of the network we are in, too, but never link-local ones, where clouds keep their secrets: for
    /// addresses that the operator wrote.
    #[default]
    Internal,
    /// Only those that all the world can reach: for addresses that others wrote.
    Public,
}

impl Reach {
    /// Whether an address may be connected to.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => self.allows_v4(address),
            IpAddr::V6(address) => self.allows_v6(address),
        }
    }

    fn allows_v4(self, address: Ipv4Addr) -> bool {
        let [a, b, c, _] = address.octets();
        let is_never = address.is_link_local() || address.is_multicast() || a == 0 || a >= 240
            // Alibaba Cloud answers for its machines' secrets here.
            || address == Ipv4Addr::new(100, 100, 100, 200);
        let is_internal = address.is_private()
            || address.is_loopback()
            || (a == 100 && (64..128).contains(&b))
            || (a == 192 && b == 0 && (c == 0 || c == 2))
            || (a == 192 && b == 88 && c == 99)
            || (a == 198 && (b == 18 || b == 19))
            || (a == 198 && b == 51 && c == 100)
            || (a == 203 && b == 0 && c == 113);
        !is_never && (self == Self::Internal || !is_internal)
    }

    fn allows_v6(self, address: Ipv6Addr) -> bool {
        let [first, second, ..] = address.segments();
        let is_never = address.is_unspecified()
            || address.is_multicast()
            || address.is_unicast_link_local()
            // Amazon's metadata service.
            || address == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
        // What is translated to an address of version 4 leads where that leads.
        let embedded = match (first, second) {
            (0x64, 0xff9b) => Some(last_four(address)),
            (0x2002, _) => {
                let octets = address.octets();
                Some(Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5]))
            }
            (0, 0) if !address.is_loopback() => Some(last_four(address)),
            _ => None,
        };
        if let Some(embedded) = embedded {
            return !is_never && self.allows_v4(embedded);
        }
        let is_internal = address.is_loopback()
            || address.is_unique_local()
            || first & 0xe000 != 0x2000
            || (first == 0x2001 && (second == 0xdb8 || second < 0x200));
        !is_never && (self == Self::Internal || !is_internal)
    }

    /// Looks a host up and gives those of its addresses that may be connected to.
    pub(crate) async fn look_up(self, endpoint: &Endpoint) -> std::io::Result<Vec<SocketAddr>> {
        let found = tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port)).await?;
        let allowed: Vec<SocketAddr> = found.filter(|address| self.allows(address.ip())).collect();
        if allowed.is_empty() {
            let text = "the host has no address that may be connected to";
            return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, text));
        }
        Ok(allowed)
    }
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_read_and_shown() {
        for (text, shown) in [
            ("https://shop.example/api?x=1#top", "https://shop.example/api?x=1"),
            ("http://shop.example", "http://shop.example/"),
            ("http://shop.example:8080?x", "http://shop.example:8080/?x"),
            ("127.0.0.1:9090", "tcp://127.0.0.1:9090"),
            ("tls://[::1]:9090", "tls://[::1]:9090"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), shown);
        }
        for (text, error) in [
            ("ftp://a", EndpointError::Scheme),
            ("shop.example", EndpointError::Port),
            ("tcp://a:0", EndpointError::Port),
            ("http://a:70000/", EndpointError::Port),
            ("http://u:p@a/", EndpointError::UserInfo),
            ("http:///x", EndpointError::Host),
            ("http://a/\r\nx", EndpointError::Character),
        ] {
            assert_eq!(text.parse::<Endpoint>(), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_address_that_is_read_is_shown_so_that_it_is_read_again(text in ".*", scheme in "(https?|tcp|tls)://") {
            for text in [text.clone(), format!("{scheme}{text}")] {
                if let Ok(endpoint) = text.parse::<Endpoint>() {
                    let shown = endpoint.to_string();
                    prop_assert_eq!(shown.parse(), Ok(endpoint), "{}", shown);
                }
            }
        }
    }

    #[test]
    fn the_guard_knows_where_addresses_lead() {
        let never = ["169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "100.100.100.200"]
            .into_iter()
            .chain(["fe80::1", "::", "ff02::1", "fd00:ec2::254", "::ffff:169.254.169.254"])
            .chain(["64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "::169.254.169.254"]);
        for address in never {
            let address: IpAddr = address.parse().unwrap();
            assert!(!Reach::Internal.allows(address) && !Reach::Public.allows(address), "{address}");
        }
        let internal = ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.31.0.1", "100.64.0.1", "::1", "fd00::1"]
            .into_iter()
            .chain(["::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "198.18.0.1", "2001:db8::1"]);
        for address in internal {
            let address: IpAddr = address.parse().unwrap();
            assert!(Reach::Internal.allows(address) && !Reach::Public.allows(address), "{address}");
        }
        for address in ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"] {
            assert!(Reach::Public.allows(address.parse().unwrap()), "{address}");
        }
    }
}
