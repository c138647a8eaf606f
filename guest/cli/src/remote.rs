//! A URL: which server, how, as whom, and what on it (RFC 1738, section 3.2).

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use ftp_client::{Encoding, Representation, Security, protect_leading};
use percent_encoding::percent_decode_str;
use url::{Host, ParseError, Url};

/// What a URL says. It holds a password, so it is never shown as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Remote {
    /// `ftp`, `ftps` or `ftpes`.
    pub scheme: Scheme,
    /// A name or an IP address, without brackets and zone.
    pub host: String,
    /// Which of this machine's networks a link-local address is in, by name or number (RFC 6874).
    pub zone: Option<String>,
    /// The port, where the URL has one.
    pub port: Option<u16>,
    /// The user, where the URL has one.
    pub user: Option<String>,
    /// The password, where the URL has one.
    pub password: Option<String>,
    /// The directory, from the login directory on; `None` is that one itself.
    pub directory: Option<String>,
    /// What is meant in it; empty when the URL ends in `/`.
    pub name: String,
    /// The name as a pattern, where it has `*`, `?` or `[` that are not written `%XX`.
    pub pattern: Option<String>,
    /// How the file travels, where the URL says so.
    pub kind: Option<Kind>,
}

/// The beginning of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `ftp`: without TLS, unless an option asks for it.
    Ftp,
    /// `ftps`: implicit TLS.
    Ftps,
    /// `ftpes`: explicit TLS.
    Ftpes,
}

/// The end of a URL, `;type=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `a`: text.
    Ascii,
    /// `i`: bytes.
    Image,
    /// `d`: the names in a directory.
    Names,
}

/// What is wrong with a URL. It does not repeat the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid(String);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Invalid {}

fn invalid<T>(text: impl Into<String>) -> Result<T, Invalid> {
    Err(Invalid(text.into()))
}

impl Remote {
    /// Read a URL. The encoding is that of bytes which are written `%XX` and are no UTF-8.
    pub fn parse(text: &str, encoding: &Encoding) -> Result<Self, Invalid> {
        // The parser would leave them out; and take a backslash, which is as good as any letter here, for a `/`.
        if text.contains(char::is_control) {
            return invalid("in a URL, control characters have to be written as %XX");
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return invalid(format!("{} is no URL, such as ftp://host/path", without_password(text)));
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "ftp" => Scheme::Ftp,
            "ftps" => Scheme::Ftps,
            "ftpes" => Scheme::Ftpes,
            _ => {
                let shown = without_password(text);
                return invalid(format!("{shown}: a URL has to start with ftp://, ftps:// or ftpes://"));
            }
        };
        let (rest, zone) = without_zone(rest)?;
        let rest = rest.as_ref();
        // To the parser, the rules of `ftp` go for all of them.
        let url = Url::parse(&format!("ftp://{}", rest.replace('\\', "%5C")));
        let url = url.map_err(|error| not_understood(error, rest))?;
        if url.fragment().is_some() {
            return invalid("in a URL, # has to be written as %23");
        }
        let host = host(&url, zone.is_some())?;
        // The parser leaves out 21, as it is the usual one of `ftp`.
        let port = url.port().or_else(|| says_21(rest).then_some(21));
        let user = Some(decoded(url.username(), encoding)).filter(|user| !user.is_empty());
        // The parser takes an empty one for none.
        let password = url.password().or(has_empty_password(rest).then_some(""));
        let password = password.map(|password| decoded(password, encoding));
        let (path, kind) = split_kind(&path(&url))?;
        if path.rsplit_once('/').is_some_and(|(directory, _)| directory.contains('*')) {
            return invalid(
                "in a URL, only the last name can be a pattern: a * in the name of a directory is written %2A",
            );
        }
        let (directory, last) = split_path(&path, encoding);
        let (name, pattern) = (decoded(&last, encoding), pattern(&last, encoding));
        Ok(Self { scheme, host, zone, port, user, password, directory, name, pattern, kind })
    }

