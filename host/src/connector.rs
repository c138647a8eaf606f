//! Settings for sessions, and the way to open one.

use std::net::IpAddr;
use std::time::Duration;

use ftp_types::{Proxy, ProxyServer};

use crate::error::Error;
use crate::instance::{Handle, Instance, Shared, call};
use crate::session::Session;
use crate::tls::TlsSettings;
use crate::types::{DataMode, Encoding, Security, Trust};

/// The port of the control connection, unless another is given.
const PORT: u16 = 21;

/// The same with implicit TLS.
const IMPLICIT_PORT: u16 = 990;

/// Settings of a connector. Each has a safe default.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How sessions are protected. Default: not at all.
    pub security: Security,
    /// How TLS is done, where it is.
    pub tls: TlsSettings,
    /// How data connections are made. Default: passive. Active mode permits the sandbox to listen, at those of the ports
    /// that it names from 1024 on, and at the address of the control connection.
    pub data_mode: DataMode,
    /// How names and texts travel. Default: UTF-8. An encoding that is not known, or cannot carry names, is
    /// `InvalidArgument` when the connector is made.
    pub encoding: Encoding,
    /// The local address to connect from. Default: the system chooses.
    pub local_address: Option<IpAddr>,
    /// What connections go through. Default: nothing. With a proxy the sandbox reaches the proxy and nothing else: the
    /// policy decides about the proxy's addresses, and what lies behind it is for the proxy to decide. Active mode does
    /// not go through one.
    pub proxy: Option<Proxy>,
    /// How long the control connection may be silent during a transfer before a `NOOP` is sent. Default: for ever.
    pub keepalive: Option<Duration>,
    /// How long a connection may be idle before the operating system looks after it. Default: for ever.
    pub tcp_keepalive: Option<Duration>,
    /// Ask for the data connection of the next transfer (`EPSV`) together with the command of each: a round trip less.
    /// Only for servers that answer commands in their order, transfers included, as vsftpd, ProFTPD and Pure-FTPd do; with
    /// others, pyftpdlib for one, a transfer then fails with `Protocol`, or `Tls` in its handshake.
    /// Default: no.
    pub pipelining: bool,
    /// The longest that looking up a host, then connecting to it, and then a TLS handshake may take, in one or two attempts;
    /// likewise for each data connection.
    /// None: 30 seconds.
    pub connect_timeout: Option<Duration>,
    /// The longest that a command may take until its reply is complete. None: 60 seconds.
    pub reply_timeout: Option<Duration>,
    /// The longest that a transfer may wait for the server to move a byte. None: 60 seconds.
    pub idle_timeout: Option<Duration>,
    /// The longest that any one call may take as a whole. None: no limit beyond those above.
    pub total_timeout: Option<Duration>,
    /// Compare sizes (SIZE) at the end of each upload as an image and of each copy; [`Outcome::verified`](crate::Outcome::verified)
    /// reports what was compared. Default: yes.
    pub verify_size: bool,
    /// Compare checksums at the end of whole files, where the server has any; [`Outcome::checksum`](crate::Outcome::checksum)
    /// has what agreed.
    pub verify_checksums: bool,
    /// The most bytes that a compressed transfer may inflate to, beyond a hundred times those that came. None: 1 GiB.
    pub inflation_limit: Option<u64>,
    /// The most lines that [`Session::transcript`] holds, at most 65,536. 0 turns it off.
    pub transcript_capacity: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            security: Security::default(),
            tls: TlsSettings::default(),
            data_mode: DataMode::default(),
            encoding: Encoding::default(),
            local_address: None,
            proxy: None,
            keepalive: None,
            tcp_keepalive: None,
            pipelining: false,
            connect_timeout: None,
            reply_timeout: None,
            idle_timeout: None,
            total_timeout: None,
            verify_size: true,
            verify_checksums: false,
            inflation_limit: None,
            transcript_capacity: 0,
        }
    }
}

/// A sandbox: one instance of the component, for one session or for the two that a server-to-server copy needs.
///
/// Calls on all sessions of a connector take turns. Several sessions at a time are several connectors.
pub struct Connector {
    pub(crate) handle: Handle,
    port: u16,
}

impl Connector {
    pub(crate) async fn new(mut instance: Instance, settings: Settings) -> Result<Self, Error> {
        let Instance { store, guest, busy, .. } = &mut instance;
        let constructed = busy.watch(guest.ftp_client_ftp().connector().call_constructor(store)).await;
        let resource = constructed.map_err(|trap| Error::Trapped(trap.root_cause().to_string()))?;
        let port = if settings.security == Security::Implicit { IMPLICIT_PORT } else { PORT };
        let connector = Self { handle: Handle::new(Shared::new(instance), resource), port };
        connector.apply(settings).await?;
        Ok(connector)
    }

