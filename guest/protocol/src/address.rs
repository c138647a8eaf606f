//! Where data connections go (RFC 959, section 4.1.2; RFC 2428).

use crate::number::decimal;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

/// The address in the text of a 227 reply to `PASV` (RFC 959, section 4.1.2).
///
/// The text around the six numbers is not standardised, and the parentheses may be missing (RFC 1123, section
/// 4.1.2.6); there may be spaces behind the commas. Over IPv6 some servers answer `0,0,0,0,p1,p2`, which is given as it is: only the port is meant.
///
/// # Errors
///
/// [`Error`] when there are not exactly six numbers from 0 to 255 in a row, or the port is 0.
pub fn parse_pasv(text: &[u8]) -> Result<SocketAddrV4, Error> {
    six_numbers(text).or_else(|_| six_numbers(&without_spaces(text)))
}

/// Some servers write a space after each comma.
fn without_spaces(text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    for &byte in text {
        match (byte, joined.last()) {
            (b' ', Some(b',')) => {}
            _ => joined.push(byte),
        }
    }
    joined
}

fn six_numbers(text: &[u8]) -> Result<SocketAddrV4, Error> {
    // A sign, a dot or a colon belongs to the number beside it, so that no part of "-1" or "::1" passes for one.
    let outside = |byte: &u8| !matches!(byte, b'0'..=b'9' | b',' | b'-' | b'+' | b'.' | b':');
    let six = text.split(outside).find(|word| word.iter().filter(|&&byte| byte == b',').count() >= 5).ok_or(Error)?;
    // The end of a sentence.
    let six = six.strip_suffix(b".").unwrap_or(six);

    let mut numbers = six.split(|&byte| byte == b',').map(octet);
    let mut next = || numbers.next().flatten().ok_or(Error);
    let ip = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    let port = u16::from_be_bytes([next()?, next()?]);
    if numbers.next().is_some() || port == 0 {
        return Err(Error);
    }
    Ok(SocketAddrV4::new(ip, port))
}

/// The port in the text of a 229 reply to `EPSV` (RFC 2428, section 3).
///
/// # Errors
///
/// [`Error`] when there is no `(|||port|)` with the same delimiter four times, or the port is not 1 to 65535.
pub fn parse_epsv(text: &[u8]) -> Result<u16, Error> {
    text.iter()
        .enumerate()
        .filter(|&(_, &byte)| byte == b'(')
        .find_map(|(at, _)| extended_port(text.get(at..)?.strip_prefix(b"(")?))
        .ok_or(Error)
}

/// The command that tells a server where to connect, and its argument: `PORT` for IPv4, `EPRT` for IPv6.
pub fn active_command(address: SocketAddr) -> (&'static str, String) {
    match address {
        SocketAddr::V4(address) => ("PORT", port_argument(address)),
        SocketAddr::V6(_) => ("EPRT", eprt_argument(address)),
    }
}

/// The argument of `PORT` (RFC 959, section 4.1.2).
pub fn port_argument(address: SocketAddrV4) -> String {
    let [h1, h2, h3, h4] = address.ip().octets();
    let [p1, p2] = address.port().to_be_bytes();
    format!("{h1},{h2},{h3},{h4},{p1},{p2}")
}

/// The argument of `EPRT` (RFC 2428, section 2).
///
/// An IPv4 address in the form of an IPv6 one, as a socket for both gives it, is announced as IPv4.
pub fn eprt_argument(address: SocketAddr) -> String {
    let port = address.port();
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => format!("|1|{ip}|{port}|"),
        IpAddr::V6(ip) => format!("|2|{ip}|{port}|"),
    }
}

/// The server's reply has no usable address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no usable address in the reply")
    }
}

impl core::error::Error for Error {}

fn octet(digits: &[u8]) -> Option<u8> {
    u8::try_from(decimal(digits)?).ok()
}

/// The port in what follows an opening parenthesis.
fn extended_port(text: &[u8]) -> Option<u16> {
    let (&[first, second, third], rest) = text.split_first_chunk()?;
    if !(33..=126).contains(&first) || second != first || third != first {
        return None;
    }
    let mut parts = rest.splitn(2, |&byte| byte == first);
    let port = u16::try_from(decimal(parts.next()?)?).ok()?;
    (parts.next()?.starts_with(b")") && port != 0).then_some(port)
}

