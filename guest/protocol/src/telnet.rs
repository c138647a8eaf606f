//! What is left of Telnet in FTP (RFC 959, section 2.3): the byte 0xFF, which is `я` in windows-1251 and `ÿ` in Latin-1.
//!
//! Telnet sends it as data by doubling it (RFC 854). Of the servers in use some expect that in commands (ProFTPD, and
//! what descends from BSD), some do it in the directories of their replies (vsftpd), and some do neither (Pure-FTPd,
//! pyftpdlib); none does anything in listings, which travel elsewhere.

use alloc::vec::Vec;

/// Interpret as command: the byte that Telnet doubles.
pub const IAC: u8 = 255;

/// A command that changes nothing, with a Telnet command in its argument (IAC DM): a server of Telnet takes that out and
/// agrees, any other one knows no such structure of files (RFC 959, section 3.1.2).
pub const PROBE: (&str, &[u8]) = ("STRU", &[IAC, 242, b'F']);

/// These bytes as data of Telnet.
pub fn doubled(bytes: &[u8]) -> Vec<u8> {
    let mut doubled = Vec::with_capacity(bytes.len().saturating_add(8));
    for &byte in bytes {
        doubled.push(byte);
        if byte == IAC {
            doubled.push(byte);
        }
    }
    doubled
}

/// Of which bytes these are the data of Telnet. `None` for bytes without 0xFF, where that makes no difference, and when
/// one of them is not doubled.
pub fn undoubled(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut undoubled = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter();
    while let Some(&byte) = rest.next() {
        if byte == IAC && rest.next() != Some(&IAC) {
            return None;
        }
        undoubled.push(byte);
    }
    (undoubled.len() < bytes.len()).then_some(undoubled)
}

/// Whether a server that was asked for one path, and answers with another one that ends in it, has doubled each 0xFF.
/// `None` when that cannot be told.
pub fn is_doubled(asked: &[u8], answered: &[u8]) -> Option<bool> {
    if !asked.contains(&IAC) {
        return None;
    }
    match ends_in(answered, asked) {
        true => Some(false),
        false => ends_in(answered, &doubled(asked)).then_some(true),
    }
}

fn ends_in(path: &[u8], end: &[u8]) -> bool {
    let parts = |path| <[u8]>::rsplit(path, |&byte| byte == b'/').filter(|part| !part.is_empty());
    let mut path = parts(path);
    parts(end).all(|part| path.next() == Some(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_and_back() {
        let table: &[(&[u8], &[u8])] =
            &[(b"a\xffb", b"a\xff\xffb"), (b"\xff", b"\xff\xff"), (b"\xff\xff\xf4", b"\xff\xff\xff\xff\xf4")];
        for &(once, twice) in table {
            assert_eq!(doubled(once), twice);
            assert_eq!(undoubled(twice).as_deref(), Some(once));
        }
        assert_eq!(doubled(b"abc\xfe"), b"abc\xfe");
        for not_doubled in [&b""[..], b"abc", b"\xff", b"\xff\xff\xff", b"\xffa\xff", b"\xff\xffa\xff\xfe"] {
            assert_eq!(undoubled(not_doubled), None, "{not_doubled:?}");
        }
    }

    #[test]
    fn a_server_that_doubles_is_known_by_its_answer() {
        let table: &[(&[u8], &[u8], Option<bool>)] = &[
            (b"a\xff", b"/x/a\xff\xff", Some(true)),
            (b"a\xff", b"/x/a\xff", Some(false)),
            (b"x\xff/a\xff\xff/", b"/x\xff\xff/a\xff\xff\xff\xff", Some(true)),
            (b"x\xff/a\xff\xff/", b"/x\xff/a\xff\xff", Some(false)),
            (b"/\xff/a", b"/\xff\xff/a", Some(true)),
            (b"/\xff/a", b"/\xff/a", Some(false)),
            (b"a\xff", b"/x/b", None),
            (b"\xff", b"", None),
            (b"a", b"/\xff\xff/a", None),
            (b"", b"", None),
        ];
        for &(asked, answered, expected) in table {
            assert_eq!(is_doubled(asked, answered), expected, "{asked:?} {answered:?}");
        }
    }
}
