//! Proxies that a session goes through. The types are written here and not taken from the bindings, as those derive `Debug`,
//! which would print passwords.

use std::fmt::{self, Debug, Formatter};

use crate::bindings::exports::ftp::client::types;

/// What connections to the server go through. The proxy looks the server's name up.
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
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user: for SOCKS5 at most 255 bytes, for HTTP without a colon.
    pub user: String,
    /// The password: for SOCKS5 at most 255 bytes.
    pub password: String,
}

impl Debug for Credentials {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Proxy {
    pub(crate) fn address(&self) -> (&str, u16) {
        let (Self::Socks5(server) | Self::HttpConnect(server)) = self;
        (&server.host, server.port)
    }
}

impl From<Proxy> for types::Proxy {
    fn from(proxy: Proxy) -> Self {
        match proxy {
            Proxy::Socks5(server) => Self::Socks5(server.into()),
            Proxy::HttpConnect(server) => Self::HttpConnect(server.into()),
        }
    }
}

impl From<ProxyServer> for types::ProxyServer {
    fn from(server: ProxyServer) -> Self {
        let credentials =
            server.credentials.map(|Credentials { user, password }| types::Credentials { user, password });
        Self { host: server.host, port: server.port, credentials }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Settings;

    #[test]
    fn debug_of_the_settings_has_no_password() {
        let credentials = Some(Credentials { user: "user".into(), password: "hunter2".into() });
        let proxy = Proxy::Socks5(ProxyServer { host: "proxy".into(), port: 1080, credentials });
        let text = format!("{:?}", Settings { proxy: Some(proxy), ..Settings::default() });
        assert!(text.contains("1080") && !text.contains("hunter2"), "{text}");
    }
}
