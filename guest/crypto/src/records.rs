//! The records of TLS, sealed and opened: of version 1.3 (RFC 8446, section 5.2), and of 1.2 with ChaCha20-Poly1305 (RFC 7905)
//! and with AES-GCM, whose nonces are in part explicit (RFC 5288).
//!
//! Several records go to the cipher in one call, as where it is imported a call has a price of its own.

use alloc::vec::Vec;

use rustls::crypto::cipher::{
    InboundOpaqueMessage, InboundPlainMessage, Iv, MessageDecrypter, MessageEncrypter, Nonce, OutboundOpaqueMessage,
    OutboundPlainMessage, PrefixedPayload, make_tls12_aad, make_tls13_aad,
};
use rustls::{ConnectionTrafficSecrets, ContentType, Error, PeerMisbehaved, ProtocolVersion, SupportedCipherSuite};

use crate::aead::{AeadKey as _, Message, NONCE_LEN, TAG_LEN};
use crate::algorithms::Algorithm;
use crate::backend::aead::Key;

/// The longest plaintext of a record: 2^14 bytes (RFC 8446, section 5.1; RFC 5246, section 6.2.1).
pub(crate) const MAX_PLAINTEXT: usize = 1 << 14;

/// Bytes before the payload of a record: type, version, length.
const HEADER_LEN: usize = 5;

/// What each record of TLS 1.2 with AES-GCM carries of its nonce.
pub(crate) const EXPLICIT_LEN: usize = 8;

/// The most records that are sealed or opened in one call.
const MOST: usize = 64;

/// How records are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// TLS 1.3: the type of the content is encrypted with it.
    Tls13,
    /// TLS 1.2, where the nonce is the number of the record over a secret base, and nothing of it is sent.
    Tls12,
    /// TLS 1.2, where each record carries a part of its nonce.
    Tls12Explicit,
}

/// A key with all that the format of a record needs.
pub(crate) struct Protection {
    format: Format,
    key: Key,
    iv: Iv,
}

impl Protection {
    pub(crate) fn new(format: Format, algorithm: Algorithm, key: &[u8], iv: &[u8]) -> Result<Self, Error> {
        let iv = <[u8; NONCE_LEN]>::try_from(iv).map_err(|_| Error::General("a nonce of another length".into()))?;
        Ok(Self { format, key: Key::new(algorithm, key)?, iv: Iv::new(iv) })
    }

