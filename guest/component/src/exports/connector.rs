//! The connector: settings, and the sessions that are opened with them.

use super::SharedSession;
use crate::bindings::exports::ftp::client::ftp as wit;
use crate::convert::{ip_address, limit_or};
use crate::streams::{InOrder, flush};
use alloc::rc::Rc;
use alloc::string::String;
use core::cell::RefCell;
use core::time::Duration;
use ftp_client::engine::fetch;
use ftp_client::{Phase, ServerName, Session, Settings, Versions, timeout};
use ftp_wasi::{Wasi, block_on};
use wasi::io::streams::OutputStream;

pub(crate) struct Connector(RefCell<Settings>);

impl wit::GuestConnector for Connector {
    fn new() -> Self {
        Self(RefCell::default())
    }

    fn set_security(&self, security: wit::Security) {
        self.0.borrow_mut().security = security.into();
    }

    fn set_trust(&self, trust: wit::Trust) -> Result<(), wit::Error> {
        self.0.borrow_mut().tls.trust = trust.try_into()?;
        Ok(())
    }

    fn set_identity(&self, identity: Option<wit::Identity>) -> Result<(), wit::Error> {
        self.0.borrow_mut().tls.identity = identity.map(TryInto::try_into).transpose()?;
        Ok(())
    }

    fn set_server_name(&self, name: Option<String>) -> Result<(), wit::Error> {
        self.0.borrow_mut().tls.server_name = name.as_deref().map(ServerName::new).transpose()?;
        Ok(())
    }

    fn set_tls_versions(&self, oldest: wit::TlsVersion, newest: wit::TlsVersion) -> Result<(), wit::Error> {
        self.0.borrow_mut().tls.versions = Versions::new(oldest.into(), newest.into())?;
        Ok(())
    }

    fn set_tls_ciphers(&self, ciphers: wit::TlsCiphers) {
        self.0.borrow_mut().tls.ciphers = ciphers.into();
    }

    fn set_data_end(&self, policy: wit::DataEnd) {
        self.0.borrow_mut().tls.data_end = policy.into();
    }

    fn set_require_resumption(&self, required: bool) {
        self.0.borrow_mut().tls.require_resumption = required;
    }

    fn set_data_mode(&self, mode: wit::DataMode) -> Result<(), wit::Error> {
        self.0.borrow_mut().data_mode = mode.try_into()?;
        Ok(())
    }

    fn set_encoding(&self, encoding: wit::Encoding) -> Result<(), wit::Error> {
        self.0.borrow_mut().encoding = encoding.try_into()?;
        Ok(())
    }

    fn set_local_address(&self, address: Option<String>) -> Result<(), wit::Error> {
        self.0.borrow_mut().local_address = address.as_deref().map(ip_address).transpose()?;
        Ok(())
    }

    fn set_proxy(&self, proxy: Option<wit::Proxy>) -> Result<(), wit::Error> {
        self.0.borrow_mut().proxy = proxy.map(TryInto::try_into).transpose()?;
        Ok(())
    }

    fn set_keepalive(&self, interval: Option<u64>) {
        self.0.borrow_mut().keepalive = interval.map(Duration::from_nanos);
    }

    fn set_tcp_keepalive(&self, idle: Option<u64>) {
        self.0.borrow_mut().tcp_keepalive = idle.map(Duration::from_nanos);
    }

    fn set_pipelining(&self, enabled: bool) {
        self.0.borrow_mut().pipelining = enabled;
    }

    fn set_connect_timeout(&self, timeout: Option<u64>) {
        self.0.borrow_mut().connect_timeout = limit_or(timeout, Settings::default().connect_timeout);
    }

    fn set_reply_timeout(&self, timeout: Option<u64>) {
        self.0.borrow_mut().reply_timeout = limit_or(timeout, Settings::default().reply_timeout);
    }

    fn set_idle_timeout(&self, timeout: Option<u64>) {
        self.0.borrow_mut().idle_timeout = limit_or(timeout, Settings::default().idle_timeout);
    }

    fn set_total_timeout(&self, timeout: Option<u64>) {
        self.0.borrow_mut().total_timeout = timeout.map(Duration::from_nanos);
    }

    fn set_verify_size(&self, verify: bool) {
        self.0.borrow_mut().verify_size = verify;
    }

    fn set_verify_checksums(&self, verify: bool) {
        self.0.borrow_mut().verify_checksums = verify;
    }

    fn set_inflation_limit(&self, limit: Option<u64>) {
        self.0.borrow_mut().inflation_limit = limit.unwrap_or(Settings::default().inflation_limit);
    }

    fn set_transcript_capacity(&self, lines: u32) {
        self.0.borrow_mut().transcript_capacity = lines as usize;
    }

    fn connect(&self, host: String, port: Option<u16>) -> Result<wit::Session, wit::Error> {
        let settings = self.0.borrow().clone();
        let port = port.unwrap_or(settings.security.port());
        let session = block_on(Session::connect(Wasi, settings, &host, port))?;
        let welcome = session.welcome().clone();
        let session = Rc::new(RefCell::new(Some(session)));
        Ok(wit::Session::new(SharedSession { session, welcome }))
    }

    fn fetch(
        &self,
        host: String,
        port: Option<u16>,
        user: String,
        password: String,
        account: Option<String>,
        path: String,
        offset: u64,
        sink: &OutputStream,
        retry: wit::Retry,
    ) -> Result<wit::Arrived, wit::Error> {
        let settings = self.0.borrow().clone();
        let (port, limit) = (port.unwrap_or(settings.security.port()), settings.total_timeout);
        let open = async || {
            let mut session = Session::connect(Wasi, settings.clone(), &host, port).await?;
            session.login(&user, &password, account.as_deref()).await?;
            Ok(session)
        };
        let retry = retry.into();
        let fetching = async {
            let fetched = fetch(&Wasi, open, &path, offset, &InOrder(sink), &retry).await;
            // What came before an error is the caller's too.
            let flushed = flush(sink).await;
            let arrived = fetched?;
            flushed.map(|()| arrived)
        };
        Ok(block_on(timeout(&Wasi, limit, Phase::Total, fetching))?.into())
    }
}
