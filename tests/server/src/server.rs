//! The server's life: start, serve, stop.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use libunftp::{
    ServerBuilder,
    options::{ActivePassiveMode, FtpsRequired, TlsFlags},
};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::{Builder, Runtime},
    sync::oneshot,
};
use unftp_sbe_fs::Filesystem;

use crate::{
    certificates::{Certificates, Files},
    ports::SystemPorts,
    users::Users,
};

/// Enough for hundreds of clients that connect at the same moment.
const BACKLOG: u32 = 1_024;

/// How long [`Server`] waits, when it is dropped, for a file operation that is under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a [`Server`] is to be like.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory to serve. None: an empty one that goes away with the server.
    pub root: Option<PathBuf>,
    /// Whether `anonymous` may log in, with any password and full rights.
    pub anonymous: bool,
    /// Whether it speaks TLS, after `AUTH TLS`, and lets nobody log in without.
    pub tls: bool,
}

impl Default for Options {
    /// An empty directory, open to `anonymous` as well, in the clear.
    fn default() -> Self {
        Self { root: None, anonymous: true, tls: false }
    }
}

/// A running server. Dropping it closes every connection and frees the port before it returns.
///
/// It runs on a thread of its own, so that it serves plain and async callers alike.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    root: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    certificates: Option<Certificates>,
    _temporary: Option<TempDir>,
}

impl Server {
    /// Start a server on 127.0.0.1 and a port that the system chooses. It accepts connections when this returns.
    pub fn start(options: Options) -> io::Result<Self> {
        let (root, temporary) = match options.root {
            Some(root) => (root, None),
            None => {
                let temporary = TempDir::with_prefix("ftp-test-server-")?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let root = fs::canonicalize(root)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = listen(&runtime)?;
        let address = listener.local_addr()?;
        let certificates = options.tls.then(Certificates::make).transpose()?;
        let tls = certificates.as_ref().map(|certificates| certificates.files.clone());
        let host = Host { root: root.clone(), users: Arc::new(Users { anonymous: options.anonymous }), tls };
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("ftp-test-server".to_owned()).spawn(move || {
            runtime.block_on(host.accept_until(stopped, listener));
            runtime.shutdown_timeout(PATIENCE);
        })?;
        Ok(Self { address, root, stop: Some(stop), thread: Some(thread), certificates, _temporary: temporary })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The directory that it serves, as `/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The authority that has signed the server's certificate, in PEM. `None` without TLS.
    pub fn authority(&self) -> Option<&str> {
        self.certificates.as_ref().map(|certificates| certificates.authority.as_str())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The thread notices that this end is gone, stops, and takes the runtime with it: tasks, sockets and all.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Resolves the port before anything knows of it: no other program can take it in between.
fn listen(runtime: &Runtime) -> io::Result<TcpListener> {
    let _context = runtime.enter();
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    socket.listen(BACKLOG)
}

/// What the sessions of one server share.
struct Host {
    root: PathBuf,
    users: Arc<Users>,
    tls: Option<Files>,
}

impl Host {
    async fn accept_until(&self, mut stopped: oneshot::Receiver<()>, listener: TcpListener) {
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                accepted = listener.accept() => {
                    // An error here is that of one client, which has gone again.
                    if let Ok((connection, _)) = accepted {
                        self.serve(connection);
                    }
                }
            }
        }
    }

    /// A connection gets a server of its own: `service` takes one that is already there, `listen` an address only.
    fn serve(&self, connection: TcpStream) {
        // The library writes its replies one by one: with Nagle the second waits 40 ms for a delayed acknowledgement.
        let _ = connection.set_nodelay(true);
        let root = self.root.clone();
        let files = Box::new(move || Filesystem::new(&root).expect("the directory is there as long as the server"));
        let mut builder = ServerBuilder::with_authenticator(files, self.users.clone())
            .active_passive_mode(ActivePassiveMode::ActiveAndPassive)
            .binder(SystemPorts);
        if let Some(tls) = &self.tls {
            builder = builder
                .ftps(&tls.certificate, &tls.key)
                .ftps_tls_flags(TlsFlags::LATEST_VERSIONS | TlsFlags::RESUMPTION_SESS_ID | TlsFlags::RESUMPTION_TICKETS)
                .ftps_required(FtpsRequired::All, FtpsRequired::None);
        }
        if let Ok(server) = builder.build() {
            tokio::spawn(server.service(connection));
        }
    }
}
