//! SOCKS version 5 (RFC 1928): which way to log in, the login (RFC 1929), the request.

use super::{Credentials, Target, broken, receive, send};
use crate::error::Error;
use crate::network::Stream;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::IpAddr;

const VERSION: u8 = 5;
/// Of the login (RFC 1929, section 2).
const LOGIN_VERSION: u8 = 1;
const CONNECT: u8 = 1;
const RESERVED: u8 = 0;

const NO_LOGIN: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

pub(super) async fn open<S: Stream>(
    stream: &mut S,
    credentials: Option<&Credentials>,
    target: &Target,
) -> Result<(), Error> {
    let methods: &[u8] = if credentials.is_some() { &[NO_LOGIN, PASSWORD] } else { &[NO_LOGIN] };
    send(stream, &[&[VERSION, length_of(methods)?], methods].concat()).await?;
    let [version, method] = array(receive(stream, 2).await?)?;
    if version != VERSION {
        return Err(broken("it does not speak SOCKS5"));
    }
    match (method, credentials) {
        (NO_LOGIN, _) => {}
        (PASSWORD, Some(credentials)) => log_in(stream, credentials).await?,
        (NONE_ACCEPTABLE, Some(_)) => return Err(denied("the proxy wants another login than one with a password")),
        (NONE_ACCEPTABLE, None) => return Err(denied("the proxy wants a login")),
        _ => return Err(broken("it wants a login that was not offered")),
    }
    send(stream, &request(target)?).await?;
    let [version, code, _, kind] = array(receive(stream, 4).await?)?;
    if version != VERSION {
        return Err(broken("it does not speak SOCKS5"));
    }
    if code != 0 {
        return Err(refusal(code, target));
    }
    // The address and the port on the other side of the proxy: nobody needs them.
    let address = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => receive(stream, 1).await?.into_iter().map(usize::from).sum(),
        _ => return Err(broken("it names an address of no known kind")),
    };
    receive(stream, address + 2).await?;
    Ok(())
}

async fn log_in<S: Stream>(stream: &mut S, credentials: &Credentials) -> Result<(), Error> {
    let (user, password) = (credentials.user.as_bytes(), credentials.password.reveal().as_bytes());
    let login = [&[LOGIN_VERSION, length_of(user)?], user, &[length_of(password)?], password].concat();
    send(stream, &login).await?;
    match array(receive(stream, 2).await?)? {
        [LOGIN_VERSION, 0] => Ok(()),
        [LOGIN_VERSION, _] => Err(denied("the proxy refuses the user or the password")),
        _ => Err(broken("its answer to the login is of no known version")),
    }
}

fn request(target: &Target) -> Result<Vec<u8>, Error> {
    let mut request = [VERSION, CONNECT, RESERVED].to_vec();
    let port = match target {
        Target::Address(address) => {
            match address.ip() {
                IpAddr::V4(ip) => request.extend([&[IPV4], &ip.octets()[..]].concat()),
                IpAddr::V6(ip) => request.extend([&[IPV6], &ip.octets()[..]].concat()),
            }
            address.port()
        }
        Target::Name(name, port) => {
            request.extend([NAME, length_of(name.as_bytes())?]);
            request.extend_from_slice(name.as_bytes());
            *port
        }
    };
    request.extend(port.to_be_bytes());
    Ok(request)
}

/// What a reply of the proxy means (RFC 1928, section 6).
fn refusal(code: u8, target: &Target) -> Error {
    let why = match code {
        1 => "it failed",
        2 => "its rules forbid it",
        3 => "the network cannot be reached",
        4 => "the host is not known or cannot be reached",
        5 => "the connection is refused",
        6 => "TTL expired",
        7 => "it does not know how to",
        8 => "it does not know this kind of address",
        _ => "for no known reason",
    };
    let text = format!("the proxy does not connect to {target}: {why} (SOCKS5 reply {code:#04x})");
    match code {
        2 => Error::access_denied(text),
        4 if target.is_name() => Error::name_unresolvable(text),
        7 | 8 => Error::unsupported(text),
        _ => Error::connection_refused(text),
    }
}

fn denied(text: &str) -> Error {
    Error::access_denied(text.to_string())
}

fn length_of(bytes: &[u8]) -> Result<u8, Error> {
    u8::try_from(bytes.len()).map_err(|_| super::invalid("longer than 255 bytes, which SOCKS5 cannot say"))
}

fn array<const COUNT: usize>(bytes: Vec<u8>) -> Result<[u8; COUNT], Error> {
    bytes.try_into().map_err(|_| broken("its answer has another length"))
}

#[cfg(test)]
mod tests {
    use super::super::Proxy;
    use super::super::tests::{ask, check_every_cut, server};
    use super::*;
    use ftp_types::FailureKind;

    const FTP: &str = "ftp.example.com";

    fn plain() -> Proxy {
        Proxy::Socks5(server(None))
    }

    fn with_password() -> Proxy {
        Proxy::Socks5(server(Some(("user", "hunter2"))))
    }

