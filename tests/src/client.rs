//! The client under test: the component, embedded by `ftp-host`.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::Result;
use ftp_artifacts::IMPORTED_COMPONENT;
use ftp_host::{
    Connector, Cryptography, Download, Error, FtpError, Host, Options, Policy, RefusalKind, Representation, Session,
    Settings,
};
use tokio::task_local;

use crate::guest;
use crate::payload::CHUNK;

/// A limit that a trial can afford to see run out.
pub const SHORT: Duration = Duration::from_millis(300);

/// The component that a trial runs with, by whose cryptography that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// The one that the host takes by itself.
    Default,
    /// The portable one, with its own.
    Portable,
    /// The one that imports it, composed with `tests/provider`.
    Composed,
}

task_local! {
    /// The one of the trial under way.
    static COMPONENT: Component;
}

impl Component {
    /// The last part of the name of a trial with it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "",
            Self::Portable => "portable",
            Self::Composed => "composed",
        }
    }

    /// Do this with it.
    pub async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        COMPONENT.scope(self, work).await
    }

    /// A host with it, made once.
    pub fn host(self) -> &'static Host {
        static DEFAULT: LazyLock<Host> = LazyLock::new(|| Host::new().expect("the component fits the host"));
        static PORTABLE: LazyLock<Host> = LazyLock::new(|| {
            let mut options = Options::default();
            options.cryptography = Cryptography::Portable;
            Host::with_options(options).expect("the portable component fits the host")
        });
        static COMPOSED: LazyLock<Host> = LazyLock::new(|| {
            let mut options = Options::default();
            options.cryptography = Cryptography::Portable;
            let component =
                guest::with_provider(IMPORTED_COMPONENT).expect("the component and the provider fit each other");
            Host::with_component(&component, options).expect("the composed component fits the host")
        });
        match self {
            Self::Default => &DEFAULT,
            Self::Portable => &PORTABLE,
            Self::Composed => &COMPOSED,
        }
    }
}

/// A connector that may reach this machine.
pub async fn connector(settings: Settings) -> Result<Connector, Error> {
    let component = COMPONENT.try_with(|component| *component).unwrap_or(Component::Default);
    let policy = Policy::default().allow_loopback().allow_private();
    component.host().connector(policy, settings).await
}

/// Settings with a transcript.
pub fn settings() -> Settings {
    Settings { transcript_capacity: 1000, ..Settings::default() }
}

/// Connect to a server.
pub async fn connect(server: SocketAddr) -> Result<Session, Error> {
    connect_with(server, settings()).await
}

/// Connect to a server in a way of one's own.
pub async fn connect_with(server: SocketAddr, settings: Settings) -> Result<Session, Error> {
    connector(settings).await?.connect(&server.ip().to_string(), Some(server.port())).await
}

/// Connect and log in as the user whom all servers of these suites know.
pub async fn login(server: SocketAddr) -> Result<Session, Error> {
    login_with(server, settings()).await
}

/// Connect in a way of one's own, and log in.
pub async fn login_with(server: SocketAddr, settings: Settings) -> Result<Session, Error> {
    let mut session = connect_with(server, settings).await?;
    session.login("user", "12345", None).await?;
    Ok(session)
}

/// Read a whole file.
pub async fn get(session: &mut Session, path: &str) -> Result<Vec<u8>, Error> {
    let download = session.retrieve(path, Representation::Image, 0).await?;
    read_all(download).await
}

/// Read a download to its end and hear the verdict.
pub async fn read_all(mut download: Download) -> Result<Vec<u8>, Error> {
    let mut contents = Vec::new();
    while let Some(chunk) = download.read().await? {
        contents.extend(chunk);
    }
    download.finish().await?;
    Ok(contents)
}

/// Write a whole file.
pub async fn put(session: &mut Session, path: &str, contents: &[u8]) -> Result<(), Error> {
    let mut upload = session.store(path, Representation::Image, 0).await?;
    for chunk in contents.chunks(CHUNK) {
        upload.write(chunk).await?;
    }
    upload.finish().await?;
    Ok(())
}

/// The code of the negative reply that this failed with.
#[track_caller]
pub fn refusal<T>(result: Result<T, Error>) -> u16 {
    match result {
        Err(Error::Ftp(FtpError::Refused { kind: RefusalKind::Transient | RefusalKind::Permanent, reply })) => {
            reply.code
        }
        Err(error) => panic!("not refused, but {error:?}"),
        Ok(_) => panic!("not refused"),
    }
}
