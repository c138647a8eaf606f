//! A tree, to be looked up in.

use crate::mirror::tree::{Doubt, End, Folder, Item, RelativePath, Tree};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// One of the trees, to be looked up in.
pub(super) struct Index<'a> {
    members: BTreeMap<RelativePath, Vec<&'a Item>>,
    pub(super) folders: BTreeMap<&'a RelativePath, &'a Folder>,
}

impl<'a> Index<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        let mut members = BTreeMap::<_, Vec<_>>::new();
        for item in &tree.items {
            if let Some(parent) = item.path.parent() {
                members.entry(parent).or_default().push(item);
            }
        }
        let mut folders = BTreeMap::<_, &Folder>::new();
        for folder in &tree.folders {
            // Of two that disagree, the one that is less sure.
            let known = folders.entry(&folder.path).or_insert(folder);
            if known.is_certain() {
                *known = folder;
            }
        }
        Self { members, folders }
    }

    pub(super) fn members(&self, directory: &RelativePath) -> &[&'a Item] {
        self.members.get(directory).map_or(&[], Vec::as_slice)
    }

    /// Whether all members are known. With `trust` only a listing that did not come to its end leaves that open.
    pub(super) fn is_certain(&self, directory: &RelativePath, trust: bool) -> bool {
        self.folders.get(directory).is_some_and(|folder| folder.is_certain() || trust && folder.end == End::Complete)
    }

    /// Whether everything that is there was listed, as far as one can see.
    pub(super) fn is_known(&self, directory: &RelativePath) -> bool {
        self.folders.get(directory).is_some_and(|folder| {
            folder.end == End::Complete && folder.unparsed.is_empty() && folder.doubt != Some(Doubt::NoLineEnd)
        })
    }

    /// Whether the listing was read to its end, and may be wrong all the same.
    pub(super) fn is_doubtful(&self, directory: &RelativePath) -> bool {
        self.folders.get(directory).is_some_and(|folder| folder.is_doubtful())
    }
}

/// The root's is empty, which is no safe one.
pub(super) fn name(item: &Item) -> &str {
    item.path.name().unwrap_or_default()
}
