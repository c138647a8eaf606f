//! What has to be done so that one tree becomes like another. No input, no output.

mod compare;
mod erase;
#[cfg(test)]
mod tests;

use super::names::{Likenesses, Names, Unsafe};
use super::patterns::Patterns;
use super::tree::{Doubt, End, Folder, Item, RelativePath, Tree};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use compare::{Verdict, compare};
use erase::Deletions;
use ftp_protocol::encoding::Encoding;
use ftp_protocol::listing::Kind;
use ftp_protocol::time::{Precision, Timestamp};

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
    /// Do not delete names that begin with a dot: the source may have them and not show them.
    pub keep_hidden: bool,
    /// Do not delete what the source has by the same name, although the target would call that otherwise.
    pub keep_verbatim: bool,
    /// Do not delete names with bytes that are no text in this encoding: the source cannot have them.
    pub keep_bytes: Option<Encoding>,
    /// Delete where a listing is [doubtful](super::Doubt), too, or has lines that are not understood.
    pub trust_listings: bool,
    /// A file of the same size that is newer in the target is up to date: that is when it was transferred.
    pub newer_is_current: bool,
}

/// When a file that both sides have is transferred again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compare {
    /// When its size or its time differs.
    #[default]
    SizeAndTime,
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

/// One of the trees, to be looked up in.
struct Index<'a> {
    members: BTreeMap<RelativePath, Vec<&'a Item>>,
    folders: BTreeMap<&'a RelativePath, &'a Folder>,
}

impl<'a> Index<'a> {
    fn new(tree: &'a Tree) -> Self {
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

    fn members(&self, directory: &RelativePath) -> &[&'a Item] {
        self.members.get(directory).map_or(&[], Vec::as_slice)
    }

    /// Whether all members are known. With `trust` only a listing that did not come to its end leaves that open.
    fn is_certain(&self, directory: &RelativePath, trust: bool) -> bool {
        self.folders.get(directory).is_some_and(|folder| folder.is_certain() || trust && folder.end == End::Complete)
    }

    /// Whether everything that is there was listed, as far as one can see.
    fn is_known(&self, directory: &RelativePath) -> bool {
        self.folders.get(directory).is_some_and(|folder| {
            folder.end == End::Complete && folder.unparsed.is_empty() && folder.doubt != Some(Doubt::NoLineEnd)
        })
    }

    /// Whether the listing was read to its end, and may be wrong all the same.
    fn is_doubtful(&self, directory: &RelativePath) -> bool {
        self.folders.get(directory).is_some_and(|folder| folder.is_doubtful())
    }
}

/// A directory that both sides have, or the source alone.
struct Pair {
    source: RelativePath,
    target: Option<RelativePath>,
    /// All members of the source's are known, and of all that it is in.
    certain: bool,
    /// The listing of the target's, or of one that it is in, may be wrong.
    doubtful: bool,
}

/// Members of a directory that have the same name, as the target sees it.
type Groups<'a> = BTreeMap<String, Vec<&'a Item>>;

struct Planner<'a> {
    source: Index<'a>,
    target: Index<'a>,
    options: &'a PlanOptions,
    times: &'a Times,
    needs_time: BTreeSet<(Side, RelativePath)>,
    /// What stands in the way.
    first: Vec<Step>,
    steps: Vec<Step>,
    /// What the source does not have.
    last: Deletions,
    skipped: Vec<Skipped>,
    unchanged: usize,
    newer: usize,
    /// Directories still to be compared, the next one last.
    pairs: Vec<Pair>,
}

impl<'a> Planner<'a> {
    fn run(
        source: &'a Tree,
        target: &'a Tree,
        options: &'a PlanOptions,
        times: &'a Times,
    ) -> (Plan, BTreeSet<(Side, RelativePath)>) {
        let (source, target) = (Index::new(source), Index::new(target));
        let root = RelativePath::root();
        let certain = source.is_certain(&root, options.trust_listings);
        let doubtful = !options.trust_listings && target.is_doubtful(&root);
        let pairs = Vec::from([Pair { source: root.clone(), target: Some(root), certain, doubtful }]);
        let mut planner = Self {
            source,
            target,
            options,
            times,
            needs_time: BTreeSet::new(),
            first: Vec::new(),
            steps: Vec::new(),
            last: Deletions::default(),
            skipped: Vec::new(),
            unchanged: 0,
            newer: 0,
            pairs,
        };
        while let Some(pair) = planner.pairs.pop() {
            planner.directory(&pair);
        }
        let mut steps = core::mem::take(&mut planner.first);
        steps.append(&mut planner.steps);
        steps.extend(core::mem::take(&mut planner.last).steps());
        let Self { skipped, unchanged, newer, needs_time, .. } = planner;
        (Plan { steps, skipped, unchanged, newer }, needs_time)
    }