    #[test]
    fn name_goes_to_the_proxy_as_it_is() {
        let (result, heard, _) = ask(&plain(), FTP, b"\x05\0\x05\0\0\x01\0\0\0\0\0\0", 3);
        assert_eq!((result, heard), (Ok(()), b"\x05\x01\0\x05\x01\0\x03\x0fftp.example.com\0\x15".to_vec()));
    }

    #[test]
    fn addresses_go_as_addresses() {
        let consent = b"\x05\0\x05\0\0\x01\0\0\0\0\0\0";
        let (_, heard, _) = ask(&plain(), "192.0.2.1", consent, 99);
        assert_eq!(heard, b"\x05\x01\0\x05\x01\0\x01\xc0\0\x02\x01\0\x15");
        let (_, heard, _) = ask(&plain(), "::1", consent, 99);
        assert_eq!(heard, b"\x05\x01\0\x05\x01\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x15");
    }

    #[test]
    fn password_is_sent_when_it_is_asked_for() {
        let consent = b"\0\0\x01\0\0\0\0\0\0";
        let (result, heard, _) = ask(&with_password(), FTP, &[b"\x05\x02\x01\0\x05", &consent[..]].concat(), 99);
        assert_eq!(result, Ok(()));
        assert!(heard.starts_with(b"\x05\x02\0\x02\x01\x04user\x07hunter2\x05\x01"), "{}", heard.escape_ascii());
        let (result, heard, _) = ask(&with_password(), FTP, &[b"\x05\0\x05", &consent[..]].concat(), 99);
        assert_eq!(result, Ok(()));
        assert!(heard.starts_with(b"\x05\x02\0\x02\x05\x01"), "{}", heard.escape_ascii());
    }

    #[test]
    fn consent_ends_exactly_where_it_ends() {
        check_every_cut(&plain(), b"\x05\0\x05\0\0\x01\x7f\0\0\x01\x04\x38");
        check_every_cut(&plain(), b"\x05\0\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x04\x38");
        check_every_cut(&plain(), b"\x05\0\x05\0\0\x03\x05proxy\x04\x38");
        check_every_cut(&plain(), b"\x05\0\x05\0\0\x03\0\x04\x38");
        check_every_cut(&with_password(), b"\x05\x02\x01\0\x05\0\0\x01\x7f\0\0\x01\x04\x38");
    }

    #[test]
    fn what_is_not_socks5_is_said_to_be_no_proxy() {
        for says in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            b"\x04\x5a\0\0\0\0\0\0",
            b"\x05\x01",
            b"\x05\x02\x01\0",
            b"\x05\0\x04\0\0\x01\0\0\0\0\0\0",
            b"\x05\0\x05\0\0\x02\0\0\0\0\0\0",
            b"220 ready\r\n",
        ] {
            let (result, _, _) = ask(&plain(), FTP, says, 99);
            assert!(
                matches!(result, Err(Error::Failed { kind: FailureKind::Other, .. })),
                "{}: {result:?}",
                says.escape_ascii()
            );
        }
        let (result, _, _) = ask(&with_password(), FTP, b"\x05\x02\x05\0", 99);
        assert!(matches!(result, Err(Error::Failed { kind: FailureKind::Other, .. })), "{result:?}");
    }

    #[test]
    fn login_that_is_refused_or_missing_is_denied_without_the_password() {
        for (proxy, says) in [
            (plain(), &b"\x05\xff"[..]),
            (with_password(), b"\x05\xff"),
            (with_password(), b"\x05\x02\x01\x01"),
            (with_password(), b"\x05\x02\x01\xff"),
        ] {
            let (result, _, _) = ask(&proxy, FTP, says, 99);
            assert!(matches!(result, Err(Error::Failed { kind: FailureKind::AccessDenied, .. })), "{result:?}");
            assert!(!format!("{result:?}").contains("hunter2"), "{result:?}");
        }
    }

    #[test]
    fn each_reply_has_its_error() {
        let refused = |host: &str, code: u8| ask(&plain(), host, &[5, 0, 5, code, 0, 1, 0, 0, 0, 0, 0, 0], 99).0;
        for code in [1, 3, 5, 6, 9, 255] {
            assert!(
                matches!(refused(FTP, code), Err(Error::Failed { kind: FailureKind::ConnectionRefused, text, .. }) if text.contains("proxy"))
            );
        }
        assert!(
            matches!(refused(FTP, 2), Err(Error::Failed { kind: FailureKind::AccessDenied, text, .. }) if text.contains("proxy"))
        );
        assert!(
            matches!(refused(FTP, 4), Err(Error::Failed { kind: FailureKind::NameUnresolvable, text, .. }) if text.contains("proxy"))
        );
        assert!(matches!(refused("192.0.2.1", 4), Err(Error::Failed { kind: FailureKind::ConnectionRefused, .. })));
        for code in [7, 8] {
            assert!(
                matches!(refused(FTP, code), Err(Error::Failed { kind: FailureKind::Unsupported, text, .. }) if text.contains("proxy"))
            );
        }
    }
}
