//! TLS by rustls, over its interface without buffers.

#[cfg(all(test, not(target_family = "wasm")))]
mod tests;

use super::records::{HEADER, Records};
use super::tickets::Tickets;
use super::trust::Verifier;
use super::{Agreed, Engine, Handshake, Offer, Purpose, ServerName, Step, TlsSettings, Version, Versions};
use crate::error::{Error, FailureKind};
use crate::network::Network;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;
use core::ops::RangeInclusive;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use ftp_types::TlsCause;
use rustls::client::{
    ClientConfig, ResolvesClientCert, Resumption, Tls12ClientSessionValue, Tls12Resumption, UnbufferedClientConnection,
};
use rustls::pki_types::UnixTime;
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus};
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, CertificateError, HandshakeKind, PeerMisbehaved, ProtocolVersion, SignatureScheme,
    SupportedProtocolVersion,
};
use spin::Mutex;

/// The name of FTP in ALPN: a server that answers another one is not an FTP server.
const ALPN: &[u8] = b"ftp";

/// What `ftp_crypto::provider` has, for people.
const OFFERED: &str = "TLS 1.3, and in TLS 1.2 ECDHE with ECDSA or RSA and ChaCha20-Poly1305 or AES-GCM; \
                       RSA, DHE and CBC suites are not";

/// The first byte of a record (RFC 8446, section 5.1; RFC 6520).
const RECORDS: RangeInclusive<u8> = 20..=24;

/// A record of the handshake.
const HANDSHAKE: u8 = 22;

/// rustls, set up for one session.
pub(crate) struct Rustls {
    config: Arc<ClientConfig>,
    tickets: Arc<Tickets>,
    name: ServerName,
    why: Why,
}

/// What has come from the server in a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Heard {
    #[default]
    Nothing,
    /// That it takes none of the suites; or a choice of TLS 1.2, and that it has TLS 1.3 (RFC 8446, section 4.1.3).
    Refusal,
    /// Anything else.
    Other,
}

/// Whether a server has refused an offer, after which it may take another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It has not.
    None,
    /// It ended the connection without a word.
    Silent,
    /// It said so.
    Said,
}

/// What is known about a handshake that fails, besides the error of rustls.
#[derive(Clone)]
struct Why {
    verifier: Arc<Verifier>,
    /// The server asks for a certificate of the client, and there is none.
    asked: Arc<Asked>,
    heard: Arc<Mutex<Heard>>,
    offer: Offer,
}

impl Rustls {
    /// Errors: [`Error::invalid_argument`] for a host that no certificate can be for.
    pub(crate) fn new<N: Network + 'static>(settings: &TlsSettings, offer: Offer, host: &str) -> Result<Self, Error> {
        let name = settings.server_name.clone().map_or_else(|| ServerName::new(host), Ok)?;
        let mut provider = ftp_crypto::provider();
        let offer = offer.reduce(&mut provider.cipher_suites, settings.versions);
        let provider = Arc::new(provider);
        let verifier = Arc::new(Verifier::new(settings.trust.clone(), &provider));
        let asked = Arc::new(Asked::default());
        let certificate: Arc<dyn ResolvesClientCert> = match &settings.identity {
            None => asked.clone(),
            Some(identity) => identity.0.clone(),
        };
        let mut config = ClientConfig::builder_with_details(provider, Arc::new(Clock::<N>(PhantomData)))
            .with_protocol_versions(versions(settings.versions))
            .map_err(|error| failed(error, offer))?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone())
            .with_client_cert_resolver(certificate);
        config.alpn_protocols = [ALPN.to_vec()].into();
        let tickets = Arc::new(Tickets::default());
        config.resumption = Resumption::store(tickets.clone()).tls12_resumption(Tls12Resumption::SessionIdOrTickets);
        // For `Records`.
        config.enable_secret_extraction = true;
        let why = Why { verifier, asked, heard: Arc::default(), offer };
        Ok(Self { config: Arc::new(config), tickets, name, why })
    }

    /// What it offers.
    pub(crate) fn offer(&self) -> Offer {
        self.why.offer
    }

    /// What a failed handshake says about the offer. A refusal comes before the `ServerHello`. A `HelloRetryRequest` is one,
    /// too: it has chosen a suite.
    pub(crate) fn refusal(&self, failure: &Error) -> Refusal {
        match (*self.why.heard.lock(), failure.failure()) {
            (Heard::Nothing, Some(FailureKind::Tls | FailureKind::ConnectionLost)) => Refusal::Silent,
            (Heard::Refusal, _) => Refusal::Said,
            (Heard::Nothing | Heard::Other, _) => Refusal::None,
        }
    }
}

