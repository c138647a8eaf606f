//! Signing with the key of a client certificate.

mod ecdsa;
mod ed25519;
#[cfg(feature = "rsa-client-auth")]
mod rsa;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use rustls::crypto::KeyProvider;
use rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};
use zeroize::Zeroizing;

#[derive(Debug)]
pub(crate) struct Keys;

impl KeyProvider for Keys {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        let key = Zeroizing::new(key);
        let loaded = match &*key {
            PrivateKeyDer::Pkcs8(key) => from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Sec1(key) => ecdsa::from_sec1(key.secret_sec1_der()),
            #[cfg(feature = "rsa-client-auth")]
            PrivateKeyDer::Pkcs1(key) => rsa::from_pkcs1(key.secret_pkcs1_der()),
            _ => None,
        };
        match loaded {
            Some(key) => Ok(Arc::new(key)),
            None => Err(Error::General(UNSUPPORTED.into())),
        }
    }
}

#[cfg(feature = "rsa-client-auth")]
const UNSUPPORTED: &str =
    "the private key is none of: ECDSA P-256 or P-384, Ed25519, RSA of 2048 to 8192 bits (PKCS#8, SEC1 or PKCS#1)";
#[cfg(not(feature = "rsa-client-auth"))]
const UNSUPPORTED: &str =
    "the private key is none of: ECDSA P-256 or P-384, Ed25519 (PKCS#8 or SEC1); RSA keys are left out of this build";

fn from_pkcs8(der: &[u8]) -> Option<Key> {
    let key = ecdsa::from_pkcs8(der).or_else(|| ed25519::from_pkcs8(der));
    #[cfg(feature = "rsa-client-auth")]
    let key = key.or_else(|| rsa::from_pkcs8(der));
    key
}

/// What the key types differ in.
trait Sign: Send + Sync {
    /// `None` if there was no randomness, or the scheme is none of the key's.
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Option<Vec<u8>>;
}

struct Key {
    secret: Arc<dyn Sign>,
    public: SubjectPublicKeyInfoDer<'static>,
    algorithm: SignatureAlgorithm,
    /// In the order of preference.
    schemes: &'static [SignatureScheme],
}

impl SigningKey for Key {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = *self.schemes.iter().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(SchemeSigner { secret: self.secret.clone(), scheme }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(self.public.clone())
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

struct SchemeSigner {
    secret: Arc<dyn Sign>,
    scheme: SignatureScheme,
}

impl Signer for SchemeSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        self.secret.sign(self.scheme, message).ok_or_else(|| Error::General("signing failed".into()))
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl fmt::Debug for SchemeSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemeSigner").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}
