//! Which certificates are trusted.

use super::Trust;
use super::pem::{certificates, unusable};
use crate::error::Error;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use ftp_types::TlsCause;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use spin::Mutex;
use webpki::{EndEntityCert, KeyUsage};

/// Keys of RSA below this are refused.
const MIN_RSA_BITS: usize = 2048;

/// Checks chain, dates and name, or what was asked for instead. There are no revocation checks.
#[derive(Debug)]
pub(super) struct Verifier {
    rule: Rule,
    algorithms: WebPkiSupportedAlgorithms,
    /// Why the last certificate was refused, where that can be mended: errors of rustls have no room for it.
    cause: Mutex<Option<TlsCause>>,
}

#[derive(Debug)]
enum Rule {
    /// A chain to one of these roots; or one of these certificates itself, which may be self-signed.
    Roots(Vec<TrustAnchor<'static>>, Vec<CertificateDer<'static>>),
    Pinned([u8; 32]),
    Anything,
}

impl Verifier {
    pub(super) fn new(trust: &Trust, provider: &Arc<CryptoProvider>) -> Result<Self, Error> {
        let public = webpki_roots::TLS_SERVER_ROOTS;
        let rule = match trust {
            Trust::PublicRoots => roots(public, Vec::new())?,
            Trust::Roots(pem) => roots(&[], certificates(pem)?)?,
            Trust::PublicRootsAnd(pem) => roots(public, certificates(pem)?)?,
            Trust::Pinned(digest) => Rule::Pinned(*digest),
            Trust::DangerouslyAnything => Rule::Anything,
        };
        Ok(Self { rule, algorithms: provider.signature_verification_algorithms, cause: Mutex::new(None) })
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
        match &self.rule {
            Rule::Anything => Ok(()),
            Rule::Pinned(pinned) => match digest(certificate) {
                digest if digest == *pinned => Ok(()),
                digest => {
                    Err(self.refused(TlsCause::NotPinned(digest), CertificateError::ApplicationVerificationFailure))
                }
            },
            Rule::Roots(anchors, own) => {
                let algorithms = self.algorithms.all;
                let usage = KeyUsage::server_auth();
                let chain = parsed.verify_for_usage(algorithms, anchors, intermediates, now, usage, None, None);
                match chain.map(drop) {
                    // It needs no issuer then, and may be one itself. The dates were checked before the issuer is.
                    Err(webpki::Error::UnknownIssuer | webpki::Error::CaUsedAsEndEntity)
                        if own.contains(certificate) => {}
                    Err(webpki::Error::CaUsedAsEndEntity) if parsed.issuer() == parsed.subject() => {
                        return Err(self.unknown(certificate, &parsed));
                    }
                    Err(webpki::Error::UnknownIssuer) => return Err(self.unknown(certificate, &parsed)),
                    Err(error) => return Err(self.refused_chain(error, intermediates.iter().chain(own))),
                    Ok(()) => {}
                }
                parsed.verify_is_valid_for_subject_name(name).map_err(|error| self.refused_by(error))
            }
        }
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

fn roots(public: &[TrustAnchor<'static>], own: Vec<CertificateDer<'static>>) -> Result<Rule, Error> {
    let mut store = RootCertStore { roots: public.to_vec() };
    for certificate in &own {
        store.add(certificate.clone()).map_err(|_| unusable("certificate"))?;
    }
    Ok(Rule::Roots(store.roots, own))
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
