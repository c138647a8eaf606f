//! Sessions with the server of a URL.

use std::cell::Cell;
use std::env;
use std::fs;
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use ftp_cli::arguments::{ConnectionOptions, TransferOptions};
use ftp_cli::exit::Exit;
use ftp_cli::needs::{parent, security};
use ftp_cli::remote::Remote;
use ftp_client::engine::{Missed, Retry, repeat};
use ftp_client::{
    Error, FailureKind, Identity, Network as _, RefusalKind, Security, Session, Settings, TransferMode, Trust, codes,
};

use super::client::{Client, Names};
use super::context::Context;
use super::credentials::{self, Credentials};
use super::failure::{Failure, ResultExt as _};
use super::hints;
use super::local;
use super::net::Net;
use super::output::Output;
use super::sandbox::has_runner;

/// A server that has said nothing for this long may wait for the client.
const SILENCE: Duration = Duration::from_secs(5);

/// A server, and how to get in. Sessions with it are all alike.
pub struct Server {
    pub remote: Remote,
    pub retry: Retry,
    port: u16,
    settings: Settings,
    credentials: Credentials,
    compress: bool,
    /// What it takes for paths.
    names: Names,
    net: Net,
    zone: u32,
    out: Output,
    /// That the server says nothing was reported.
    is_silent: Cell<bool>,
    /// Whether a session has ever been opened, or one is the first to be.
    first: Cell<First>,
}

/// The first session with a server that is opened. Those that follow offer the cipher suites that it found to be taken.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum First {
    #[default]
    Wanted,
    Opening,
    Open,
}

/// The turn of the session that may be the first.
struct Turn<'a>(&'a Cell<First>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.0.get() == First::Opening {
            self.0.set(First::Wanted);
        }
    }
}

impl Server {
    /// The server of a URL.
    pub fn new(context: &Context, url: &str) -> Result<Rc<Self>, Failure> {
        Self::build(context, url, Retry { attempts: 0, ..Retry::default() }, false)
    }

    /// The server of a URL, for transfers.
    pub fn for_transfers(context: &Context, url: &str, transfer: &TransferOptions) -> Result<Rc<Self>, Failure> {
        Self::build(context, url, transfer.retry(), transfer.checksum)
    }

    fn build(context: &Context, url: &str, retry: Retry, verify_checksums: bool) -> Result<Rc<Self>, Failure> {
        let options = &context.connection;
        let remote = Remote::parse(url, &options.encoding())?;
        let security = security(&remote, options);
        let mut settings = Settings { security, verify_checksums, ..settings(options)? };
        settings.tls.learned_ciphers = context.learned_ciphers.clone();
        let credentials = credentials::find(context, &remote)?;
        let port = remote.port.unwrap_or_else(|| security.port());
        let zone = zone(&remote, options)?;
        let (net, out) = (context.net.clone(), context.out.clone());
        let (compress, names, is_silent) = (options.network.compress, Names::default(), Cell::default());
        let first = Cell::default();
        Ok(Rc::new(Self {
            remote,
            retry,
            port,
            settings,
            credentials,
            compress,
            names,
            net,
            zone,
            out,
            is_silent,
            first,
        }))
    }

    /// The same server as the same user.
    pub fn serves(&self, other: &Self) -> bool {
        self.is_same_place(other) && self.settings.security == other.settings.security
    }

