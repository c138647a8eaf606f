//! Commands on the control connection (RFC 959, section 5.3).
//!
//! Every command goes through [`line()`], the one place where a line end inside an argument would become a second
//! command.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A command as it is sent: the verb, a space and the argument if there is one, CRLF (RFC 959, section 5.3).
///
/// An empty argument keeps its space: without it, servers refuse the `PASS` of a user whose password is empty.
///
/// # Errors
///
/// [`Error`] when the verb is not one, or a CR, LF or NUL would let the server see another command than this one.
pub fn line(verb: &str, argument: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    check(verb.as_bytes())?;
    check(argument.unwrap_or_default())?;
    if !is_verb(verb.as_bytes()) {
        return Err(Error::Verb);
    }
    let mut line = verb.as_bytes().to_vec();
    if let Some(argument) = argument {
        line.push(b' ');
        line.extend_from_slice(argument);
    }
    line.extend_from_slice(b"\r\n");
    Ok(line)
}

/// A command from a whole line that the caller wrote, without its line end: the verb ends at the first space.
///
/// # Errors
///
/// Those of [`line()`].
pub fn raw(line: &[u8]) -> Result<Vec<u8>, Error> {
    check(line)?;
    let (verb, argument) = match line.iter().position(|&byte| byte == b' ') {
        Some(space) => line.split_at_checked(space).unwrap_or((line, &[])),
        None => (line, &[][..]),
    };
    let verb = str::from_utf8(verb).map_err(|_| Error::Verb)?;
    self::line(verb, argument.strip_prefix(b" "))
}

/// The verb of a line that is or would be sent, in upper case: verbs are the same in either (RFC 959, section 5.3).
pub fn verb(line: &[u8]) -> Option<String> {
    let verb = line.split(|byte| matches!(byte, b' ' | b'\r' | b'\n')).next().filter(|verb| is_verb(verb))?;
    Some(verb.iter().map(|byte| char::from(byte.to_ascii_uppercase())).collect())
}

/// Why a command cannot be sent. The caller's fault, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// This byte, a CR, LF or NUL, is in the command.
    Forbidden(u8),
    /// The verb is empty or has something else than ASCII letters and digits.
    Verb,
}

impl fmt::Display for Error {
    /// Without the argument, which may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forbidden(b'\r') => f.write_str("a carriage return in a command"),
            Self::Forbidden(b'\n') => f.write_str("a line feed in a command"),
            Self::Forbidden(0) => f.write_str("a NUL in a command"),
            Self::Forbidden(byte) => write!(f, "the byte {byte} in a command"),
            Self::Verb => f.write_str("a command that does not start with letters or digits"),
        }
    }
}

impl core::error::Error for Error {}

/// Refuse what no argument can have. NUL is refused as well: servers written in C would cut the argument there, and act on
/// another name.
///
/// # Errors
///
/// [`Error::Forbidden`] for the first CR, LF or NUL.
pub fn check(bytes: &[u8]) -> Result<(), Error> {
    let forbidden = |byte: &&u8| matches!(byte, b'\r' | b'\n' | 0);
    match bytes.iter().find(forbidden) {
        Some(&byte) => Err(Error::Forbidden(byte)),
        None => Ok(()),
    }
}

fn is_verb(verb: &[u8]) -> bool {
    !verb.is_empty() && verb.iter().all(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn argument_follows_one_space() {
        type Row = (&'static str, Option<&'static [u8]>, &'static [u8]);
        let table: &[Row] = &[
            ("NOOP", None, b"NOOP\r\n"),
            ("PASS", Some(b""), b"PASS \r\n"),
            ("CWD", Some(b"pub"), b"CWD pub\r\n"),
            ("CWD", Some(b" a b "), b"CWD  a b \r\n"),
            ("RETR", Some(b"\xff\x01\t"), b"RETR \xff\x01\t\r\n"),
            ("XSHA256", Some(b"f"), b"XSHA256 f\r\n"),
            ("retr", Some(b"f"), b"retr f\r\n"),
        ];
        for &(verb, argument, expected) in table {
            assert_eq!(line(verb, argument).unwrap(), expected);
        }
    }

    #[test]
    fn no_line_end_is_ever_sent_inside_a_command() {
        for byte in 0..=255u8 {
            let argument = [b'a', byte, b'b'];
            let verb = format!("A{}", char::from(byte));
            let whole = [b'A', b' ', byte];
            if matches!(byte, b'\r' | b'\n' | 0) {
                let error = Err(Error::Forbidden(byte));
                assert_eq!(line("CWD", Some(&argument)), error);
                assert_eq!(line(&verb, None), error);
                assert_eq!(raw(&whole), error);
                assert_eq!(raw(&[byte]), error);
                continue;
            }
            let sent = line("CWD", Some(&argument)).unwrap();
            assert_eq!(sent.iter().filter(|&&byte| byte == b'\n').count(), 1);
            assert_eq!(line(&verb, None).is_ok(), byte.is_ascii_alphanumeric());
        }
    }

    #[test]
    fn verb_is_letters_and_digits() {
        for verb in ["", " ", "A B", "CWD-", "ÄÖ", "\u{ff21}"] {
            assert_eq!(line(verb, None), Err(Error::Verb), "{verb:?}");
        }
    }

    #[test]
    fn raw_line_ends_its_verb_at_the_first_space() {
        type Row = (&'static [u8], Result<&'static [u8], Error>);
        let table: &[Row] = &[
            (b"SITE CHMOD 600 a b", Ok(b"SITE CHMOD 600 a b\r\n")),
            (b"noop", Ok(b"noop\r\n")),
            (b"NOOP ", Ok(b"NOOP \r\n")),
            (b"CWD  a", Ok(b"CWD  a\r\n")),
            (b"CWD \xe4", Ok(b"CWD \xe4\r\n")),
            (b"", Err(Error::Verb)),
            (b" NOOP", Err(Error::Verb)),
            (b"\xe4 x", Err(Error::Verb)),
            (b"\xe4\r", Err(Error::Forbidden(b'\r'))),
            (b"NOOP\r\n", Err(Error::Forbidden(b'\r'))),
            (b"NOOP\nDELE x", Err(Error::Forbidden(b'\n'))),
        ];
        for &(given, expected) in table {
            assert_eq!(raw(given).as_deref(), expected.as_ref().copied());
        }
    }

    #[test]
    fn verb_of_a_line_is_upper_case() {
        let table: &[(&[u8], Option<&str>)] = &[
            (b"pass secret\r\n", Some("PASS")),
            (b"PASS", Some("PASS")),
            (b"Noop\r\n", Some("NOOP")),
            (b"noop\n", Some("NOOP")),
            (b"", None),
            (b" PASS x", None),
            (b"PA\tSS x", None),
            (b"\r\n", None),
            (b"\xff\xf4\xffABOR\r\n", None),
        ];
        for &(line, expected) in table {
            assert_eq!(verb(line).as_deref(), expected);
        }
    }

    #[test]
    fn error_text_never_shows_the_argument() {
        for argument in [&b"hunter2\r"[..], b"hunter2\n", b"hunter2\0"] {
            let error = line("PASS", Some(argument)).unwrap_err();
            assert!(!error.to_string().contains("hunter2"));
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
