//! Sessions with the server of a URL.

use std::env;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::time::Duration;

use ftp_cli::arguments::{ConnectionOptions, TransferOptions};
use ftp_cli::exit::Exit;
use ftp_cli::needs::security;
use ftp_cli::remote::Remote;
use ftp_client::retry::{Patience, Retry};
use ftp_client::{Error, Network, NetworkError, Session, Settings, TransferMode, Trust};
use ftp_wasi::{Wasi, WasiListener, WasiStream};

use super::Context;
use super::credentials::{self, Credentials};
use super::failure::{Doing as _, Failure};
use super::jobs::retry;
use super::output::Output;

/// WASI's network, or a half of it: `-4` and `-6`.
#[derive(Debug, Clone, Copy)]
pub struct Net {
    ipv4: bool,
    ipv6: bool,
}

impl Net {
    pub fn new(only_ipv4: bool, only_ipv6: bool) -> Self {
        Self { ipv4: !only_ipv6, ipv6: !only_ipv4 }
    }
}

impl Network for Net {
    type Stream = WasiStream;
    type Listener = WasiListener;

    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, NetworkError> {
        let mut addresses = Wasi.resolve(host).await?;
        addresses.retain(|address| if address.is_ipv4() { self.ipv4 } else { self.ipv6 });
        match addresses.is_empty() {
            true => Err(NetworkError::Unresolvable(format!("{host} has no address of the kind that was asked for"))),
            false => Ok(addresses),
        }
    }

    async fn connect(&self, remote: SocketAddr, local: Option<IpAddr>) -> Result<WasiStream, NetworkError> {
        Wasi.connect(remote, local).await
    }

    async fn listen(&self, local: SocketAddr) -> Result<WasiListener, NetworkError> {
        Wasi.listen(local).await
    }

    async fn sleep(&self, duration: Duration) {
        Wasi.sleep(duration).await;
    }

    fn now(&self) -> Duration {
        Wasi.now()
    }

    fn wall_clock() -> Option<i64> {
        Wasi::wall_clock()
    }
}

/// A server, and how to get in. Sessions with it are all alike.
pub struct Server {
    pub remote: Remote,
    pub retry: Retry,
    port: u16,
    settings: Settings,
    credentials: Credentials,
    compress: bool,
    net: Net,
    out: Output,
}

impl Server {
    /// The server of a URL.
    pub fn new(context: &Context, url: &str, options: &ConnectionOptions) -> Result<Rc<Self>, Failure> {
        Self::build(context, url, options, Retry { attempts: 0, ..Retry::default() }, false)
    }

    /// The server of a URL, for transfers.
    pub fn for_transfers(
        context: &Context,
        url: &str,
        options: &ConnectionOptions,
        transfer: &TransferOptions,
    ) -> Result<Rc<Self>, Failure> {
        Self::build(context, url, options, retry(transfer), transfer.checksum)
    }

    fn build(
        context: &Context,
        url: &str,
        options: &ConnectionOptions,
        retry: Retry,
        verify_checksums: bool,
    ) -> Result<Rc<Self>, Failure> {
        let remote = Remote::parse(url, &options.encoding())?;
        let security = security(&remote, options);
        let settings = Settings { security, verify_checksums, ..settings(options)? };
        let credentials = credentials::find(context, &remote, options)?;
        let port = remote.port.unwrap_or_else(|| security.port());
        let (net, out) = (context.net, context.out.clone());
        Ok(Rc::new(Self { remote, retry, port, settings, credentials, compress: options.compress, net, out }))
    }

    /// The same server as the same user.
    pub fn serves(&self, other: &Self) -> bool {
        self.is_same_place(other) && self.settings.security == other.settings.security
    }