    /// Whether this argument is meant as a URL, and not as a local file.
    pub fn is_url(argument: &str) -> bool {
        argument.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    /// The path on the server: of the file, or of the directory where the URL ends in `/`. `None` is the login directory.
    pub fn path(&self) -> Option<String> {
        match self.name.is_empty() {
            true => self.directory.clone(),
            false => Some(self.within(&self.name)),
        }
    }

    /// The path of a member of the URL's directory.
    pub fn within(&self, name: &str) -> String {
        match &self.directory {
            Some(directory) if directory.ends_with('/') => format!("{directory}{name}"),
            Some(directory) => format!("{directory}/{name}"),
            None => protect_leading(name),
        }
    }

    /// The server, for messages and for telling servers apart.
    pub fn server(&self) -> String {
        let zone = self.zone.as_ref().map(|zone| format!("%{zone}")).unwrap_or_default();
        match (self.host.contains(':'), self.port) {
            (false, None) => self.host.clone(),
            (false, Some(port)) => format!("{}:{port}", self.host),
            (true, None) => format!("[{}{zone}]", self.host),
            (true, Some(port)) => format!("[{}{zone}]:{port}", self.host),
        }
    }

    /// What the scheme asks for.
    pub fn security(&self) -> Security {
        match self.scheme {
            Scheme::Ftp => Security::None,
            Scheme::Ftps => Security::Implicit,
            Scheme::Ftpes => Security::Explicit,
        }
    }

    /// How files travel.
    pub fn representation(&self, ascii: bool) -> Representation {
        match self.kind {
            Some(Kind::Ascii) => Representation::Ascii,
            None if ascii => Representation::Ascii,
            _ => Representation::Image,
        }
    }
}

/// The argument, without the password that it holds if it is a URL, or may be meant as one.
pub fn without_password(argument: &str) -> String {
    let start = argument.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = argument.split_at(start);
    let Some((account, rest)) = rest.rsplit_once('@') else { return argument.to_owned() };
    let user = account.split_once(':').map_or(account, |(user, _)| user);
    format!("{scheme}{user}@{rest}")
}

/// The user and the password, where there are any, and the host with its port.
fn authority(rest: &str) -> (Option<&str>, &str) {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or((None, authority), |(account, host)| (Some(account), host))
}

fn says_21(rest: &str) -> bool {
    authority(rest).1.ends_with(":21")
}

/// RFC 1738, section 3.1: an empty password is none that is missing.
fn has_empty_password(rest: &str) -> bool {
    authority(rest).0.and_then(|account| account.split_once(':')).is_some_and(|(_, password)| password.is_empty())
}

/// `[fe80::1%25eth0]` (RFC 6874), also with a bare `%`, as people write it. The parser knows no zones.
fn without_zone(rest: &str) -> Result<(Cow<'_, str>, Option<String>), Invalid> {
    let (account, host) = authority(rest);
    let address = host.strip_prefix('[').and_then(|host| host.split_once(']')).map(|(address, _)| address);
    let Some((_, written)) = address.and_then(|address| address.split_once('%')) else {
        return Ok((rest.into(), None));
    };
    let zone = written.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(written);
    let zone = percent_decode_str(zone).decode_utf8_lossy().into_owned();
    if zone.is_empty() || !zone.chars().all(|character| character.is_ascii_graphic()) {
        return invalid("in a URL, the zone of an address is written as in [fe80::1%25eth0]");
    }
    let (start, end) = (account.map_or(0, |account| account.len() + 1), format!("%{written}]"));
    let (before, from_host) = rest.split_at(start);
    Ok((format!("{before}{}", from_host.replacen(&end, "]", 1)).into(), Some(zone)))
}

fn host(url: &Url, has_zone: bool) -> Result<String, Invalid> {
    let address = match url.host() {
        Some(Host::Domain(name)) => return Ok(name.to_owned()),
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical(),
        None => return invalid("the URL names no host"),
    };
    if address.is_unspecified() || address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST) {
        return invalid(format!("{address} is the address of no server"));
    }
    if has_zone && !is_link_local(address) {
        return invalid(format!("a zone goes with link-local addresses, and {address} is none"));
    }
    Ok(address.to_string())
}

/// Whether an address needs a zone (RFC 4007).
pub fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

