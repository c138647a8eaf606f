//! The records of TLS 1.3 once the handshake is done (RFC 8446, section 5), by way of rustls's interface for that.
//!
//! rustls could go on with them. But it gives each ticket out once, and there are servers that send two with the control
//! connection, none with an upload, and refuse a data connection that resumes nothing. Here the ticket stays at hand.

use super::tickets::Tickets;
use super::{Connection, Progress};
use crate::error::Error;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use rustls::client::ClientConnectionData;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundPlainMessage,
};
use rustls::kernel::KernelConnection;
use rustls::{
    AlertDescription, ConnectionTrafficSecrets, ContentType, ExtractedSecrets, HandshakeType, ProtocolVersion,
    SupportedCipherSuite, Tls13CipherSuite,
};

/// Bytes before the payload of a record: type, version, length.
pub(super) const HEADER: usize = 5;

/// Plain bytes of a record at most.
const PLAIN: usize = 1 << 14;

/// Encrypted bytes of a record at most.
const ENCRYPTED: usize = PLAIN + 256;

/// Bytes of a message after the handshake at most: a ticket, its nonce and extensions.
const MESSAGE: usize = 1 << 17;

/// Changes of the key that the other side may ask for: each costs more here than there.
const KEY_UPDATES: u32 = 32;

/// An open TLS 1.3 connection.
pub(super) struct Records {
    kernel: KernelConnection<ClientConnectionData>,
    suite: &'static Tls13CipherSuite,
    sending: (Box<dyn MessageEncrypter>, u64),
    receiving: (Box<dyn MessageDecrypter>, u64),
    /// A message after the handshake that is not yet complete.
    message: Vec<u8>,
    key_updates: u32,
    ended: bool,
    tickets: Arc<Tickets>,
    /// The last one that came, as it came.
    ticket: Vec<u8>,
}

impl Records {
    pub(super) fn new(
        (secrets, kernel): (ExtractedSecrets, KernelConnection<ClientConnectionData>),
        tickets: Arc<Tickets>,
    ) -> Result<Self, Error> {
        let SupportedCipherSuite::Tls13(suite) = kernel.negotiated_cipher_suite() else {
            return Err(Error::Tls("not TLS 1.3".to_string()));
        };
        let (sent, secret) = secrets.tx;
        let sending = (encrypter(suite, secret)?, sent);
        let (received, secret) = secrets.rx;
        let receiving = (decrypter(suite, secret)?, received);
        let (message, ticket) = (Vec::new(), Vec::new());
        Ok(Self { kernel, suite, sending, receiving, message, key_updates: 0, ended: false, tickets, ticket })
    }

