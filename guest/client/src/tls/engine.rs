//! TLS by rustls, over its interface without buffers.

use super::records::Records;
use super::tickets::Tickets;
use super::trust::Verifier;
use super::{Agreed, Connection, Engine, Handshake, Progress, Step, TlsSettings, Version};
use crate::error::Error;
use crate::network::Network;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use rustls::client::{ClientConfig, ClientConnectionData, Resumption, Tls12Resumption, UnbufferedClientConnection};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::SigningKey;
use rustls::time_provider::TimeProvider;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus, WriteTraffic};
use rustls::version::{TLS12, TLS13};
use rustls::{CertificateError, HandshakeKind, ProtocolVersion, SupportedProtocolVersion};

/// The name of FTP in ALPN: a server that answers another one is not an FTP server.
const ALPN: &[u8] = b"ftp";

/// A piece of plain data that gives one record.
const RECORD: usize = 16 * 1024;

/// More than a record adds to its data.
const RECORD_OVERHEAD: usize = 128;

/// rustls, set up for one session.
pub(crate) struct Rustls {
    config: Arc<ClientConfig>,
    tickets: Arc<Tickets>,
    name: ServerName<'static>,
}

impl Rustls {
    /// Errors: [`Error::InvalidArgument`] for certificates, keys and names that are none.
    pub(crate) fn new<N: Network + 'static>(settings: &TlsSettings, host: &str) -> Result<Self, Error> {
        let name = server_name(settings.server_name.as_deref().unwrap_or(host))?;
        let provider = Arc::new(ftp_crypto::provider());
        let verifier = Verifier::new(&settings.trust, &provider)?;
        let builder = ClientConfig::builder_with_details(provider, Arc::new(Clock::<N>(PhantomData)))
            .with_protocol_versions(versions(settings)?)
            .map_err(setup)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &settings.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = (certificates(&identity.certificates)?, private_key(&identity.private_key)?);
                builder.with_client_auth_cert(chain, key).map_err(setup)?
            }
        };
        config.alpn_protocols = [ALPN.to_vec()].into();
        let tickets = Arc::new(Tickets::default());
        config.resumption = Resumption::store(tickets.clone()).tls12_resumption(Tls12Resumption::SessionIdOrTickets);
        // For `Records`.
        config.enable_secret_extraction = true;
        Ok(Self { config: Arc::new(config), tickets, name })
    }
}

impl Engine for Rustls {
    fn connect(&self) -> Result<Box<dyn Handshake>, Error> {
        let connection = UnbufferedClientConnection::new(self.config.clone(), self.name.clone()).map_err(failed)?;
        Ok(Box::new(Starting { connection, tickets: self.tickets.clone() }))
    }
}

/// A connection whose handshake is under way.
struct Starting {
    connection: UnbufferedClientConnection,
    tickets: Arc<Tickets>,
}

impl Handshake for Starting {
    fn advance(
        mut self: Box<Self>,
        incoming: &mut Vec<u8>,
        outgoing: &mut Vec<u8>,
        plain: &mut Vec<u8>,
    ) -> Result<Step, Error> {
        let progress = drive(&mut self.connection, incoming, outgoing, plain)?;
        if self.connection.is_handshaking() {
            return match progress {
                Progress::Open => Ok(Step::Waiting(self)),
                Progress::Ended => Err(Error::Tls("the server ended the connection during the handshake".to_string())),
            };
        }
        let Self { connection, tickets } = *self;
        let agreed = agreed(&connection);
        // When something is left, rustls may have read half of it.
        let all_read = incoming.is_empty() && progress == Progress::Open;
        let connection: Box<dyn Connection> = match agreed.version {
            Version::Tls13 if all_read => {
                let opened = connection.dangerous_into_kernel_connection().map_err(failed)?;
                Box::new(Records::new(opened, tickets)?)
            }
            _ => Box::new(Open { connection, progress, failed: false }),
        };
        Ok(Step::Done(connection, agreed))
    }
}

