//! What the demonstration does with its session.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use ftp_host::{Download, EntryKind, Listed, Representation::Image, Session};
use indicatif::ProgressBar;
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

use super::moved::Moved;
use super::tree::{Listing, Tree};

pub async fn upload_tree(session: &mut Session, bar: &ProgressBar, tree: &Tree, source: &Path) -> Result<Moved> {
    for directory in &tree.directories {
        session.make_directory(directory).await.with_context(|| directory.clone())?;
    }
    let mut moved = Moved::default();
    for file in &tree.files {
        let sent = upload(session, bar, &source.join(&file.path), &file.path).await;
        moved += sent.with_context(|| file.path.clone())?;
    }
    Ok(moved)
}

pub async fn download_tree(session: &mut Session, bar: &ProgressBar, tree: &Tree, copy: &Path) -> Result<Moved> {
    for directory in &tree.directories {
        fs::create_dir(copy.join(directory)).await?;
    }
    let mut moved = Moved::default();
    for file in &tree.files {
        let received = download(session, bar, &file.path, &copy.join(&file.path)).await;
        moved += received.with_context(|| file.path.clone())?;
    }
    Ok(moved)
}

/// All that is below the working directory.
pub async fn list_tree(session: &mut Session) -> Result<Listing> {
    let mut listing = Listing::new();
    let mut directories = vec![None];
    while let Some(directory) = directories.pop() {
        for listed in session.entries(directory.as_deref()).await? {
            let entry = match listed {
                Listed::Entry(entry) => entry,
                Listed::Unparsed(line) => bail!("a line that cannot be understood: {line}"),
            };
            let path = match &directory {
                Some(directory) => format!("{directory}/{}", entry.name),
                None => entry.name,
            };
            match entry.kind {
                EntryKind::Directory => {
                    directories.push(Some(path.clone()));
                    listing.insert(path, None);
                }
                _ => {
                    listing.insert(path, entry.size);
                }
            }
        }
    }
    Ok(listing)
}

pub async fn delete_tree(session: &mut Session, tree: &Tree) -> Result<()> {
    for file in &tree.files {
        session.delete(&file.path).await.with_context(|| file.path.clone())?;
    }
    for directory in tree.directories.iter().rev() {
        session.remove_directory(directory).await.with_context(|| directory.clone())?;
    }
    Ok(())
}

pub async fn upload(session: &mut Session, bar: &ProgressBar, from: &Path, to: &str) -> Result<Moved> {
    let file = File::open(from).await?;
    let mut upload = session.store(to, Image, 0).await?;
    upload.copy_from(&mut bar.wrap_async_read(file)).await?;
    Ok(upload.finish().await?.into())
}

pub async fn download(session: &mut Session, bar: &ProgressBar, from: &str, to: &Path) -> Result<Moved> {
    let file = File::create(to).await?;
    save(session.retrieve(from, Image, 0).await?, bar, file).await
}

/// The first bytes of a file, at least as many as asked for, and then the transfer is aborted.
pub async fn download_start(
    session: &mut Session,
    bar: &ProgressBar,
    from: &str,
    to: &Path,
    least: u64,
) -> Result<Moved> {
    let mut file = File::create(to).await?;
    let mut download = session.retrieve(from, Image, 0).await?;
    let mut bytes = 0;
    while bytes < least {
        let Some(piece) = download.read().await? else { break };
        file.write_all(&piece).await?;
        bytes += piece.len() as u64;
        bar.set_position(bytes);
    }
    download.abort().await?;
    file.flush().await?;
    Ok(Moved::cut(bytes))
}

/// What comes after the first bytes of a file, which are here already.
pub async fn download_rest(
    session: &mut Session,
    bar: &ProgressBar,
    from: &str,
    to: &Path,
    offset: u64,
) -> Result<Moved> {
    let file = File::options().append(true).open(to).await?;
    save(session.retrieve(from, Image, offset).await?, bar, file).await
}

async fn save(mut download: Download, bar: &ProgressBar, file: File) -> Result<Moved> {
    download.copy_to(&mut bar.wrap_async_write(file)).await?;
    Ok(download.finish().await?.into())
}
