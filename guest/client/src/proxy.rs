//! Proxies: a connection to the server out of one to a proxy. The proxy looks the server's name up.

mod http;
mod socks5;

use crate::error::Error;
use crate::network::Stream;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use ftp_protocol::address::host_literal;
pub(crate) use ftp_types::{Credentials, Proxy};

/// On a connection to the proxy, ask for one to the target. What comes after the proxy's consent is the target's, and is left
/// on the stream.
pub(crate) async fn open<S: Stream>(proxy: &Proxy, stream: &mut S, target: &Target) -> Result<(), Error> {
    let credentials = proxy.server().credentials.as_ref();
    match proxy {
        Proxy::Socks5(_) => socks5::open(stream, credentials, target).await,
        Proxy::HttpConnect(_) => http::open(stream, credentials, target).await,
    }
}

/// What the proxy is asked to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Address(SocketAddr),
    /// Of letters, digits, dots, hyphens and underscores: nothing that means something in a request.
    Name(String, u16),
}

impl Target {
    pub(crate) fn new(host: &str, port: u16) -> Result<Self, Error> {
        let literal = host_literal(host);
        if let Ok(address) = literal.parse() {
            return Ok(Self::Address(SocketAddr::new(address, port)));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if host.len() > NAME || !host.bytes().all(plain) {
            return Err(invalid("not a name that a proxy can look up: ASCII letters, digits, `-`, `.` and `_`"));
        }
        Ok(Self::Name(host.to_string(), port))
    }

    /// The server may be one that `PASV` can name an address of.
    pub(crate) fn may_be_v4(&self) -> bool {
        !matches!(self, Self::Address(address) if address.ip().to_canonical().is_ipv6())
    }

    fn is_name(&self) -> bool {
        matches!(self, Self::Name(..))
    }
}

/// As in a URL: an address of IPv6 in brackets.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Name(name, port) => write!(f, "{name}:{port}"),
        }
    }
}

/// Bytes that a name may have (RFC 1035, section 2.3.4).
const NAME: usize = 255;

async fn send<S: Stream>(stream: &mut S, bytes: &[u8]) -> Result<(), Error> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let count = stream.write(rest).await?;
        rest = rest.get(count..).unwrap_or_default();
    }
    Ok(())
}

/// So many bytes and no more: the next may be the target's.
async fn receive<S: Stream>(stream: &mut S, count: usize) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(count);
    while bytes.len() < count {
        let missing = count - bytes.len();
        if stream.read(&mut bytes, missing).await? == 0 {
            return Err(Error::connection_lost("the proxy closed the connection before it had answered"));
        }
    }
    Ok(bytes)
}

fn invalid(text: &str) -> Error {
    Error::invalid_argument(text.to_string())
}

