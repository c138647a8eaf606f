//! A session with the server of a URL, from the login to the goodbye.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use ftp_host::{Host, Policy, Session, TransferMode};

use super::arguments::Options;
use super::remote::Remote;
use super::text::plain;

/// A session, in the directory that the URL names.
pub struct Connection {
    pub session: Session,
    verbose: bool,
}

impl Connection {
    /// Connect, and log in. The user named the host, so it may be anywhere.
    pub async fn open(remote: &Remote, options: &Options) -> Result<Self> {
        let policy = Policy::default().allow_loopback().allow_private();
        let connector = Host::new()?.connector(policy, options.settings()).await?;
        let session = connector.connect(&remote.host, remote.port).await;
        let session = session.with_context(|| format!("cannot connect to {}", remote.server()))?;
        let mut connection = Self { session, verbose: options.verbose };
        let login = connection.session.login(&remote.user, &remote.password, None).await;
        let login = login.with_context(|| format!("cannot log in to {} as {}", remote.server(), remote.user));
        let ready = match login {
            Ok(_) if options.compress => connection.compress().await,
            login => login.map(drop),
        };
        match ready {
            Ok(()) => Ok(connection),
            Err(error) => connection.close(Err(error)).await,
        }
    }

    async fn compress(&mut self) -> Result<()> {
        self.session.set_transfer_mode(TransferMode::Deflate).await.context("the server does not compress")?;
        Ok(())
    }

    /// Go to where the URL starts.
    pub async fn enter(&mut self, directories: &[String]) -> Result<()> {
        for directory in directories {
            let entered = self.session.change_directory(directory).await;
            entered.with_context(|| format!("cannot enter {directory}"))?;
        }
        Ok(())
    }

    /// Say goodbye, whatever the result is, and give it back. It stands already, so nothing depends on the reply.
    pub async fn close<T>(mut self, result: Result<T>) -> Result<T> {
        self.show_transcript().await;
        let _ = self.session.quit().await;
        result
    }

    async fn show_transcript(&mut self) {
        if !self.verbose {
            return;
        }
        for line in self.session.transcript().await.unwrap_or_default() {
            let _ = writeln!(io::stderr(), "{}", plain(&line));
        }
    }
}
