//! Names of files here and on the server.
//!
//! A name on a server is bytes. In calls each byte that is no text in the session's encoding is a private code point (see
//! `encoding` in the contract). Here such a byte is written `%XX`, and `%` in such a name `%25`. A name that is text is the
//! same on both sides, except one that would be taken for such a one: its `%` is written `%25` too, so that no two names of a
//! server are one here. A name from here goes to the server as it is, unless somebody asks for the way back.

use std::borrow::Cow;

use ftp_client::Encoding;
use ftp_client::mirror::{Names, Unsafe};

/// Names between this side and a server whose names are in this encoding.
#[derive(Debug, Clone, Copy)]
pub struct Naming {
    encoding: Encoding,
}

/// A character of a name, or a byte that is no text.
type Piece = Result<char, u8>;

/// The first of the private code points: U+10FF00 plus the byte, which is 0x80 or more.
const PRIVATE: u32 = 0x0010_ff00;

/// Characters of a name that is still looked at: no file system has longer ones.
const LONGEST: usize = 4096;

impl Naming {
    /// The names of a server with this encoding.
    pub fn new(encoding: Encoding) -> Self {
        Self { encoding }
    }

    /// The name of a file here, for the name of one on the server. Refused is what is no name, or more than one.
    pub fn local(self, remote: &str) -> Result<String, Unsafe> {
        let name = self.written(remote);
        Names::default().check(&name)?;
        Ok(name.into_owned())
    }

    /// The same for whatever a server calls its files, be it a name or not.
    pub fn written(self, remote: &str) -> Cow<'_, str> {
        if !remote.contains(|character| character == '%' || byte(character).is_some()) {
            return remote.into();
        }
        let pieces = self.pieces(remote);
        let text: Result<String, u8> = pieces.iter().copied().collect();
        match text {
            Ok(text) if !self.is_written(&text) => text.into(),
            _ => write(&pieces).into(),
        }
    }

    /// The name on the server for the name of a file here, as it is. Refused is one that the encoding has no bytes for.
    pub fn remote(self, local: &str) -> Result<String, String> {
        if self.encoding == Encoding::Utf8 {
            return Ok(self.encoding.decode(local.as_bytes()));
        }
        if let Some(character) = local.chars().find(|character| byte(*character).is_some()) {
            return Err(format!("U+{:04X} is a private character", u32::from(character)));
        }
        match self.encoding.encode(local) {
            Ok(_) => Ok(local.to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The way back from [`Self::local`].
    pub fn unescaped(self, local: &str) -> Result<String, String> {
        match read(local).filter(|_| self.is_written(local)) {
            Some(pieces) => Ok(self.joined(&pieces)),
            None => self.remote(local),
        }
    }

    /// Whether this is how another name is written here.
    fn is_written(self, local: &str) -> bool {
        let mut text = Cow::Borrowed(local);
        while text.len() <= LONGEST
            && let Some(pieces) = read(&text)
        {
            match pieces.iter().copied().collect::<Result<String, u8>>() {
                Ok(inner) => text = inner.into(),
                Err(_) => return self.is_possible(&pieces),
            }
        }
        false
    }

    /// Whether a name of these pieces can be listed: bytes that are text are no bytes.
    fn is_possible(self, pieces: &[Piece]) -> bool {
        let name = self.joined(pieces);
        let listed = self.encoding.encode(&name).map(|bytes| self.encoding.decode(&bytes));
        listed.is_ok_and(|listed| listed == name && self.pieces(&listed) == pieces)
    }

    fn pieces(self, remote: &str) -> Vec<Piece> {
        if self.encoding != Encoding::Utf8 {
            return remote.chars().map(|character| byte(character).map_or(Ok(character), Err)).collect();
        }
        let bytes = self.encoding.encode(remote).unwrap_or_default();
        let chunks = bytes.utf8_chunks();
        chunks.flat_map(|chunk| chunk.valid().chars().map(Ok).chain(chunk.invalid().iter().copied().map(Err))).collect()
    }

    fn joined(self, pieces: &[Piece]) -> String {
        if self.encoding != Encoding::Utf8 {
            return pieces.iter().map(|piece| piece.unwrap_or_else(private)).collect();
        }
        let mut bytes = Vec::new();
        for piece in pieces {
            match piece {
                Ok(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                Err(byte) => bytes.push(*byte),
            }
        }
        self.encoding.decode(&bytes)
    }
}

/// The last name of a path on the server.
pub fn last(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// Whether a path leads to the root, to the login directory, or to one that these are in.
pub fn is_root(path: &str) -> bool {
    let mut depth = 0_usize;
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            },
            _ => depth += 1,
        }
    }
    depth == 0
}

/// The name of the temporary file of a download or an upload. `version` tells versions of the file apart, so that one that has
/// changed is not continued.
pub fn temporary(name: &str, version: &str) -> String {
    format!(".{}.{version}{TEMPORARY}", stem(name))
}

/// A file of that kind, which is no file of a tree.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(TEMPORARY)
}

