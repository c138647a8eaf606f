//! `get`: a file from the server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use ftp_host::{Download, Representation};
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::AsyncWrite;

use super::arguments::Options;
use super::connection::Connection;
use super::progress::{self, Progress};
use super::remote::Remote;

pub async fn run(remote: Remote, file: Option<PathBuf>, options: &Options) -> Result<()> {
    let target = Target::new(&remote, file)?;
    remote.representation()?;
    let mut connection = Connection::open(&remote, options).await?;
    let result = get(&mut connection, &remote, target).await;
    connection.close(result).await
}

async fn get(connection: &mut Connection, remote: &Remote, target: Target) -> Result<()> {
    connection.enter(&remote.directories).await?;
    let representation = remote.representation()?;
    // Few servers announce the size when a transfer begins, and only a bar needs it.
    let size = match representation {
        Representation::Image if progress::is_shown() => connection.session.size(&remote.name).await.ok(),
        _ => None,
    };
    let download = connection.session.retrieve(&remote.name, representation, 0).await;
    let download = download.with_context(|| format!("cannot get {}", remote.name))?;
    let progress = Progress::start(&remote.name, size.or(download.expected_size()));
    match target {
        Target::Output => save(download, progress, remote, tokio::io::stdout()).await,
        Target::Device(path) => {
            let file = File::options().write(true).open(&path).await;
            save(download, progress, remote, file.with_context(|| cannot_write(&path))?).await
        }
        Target::File(path) => {
            let temporary = beside(&path).with_context(|| cannot_write(&path))?;
            let file = temporary.as_file().try_clone().with_context(|| cannot_write(&path))?;
            save(download, progress, remote, File::from_std(file)).await?;
            temporary.persist(&path).map_err(|error| error.error).with_context(|| cannot_write(&path))?;
            Ok(())
        }
    }
}

async fn save(
    mut download: Download,
    progress: Progress,
    remote: &Remote,
    writer: impl AsyncWrite + Unpin,
) -> Result<()> {
    let outcome = match download.copy_to(&mut progress.bar.wrap_async_write(writer)).await {
        Ok(_) => download.finish().await,
        Err(error) => Err(error),
    };
    let outcome = outcome.with_context(|| format!("cannot get {}", remote.name))?;
    progress.finish(outcome.bytes);
    Ok(())
}

/// Where a download goes.
enum Target {
    Output,
    /// Something that is there and is not a file, such as a pipe: a rename would replace it.
    Device(PathBuf),
    File(PathBuf),
}

impl Target {
    fn new(remote: &Remote, file: Option<PathBuf>) -> Result<Self> {
        let path = match file {
            Some(path) if path.as_os_str() == "-" => return Ok(Self::Output),
            Some(path) => path,
            None => PathBuf::from(local_name(&remote.name)?),
        };
        match fs::metadata(&path) {
            Ok(there) if there.is_dir() => Ok(Self::File(path.join(local_name(&remote.name)?))),
            Ok(there) if !there.is_file() => Ok(Self::Device(path)),
            _ => Ok(Self::File(path)),
        }
    }
}

/// The last part of the name on the server, never a way out of the directory here.
fn local_name(name: &str) -> Result<&str> {
    let last = Path::new(name).file_name().and_then(|last| last.to_str());
    last.filter(|last| name.ends_with(last)).ok_or_else(|| anyhow!("the URL has to end in the name of a file"))
}

/// A file in the same directory, for a rename that replaces the old file in one step. It goes away unless it is used.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ftp-host-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Those of any new file: the mask of the process still applies.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    match path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        Some(directory) => builder.tempfile_in(directory),
        None => builder.tempfile_in("."),
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_on_the_server_leads_to_a_file_here() {
        for (name, local) in [("a", "a"), ("a/b", "b"), ("/etc/motd", "motd"), ("../../a", "a"), ("-a b", "-a b")] {
            assert_eq!(local_name(name).unwrap(), local);
        }
        for name in ["", ".", "..", "/", "a/", "a/.", "a/.."] {
            assert!(local_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_file_that_is_not_complete_leaves_no_trace() {
        let directory = tempfile::tempdir().unwrap();
        drop(beside(&directory.path().join("file")).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
