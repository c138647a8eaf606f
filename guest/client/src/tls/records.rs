//! The records of TLS once the handshake is done (RFC 8446, section 5; RFC 5246, section 6.2), by way of rustls's interface
//! for that.
//!
//! rustls could go on with them. But it gives each ticket out once, and there are servers that send two with the control
//! connection, none with an upload, and refuse a data connection that resumes nothing. Here the ticket stays at hand. And
//! all records of one read are decrypted in one call. `guest/crypto/README.md` states what would make this file unnecessary.

use super::tickets::Tickets;
use super::{Connection, Progress};
use crate::error::Error;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use ftp_crypto::{Opened, Opener, Sealer};
use ftp_types::TlsCause;
use rustls::client::ClientConnectionData;
use rustls::kernel::KernelConnection;
use rustls::{AlertDescription, ContentType, ExtractedSecrets, HandshakeType, SupportedCipherSuite};

/// Bytes before the payload of a record: type, version, length.
pub(super) const HEADER: usize = 5;

/// Plain bytes of a record at most.
const PLAIN: usize = 1 << 14;

/// Encrypted bytes of a record at most.
const ENCRYPTED: usize = PLAIN + 256;

/// Bytes of a message after the handshake at most: a ticket, its nonce and extensions.
const MESSAGE: usize = 1 << 17;

/// Changes of the key, and in TLS 1.2 warnings and new handshakes, that the other side may ask for in one connection. None
/// moves data, and some cost the client more than the server.
const DEMANDS: u32 = 32;

/// The levels of an alert.
const WARNING: u8 = 1;
const FATAL: u8 = 2;

/// An open TLS connection.
pub(super) struct Records {
    kernel: KernelConnection<ClientConnectionData>,
    suite: SupportedCipherSuite,
    /// Records that one key is good for.
    limit: u64,
    sending: Sealer,
    receiving: Opener,
    /// What the last call has opened.
    opened: Vec<Opened>,
    /// What comes next is for a key that has come after that call.
    has_new_key: bool,
    /// A message after the handshake that is not yet complete.
    message: Vec<u8>,
    demands: u32,
    ended: bool,
    /// Where tickets go, if they are wanted.
    tickets: Option<Arc<Tickets>>,
    /// The last one that came, as it came.
    ticket: Vec<u8>,
}

impl Records {
    pub(super) fn new(
        (secrets, kernel): (ExtractedSecrets, KernelConnection<ClientConnectionData>),
        tickets: Option<Arc<Tickets>>,
    ) -> Result<Self, Error> {
        let suite = kernel.negotiated_cipher_suite();
        let limit = match suite {
            SupportedCipherSuite::Tls13(suite) => suite.common.confidentiality_limit,
            SupportedCipherSuite::Tls12(suite) => suite.common.confidentiality_limit,
        };
        let (number, secret) = secrets.tx;
        let sending = Sealer::new(suite, number, &secret).map_err(failed)?;
        let (number, secret) = secrets.rx;
        let receiving = Opener::new(suite, number, &secret).map_err(failed)?;
        let (opened, message, ticket) = (Vec::new(), Vec::new(), Vec::new());
        let (has_new_key, demands, ended) = (false, 0, false);
        Ok(Self {
            kernel,
            suite,
            limit,
            sending,
            receiving,
            opened,
            has_new_key,
            message,
            demands,
            ended,
            tickets,
            ticket,
        })
    }

    /// Take whole records from the front, as many as are opened at once; their data is appended to `plain`. Returns their bytes,
    /// 0 when there is none.
    fn take(&mut self, incoming: &[u8], outgoing: &mut Vec<u8>, plain: &mut Vec<u8>) -> Result<usize, Failure> {
        let whole = self.whole_records(incoming)?;
        if whole.is_empty() {
            return Ok(0);
        }
        let mut opened = core::mem::take(&mut self.opened);
        opened.clear();
        let mut filled = plain.len();
        let size = self.receiving.open(whole, plain, &mut opened).map_err(Failure::unreadable)?;
        self.has_new_key = false;
        let mut taken = Ok(());
        for record in &opened {
            taken = self.take_record(record, outgoing, plain);
            if taken.is_err() || self.ended {
                break;
            }
            if record.kind == ContentType::ApplicationData {
                plain.copy_within(record.start..record.end, filled);
                filled += record.end - record.start;
            }
        }
        plain.truncate(filled);
        self.opened = opened;
        taken.map(|()| size)
    }

