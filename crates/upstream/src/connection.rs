//! Connections of TCP, with or without TLS.

use std::{
    io,
    net::SocketAddr,
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
        self.first(|address| async move { self.within_tls(in_clear(address).await?).await }).await
    }

    /// Makes a connection for a protocol that agrees on TLS by its first words.
    ///
    /// # Errors
    /// No address takes one.
    pub async fn connect_in_clear(&self) -> Result<TcpStream, Trouble> {
        self.first(in_clear).await
    }

    /// Goes on within TLS on a connection that began in the clear, if the endpoint is to be spoken to so.
    ///
    /// # Errors
    /// The server is not who it should be. Time is the caller's to limit.
    pub async fn encrypt(&self, stream: TcpStream) -> Result<Stream, Trouble> {
        self.within_tls(stream).await.map_err(Trouble::Connect)
    }

    /// What the first address gives that gives something in time.
    async fn first<T, F: Future<Output = io::Result<T>>>(
        &self,
        connect: impl Fn(SocketAddr) -> F,
    ) -> Result<T, Trouble> {
        let addresses = self.reach.look_up(&self.endpoint).await.map_err(Trouble::Connect)?;
        let mut last = None;
        for address in addresses {
            match timeout(CONNECT_TIMEOUT, connect(address)).await {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(error)) => last = Some(error),
                Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
            }
        }
        Err(Trouble::Connect(last.unwrap_or_else(|| io::ErrorKind::NotFound.into())))
    }

    async fn within_tls(&self, stream: TcpStream) -> io::Result<Stream> {
        match &self.tls {
            None => Ok(Stream::Plain(stream)),
            Some((tls, name)) => Ok(Stream::Tls(Box::new(tls.connect(name.clone(), stream).await?))),
        }
    }
}

async fn in_clear(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
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