/// A connection that rustls goes on with.
struct Open {
    connection: UnbufferedClientConnection,
    progress: Progress,
    /// After an error rustls has nothing more to say.
    failed: bool,
}

impl Connection for Open {
    fn advance(
        &mut self,
        incoming: &mut Vec<u8>,
        outgoing: &mut Vec<u8>,
        plain: &mut Vec<u8>,
    ) -> Result<Progress, Error> {
        if self.progress == Progress::Open {
            let progress = drive(&mut self.connection, incoming, outgoing, plain);
            self.failed = progress.is_err();
            self.progress = progress?;
        }
        Ok(self.progress)
    }

    fn encrypt(&mut self, bytes: &[u8], outgoing: &mut Vec<u8>) -> Result<(), Error> {
        self.with_traffic(|traffic| {
            for piece in bytes.chunks(RECORD) {
                outgoing.reserve(piece.len() + RECORD_OVERHEAD);
                append(outgoing, |room| traffic.encrypt(piece, room).map_err(Needs::from))?;
            }
            Ok(())
        })
    }

    fn close(&mut self, outgoing: &mut Vec<u8>) -> Result<(), Error> {
        self.with_traffic(|traffic| append(outgoing, |room| traffic.queue_close_notify(room).map_err(Needs::from)))
    }
}

impl Open {
    /// Run with the state in which data is sent.
    fn with_traffic(
        &mut self,
        work: impl FnOnce(&mut WriteTraffic<'_, ClientConnectionData>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.failed {
            return Err(not_open());
        }
        match self.connection.process_tls_records(&mut []).state.map_err(failed)? {
            ConnectionState::WriteTraffic(mut traffic) => work(&mut traffic),
            ConnectionState::TransmitTlsData(mut data) => match data.may_encrypt_app_data() {
                Some(mut traffic) => work(&mut traffic),
                None => Err(not_open()),
            },
            _ => Err(not_open()),
        }
    }
}

/// Do all that can be done with what has come.
fn drive(
    connection: &mut UnbufferedClientConnection,
    incoming: &mut Vec<u8>,
    outgoing: &mut Vec<u8>,
    plain: &mut Vec<u8>,
) -> Result<Progress, Error> {
    let mut consumed = 0;
    let mut progress = Progress::Open;
    // At once: to grow with each record is to copy the ones before it.
    if !connection.is_handshaking() {
        plain.reserve(incoming.len());
    }
    let end = loop {
        let rest = incoming.get_mut(consumed..).unwrap_or_default();
        let UnbufferedStatus { discard, state } = connection.process_tls_records(rest);
        consumed += discard;
        match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(record) = traffic.next_record() {
                    let record = record.map_err(failed)?;
                    consumed += record.discard;
                    plain.extend_from_slice(record.payload);
                }
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                append(outgoing, |room| data.encode(room).map_err(Needs::from))?;
            }
            Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
            Ok(ConnectionState::PeerClosed) => progress = Progress::Ended,
            Ok(ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_) | ConnectionState::Closed) => {
                break Ok(progress);
            }
            Ok(_) => break Err(Error::Tls("a state of the handshake that no client has".to_string())),
            Err(error) => {
                alert(connection, incoming.get_mut(consumed..).unwrap_or_default(), outgoing);
                break Err(failed(error));
            }
        }
    };
    incoming.drain(..consumed.min(incoming.len()));
    end
}

fn agreed(connection: &UnbufferedClientConnection) -> Agreed {
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => Version::Tls12,
        _ => Version::Tls13,
    };
    let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default();
    // The registered names of the suites of TLS 1.3 do not tell the version.
    let cipher = suite.replacen("TLS13_", "TLS_", 1);
    Agreed { version, cipher, resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed) }
}

/// The time of the network that carries the session.
struct Clock<N>(PhantomData<fn() -> N>);

