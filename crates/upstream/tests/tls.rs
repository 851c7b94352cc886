//! TLS: who is trusted, whose name it must be, and who we say that we are. The keys were made for these tests and
//! secure nothing.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use http::Request;
use kefu_upstream::{HttpClient, HttpSettings, Reach, TlsSettings, Trouble};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        server::WebPkiClientVerifier,
    },
};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tls").join(name)
}

/// A server for `localhost` that answers each connection once; gives its port.
async fn server(asks_for_a_certificate: bool) -> u16 {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = if asks_for_a_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(file("authority.pem")).unwrap()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let chain = vec![CertificateDer::from_pem_file(file("localhost.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("localhost.key")).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                if stream.read(&mut [0; 1024]).await.is_ok_and(|len| len > 0) {
                    drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await);
                    drop(stream.shutdown().await);
                }
            });
        }
    });
    port
}

async fn ask(host: &str, port: u16, tls: TlsSettings) -> Result<Bytes, Trouble> {
    let settings = HttpSettings {
        endpoint: format!("https://{host}:{port}/").parse().unwrap(),
        reach: Reach::Internal,
        tls,
        connections_max: 1,
        body_bytes_max: 100,
        authorization: None,
    };
    let client = HttpClient::new(&settings).unwrap();
    client.send(Request::get("/").body(Bytes::new()).unwrap()).await.map(http::Response::into_body)
}

#[tokio::test]
async fn only_who_is_trusted_and_has_the_name_is_spoken_to() {
    let port = server(false).await;
    let trusting = TlsSettings { ca_file: Some(file("authority.pem")), identity: None };
    assert_eq!(ask("localhost", port, trusting.clone()).await.unwrap(), "ok");
    let error = ask("127.0.0.1", port, trusting).await.unwrap_err();
    assert!(matches!(error, Trouble::Connect(_)) && error.to_string().contains("certificate"), "{error}");
    // Trusted is somebody else.
    let stranger = TlsSettings { ca_file: Some(file("stranger.pem")), identity: None };
    let error = ask("localhost", port, stranger).await.unwrap_err();
    assert!(matches!(error, Trouble::Connect(_)), "{error}");
}

#[tokio::test]
async fn we_say_who_we_are_if_we_are_asked() {
    let port = server(true).await;
    let identity = Some((file("localhost.pem"), file("localhost.key")));
    let ca_file = Some(file("authority.pem"));
    let known = TlsSettings { ca_file: ca_file.clone(), identity };
    assert_eq!(ask("localhost", port, known).await.unwrap(), "ok");
    assert!(ask("localhost", port, TlsSettings { ca_file, identity: None }).await.is_err());
}

#[test]
fn files_that_are_no_certificates_are_refused() {
    let settings = |tls| HttpSettings {
        endpoint: "https://localhost/".parse().unwrap(),
        reach: Reach::Internal,
        tls,
        connections_max: 1,
        body_bytes_max: 1,
        authorization: None,
    };
    for (ca_file, said) in [("none.pem", "none.pem"), ("localhost.key", "there is no certificate in it")] {
        let tls = TlsSettings { ca_file: Some(file(ca_file)), identity: None };
        let error = HttpClient::new(&settings(tls)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let identity = Some((file("authority.pem"), file("localhost.key")));
    let tls = TlsSettings { ca_file: Some(file("authority.pem")), identity };
    let error = HttpClient::new(&settings(tls)).unwrap_err().to_string();
    assert!(error.contains("authority.pem"), "{error}");
}