    fn of(suite: SupportedCipherSuite, secrets: &ConnectionTrafficSecrets) -> Result<Self, Error> {
        let (algorithm, key, iv) = match secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (Algorithm::Aes128Gcm, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (Algorithm::Aes256Gcm, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (Algorithm::ChaCha20Poly1305, key, iv),
            _ => return Err(Error::General("a cipher of another kind".into())),
        };
        let format = match suite {
            SupportedCipherSuite::Tls13(_) => Format::Tls13,
            SupportedCipherSuite::Tls12(_) => Format::of_tls12(algorithm),
        };
        Self::new(format, algorithm, key.as_ref(), iv.as_ref())
    }

    /// What makes a record of a text.
    fn outgoing(&self, kind: ContentType, version: ProtocolVersion, len: usize, number: u64) -> Frame {
        let nonce = Nonce::new(&self.iv, number).0;
        let size = len + self.format.overhead();
        // The header says neither in TLS 1.3.
        let (outer, version) = match self.format {
            Format::Tls13 => (ContentType::ApplicationData, ProtocolVersion::TLSv1_2),
            Format::Tls12 | Format::Tls12Explicit => (kind, version),
        };
        let ([major, minor], [high, low]) = (version.to_array(), (size as u16).to_be_bytes());
        let explicit = nonce.get(NONCE_LEN - self.format.explicit()..).unwrap_or_default();
        let prefix = Short::of([[u8::from(outer), major, minor, high, low].as_slice(), explicit]);
        let (additional, suffix) = match self.format {
            Format::Tls13 => (Short::of([&make_tls13_aad(size)]), Short::of([&[kind.into()]])),
            _ => (Short::of([&make_tls12_aad(number, kind, version, len)]), Short::default()),
        };
        Frame { nonce, additional, prefix, suffix }
    }

    /// What opens a record. The length is known before it is opened: an oversized one costs no work.
    fn incoming(&self, record: &Record<'_>, number: u64) -> Result<Frame, Error> {
        let Record { kind, version, payload } = *record;
        let mut nonce = Nonce::new(&self.iv, number).0;
        let (prefix, suffix) = (Short::default(), Short::default());
        if self.format == Format::Tls13 {
            let additional = Short::of([&make_tls13_aad(payload.len())]);
            return Ok(Frame { nonce, additional, prefix, suffix });
        }
        let len = payload.len().checked_sub(self.format.overhead()).ok_or(Error::DecryptError)?;
        if len > MAX_PLAINTEXT {
            return Err(Error::PeerSentOversizedRecord);
        }
        let (secret, explicit) = (NONCE_LEN - self.format.explicit(), payload.iter().take(self.format.explicit()));
        let sent = nonce.iter_mut().skip(secret);
        sent.zip(explicit).for_each(|(to, from)| *to = *from);
        let additional = Short::of([&make_tls12_aad(number, kind, version, len)]);
        Ok(Frame { nonce, additional, prefix, suffix })
    }
}

/// What belongs to a record besides its text.
struct Frame {
    nonce: [u8; NONCE_LEN],
    additional: Short,
    prefix: Short,
    suffix: Short,
}

impl Frame {
    fn around<'a>(&'a self, text: &'a [u8]) -> Message<'a> {
        let Self { nonce, additional, prefix, suffix } = self;
        Message { nonce, additional: additional.bytes(), prefix: prefix.bytes(), text, suffix: suffix.bytes() }
    }
}

/// A few bytes: as many as header and nonce, or what is authenticated, have at most.
#[derive(Debug, Clone, Copy, Default)]
struct Short {
    bytes: [u8; HEADER_LEN + EXPLICIT_LEN],
    len: usize,
}

impl Short {
    fn of<const N: usize>(parts: [&[u8]; N]) -> Self {
        let mut short = Self::default();
        for (to, from) in short.bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
            short.len += 1;
        }
        short
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Format {
    pub(crate) const fn of_tls12(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Aes128Gcm | Algorithm::Aes256Gcm => Self::Tls12Explicit,
            Algorithm::ChaCha20Poly1305 => Self::Tls12,
        }
    }

    /// Bytes of the nonce that a record carries.
    const fn explicit(self) -> usize {
        match self {
            Self::Tls13 | Self::Tls12 => 0,
            Self::Tls12Explicit => EXPLICIT_LEN,
        }
    }

    /// Bytes at the end of a plain text that are not of the content.
    const fn tail(self) -> usize {
        match self {
            Self::Tls13 => 1,
            Self::Tls12 | Self::Tls12Explicit => 0,
        }
    }

    /// What the payload of a record has more than its text.
    const fn overhead(self) -> usize {
        self.explicit() + self.tail() + TAG_LEN
    }
}

/// What seals the records of one direction, once the handshake is done.
pub struct Sealer {
    protection: Protection,
    number: u64,
}

impl Sealer {
    /// From what rustls gives for this direction: the secrets, and the number of the next record.
    ///
    /// # Errors
    ///
    /// Those of the key: it is one of a cipher that is not here.
    pub fn new(suite: SupportedCipherSuite, number: u64, secrets: &ConnectionTrafficSecrets) -> Result<Self, Error> {
        Ok(Self { protection: Protection::of(suite, secrets)?, number })
    }

