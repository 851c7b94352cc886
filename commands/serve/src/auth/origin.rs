//! Web origins (RFC 6454): which page a request comes from.

use std::fmt;

/// Longest origin that is looked at, in bytes.
const MAX_BYTES: usize = 300;

/// An origin of the web in its one written form: lower case, no default port.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Origin {
    secure: bool,
    /// Host, and port where it is not the scheme's own.
    authority: String,
}

impl Origin {
    /// Reads `https://host[:port]`; nothing may follow but one slash.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let lower = text.to_ascii_lowercase();
        let (secure, rest) = match (lower.strip_prefix("https://"), lower.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return None,
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        Some(Self { secure, authority: normal_authority(authority, secure)? })
    }

    /// The origin of a longer address, such as the one that the daemon is reached by.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        Self::parse(&format!("{scheme}://{authority}"))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http{}://{}", if self.secure { "s" } else { "" }, self.authority)
    }
}

/// Whether a page at `origin` is the daemon's own, which was reached as `host` and is known as `public_url`.
///
/// A daemon that is known by a secure address does not trust pages that came by an insecure one.
pub(crate) fn is_own(origin: &str, host: Option<&str>, public_url: Option<&str>) -> bool {
    let Some(origin) = Origin::parse(origin) else { return false };
    let public = public_url.and_then(Origin::of_url);
    if public.as_ref() == Some(&origin) {
        return true;
    }
    let downgraded = public.is_some_and(|public| public.secure) && !origin.secure;
    let host = host.and_then(|host| normal_authority(&host.to_ascii_lowercase(), origin.secure));
    !downgraded && host.is_some_and(|host| host == origin.authority)
}

fn normal_authority(authority: &str, secure: bool) -> Option<String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let valid_host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        }
    };
    if !valid_host {
        return None;
    }
    let Some(port) = port else { return Some(host.to_owned()) };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse::<u16>().ok().filter(|port| digits && *port != 0)?;
    let default = if secure { 443 } else { 80 };
    Some(if port == default { host.to_owned() } else { format!("{host}:{port}") })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn written_in_one_form() {
        for (text, normal) in [
            ("https://Shop.Example", "https://shop.example"),
            ("https://shop.example:443/", "https://shop.example"),
            ("http://shop.example:8080", "http://shop.example:8080"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), normal);
        }
        for bad in [
            "",
            "null",
            "*",
            "shop.example",
            "ftp://shop.example",
            "https://",
            "https://a b",
            "https://a/b",
            "https://u@a",
            "https://a:0",
            "https://a:",
            "https://a:+1",
            "https://a:65536",
            "https://[::g]",
            "https://a//",
            "https://*.example",
        ] {
            assert_eq!(Origin::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn own_pages_are_those_of_the_host() {
        assert!(is_own("http://127.0.0.1:8080", Some("127.0.0.1:8080"), None));
        assert!(is_own("https://chat.example", Some("chat.example"), None));
        assert!(is_own("https://chat.example", Some("10.0.0.5:8080"), Some("https://chat.example/")));
        assert!(is_own("https://other.example", Some("other.example:443"), Some("https://chat.example")));
        assert!(!is_own("http://chat.example", Some("chat.example"), Some("https://chat.example")));
        assert!(!is_own("https://evil.example", Some("chat.example"), Some("https://chat.example")));
        assert!(!is_own("http://127.0.0.1:8081", Some("127.0.0.1:8080"), None));
        assert!(!is_own("null", Some("null"), None));
        assert!(!is_own("http://a", None, None));
    }

    proptest! {
        #[test]
        fn reading_is_stable(text in "(https?://)?\\PC{0,40}", host in "\\PC{0,20}") {
            if let Some(origin) = Origin::parse(&text) {
                prop_assert_eq!(Origin::parse(&origin.to_string()), Some(origin));
            }
            is_own(&text, Some(&host), Some(&text));
        }
    }
}
