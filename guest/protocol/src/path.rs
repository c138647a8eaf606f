//! Directories in replies (RFC 959, appendix II).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The directory in the text of a 257 reply to `PWD` or `MKD`: it stands in quotes, and a quote in it is doubled (RFC
/// 959, appendix II).
///
/// Some servers do not double it. So a quote that is followed by anything but a quote, a space or the end belongs to
/// the directory, as long as a later one can close it; where none can, the first such quote does. `None` when there
/// is no directory in quotes, or an empty one.
pub fn parse_257(text: &[u8]) -> Option<Vec<u8>> {
    let opening = text.iter().position(|&byte| byte == b'"')?;
    let mut rest = text.get(opening..)?.get(1..)?.iter();
    let mut directory = Vec::new();
    let mut fallback = None;
    loop {
        let Some(&byte) = rest.next() else {
            // Nothing closed it properly.
            directory.truncate(fallback?);
            break;
        };
        if byte == b'"' {
            match rest.as_slice().first() {
                None | Some(b' ') => break,
                Some(b'"') => _ = rest.next(),
                Some(_) => _ = fallback.get_or_insert(directory.len()),
            }
        }
        directory.push(byte);
    }
    (!directory.is_empty()).then_some(directory)
}

/// Whether a server may take this path for anything but a path when it is the argument of `LIST` or `MLSD`: for a
/// pattern, for options, for several arguments, for the home of a user. No RFC says that it may not, and some do.
pub fn may_be_misread(path: &str) -> bool {
    path.contains(['*', '?', '[', ']', '{', '}', '\\', ' ']) || path.split('/').any(|part| part.starts_with(['-', '~']))
}

/// A path that no server takes for an option, as the argument of a command.
pub fn protect_option(path: &str) -> String {
    protect(path, &['-'])
}

/// The same, and not for the home of a user either.
pub fn protect_leading(path: &str) -> String {
    protect(path, &['-', '~'])
}

fn protect(path: &str, leading: &[char]) -> String {
    let before = if path.starts_with(leading) { "./" } else { "" };
    format!("{before}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_may_be_misread() {
        for path in ["[ temp ]", "a b", "/x/e*x", "a?", "[", "a]", "{a", "b}", "a\\b", "-l", "/x/-l", "/x/~a/b", "~"] {
            assert!(may_be_misread(path), "{path}");
        }
        for path in ["", "/", ".", "..", "/a/b.c", "a-b", "a~", "/caf\u{e9}/%20", "a,b;c=d", "(x)"] {
            assert!(!may_be_misread(path), "{path}");
        }
    }

    #[test]
    fn directories_of_the_rfc_and_of_servers() {
        let table: &[(&[u8], &[u8])] = &[
            // RFC 959, appendix II.
            (b"\"/usr/dm/pathname\" directory created", b"/usr/dm/pathname"),
            (b"\"/usr/dm/foo\"\"bar\" directory created", b"/usr/dm/foo\"bar"),
            (b"\"/usr/dm\"", b"/usr/dm"),
            (b"\"/\" is the current directory.", b"/"),
            (b"\"/\" is your current location", b"/"),
            (b"\"/d1\" : The directory was successfully created", b"/d1"),
            (b"Current directory is \"/x\"", b"/x"),
            (b"\"/a b\" x", b"/a b"),
            (b"\"/a \"\" b\" x", b"/a \" b"),
            (b"\"\"\"\"", b"\""),
            (b"\"a\"\"\"", b"a\""),
            (b"\"/a\0\xff\r\x1b\" x", b"/a\0\xff\r\x1b"),
            // Not doubled.
            (b"\"/a\"b\" is your current location", b"/a\"b"),
            (b"\"/a\"b\"c\"", b"/a\"b\"c"),
            // Closed, but not followed by a space.
            (b"\"/a\".", b"/a"),
            (b"\"/a\", \"/b\"; x", b"/a"),
        ];
        for &(text, expected) in table {
            assert_eq!(parse_257(text).as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn text_without_a_closed_quote_has_no_directory() {
        for text in [
            &b""[..],
            b"/usr/dm is the current directory",
            b"\"",
            b"\"/usr/dm",
            b"\"/usr/dm is the current directory",
            b"\"/usr/dm\"\"",
            b"\"\"",
            b"\"\" is the current directory",
            b"\"\"\"",
            b"\"\".\"\"x",
        ] {
            assert_eq!(parse_257(text), None, "{text:?}");
        }
    }

    #[test]
    fn doubled_quotes_are_read_back() {
        for directory in ["/", "\"", "\"\"", "a\"b", "\" ", " \"", "/x y\"z\"\""] {
            let text = alloc::format!("\"{}\" created", directory.replace('"', "\"\""));
            assert_eq!(parse_257(text.as_bytes()).as_deref(), Some(directory.as_bytes()));
        }
    }

    #[test]
    fn paths_that_are_no_options() {
        for (path, option, leading) in
            [("a", "a", "a"), ("-a", "./-a", "./-a"), ("~a", "~a", "./~a"), ("a/-b", "a/-b", "a/-b"), ("", "", "")]
        {
            assert_eq!((protect_option(path).as_str(), protect_leading(path).as_str()), (option, leading));
        }
    }
}
