//! TLS to a server of MySQL, trusted as far as its address says.

use std::{io, path::PathBuf, sync::Arc};

use tokio_rustls::{
    TlsConnector,
    rustls::{
        CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
        client::{
            WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        },
        crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
        pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    },
};

use super::wire::{Socket, WireError};

/// How much a server has to prove, as in the driver's `ssl-mode`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Mode {
    /// Never TLS.
    Disabled,
    /// TLS with whoever offers it.
    #[default]
    Preferred,
    /// TLS with anybody.
    Required,
    /// A certificate of somebody who is trusted.
    Authority,
    /// And one with the name of the host.
    Identity,
}

/// Who is trusted.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    pub(super) mode: Mode,
    /// Certificates in the place of those of the system.
    pub(super) authority: Option<PathBuf>,
}

impl Trust {
    /// Whether TLS is to be spoken with a server that offers it or not.
    pub(super) fn wants_tls(&self, is_offered: bool) -> bool {
        match self.mode {
            Mode::Disabled => false,
            Mode::Preferred => is_offered,
            Mode::Required | Mode::Authority | Mode::Identity => true,
        }
    }
}

/// Speaks TLS on a connection.
pub(super) async fn connect(
    socket: Box<dyn Socket>,
    host: &str,
    trust: &Trust,
) -> Result<Box<dyn Socket>, WireError> {
    let provider = Arc::new(ring::default_provider());
    let verified = match trust.mode {
        Mode::Authority | Mode::Identity => Some(
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots(trust)?), Arc::clone(&provider))
                .build()
                .map_err(io::Error::other)?,
        ),
        _ => None,
    };
    let checks_name = trust.mode == Mode::Identity;
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { verified, checks_name, provider }))
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let socket = TlsConnector::from(Arc::new(config)).connect(name, socket).await?;
    Ok(Box::new(socket))
}

fn roots(trust: &Trust) -> Result<RootCertStore, WireError> {
    let mut roots = RootCertStore::empty();
    let certificates = match &trust.authority {
        Some(path) => {
            let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            read.map_err(io::Error::other)?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    roots.add_parsable_certificates(certificates);
    Ok(roots)
}

/// Checks what the mode wants to have checked.
#[derive(Debug)]
struct Verifier {
    verified: Option<Arc<WebPkiServerVerifier>>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(verified) = &self.verified else { return Ok(ServerCertVerified::assertion()) };
        match verified.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