/// What the parser has to say, and what it was that misled it.
fn not_understood(error: ParseError, rest: &str) -> Invalid {
    let hint = match error {
        // A `/` ends the host, so that a password with one looks like a port.
        ParseError::InvalidPort if rest.contains('@') => "; in a password, / is written as %2F",
        _ => "",
    };
    Invalid(format!("the URL cannot be understood: {error}{hint}"))
}

/// An FTP URL has no query: a `?` is part of a name.
fn path(url: &Url) -> String {
    let path = url.path();
    match url.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

fn split_kind(path: &str) -> Result<(String, Option<Kind>), Invalid> {
    let Some((start, end)) = path.rsplit_once(';') else { return Ok((path.to_owned(), None)) };
    let kind = match end.to_ascii_lowercase().as_str() {
        "type=a" => Kind::Ascii,
        "type=i" => Kind::Image,
        "type=d" => Kind::Names,
        other if other.starts_with("type=") => return invalid("in a URL, ;type= has to be a, i or d"),
        _ => return Ok((path.to_owned(), None)),
    };
    Ok((start.to_owned(), Some(kind)))
}

/// The directory as a path for the server, and the last segment as it is in the URL. A path that starts with `//` or
/// `/%2F` starts in the root.
fn split_path(path: &str, encoding: &Encoding) -> (Option<String>, String) {
    let path = path.strip_prefix('/').unwrap_or(path);
    let Some((directory, last)) = path.rsplit_once('/') else { return (None, path.to_owned()) };
    let root = if directory.is_empty() || directory.starts_with('/') { "/" } else { "" };
    let names = directory.split('/').filter(|name| !name.is_empty()).map(|name| decoded(name, encoding));
    let directory = names.fold(root.to_owned(), |mut path, name| {
        if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(&name);
        path
    });
    (Some(protect_leading(&directory)), last.to_owned())
}

/// What is written `%XX` stands for itself, the rest is a pattern.
fn pattern(segment: &str, encoding: &Encoding) -> Option<String> {
    if !segment.contains(['*', '?', '[']) {
        return None;
    }
    let mut pattern = String::new();
    let mut literal = String::new();
    let flush = |literal: &mut String, pattern: &mut String| {
        for character in decoded(literal, encoding).chars() {
            if matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        literal.clear();
    };
    for character in segment.chars() {
        match character {
            '*' | '?' | '[' | ']' | '!' => {
                flush(&mut literal, &mut pattern);
                pattern.push(character);
            }
            character => literal.push(character),
        }
    }
    flush(&mut literal, &mut pattern);
    Some(pattern)
}

/// The text that stands for these bytes in calls: see `encoding` in the contract.
fn decoded(text: &str, encoding: &Encoding) -> String {
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    match (String::from_utf8(bytes), encoding) {
        (Ok(text), Encoding::Utf8) => encoding.decode(text.as_bytes()),
        (Ok(text), _) => text,
        (Err(error), Encoding::Latin1) => error.into_bytes().into_iter().map(char::from).collect(),
        (Err(error), Encoding::Utf8 | Encoding::Named(_)) => {
            error.as_bytes().utf8_chunks().fold(String::new(), |mut text, chunk| {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().filter_map(|&byte| char::from_u32(0x0010_ff00 + u32::from(byte))));
                text
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Remote {
        Remote::parse(text, &Encoding::Utf8).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn error(text: &str) -> String {
        Remote::parse(text, &Encoding::Utf8).err().unwrap().to_string()
    }

    #[test]
    fn private_code_point_is_the_file_of_that_name_and_none_of_bytes() {
        let there = Encoding::Utf8.decode(b"\xf4\x8f\xbf\xa9x");
        assert_eq!(parse("ftp://h/%F4%8F%BF%A9x").name, there);
        assert_eq!(parse("ftp://h/\u{10ffe9}x/y").directory.as_deref(), Some(&*there));
        assert_eq!(parse("ftp://h/%E9x").name, "\u{10ffe9}x");
        assert_eq!(Encoding::Utf8.encode(&there).unwrap(), b"\xf4\x8f\xbf\xa9x");
    }

    #[test]
    fn servers() {
        for (text, host, port, server) in [
            ("ftp://example.com", "example.com", None, "example.com"),
            ("FTP://EXAMPLE.com:21/", "example.com", Some(21), "example.com:21"),
            ("ftps://example.com:21", "example.com", Some(21), "example.com:21"),
            ("ftpes://me:pw@example.com/a:21", "example.com", None, "example.com"),
            ("ftp://127.0.0.1:2121/a", "127.0.0.1", Some(2121), "127.0.0.1:2121"),
            ("ftp://[::1]:2121/", "::1", Some(2121), "[::1]:2121"),
            ("ftp://user@[fe80::1]/", "fe80::1", None, "[fe80::1]"),
            ("ftp://user:p%5D@[fe80::1%25eth0]:2121/a%25b", "fe80::1", Some(2121), "[fe80::1%eth0]:2121"),
            ("ftp://[fe80::1%2]/", "fe80::1", None, "[fe80::1%2]"),
            ("ftp://[fe80::1%252]/", "fe80::1", None, "[fe80::1%2]"),
            ("ftp://[fe80::1%25]/", "fe80::1", None, "[fe80::1%25]"),
            ("ftp://[fe80::1%eth0]:21/", "fe80::1", Some(21), "[fe80::1%eth0]:21"),
            ("ftp://[::ffff:127.0.0.1]/", "127.0.0.1", None, "127.0.0.1"),
            ("ftp://bücher.example/", "xn--bcher-kva.example", None, "xn--bcher-kva.example"),
        ] {
            let remote = parse(text);
            assert_eq!((remote.host.as_str(), remote.port, remote.server().as_str()), (host, port, server));
        }
    }

    #[test]
    fn schemes_say_how_to_be_secure() {
        for (text, security) in
            [("ftp://h", Security::None), ("FTPS://h", Security::Implicit), ("ftpes://h", Security::Explicit)]
        {
            assert_eq!(parse(text).security(), security);
        }
    }

    #[test]
    fn accounts() {
        for (text, user, password) in [
            ("ftp://host/", None, None),
            ("ftp://me@host/", Some("me"), None),
            ("ftp://me:@host/", Some("me"), Some("")),
            ("ftp://:@host/", None, Some("")),
            ("ftp://host/me:@x", None, None),
            ("ftp://me:se:cr%40et@host/", Some("me"), Some("se:cr@et")),
            ("ftp://me:p@ss@host/", Some("me"), Some("p@ss")),
            ("ftp://a%20b:%0d%0aDELE%20x@host/", Some("a b"), Some("\r\nDELE x")),
            (r"ftp://domain\me:a\b@host/", Some(r"domain\me"), Some(r"a\b")),
        ] {
            let remote = parse(text);
            assert_eq!((remote.user.as_deref(), remote.password.as_deref()), (user, password), "{text}");
        }
    }

    #[test]
    fn paths_start_in_the_login_directory() {
        for (text, directory, name, path) in [
            ("ftp://host", None, "", None),
            ("ftp://host/a", None, "a", Some("a")),
            ("ftp://host/a/", Some("a"), "", Some("a")),
            ("ftp://host/a/b/c", Some("a/b"), "c", Some("a/b/c")),
            ("ftp://host/a//b", Some("a"), "b", Some("a/b")),
            ("ftp://host/%2Fetc/motd", Some("/etc"), "motd", Some("/etc/motd")),
            ("ftp://host/%2Fetc%2Fmotd", None, "/etc/motd", Some("/etc/motd")),
            ("ftp://host//etc/motd", Some("/etc"), "motd", Some("/etc/motd")),
            ("ftp://host//motd", Some("/"), "motd", Some("/motd")),
            ("ftp://host//", Some("/"), "", Some("/")),
            ("ftp://host/%2F", None, "/", Some("/")),
            ("ftp://host/a b/ü%3Fx/y", Some("a b/ü?x"), "y", Some("a b/ü?x/y")),
            ("ftp://host/100%25/%zz", Some("100%"), "%zz", Some("100%/%zz")),
            (r"ftp://host/a\b", None, r"a\b", Some(r"a\b")),
            ("ftp://host/-rf", None, "-rf", Some("./-rf")),
            ("ftp://host/~me/x", Some("./~me"), "x", Some("./~me/x")),
            ("ftp://host/a%2Ab/x", Some("a*b"), "x", Some("a*b/x")),
            ("ftp://host/%0d%0aDELE%20x", None, "\r\nDELE x", Some("\r\nDELE x")),
        ] {
            let remote = parse(text);
            let found = (remote.directory.as_deref(), remote.name.as_str(), remote.path());
            assert_eq!(found, (directory, name, path.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn patterns_are_in_the_last_name() {
        for (text, pattern) in [
            ("ftp://host/a", None),
            ("ftp://host/*.txt", Some("*.txt")),
            ("ftp://host/a/b?[0-9]", Some("b?[0-9]")),
            ("ftp://host/%2A.txt", None),
            ("ftp://host/%5B*%5D", Some(r"\[*\]")),
            ("ftp://host/a b{c}*", Some(r"a b\{c\}*")),
        ] {
            assert_eq!(parse(text).pattern.as_deref(), pattern, "{text}");
        }
    }

    #[test]
    fn kinds() {
        for (text, name, kind) in [
            ("ftp://host/a;type=a", "a", Some(Kind::Ascii)),
            ("ftp://host/a;TYPE=I", "a", Some(Kind::Image)),
            ("ftp://host/a/;type=d", "", Some(Kind::Names)),
            ("ftp://host/a;b", "a;b", None),
            ("ftp://host/a%3Btype=a", "a;type=a", None),
        ] {
            let remote = parse(text);
            assert_eq!((remote.name.as_str(), remote.kind), (name, kind));
        }
    }

    #[test]
    fn bytes_that_are_not_utf8() {
        assert_eq!(parse("ftp://host/a%FFb%C3%BC").name, "a\u{10ffff}bü");
        let name = |text| Remote::parse(text, &Encoding::Latin1).ok().unwrap().name;
        assert_eq!(name("ftp://host/%FC"), "ü");
        assert_eq!(name("ftp://host/ü"), "ü");
    }

    #[test]
    fn errors_name_the_cause_and_no_password() {
        for text in ["ftp://me:secret@", "ftp://me:secret@host:99999/", "http://me:secret@host/", "me:secret@host/a"] {
            let error = error(text);
            assert!(!error.contains("secret"), "{error}");
        }
        assert_eq!(
            error("sftp://me:secret@host/"),
            "sftp://me@host/: a URL has to start with ftp://, ftps:// or ftpes://"
        );
        assert!(error("ftp://me:sec/ret@host/").ends_with("; in a password, / is written as %2F"));
        assert!(error("ftp://[::1%25eth0]/").contains("link-local"));
        assert!(error("ftp://[fe80::1%25]x]/").contains("understood"));
        assert_eq!(error("ftp://host/a#b"), "in a URL, # has to be written as %23");
        assert_eq!(error("ftp://host/a;type=x"), "in a URL, ;type= has to be a, i or d");
        for text in ["ftp://host/*/*", "ftp://host/a*/", "ftp://host/a/b*c/d"] {
            assert!(error(text).contains("%2A"), "{text}");
        }
        assert_eq!(error("host/a"), "host/a is no URL, such as ftp://host/path");
        assert_eq!(error("me:secret@host/a"), "me@host/a is no URL, such as ftp://host/path");
        assert!(error("ftp://host/a\nb").contains("%XX"));
    }

    #[test]
    fn addresses_of_no_server_are_refused() {
        for host in ["0.0.0.0", "[::]", "224.0.0.1", "[ff02::1]", "255.255.255.255", "[::ffff:0.0.0.0]"] {
            assert!(error(&format!("ftp://{host}/")).ends_with("the address of no server"), "{host}");
        }
    }

    #[test]
    fn an_argument_is_shown_without_its_password() {
        for (argument, shown) in [
            ("ftp://me:secret@host/a", "ftp://me@host/a"),
            ("ftp://me:se/cr@et@host/a", "ftp://me@host/a"),
            ("ftp://me@host/a", "ftp://me@host/a"),
            ("ftp://host/a", "ftp://host/a"),
            ("--verbose", "--verbose"),
            ("--proxy=socks5://me:secret@host", "--proxy=socks5://me@host"),
            ("me:secret@host:1080", "me@host:1080"),
        ] {
            assert_eq!(without_password(argument), shown);
        }
    }
}