    /// Take one record from the front, or nothing when it is not complete. Data is decrypted where it is.
    fn take(&mut self, incoming: &mut [u8], outgoing: &mut Vec<u8>) -> Result<Option<Taken>, Failure> {
        let Some((&mut [kind, _, _, high, low], rest)) = incoming.split_first_chunk_mut() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if ContentType::from(kind) != ContentType::ApplicationData {
            return Err(Failure(AlertDescription::UnexpectedMessage, "a record of another kind than data"));
        }
        if length > ENCRYPTED {
            return Err(Failure(AlertDescription::RecordOverflow, "a record that is too long"));
        }
        let Some(payload) = rest.get_mut(..length) else { return Ok(None) };
        let record = InboundOpaqueMessage::new(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, payload);
        let (decrypter, number) = &mut self.receiving;
        let record = decrypter
            .decrypt(record, *number)
            .map_err(|_| Failure(AlertDescription::BadRecordMac, "a record that cannot be decrypted"))?;
        *number += 1;
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

    fn take_alert(&mut self, alert: &[u8]) -> Result<(), Failure> {
        match alert.get(1).copied().map(AlertDescription::from) {
            Some(AlertDescription::CloseNotify) => self.ended = true,
            Some(AlertDescription::UserCanceled) => {}
            Some(alert) => return Err(Failure::received(alert)),
            None => return Err(Failure(AlertDescription::DecodeError, "an alert that is none")),
        }
        Ok(())
    }

    /// Take the messages that are complete (RFC 8446, section 4.6).
    fn take_messages(&mut self, outgoing: &mut Vec<u8>) -> Result<(), Failure> {
        const WRONG: Failure = Failure(AlertDescription::UnexpectedMessage, "a message that does not belong there");
        let messages = core::mem::take(&mut self.message);
        let mut rest = messages.as_slice();
        while let Some((&[kind, high, middle, low], after)) = rest.split_first_chunk() {
            let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            let Some((body, after)) = after.split_at_checked(length) else { break };
            match HandshakeType::from(kind) {
                HandshakeType::NewSessionTicket => self.take_ticket(body)?,
                // A key belongs to whole records.
                HandshakeType::KeyUpdate if after.is_empty() => self.take_key_update(body, outgoing)?,
                _ => return Err(WRONG),
            }
            rest = after;
        }
        self.message.extend_from_slice(rest);
        Ok(())
    }

    fn take_ticket(&mut self, body: &[u8]) -> Result<(), Failure> {
        let taken = self.kernel.handle_new_session_ticket(body);
        taken.map_err(|_| Failure(AlertDescription::DecodeError, "a ticket that is none"))?;
        self.ticket = body.to_vec();
        Ok(())
    }

    fn take_key_update(&mut self, body: &[u8], outgoing: &mut Vec<u8>) -> Result<(), Failure> {
        const WRONG: Failure = Failure(AlertDescription::IllegalParameter, "a change of the key that is none");
        self.key_updates += 1;
        if self.key_updates > KEY_UPDATES {
            return Err(Failure(AlertDescription::UnexpectedMessage, "one change of the key after another"));
        }
        let (number, secret) = self.kernel.update_rx_secret().map_err(|_| WRONG)?;
        self.receiving = (decrypter(self.suite, secret).map_err(|_| WRONG)?, number);
        match body {
            [0] => Ok(()),
            [1] => self.change_key(outgoing).map_err(|_| WRONG),
            _ => Err(WRONG),
        }
    }

    /// (KeyUpdate, RFC 8446, section 4.6.3) A new key for what is sent from now on.
    fn change_key(&mut self, outgoing: &mut Vec<u8>) -> Result<(), Error> {
        self.seal(ContentType::Handshake, &[HandshakeType::KeyUpdate.into(), 0, 0, 1, 0], outgoing)?;
        let (number, secret) = self.kernel.update_tx_secret().map_err(failed)?;
        self.sending = (encrypter(self.suite, secret)?, number);
        Ok(())
    }

    fn seal(&mut self, kind: ContentType, bytes: &[u8], outgoing: &mut Vec<u8>) -> Result<(), Error> {
        let payload = OutboundChunks::Single(bytes);
        let message = OutboundPlainMessage { typ: kind, version: ProtocolVersion::TLSv1_3, payload };
        let (encrypter, number) = &mut self.sending;
        outgoing.extend(encrypter.encrypt(message, *number).map_err(failed)?.encode());
        *number += 1;
        Ok(())
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
                    let start = consumed + HEADER;
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
            const FATAL: u8 = 2;
            if text.is_empty() {
                return Error::Tls(format!("the server sent the alert {alert:?}"));
            }
            let _ = self.seal(ContentType::Alert, &[FATAL, alert.into()], outgoing);
            Error::Tls(format!("the server sent {text}"))
        })
    }

    fn encrypt(&mut self, bytes: &[u8], outgoing: &mut Vec<u8>) -> Result<(), Error> {
        for piece in bytes.chunks(PLAIN) {
            if self.sending.1 >= self.suite.common.confidentiality_limit {
                self.change_key(outgoing)?;
            }
            self.seal(ContentType::ApplicationData, piece, outgoing)?;
        }
        Ok(())
    }

    fn close(&mut self, outgoing: &mut Vec<u8>) -> Result<(), Error> {
        const WARNING: u8 = 1;
        self.seal(ContentType::Alert, &[WARNING, AlertDescription::CloseNotify.into()], outgoing)
    }

    fn renew_ticket(&mut self) {
        if self.tickets.is_empty() && !self.ticket.is_empty() {
            // It was good when it came.
            let _ = self.kernel.handle_new_session_ticket(&self.ticket);
        }
    }
}

/// A record that was taken: its size, and how much data is in it behind the header.
struct Taken {
    size: usize,
    data: usize,
}

/// What the server did wrong, and the alert that tells it so. Without a text it is an alert of the server's.
struct Failure(AlertDescription, &'static str);

impl Failure {
    fn received(alert: AlertDescription) -> Self {
        Self(alert, "")
    }
}

fn encrypter(suite: &Tls13CipherSuite, secret: ConnectionTrafficSecrets) -> Result<Box<dyn MessageEncrypter>, Error> {
    let (key, iv) = parts(secret)?;
    Ok(suite.aead_alg.encrypter(key, iv))
}

fn decrypter(suite: &Tls13CipherSuite, secret: ConnectionTrafficSecrets) -> Result<Box<dyn MessageDecrypter>, Error> {
    let (key, iv) = parts(secret)?;
    Ok(suite.aead_alg.decrypter(key, iv))
}

fn parts(secret: ConnectionTrafficSecrets) -> Result<(AeadKey, Iv), Error> {
    match secret {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => Ok((key, iv)),
        _ => Err(Error::Tls("a cipher of another kind".to_string())),
    }
}

fn failed(error: rustls::Error) -> Error {
    Error::Tls(error.to_string())
}
