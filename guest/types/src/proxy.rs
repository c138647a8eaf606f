//! Proxies that connections go through.

use alloc::string::String;

use crate::error::Error;
use crate::secret::Secret;

/// The longest user and password for SOCKS5 (RFC 1929, section 2), in bytes.
const CREDENTIAL: usize = 255;

/// A proxy, and how to talk to it. The proxy looks the server's name up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proxy {
    /// SOCKS version 5 (RFC 1928), with user and password (RFC 1929) where there are credentials.
    Socks5(ProxyServer),
    /// HTTP `CONNECT` (RFC 9110, section 9.3.6), over a connection without TLS; credentials as in RFC 7617.
    HttpConnect(ProxyServer),
}

/// Where a proxy is, and who may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyServer {
    /// A name or an IP address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What the proxy wants to know. It crosses the network in the clear.
    pub credentials: Option<Credentials>,
}

/// A user and a password for a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user: for SOCKS5 at most 255 bytes, for HTTP without a colon.
    pub user: String,
    /// The password: for SOCKS5 at most 255 bytes.
    pub password: Secret,
}

impl Proxy {
    /// Refuses what is no host and port, and credentials that cannot be sent.
    pub fn checked(self) -> Result<Self, Error> {
        let ProxyServer { host, port, credentials } = self.server();
        if host.is_empty() || *port == 0 || host.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(Error::invalid_argument("not a host and a port of a proxy"));
        }
        let Some(Credentials { user, password }) = credentials else { return Ok(self) };
        let password = password.reveal();
        if [user, password].iter().any(|text| text.chars().any(char::is_control)) {
            return Err(Error::invalid_argument("the user or the password for the proxy has a control character"));
        }
        match self {
            Self::Socks5(_) if user.is_empty() || user.len() > CREDENTIAL || password.len() > CREDENTIAL => {
                Err(Error::invalid_argument("for SOCKS5 the user has 1 to 255 bytes, and the password at most as many"))
            }
            Self::HttpConnect(_) if user.contains(':') => {
                Err(Error::invalid_argument("for HTTP the user cannot have a colon"))
            }
            proxy => Ok(proxy),
        }
    }

    /// Where it is.
    pub const fn server(&self) -> &ProxyServer {
        match self {
            Self::Socks5(server) | Self::HttpConnect(server) => server,
        }
    }
}
