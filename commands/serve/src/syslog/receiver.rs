//! Where syslog messages go.

use std::{fmt, io, mem::MaybeUninit, path::PathBuf, str::FromStr};

use kefu_store::AuditLine;
use socket2::SockRef;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpStream, UdpSocket, UnixDatagram, lookup_host},
};

use super::line::{Heading, message};

/// Largest message over UDP: what every receiver should take (RFC 5426 §3.2).
const DATAGRAM_BYTES_MAX: usize = 2048;

/// Largest message elsewhere: what common receivers take.
const MESSAGE_BYTES_MAX: usize = 8192;

/// A receiver of syslog messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Receiver {
    /// A socket of this machine, such as `/dev/log`.
    Unix(PathBuf),
    /// Host and port, over UDP (RFC 5426).
    Udp(String),
    /// Host and port, over TCP with counted octets (RFC 6587 §3.4.1).
    Tcp(String),
}

/// Why a text names no receiver.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this names no socket and no host with a port")]
pub struct ReceiverError;

impl Default for Receiver {
    fn default() -> Self {
        Self::Unix("/dev/log".into())
    }
}

impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Udp(address) => write!(f, "udp://{address}"),
            Self::Tcp(address) => write!(f, "tcp://{address}"),
        }
    }
}

impl FromStr for Receiver {
    type Err = ReceiverError;

    fn from_str(text: &str) -> Result<Self, ReceiverError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.starts_with('/') { Ok(Self::Unix(path.into())) } else { Err(ReceiverError) };
        }
        let (scheme, address) = text.split_once("://").ok_or(ReceiverError)?;
        let (host, port) = address.rsplit_once(':').ok_or(ReceiverError)?;
        let is_name = !host.is_empty() && host.chars().all(|c| c.is_ascii_graphic() && c != '/');
        if !is_name || port.parse::<u16>().map_or(true, |port| port == 0) {
            return Err(ReceiverError);
        }
        match scheme {
            "udp" => Ok(Self::Udp(address.to_owned())),
            "tcp" => Ok(Self::Tcp(address.to_owned())),
            _ => Err(ReceiverError),
        }
    }
}

kefu_app::setting_from_text!(
    Receiver,
    "a receiver such as unix:/dev/log, udp://logs.example.com:514 or tcp://logs.example.com:601",
    "形如 unix:/dev/log、udp://logs.example.com:514 或 tcp://logs.example.com:601 的接收方"
);

/// An open way to a receiver.
pub(super) enum Connection {
    Unix(UnixDatagram),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Receiver {
    pub(super) async fn connect(&self) -> io::Result<Connection> {
        match self {
            Self::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                Ok(Connection::Unix(socket))
            }
            Self::Udp(address) => {
                let target = lookup_host(address).await?.next();
                let target = target.ok_or_else(|| io::Error::other("the name has no address"))?;
                let any = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(any).await?;
                socket.connect(target).await?;
                Ok(Connection::Udp(socket))
            }
            Self::Tcp(address) => TcpStream::connect(address).await.map(Connection::Tcp),
        }
    }
}

impl Connection {
    /// Finds out that a receiver has gone, where that shows.
    pub(super) fn check(&self) -> io::Result<()> {
        let Self::Tcp(stream) = self else { return Ok(()) };
        // Receivers say nothing: what can be read is the end. The system is asked, not the runtime, which learns of the
        // end only later.
        match SockRef::from(stream).recv(&mut [MaybeUninit::uninit(); 64]) {
            Ok(0) => Err(io::ErrorKind::ConnectionAborted.into()),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) async fn send(&mut self, lines: &[AuditLine], heading: &Heading) -> io::Result<()> {
        match self {
            Self::Unix(socket) => {
                for line in lines {
                    socket.send(message(line, heading, MESSAGE_BYTES_MAX).as_bytes()).await?;
                }
                Ok(())
            }
            Self::Udp(socket) => {
                for line in lines {
                    socket.send(message(line, heading, DATAGRAM_BYTES_MAX).as_bytes()).await?;
                }
                Ok(())
            }
            Self::Tcp(stream) => {
                let mut bytes = String::new();
                for line in lines {
                    let message = message(line, heading, MESSAGE_BYTES_MAX);
                    bytes.push_str(&format!("{} {message}", message.len()));
                }
                stream.write_all(bytes.as_bytes()).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_are_read_and_shown() {
        for text in ["unix:/dev/log", "udp://10.0.0.1:514", "tcp://logs.example.com:601", "udp://[::1]:514"] {
            assert_eq!(text.parse::<Receiver>().unwrap().to_string(), text);
        }
        for bad in [
            "",
            "unix:",
            "unix:dev/log",
            "udp://",
            "udp://host",
            "udp://:514",
            "tcp://host:0",
            "tcp://host:99999",
            "http://host:1",
            "udp://a b:1",
            "tcp://a/b:1",
        ] {
            assert_eq!(bad.parse::<Receiver>(), Err(ReceiverError), "{bad}");
        }
    }
}
