//! TLS towards the target, for sockets that a poller has and for those of tokio.

use std::{
    fmt,
    io::{self, ErrorKind, Read, Write},
    path::Path,
    sync::Arc,
};

use kefu_app::{Failure, Text};
use mio::net::TcpStream;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio_rustls::TlsConnector;

use crate::usage;

/// Whom to trust, and the name that the server must have.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

/// A connection of tokio within TLS.
pub(crate) type Wrapped = tokio_rustls::client::TlsStream<tokio::net::TcpStream>;

impl Tls {
    /// What it takes to talk to a host.
    pub(crate) fn towards(host: &str, ca_file: Option<&Path>) -> Result<Self, Failure> {
        let name = ServerName::try_from(host.to_owned()).map_err(|error| {
            usage(format!("cannot use the host {host} with TLS"), format!("无法对主机 {host} 使用 TLS"))
                .because(error)
        })?;
        Ok(Self { config: config(ca_file)?, name })
    }

    /// Begins TLS over a socket that need not be connected yet.
    pub(crate) fn begin(&self, socket: TcpStream) -> io::Result<Session> {
        let session = ClientConnection::new(Arc::clone(&self.config), self.name.clone());
        Ok(Session(Box::new(StreamOwned::new(session.map_err(io::Error::other)?, socket))))
    }

    /// Opens TLS over a connection.
    pub(crate) async fn wrap(&self, socket: tokio::net::TcpStream) -> io::Result<Wrapped> {
        TlsConnector::from(Arc::clone(&self.config)).connect(self.name.clone(), socket).await
    }
}

/// A socket within TLS that never blocks.
#[derive(Debug)]
pub(crate) struct Session(Box<StreamOwned<ClientConnection, TcpStream>>);

impl Session {
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        &mut self.0.sock
    }

    /// Goes on with the handshake; says whether it is done.
    pub(crate) fn shake(&mut self) -> io::Result<bool> {
        let stream = &mut self.0;
        while stream.conn.is_handshaking() {
            match stream.conn.complete_io(&mut stream.sock) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        // The last message of the handshake is ours; what does not go now goes with what is sent first.
        Ok(true)
    }
}

impl Read for Session {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Session {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Trust in the certificates of the system and in those of a file.
fn config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    // What the system has and cannot be read is as good as not there; a server that needs it will say so.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let failed = |cause: &dyn fmt::Display| {
            let path = path.display();
            usage(format!("cannot use {path}: {cause}"), format!("无法使用 {path}: {cause}"))
        };
        let found = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| failed(&error))?;
        if found.is_empty() {
            return Err(failed(&"there is no certificate in it"));
        }
        for certificate in found {
            roots.add(certificate).map_err(|error| failed(&error))?;
        }
    }
    if roots.is_empty() {
        return Err(usage("cannot trust anybody", "没有可信任的证书").hint(Text::new(
            "the system has no certificates; name a file of them with --ca-file",
            "系统中没有证书; 请用 --ca-file 指定证书文件",
        )));
    }
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(Failure::internal)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
