//! Line ends of `TYPE A` (RFC 959, section 3.1.1.1): CRLF on the wire, LF here.

use alloc::vec::Vec;

/// CRLF to LF. A CR without LF is kept, also when the two come in different pieces.
#[derive(Debug, Default)]
pub(crate) struct FromWire {
    /// The last piece ended in a CR that is not yet written.
    cr: bool,
}

impl FromWire {
    pub(crate) fn convert(&mut self, wire: &[u8], text: &mut Vec<u8>) {
        text.reserve(wire.len() + 1);
        for &byte in wire {
            if self.cr && byte != b'\n' {
                text.push(b'\r');
            }
            self.cr = byte == b'\r';
            if !self.cr {
                text.push(byte);
            }
        }
    }

    /// The end of the data: a CR that waited for its LF.
    pub(crate) fn end(&mut self, text: &mut Vec<u8>) {
        if core::mem::take(&mut self.cr) {
            text.push(b'\r');
        }
    }
}

/// LF to CRLF. A LF that has its CR already gets no other.
#[derive(Debug, Default)]
pub(crate) struct ToWire {
    cr: bool,
}

impl ToWire {
    pub(crate) fn convert(&mut self, text: &[u8], wire: &mut Vec<u8>) {
        wire.reserve(text.len() + text.len() / 16);
        for &byte in text {
            if byte == b'\n' && !self.cr {
                wire.push(b'\r');
            }
            self.cr = byte == b'\r';
            wire.push(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM_WIRE: [(&str, &str); 6] =
        [("a\r\nb\r\n", "a\nb\n"), ("a\rb", "a\rb"), ("a\r\r\nb", "a\r\nb"), ("a\n", "a\n"), ("a\r", "a\r"), ("", "")];

    #[test]
    fn wire_to_text_whatever_the_pieces() {
        for (wire, expected) in FROM_WIRE {
            for split in 0..=wire.len() {
                let (mut decoder, mut text) = (FromWire::default(), Vec::new());
                decoder.convert(&wire.as_bytes()[..split], &mut text);
                decoder.convert(&wire.as_bytes()[split..], &mut text);
                decoder.end(&mut text);
                assert_eq!(text, expected.as_bytes(), "{wire:?} split at {split}");
            }
        }
    }

    #[test]
    fn text_to_wire_whatever_the_pieces() {
        for (text, expected) in [("a\nb", "a\r\nb"), ("a\r\nb\n", "a\r\nb\r\n"), ("\n\n", "\r\n\r\n"), ("a\rb", "a\rb")]
        {
            for split in 0..=text.len() {
                let (mut encoder, mut wire) = (ToWire::default(), Vec::new());
                encoder.convert(&text.as_bytes()[..split], &mut wire);
                encoder.convert(&text.as_bytes()[split..], &mut wire);
                assert_eq!(wire, expected.as_bytes(), "{text:?} split at {split}");
            }
        }
    }
}
