//! Which certificates are trusted.

use super::Trust;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use ftp_types::TlsCause;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use spin::Mutex;
use webpki::{EndEntityCert, KeyUsage};

/// Keys of RSA below this are refused.
const MIN_RSA_BITS: usize = 2048;

/// Checks chain, dates and name, or what was asked for instead. There are no revocation checks.
pub(super) struct Verifier {
    trust: Trust,
    algorithms: WebPkiSupportedAlgorithms,
    /// Why the last certificate was refused, where that can be mended: errors of rustls have no room for it.
    cause: Mutex<Option<TlsCause>>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

impl Verifier {
    pub(super) fn new(trust: Trust, provider: &CryptoProvider) -> Self {
        Self { trust, algorithms: provider.signature_verification_algorithms, cause: Mutex::new(None) }
    }

    /// Why the last certificate was refused.
    pub(super) fn take_cause(&self) -> Option<TlsCause> {
        self.cause.lock().take()
    }

    fn verify(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = EndEntityCert::try_from(certificate).map_err(refused)?;
        if let Some(bits) = weak_bits(&parsed) {
            return Err(text(format!(
                "the server's certificate has a weak key: RSA of {bits} bits, where {MIN_RSA_BITS} are the least"
            )));
        }
        // A chain to one of these roots; or one of these certificates itself, which may be self-signed.
        let (anchors, own): (_, &[CertificateDer<'_>]) = match &self.trust {
            Trust::DangerouslyAnything => return Ok(()),
            Trust::Pinned(pinned) => {
                return match digest(certificate) {
                    digest if digest == *pinned => Ok(()),
                    digest => {
                        Err(self.refused(TlsCause::NotPinned(digest), CertificateError::ApplicationVerificationFailure))
                    }
                };
            }
            Trust::PublicRoots => (webpki_roots::TLS_SERVER_ROOTS, &[]),
            Trust::Roots(roots) => (roots.anchors(), roots.own()),
        };
        let usage = KeyUsage::server_auth();
        match parsed.verify_for_usage(self.algorithms.all, anchors, intermediates, now, usage, None, None).map(drop) {
            // It needs no issuer then, and may be one itself. The dates were checked before the issuer is.
            Err(webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity) if own.contains(certificate) => {}
            Err(webpki::Error::CaUsedAsEndEntity) if parsed.issuer() == parsed.subject() => {
                return Err(self.unknown(certificate, &parsed));
            }
            Err(webpki::Error::UnknownIssuer) => return Err(self.unknown(certificate, &parsed)),
            Err(error) => return Err(self.refused_chain(error, intermediates.iter().chain(own))),
            Ok(()) => {}
        }
        parsed.verify_is_valid_for_subject_name(name).map_err(|error| self.refused_by(error))
    }

    /// Refused with what can be mended, and with the alert for it.
    fn refused(&self, cause: TlsCause, error: CertificateError) -> rustls::Error {
        *self.cause.lock() = Some(cause);
        error.into()
    }

    fn unknown(&self, certificate: &CertificateDer<'_>, parsed: &EndEntityCert<'_>) -> rustls::Error {
        let cause = match parsed.issuer() == parsed.subject() {
            true => TlsCause::SelfSigned,
            false => TlsCause::UnknownIssuer,
        };
        self.refused(cause(digest(certificate)), CertificateError::UnknownIssuer)
    }

    /// A weak key verifies nothing: the refusal should not speak of its signatures.
    fn refused_chain<'a>(
        &self,
        error: webpki::Error,
        mut authorities: impl Iterator<Item = &'a CertificateDer<'a>>,
    ) -> rustls::Error {
        if error != webpki::Error::InvalidSignatureForPublicKey {
            return self.refused_by(error);
        }
        match authorities.find_map(|authority| weak_bits(&EndEntityCert::try_from(authority).ok()?)) {
            Some(bits) => text(format!(
                "an authority of the server's certificate has a weak key: RSA of {bits} bits, where {MIN_RSA_BITS} are the least"
            )),
            None => self.refused_by(error),
        }
    }

    fn refused_by(&self, error: webpki::Error) -> rustls::Error {
        use webpki::Error as Cause;
        match error {
            Cause::CertExpired { not_after, .. } => {
                self.refused(TlsCause::Expired(seconds(not_after)), CertificateError::Expired)
            }
            Cause::CertNotValidYet { not_before, .. } => {
                self.refused(TlsCause::NotValidYet(seconds(not_before)), CertificateError::NotValidYet)
            }
            Cause::CertNotValidForName(context) => {
                let cause = match context.presented.is_empty() {
                    true => TlsCause::NoName,
                    false => TlsCause::OtherName(context.presented.iter().map(|name| bare(name)).collect()),
                };
                self.refused(cause, CertificateError::NotValidForName)
            }
            error => refused(error),
        }
    }
}

fn digest(certificate: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

/// The name in `DnsName("name")` or `IpAddress(address)`.
fn bare(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"').to_string()
}

fn text(text: String) -> rustls::Error {
    rustls::Error::General(text)
}

/// The size of a key of RSA, if that is too small.
fn weak_bits(certificate: &EndEntityCert<'_>) -> Option<usize> {
    ftp_crypto::rsa_bits(&certificate.subject_public_key_info()).filter(|&bits| bits < MIN_RSA_BITS)
}

/// The kinds of refusal that have an alert of their own.
fn refused(error: webpki::Error) -> rustls::Error {
    use webpki::Error as Cause;
    match error {
        Cause::InvalidSignatureForPublicKey => CertificateError::BadSignature.into(),
        Cause::RequiredEkuNotFoundContext(_) => CertificateError::InvalidPurpose.into(),
        Cause::CaUsedAsEndEntity => text("the server's certificate is that of an authority".to_string()),
        error => text(format!("the server's certificate is not acceptable: {error}")),
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verify(end_entity, intermediates, server_name, now)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use core::time::Duration;
    use rcgen::{CertifiedKey, KeyPair};

    fn made() -> CertifiedKey<KeyPair> {
        rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap()
    }

    #[test]
    fn certificate_is_accepted_where_it_is_among_the_trusted_ones() {
        let (own, other) = (made(), made());
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let is_accepted = |trust: Trust, name: &str| {
            let verifier = Verifier::new(trust, &ftp_crypto::provider());
            let name = name.to_string().try_into().unwrap();
            verifier.verify_server_cert(own.cert.der(), &[], &name, &[], now).is_ok()
        };
        for trust in [Trust::roots, Trust::public_roots_and] {
            assert!(is_accepted(trust(&own.cert.pem()).unwrap(), "localhost"));
            assert!(!is_accepted(trust(&own.cert.pem()).unwrap(), "other.example"));
            assert!(!is_accepted(trust(&other.cert.pem()).unwrap(), "localhost"));
        }
        assert!(!is_accepted(Trust::PublicRoots, "localhost"));
        assert!(is_accepted(Trust::Pinned(digest(own.cert.der())), "other.example"));
        assert!(!is_accepted(Trust::Pinned(digest(other.cert.der())), "localhost"));
        assert!(is_accepted(Trust::DangerouslyAnything, "other.example"));
    }

    #[test]
    fn public_roots_stay_trusted_beside_others() {
        let own = made().cert.pem();
        let anchors = |trust| match trust {
            Trust::Roots(roots) => roots.anchors().len(),
            _ => 0,
        };
        let (alone, beside) = (Trust::roots(&own).unwrap(), Trust::public_roots_and(&own).unwrap());
        assert_eq!((anchors(alone), anchors(beside)), (1, webpki_roots::TLS_SERVER_ROOTS.len() + 1));
    }
}
