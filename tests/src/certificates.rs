//! Certificates for servers and clients, good ones and bad ones, made once in each process that asks for them. The
//! command `openssl` makes the keys of RSA, those of Ed25519 (in the form that every library reads), and older forms.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PublicKeyData,
    SignatureAlgorithm, SigningKey, date_time_ymd,
};

use tempfile::NamedTempFile;

use crate::payload::{Hash, sha256};
use crate::suite::Requirement;

/// The names by which the servers of these suites are reached.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What a server shows. All are for the names of this machine unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaf {
    /// ECDSA with P-256, signed by the authority.
    #[default]
    Server,
    /// RSA with 2048 bits, signed by the RSA authority.
    ServerRsa,
    /// No longer valid.
    Expired,
    /// Not valid yet.
    NotYetValid,
    /// For `other.example` alone.
    WrongName,
    /// For no name: it has its name as the common name alone.
    Nameless,
    /// RSA with 1024 bits.
    WeakKey,
    /// Signed with its own key.
    SelfSigned,
    /// The same, as that of an authority: what `openssl req -x509` makes unless told otherwise.
    SelfSignedAuthority,
    /// Signed with its own key, for `other.example` alone.
    SelfSignedWrongName,
    /// The same, no longer valid.
    SelfSignedExpired,
    /// Signed by an authority that nobody knows.
    Untrusted,
    /// Signed by an authority with RSA of 1024 bits, which the authority has signed.
    WeakAuthority,
}

/// The kinds of keys that clients have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKey {
    /// ECDSA with P-256.
    EcdsaP256,
    /// ECDSA with P-384.
    EcdsaP384,
    /// Ed25519.
    Ed25519,
    /// RSA with 2048 bits.
    Rsa2048,
}

/// A certificate with its key, all in PEM.
pub struct Certificate {
    /// The certificate alone.
    pub leaf: String,
    /// The certificate, and after it the one of its authority.
    pub chain: String,
    /// The key as PKCS#8.
    pub key: String,
    /// The key as SEC1 or PKCS#1, for clients whose kind of key has such a form.
    pub traditional_key: Option<String>,
    /// The SHA-256 of the certificate's DER.
    pub sha256: Hash,
    /// Whether the key is one of RSA.
    pub rsa: bool,
}

impl Certificate {
    /// Key and chain in one file, as servers like it.
    pub fn combined(&self) -> String {
        format!("{}{}", self.key, self.chain)
    }
}

/// What the server with this certificate shows.
pub fn server(leaf: Leaf) -> Result<&'static Certificate> {
    let all = &made()?.servers;
    all.iter().find(|(kind, _)| *kind == leaf).map(|(_, made)| made).with_context(|| format!("no certificate {leaf:?}"))
}

/// What the client with this kind of key shows. The authority has signed it.
pub fn client(key: ClientKey) -> Result<&'static Certificate> {
    let all = &made()?.clients;
    all.iter().find(|(kind, _)| *kind == key).map(|(_, made)| made).with_context(|| format!("no certificate {key:?}"))
}

/// The authority that the trials trust, in PEM.
pub fn authority() -> Result<&'static str> {
    Ok(&made()?.authority)
}

/// The authority of the server with an RSA key, in PEM.
pub fn rsa_authority() -> Result<&'static str> {
    Ok(&made()?.rsa_authority)
}

/// Whether certificates can be made here.
pub fn possible() -> Requirement {
    static POSSIBLE: LazyLock<Requirement> = LazyLock::new(|| {
        openssl(&["version"], "").map(drop).map_err(|error| format!("the command openssl is needed: {error:#}"))
    });
    POSSIBLE.clone()
}

struct Made {
    authority: String,
    rsa_authority: String,
    servers: Vec<(Leaf, Certificate)>,
    clients: Vec<(ClientKey, Certificate)>,
}

fn made() -> Result<&'static Made> {
    static MADE: LazyLock<Result<Made, String>> =
        LazyLock::new(|| make().map_err(|error| format!("making certificates: {error:#}")));
    MADE.as_ref().map_err(|error| anyhow!(error.clone()))
}

type Authority<Key = KeyPair> = CertifiedIssuer<'static, Key>;

