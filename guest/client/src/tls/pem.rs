//! Certificates and keys in PEM texts.

use crate::error::Error;
use alloc::format;
use alloc::vec::Vec;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The certificates of a PEM text; at least one.
pub(super) fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    certificates.ok().filter(|found| !found.is_empty()).ok_or_else(|| unusable("certificate"))
}

/// The private key of a PEM text.
pub(super) fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unusable("private key"))
}

/// Nothing of the text itself, which may be a key.
pub(super) fn unusable(what: &str) -> Error {
    Error::invalid_argument(format!("no usable {what} in the PEM text"))
}
