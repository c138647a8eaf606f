//! The client under test: the component, embedded by `ftp-host`.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::Result;
use ftp_host::{Connector, Download, Error, FtpError, Host, Policy, RefusalKind, Representation, Session, Settings};

use crate::payload::CHUNK;

/// A limit that a trial can afford to see run out.
pub const SHORT: Duration = Duration::from_millis(300);

/// A connector that may reach this machine.
pub async fn connector(settings: Settings) -> Result<Connector, Error> {
    static HOST: LazyLock<Host> = LazyLock::new(|| Host::new().expect("the component fits the host"));
    let policy = Policy::default().allow_loopback().allow_private();
    HOST.connector(policy, settings).await
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
