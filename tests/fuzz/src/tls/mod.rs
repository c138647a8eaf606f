//! TLS with a server that is real, whose bytes are changed on the way or which seals what it is given.

mod changed;
mod sealed;
mod wire;

use std::sync::{Arc, LazyLock};

use ftp_client::{Ciphers, Error, Reply, Security, Session, Settings, TlsSettings, Trust, Version, Versions};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, SignatureAlgorithm, SupportedCipherSuite};

pub use changed::{handshakes, records};
pub use sealed::sealed;
use wire::{Peer, Wire};

/// What the server says inside TLS: at first, to each line that it gets, and to the last one.
const GREETING: &[u8] = b"220 ready\r\n";
const REPLY: &[u8] = b"200 ok\r\n";
const GOODBYE: &[u8] = b"221 bye\r\n";

/// The server's certificate, made once, and a set-up for each suite.
struct Server {
    pem: String,
    tls12: Vec<Arc<ServerConfig>>,
    tls13: Vec<Arc<ServerConfig>>,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let config = |suite: SupportedCipherSuite| {
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = CryptoProvider { cipher_suites: vec![suite], ..ftp_crypto::provider() };
        let config = ServerConfig::builder_with_provider(provider.into());
        let config = config.with_protocol_versions(&[suite.version()]).expect("a version");
        let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key);
        let mut config = config.expect("a certificate with its key");
        config.enable_secret_extraction = true;
        Arc::new(config)
    };
    let suites = ftp_crypto::provider().cipher_suites.into_iter();
    let fits = |suite: &SupportedCipherSuite| suite.usable_for_signature_algorithm(SignatureAlgorithm::ECDSA);
    let (old, new): (Vec<_>, Vec<_>) = suites.filter(fits).partition(|suite| suite.tls13().is_none());
    let [tls12, tls13] = [old, new].map(|suites| suites.into_iter().map(config).collect());
    Server { pem: made.cert.pem(), tls12, tls13 }
});

/// The lowest bit chooses the version, the next two the suite.
fn version_and_config(turn: u8) -> (Version, Arc<ServerConfig>) {
    let (version, configs) = match turn % 2 {
        0 => (Version::Tls12, &SERVER.tls12),
        _ => (Version::Tls13, &SERVER.tls13),
    };
    let suite = usize::from(turn / 2 % 4) % configs.len();
    (version, configs[suite].clone())
}

/// A session that says `NOOP` so often; all replies that came before it failed or ended are among the `replies`.
fn session<P: Peer>(wire: &Wire<P>, version: Version, count: usize, replies: &mut Vec<Reply>) -> Result<(), Error> {
    let (trust, versions) = (Trust::roots(&SERVER.pem)?, Versions::new(version, version)?);
    // The server has one suite.
    let tls = TlsSettings { trust, versions, ciphers: Ciphers::All, ..TlsSettings::default() };
    let settings = Settings { security: Security::Implicit, tls, ..Settings::default() };
    wire.run(async {
        let mut session = Session::connect(wire.clone(), settings, "localhost", 990).await?;
        replies.push(session.welcome().clone());
        for _ in 0..count {
            replies.push(session.noop().await?);
        }
        replies.push(session.end().await?);
        Ok(())
    })
}