/// The proxy broke its own protocol, which is not the session's.
fn broken(text: &str) -> Error {
    Error::other(format!("not a valid proxy response: {text}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::network::NetworkError;
    use crate::timeout::now_or_never;
    use alloc::collections::VecDeque;
    use alloc::vec;
    use ftp_types::{FailureKind, ProxyServer};

    /// A proxy that says all it has to say at once, in pieces of at most so many bytes, and then closes.
    pub(super) struct Canned {
        pub(super) says: VecDeque<u8>,
        pub(super) piece: usize,
        pub(super) heard: Vec<u8>,
    }

    impl Stream for Canned {
        async fn read(&mut self, buffer: &mut Vec<u8>, max: usize) -> Result<usize, NetworkError> {
            let count = max.min(self.piece).min(self.says.len());
            buffer.extend(self.says.drain(..count));
            Ok(count)
        }

        async fn write(&mut self, bytes: &[u8]) -> Result<usize, NetworkError> {
            let count = bytes.len().min(self.piece);
            self.heard.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        async fn finish(&mut self) -> Result<(), NetworkError> {
            Ok(())
        }

        fn set_keep_alive(&self, _idle: core::time::Duration) -> Result<(), NetworkError> {
            Ok(())
        }

        fn local_address(&self) -> Result<SocketAddr, NetworkError> {
            Err(NetworkError::Other("none".to_string()))
        }

        fn peer_address(&self) -> Result<SocketAddr, NetworkError> {
            Err(NetworkError::Other("none".to_string()))
        }
    }

    /// What comes of asking a proxy that says this, and what it heard and has left to say.
    pub(super) fn ask(proxy: &Proxy, host: &str, says: &[u8], piece: usize) -> (Result<(), Error>, Vec<u8>, Vec<u8>) {
        let mut stream = Canned { says: says.iter().copied().collect(), piece, heard: Vec::new() };
        let target = Target::new(host, 21).unwrap();
        let result = now_or_never(open(proxy, &mut stream, &target)).expect("it never has to wait");
        (result, stream.heard, stream.says.into())
    }

    pub(super) fn server(credentials: Option<(&str, &str)>) -> ProxyServer {
        let credentials =
            credentials.map(|(user, password)| Credentials { user: user.into(), password: password.into() });
        ProxyServer { host: "proxy".into(), port: 1080, credentials }
    }

    /// What comes after the consent stays on the stream, and each shorter answer is a typed error.
    pub(super) fn check_every_cut(proxy: &Proxy, consent: &[u8]) {
        const GREETING: &[u8] = b"220 ready\r\n";
        for piece in [1, 2, 7, usize::MAX] {
            let (result, _, left) = ask(proxy, "ftp.example.com", &[consent, GREETING].concat(), piece);
            assert_eq!((result, left), (Ok(()), GREETING.to_vec()), "in pieces of {piece}");
        }
        for length in 0..consent.len() {
            let (result, _, _) = ask(proxy, "ftp.example.com", &consent[..length], usize::MAX);
            assert!(
                matches!(result, Err(Error::Failed { kind: FailureKind::ConnectionLost, .. })),
                "{length} bytes: {result:?}"
            );
        }
    }

    #[test]
    fn password_is_in_no_debug_and_credentials_are_in_no_error() {
        let long = "hunter2".repeat(40);
        for (user, password) in
            [("u\r\nX: hunter2", "p"), ("u", "hunter2\0"), ("u", long.as_str()), (long.as_str(), "p"), ("", "hunter2")]
        {
            let proxy = Proxy::Socks5(server(Some((user, password))));
            assert_eq!(format!("{proxy:?}").contains("hunter2"), user.contains("hunter2"), "{proxy:?}");
            let refused = proxy.checked();
            assert!(matches!(refused, Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })), "{refused:?}");
            assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
        }
        assert!(Proxy::HttpConnect(server(Some(("a:b", "c")))).checked().is_err());
        assert!(Proxy::HttpConnect(server(Some(("u", "a:b")))).checked().is_ok());
        assert!(Proxy::Socks5(server(Some((&"u".repeat(255), &"p".repeat(255))))).checked().is_ok());
    }

    #[test]
    fn proxy_has_a_host_and_a_port() {
        for (host, port) in [("", 1080), ("proxy", 0), ("pro xy", 1080), ("proxy\r\n", 1080)] {
            let server = ProxyServer { host: host.into(), port, credentials: None };
            assert!(Proxy::Socks5(server).checked().is_err(), "{host:?} {port}");
        }
    }

    #[test]
    fn target_is_an_address_or_a_plain_name() {
        for (host, text) in [
            ("ftp.example.com", "ftp.example.com:21"),
            ("192.0.2.1", "192.0.2.1:21"),
            ("2001:db8::1", "[2001:db8::1]:21"),
            ("[2001:db8::1]", "[2001:db8::1]:21"),
        ] {
            assert_eq!(Target::new(host, 21).unwrap().to_string(), text);
        }
        for host in ["a/b", "a@b", "a:1", "bücher.example", "fe80::1%eth0", "a\r\nb", &"a".repeat(256)] {
            assert!(
                matches!(Target::new(host, 21), Err(Error::Failed { kind: FailureKind::InvalidArgument, .. })),
                "{host:?}"
            );
        }
    }

    #[test]
    fn only_an_address_of_ipv6_is_known_not_to_be_of_ipv4() {
        let may = |host| Target::new(host, 21).unwrap().may_be_v4();
        assert_eq!(vec![may("name"), may("192.0.2.1"), may("::ffff:192.0.2.1"), may("::1")], [true, true, true, false]);
    }
}