impl Engine for Rustls {
    fn connect(&self, purpose: Purpose) -> Result<Box<dyn Handshake>, Error> {
        let (tickets, session) = (self.tickets.clone(), self.tickets.session());
        let why = self.why.clone();
        why.asked.0.store(false, Ordering::Relaxed);
        *why.heard.lock() = Heard::default();
        let connection = UnbufferedClientConnection::new(self.config.clone(), self.name.0.clone());
        let connection = connection.map_err(|error| why.of(error))?;
        Ok(Box::new(Starting { connection, purpose, tickets, session, why, has_begun: false, shown: 0 }))
    }
}

impl Why {
    fn of(&self, error: rustls::Error) -> Error {
        use AlertDescription::{HandshakeFailure, InsufficientSecurity};
        use PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported as Downgrade;
        let heard = match error {
            rustls::Error::AlertReceived(HandshakeFailure | InsufficientSecurity) if self.is_silent() => Heard::Refusal,
            rustls::Error::PeerMisbehaved(Downgrade) => Heard::Refusal,
            _ => Heard::Other,
        };
        self.hear(heard);
        let is_alert = matches!(error, rustls::Error::AlertReceived(_));
        match self.verifier.take_cause() {
            Some(cause) => cause.into(),
            None if is_alert && self.asked.0.load(Ordering::Relaxed) => TlsCause::CertificateWanted.into(),
            None => failed(error, self.offer),
        }
    }

    /// Whether the server has said nothing yet.
    fn is_silent(&self) -> bool {
        *self.heard.lock() == Heard::Nothing
    }

    fn hear(&self, heard: Heard) {
        *self.heard.lock() = heard;
    }
}

/// A client without a certificate, that knows whether it was asked for one.
#[derive(Debug, Default)]
struct Asked(AtomicBool);

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// A connection whose handshake is under way.
struct Starting {
    connection: UnbufferedClientConnection,
    purpose: Purpose,
    tickets: Arc<Tickets>,
    /// The one of TLS 1.2 that there was before.
    session: Option<Tls12ClientSessionValue>,
    why: Why,
    /// The server has answered, and in TLS.
    has_begun: bool,
    /// Bytes of whole records that rustls was shown and that are still there: of a message that goes on.
    shown: usize,
}

impl Handshake for Starting {
    fn advance(mut self: Box<Self>, incoming: &mut Vec<u8>, outgoing: &mut Vec<u8>) -> Result<Step, Error> {
        match incoming.first() {
            Some(kind) if !self.has_begun && !RECORDS.contains(kind) => {
                self.why.hear(Heard::Other);
                return Err(TlsCause::NotTls.into());
            }
            Some(_) => self.has_begun = true,
            None => {}
        }
        // Record by record: what comes behind the handshake is not for rustls.
        while self.connection.is_handshaking() {
            if incoming.get(self.shown) == Some(&HANDSHAKE) {
                self.why.hear(Heard::Other);
            }
            let record = record_size(incoming.get(self.shown..).unwrap_or_default());
            let end = record.map_or(incoming.len(), |size| self.shown + size);
            let shown = incoming.get_mut(..end).unwrap_or_default();
            let consumed = drive(&mut self.connection, shown, outgoing, &self.why)?;
            incoming.drain(..consumed);
            let Some(_) = record else { return Ok(Step::Waiting(self)) };
            self.shown = end - consumed;
        }
        let agreed = agreed(&self.connection);
        let is_known = self.purpose == Purpose::Control || agreed.resumed;
        if !is_known {
            self.tickets.set_session(self.session);
        }
        if self.shown > 0 {
            return Err(Error::tls("the server's handshake does not end where it should"));
        }
        let opened = self.connection.dangerous_into_kernel_connection();
        let opened = opened.map_err(|error| self.why.of(error))?;
        Ok(Step::Done(Box::new(Records::new(opened, is_known.then_some(self.tickets))?), agreed))
    }
}

