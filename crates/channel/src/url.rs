//! Addresses: parameters, and whether a request may go there.

/// Percent-encodes all but letters, digits and `-._~`.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Reads `a=1&b=2`; what is not UTF-8 is replaced. `None` if there are more than `max`.
pub(super) fn parameters(text: &str, max: usize) -> Option<Vec<(String, String)>> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs: Vec<_> = pairs.take(max + 1).map(|pair| pair.split_once('=').unwrap_or((pair, ""))).collect();
    (pairs.len() <= max)
        .then(|| pairs.into_iter().map(|(name, value)| (decode(name), decode(value))).collect())
}

/// The first parameter of this name.
pub(super) fn parameter<'p>(parameters: &'p [(String, String)], name: &str) -> Option<&'p str> {
    parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digit = |at: usize| bytes.get(at).and_then(|&byte| char::from(byte).to_digit(16));
        let (decoded, length) = match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => (u8::try_from(high << 4 | low).unwrap_or(byte), 3),
            (b'+', ..) => (b' ', 1),
            _ => (byte, 1),
        };
        out.push(decoded);
        at += length;
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Scheme, host and port, by which a request is let out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Origin {
    is_https: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// Reads the origin of an address; a doubtful one is refused.
    pub(super) fn of(url: &str) -> Result<Self, &'static str> {
        let (is_https, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("an address begins with https://"),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if path.bytes().any(|byte| byte <= b' ' || byte >= 0x7f || byte == b'\\' || byte == b'#') {
            return Err("an address has no blanks, backslashes, fragments or characters beyond ASCII");
        }
        Self::authority(authority, is_https)
    }

    /// Reads `host` or `host:port`.
    pub(super) fn authority(text: &str, is_https: bool) -> Result<Self, &'static str> {
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (format!("[{host}]"), None),
            Some((host, rest)) => (format!("[{host}]"), rest.strip_prefix(':')),
            None => match text.split_once(':') {
                Some((host, port)) => (host.to_owned(), Some(port)),
                None => (text.to_owned(), None),
            },
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        let is_address = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        let fits = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(host) => host.bytes().all(is_address) && host.contains(':'),
            None => {
                host.bytes().all(is_name) && host.starts_with(|first: char| first.is_ascii_alphanumeric())
            }
        };
        if !fits || host.len() > 255 {
            return Err("an address needs a host, without a user name");
        }
        let port = match port {
            None => Some(if is_https { 443 } else { 80 }),
            Some(port) => port.parse().ok().filter(|&number| number > 0 && !port.starts_with('+')),
        };
        let port = port.ok_or("a port is a number up to 65535")?;
        Ok(Self { is_https, host: host.to_ascii_lowercase(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once() {
        let read = parameters("a=1%2B2+3&hub.mode=x%&a=2&flag", 9).unwrap();
        assert_eq!(parameter(&read, "a"), Some("1+2 3"));
        assert_eq!(parameter(&read, "hub.mode"), Some("x%"));
        assert_eq!(parameter(&read, "flag"), Some(""));
        assert_eq!(parameter(&read, "b"), None);
        assert_eq!(parameters("a&b&c", 2), None);
        assert_eq!(encode("a b/你"), "a%20b%2F%E4%BD%A0");
    }

    #[test]
    fn origins_are_compared_whole() {
        let api = Origin::authority("api.example.com", true).unwrap();
        for url in ["https://api.example.com/a?b=c", "https://API.example.com:443"] {
            assert_eq!(Origin::of(url).as_ref(), Ok(&api), "{url}");
        }
        for url in [
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://api.example.com.evil.net/",
            "https://evil.net/api.example.com",
        ] {
            assert_ne!(Origin::of(url).as_ref(), Ok(&api), "{url}");
        }
        for url in [
            "https://api.example.com@evil.net/",
            "https://api.example.com\\@evil.net/",
            "https://evil.net\\.api.example.com/",
            "https://api.example.com/a b",
            "https://api.example.com/\r\nhost: x",
            "https://api.example.com/#a",
            "https:///a",
            "https://api.example.com:0/",
            "https://api.example.com:+443/",
            "//api.example.com/",
            "file:///etc/passwd",
        ] {
            assert!(Origin::of(url).is_err(), "{url}");
        }
        assert!(Origin::of("http://[::1]:3000/a").is_ok());
    }
}
