//! Where a load goes: a URL, its address, and whether it may go there.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _},
    path::Path,
};

use kefu_app::{Failure, Text};

use crate::{tls::Tls, usage};

/// Where to connect, and from where.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// Host and port as they stand in requests.
    pub(crate) authority: String,
    /// Addresses to connect from, in turn; none leaves it to the system.
    pub(crate) sources: Vec<IpAddr>,
    /// How to talk to it, if not in the clear.
    pub(crate) tls: Option<Tls>,
}

impl Target {
    /// The address that connection number `number` comes from, if that is not the system's to choose.
    pub(crate) fn source(&self, number: usize) -> Option<IpAddr> {
        let sources = &self.sources;
        (!sources.is_empty()).then(|| sources[number % sources.len()])
    }
}

/// A URL whose host was found and is allowed.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    pub(crate) target: Target,
    /// Path and query as they stand in requests.
    pub(crate) path: String,
}

impl Url {
    /// Reads `http://host[:port][/path]`, or with `https`, and finds its address; hosts that are not this machine must
    /// be among `allowed`. Those of the system are trusted, and of `ca_file`.
    pub(crate) fn find(
        url: &str,
        sources: u32,
        allowed: &[String],
        ca_file: Option<&Path>,
    ) -> Result<Self, Failure> {
        let wrong = || {
            usage(format!("cannot use the URL {url}"), format!("无法使用网址 {url}"))
                .hint(Text::new("it must look like http://127.0.0.1:8080", "格式应为 http://127.0.0.1:8080"))
        };
        let (is_tls, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(wrong()),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        // What follows is for the reader alone.
        let path = path.split('#').next().unwrap_or_default();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if authority.is_empty() || authority.contains('@') || !is_plain(authority) || !is_plain(&path) {
            return Err(wrong());
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
            _ => (authority, if is_tls { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(wrong());
        }
        let addresses: Vec<SocketAddr> = (host.as_str(), port)
            .to_socket_addrs()
            .map_err(|error| usage(format!("cannot find {host}"), format!("找不到 {host}")).because(error))?
            .collect();
        allow(&host, &addresses, allowed)?;
        let address = addresses.iter().min_by_key(|address| address.is_ipv6()).copied().ok_or_else(wrong)?;
        let sources = source_addresses(address, sources)?;
        let tls = if is_tls { Some(Tls::towards(&host, ca_file)?) } else { None };
        Ok(Self { target: Target { address, authority: authority.to_owned(), sources, tls }, path })
    }
}

/// Load is an attack on whoever did not ask for it.
fn allow(host: &str, addresses: &[SocketAddr], allowed: &[String]) -> Result<(), Failure> {
    let is_here = addresses.iter().all(|address| address.ip().is_loopback());
    if is_here || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
        return Ok(());
    }
    let text = usage(
        format!("cannot put load on {host}, which is not this machine, without leave"),
        format!("未经允许, 不能对 {host} 施加负载: 它不是本机"),
    );
    let hint = Text::new(
        format!("allow it with --allow-host {host}, if it is yours"),
        format!("如果它属于您, 可用 --allow-host {host} 允许"),
    );
    Err(text.hint(hint))
}

fn source_addresses(target: SocketAddr, count: u32) -> Result<Vec<IpAddr>, Failure> {
    if count == 1 {
        return Ok(Vec::new());
    }
    if !target.is_ipv4() || !target.ip().is_loopback() {
        return Err(usage(
            "--source-addresses works only towards 127.0.0.0/8",
            "--source-addresses 只能用于 127.0.0.0/8",
        ));
    }
    let base = u32::from(Ipv4Addr::LOCALHOST);
    Ok((0..count).map(|number| IpAddr::V4(Ipv4Addr::from(base + number))).collect())
}

#[cfg(test)]
mod tests {
    use kefu_app::Language;

    use super::*;

    fn find(url: &str, sources: u32) -> Result<Url, String> {
        Url::find(url, sources, &[], None).map_err(|failure| failure.line(Language::English))
    }

    #[test]
    fn urls() {
        for (url, address, path) in [
            ("http://127.0.0.1:8080", "127.0.0.1:8080", "/"),
            ("http://127.0.0.1/", "127.0.0.1:80", "/"),
            ("http://[::1]:9000/a?b=c#d", "[::1]:9000", "/a?b=c"),
            ("http://[::1]?b", "[::1]:80", "/?b"),
        ] {
            let url = find(url, 1).unwrap();
            assert_eq!((url.target.address, url.path.as_str()), (address.parse().unwrap(), path));
        }
        for bad in [
            "127.0.0.1:8080",
            "ftp://x",
            "http://",
            "http:///",
            "http://u@127.0.0.1",
            "http://127.0.0.1:70000",
            "http://127.0.0.1/a b",
            "http://:80/",
        ] {
            assert!(find(bad, 1).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_this_machine_is_loaded_without_leave() {
        let line = find("http://192.0.2.1/", 1).unwrap_err();
        assert!(line.contains("--allow-host 192.0.2.1"), "{line}");
        assert!(Url::find("http://192.0.2.1/", 1, &["192.0.2.1".into()], None).is_ok());
    }

    #[test]
    fn sources_are_neighbours_of_localhost() {
        let sources: Vec<_> =
            find("http://127.0.0.1:1", 3).unwrap().target.sources.iter().map(ToString::to_string).collect();
        assert_eq!(sources, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
        assert!(find("http://[::1]:1", 3).is_err());
    }
}
