//! Trees of files, wherever they are: what a walk finds, and what a plan compares.

use super::names::Unsafe;
use super::print::Print;
use crate::error::{Error, RefusalKind};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use ftp_protocol::listing::Kind;
use ftp_protocol::path::protect_leading;
use ftp_protocol::time::Timestamp;

/// A path below the root of a tree: names, from the top down. Without any it is the root itself.
///
/// A name is whatever a server or a file system told, also one that is no name of a file; a plan takes only safe ones.
/// Paths are ordered name by name. `Display` sets `/` between the names and escapes nothing.
///
/// Two sides may call the same file by different names. A plan compares those of its target; a path that was made by
/// [`Self::child_called`] also keeps what its own side calls the file, which [`Self::origin`] gives back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RelativePath(Vec<Name>);

/// A name that is compared, and the one of the side that it is from, where that is another.
#[derive(Debug, Clone)]
struct Name {
    compared: Arc<str>,
    origin: Option<Arc<str>>,
}

impl Name {
    fn origin(&self) -> &Arc<str> {
        self.origin.as_ref().unwrap_or(&self.compared)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.compared == other.compared
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compared.cmp(&other.compared)
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.compared.hash(state);
    }
}

/// What each name of a path takes in memory, without its letters.
pub(super) const NAME_SIZE: usize = size_of::<Name>();

impl RelativePath {
    /// The root.
    pub fn root() -> Self {
        Self::default()
    }

    /// The member of this directory that has this name.
    pub fn child(&self, name: &str) -> Self {
        self.with(Name { compared: name.into(), origin: None })
    }

    /// The member of this directory that is compared by the name `compared`, and which its own side calls `origin`.
    pub fn child_called(&self, compared: &str, origin: &str) -> Self {
        let origin = (compared != origin).then(|| origin.into());
        self.with(Name { compared: compared.into(), origin })
    }

    fn with(&self, name: Name) -> Self {
        let mut names = Vec::with_capacity(self.0.len().saturating_add(1));
        names.extend_from_slice(&self.0);
        names.push(name);
        Self(names)
    }

    /// The same path in the names of the side that it is from.
    pub fn origin(&self) -> Self {
        Self(self.0.iter().map(|name| Name { compared: name.origin().clone(), origin: None }).collect())
    }

    /// The directory that it is in. The root is in none.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, above)| Self(above.to_vec()))
    }

    /// Its last name. The root has none.
    pub fn name(&self) -> Option<&str> {
        self.0.last().map(|name| &*name.compared)
    }

    /// Its last name on the side that it is from.
    pub(crate) fn origin_name(&self) -> Option<&str> {
        self.0.last().map(|name| &**name.origin())
    }

    /// Its names, from the top down.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.iter().map(|name| &*name.compared)
    }

    /// How many names it has: 0 for the root.
    pub fn depth(&self) -> usize {
        self.0.len()
    }

    /// It is `other`, or below it.
    pub fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Whether it is one of these, or below one of them.
    pub fn is_in(&self, roots: &BTreeSet<Self>) -> bool {
        (1..=self.depth()).any(|depth| roots.contains(&self.ancestor(depth)))
    }

    /// The first names of it, as many as `depth`.
    pub fn ancestor(&self, depth: usize) -> Self {
        Self(self.0.iter().take(depth).cloned().collect())
    }

    /// As an argument of commands, below a root that is given or the working directory. `None` is the working directory
    /// itself.
    pub fn on_server(&self, root: Option<&str>) -> Option<String> {
        let path = format!("{self}");
        match root {
            Some(root) if path.is_empty() => Some(root.into()),
            Some(root) if root.ends_with('/') => Some(format!("{root}{path}")),
            Some(root) => Some(format!("{root}/{path}")),
            None if path.is_empty() => None,
            // To some servers an option, or somebody's home.
            None => Some(protect_leading(&path)),
        }
    }
}

impl<S: AsRef<str>> FromIterator<S> for RelativePath {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(|name| Name { compared: name.as_ref().into(), origin: None }).collect())
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.components().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

/// One member of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Where it is.
    pub path: RelativePath,
    /// What it is.
    pub kind: Kind,
    /// Bytes, where they are known.
    pub size: Option<u64>,
    /// Last modification, where it is known: how precisely, and whether its zone is known, is in it.
    pub modified: Option<Timestamp>,
}

/// How the listing of one directory ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Which directory.
    pub path: RelativePath,
    /// How its listing ended.
    pub end: End,
    /// The lines of its listing that were not understood: each may be a member that is not known.
    pub unparsed: Vec<String>,
    /// Why the listing may name other members than the directory has, although it was read to its end.
    pub doubt: Option<Doubt>,
    /// Nothing is gained by another listing: it came twice, or inside TLS and not by its path.
    pub confirmed: bool,
    /// Nothing of its listing was cut off: it ended as TLS ends, or came twice with the same members.
    pub whole: bool,
    /// What was listed, to be compared.
    pub(crate) print: Option<Print>,
}

/// Why a listing that was read to its end may not be that of the directory, or not all of it. Nothing is deleted because of
/// what it does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Its last line has no end: it may have been cut.
    NoLineEnd,
    /// The data ended without `close_notify`: it may have been cut.
    NoCloseNotify,
    /// It is the same as that of the directory above.
    LikeParent,
    /// It names something that the server then does not know.
    UnknownMember,
    /// It is empty, or its directory has a name that some servers take for a pattern; and the directory cannot be entered to
    /// list it in another way.
    NotEntered,
    /// It is empty, or like another one, and was not listed in another way, as the server reports no way back from it.
    NoWayBack,
    /// The server refuses to list it, and says that there are no files.
    Refused,
    /// It was another one when the directory was listed once more.
    Changed,
    /// The system does not give the names of some members.
    Unreadable,
    /// It is a link, which the server shows as the directory that it leads to: its members are elsewhere, too.
    Link,
}