    /// What differs from the component's own defaults, which are those of [`Settings`]: each call takes microseconds, and
    /// there are sessions by the hundred.
    async fn apply(&self, settings: Settings) -> Result<(), Error> {
        let handle = &self.handle;
        if settings.security != Security::None {
            call!(handle, connector.call_set_security(settings.security))?;
        }
        self.apply_tls(settings.tls).await?;
        if let Some(proxy) = settings.proxy {
            let ProxyServer { host, port, .. } = proxy.server();
            handle.shared.grants.only(host, *port);
            call!(handle, connector.call_set_proxy(Some(&proxy.into())))??;
        }
        if !matches!(settings.data_mode, DataMode::Passive) {
            call!(handle, connector.call_set_data_mode(&settings.data_mode))??;
            handle.shared.permit_listening(&settings.data_mode);
        }
        if !matches!(settings.encoding, Encoding::Utf8) {
            call!(handle, connector.call_set_encoding(&settings.encoding))??;
        }
        if let Some(address) = settings.local_address {
            call!(handle, connector.call_set_local_address(Some(&address.to_string())))??;
        }
        if let Some(time) = settings.keepalive {
            call!(handle, connector.call_set_keepalive(Some(nanoseconds(time))))?;
        }
        if let Some(time) = settings.tcp_keepalive {
            call!(handle, connector.call_set_tcp_keepalive(Some(nanoseconds(time))))?;
        }
        if settings.pipelining {
            call!(handle, connector.call_set_pipelining(true))?;
        }
        if let Some(time) = settings.connect_timeout {
            call!(handle, connector.call_set_connect_timeout(Some(nanoseconds(time))))?;
        }
        if let Some(time) = settings.reply_timeout {
            call!(handle, connector.call_set_reply_timeout(Some(nanoseconds(time))))?;
        }
        if let Some(time) = settings.idle_timeout {
            call!(handle, connector.call_set_idle_timeout(Some(nanoseconds(time))))?;
        }
        if let Some(time) = settings.total_timeout {
            call!(handle, connector.call_set_total_timeout(Some(nanoseconds(time))))?;
        }
        if !settings.verify_size {
            call!(handle, connector.call_set_verify_size(false))?;
        }
        if settings.verify_checksums {
            call!(handle, connector.call_set_verify_checksums(true))?;
        }
        if settings.inflation_limit.is_some() {
            call!(handle, connector.call_set_inflation_limit(settings.inflation_limit))?;
        }
        if settings.transcript_capacity > 0 {
            call!(handle, connector.call_set_transcript_capacity(settings.transcript_capacity))?;
        }
        Ok(())
    }

    async fn apply_tls(&self, tls: TlsSettings) -> Result<(), Error> {
        let (handle, default) = (&self.handle, TlsSettings::default());
        if !matches!(tls.trust, Trust::PublicRoots) {
            call!(handle, connector.call_set_trust(&tls.trust))??;
        }
        if let Some(identity) = tls.identity {
            call!(handle, connector.call_set_identity(Some(&identity.into())))??;
        }
        if let Some(name) = tls.server_name {
            call!(handle, connector.call_set_server_name(Some(&name)))??;
        }
        if tls.versions != default.versions {
            let (oldest, newest) = tls.versions.into_inner();
            call!(handle, connector.call_set_tls_versions(oldest, newest))??;
        }
        if tls.ciphers != default.ciphers {
            call!(handle, connector.call_set_tls_ciphers(tls.ciphers))?;
        }
        if tls.data_end != default.data_end {
            call!(handle, connector.call_set_data_end(tls.data_end))?;
        }
        if tls.require_resumption {
            call!(handle, connector.call_set_require_resumption(true))?;
        }
        Ok(())
    }

    /// Connect, secure as the settings say, and read the greeting. The port is 21, or 990 with implicit TLS, unless given. `host` is a name or an IP address; all addresses of
    /// a name are tried. A name is looked up once, and what it leads to stays for the connector's life.
    ///
    /// Errors: `NameUnresolvable`, `AccessDenied` where the policy refuses all addresses or the proxy
    /// refuses, `Unsupported` for active mode through a proxy,
    /// `ConnectionRefused`, `Timeout` in the phases `Resolve`, `Connect`, `Handshake` and `Reply`,
    /// `Tls`, `Insecure` when the server has no TLS or wants it skipped,
    /// `Transient` when the greeting is 421, `InvalidArgument` for an empty host or port 0.
    pub async fn connect(&self, host: &str, port: Option<u16>) -> Result<Session, Error> {
        self.grant(host, port);
        let session = call!(self.handle, connector.call_connect(host, port))??;
        Ok(Session::new(Handle::new(self.handle.shared.clone(), session)))
    }

    /// Permit connections to this server.
    pub(crate) fn grant(&self, host: &str, port: Option<u16>) {
        self.handle.shared.grants.name(host, port.unwrap_or(self.port));
    }

    /// The one session of a connector that nothing else is needed from.
    pub(crate) async fn into_session(mut self, host: &str, port: Option<u16>) -> Result<Session, Error> {
        let session = self.connect(host, port).await?;
        self.handle.release();
        Ok(session)
    }

    /// Bytes of linear memory that the sandbox takes, 0 once it is closed.
    pub fn memory(&self) -> usize {
        self.handle.shared.memory()
    }
}

pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