fn make() -> Result<Made> {
    let trusted = authority_of("authority", KeyPair::generate()?)?;
    let rsa = authority_of("RSA authority", rsa_pair(&rsa_key(2048)?)?)?;
    let unknown = authority_of("unknown authority", KeyPair::generate()?)?;
    let weak = Weak::new(rsa_key(1024)?)?;
    let weak = CertifiedIssuer::signed_by(authority_params("weak authority"), weak, &trusted)?;
    let fresh = || anyhow::Ok(KeyPair::generate()?.serialize_pem());
    let local = || server_params(&NAMES);
    let period = |from, until| {
        let mut params = local()?;
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        anyhow::Ok(params)
    };
    let servers = vec![
        (Leaf::Server, signed(local()?, fresh()?, &trusted)?),
        (Leaf::ServerRsa, signed(local()?, rsa_key(2048)?, &rsa)?),
        (Leaf::Expired, signed(period(2000, 2001)?, fresh()?, &trusted)?),
        (Leaf::NotYetValid, signed(period(4000, 4001)?, fresh()?, &trusted)?),
        (Leaf::WrongName, signed(server_params(&["other.example"])?, fresh()?, &trusted)?),
        (
            Leaf::Nameless,
            signed(leaf_params(NAMES[0], Vec::new(), ExtendedKeyUsagePurpose::ServerAuth)?, fresh()?, &trusted)?,
        ),
        (Leaf::WeakKey, signed(local()?, rsa_key(1024)?, &trusted)?),
        (Leaf::SelfSigned, self_signed(local()?)?),
        (Leaf::SelfSignedAuthority, self_signed(itself_an_authority(local()?))?),
        (Leaf::SelfSignedWrongName, self_signed(server_params(&["other.example"])?)?),
        (Leaf::SelfSignedExpired, self_signed(period(2000, 2001)?)?),
        (Leaf::Untrusted, signed(local()?, fresh()?, &unknown)?),
        (Leaf::WeakAuthority, signed(local()?, fresh()?, &weak)?),
    ];
    let clients = vec![
        (ClientKey::EcdsaP256, client_of(key_of(&PKCS_ECDSA_P256_SHA256)?, &trusted)?),
        (ClientKey::EcdsaP384, client_of(key_of(&PKCS_ECDSA_P384_SHA384)?, &trusted)?),
        (ClientKey::Ed25519, client_of(openssl(&["genpkey", "-quiet", "-algorithm", "ED25519"], "")?, &trusted)?),
        (ClientKey::Rsa2048, client_of(rsa_key(2048)?, &trusted)?),
    ];
    Ok(Made { authority: trusted.pem(), rsa_authority: rsa.pem(), servers, clients })
}

fn authority_of(name: &str, key: KeyPair) -> Result<Authority> {
    Ok(CertifiedIssuer::self_signed(authority_params(name), key)?)
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn itself_an_authority(mut params: CertificateParams) -> CertificateParams {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = Vec::new();
    params.extended_key_usages = Vec::new();
    params
}

fn server_params(names: &[&str]) -> Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|name| (*name).into()).collect();
    leaf_params(&names[0].clone(), names, ExtendedKeyUsagePurpose::ServerAuth)
}

fn leaf_params(subject: &str, names: Vec<String>, purpose: ExtendedKeyUsagePurpose) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, subject);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn client_of(key: String, authority: &Authority) -> Result<Certificate> {
    let params = leaf_params("user", Vec::new(), ExtendedKeyUsagePurpose::ClientAuth)?;
    // `openssl` refuses for Ed25519, which has no other form than PKCS#8.
    let traditional_key = openssl(&["pkey", "-traditional"], &key).ok();
    Ok(Certificate { traditional_key, ..signed(params, key, authority)? })
}

fn signed(params: CertificateParams, key: String, authority: &Authority<impl SigningKey>) -> Result<Certificate> {
    let (public, rsa) = match KeyPair::from_pem(&key) {
        Ok(pair) => {
            let rsa = pair.algorithm() == &PKCS_RSA_SHA256;
            (Public { key: pair.der_bytes().into(), algorithm: pair.algorithm() }, rsa)
        }
        // The library refuses to sign with a weak key, but not to have one certified.
        Err(_) => (Weak::new(key.clone())?.public, true),
    };
    let certificate = params.signed_by(&public, authority)?;
    Ok(Certificate {
        leaf: certificate.pem(),
        chain: format!("{}{}", certificate.pem(), authority.pem()),
        key,
        traditional_key: None,
        sha256: sha256(certificate.der()),
        rsa,
    })
}

fn self_signed(params: CertificateParams) -> Result<Certificate> {
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(Certificate {
        leaf: certificate.pem(),
        chain: certificate.pem(),
        key: key.serialize_pem(),
        traditional_key: None,
        sha256: sha256(certificate.der()),
        rsa: false,
    })
}

/// The public half of a key.
struct Public {
    key: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
}

impl PublicKeyData for Public {
    fn der_bytes(&self) -> &[u8] {
        &self.key
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// A key of RSA that the library finds too weak.
struct Weak {
    key: String,
    public: Public,
}

impl Weak {
    fn new(key: String) -> Result<Self> {
        let der = run_openssl(&["rsa", "-RSAPublicKey_out", "-outform", "DER"], key.as_bytes())?;
        Ok(Self { key, public: Public { key: der, algorithm: &PKCS_RSA_SHA256 } })
    }

    fn sign_with_openssl(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut file = NamedTempFile::new()?;
        file.write_all(self.key.as_bytes())?;
        let path = file.path().to_str().context("the path is text")?;
        run_openssl(&["dgst", "-sha256", "-sign", path, "-binary"], message)
    }
}

impl PublicKeyData for Weak {
    fn der_bytes(&self) -> &[u8] {
        self.public.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.public.algorithm()
    }
}

impl SigningKey for Weak {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.sign_with_openssl(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

fn key_of(algorithm: &'static SignatureAlgorithm) -> Result<String> {
    Ok(KeyPair::generate_for(algorithm)?.serialize_pem())
}

fn rsa_key(bits: u32) -> Result<String> {
    openssl(&["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")], "")
}

fn rsa_pair(key: &str) -> Result<KeyPair> {
    Ok(KeyPair::from_pkcs8_pem_and_sign_algo(key, &PKCS_RSA_SHA256)?)
}

fn openssl(arguments: &[&str], input: &str) -> Result<String> {
    Ok(String::from_utf8(run_openssl(arguments, input.as_bytes())?)?)
}

fn run_openssl(arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
    let mut process = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting openssl")?;
    process.stdin.take().context("standard input is piped")?.write_all(input)?;
    let output = process.wait_with_output()?;
    ensure!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}
