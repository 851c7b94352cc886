//! A small HTTP client: one request a connection, nothing hidden.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// An answer, or as much of it as came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body of an answer with this status; panics for any other.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

/// Opens a connection on which nothing waits for ever.
pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, super::random::patience())?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(super::random::patience()))?;
    stream.set_write_timeout(Some(super::random::patience()))?;
    Ok(stream)
}

/// Makes one request.
///
/// # Errors
/// When no whole answer came: what became of the request is then unknown.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> io::Result<Answer> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    if let Some(token) = token {
        head.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    if !body.is_empty() {
        head.push_str("Content-Type: application/json\r\n");
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    raw(address, &[head.as_bytes(), body.as_bytes()])
}

/// Sends bytes as they are and reads one answer.
///
/// # Errors
/// As [`request`].
pub(crate) fn raw(address: SocketAddr, parts: &[&[u8]]) -> io::Result<Answer> {
    let mut stream = connect(address)?;
    for part in parts {
        // A server that refuses early may close before everything is sent; its answer counts.
        if stream.write_all(part).is_err() {
            break;
        }
    }
    read_answer(&mut stream)
}

/// Reads one answer.
///
/// # Errors
/// As [`request`].
pub(crate) fn read_answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        if let Some(answer) = parse(&bytes) {
            return Ok(answer);
        }
        match stream.read(&mut buffer)? {
            0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is cut off")),
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = &bytes[end + 4..];
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let header = |wanted: &str| {
        head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_ascii_lowercase())
        })
    };
    let body = if header("transfer-encoding").is_some_and(|value| value == "chunked") {
        chunks(body)?
    } else {
        let len = header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        body.get(..len)?.to_vec()
    };
    Some(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

/// Joins a chunked body; `None` while its end has not come.
fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n")?;
        let len = usize::from_str_radix(str::from_utf8(&rest[..line]).ok()?.trim(), 16).ok()?;
        if len == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + len)?);
        rest = rest.get(line + 4 + len..)?;
    }
}

/// A read time-out that stands for "nothing came".
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Reads until the peer closes; returns how many bytes came, or `None` when it did not close within `wait`.
pub(crate) fn read_to_close(stream: &mut TcpStream, wait: Duration) -> Option<usize> {
    let deadline = std::time::Instant::now() + wait;
    let mut buffer = [0; 16 * 1024];
    let mut count = 0;
    loop {
        let left = deadline.checked_duration_since(std::time::Instant::now())?;
        stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
        match stream.read(&mut buffer) {
            Ok(0) => return Some(count),
            Ok(read) => count += read,
            Err(error) if is_timeout(&error) => return None,
            Err(_) => return Some(count),
        }
    }
}