    /// The whole records at the front, as far as their headers are right; an error where the first one is not.
    fn whole_records<'a>(&self, incoming: &'a [u8]) -> Result<&'a [u8], Failure> {
        let mut whole = 0;
        while let Some(&[kind, _, _, high, low]) = incoming.get(whole..).and_then(<[u8]>::first_chunk) {
            let length = usize::from(u16::from_be_bytes([high, low]));
            let wrong = match kind {
                kind if !self.may_be(kind.into()) => Some(OTHER_KIND),
                _ if length > ENCRYPTED => Some(TOO_LONG),
                _ => None,
            };
            match wrong {
                Some(failure) if whole == 0 => return Err(failure),
                None if whole + HEADER + length <= incoming.len() => whole += HEADER + length,
                _ => break,
            }
        }
        Ok(incoming.get(..whole).unwrap_or_default())
    }

    fn take_record(&mut self, record: &Opened, outgoing: &mut Vec<u8>, plain: &[u8]) -> Result<(), Failure> {
        let content = plain.get(record.start..record.end).unwrap_or_default();
        if self.has_new_key {
            return Err(UNREADABLE);
        }
        match record.kind {
            ContentType::ApplicationData if self.message.is_empty() => Ok(()),
            ContentType::Handshake if self.message.len() + content.len() <= MESSAGE => {
                self.message.extend_from_slice(content);
                self.take_messages(outgoing)
            }
            ContentType::Alert => self.take_alert(content),
            _ => Err(Failure(AlertDescription::UnexpectedMessage, "a record that does not belong there")),
        }
    }

    /// What a record says that it is: in TLS 1.3 all look alike.
    fn may_be(&self, kind: ContentType) -> bool {
        match kind {
            ContentType::ApplicationData => true,
            ContentType::Handshake | ContentType::Alert => self.is_tls12(),
            _ => false,
        }
    }

    fn take_alert(&mut self, alert: &[u8]) -> Result<(), Failure> {
        let &[level, alert] = alert else {
            return Err(Failure(AlertDescription::DecodeError, "an alert that is none"));
        };
        match AlertDescription::from(alert) {
            AlertDescription::CloseNotify => self.ended = true,
            AlertDescription::UserCanceled => {}
            _ if level == WARNING && self.is_tls12() => self.count_demand()?,
            alert => return Err(Failure::received(alert)),
        }
        Ok(())
    }

    /// Take the messages that are complete (RFC 8446, section 4.6; RFC 5246, section 7.4.1.1).
    fn take_messages(&mut self, outgoing: &mut Vec<u8>) -> Result<(), Failure> {
        const WRONG: Failure = Failure(AlertDescription::UnexpectedMessage, "a message that does not belong there");
        let messages = core::mem::take(&mut self.message);
        let mut rest = messages.as_slice();
        while let Some((&[kind, high, middle, low], after)) = rest.split_first_chunk() {
            let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            let Some((body, after)) = after.split_at_checked(length) else { break };
            match HandshakeType::from(kind) {
                HandshakeType::HelloRequest if self.is_tls12() && body.is_empty() => self.refuse_handshake(outgoing)?,
                HandshakeType::NewSessionTicket if !self.is_tls12() => self.take_ticket(body)?,
                // A key belongs to whole records.
                HandshakeType::KeyUpdate if !self.is_tls12() && after.is_empty() => {
                    self.take_key_update(body, outgoing)?
                }
                _ => return Err(WRONG),
            }
            rest = after;
        }
        self.message.extend_from_slice(rest);
        Ok(())
    }

    /// (HelloRequest) The server may go on without a new handshake, or end the connection.
    fn refuse_handshake(&mut self, outgoing: &mut Vec<u8>) -> Result<(), Failure> {
        self.count_demand()?;
        let refusal = [WARNING, AlertDescription::NoRenegotiation.into()];
        self.seal(ContentType::Alert, &refusal, outgoing)
            .map_err(|_| Failure(AlertDescription::InternalError, "more records than can be counted"))
    }

    fn count_demand(&mut self) -> Result<(), Failure> {
        const TEXT: &str = "changes of the key, warnings or new handshakes without an end";
        self.demands += 1;
        match self.demands {
            ..=DEMANDS => Ok(()),
            _ => Err(Failure(AlertDescription::UnexpectedMessage, TEXT)),
        }
    }

    fn take_ticket(&mut self, body: &[u8]) -> Result<(), Failure> {
        if self.tickets.is_none() {
            return Ok(());
        }
        let taken = self.kernel.handle_new_session_ticket(body);
        taken.map_err(|_| Failure(AlertDescription::DecodeError, "a ticket that is none"))?;
        self.ticket = body.to_vec();
        Ok(())
    }

    fn take_key_update(&mut self, body: &[u8], outgoing: &mut Vec<u8>) -> Result<(), Failure> {
        const WRONG: Failure = Failure(AlertDescription::IllegalParameter, "a change of the key that is none");
        self.count_demand()?;
        let (number, secret) = self.kernel.update_rx_secret().map_err(|_| WRONG)?;
        self.receiving = Opener::new(self.suite, number, &secret).map_err(|_| WRONG)?;
        self.has_new_key = true;
        match body {
            [0] => Ok(()),
            [1] => self.change_key(outgoing).map_err(|_| WRONG),
            _ => Err(WRONG),
        }
    }

    /// (KeyUpdate, RFC 8446, section 4.6.3) A new key for what is sent from now on. TLS 1.2 has none.
    fn change_key(&mut self, outgoing: &mut Vec<u8>) -> Result<(), Error> {
        if self.is_tls12() {
            return Err(Error::tls("more was sent than one key of TLS 1.2 is good for"));
        }
        self.seal(ContentType::Handshake, &[HandshakeType::KeyUpdate.into(), 0, 0, 1, 0], outgoing)?;
        let (number, secret) = self.kernel.update_tx_secret().map_err(failed)?;
        self.sending = Sealer::new(self.suite, number, &secret).map_err(failed)?;
        Ok(())
    }

    fn seal(&mut self, kind: ContentType, bytes: &[u8], outgoing: &mut Vec<u8>) -> Result<(), Error> {
        self.sending.seal(kind, bytes, outgoing).map_err(failed)
    }

    fn is_tls12(&self) -> bool {
        matches!(self.suite, SupportedCipherSuite::Tls12(_))
    }
}

