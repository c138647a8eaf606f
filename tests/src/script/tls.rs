//! How a peer does TLS.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use ftp_host::TlsVersion;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    Error, HandshakeKind, RootCertStore, ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme,
    SupportedProtocolVersion,
};

use crate::certificates::{self, Leaf};

/// What a peer shows inside TLS, and what it wants to see. By default a good certificate and nothing.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate.
    pub leaf: Leaf,
    /// It has the certificate, but not the key. So it is with a weak key in any case: no library signs with one.
    pub impostor: bool,
    /// The only version, unless it is either.
    pub version: Option<TlsVersion>,
    /// The protocols to choose from by ALPN; where there is none the extension is left out.
    pub protocols: Vec<&'static str>,
    /// A data connection can resume the session of the control connection.
    pub resumes: bool,
    /// The client has to show a certificate that the authority has signed.
    pub asks: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { leaf: Leaf::Server, impostor: false, version: None, protocols: Vec::new(), resumes: true, asks: false }
    }
}

impl Tls {
    /// By default, but with this certificate.
    pub fn showing(leaf: Leaf) -> Self {
        Self { leaf, ..Self::default() }
    }

    /// The same for rustls.
    pub fn config(&self) -> Result<Arc<ServerConfig>> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&self.versions())?;
        let builder = match self.asks {
            true => builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(authority()?.into(), provider.clone()).build()?,
            ),
            false => builder.with_no_client_auth(),
        };
        let identity = SingleCertAndKey::from(self.identity(&provider)?);
        let mut config = builder.with_cert_resolver(Arc::new(identity));
        config.alpn_protocols = self.protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        if !self.resumes {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Arc::new(config))
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        match self.version {
            None => vec![&TLS13, &TLS12],
            Some(TlsVersion::Tls12) => vec![&TLS12],
            Some(TlsVersion::Tls13) => vec![&TLS13],
        }
    }

    fn identity(&self, provider: &CryptoProvider) -> Result<CertifiedKey> {
        let certificate = certificates::server(self.leaf)?;
        let key: Arc<dyn SigningKey> = if self.impostor || self.leaf == Leaf::WeakKey {
            Arc::new(Forger { rsa: certificate.rsa })
        } else {
            let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).context("the key")?;
            provider.key_provider.load_private_key(key)?
        };
        let chain = CertificateDer::pem_slice_iter(certificate.chain.as_bytes()).collect::<Result<_, _>>()?;
        Ok(CertifiedKey::new(chain, key))
    }
}

fn authority() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificates::authority()?.as_bytes())?)?;
    Ok(roots)
}

/// What a handshake has agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The name that the client asked for (SNI).
    pub server_name: Option<String>,
    /// The protocol (ALPN).
    pub protocol: Option<String>,
    /// An earlier session was resumed.
    pub resumed: bool,
}

impl Handshake {
    pub(super) fn of(connection: &ServerConnection) -> Self {
        Self {
            server_name: connection.server_name().map(str::to_owned),
            protocol: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }
}

/// A key that signs with nothing but zeros.
#[derive(Debug)]
struct Forger {
    rsa: bool,
}

impl Forger {
    fn known(&self) -> SignatureScheme {
        match self.rsa {
            true => SignatureScheme::RSA_PSS_SHA256,
            false => SignatureScheme::ECDSA_NISTP256_SHA256,
        }
    }
}

impl SigningKey for Forger {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.known()).then(|| Box::new(Self { rsa: self.rsa }) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        match self.rsa {
            true => SignatureAlgorithm::RSA,
            false => SignatureAlgorithm::ECDSA,
        }
    }
}

impl Signer for Forger {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(vec![0; 128])
    }

    fn scheme(&self) -> SignatureScheme {
        self.known()
    }
}
