//! Deleting trees: files first, then directories from the bottom up, and nothing that has to stay.

use super::index::{Index, name};
use super::{PlanOptions, Reason, Side, Skipped, Step};
use crate::mirror::names::is_text;
use crate::mirror::tree::{End, Item, RelativePath};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use ftp_protocol::listing::Kind;

/// What is to be deleted.
#[derive(Default)]
pub(super) struct Deletions {
    files: Vec<RelativePath>,
    /// Each before what is in it.
    directories: Vec<RelativePath>,
}

impl Deletions {
    pub(super) fn steps(self) -> impl Iterator<Item = Step> {
        let directories = self.directories.into_iter().rev().map(Step::RemoveDirectory);
        self.files.into_iter().map(Step::DeleteFile).chain(directories)
    }

    /// Add something of the target and all that is in it, except for what has to stay, with the directories that it is
    /// in. Tells whether nothing has to.
    pub(super) fn add<'a>(
        &mut self,
        target: &Index<'a>,
        options: &PlanOptions,
        item: &'a Item,
        skipped: &mut Vec<Skipped>,
    ) -> bool {
        let mut keep = |path: &RelativePath, reason| {
            skipped.push(Skipped { side: Side::Target, path: path.clone(), reason });
        };
        if item.kind == Kind::Directory && has_cycle(target, &item.path) {
            keep(&item.path, Reason::Cycle);
            return false;
        }
        let mut all = true;
        let mut directories = Vec::new();
        // Directories in which something stays.
        let mut kept = BTreeSet::new();
        let mut pending = Vec::from([(item, false)]);
        while let Some((item, is_twin)) = pending.pop() {
            let stays = reason_to_stay(options, item, is_twin);
            if let Some(reason) = stays {
                keep(&item.path, reason);
                kept.extend(item.path.parent());
                all = false;
                continue;
            }
            if item.kind != Kind::Directory {
                self.files.push(item.path.clone());
                continue;
            }
            if !options.trusts_listings() && target.is_doubtful(&item.path) {
                keep(&item.path, Reason::TargetUncertain);
                kept.extend(item.path.parent());
                all = false;
                continue;
            }
            if !target.is_certain(&item.path, options.trusts_listings()) {
                kept.insert(item.path.clone());
                all = false;
            }
            directories.push(&item.path);
            pending.extend(members(target, options, &item.path));
        }
        for directory in directories.iter().rev() {
            if kept.contains(*directory) {
                keep(directory, Reason::NotEmpty);
                kept.extend(directory.parent());
            }
        }
        self.directories.extend(directories.into_iter().filter(|path| !kept.contains(*path)).cloned());
        all
    }
}

/// Why something stays, whatever is in it.
fn reason_to_stay(options: &PlanOptions, item: &Item, is_twin: bool) -> Option<Reason> {
    match options.names.check(name(item)) {
        Err(bad) => Some(Reason::Unsafe(bad)),
        Ok(()) if !options.patterns.include(&item.path, item.kind == Kind::Directory) => Some(Reason::Excluded),
        Ok(()) if item.kind == Kind::Other => Some(Reason::Special),
        Ok(()) if is_twin => Some(Reason::Twin),
        Ok(()) if options.keep.bytes.is_some_and(|encoding| !is_text(name(item), encoding)) => Some(Reason::NoText),
        Ok(()) => None,
    }
}

/// Below a directory that leads back up there are the same files as elsewhere.
fn has_cycle(target: &Index<'_>, directory: &RelativePath) -> bool {
    let below =
        target.folders.range::<&RelativePath, _>(directory..).take_while(|(path, _)| path.starts_with(directory));
    below.into_iter().any(|(_, folder)| matches!(folder.end, End::Cycle(_)))
}

/// The members of a directory, and whether each shares its name with another: which of them a command would meet is then
/// not known.
fn members<'a>(
    target: &Index<'a>,
    options: &PlanOptions,
    directory: &RelativePath,
) -> impl Iterator<Item = (&'a Item, bool)> {
    let key = |item: &Item| options.names.key(name(item));
    let mut counts = BTreeMap::<_, usize>::new();
    for item in target.members(directory) {
        *counts.entry(key(item)).or_default() += 1;
    }
    let with_twins = target.members(directory).iter().map(|item| (*item, counts.get(&key(item)) != Some(&1)));
    with_twins.collect::<Vec<_>>().into_iter().rev()
}
