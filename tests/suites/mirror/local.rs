//! The side of this machine: a directory as a tree, and the steps of a plan carried out.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use ftp_client::mirror::{Folder, Item, Plan, RelativePath, Step, Tree};
use ftp_client::{Kind, Precision, Representation, Timestamp};

use crate::Session;

/// What is in a directory; links are not followed.
pub fn tree(root: &Path) -> Result<Tree> {
    let mut tree = Tree::default();
    let mut pending = vec![RelativePath::root()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(below(root, &directory))? {
            let entry = entry?;
            let name = entry.file_name().into_string().ok().context("a name in UTF-8")?;
            let (path, metadata) = (directory.child(&name), entry.metadata()?);
            let kind = match metadata.file_type() {
                kind if kind.is_dir() => Kind::Directory,
                kind if kind.is_symlink() => Kind::SymbolicLink,
                kind if kind.is_file() => Kind::File,
                _ => Kind::Other,
            };
            if kind == Kind::Directory {
                pending.push(path.clone());
            }
            let modified = Timestamp {
                seconds: metadata.mtime(),
                nanoseconds: u32::try_from(metadata.mtime_nsec())?,
                precision: Precision::Subsecond,
                utc: true,
            };
            tree.items.push(Item { path, kind, size: Some(metadata.len()), modified: Some(modified) });
        }
        tree.folders.push(Folder::complete(directory));
    }
    Ok(tree)
}

/// Carry out a plan whose source is the server's root.
pub async fn carry_out_here(plan: &Plan, session: &mut Session, root: &Path) -> Result<()> {
    for step in &plan.steps {
        let here = below(root, step.path());
        match step {
            Step::MakeDirectory(_) => fs::create_dir(here)?,
            Step::Transfer { path, .. } => {
                let contents = get(session, &there(path)).await?;
                File::create(here)?.write_all(&contents)?;
            }
            Step::SetTime(_, time) => {
                let since = Duration::from_secs(u64::try_from(time.seconds)?);
                File::options().write(true).open(here)?.set_modified(UNIX_EPOCH + since)?;
            }
            Step::DeleteFile(_) => fs::remove_file(here)?,
            Step::RemoveDirectory(_) => fs::remove_dir(here)?,
        }
    }
    Ok(())
}

/// Carry out a plan whose target is the server's root.
pub async fn carry_out_there(plan: &Plan, session: &mut Session, root: &Path) -> Result<()> {
    for step in &plan.steps {
        let there = there(step.path());
        match step {
            Step::MakeDirectory(_) => drop(session.make_directory(&there).await?),
            Step::Transfer { path, .. } => {
                let mut upload = session.store(&there, Representation::Image, 0).await?;
                upload.write(&fs::read(below(root, path))?).await?;
                upload.finish(session).await?;
            }
            Step::SetTime(..) => {}
            Step::DeleteFile(_) => drop(session.delete(&there).await?),
            Step::RemoveDirectory(_) => drop(session.remove_directory(&there).await?),
        }
    }
    Ok(())
}

pub fn below(root: &Path, path: &RelativePath) -> PathBuf {
    path.components().fold(root.to_owned(), |at, name| at.join(name))
}

fn there(path: &RelativePath) -> String {
    path.on_server(Some("/")).unwrap_or_default()
}

async fn get(session: &mut Session, path: &str) -> Result<Vec<u8>> {
    let mut download = session.retrieve(path, Representation::Image, 0).await?;
    let mut contents = Vec::new();
    while download.read(&mut contents, usize::MAX).await? > 0 {}
    download.finish(session).await?;
    Ok(contents)
}