impl Connection for Records {
    fn advance(
        &mut self,
        incoming: &mut Vec<u8>,
        outgoing: &mut Vec<u8>,
        plain: &mut Vec<u8>,
    ) -> Result<Progress, Error> {
        let mut consumed = 0;
        let end = loop {
            if self.ended {
                break Ok(Progress::Ended);
            }
            match self.take(incoming.get(consumed..).unwrap_or_default(), outgoing, plain) {
                Ok(0) => break Ok(Progress::Open),
                Ok(size) => consumed += size,
                Err(failure) => break Err(failure),
            }
        };
        incoming.drain(..consumed);
        end.map_err(|Failure(alert, text)| {
            if text.is_empty() && alert == AlertDescription::CertificateRequired {
                return TlsCause::CertificateWanted.into();
            }
            if text.is_empty() {
                return Error::tls(format!("the server sent the alert {alert:?}"));
            }
            let _ = self.seal(ContentType::Alert, &[FATAL, alert.into()], outgoing);
            Error::tls(format!("the server sent {text}"))
        })
    }

    fn encrypt(&mut self, bytes: &[u8], outgoing: &mut Vec<u8>) -> Result<(), Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.sending.number() >= self.limit {
                self.change_key(outgoing)?;
            }
            let records = usize::try_from(self.limit - self.sending.number()).unwrap_or(usize::MAX);
            let (part, after) = rest.split_at(rest.len().min(records.saturating_mul(PLAIN)));
            self.seal(ContentType::ApplicationData, part, outgoing)?;
            rest = after;
        }
        Ok(())
    }

    fn close(&mut self, outgoing: &mut Vec<u8>) -> Result<(), Error> {
        self.seal(ContentType::Alert, &[WARNING, AlertDescription::CloseNotify.into()], outgoing)
    }

    fn renew_ticket(&mut self) {
        let is_wanted = self.tickets.as_ref().is_some_and(|tickets| tickets.is_empty());
        if is_wanted && !self.ticket.is_empty() {
            // It was good when it came.
            let _ = self.kernel.handle_new_session_ticket(&self.ticket);
        }
    }
}

/// What the server did wrong, and the alert that tells it so. Without a text it is an alert of the server's.
struct Failure(AlertDescription, &'static str);

const OTHER_KIND: Failure = Failure(AlertDescription::UnexpectedMessage, "a record of another kind than data");
const UNREADABLE: Failure = Failure(AlertDescription::BadRecordMac, "a record that cannot be decrypted");
const TOO_LONG: Failure = Failure(AlertDescription::RecordOverflow, "a record that is too long");

impl Failure {
    fn received(alert: AlertDescription) -> Self {
        Self(alert, "")
    }

    fn unreadable(error: rustls::Error) -> Self {
        match error {
            rustls::Error::PeerSentOversizedRecord => TOO_LONG,
            // What was encrypted says that it is of such a kind.
            rustls::Error::PeerMisbehaved(_) => OTHER_KIND,
            _ => UNREADABLE,
        }
    }
}

fn failed(error: rustls::Error) -> Error {
    Error::tls(error.to_string())
}