    /// The number of the next record.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Append this text in records of 2^14 bytes, the last of which may be shorter.
    ///
    /// # Errors
    ///
    /// [`Error::EncryptError`] when there are no more numbers, or the key has sealed as many records as it is good for. No
    /// number is used twice, also after an error.
    pub fn seal(&mut self, kind: ContentType, text: &[u8], sealed: &mut Vec<u8>) -> Result<(), Error> {
        for part in text.chunks(MOST * MAX_PLAINTEXT) {
            let texts = part.chunks(MAX_PLAINTEXT);
            let first = self.number;
            self.number = first.checked_add(texts.len() as u64).ok_or(Error::EncryptError)?;
            let frame = |(number, text): (_, &[u8])| {
                self.protection.outgoing(kind, ProtocolVersion::TLSv1_2, text.len(), number)
            };
            let frames: Vec<Frame> = (first..).zip(texts.clone()).map(frame).collect();
            let messages: Vec<Message<'_>> = frames.iter().zip(texts).map(|(frame, text)| frame.around(text)).collect();
            self.protection.key.seal(&messages, sealed)?;
        }
        Ok(())
    }
}

/// What opens the records of one direction, once the handshake is done.
pub struct Opener {
    protection: Protection,
    number: u64,
    /// So many records are opened one at a time, as there is one among them that is not for this key.
    singly: usize,
    tails: Vec<u8>,
}

/// The content of a record, and where it is among what was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// What it is.
    pub kind: ContentType,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

impl Opener {
    /// From what rustls gives for this direction: the secrets, and the number of the next record.
    ///
    /// # Errors
    ///
    /// Those of the key: it is one of a cipher that is not here.
    pub fn new(suite: SupportedCipherSuite, number: u64, secrets: &ConnectionTrafficSecrets) -> Result<Self, Error> {
        Ok(Self { protection: Protection::of(suite, secrets)?, number, singly: 0, tails: Vec::new() })
    }

    /// Open whole records at the front of `received`, at least one where there is one. What they hold is appended to `plain`,
    /// in TLS 1.3 with padding between one content and the next, and each content to `opened`. Returns the bytes of these
    /// records.
    ///
    /// # Errors
    ///
    /// Those of the first record, to which nothing is appended. What comes before a bad record is opened.
    pub fn open(&mut self, received: &[u8], plain: &mut Vec<u8>, opened: &mut Vec<Opened>) -> Result<usize, Error> {
        let most = if self.singly > 0 { 1 } else { MOST };
        let records: Vec<Record<'_>> = Records(received).take(most).collect();
        let mut result = self.open_all(&records, plain, opened);
        if result.is_err() && records.len() > 1 {
            self.singly = records.len();
            result = self.open_all(records.get(..1).unwrap_or_default(), plain, opened);
        }
        self.singly = self.singly.saturating_sub(1);
        result
    }

    fn open_all(
        &mut self,
        records: &[Record<'_>],
        plain: &mut Vec<u8>,
        opened: &mut Vec<Opened>,
    ) -> Result<usize, Error> {
        let (start, known) = (plain.len(), opened.len());
        let result = self.try_open(records, plain, opened);
        if result.is_err() {
            plain.truncate(start);
            opened.truncate(known);
        }
        result
    }

    fn try_open(
        &mut self,
        records: &[Record<'_>],
        plain: &mut Vec<u8>,
        opened: &mut Vec<Opened>,
    ) -> Result<usize, Error> {
        let (protection, first) = (&self.protection, self.number);
        let next = first.checked_add(records.len() as u64).ok_or(Error::DecryptError)?;
        let frames = (first..next).zip(records).map(|(number, record)| protection.incoming(record, number));
        let frames: Vec<Frame> = frames.collect::<Result<_, _>>()?;
        let texts = records.iter().map(|record| record.sealed(protection.format));
        let messages: Vec<Message<'_>> = frames.iter().zip(texts).map(|(frame, text)| frame.around(text)).collect();
        let (mut start, tail) = (plain.len(), protection.format.tail());
        self.tails.clear();
        protection.key.open(&messages, tail, plain, &mut self.tails)?;
        let mut tails = self.tails.iter();
        for (record, message) in records.iter().zip(&messages) {
            let end = start + message.text.len().saturating_sub(TAG_LEN + tail);
            let text = plain.get(start..end).ok_or(Error::DecryptError)?;
            let (kind, len) = match protection.format {
                Format::Tls13 => unpadded(text, tails.next())?,
                Format::Tls12 | Format::Tls12Explicit => (record.kind, text.len()),
            };
            opened.push(Opened { kind, start, end: start + len });
            start = end;
        }
        self.number = next;
        Ok(records.iter().map(|record| HEADER_LEN + record.payload.len()).sum())
    }
}

#[cfg(test)]
impl Opener {
    /// A record of TLS 1.3 whose inner plaintext is this.
    pub(crate) fn sealed_inner(&self, inner: &[u8], number: u64) -> Vec<u8> {
        let len = inner.len().saturating_sub(1);
        let mut frame = self.protection.outgoing(ContentType::ApplicationData, ProtocolVersion::TLSv1_2, len, number);
        if inner.is_empty() {
            frame.prefix = Short::of([&[23, 3, 3, 0, 16]]);
            frame.additional = frame.prefix;
        }
        let (text, rest) = inner.split_at(inner.len().min(MAX_PLAINTEXT));
        frame.suffix = Short::of([rest]);
        let mut sealed = Vec::new();
        self.protection.key.seal(&[frame.around(text)], &mut sealed).unwrap();
        sealed
    }
}

/// The type of the content, which is the last byte that is not zero, and the length of the content (RFC 8446, section 5.4).
fn unpadded(text: &[u8], tail: Option<&u8>) -> Result<(ContentType, usize), Error> {
    let (kind, len) = match tail {
        Some(0) => {
            let kind = text.iter().rposition(|byte| *byte != 0);
            kind.and_then(|at| Some((*text.get(at)?, at))).ok_or(PeerMisbehaved::IllegalTlsInnerPlaintext)?
        }
        Some(kind) => (*kind, text.len()),
        None => return Err(PeerMisbehaved::IllegalTlsInnerPlaintext.into()),
    };
    if text.len() > MAX_PLAINTEXT {
        return Err(Error::PeerSentOversizedRecord);
    }
    Ok((kind.into(), len))
}

/// A record as it was received.
struct Record<'a> {
    kind: ContentType,
    version: ProtocolVersion,
    payload: &'a [u8],
}

impl<'a> Record<'a> {
    /// What was encrypted, and its tag.
    fn sealed(&self, format: Format) -> &'a [u8] {
        self.payload.get(format.explicit()..).unwrap_or_default()
    }
}

/// The whole records at the front of these bytes.
struct Records<'a>(&'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (&[kind, major, minor, high, low], rest) = self.0.split_first_chunk()?;
        let (payload, rest) = rest.split_at_checked(u16::from_be_bytes([high, low]).into())?;
        self.0 = rest;
        Some(Record { kind: kind.into(), version: u16::from_be_bytes([major, minor]).into(), payload })
    }
}

