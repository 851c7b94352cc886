//! A server behind TLS as an address on this machine: whoever asks it knows nothing of TLS.
//!
//! Others on this machine cannot use it: each connection begins with a key that only this process knows.

use std::{
    io,
    net::TcpListener,
    path::Path,
    sync::{Arc, mpsc},
    time::Duration,
};

use kefu_app::{Exit, Failure, Text};
use kefu_upstream::{Connector, Endpoint, Reach, TlsSettings};
use tokio::{
    io::{AsyncReadExt as _, copy_bidirectional},
    time::timeout,
};

use crate::target::{Key, Target};

/// The key comes with the connection.
const KEY_WAIT: Duration = Duration::from_secs(5);

/// Opens a way to a server, which must be there; it ends with the process, as those do who use it.
///
/// # Errors
///
/// The server cannot be reached, or is not who it should be.
pub(crate) fn open(url: &str, ca_file: Option<&Path>) -> Result<Target, Failure> {
    let cannot = || {
        Failure::new(Exit::Unavailable, Text::new(format!("cannot reach {url}"), format!("无法连接 {url}")))
    };
    let endpoint: Endpoint = url.parse().map_err(|error| cannot().because(error))?;
    let tls = TlsSettings { ca_file: ca_file.map(Path::to_owned), identity: None };
    let connector =
        Connector::new(&endpoint, Reach::Internal, &tls).map_err(|error| cannot().because(error))?;
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::internal)?;
    listener.set_nonblocking(true).map_err(Failure::internal)?;
    let address = listener.local_addr().map_err(Failure::internal)?;
    let mut key = Key::default();
    getrandom::fill(&mut key).map_err(Failure::internal)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::internal)?;
    let (sender, tried) = mpsc::channel();
    std::thread::spawn(move || {
        runtime.block_on(async {
            let first = connector.connect().await.map(drop);
            let is_there = first.is_ok();
            if sender.send(first).is_ok() && is_there {
                // Whoever comes then finds nobody, and says so.
                drop(relay(listener, key, connector).await);
            }
        });
    });
    match tried.recv() {
        Ok(Ok(())) => Ok(Target::tunnel(address, key)),
        Ok(Err(error)) => Err(cannot().because(error)),
        Err(error) => Err(Failure::internal(error)),
    }
}

async fn relay(listener: TcpListener, key: Key, connector: Connector) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let connector = Arc::new(connector);
    loop {
        let (mut client, _) = listener.accept().await?;
        let connector = Arc::clone(&connector);
        tokio::spawn(async move {
            client.set_nodelay(true)?;
            let mut said = Key::default();
            timeout(KEY_WAIT, client.read_exact(&mut said)).await??;
            if said != key {
                return Ok(());
            }
            // A client whose server is gone sees the end of its connection.
            if let Ok(mut server) = connector.connect().await {
                copy_bidirectional(&mut client, &mut server).await?;
            }
            io::Result::Ok(())
        });
    }
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::Duration};

    use kefu_traffic::http::Limits;
    use tokio::{io::AsyncWriteExt as _, net::TcpStream};
    use tokio_rustls::{
        TlsAcceptor,
        rustls::{
            ServerConfig,
            crypto::ring,
            pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        },
    };

    use super::*;
    use crate::client::Client;

    fn file(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../crates/upstream/tests/tls").join(name)
    }

    /// A server for `localhost`; gives its URL.
    async fn server() -> String {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth();
        let chain = vec![CertificateDer::from_pem_file(file("localhost.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(file("localhost.key")).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    while stream.read(&mut [0; 1024]).await.is_ok_and(|len| len > 0) {
                        drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await);
                    }
                });
            }
        });
        format!("https://localhost:{port}")
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn requests_reach_a_server_behind_tls_if_it_is_who_it_should_be() {
        let url = server().await;
        let opened = |name: &'static str| {
            let url = url.clone();
            async move { tokio::task::spawn_blocking(move || open(&url, Some(&file(name)))).await.unwrap() }
        };
        let target = opened("authority.pem").await.unwrap();
        let mut client = Client::new(target, Duration::from_secs(20), Limits::default());
        for _ in 0..2 {
            let answer = client.ask(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", true).await.unwrap();
            assert!(answer.bytes.ends_with(b"ok"));
        }
        // Who does not know the key gets nothing, and is cut off.
        let mut stranger = TcpStream::connect(target.address).await.unwrap();
        let mut answer = Vec::new();
        stranger.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        drop(stranger.read_to_end(&mut answer).await);
        assert!(answer.is_empty(), "{answer:?}");
        let refused = opened("stranger.pem").await.unwrap_err();
        assert_eq!(refused.exit(), Exit::Unavailable);
        assert!(refused.line(kefu_app::Language::English).contains("certificate"), "{refused:?}");
    }
}
