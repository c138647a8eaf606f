//! A URL: which server, how, as whom, and what on it (RFC 1738, section 3.2).

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use ftp_client::{Encoding, Representation, Security, protect_leading};
use percent_encoding::percent_decode_str;
use url::{Host, ParseError, Url};

#[cfg(test)]
mod tests;

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
