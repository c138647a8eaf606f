//! Names that others chose: which of them are the name of one file in one directory, and nothing else.

use alloc::collections::BTreeSet;
use alloc::string::String;
use core::fmt;
use ftp_protocol::encoding::Encoding;

/// What the side that is written to makes of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Names {
    /// It is like Windows: devices have names in every directory, `\` separates, and some characters are not allowed.
    pub windows: bool,
    /// Names that differ in case only are one file.
    pub fold_case: bool,
}

/// Why a name is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsafe {
    /// It is empty.
    Empty,
    /// It is `.` or `..`.
    Dots,
    /// It has a `/`, or with `\` taken for a separator leads elsewhere.
    Separator,
    /// It begins like `C:`.
    Drive,
    /// It has a control character.
    Control,
    /// It is none on Windows: a device, a forbidden character, a dot or a space at its end.
    Windows,
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty name",
            Self::Dots => "not a name but a direction",
            Self::Separator => "more than one name",
            Self::Drive => "the name of a drive",
            Self::Control => "a name with control characters",
            Self::Windows => "not a name on Windows",
        })
    }
}

impl Names {
    /// Whether this is the name of one member of a directory, wherever it is used.
    ///
    /// The rules for `\` and `C:` hold on every side, as far as such a name would lead to another directory on Windows:
    /// what was mirrored to one place is copied to another.
    pub fn check(self, name: &str) -> Result<(), Unsafe> {
        if name.is_empty() {
            return Err(Unsafe::Empty);
        }
        if matches!(name, "." | "..") {
            return Err(Unsafe::Dots);
        }
        if name.contains(char::is_control) {
            return Err(Unsafe::Control);
        }
        if name.contains('/') || leads_elsewhere(name) {
            return Err(Unsafe::Separator);
        }
        if is_drive(name) {
            return Err(Unsafe::Drive);
        }
        if self.windows && !is_windows_name(name) {
            return Err(Unsafe::Windows);
        }
        Ok(())
    }

    /// What two names have in common when they are the same file. It folds the case of each character (`ß` as `ss`);
    /// how characters are composed is not looked at.
    pub(crate) fn key(self, name: &str) -> String {
        match self.fold_case {
            true => name.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect(),
            false => name.into(),
        }
    }
}

/// Names, to be asked for others that may be the same file where a server or a file system does not distinguish all of them:
/// by the case of their characters, by how these are composed, or by dots and blanks at the end.
#[derive(Debug, Default)]
pub struct Likenesses {
    folded: BTreeSet<String>,
    /// What is left of them without their accents, and whether those stood by themselves.
    shapes: BTreeSet<(String, bool)>,
}

impl Likenesses {
    /// One more.
    pub fn insert(&mut self, name: &str) {
        let folded = folded(name);
        self.shapes.insert(shape(&folded));
        self.folded.insert(folded);
    }

    /// Whether one of them may be the same file as this name.
    pub fn has(&self, name: &str) -> bool {
        let folded = folded(name);
        let is_like = |(shape, is_decomposed): (String, bool)| self.shapes.contains(&(shape, !is_decomposed));
        self.folded.contains(&folded) || is_like(shape(&folded))
    }
}

impl<S: AsRef<str>> FromIterator<S> for Likenesses {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut likenesses = Self::default();
        names.into_iter().for_each(|name| likenesses.insert(name.as_ref()));
        likenesses
    }
}

fn folded(name: &str) -> String {
    Names { fold_case: true, ..Names::default() }.key(name.trim_end_matches(['.', ' ']))
}

/// A name with one sign for each character that may be composed of several, and whether it has any such parts. Without the
/// tables of Unicode more names look alike than are; so only one with such parts and one without are compared by it.
fn shape(name: &str) -> (String, bool) {
    const COMPOSED: char = '\u{fffd}';
    let mut shape = String::new();
    let mut is_decomposed = false;
    for character in name.chars() {
        // Accents, voiced kana, vowels and finals of Hangul.
        let is_part = matches!(character, '\u{300}'..='\u{36f}' | '\u{3099}'..='\u{309a}' | '\u{1160}'..='\u{11ff}');
        if is_part {
            is_decomposed = true;
            shape.pop();
        }
        shape.push(if character.is_ascii() { character } else { COMPOSED });
    }
    (shape, is_decomposed)
}

/// Whether the bytes of a name are text in this encoding, as a session tells names.
pub(super) fn is_text(name: &str, encoding: Encoding) -> bool {
    match encoding {
        Encoding::Utf8 => encoding.encode(name).is_ok_and(|bytes| str::from_utf8(&bytes).is_ok()),
        // No character of any other is a private one of the last row (see `Encoding`).
        _ => !name.contains(|character| matches!(character, '\u{10ff80}'..='\u{10ffff}')),
    }
}

