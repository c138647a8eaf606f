//! Values of arguments: what they are, and how they are written.

use std::time::Duration;

use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use ftp_client::mirror::Rule;
use ftp_client::{Credentials, Encoding, Proxy, ProxyServer, ServerName};
use url::Url;

/// The algorithms of `sum`.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SumAlgorithm {
    Sha256,
    Sha512,
    Sha1,
    Md5,
    Crc32,
}

/// `--tls`.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// From the first byte
    Implicit,
    /// AUTH TLS before the login
    Explicit,
    /// Not at all
    None,
}

/// `--tls-min` and `--tls-max`.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TlsVersion {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

/// `--tls-ciphers`.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsCiphers {
    /// The fast ones; every one in a second attempt if the server refuses these
    FastFirst,
    /// The fast ones and no others
    FastOnly,
    /// Every one at once
    All,
}

/// `--data-end`.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataEndMode {
    /// It is an error
    Strict,
    /// It is one unless the size is the announced one
    Verified,
    /// The server's word is enough
    Lenient,
}

/// Of `--ipv4` and `--ipv6`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Families {
    /// Addresses of either
    #[default]
    Both,
    /// IPv4 only
    Ipv4,
    /// IPv6 only
    Ipv6,
}

/// Of `--verbose` and `--quiet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Volume {
    /// Errors only
    Quiet,
    /// Notes and bars
    #[default]
    Normal,
    /// The control connection too
    Verbose,
}

/// Of `--fxp` and `--relay`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// Straight between the servers, else through this client
    Either,
    /// Straight between the servers, or not at all
    Direct,
    /// Through this client
    Relay,
}

/// Of `--names` and `--long`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineFormat {
    /// Kind, size, time and name
    Short,
    /// Names only
    Names,
    /// Permissions and owner too
    Long,
}

/// `--proxy`, with its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUrl(pub Proxy);

/// `--include` and `--exclude`, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters(Vec<(bool, String)>);

impl Filters {
    /// As rules, of which the last that matches decides.
    pub fn rules(&self) -> Vec<Rule<'_>> {
        self.0
            .iter()
            .map(|(includes, pattern)| if *includes { Rule::Include(pattern) } else { Rule::Exclude(pattern) })
            .collect()
    }
}

impl Args for Filters {
    fn augment_args(command: Command) -> Command {
        let argument = |name: &'static str, help: &'static str| {
            clap::Arg::new(name).long(name).value_name("PATTERN").action(ArgAction::Append).help(help)
        };
        command
            .arg(argument("exclude", "Leave alone what matches; the last pattern that matches decides"))
            .arg(argument("include", "Take what matches, although an earlier pattern excludes it"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Filters {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found: Vec<(usize, bool, String)> = Vec::new();
        for (name, includes) in [("include", true), ("exclude", false)] {
            let indices = matches.indices_of(name).into_iter().flatten();
            let patterns = matches.get_many::<String>(name).into_iter().flatten();
            found.extend(indices.zip(patterns).map(|(index, pattern)| (index, includes, pattern.clone())));
        }
        found.sort_unstable_by_key(|(index, ..)| *index);
        Ok(Self(found.into_iter().map(|(_, includes, pattern)| (includes, pattern)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A number of seconds, of which there may be a part.
///
/// # Errors
///
/// The text is no number, or none between a millisecond and thirty years.
pub fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.001..=1e9).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("not a number of seconds above 0".to_owned()),
    }
}

pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1_000),
        Some((at, 'm' | 'M')) => (&text[..at], 1_000_000),
        Some((at, 'g' | 'G')) => (&text[..at], 1_000_000_000),
        _ => (text, 1),
    };
    let bytes = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit)).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| "not a number of bytes, such as 500k or 2M".to_owned())
}

pub(super) fn mode(text: &str) -> Result<u16, String> {
    u16::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or_else(|| "not an octal mode, such as 644".to_owned())
}

pub(super) fn ports(text: &str) -> Result<(u16, u16), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first > 0 && first <= last => Ok((first, last)),
        _ => Err("not a range of ports, such as 5000-5010".to_owned()),
    }
}

pub(super) fn digest(text: &str) -> Result<[u8; 32], String> {
    let digits: String = text.chars().filter(|character| *character != ':').collect();
    let mut digest = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return Err("not a SHA-256 digest of 64 hexadecimal digits".to_owned());
    }
    base16ct::mixed::decode(digits, &mut digest).map_err(|_| "not hexadecimal".to_owned())?;
    Ok(digest)
}

pub(super) fn server_name(text: &str) -> Result<ServerName, String> {
    ServerName::new(text).map_err(|_| "not a name that a certificate can have".to_owned())
}

pub(super) fn encoding(text: &str) -> Result<Encoding, String> {
    match text.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => Ok(Encoding::Utf8),
        "latin1" | "latin-1" | "iso-8859-1" => Ok(Encoding::Latin1),
        label => Encoding::named(label).map_err(|error| error.to_string()),
    }
}

/// Errors do not repeat the URL, but clap does: a caller replaces it (see [`without_passwords`]).
pub(super) fn proxy(text: &str) -> Result<ProxyUrl, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let host = url.host_str().ok_or("it names no host")?.trim_matches(['[', ']']).to_owned();
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let credentials = (!url.username().is_empty()).then(|| Credentials {
        user: decoded(url.username()),
        password: decoded(url.password().unwrap_or_default()).into(),
    });
    let server = |usual| ProxyServer { host, port: written_port(text).unwrap_or(usual), credentials };
    match url.scheme() {
        "socks5" | "socks5h" => Ok(ProxyUrl(Proxy::Socks5(server(1080)))),
        "http" => Ok(ProxyUrl(Proxy::HttpConnect(server(8080)))),
        _ => Err("a proxy is socks5:// or http://".to_owned()),
    }
}

/// The port that stands in a URL. The parser leaves out the usual one of a scheme that it knows, as 80 of `http`.
fn written_port(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once(':')?;
    Url::parse(&format!("any://{}", rest.trim_start_matches(['/', '\\']))).ok()?.port()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_proxies_are_those_that_are_written() {
        for (text, host, port) in [
            ("http://proxy", "proxy", 8080),
            ("http://proxy:80", "proxy", 80),
            ("HTTP://me:80@[::1]:080/", "::1", 80),
            ("http://me:80@proxy/:80", "proxy", 8080),
            ("http:proxy:80", "proxy", 80),
            ("http://proxy:3128", "proxy", 3128),
            ("socks5://proxy", "proxy", 1080),
            ("socks5h://proxy:80", "proxy", 80),
        ] {
            let (Proxy::Socks5(server) | Proxy::HttpConnect(server)) = proxy(text).ok().unwrap().0;
            assert_eq!((server.host.as_str(), server.port), (host, port), "{text}");
        }
    }
}
