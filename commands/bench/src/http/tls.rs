use std::{fmt, path::Path, sync::Arc};

use kefu_app::{Failure, Text};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::usage;

/// Whom to trust: the certificates of the system and those of a file.
pub(super) fn config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, Failure> {
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
