//! Connections of TCP, with or without TLS.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls::pki_types::ServerName};

use crate::{Endpoint, Reach, TlsError, TlsSettings, Trouble};

/// How long one address of a host has to take a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection.
#[derive(Debug)]
pub enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// Within TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

/// Makes connections to one place.
pub struct Connector {
    endpoint: Endpoint,
    reach: Reach,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// Will connect to an endpoint.
    ///
    /// # Errors
    /// Its certificates cannot be read, or its host is no name for TLS.
    pub fn new(endpoint: &Endpoint, reach: Reach, tls: &TlsSettings) -> Result<Self, TlsError> {
        let tls = if endpoint.is_tls {
            let name = ServerName::try_from(endpoint.host.clone());
            let name = name.map_err(|error| TlsError::invalid_host(&endpoint.host, &error))?;
            Some((tls.connector()?, name))
        } else {
            None
        };
        Ok(Self { endpoint: endpoint.clone(), reach, tls })
    }

    /// Makes a connection to the first address that takes one.
    ///
    /// # Errors
    /// None does, or the server is not who it should be.
    pub async fn connect(&self) -> Result<Stream, Trouble> {
        let addresses = self.reach.look_up(&self.endpoint).await.map_err(Trouble::Connect)?;
        let mut last = None;
        for address in addresses {
            match timeout(CONNECT_TIMEOUT, self.connect_to(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = Some(error),
                Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
            }
        }
        Err(Trouble::Connect(last.unwrap_or_else(|| io::ErrorKind::NotFound.into())))
    }

    async fn connect_to(&self, address: std::net::SocketAddr) -> io::Result<Stream> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Stream::Plain(stream)),
            Some((tls, name)) => Ok(Stream::Tls(Box::new(tls.connect(name.clone(), stream).await?))),
        }
    }
}

impl Stream {
    /// Whether nothing came while nothing was asked for: neither the end nor bytes that belong to no call.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut byte = [0; 1];
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(self).poll_read(&mut context, &mut ReadBuf::new(&mut byte)).is_pending()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
