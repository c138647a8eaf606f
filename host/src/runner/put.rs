//! `put`: a file to the server.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use ftp_host::{Error, Outcome, Upload};
use tokio::fs::File;
use tokio::io::AsyncRead;

use super::arguments::Options;
use super::connection::Connection;
use super::progress::Progress;
use super::remote::Remote;

pub async fn run(file: &Path, mut remote: Remote, options: &Options) -> Result<()> {
    if remote.name.is_empty() && file.as_os_str() != "-" {
        remote.name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    }
    ensure!(!remote.name.is_empty(), "the URL has to end in the name of a file");
    remote.representation()?;
    let source = Source::open(file).await.with_context(|| format!("cannot read {}", file.display()))?;
    let mut connection = Connection::open(&remote, options).await?;
    let result = put(&mut connection, &remote, source).await;
    connection.close(result).await
}

async fn put(connection: &mut Connection, remote: &Remote, source: Source) -> Result<()> {
    connection.enter(&remote.directories).await?;
    let upload = connection.session.store(&remote.name, remote.representation()?, 0).await;
    let upload = upload.with_context(|| format!("cannot put {}", remote.name))?;
    let progress = Progress::start(&remote.name, source.size);
    let outcome = send(upload, progress.bar.wrap_async_read(source.reader)).await;
    let outcome = outcome.with_context(|| format!("cannot put {}", remote.name))?;
    progress.finish(outcome.bytes);
    Ok(())
}

async fn send(mut upload: Upload, mut reader: impl AsyncRead + Unpin) -> Result<Outcome, Error> {
    match upload.copy_from(&mut reader).await {
        Ok(_) => upload.finish().await,
        Err(error @ Error::Local(_)) => {
            // The server shall not take what it has for the whole. That this may fail changes nothing.
            let _ = upload.abort().await;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

/// What is uploaded, and how much it is where that is known.
struct Source {
    reader: Box<dyn AsyncRead + Unpin>,
    size: Option<u64>,
}

impl Source {
    async fn open(path: &Path) -> Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self { reader: Box::new(tokio::io::stdin()), size: None });
        }
        let file = File::open(path).await?;
        let metadata = file.metadata().await?;
        ensure!(!metadata.is_dir(), "it is a directory");
        Ok(Self { reader: Box::new(file), size: metadata.is_file().then_some(metadata.len()) })
    }
}