/// With `\` as separator: absolute, or through a parent.
fn leads_elsewhere(name: &str) -> bool {
    name.contains('\\') && name.split('\\').any(|part| matches!(part, "" | "." | ".."))
}

fn is_drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

fn is_windows_name(name: &str) -> bool {
    !name.contains(['\\', ':', '<', '>', '"', '|', '?', '*']) && !name.ends_with(['.', ' ']) && !is_device(name)
}

/// `CON`, also as `con.txt` and `con .txt`.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let is = |device: &str| stem.eq_ignore_ascii_case(device);
    if ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].into_iter().any(is) {
        return true;
    }
    let numbered = stem.char_indices().nth(3).and_then(|(at, digit)| Some((stem.get(..at)?, digit, stem.get(at..)?)));
    numbered.is_some_and(|(port, digit, rest)| {
        let port = port.eq_ignore_ascii_case("COM") || port.eq_ignore_ascii_case("LPT");
        port && rest.len() == digit.len_utf8() && matches!(digit, '0'..='9' | '¹' | '²' | '³')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIX: Names = Names { windows: false, fold_case: false };
    const WINDOWS: Names = Names { windows: true, fold_case: true };

    #[test]
    fn names_of_one_file_are_taken() {
        for name in ["a", "a b", " a", "...", "..a", "-rf", "~", "ab:c", "12:30", "a\\b", "con", "a.", "caf\u{e9}"] {
            assert_eq!(UNIX.check(name), Ok(()), "{name:?}");
        }
        for name in ["a", "console", "com", "com10", "lpt1x", "a.con", ".con", "nul1", "caf\u{e9}", "com\u{e9}"] {
            assert_eq!(WINDOWS.check(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn names_of_anything_else_are_refused() {
        let table = [
            ("", Unsafe::Empty),
            (".", Unsafe::Dots),
            ("..", Unsafe::Dots),
            ("../x", Unsafe::Separator),
            ("/etc/x", Unsafe::Separator),
            ("a/b", Unsafe::Separator),
            ("a/", Unsafe::Separator),
            ("..\\x", Unsafe::Separator),
            ("\\x", Unsafe::Separator),
            ("a\\..\\..\\x", Unsafe::Separator),
            ("C:x", Unsafe::Drive),
            ("c:", Unsafe::Drive),
            ("C:\\x", Unsafe::Drive),
            ("a\0b", Unsafe::Control),
            ("a\rb", Unsafe::Control),
            ("a\nb", Unsafe::Control),
            ("\u{1b}[2J", Unsafe::Control),
            ("a\u{7f}", Unsafe::Control),
            ("a\u{85}b", Unsafe::Control),
        ];
        for (name, expected) in table {
            assert_eq!(UNIX.check(name), Err(expected), "{name:?}");
            assert_eq!(WINDOWS.check(name), Err(expected), "{name:?}");
        }
    }

    #[test]
    fn names_that_windows_has_other_plans_for_are_refused_there() {
        for name in [
            "con",
            "CON",
            "Con.txt",
            "con .txt",
            "nul",
            "aux.c",
            "prn",
            "com1",
            "COM9.log",
            "com\u{b2}",
            "lpt0",
            "conin$",
            "a.",
            "a ",
            "a\\b",
            "ab:c",
            "a*",
            "a?",
            "a<b",
            "a>b",
            "a|b",
            "a\"b",
        ] {
            assert_eq!(WINDOWS.check(name), Err(Unsafe::Windows), "{name:?}");
        }
    }

    #[test]
    fn case_is_folded_where_the_side_folds_it() {
        for (one, other) in [("README", "readme"), ("\u{c9}t\u{c9}", "\u{e9}T\u{e9}"), ("stra\u{df}e", "STRASSE")] {
            assert_eq!(WINDOWS.key(one), WINDOWS.key(other));
            assert_ne!(UNIX.key(one), UNIX.key(other));
        }
        assert_ne!(WINDOWS.key("a"), WINDOWS.key("b"));
    }

    #[test]
    fn names_that_may_be_one_file_are_alike() {
        for (one, other) in [
            ("README.txt", "Readme.TXT"),
            ("name.", "name"),
            ("caf\u{e9}.txt", "cafe\u{301}.txt"),
            ("CAF\u{c9}", "cafe\u{301}"),
            ("\u{439}", "\u{438}\u{306}"),
            ("\u{1ebf}", "e\u{302}\u{301}"),
            ("\u{304c}", "\u{304b}\u{3099}"),
            ("\u{d55c}\u{ae00}", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
        ] {
            assert!(
                Likenesses::from_iter([one]).has(other) && Likenesses::from_iter([other]).has(one),
                "{one} {other}"
            );
        }
        for (one, other) in [("a", "b"), ("caf\u{e9}", "cafe"), ("\u{e9}", "\u{e8}"), ("\u{65e5}", "\u{4e2d}")] {
            assert!(!Likenesses::from_iter([one]).has(other), "{one} {other}");
        }
    }
}
