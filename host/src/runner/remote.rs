//! A URL: which server, as whom, and what on it (RFC 1738, section 3.2).

use std::env;

use anyhow::{Context as _, Result, bail, ensure};
use ftp_host::{Encoding, Representation};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// What a URL says. It holds a password, so it cannot be printed as a whole.
pub struct Remote {
    pub host: String,
    pub port: Option<u16>,
    pub user: String,
    pub password: String,
    /// To be entered one after the other, from the login directory on.
    pub directories: Vec<String>,
    /// What is meant in the last of them; empty when the URL ends in `/`.
    pub name: String,
    pub kind: Option<Kind>,
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

impl Remote {
    /// Errors do not repeat the URL, which may hold a password.
    pub fn parse(text: &str, encoding: &Encoding) -> Result<Self> {
        // The parser would leave them out; and take a backslash, which is as good as any letter here, for a `/`.
        ensure!(!text.contains(char::is_control), "in the URL, control characters have to be written as %XX");
        let url = Url::parse(&text.replace('\\', "%5C")).context("the URL cannot be understood")?;
        ensure!(url.scheme() == "ftp", "the URL has to start with ftp://");
        ensure!(url.fragment().is_none(), "in the URL, # has to be written as %23");
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => bail!("the URL names no host"),
        };
        let (user, password) = account(&url, encoding);
        let (path, kind) = split_kind(&path(&url))?;
        let mut directories = segments(&path, encoding);
        let name = directories.pop().unwrap_or_default();
        directories.retain(|segment| !segment.is_empty());
        Ok(Self { host, port: url.port(), user, password, directories, name, kind })
    }

    /// The server, for messages.
    pub fn server(&self) -> String {
        match (self.host.contains(':'), self.port) {
            (false, None) => self.host.clone(),
            (false, Some(port)) => format!("{}:{port}", self.host),
            (true, None) => format!("[{}]", self.host),
            (true, Some(port)) => format!("[{}]:{port}", self.host),
        }
    }

    /// How the file travels.
    pub fn representation(&self) -> Result<Representation> {
        match self.kind {
            Some(Kind::Ascii) => Ok(Representation::Ascii),
            Some(Kind::Image) | None => Ok(Representation::Image),
            Some(Kind::Names) => bail!("a URL with ;type=d is for ls"),
        }
    }
}

/// The argument, without the password that it holds if it is a URL.
pub fn without_password(argument: &str) -> String {
    let Some((scheme, rest)) = argument.split_once("://") else { return argument.to_owned() };
    let Some((account, rest)) = rest.rsplit_once('@') else { return argument.to_owned() };
    let user = account.split_once(':').map_or(account, |(user, _)| user);
    format!("{scheme}://{user}@{rest}")
}

fn account(url: &Url, encoding: &Encoding) -> (String, String) {
    let user = decoded(url.username(), encoding);
    if user.is_empty() {
        return ("anonymous".to_owned(), "anonymous@".to_owned());
    }
    let password = match url.password() {
        Some(password) => decoded(password, encoding),
        None => env::var("FTP_PASSWORD").unwrap_or_default(),
    };
    (user, password)
}

/// An FTP URL has no query: a `?` is part of a name.
fn path(url: &Url) -> String {
    let path = url.path();
    match url.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

fn split_kind(path: &str) -> Result<(String, Option<Kind>)> {
    let Some((start, end)) = path.rsplit_once(';') else { return Ok((path.to_owned(), None)) };
    let kind = match end.to_ascii_lowercase().as_str() {
        "type=a" => Kind::Ascii,
        "type=i" => Kind::Image,
        "type=d" => Kind::Names,
        other if other.starts_with("type=") => bail!("in the URL, ;type= has to be a, i or d"),
        _ => return Ok((path.to_owned(), None)),
    };
    Ok((start.to_owned(), Some(kind)))
}

/// `/a/b%2Fc` as `a` and `b/c`. A path that starts with `//` starts in the root, by common use.
fn segments(path: &str, encoding: &Encoding) -> Vec<String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (root, path) = match path.strip_prefix('/') {
        Some(path) => (Some("/".to_owned()), path),
        None => (None, path),
    };
    root.into_iter().chain(path.split('/').map(|segment| decoded(segment, encoding))).collect()
}

