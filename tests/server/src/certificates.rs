//! A certificate authority that nobody else knows, and what it has signed for the server.

use std::{fs, io, path::PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, Error, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tempfile::TempDir;

/// The names by which clients on this machine reach the server.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// A certificate and its key. Their files go away with this value.
#[derive(Debug)]
pub(crate) struct Certificates {
    /// The certificate of the authority, in PEM. Its key is forgotten.
    pub(crate) authority: String,
    pub(crate) files: Files,
    _directory: TempDir,
}

/// Where the certificate and its key are: the library reads nothing but files.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    pub(crate) fn make() -> io::Result<Self> {
        let Signed { authority, certificate, key } = sign().map_err(io::Error::other)?;
        let directory = TempDir::with_prefix("ftp-test-server-tls-")?;
        let path = |name| directory.path().join(name);
        let files = Files { certificate: path("certificate.pem"), key: path("key.pem") };
        fs::write(&files.certificate, certificate)?;
        fs::write(&files.key, key)?;
        Ok(Self { authority, files, _directory: directory })
    }
}

/// All in PEM.
struct Signed {
    authority: String,
    certificate: String,
    key: String,
}

fn sign() -> Result<Signed, Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, "ftp-test-server authority");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name.push(DnType::CommonName, "ftp-test-server");
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &authority)?;
    Ok(Signed { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() })
}
