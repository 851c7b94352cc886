use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use crate::{target::Target, tls::Session};

/// A socket that never blocks, with TLS or without.
#[derive(Debug)]
pub(crate) enum Link {
    Plain(TcpStream),
    Tls(Session),
}

impl Link {
    /// Begins to connect; `number` picks the source address. The socket becomes writable when it is done.
    pub(crate) fn open(target: &Target, number: usize) -> io::Result<Self> {
        let address = target.address;
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        // What is sent is small and awaited.
        socket.set_tcp_nodelay(true)?;
        if let Some(source) = target.source(number) {
            socket.bind(&SocketAddr::new(source, 0).into())?;
        }
        match socket.connect(&address.into()) {
            Err(error) if !is_under_way(&error) => return Err(error),
            _ => {}
        }
        let socket = TcpStream::from_std(socket.into());
        match &target.tls {
            None => Ok(Self::Plain(socket)),
            Some(tls) => tls.begin(socket).map(Self::Tls),
        }
    }

    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(session) => session.socket(),
        }
    }

    /// Whether the socket is connected, or why it never will be.
    pub(crate) fn is_connected(&mut self) -> io::Result<bool> {
        let socket = self.socket();
        if let Some(error) = socket.take_error()? {
            return Err(error);
        }
        match socket.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether a read that gives less than it was asked for has taken all there is.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Goes on with the handshake of TLS; says whether it is done.
    pub(crate) fn shake(&mut self) -> io::Result<bool> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Tls(session) => session.shake(),
        }
    }
}

fn is_under_way(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error())
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(session) => match session.read(buffer) {
                // Many servers leave without the goodbye that TLS has for it.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
                read => read,
            },
        }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(bytes),
            Self::Tls(session) => session.write(bytes),
        }
    }

    /// Sends what TLS has taken and the socket has not.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(session) => match session.flush() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
                flushed => flushed,
            },
        }
    }
}
