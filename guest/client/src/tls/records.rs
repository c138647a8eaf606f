//! The records of TLS once the handshake is done (RFC 8446, section 5; RFC 5246, section 6.2), by way of rustls's interface
//! for that.
//!
//! rustls could go on with them. But it gives each ticket out once, and there are servers that send two with the control
//! connection, none with an upload, and refuse a data connection that resumes nothing. Here the ticket stays at hand. And
//! data is decrypted where it came, with a copy less. `guest/crypto/README.md` states what would make this file unnecessary.

use super::tickets::Tickets;
use super::{Connection, Progress};
use crate::error::Error;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use ftp_types::TlsCause;
use rustls::client::ClientConnectionData;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundPlainMessage,
};
use rustls::kernel::KernelConnection;
use rustls::{
    AlertDescription, ConnectionTrafficSecrets, ContentType, ExtractedSecrets, HandshakeType, ProtocolVersion,
    SupportedCipherSuite, Tls12CipherSuite,
};

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
    /// Bytes of a record before its data.
    front: usize,
    /// Records that one key is good for.
    limit: u64,
    sending: (Box<dyn MessageEncrypter>, u64),
    receiving: (Box<dyn MessageDecrypter>, u64),
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
        let (limit, explicit) = match suite {
            SupportedCipherSuite::Tls13(suite) => (suite.common.confidentiality_limit, 0),
            SupportedCipherSuite::Tls12(suite) => {
                (suite.common.confidentiality_limit, suite.aead_alg.key_block_shape().explicit_nonce_len)
            }
        };
        let (sent, secret) = secrets.tx;
        let sending = (encrypter(suite, secret)?, sent);
        let (received, secret) = secrets.rx;
        let receiving = (decrypter(suite, secret)?, received);
        let (message, ticket) = (Vec::new(), Vec::new());
        let front = HEADER + explicit;
        let (demands, ended) = (0, false);
        Ok(Self { kernel, suite, front, limit, sending, receiving, message, demands, ended, tickets, ticket })
    }

    /// Take one record from the front, or nothing when it is not complete. Data is decrypted where it is.
    fn take(&mut self, incoming: &mut [u8], outgoing: &mut Vec<u8>) -> Result<Option<Taken>, Failure> {
        let Some((&mut [kind, major, minor, high, low], rest)) = incoming.split_first_chunk_mut() else {
            return Ok(None);
        };
        let (kind, length) = (ContentType::from(kind), usize::from(u16::from_be_bytes([high, low])));
        if !self.may_be(kind) {
            return Err(OTHER_KIND);
        }
        if length > ENCRYPTED {
            return Err(TOO_LONG);
        }
        let Some(payload) = rest.get_mut(..length) else { return Ok(None) };
        // In TLS 1.2 the tag covers it, in TLS 1.3 it means nothing.
        let version = ProtocolVersion::from(u16::from_be_bytes([major, minor]));
        let record = InboundOpaqueMessage::new(kind, version, payload);
        let (decrypter, number) = &mut self.receiving;
        let record = decrypter.decrypt(record, *number).map_err(Failure::unreadable)?;
        *number = number.checked_add(1).ok_or(TOO_MANY)?;
        let mut data = 0;
        match record.typ {
            ContentType::ApplicationData if self.message.is_empty() => data = record.payload.len(),
            ContentType::Handshake if self.message.len() + record.payload.len() <= MESSAGE => {
                self.message.extend_from_slice(record.payload);
                self.take_messages(outgoing)?;
            }
            ContentType::Alert => self.take_alert(record.payload)?,
            _ => return Err(Failure(AlertDescription::UnexpectedMessage, "a record that does not belong there")),
        }
        Ok(Some(Taken { size: HEADER + length, data }))
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
        self.seal(ContentType::Alert, &refusal, outgoing).map_err(|_| TOO_MANY)
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
        self.receiving = (decrypter(self.suite, secret).map_err(|_| WRONG)?, number);
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
        self.sending = (encrypter(self.suite, secret)?, number);
        Ok(())
    }

    fn seal(&mut self, kind: ContentType, bytes: &[u8], outgoing: &mut Vec<u8>) -> Result<(), Error> {
        let payload = OutboundChunks::Single(bytes);
        // So do the headers say in TLS 1.3 too.
        let message = OutboundPlainMessage { typ: kind, version: ProtocolVersion::TLSv1_2, payload };
        let (encrypter, number) = &mut self.sending;
        let next = number.checked_add(1).ok_or_else(|| Error::tls("too many records were sent"))?;
        outgoing.extend(encrypter.encrypt(message, *number).map_err(failed)?.encode());
        *number = next;
        Ok(())
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
        let (mut consumed, mut filled) = (0, 0);
        let end = loop {
            if self.ended {
                break Ok(Progress::Ended);
            }
            match self.take(incoming.get_mut(consumed..).unwrap_or_default(), outgoing) {
                Ok(Some(Taken { size, data })) => {
                    let start = consumed + self.front;
                    incoming.copy_within(start..start + data, filled);
                    filled += data;
                    consumed += size;
                }
                Ok(None) => break Ok(Progress::Open),
                Err(failure) => break Err(failure),
            }
        };
        if consumed > 0 {
            // The buffer of what was received becomes that of what is plain.
            let rest = incoming.split_off(consumed);
            incoming.truncate(filled);
            match plain.is_empty() {
                true => core::mem::swap(plain, incoming),
                false => plain.append(incoming),
            }
            *incoming = rest;
        }
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
        for piece in bytes.chunks(PLAIN) {
            if self.sending.1 >= self.limit {
                self.change_key(outgoing)?;
            }
            self.seal(ContentType::ApplicationData, piece, outgoing)?;
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

/// A record that was taken: its size, and how much data is in it.
struct Taken {
    size: usize,
    data: usize,
}

/// What the server did wrong, and the alert that tells it so. Without a text it is an alert of the server's.
struct Failure(AlertDescription, &'static str);

const OTHER_KIND: Failure = Failure(AlertDescription::UnexpectedMessage, "a record of another kind than data");
const TOO_LONG: Failure = Failure(AlertDescription::RecordOverflow, "a record that is too long");
const TOO_MANY: Failure = Failure(AlertDescription::InternalError, "more records than can be counted");

impl Failure {
    fn received(alert: AlertDescription) -> Self {
        Self(alert, "")
    }

    fn unreadable(error: rustls::Error) -> Self {
        match error {
            rustls::Error::PeerSentOversizedRecord => TOO_LONG,
            // What was encrypted says that it is of such a kind.
            rustls::Error::PeerMisbehaved(_) => OTHER_KIND,
            _ => Self(AlertDescription::BadRecordMac, "a record that cannot be decrypted"),
        }
    }
}

fn encrypter(
    suite: SupportedCipherSuite,
    secret: ConnectionTrafficSecrets,
) -> Result<Box<dyn MessageEncrypter>, Error> {
    let (key, iv) = parts(secret)?;
    Ok(match suite {
        SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
        SupportedCipherSuite::Tls12(suite) => {
            let (fixed, explicit) = halves(suite, &iv)?;
            suite.aead_alg.encrypter(key, fixed, explicit)
        }
    })
}

fn decrypter(
    suite: SupportedCipherSuite,
    secret: ConnectionTrafficSecrets,
) -> Result<Box<dyn MessageDecrypter>, Error> {
    let (key, iv) = parts(secret)?;
    Ok(match suite {
        SupportedCipherSuite::Tls13(suite) => suite.aead_alg.decrypter(key, iv),
        SupportedCipherSuite::Tls12(suite) => suite.aead_alg.decrypter(key, halves(suite, &iv)?.0),
    })
}

/// What of a nonce is secret in TLS 1.2, and what each record carries.
fn halves<'a>(suite: &Tls12CipherSuite, iv: &'a Iv) -> Result<(&'a [u8], &'a [u8]), Error> {
    let halves = iv.as_ref().split_at_checked(suite.aead_alg.key_block_shape().fixed_iv_len);
    halves.ok_or_else(|| Error::tls("a nonce of another length"))
}

fn parts(secret: ConnectionTrafficSecrets) -> Result<(AeadKey, Iv), Error> {
    match secret {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => Ok((key, iv)),
        _ => Err(Error::tls("a cipher of another kind")),
    }
}

fn failed(error: rustls::Error) -> Error {
    Error::tls(error.to_string())
}
