//! Certificates and keys in PEM texts, parsed once for all sessions that use them.

use crate::error::Error;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

/// Trusted certificates. A clone shares them.
#[derive(Clone)]
pub struct Roots(Arc<Parsed>);

struct Parsed {
    anchors: Vec<TrustAnchor<'static>>,
    own: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// The certificates of a PEM text, behind these.
    pub(super) fn from_pem(pem: &str, public: &[TrustAnchor<'static>]) -> Result<Self, Error> {
        let own = certificates(pem)?;
        let mut store = RootCertStore { roots: public.to_vec() };
        for certificate in &own {
            store.add(certificate.clone()).map_err(|_| unusable("certificate"))?;
        }
        Ok(Self(Arc::new(Parsed { anchors: store.roots, own })))
    }

    /// What a chain may end at.
    pub(super) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.0.anchors
    }

    /// The certificates of the text, which a server may show itself.
    pub(super) fn own(&self) -> &[CertificateDer<'static>] {
        &self.0.own
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roots").field("certificates", &self.0.own.len()).finish_non_exhaustive()
    }
}

/// A certificate chain and its private key. A clone shares them.
#[derive(Clone)]
pub struct Identity(pub(super) Arc<SingleCertAndKey>);

impl Identity {
    /// From two PEM texts: the certificate with the intermediate ones after it, and the key as PKCS#8, SEC1 or PKCS#1.
    ///
    /// # Errors
    ///
    /// [`Error::invalid_argument`] for a text without a usable certificate or key, and for the key of another certificate.
    pub fn from_pem(certificates: &str, private_key: &str) -> Result<Self, Error> {
        let chain = self::certificates(certificates)?;
        let key = PrivateKeyDer::from_pem_slice(private_key.as_bytes()).map_err(|_| unusable("private key"))?;
        let pair = CertifiedKey::from_der(chain, key, &ftp_crypto::provider()).map_err(setup)?;
        Ok(Self(Arc::new(pair.into())))
    }
}

impl fmt::Debug for Identity {
    /// Nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// The certificates of a PEM text; at least one.
fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    certificates.ok().filter(|found| !found.is_empty()).ok_or_else(|| unusable("certificate"))
}

/// Nothing of the text itself, which may be a key.
fn unusable(what: &str) -> Error {
    Error::invalid_argument(format!("no usable {what} in the PEM text"))
}

fn setup(error: rustls::Error) -> Error {
    match error {
        rustls::Error::General(text) => Error::invalid_argument(text),
        error => Error::invalid_argument(error.to_string()),
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use crate::error::FailureKind;
    use crate::tls::Trust;
    use alloc::string::String;

    /// A certificate and its key.
    fn made() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn is_invalid<T>(result: Result<T, Error>) -> bool {
        result.err().and_then(|error| error.failure()) == Some(FailureKind::InvalidArgument)
    }

    #[test]
    fn text_that_is_not_what_it_should_be_is_refused_when_it_is_given() {
        let (certificate, key) = made();
        let empty = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
        for pem in ["", "garbage", &key, empty, &certificate.replace("MII", "!!!")] {
            for trust in [Trust::roots(pem), Trust::public_roots_and(pem)] {
                assert!(is_invalid(trust), "{pem}");
            }
        }
        for (chain, key) in
            [("", &*key), ("garbage", &key), (&key, &key), (&certificate, ""), (&certificate, &certificate)]
        {
            assert!(is_invalid(Identity::from_pem(chain, key)), "{chain}{key}");
        }
        assert!(Identity::from_pem(&certificate, &key).is_ok());
    }

    #[test]
    fn key_of_another_certificate_is_refused_when_it_is_given() {
        let ((certificate, _), (_, key)) = (made(), made());
        assert!(is_invalid(Identity::from_pem(&certificate, &key)));
    }

    #[test]
    fn identity_shows_nothing_of_its_key() {
        let (certificate, key) = made();
        let identity = Identity::from_pem(&certificate, &key).unwrap();
        assert_eq!(format!("{identity:?}"), "Identity { .. }");
    }
}