/// The size of the record at the front, if all of it is there.
fn record_size(incoming: &[u8]) -> Option<usize> {
    let &[_, _, _, high, low] = incoming.first_chunk()?;
    let size = HEADER + usize::from(u16::from_be_bytes([high, low]));
    (size <= incoming.len()).then_some(size)
}

/// Do all that can be done with what is shown; gives how much of it is done with.
fn drive(
    connection: &mut UnbufferedClientConnection,
    shown: &mut [u8],
    outgoing: &mut Vec<u8>,
    why: &Why,
) -> Result<usize, Error> {
    let mut consumed = 0;
    loop {
        let rest = shown.get_mut(consumed..).unwrap_or_default();
        let UnbufferedStatus { discard, state } = connection.process_tls_records(rest);
        consumed += discard;
        match state {
            Ok(ConnectionState::EncodeTlsData(mut data)) => append(outgoing, |room| data.encode(room))?,
            Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
            Ok(ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_)) => {
                return Ok(consumed.min(shown.len()));
            }
            Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => {
                return Err(Error::tls("the server ended the connection during the handshake"));
            }
            Ok(_) => return Err(Error::tls("a state of the handshake that no client has")),
            Err(error) => {
                alert(connection, shown.get_mut(consumed..).unwrap_or_default(), outgoing);
                return Err(why.of(error));
            }
        }
    }
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

/// The alert that tells the server why. rustls may look for messages that it has seen in what is left; it is asked once,
/// as it would go on with them.
fn alert(connection: &mut UnbufferedClientConnection, rest: &mut [u8], outgoing: &mut Vec<u8>) {
    if let Ok(ConnectionState::EncodeTlsData(mut data)) = connection.process_tls_records(rest).state {
        // Without it the server learns less.
        let _ = append(outgoing, |room| data.encode(room));
    }
}

/// Append what an operation writes into the room that it is given.
fn append(outgoing: &mut Vec<u8>, mut write: impl FnMut(&mut [u8]) -> Result<usize, EncodeError>) -> Result<(), Error> {
    let end = outgoing.len();
    let mut room = outgoing.capacity() - end;
    loop {
        outgoing.resize(end + room, 0);
        match write(outgoing.get_mut(end..).unwrap_or_default()) {
            Ok(count) => {
                outgoing.truncate(end + count);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(size)) if size.required_size > room => room = size.required_size,
            Err(error) => return Err(Error::tls(error.to_string())),
        }
    }
}

fn versions(versions: Versions) -> &'static [&'static SupportedProtocolVersion] {
    static BOTH: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    let [new, old] = BOTH.each_ref().map(core::slice::from_ref);
    match versions {
        Versions::Tls12 => old,
        Versions::Both => &BOTH,
        Versions::Tls13 => new,
    }
}

/// What failed, in words for those who have to mend it.
fn failed(error: rustls::Error, offer: Offer) -> Error {
    let certificate = match &error {
        rustls::Error::InvalidCertificate(certificate) => certificate,
        rustls::Error::General(text) => return Error::tls(text.clone()),
        rustls::Error::AlertReceived(
            AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity
            | AlertDescription::ProtocolVersion,
        )
        | rustls::Error::PeerIncompatible(_) => {
            let of = match offer {
                Offer::All => "",
                Offer::Fast | Offer::FastOrNewest => "the fast ones of these: ",
            };
            return Error::tls(format!(
                "{error}: the server accepts nothing of what is offered, which is {of}{OFFERED}"
            ));
        }
        _ => return Error::tls(error.to_string()),
    };
    let text = match certificate {
        CertificateError::BadSignature => "a signature of the server's certificate chain or handshake is wrong",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not for servers"
        }
        _ => return Error::tls(error.to_string()),
    };
    Error::tls(text.to_string())
}