/// The [`stem`] of the file that a temporary one is a version of.
pub fn stem_of(temporary: &str) -> Option<&str> {
    let name = temporary.strip_prefix('.')?.strip_suffix(TEMPORARY)?;
    // Beside a file in parts stands which ones are there.
    let name = name.strip_suffix(".new").unwrap_or(name);
    let name = name.strip_suffix(".ranges").unwrap_or(name);
    let (stem, version) = name.rsplit_once('.')?;
    let (size, time) = version.strip_suffix("-parts").unwrap_or(version).split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    (is_number(size) && is_number(time)).then_some(stem)
}

const TEMPORARY: &str = ".ftp-part";

/// What stands for a name in temporary ones: the name, or the beginning of a long one and its hash, as file systems have room
/// for 255 bytes.
pub fn stem(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 180;
    if name.len() <= LONGEST {
        return name.into();
    }
    let hash = format!("-{:016x}", fnv(name));
    let end = (0..=LONGEST - hash.len()).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    format!("{}{hash}", name.split_at(end).0).into()
}

/// FNV-1a, of 64 bits: the same in every build, so that a file is found again.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn write(pieces: &[Piece]) -> String {
    let mut text = String::with_capacity(pieces.len() + 8);
    for piece in pieces {
        match piece {
            Ok('%') => text.push_str("%25"),
            Ok(character) => text.push(*character),
            Err(byte) => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The pieces of a name that was written so: every `%` in it begins a `%25` or a byte that is no ASCII.
fn read(name: &str) -> Option<Vec<Piece>> {
    let mut parts = name.split('%');
    let mut pieces: Vec<Piece> = parts.next()?.chars().map(Ok).collect();
    let mut any = false;
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        if digits.bytes().any(|digit| !matches!(digit, b'0'..=b'9' | b'A'..=b'F')) {
            return None;
        }
        pieces.push(match u8::from_str_radix(digits, 16).ok()? {
            b'%' => Ok('%'),
            byte @ 0x80.. => Err(byte),
            _ => return None,
        });
        pieces.extend(rest.chars().map(Ok));
        any = true;
    }
    any.then_some(pieces)
}

/// The byte that a private character stands for. Those of ASCII are always text.
fn byte(character: char) -> Option<u8> {
    let byte = u32::from(character).checked_sub(PRIVATE).and_then(|byte| u8::try_from(byte).ok());
    byte.filter(|byte| !byte.is_ascii())
}

fn private(byte: u8) -> char {
    char::from_u32(PRIVATE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UTF8: Naming = Naming { encoding: Encoding::Utf8 };

    /// The text that stands for these bytes in calls.
    fn listed(naming: Naming, bytes: &[u8]) -> String {
        naming.encoding.decode(bytes)
    }

    #[test]
    fn names_are_written_here_and_come_back() {
        for (there, here) in [
            (&b"plain"[..], "plain"),
            ("ümlaut 100%".as_bytes(), "ümlaut 100%"),
            (b"caf\xe9", "caf%E9"),
            (b"50%\xff", "50%25%FF"),
            (b"x%25", "x%25"),
            (b"caf%C3%A9.html", "caf%C3%A9.html"),
            // These would be taken for a byte.
            (b"a%FF", "a%25FF"),
            (b"%25FF", "%2525FF"),
            (b"a%41", "a%41"),
            (b"a%e9", "a%e9"),
            (b"%", "%"),
            // Private characters are text, U+10FF2F and U+10FFE9 among them.
            ("\u{10ff2f}".as_bytes(), "\u{10ff2f}"),
            ("\u{10ffe9}".as_bytes(), "\u{10ffe9}"),
            (b"\xe9\xf4\x8f\xbf\xa9", "%E9\u{10ffe9}"),
        ] {
            let remote = listed(UTF8, there);
            assert_eq!(UTF8.local(&remote).unwrap(), here);
            assert_eq!(UTF8.unescaped(here).unwrap(), remote);
        }
    }

    #[test]
    fn names_from_here_go_as_they_are() {
        for name in ["x%25", "caf%C3%A9.html", "%E9", "%25E9", "100%", "é", "\u{10ffe9}", "\u{10ff2f}%FF"] {
            let remote = UTF8.remote(name).unwrap();
            assert_eq!(Encoding::Utf8.encode(&remote).unwrap(), name.as_bytes(), "{name}");
        }
        let named = Naming::new(Encoding::named("windows-1251").unwrap());
        assert_eq!(named.remote("я %FF").as_deref(), Ok("я %FF"));
        for name in ["日", "\u{10ffe9}"] {
            assert!(named.remote(name).is_err(), "{name}");
        }
    }

    /// No two names of a server are one here, and each comes back as the bytes that it was.
    #[test]
    fn every_short_name_of_awkward_bytes_comes_back_and_is_its_own() {
        let labels = ["utf-8", "latin1", "windows-1251", "windows-874", "shift_jis", "euc-kr", "gb18030"];
        let alphabet = [
            &b"%"[..],
            b"%25",
            b"%C3",
            b"%A9",
            b"%E9",
            b"2",
            b"5",
            b"E",
            b"9",
            b"\xc3",
            b"\xa9",
            b"\xe9",
            b"\x81",
            b"\xff",
        ];
        for label in labels {
            let encoding = if label == "latin1" { Encoding::Latin1 } else { Encoding::named(label).unwrap() };
            let naming = Naming::new(encoding);
            let mut seen = std::collections::BTreeMap::new();
            let mut names = vec![Vec::new()];
            for _ in 0..4 {
                names = names.iter().flat_map(|name| alphabet.iter().map(|part| [name, *part].concat())).collect();
                for name in &names {
                    comes_back(naming, name, &mut seen);
                }
            }
        }
    }

    #[test]
    fn pseudo_random_names_come_back_and_are_their_own() {
        let parts = [
            &b"%25"[..],
            b"%E9",
            b"%C3%A9",
            b"%",
            b"%2525",
            b"a",
            b"\xc3\xa9",
            b"\xe9",
            b"\xff",
            "\u{10ff00}".as_bytes(),
            "\u{10ff25}".as_bytes(),
            "\u{10ff7f}".as_bytes(),
            "\u{10ff80}".as_bytes(),
            "\u{10ffff}".as_bytes(),
            b"\xf4\x8f",
            b" ",
        ];
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..100_000 {
            let mut name = Vec::new();
            for _ in 0..1 + state % 9 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                name.extend_from_slice(parts[(state >> 32) as usize % parts.len()]);
            }
            comes_back(UTF8, &name, &mut seen);
        }
    }

    fn comes_back(naming: Naming, name: &[u8], seen: &mut std::collections::BTreeMap<String, Vec<u8>>) {
        let remote = listed(naming, name);
        let here = naming.written(&remote).into_owned();
        let back = naming.unescaped(&here).map(|remote| naming.encoding.encode(&remote));
        assert_eq!(back, Ok(Ok(name.to_vec())), "{:?} as {here:?}", name.escape_ascii().to_string());
        let other = seen.insert(here.clone(), name.to_vec()).filter(|other| other != name);
        assert_eq!(other, None, "two names are {here:?}");
        if naming.encoding == Encoding::Utf8
            && let Ok(text) = std::str::from_utf8(name)
        {
            let sent = naming.remote(text).map(|remote| naming.encoding.encode(&remote));
            assert_eq!(sent, Ok(Ok(name.to_vec())), "{text:?} is sent as another");
        }
    }

    #[test]
    fn paths_that_lead_to_a_root_or_above_are_known() {
        for path in ["/", "//", ".", "./", "/.", "a/..", "/a/b/../..", "..", "a/../..", "../a"] {
            assert!(is_root(path), "{path}");
        }
        for path in ["a", "/a", "./a", "a/..b", "a/b/..", "..a"] {
            assert!(!is_root(path), "{path}");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_no_name() {
        for name in ["", ".", "..", "a/b", "/", "../a", "a\nb", "C:x", "..\\x"] {
            assert!(UTF8.local(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn temporary_names_have_room_in_every_file_system() {
        for name in ["ü".repeat(127), "x".repeat(255)] {
            let name = temporary(&name, "7fffffffffffffff-7fffffffffffffff-parts.ranges.new");
            assert!(name.len() <= 255 && is_temporary(&name), "{name}");
        }
    }

    #[test]
    fn temporary_names_tell_of_which_file_they_are() {
        let long = "ü".repeat(127);
        for name in ["a", ".a.b", "a.1-2", &long] {
            for version in ["1f-2a", "1-0-parts", "1-0-parts.ranges", "1-0-parts.ranges.new"] {
                assert_eq!(stem_of(&temporary(name, version)), Some(&*stem(name)));
            }
        }
        for other in
            [".ftp-part", ".a.ftp-part", ".a.b.ftp-part", ".a.1-x.ftp-part", ".a.old-1.ftp-part", "a.1-2.ftp-part"]
        {
            assert_eq!(stem_of(other), None);
        }
    }

    #[test]
    fn temporary_names_of_long_names_differ() {
        let [one, other] = ["a", "b"].map(|end| temporary(&("x".repeat(200) + end), "1-2"));
        assert_ne!(one, other);
        assert_eq!(temporary(&"x".repeat(180), "1-2"), format!(".{}.1-2.ftp-part", "x".repeat(180)));
        // The values of the authors of FNV.
        assert_eq!((fnv(""), fnv("foobar")), (0xcbf2_9ce4_8422_2325, 0x8594_4171_f739_67e8));
    }
}
