//! Root certificates.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::config::HttpConfigError;
use crate::regular_file;

/// Maximum length of a file of root certificates, in bytes.
const CA_FILE_BYTES_MAX: u64 = 4 << 20;

/// A TLS configuration with the built-in root certificates and those of `ca_file`.
///
/// # Errors
/// If the file cannot be read, has no certificates, or has an invalid one.
pub(super) fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, HttpConfigError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_file {
        add_certificates(&mut roots, path)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn add_certificates(roots: &mut RootCertStore, path: &Path) -> Result<(), HttpConfigError> {
    let pem = regular_file::read(path, CA_FILE_BYTES_MAX)
        .map_err(|cause| HttpConfigError::CaFile { path: path.to_owned(), cause: cause.into() })?;
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|cause| HttpConfigError::CaFile {
            path: path.to_owned(),
            cause: cause.into(),
        })?;
        roots.add(certificate).map_err(|cause| HttpConfigError::CaFile {
            path: path.to_owned(),
            cause: cause.into(),
        })?;
        count += 1;
    }
    if count == 0 {
        return Err(HttpConfigError::NoCertificates { path: path.to_owned() });
    }
    Ok(())
}
