//! A server that seals whatever it is given.

use std::collections::VecDeque;
use std::ops::BitXorAssign as _;

use ftp_client::{Encoding, Reply};
use ftp_protocol::reply::{Limits, Reader};
use rustls::crypto::cipher::{AeadKey, Iv, MessageEncrypter, OutboundChunks, OutboundPlainMessage};
use rustls::{
    ConnectionTrafficSecrets, ContentType, ExtractedSecrets, ProtocolVersion, ServerConnection, SupportedCipherSuite,
};

use super::{GREETING, Peer, REPLY, Wire, session, version_and_config};
use crate::choice;

/// Plain bytes of a record at most, and more than that.
const LONGEST: usize = 17_000;

/// What a server seals after the handshake. The first byte chooses version and suite, and in its upper bits how often the
/// server changes its key at first. Then come parts: a letter, the number of bytes, the bytes. `d` seals data, `h` a
/// message of the handshake, `a` an alert, `k` a record of the kind in its first byte; `l` so many zeroes as two more
/// bytes say; `x` seals data that is spoilt on the way, `r` sends the bytes as they are; `w` waits for the client, `e`
/// ends the connection. Each reply that the client has is one that was sealed as data, in order.
pub fn sealed(data: &[u8]) {
    let (turn, bytes) = choice(data);
    let (version, config) = version_and_config(turn);
    let wire = Wire::new(Sealed {
        shaking: Some(ServerConnection::new(config).expect("a server")),
        changes: turn >> 5,
        sealing: None,
        parts: parts(bytes),
        said: Vec::new(),
    });
    let mut replies = Vec::new();
    let result = session(&wire, version, 6, &mut replies);
    assert!(!bytes.is_empty() || result.is_ok(), "{result:?}");
    let mut said = wire.with(|server| read(&server.said)).into_iter();
    for reply in replies {
        assert!(said.any(|said| said == reply), "the server did not say {reply:?}");
    }
}

fn parts(mut bytes: &[u8]) -> VecDeque<(u8, Vec<u8>)> {
    let mut parts = VecDeque::new();
    while let Some((&[kind, length], rest)) = bytes.split_first_chunk() {
        let (part, after) = rest.split_at(rest.len().min(usize::from(length)));
        parts.push_back((kind, part.to_vec()));
        bytes = after;
    }
    parts
}

fn read(said: &[u8]) -> Vec<Reply> {
    let mut reader = Reader::new(Limits::default());
    reader.feed(said);
    let replies = std::iter::from_fn(|| reader.next_reply().ok().flatten());
    let text = |line: &Vec<u8>| Encoding::Utf8.decode(line);
    replies.map(|reply| Reply { code: reply.code, lines: reply.lines.iter().map(text).collect() }).collect()
}

struct Sealed {
    /// The server until the end of the handshake.
    shaking: Option<ServerConnection>,
    changes: u8,
    /// What seals after that, and the number of the next record.
    sealing: Option<(Box<dyn MessageEncrypter>, u64)>,
    parts: VecDeque<(u8, Vec<u8>)>,
    said: Vec<u8>,
}

impl Peer for Sealed {
    fn take(&mut self, bytes: &[u8], inbox: &mut Vec<u8>) -> bool {
        let is_first = self.shaking.is_some();
        if is_first && !self.shake(bytes, inbox) {
            return true;
        }
        if self.parts.is_empty() {
            self.say(if is_first { GREETING } else { REPLY }, inbox);
            return true;
        }
        while let Some((kind, part)) = self.parts.pop_front() {
            match kind {
                b'w' => return true,
                b'e' => return false,
                _ => self.play(kind, &part, inbox),
            }
        }
        true
    }
}

impl Sealed {
    /// Whether the handshake is done, with which its server is.
    fn shake(&mut self, mut bytes: &[u8], inbox: &mut Vec<u8>) -> bool {
        let Some(mut server) = self.shaking.take() else { return true };
        while !bytes.is_empty() {
            server.read_tls(&mut bytes).expect("room for what came");
            server.process_new_packets().expect("a client without a fault");
        }
        let is_done = !server.is_handshaking();
        for _ in 0..if is_done { self.changes } else { 0 } {
            // TLS 1.2 has no such thing.
            let _ = server.refresh_traffic_keys();
        }
        while server.wants_write() {
            server.write_tls(inbox).expect("memory takes it");
        }
        if !is_done {
            self.shaking = Some(server);
            return false;
        }
        let suite = server.negotiated_cipher_suite().expect("a suite");
        let ExtractedSecrets { tx: (number, secrets), .. } = server.dangerous_extract_secrets().expect("secrets");
        self.sealing = Some((encrypter(suite, secrets), number));
        true
    }

    fn play(&mut self, kind: u8, part: &[u8], inbox: &mut Vec<u8>) {
        match (kind, part) {
            (b'd', data) => self.say(data, inbox),
            (b'h', message) => self.seal(ContentType::Handshake, message, inbox),
            (b'a', alert) => self.seal(ContentType::Alert, alert, inbox),
            (b'k', [kind, rest @ ..]) if ContentType::from(*kind) != ContentType::ApplicationData => {
                self.seal(ContentType::from(*kind), rest, inbox);
            }
            (b'l', [kind, low, high, ..]) => {
                let zeroes = vec![0; usize::from(u16::from_le_bytes([*low, *high])).min(LONGEST)];
                match ContentType::from(*kind) {
                    ContentType::ApplicationData => self.say(&zeroes, inbox),
                    kind => self.seal(kind, &zeroes, inbox),
                }
            }
            (b'x', data) => {
                self.seal(ContentType::ApplicationData, data, inbox);
                inbox.last_mut().expect("a record").bitxor_assign(1);
            }
            (b'r', bytes) => inbox.extend(bytes),
            _ => {}
        }
    }

    fn say(&mut self, data: &[u8], inbox: &mut Vec<u8>) {
        self.said.extend(data);
        self.seal(ContentType::ApplicationData, data, inbox);
    }

    fn seal(&mut self, kind: ContentType, bytes: &[u8], inbox: &mut Vec<u8>) {
        let payload = OutboundChunks::Single(bytes);
        let message = OutboundPlainMessage { typ: kind, version: ProtocolVersion::TLSv1_2, payload };
        let (encrypter, number) = self.sealing.as_mut().expect("the handshake is done");
        inbox.extend(encrypter.encrypt(message, *number).expect("a record").encode());
        *number += 1;
    }
}

fn encrypter(suite: SupportedCipherSuite, secrets: ConnectionTrafficSecrets) -> Box<dyn MessageEncrypter> {
    let (key, iv) = key_and_iv(secrets);
    match suite {
        SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
        SupportedCipherSuite::Tls12(suite) => {
            let (secret, explicit) = iv.as_ref().split_at(suite.aead_alg.key_block_shape().fixed_iv_len);
            suite.aead_alg.encrypter(key, secret, explicit)
        }
    }
}

fn key_and_iv(secrets: ConnectionTrafficSecrets) -> (AeadKey, Iv) {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (key, iv),
        _ => panic!("another cipher"),
    }
}