/// A host without the brackets in which a URL has an IPv6 address.
pub fn host_literal(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passive_addresses_of_the_rfc_and_of_servers() {
        let table = [
            ("Entering Passive Mode (127,0,0,1,4,1).", "127.0.0.1:1025"),
            ("Entering Passive Mode. 127,0,0,1,4,1", "127.0.0.1:1025"),
            ("Entering Passive Mode 127,0,0,1,4,1.", "127.0.0.1:1025"),
            ("=127,0,0,1,4,1", "127.0.0.1:1025"),
            ("127,0,0,1,4,1", "127.0.0.1:1025"),
            ("Passive-Mode (10,0,0,255,255,255)", "10.0.0.255:65535"),
            ("Entering Passive Mode (0,0,0,0,195,80)", "0.0.0.0:50000"),
            ("(127,000,000,001,004,001)", "127.0.0.1:1025"),
            ("Entering Passive Mode (127, 0, 0, 1, 4, 1)", "127.0.0.1:1025"),
            ("Entering Passive Mode 127,  0, 0,0, 4, 1.", "127.0.0.0:1025"),
            ("1,000 files, 2,3 (10,1,2,3,0,1) 9,9", "10.1.2.3:1"),
        ];
        for (text, expected) in table {
            assert_eq!(parse_pasv(text.as_bytes()), Ok(expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn passive_addresses_that_are_none() {
        for text in [
            "",
            "(",
            "()",
            "(,,,,,)",
            "Entering Passive Mode",
            "(127,0,0,1,4)",
            "(127,0,0,1,4,1,1)",
            "(127,0,0,1,4,)",
            "(256,0,0,1,4,1)",
            "(127,0,0,1,256,1)",
            "(127,0,0,1,4,65536)",
            "(127,0,0,1,-4,1)",
            "(-127,0,0,1,4,1)",
            "(127,0,0,1,+4,1)",
            "(127,0,0,1,0,0)",
            "(127,0,0,1,4,18446744073709551617)",
            "(127.0.0.1,4,1)",
            "(::1,0,0,0,4,1)",
            "(::1,137,43)",
            "(1.2,0,0,1,4,1)",
            "(127 0 0 1 4 1)",
            "(127, 0, 0, 1, 4)",
            "(127, 0, 0, 1, -4, 1)",
            "(127;0;0;1;4;1)",
            "(7f,0,0,1,4,1)",
        ] {
            assert_eq!(parse_pasv(text.as_bytes()), Err(Error), "{text}");
        }
    }

    #[test]
    fn extended_ports_of_the_rfc_and_of_servers() {
        let table = [
            // RFC 2428, section 3.
            ("Entering Extended Passive Mode (|||6446|)", 6446),
            ("Entering Extended Passive Mode (|||1|).", 1),
            ("(!!!65535!)", 65535),
            ("(~~~80~)", 80),
            ("((((80()", 80),
            ("(1112212)", 0),
            ("Extended (passive) mode (|||80|)", 80),
            ("(((|||80|)", 80),
            ("(|||00080|)", 80),
        ];
        for (text, expected) in table {
            let expected = if expected == 0 { Err(Error) } else { Ok(expected) };
            assert_eq!(parse_epsv(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn extended_ports_that_are_none() {
        for text in [
            "",
            "(",
            "()",
            "(|||",
            "(||||)",
            "(|||80|",
            "(|||80)",
            "(||80|)",
            "(||||80|)",
            "(|||80!)",
            "(||!80|)",
            "(|||0|)",
            "(|||65536|)",
            "(|||-80|)",
            "(|||+80|)",
            "(||| 80|)",
            "(|||80||)",
            "(|1|127.0.0.1|80|)",
            "|||80|",
            "(   80 )",
            "(\x7f\x7f\x7f80\x7f)",
            "(|||99999999999999999999999|)",
        ] {
            assert_eq!(parse_epsv(text.as_bytes()), Err(Error), "{text}");
        }
    }

    #[test]
    fn active_addresses_of_the_rfc() {
        let port = |text: &str| port_argument(text.parse().unwrap());
        assert_eq!(port("132.235.1.2:6275"), "132,235,1,2,24,131");
        assert_eq!(port("0.0.0.0:65535"), "0,0,0,0,255,255");

        let eprt = |text: &str| eprt_argument(text.parse().unwrap());
        // RFC 2428, section 2.
        assert_eq!(eprt("132.235.1.2:6275"), "|1|132.235.1.2|6275|");
        assert_eq!(eprt("[1080::8:800:200C:417A]:5282"), "|2|1080::8:800:200c:417a|5282|");
        assert_eq!(eprt("[::ffff:10.0.0.1]:21"), "|1|10.0.0.1|21|");
        assert_eq!(eprt("[fe80::1%3]:21"), "|2|fe80::1|21|");
    }

    #[test]
    fn passive_address_is_read_back() {
        let address = "10.20.30.40:50".parse().unwrap();
        let text = port_argument(address);
        assert_eq!(parse_pasv(text.as_bytes()), Ok(address));
    }

    #[test]
    fn hosts_in_brackets() {
        for (host, literal) in
            [("[::1]", "::1"), ("::1", "::1"), ("a.b", "a.b"), ("[::1", "[::1"), ("[[::1]]", "[::1]")]
        {
            assert_eq!(host_literal(host), literal);
        }
    }
}