/// A protection as rustls has it, which can make no error of a key before it is used.
pub(crate) struct Single(pub(crate) Result<Protection, Error>);

impl MessageEncrypter for Single {
    fn encrypt(&mut self, message: OutboundPlainMessage<'_>, number: u64) -> Result<OutboundOpaqueMessage, Error> {
        let protection = self.0.as_ref().map_err(Error::clone)?;
        let mut sealed = Vec::new();
        let text = message.payload.to_vec();
        let frame = protection.outgoing(message.typ, message.version, text.len(), number);
        protection.key.seal(&[frame.around(&text)], &mut sealed)?;
        let (&[kind, major, minor, _, _], payload) = sealed.split_first_chunk().ok_or(Error::EncryptError)?;
        let mut prefixed = PrefixedPayload::with_capacity(payload.len());
        prefixed.extend_from_slice(payload);
        let version = u16::from_be_bytes([major, minor]).into();
        Ok(OutboundOpaqueMessage::new(kind.into(), version, prefixed))
    }

    fn encrypted_payload_len(&self, payload_len: usize) -> usize {
        payload_len + self.0.as_ref().map_or(0, |protection| protection.format.overhead())
    }
}

impl MessageDecrypter for Single {
    fn decrypt<'a>(
        &mut self,
        mut message: InboundOpaqueMessage<'a>,
        number: u64,
    ) -> Result<InboundPlainMessage<'a>, Error> {
        let protection = self.0.as_ref().map_err(Error::clone)?;
        let InboundOpaqueMessage { typ: kind, version, ref payload } = message;
        let (mut plain, mut tails) = (Vec::new(), Vec::new());
        let record = Record { kind, version, payload };
        let frame = protection.incoming(&record, number)?;
        protection.key.open(&[frame.around(record.sealed(protection.format))], 0, &mut plain, &mut tails)?;
        message.payload.truncate(plain.len());
        message.payload.copy_from_slice(&plain);
        match protection.format {
            Format::Tls13 => message.into_tls13_unpadded_message(),
            Format::Tls12 | Format::Tls12Explicit => Ok(message.into_plain_message()),
        }
    }
}
