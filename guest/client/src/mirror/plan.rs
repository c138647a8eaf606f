//! What has to be done so that one tree becomes like another. No input, no output.

mod compare;
mod erase;
mod index;
mod planner;
#[cfg(test)]
mod tests;

use super::names::{Names, Unsafe};
use super::patterns::Patterns;
use super::tree::{RelativePath, Tree};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use ftp_protocol::encoding::Encoding;
use ftp_protocol::listing::Kind;
use ftp_protocol::time::Timestamp;
use planner::Planner;

/// What to do, and what not.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// When a file that both sides have is transferred again.
    pub compare: Compare,
    /// Delete what the source does not have.
    pub delete: bool,
    /// Delete what stands in the way: a file where a directory should be, a directory where a file should be, a link
    /// where either should be. Without it such a name is skipped.
    pub replace: bool,
    /// Give files that are transferred the time of their source, where it is known exactly.
    pub keep_times: bool,
    /// What the target makes of names.
    pub names: Names,
    /// What is meant. The rest is left alone on both sides.
    pub patterns: Patterns,
    /// What is not deleted although the source does not show it.
    pub keep: Keep,
    /// What becomes of files because of a listing that may be wrong.
    pub doubtful: Doubtful,
}

impl PlanOptions {
    /// Whether listings that may be wrong count as the others do.
    pub fn trusts_listings(&self) -> bool {
        self.doubtful == Doubtful::Delete
    }
}

/// What is not deleted although the source does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// Names that begin with a dot: the source may have them and not show them.
    pub hidden: bool,
    /// What the source has by the same name, although the target would call that otherwise.
    pub verbatim: bool,
    /// Names with bytes that are no text in this encoding: the source cannot have them.
    pub bytes: Option<Encoding>,
}

/// What becomes of files because of a listing that is [doubtful](super::Doubt), or has lines that are not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Doubtful {
    /// They are kept.
    #[default]
    Keep,
    /// They are deleted, as because of any other listing.
    Delete,
}

/// When a file that both sides have is transferred again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compare {
    /// When its size or its time differs.
    #[default]
    SizeAndTime,
    /// When its size differs, or the source's is newer. One that is newer in the target is up to date: that is when it was
    /// transferred.
    SizeAndNewer,
    /// When its size or its time differs, unless the target's is newer or may be.
    Newer,
    /// When its size differs.
    Size,
    /// Always.
    Nothing,
}

/// One of the two trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Where the files are.
    Source,
    /// Where they should be too.
    Target,
}

/// A plan before the times that are needed for it are known.
///
/// A listing may tell minutes or days only, of a zone that nobody knows. Where that is not enough, [`Self::needs_time`]
/// says for which files the exact time is to be asked for, and [`Self::finish`] takes what came of it.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    source: &'a Tree,
    target: &'a Tree,
    options: &'a PlanOptions,
    needs_time: BTreeSet<(Side, RelativePath)>,
}

/// Exact times that a draft has asked for; those that nobody knows are left out.
pub type Times = BTreeMap<(Side, RelativePath), Timestamp>;

impl<'a> Draft<'a> {
    /// Compare two trees.
    pub fn new(source: &'a Tree, target: &'a Tree, options: &'a PlanOptions) -> Self {
        let (_, needs_time) = Planner::run(source, target, options, &Times::new());
        Self { source, target, options, needs_time }
    }

    /// The files whose exact time is needed.
    pub fn needs_time(&self) -> impl Iterator<Item = (Side, &RelativePath)> {
        self.needs_time.iter().map(|(side, path)| (*side, path))
    }

    /// The plan. Where a time that was asked for stays unknown, the file is transferred, or, if a newer one could be lost
    /// by that, skipped.
    pub fn finish(&self, times: &Times) -> Plan {
        Planner::run(self.source, self.target, self.options, times).0
    }
}

/// What has to be done, in this order.
///
/// Every path is made of safe names, below directories that are in the target or made by an earlier step: never through a
/// link that the target's tree shows. Whoever carries it out on a file system should not follow links either, as
/// somebody may put one there meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// What stands in the way is deleted first; then directories are made and files transferred, from the top down; then
    /// the rest is deleted, files before directories, and those from the bottom up.
    pub steps: Vec<Step>,
    /// What is left as it is although somebody may wish otherwise. What is below it is left with it.
    pub skipped: Vec<Skipped>,
    /// Files that need nothing.
    pub unchanged: usize,
    /// Those of them that count as up to date because the target's is newer.
    pub newer: usize,
}

/// One thing to do in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make a directory.
    MakeDirectory(RelativePath),
    /// Transfer a file from the source to the same path. The target's file, if there is one, is replaced.
    Transfer {
        /// Which file.
        path: RelativePath,
        /// Its size, where the source reports it.
        size: Option<u64>,
        /// Why it is transferred.
        why: Why,
    },
    /// Set the time of a file that was just transferred.
    SetTime(RelativePath, Timestamp),
    /// Delete a file, or a link itself.
    DeleteFile(RelativePath),
    /// Remove a directory, which is empty by now.
    RemoveDirectory(RelativePath),
}

impl Step {
    /// What it is about.
    pub fn path(&self) -> &RelativePath {
        match self {
            Self::MakeDirectory(path)
            | Self::Transfer { path, .. }
            | Self::SetTime(path, _)
            | Self::DeleteFile(path)
            | Self::RemoveDirectory(path) => path,
        }
    }
}

/// Why a file is transferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The target has none.
    New,
    /// The target's has so many bytes.
    Size(u64),
    /// The source's is newer.
    Newer,
    /// The source's is older.
    Older,
    /// Which one is newer is not known.
    TimeUnknown,
    /// It always is.
    Asked,
}

/// What is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub side: Side,
    /// What it is.
    pub path: RelativePath,
    /// Why it is left.
    pub reason: Reason,
}

/// Why something is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its name is no safe one.
    Unsafe(Unsafe),
    /// Another member of the directory has the same name, or one that is the same to the target.
    Twin,
    /// The patterns do not mean it.
    Excluded,
    /// It is a link. Where it leads is not known, or not in this tree.
    Link,
    /// It is neither a file nor a directory nor a link.
    Special,
    /// The target has something of this kind in its place.
    InTheWay(Kind),
    /// The target's directory was not listed completely, or not without a doubt: something unknown may be in its place, and
    /// nothing in it is deleted.
    TargetUncertain,
    /// Not all members of this directory of the source, or of one that it is in, are known: what else the target has in
    /// it is not deleted.
    SourceUncertain,
    /// The target's file is newer.
    TargetNewer,
    /// The target's file may be newer.
    TimeUnknown,
    /// A directory, in which something has to stay or may be.
    NotEmpty,
    /// A directory from which a way leads back to it, or to one that it is in: what is below it is also elsewhere.
    Cycle,
    /// Its name begins with a dot, and the source may have such names and not show them.
    Hidden,
    /// Its name is no text in the encoding of the session, so that nothing in the source can have it.
    NoText,
    /// The source has a name that differs from its name in case only, or in how characters are composed, and the target
    /// lists none like that: it may take both for one file.
    Alike,
}