impl Folder {
    /// A directory all of whose members are known.
    pub fn complete(path: RelativePath) -> Self {
        Self {
            path,
            end: End::Complete,
            unparsed: Vec::new(),
            doubt: None,
            confirmed: false,
            whole: false,
            print: None,
        }
    }

    /// Whether all its members are known: what was not listed is not there.
    pub fn is_certain(&self) -> bool {
        self.end == End::Complete && !self.is_doubtful()
    }

    /// Whether what was listed may be wrong.
    pub(crate) fn is_doubtful(&self) -> bool {
        !self.unparsed.is_empty() || self.doubt.is_some()
    }
}

/// The end of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// All of it was read.
    Complete,
    /// It was refused or broke off. What came before is not kept.
    Failed(Error),
    /// It was not read, or not to its end, because of a limit.
    Limit(WalkLimit),
    /// It was not read: this directory is the one at that path, which it is below of.
    Cycle(RelativePath),
    /// It was not read: the directory's name is none.
    Unsafe(Unsafe),
}

/// A limit of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalkLimit {
    /// On levels.
    Depth,
    /// On the number of members.
    Entries,
    /// On memory.
    Size,
}

/// A tree: the members of directories, and how the listing of each directory ended.
///
/// A directory about which `folders` says nothing was not listed. Members of anything but a directory, or of a directory
/// that is not there, are nobody's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// What is in it, the root not included.
    pub items: Vec<Item>,
    /// Its directories, the root included.
    pub folders: Vec<Folder>,
}

impl Tree {
    /// A tree with nothing in it, as where there is no directory yet.
    pub fn empty() -> Self {
        Self { items: Vec::new(), folders: Vec::from([Folder::complete(RelativePath::root())]) }
    }

    /// A directory turns out to be a link: what is below it is not in this tree.
    pub fn take_for_link(&mut self, path: &RelativePath) {
        self.items.retain(|item| item.path == *path || !item.path.starts_with(path));
        self.folders.retain(|folder| !folder.path.starts_with(path));
        for item in self.items.iter_mut().filter(|item| item.path == *path && item.kind == Kind::Directory) {
            item.kind = Kind::SymbolicLink;
        }
    }

    /// A listing is doubtful that names a directory which the server then does not know.
    pub(crate) fn doubt_unknown_members(&mut self) {
        let unknown = self
            .folders
            .iter()
            .filter(|folder| matches!(folder.end, End::Failed(Error::Refused { kind: RefusalKind::Permanent, .. })));
        let doubtful: BTreeSet<RelativePath> = unknown.filter_map(|folder| folder.path.parent()).collect();
        for folder in self.folders.iter_mut().filter(|folder| doubtful.contains(&folder.path)) {
            folder.doubt.get_or_insert(Doubt::UnknownMember);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelativePath {
        text.split('/').filter(|name| !name.is_empty()).collect()
    }

    #[test]
    fn paths_on_the_server_are_below_the_root() {
        let table = [
            (None, "", None),
            (None, "a/b", Some("a/b")),
            (None, "-a/b", Some("./-a/b")),
            (None, "~a", Some("./~a")),
            (Some("/"), "", Some("/")),
            (Some("/"), "a", Some("/a")),
            (Some("/pub"), "", Some("/pub")),
            (Some("/pub"), "a/b", Some("/pub/a/b")),
            (Some("pub/"), "~a", Some("pub/~a")),
        ];
        for (root, below, expected) in table {
            assert_eq!(path(below).on_server(root).as_deref(), expected, "{root:?} {below:?}");
        }
    }

    #[test]
    fn paths_are_compared_by_one_name_and_keep_the_other() {
        let here = RelativePath::root().child_called("caf%E9", "caf\u{10ffe9}").child("a");
        assert_eq!(here, path("caf%E9/a"));
        assert_eq!(here.origin().on_server(Some("/pub")).as_deref(), Some("/pub/caf\u{10ffe9}/a"));
        assert_eq!(here.ancestor(1).origin(), path("caf\u{10ffe9}"));
    }

    #[test]
    fn paths_begin_with_whole_names() {
        assert!(path("a/b").starts_with(&path("a")));
        assert!(path("a").starts_with(&path("a")));
        assert!(path("a").starts_with(&RelativePath::root()));
        assert!(!path("ab").starts_with(&path("a")));
        assert!(!path("a").starts_with(&path("a/b")));
    }

    #[test]
    fn below_a_directory_that_is_a_link_nothing_is_left() {
        let item = |text: &str, kind| Item { path: path(text), kind, size: None, modified: None };
        let folders = ["", "d", "d/e", "da"].map(|text| Folder::complete(path(text)));
        let items = [
            item("d", Kind::Directory),
            item("d/e", Kind::Directory),
            item("d/e/f", Kind::File),
            item("da", Kind::Directory),
        ];
        let mut tree = Tree { items: items.into(), folders: folders.into() };
        tree.take_for_link(&path("d"));
        assert_eq!(tree.items, [item("d", Kind::SymbolicLink), item("da", Kind::Directory)]);
        assert_eq!(tree.folders, [Folder::complete(path("")), Folder::complete(path("da"))]);
    }
}