    /// The same server and the same files, even if one of them is reached without TLS.
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.remote.host == other.remote.host
            && self.zone == other.zone
            && self.port == other.port
            && self.credentials.user == other.credentials.user
    }

    /// A session that is logged in, in as many attempts as the policy has.
    pub async fn open(&self) -> Result<Client, Failure> {
        let attempt = async || match self.open_session().await {
            Ok(session) => Ok(Client::new(session, self.names.clone())),
            Err(failure) => {
                let may_repeat = failure.error.as_ref().is_some_and(Error::is_transient);
                Err(Missed { may_repeat, has_more: false, failure })
            }
        };
        repeat(&self.net, &self.retry, attempt, |failure| self.out.again(failure)).await
    }

    /// A session in one attempt, for what takes sessions as they are and has a policy of its own.
    pub async fn open_session(&self) -> Result<Session<Net>, Failure> {
        let mut session = self.connect().await?;
        self.log_in(&mut session).await?;
        Ok(session)
    }

    /// Wait while another session is the first.
    async fn turn(&self) -> Turn<'_> {
        while self.first.get() == First::Opening {
            self.net.sleep(Duration::from_millis(10)).await;
        }
        if self.first.get() == First::Wanted && self.settings.security != Security::None {
            self.first.set(First::Opening);
        }
        Turn(&self.first)
    }

    async fn connect(&self) -> Result<Session<Net>, Failure> {
        let turn = self.turn().await;
        let session = self.connect_in_turn().await?;
        turn.0.set(First::Open);
        Ok(session)
    }

    async fn connect_in_turn(&self) -> Result<Session<Net>, Failure> {
        let net = self.net.of_session(&self.out, self.zone);
        let connecting = Session::connect(net.clone(), self.settings.clone(), &self.remote.host, self.port);
        let connected = beside(connecting, self.wait_for_greeting(&net)).await;
        connected.map_err(|error| {
            let is_lost = matches!(error, Error::Failed { kind: FailureKind::ConnectionLost, .. });
            let hint = hints::of_connecting(&error, self.settings.security);
            let failure = Failure::of(format!("cannot connect to {}", self.remote.server()), error);
            let failure = Failure { text: failure.text + hint, ..failure };
            if is_lost { Failure { exit: Exit::Connect, ..failure } } else { failure }
        })
    }

    /// A server of implicit TLS waits for the client, which waits for its greeting: say so, and wait on.
    async fn wait_for_greeting(&self, net: &Net) {
        while net.connected().is_none() {
            net.sleep(Duration::from_millis(50)).await;
        }
        if self.settings.security == Security::Implicit || self.is_silent.get() {
            return;
        }
        let is_port_of_tls = self.port == Security::Implicit.port();
        if !is_port_of_tls {
            net.sleep(SILENCE).await;
        }
        self.is_silent.set(true);
        let server = self.remote.server();
        self.out.note(&match is_port_of_tls {
            true => format!("{server}: port 990 is that of TLS from the first byte: if no greeting comes, try ftps://"),
            false => format!(
                "{server} has accepted the connection and says nothing; it may want TLS from the first byte (ftps://), or be no server of FTP"
            ),
        });
    }

    async fn log_in(&self, session: &mut Session<Net>) -> Result<(), Failure> {
        let Credentials { user, password, account } = &self.credentials;
        if let Err(error) = session.login(user, password, account.as_deref()).await {
            let (is_refused, hint) = match &error {
                Error::Refused { kind: RefusalKind::Permanent, reply } => {
                    (true, hints::of_login(reply, self.settings.security))
                }
                // That the session ends is about the connection (RFC 959, section 4.2).
                Error::Refused { kind: RefusalKind::Transient, reply } => {
                    (reply.code != codes::CLOSING, hints::of_login(reply, self.settings.security))
                }
                Error::Refused { kind: RefusalKind::Unexpected, reply } => (reply.code == codes::ACCOUNT_WANTED, ""),
                _ => (false, ""),
            };
            let failure = Failure::of(format!("cannot log in to {} as {user}", self.remote.server()), error);
            let failure = Failure { text: failure.text + hint, ..failure };
            return Err(if is_refused { Failure { exit: Exit::Login, ..failure } } else { failure });
        }
        if self.compress {
            session.set_transfer_mode(TransferMode::Deflate).await.context("the server does not compress")?;
        }
        Ok(())
    }
}

/// The first is waited for; the other is done meanwhile.
async fn beside<T>(work: impl Future<Output = T>, other: impl Future<Output = ()>) -> T {
    let (mut work, mut other) = (pin!(work), pin!(other));
    let mut is_over = false;
    poll_fn(|context| {
        let result = work.as_mut().poll(context);
        if result.is_pending() && !is_over {
            is_over = other.as_mut().poll(context).is_ready();
        }
        result
    })
    .await
}

/// The number of a URL's zone, which WASI does not find for a name: `ftp-host` does.
fn zone(remote: &Remote, options: &ConnectionOptions) -> Result<u32, Failure> {
    let Some(zone) = &remote.zone else { return Ok(0) };
    if options.network.proxy.is_some() {
        return Err(Failure::usage("an address with a zone is reached from this machine only, not through a proxy"));
    }
    let known = env::var("FTP_ZONES").unwrap_or_default();
    let named = known.split_whitespace().filter_map(|entry| entry.split_once('='));
    let number = named.filter(|(name, _)| name == zone).map(|(_, number)| number).next().unwrap_or(zone);
    number.parse().map_err(|_| match has_runner() {
        true => Failure::usage(format!("this machine has no network {zone}, which the URL names")),
        false => {
            let [start, end] =
                ["with wasmtime run, the zone of an address has to be a number", "as `ip link` shows it"];
            Failure::usage(format!("{start}, {end}: [{}%25NUMBER] in place of {zone}", remote.host))
        }
    })
}

/// From the options, the files that they name, and the environment in place of these.
fn settings(options: &ConnectionOptions) -> Result<Settings, Failure> {
    let of = |options: &'static str| move |error: Error| Failure::usage(format!("{options}: {error}"));
    let mut settings = options.settings().map_err(of("--tls-min and --tls-max"))?;
    let files = &options.files;
    if let Trust::PublicRoots = settings.tls.trust {
        let given = match (text(&files.ca)?, text(&files.add_ca)?) {
            (None, None) => (env::var("FTP_CA").ok(), env::var("FTP_ADD_CA").ok()),
            named => named,
        };
        let trust = match given {
            (Some(pem), _) => Trust::roots(&pem),
            (None, Some(pem)) => Trust::public_roots_and(&pem),
            (None, None) => Ok(Trust::PublicRoots),
        };
        settings.tls.trust = trust.map_err(of("--ca or --add-ca"))?;
    }
    let given = match (text(&files.cert)?, text(&files.key)?) {
        (None, None) => (env::var("FTP_CERT").ok(), env::var("FTP_KEY").ok()),
        named => named,
    };
    if let (Some(certificates), Some(key)) = given {
        settings.tls.identity = Some(Identity::from_pem(&certificates, &key).map_err(of("--cert and --key"))?);
    }
    Ok(settings)
}

/// The text of a file that an option names.
fn text(path: &Option<PathBuf>) -> Result<Option<String>, Failure> {
    let Some(path) = path else { return Ok(None) };
    local::check_absolute(path, parent(path))?;
    fs::read_to_string(path).map(Some).map_err(|error| Failure::local("read", path, &error))
}