    /// The same server and the same files, even if one of them is reached without TLS.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.remote.host == other.remote.host
            && self.port == other.port
            && self.credentials.user == other.credentials.user
    }

    /// A session that is logged in, tried as often as the policy has it.
    pub async fn open(&self) -> Result<Client, Failure> {
        let mut patience = Patience::new(&self.retry);
        loop {
            let failure = match self.open_once().await {
                Ok(client) => return Ok(client),
                Err(failure) => failure,
            };
            let Some(error) = &failure.error else { return Err(failure) };
            if self.retry.attempts > 0 {
                self.out.note(&format!("{}; trying again", failure.text));
            }
            if !patience.wait(&self.net, error, false).await {
                return Err(failure);
            }
        }
    }

    async fn open_once(&self) -> Result<Client, Failure> {
        let mut client = Client { session: self.connect().await?, out: self.out.clone() };
        self.log_in(&mut client).await?;
        Ok(client)
    }

    /// A session in one attempt, for what takes sessions as they are and has a policy of its own.
    pub async fn open_session(&self) -> Result<Session<Net>, Failure> {
        let mut session = self.connect().await?;
        self.log_in(&mut session).await?;
        Ok(session)
    }

    async fn connect(&self) -> Result<Session<Net>, Failure> {
        let connected = Session::connect(self.net, self.settings.clone(), &self.remote.host, self.port).await;
        connected.map_err(|error| {
            let is_lost = matches!(error, Error::ConnectionLost(_));
            let failure = Failure::of(format!("cannot connect to {}", self.remote.server()), error);
            if is_lost { Failure { exit: Exit::Connect, ..failure } } else { failure }
        })
    }

    async fn log_in(&self, session: &mut Session<Net>) -> Result<(), Failure> {
        let Credentials { user, password, account } = &self.credentials;
        if let Err(error) = session.login(user, password, account.as_deref()).await {
            let is_refused = matches!(error, Error::Permanent(_));
            let failure = Failure::of(format!("cannot log in to {} as {user}", self.remote.server()), error);
            return Err(if is_refused { Failure { exit: Exit::Login, ..failure } } else { failure });
        }
        if self.compress {
            session.set_transfer_mode(TransferMode::Deflate).await.doing("the server does not compress")?;
        }
        Ok(())
    }
}

/// A session that shows what was said on it, where that is wanted.
pub struct Client {
    session: Session<Net>,
    out: Output,
}

impl Client {
    /// Say goodbye. All is done, so nothing depends on the answer.
    pub async fn quit(mut self) {
        let _ = self.end().await;
    }

    /// Show what was said since the last time.
    fn show(&mut self) {
        if self.out.is_verbose() {
            for line in self.session.transcript() {
                self.out.transcript(&line);
            }
        }
    }
}

impl Deref for Client {
    type Target = Session<Net>;

    fn deref(&self) -> &Session<Net> {
        &self.session
    }
}

impl DerefMut for Client {
    /// Before each call, what was said in the one before is shown.
    fn deref_mut(&mut self) -> &mut Session<Net> {
        self.show();
        &mut self.session
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.show();
    }
}

/// From the options, the files that they name, and the environment in place of these.
fn settings(options: &ConnectionOptions) -> Result<Settings, Failure> {
    let read = |path: &std::path::PathBuf| fs::read_to_string(path);
    let mut settings = options.with_files(read).map_err(|(path, error)| Failure::local("read", &path, &error))?;
    if settings.tls.trust == Trust::PublicRoots {
        if let Ok(pem) = env::var("FTP_CA") {
            settings.tls.trust = Trust::Roots(pem);
        } else if let Ok(pem) = env::var("FTP_ADD_CA") {
            settings.tls.trust = Trust::PublicRootsAnd(pem);
        }
    }
    if settings.tls.identity.is_none()
        && let (Ok(certificates), Ok(private_key)) = (env::var("FTP_CERT"), env::var("FTP_KEY"))
    {
        settings.tls.identity = Some(ftp_client::Identity { certificates, private_key });
    }
    let invalid = |error: Error| Failure::usage(error.to_string());
    settings.tls.trust = settings.tls.trust.checked().map_err(invalid)?;
    settings.tls.identity = settings.tls.identity.map(|identity| identity.checked()).transpose().map_err(invalid)?;
    let (oldest, newest) = (settings.tls.oldest, settings.tls.newest);
    settings.tls.set_versions(oldest, newest).map_err(invalid)?;
    let name = settings.tls.server_name.clone();
    settings.tls.set_server_name(name).map_err(invalid)?;
    Ok(settings)
}