/// The text that stands for these bytes in calls: see `encoding` in the contract.
fn decoded(text: &str, encoding: &Encoding) -> String {
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    match (String::from_utf8(bytes), encoding) {
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
        Remote::parse(text, &Encoding::Utf8).unwrap()
    }

    fn error(text: &str) -> String {
        format!("{:#}", Remote::parse(text, &Encoding::Utf8).err().unwrap())
    }

    fn place(text: &str) -> (Vec<String>, String) {
        let Remote { directories, name, .. } = parse(text);
        (directories, name)
    }

    #[test]
    fn servers() {
        for (text, host, port, server) in [
            ("ftp://example.com", "example.com", None, "example.com"),
            ("FTP://EXAMPLE.com:21/", "example.com", None, "example.com"),
            ("ftp://127.0.0.1:2121/a", "127.0.0.1", Some(2121), "127.0.0.1:2121"),
            ("ftp://[::1]:2121/", "::1", Some(2121), "[::1]:2121"),
            ("ftp://user@[fe80::1]/", "fe80::1", None, "[fe80::1]"),
            ("ftp://bücher.example/", "xn--bcher-kva.example", None, "xn--bcher-kva.example"),
        ] {
            let remote = parse(text);
            assert_eq!((remote.host.as_str(), remote.port, remote.server().as_str()), (host, port, server));
        }
    }

    #[test]
    fn accounts() {
        for (text, user, password) in [
            ("ftp://host/", "anonymous", "anonymous@"),
            ("ftp://me:se:cr%40et@host/", "me", "se:cr@et"),
            ("ftp://me:p@ss@host/", "me", "p@ss"),
            ("ftp://a%20b:%0d%0aDELE%20x@host/", "a b", "\r\nDELE x"),
            (r"ftp://domain\me:a\b@host/", r"domain\me", r"a\b"),
        ] {
            let remote = parse(text);
            assert_eq!((remote.user.as_str(), remote.password.as_str()), (user, password));
        }
    }

    #[test]
    fn paths_start_in_the_login_directory() {
        for (text, directories, name) in [
            ("ftp://host", &[][..], ""),
            ("ftp://host/a", &[], "a"),
            ("ftp://host/a/", &["a"], ""),
            ("ftp://host/a/b/c", &["a", "b"], "c"),
            ("ftp://host/a//b", &["a"], "b"),
            ("ftp://host/%2Fetc/motd", &["/etc"], "motd"),
            ("ftp://host/%2Fetc%2Fmotd", &[], "/etc/motd"),
            ("ftp://host//etc/motd", &["/", "etc"], "motd"),
            ("ftp://host/%2F", &[], "/"),
            ("ftp://host/a b/ü?x/y#".trim_end_matches('#'), &["a b", "ü?x"], "y"),
            ("ftp://host/100%25/%zz", &["100%"], "%zz"),
            (r"ftp://host/a\b", &[], r"a\b"),
            ("ftp://host/%0d%0aDELE%20x", &[], "\r\nDELE x"),
        ] {
            let directories: Vec<String> = directories.iter().map(ToString::to_string).collect();
            assert_eq!(place(text), (directories, name.to_owned()), "{text}");
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
        assert_eq!(
            parse("ftp://host/a;type=d").representation().unwrap_err().to_string(),
            "a URL with ;type=d is for ls"
        );
    }

    #[test]
    fn bytes_that_are_not_utf8() {
        assert_eq!(parse("ftp://host/a%FFb%C3%BC").name, "a\u{10ffff}bü");
        let name = |text| Remote::parse(text, &Encoding::Latin1).unwrap().name;
        assert_eq!(name("ftp://host/%FC"), "ü");
        assert_eq!(name("ftp://host/ü"), "ü");
    }

    #[test]
    fn errors_name_the_cause_and_no_password() {
        for text in ["ftp://me:secret@", "ftp://me:secret@host:99999/", "http://me:secret@host/", "me:secret@host/a"] {
            let error = error(text);
            assert!(!error.contains("secret"), "{error}");
        }
        assert_eq!(error("ftps://host/"), "the URL has to start with ftp://");
        assert_eq!(error("ftp://host/a#b"), "in the URL, # has to be written as %23");
        assert_eq!(error("ftp://host/a;type=x"), "in the URL, ;type= has to be a, i or d");
        assert_eq!(error("host/a"), "the URL cannot be understood: relative URL without a base");
        assert!(error("ftp://host/a\nb").contains("%XX"));
    }

    #[test]
    fn an_argument_is_shown_without_its_password() {
        for (argument, shown) in [
            ("ftp://me:secret@host/a", "ftp://me@host/a"),
            ("ftp://me:se/cr@et@host/a", "ftp://me@host/a"),
            ("ftp://me@host/a", "ftp://me@host/a"),
            ("ftp://host/a", "ftp://host/a"),
            ("--verbose", "--verbose"),
        ] {
            assert_eq!(without_password(argument), shown);
        }
    }
}
