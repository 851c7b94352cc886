use std::{fmt, path::PathBuf, sync::Arc};

use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

/// Whom to trust, and who we are.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TlsSettings {
    /// A file of certificates (PEM) that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Files of our own certificate and its key (PEM), for services that ask for one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Certificates cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {what}: {cause}")]
pub struct TlsError {
    what: String,
    cause: String,
}

impl TlsError {
    pub(crate) fn invalid_host(host: &str, cause: &dyn std::fmt::Display) -> Self {
        Self::new(&format_args!("the host {host:?} with TLS"), cause)
    }

    fn new(what: &dyn fmt::Display, cause: &dyn fmt::Display) -> Self {
        Self { what: what.to_string(), cause: cause.to_string() }
    }
}

impl TlsSettings {
    /// Reads the files.
    pub(crate) fn connector(&self) -> Result<TlsConnector, TlsError> {
        let mut roots = RootCertStore::empty();
        // What the system has and cannot be read is as good as not there; a service that needs it says so.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &self.ca_file {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| TlsError::new(&path.display(), &error))?;
            }
        }
        if roots.is_empty() {
            return Err(TlsError::new(
                &"TLS",
                &"the system has no certificates to trust; name a file of them",
            ));
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::new(&"TLS", &error))?
            .with_root_certificates(roots);
        let config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key_file)) => {
                let key = PrivateKeyDer::from_pem_file(key_file)
                    .map_err(|error| TlsError::new(&key_file.display(), &error))?;
                builder
                    .with_client_auth_cert(certificates(certificate)?, key)
                    .map_err(|error| TlsError::new(&certificate.display(), &error))?
            }
        };
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

fn certificates(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |cause: &dyn fmt::Display| TlsError::new(&path.display(), cause);
    let found = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(&error))?;
    if found.is_empty() { Err(failed(&"there is no certificate in it")) } else { Ok(found) }
}
