//! Bytes of a server that are changed on the way.

use std::io::{Read as _, Write as _};

use rustls::ServerConnection;

use super::{GOODBYE, GREETING, Peer, REPLY, Wire, session, version_and_config};
use crate::choice;

/// Bytes of the handshake are changed. The first byte chooses version and suite; then each change is an offset of two
/// bytes, what is done there, and a byte for it. What the changes did not touch is what the client has to end with.
pub fn handshakes(data: &[u8]) {
    run(data, true);
}

/// The same for the bytes after the handshake.
pub fn records(data: &[u8]) {
    run(data, false);
}

fn run(data: &[u8], from_the_start: bool) {
    let (turn, changes) = choice(data);
    let changes: Vec<_> = changes.chunks_exact(4).take(16).map(Change::read).collect();
    let harmless = changes.is_empty();
    let (version, config) = version_and_config(turn);
    let wire = Wire::new(Changed {
        server: ServerConnection::new(config).expect("a server"),
        after_handshake: !from_the_start,
        changes,
        sent: 0,
        greeted: false,
        ended: false,
    });
    let mut replies = Vec::new();
    let result = session(&wire, version, 3, &mut replies);
    assert!(!harmless || result.is_ok(), "{result:?}");
    let expected = [220, 200, 200, 200, 221];
    for (reply, code) in replies.iter().zip(expected) {
        assert_eq!((reply.code, reply.lines.len()), (code, 1), "not what the server said: {reply:?}");
    }
}

/// One change to the bytes that come from the server.
#[derive(Clone, Copy)]
struct Change {
    at: usize,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Xor(u8),
    Drop(u8),
    Double(u8),
    Insert(u8),
    End,
}

impl Change {
    fn read(bytes: &[u8]) -> Self {
        let [low, high, what, with] = [0, 1, 2, 3].map(|at| bytes.get(at).copied().unwrap_or_default());
        let what = match what % 5 {
            0 => What::Xor(with),
            1 => What::Drop(with),
            2 => What::Double(with),
            3 => What::Insert(with),
            _ => What::End,
        };
        Self { at: usize::from(u16::from_le_bytes([low, high])), what }
    }
}

struct Changed {
    server: ServerConnection,
    /// Changes are counted from the end of the handshake on.
    after_handshake: bool,
    changes: Vec<Change>,
    /// Bytes of the server so far that count.
    sent: usize,
    greeted: bool,
    ended: bool,
}

impl Peer for Changed {
    fn take(&mut self, mut bytes: &[u8], inbox: &mut Vec<u8>) -> bool {
        while !bytes.is_empty() && !self.ended {
            if self.server.read_tls(&mut bytes).is_err() {
                self.ended = true;
            }
            let processed = self.server.process_new_packets();
            self.send(inbox);
            let Ok(processed) = processed else {
                self.ended = true;
                break;
            };
            if processed.peer_has_closed() {
                self.ended = true;
            }
            self.answer(processed.plaintext_bytes_to_read());
            self.send(inbox);
        }
        !self.ended
    }
}

impl Changed {
    fn answer(&mut self, count: usize) {
        if self.server.is_handshaking() {
            return;
        }
        if !std::mem::replace(&mut self.greeted, true) {
            self.say(GREETING);
        }
        let mut heard = vec![0; count];
        let _ = self.server.reader().read_exact(&mut heard);
        for line in heard.split_inclusive(|byte| *byte == b'\n') {
            self.say(if line.starts_with(b"QUIT") { GOODBYE } else { REPLY });
        }
    }

    fn say(&mut self, reply: &[u8]) {
        let _ = self.server.writer().write_all(reply);
    }

    fn send(&mut self, inbox: &mut Vec<u8>) {
        let mut bytes = Vec::new();
        while self.server.wants_write() && self.server.write_tls(&mut bytes).is_ok() {}
        if self.after_handshake && !self.greeted {
            inbox.extend(bytes);
            return;
        }
        for byte in bytes {
            self.change(byte, inbox);
        }
    }

    /// One byte on its way to the client.
    fn change(&mut self, byte: u8, inbox: &mut Vec<u8>) {
        let at = self.sent;
        self.sent += 1;
        let mut kept = Some(byte);
        for change in &self.changes {
            match change.what {
                What::Xor(with) if at == change.at => kept = kept.map(|byte| byte ^ with),
                What::Drop(count) if (change.at..=change.at + usize::from(count)).contains(&at) => kept = None,
                What::Double(count) if at == change.at => {
                    let again = inbox.len().saturating_sub(usize::from(count));
                    inbox.extend_from_within(again..);
                }
                What::Insert(with) if at == change.at => inbox.push(with),
                What::End if at == change.at => self.ended = true,
                _ => {}
            }
        }
        if !self.ended {
            inbox.extend(kept);
        }
    }
}
