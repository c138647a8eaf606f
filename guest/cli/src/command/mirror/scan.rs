//! The files of a folder here, by the names that they have or would have on a server.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use ftp_cli::exit::Exit;
use ftp_cli::names::{self, Naming};
use ftp_client::mirror::{Doubt, End, Folder, Item, RelativePath, Side, Tree, WalkLimit};
use ftp_client::{Error, Kind};

use super::super::failure::Failure;
use super::super::local;

/// How the names here are compared.
#[derive(Clone, Copy)]
pub struct Names {
    pub naming: Naming,
    /// Which side the server is. With the source there, names are compared as they are here.
    pub side_of_server: Side,
    /// Names that are written `%XX` are meant as those bytes.
    pub unescape: bool,
}

impl Names {
    /// The name that is compared, of a file here.
    fn compared(self, name: &str) -> Result<String, String> {
        match (self.side_of_server, self.unescape) {
            (Side::Source, _) => Ok(name.to_owned()),
            (Side::Target, true) => self.naming.unescaped(name),
            (Side::Target, false) => self.naming.remote(name),
        }
    }

    /// The path that is compared, of a path on the server.
    pub fn of_server(self, path: &RelativePath) -> RelativePath {
        let written = |name| self.naming.written(name);
        if self.side_of_server == Side::Target || path.components().all(|name| written(name) == name) {
            return path.clone();
        }
        path.components().fold(RelativePath::root(), |path, name| path.child_called(&written(name), name))
    }
}

/// What is in a folder here.
#[derive(Default)]
pub struct Scan {
    pub tree: Tree,
    /// Temporary files that earlier mirrors have left.
    pub leftovers: Vec<PathBuf>,
    /// What could not be looked at.
    pub troubles: Vec<Failure>,
}

impl Scan {
    /// Look at a folder and all that are in it, down to a depth.
    pub fn of(root: &Path, depth: usize, names: Names) -> Self {
        let mut scan = Self::default();
        let mut folders = vec![(RelativePath::root(), root.to_owned())];
        while let Some((path, place)) = folders.pop() {
            let mut folder = Folder::complete(path);
            match folder.path.depth() > depth {
                true => folder.end = End::Limit(WalkLimit::Depth),
                false => {
                    if let Err(error) = scan.folder(&mut folder, &place, names, &mut folders) {
                        scan.troubles.push(Failure::local("read", &place, &error));
                        folder.end = End::Failed(Error::other(error.to_string()));
                    }
                }
            }
            scan.tree.folders.push(folder);
        }
        scan
    }

    fn folder(
        &mut self,
        folder: &mut Folder,
        place: &Path,
        names: Names,
        folders: &mut Vec<(RelativePath, PathBuf)>,
    ) -> io::Result<()> {
        let members = local::members(place)?;
        if let Some(failure) = members.left_out(place) {
            folder.doubt = Some(Doubt::Unreadable);
            self.troubles.push(failure);
        }
        let mut twins = BTreeSet::new();
        for name in &members.names {
            let member = place.join(name);
            if names::is_temporary(name) {
                self.leftovers.push(member);
                continue;
            }
            let path = match names.compared(name) {
                Ok(compared) => folder.path.child_called(&compared, name),
                Err(why) => {
                    let text = format!("{} is left out, as it cannot be named on the server: {why}", member.display());
                    self.troubles.push(Failure::new(Exit::Partial, text));
                    continue;
                }
            };
            let metadata = member.symlink_metadata()?;
            let kind = match metadata.file_type() {
                kind if kind.is_dir() => Kind::Directory,
                kind if kind.is_file() => Kind::File,
                kind if kind.is_symlink() => Kind::SymbolicLink,
                _ => Kind::Other,
            };
            if kind == Kind::Directory && twins.insert(path.clone()) {
                folders.push((path.clone(), member));
            }
            let size = (kind == Kind::File).then_some(metadata.len());
            let modified = metadata.modified().ok().and_then(local::timestamp);
            self.tree.items.push(Item { path, kind, size, modified });
        }
        Ok(())
    }
}