impl<N> fmt::Debug for Clock<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl<N: Network> TimeProvider for Clock<N> {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(N::wall_clock()?).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

fn not_open() -> Error {
    Error::ConnectionLost("the TLS connection is not open".to_string())
}

/// The alert that tells the server why. rustls may look for messages that it has seen in what is left; it is asked once,
/// as it would go on with them.
fn alert(connection: &mut UnbufferedClientConnection, rest: &mut [u8], outgoing: &mut Vec<u8>) {
    if let Ok(ConnectionState::EncodeTlsData(mut data)) = connection.process_tls_records(rest).state {
        // Without it the server learns less.
        let _ = append(outgoing, |room| data.encode(room).map_err(Needs::from));
    }
}

/// Why nothing was written.
enum Needs {
    Room(usize),
    Nothing(String),
}

impl From<EncodeError> for Needs {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::InsufficientSize(size) => Self::Room(size.required_size),
            error => Self::Nothing(error.to_string()),
        }
    }
}

impl From<EncryptError> for Needs {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::InsufficientSize(size) => Self::Room(size.required_size),
            error => Self::Nothing(error.to_string()),
        }
    }
}

/// Append what an operation writes into the room that it is given.
fn append(outgoing: &mut Vec<u8>, mut write: impl FnMut(&mut [u8]) -> Result<usize, Needs>) -> Result<(), Error> {
    let end = outgoing.len();
    let mut room = outgoing.capacity() - end;
    loop {
        outgoing.resize(end + room, 0);
        let written = write(outgoing.get_mut(end..).unwrap_or_default());
        match written {
            Ok(count) => {
                outgoing.truncate(end + count);
                return Ok(());
            }
            Err(Needs::Room(needed)) if needed > room => room = needed,
            Err(Needs::Room(_)) => return Err(Error::Tls("a record of no size".to_string())),
            Err(Needs::Nothing(text)) => return Err(Error::Tls(text)),
        }
    }
}

fn versions(settings: &TlsSettings) -> Result<&'static [&'static SupportedProtocolVersion], Error> {
    static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    let [new, old] = BOTH.each_ref().map(core::slice::from_ref);
    match (settings.oldest, settings.newest) {
        (Version::Tls12, Version::Tls13) => Ok(&BOTH),
        (Version::Tls12, Version::Tls12) => Ok(old),
        (Version::Tls13, Version::Tls13) => Ok(new),
        (Version::Tls13, Version::Tls12) => {
            Err(Error::InvalidArgument("the oldest version is newer than the newest".to_string()))
        }
    }
}

/// The certificates of a PEM text; at least one.
pub(super) fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    certificates.ok().filter(|found| !found.is_empty()).ok_or_else(|| unusable("certificate"))
}

/// The name that the server's certificate has to be for.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(host.to_string())
        .map_err(|_| Error::InvalidArgument(format!("not a name that a certificate can have: {host:?}")))
}

/// The key of a PEM text, ready to sign.
pub(super) fn signing_key(pem: &str, provider: &CryptoProvider) -> Result<Arc<dyn SigningKey>, Error> {
    provider.key_provider.load_private_key(private_key(pem)?).map_err(setup)
}

fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| unusable("private key"))
}

/// Nothing of the text itself, which may be a key.
pub(super) fn unusable(what: &str) -> Error {
    Error::InvalidArgument(format!("no usable {what} in the PEM text"))
}

fn setup(error: rustls::Error) -> Error {
    match error {
        rustls::Error::General(text) => Error::InvalidArgument(text),
        error => Error::InvalidArgument(error.to_string()),
    }
}

/// What failed, in words for those who have to mend it.
fn failed(error: rustls::Error) -> Error {
    let certificate = match &error {
        rustls::Error::InvalidCertificate(certificate) => certificate,
        rustls::Error::General(text) => return Error::Tls(text.clone()),
        _ => return Error::Tls(error.to_string()),
    };
    let text = match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the server's certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another name"
        }
        CertificateError::UnknownIssuer => "the server's certificate is from an unknown issuer",
        CertificateError::BadSignature => "a signature of the server's certificate chain or handshake is wrong",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not for servers"
        }
        CertificateError::ApplicationVerificationFailure => "the server's certificate is not the pinned one",
        _ => return Error::Tls(error.to_string()),
    };
    Error::Tls(text.to_string())
}