    fn directory(&mut self, pair: &Pair) {
        let options = self.options;
        let members = self.source.members(&pair.source).to_vec();
        let wanted = self.by_name(&members, Side::Source);
        let there = pair.target.as_ref().map_or_else(Vec::new, |target| self.target.members(target).to_vec());
        let there = self.by_name(&there, Side::Target);
        let deeper = self.pairs.len();
        for item in members.into_iter().filter(|item| options.names.check(name(item)).is_ok()) {
            let key = options.names.key(name(item));
            match wanted.get(&key).map(Vec::as_slice) {
                Some([_]) => self.member(pair, item, there.get(&key).map_or(&[], Vec::as_slice)),
                _ => self.skip(Side::Source, item, Reason::Twin),
            }
        }
        // The first one is the next one.
        if let Some(deeper) = self.pairs.get_mut(deeper..) {
            deeper.reverse();
        }
        self.extras(pair, &wanted, &there);
    }

    /// Members by name; those whose name is not safe are skipped.
    fn by_name(&mut self, members: &[&'a Item], side: Side) -> Groups<'a> {
        let mut names = Groups::new();
        for &item in members {
            match self.options.names.check(name(item)) {
                Ok(()) => names.entry(self.options.names.key(name(item))).or_default().push(item),
                Err(bad) => self.skip(side, item, Reason::Unsafe(bad)),
            }
        }
        names
    }

    fn is_meant(&self, item: &Item) -> bool {
        self.options.patterns.include(&item.path, item.kind == Kind::Directory)
    }

    /// One member of a directory of the source, and what the target has of that name.
    fn member(&mut self, pair: &Pair, item: &'a Item, there: &[&'a Item]) {
        let skip = match (item.kind, there) {
            _ if !self.is_meant(item) => Some(Reason::Excluded),
            (Kind::SymbolicLink, _) => Some(Reason::Link),
            (Kind::Other, _) => Some(Reason::Special),
            (_, [_, _, ..]) => Some(Reason::Twin),
            (_, []) if pair.target.as_ref().is_some_and(|target| !self.target.is_known(target)) => {
                Some(Reason::TargetUncertain)
            }
            _ => None,
        };
        if let Some(reason) = skip {
            return self.skip(Side::Source, item, reason);
        }
        match there.first() {
            None => self.add(pair, item),
            Some(old) if item.kind == Kind::File && old.kind == Kind::File => self.file(item, old),
            Some(old) if item.kind == Kind::Directory && old.kind == Kind::Directory => {
                self.descend(pair, item, Some(old.path.clone()));
            }
            Some(old) if self.make_way(pair, item, old) => self.add(pair, item),
            Some(old) => self.skip(Side::Source, item, Reason::InTheWay(old.kind)),
        }
    }

    /// The target has nothing there.
    fn add(&mut self, pair: &Pair, item: &'a Item) {
        if item.kind == Kind::Directory {
            self.steps.push(Step::MakeDirectory(item.path.clone()));
            return self.descend(pair, item, None);
        }
        self.transfer(item, Why::New);
    }

    fn descend(&mut self, pair: &Pair, item: &Item, target: Option<RelativePath>) {
        let trust = self.options.trust_listings;
        let certain = pair.certain && self.source.is_certain(&item.path, trust);
        let is_doubtful = target.as_ref().is_some_and(|target| self.target.is_doubtful(target));
        let doubtful = pair.doubtful || !trust && is_doubtful;
        self.pairs.push(Pair { source: item.path.clone(), target, certain, doubtful });
    }

    fn transfer(&mut self, item: &Item, why: Why) {
        self.steps.push(Step::Transfer { path: item.path.clone(), size: item.size, why });
        if !self.options.keep_times {
            return;
        }
        let exact = |time: &Timestamp| time.utc && matches!(time.precision, Precision::Second | Precision::Subsecond);
        match self.time(Side::Source, item).filter(exact) {
            Some(time) => self.steps.push(Step::SetTime(item.path.clone(), time)),
            None => self.ask(Side::Source, item),
        }
    }

    /// Both sides have a file.
    fn file(&mut self, item: &Item, old: &Item) {
        let changed = item.size.zip(old.size).filter(|(new, old)| new != old).map(|(_, old)| Why::Size(old));
        let why = match self.options.compare {
            Compare::Nothing => Some(Why::Asked),
            Compare::Size => match (item.size, old.size) {
                (Some(_), Some(_)) => changed,
                _ => Some(Why::Asked),
            },
            Compare::SizeAndTime => changed.or_else(|| match self.newer(item, old) {
                Verdict::Same => None,
                Verdict::SourceNewer => Some(Why::Newer),
                // Of the same size, as far as is known.
                Verdict::TargetNewer if self.options.newer_is_current && item.size.is_some() && old.size.is_some() => {
                    self.newer = self.newer.saturating_add(1);
                    None
                }
                Verdict::TargetNewer => Some(Why::Older),
                Verdict::Unknown => Some(Why::TimeUnknown),
            }),
            Compare::Newer => match self.newer(item, old) {
                Verdict::Same => changed,
                Verdict::SourceNewer => Some(changed.unwrap_or(Why::Newer)),
                Verdict::TargetNewer => return self.skip(Side::Source, item, Reason::TargetNewer),
                Verdict::Unknown => return self.skip(Side::Source, item, Reason::TimeUnknown),
            },
        };
        match why {
            Some(why) => self.transfer(item, why),
            None => self.unchanged = self.unchanged.saturating_add(1),
        }
    }

    /// Which of two files is newer. What is not known exactly, and would have to be, is asked for.
    fn newer(&mut self, item: &Item, old: &Item) -> Verdict {
        let (new_time, old_time) = (self.time(Side::Source, item), self.time(Side::Target, old));
        let verdict = compare(new_time, old_time);
        if verdict == Verdict::Unknown {
            for (side, item, time) in [(Side::Source, item, new_time), (Side::Target, old, old_time)] {
                if time.is_none_or(|time| !time.utc) {
                    self.ask(side, item);
                }
            }
        }
        verdict
    }

    /// What was asked for, else what the listing reported.
    fn time(&self, side: Side, item: &Item) -> Option<Timestamp> {
        self.times.get(&(side, item.path.clone())).copied().or(item.modified)
    }

    fn ask(&mut self, side: Side, item: &Item) {
        self.needs_time.insert((side, item.path.clone()));
    }

    /// Plan to delete what stands in the way, if that may be done.
    fn make_way(&mut self, pair: &Pair, item: &Item, old: &'a Item) -> bool {
        let is_known = item.kind != Kind::Directory || self.source.is_certain(&item.path, self.options.trust_listings);
        if !self.options.replace || !pair.certain || pair.doubtful || !is_known || !self.is_meant(old) {
            return false;
        }
        let mut erasure = Deletions::default();
        let mut kept = Vec::new();
        if !erasure.add(&self.target, self.options, old, &mut kept) {
            self.skipped.extend(kept);
            return false;
        }
        self.first.extend(erasure.steps());
        true
    }

    /// What the target has and the source has not.
    fn extras(&mut self, pair: &Pair, wanted: &Groups<'a>, there: &Groups<'a>) {
        let options = self.options;
        if !options.delete {
            return;
        }
        let mut extras = there.iter().filter(|(key, _)| !wanted.contains_key(*key)).map(|(_, items)| items).peekable();
        if extras.peek().is_some() && !pair.certain {
            let path = pair.source.clone();
            self.skipped.push(Skipped { side: Side::Source, path, reason: Reason::SourceUncertain });
            return;
        }
        if let (Some(_), true, Some(target)) = (extras.peek(), pair.doubtful, &pair.target) {
            let path = target.clone();
            self.skipped.push(Skipped { side: Side::Target, path, reason: Reason::TargetUncertain });
            return;
        }
        let verbatim: BTreeSet<&str> = match options.keep_verbatim && extras.peek().is_some() {
            true => wanted.values().flatten().filter_map(|item| item.path.origin_name()).collect(),
            false => BTreeSet::new(),
        };
        let unlisted: Likenesses = match extras.peek() {
            Some(_) => wanted.keys().filter(|key| !there.contains_key(*key)).collect(),
            None => Likenesses::default(),
        };
        for items in extras {
            match items.as_slice() {
                [item] if options.keep_hidden && name(item).starts_with('.') => {
                    self.skip(Side::Target, item, Reason::Hidden);
                }
                [item] if verbatim.contains(name(item)) => self.skip(Side::Target, item, Reason::Twin),
                [item] if self.is_meant(item) && unlisted.has(name(item)) => {
                    self.skip(Side::Target, item, Reason::Alike);
                }
                [item] => _ = self.last.add(&self.target, options, item, &mut self.skipped),
                _ => items.iter().for_each(|item| self.skip(Side::Target, item, Reason::Twin)),
            }
        }
    }

    fn skip(&mut self, side: Side, item: &Item, reason: Reason) {
        self.skipped.push(Skipped { side, path: item.path.clone(), reason });
    }
}

/// The root's is empty, which is no safe one.
fn name(item: &Item) -> &str {
    item.path.name().unwrap_or_default()
}
