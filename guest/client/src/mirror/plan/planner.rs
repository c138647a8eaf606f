//! What each pair of directories takes.

use super::compare::{Verdict, compare};
use super::erase::Deletions;
use super::index::{Index, name};
use super::{Compare, Plan, PlanOptions, Reason, Side, Skipped, Step, Times, Why};
use crate::mirror::names::Likenesses;
use crate::mirror::tree::{Item, RelativePath, Tree};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use ftp_protocol::listing::Kind;
use ftp_protocol::time::Timestamp;

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

pub(super) struct Planner<'a> {
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
    pub(super) fn run(
        source: &'a Tree,
        target: &'a Tree,
        options: &'a PlanOptions,
        times: &'a Times,
    ) -> (Plan, BTreeSet<(Side, RelativePath)>) {
        let (source, target) = (Index::new(source), Index::new(target));
        let root = RelativePath::root();
        let certain = source.is_certain(&root, options.trusts_listings());
        let doubtful = !options.trusts_listings() && target.is_doubtful(&root);
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
        let trust = self.options.trusts_listings();
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
        match self.time(Side::Source, item).filter(Timestamp::is_exact) {
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
            compare @ (Compare::SizeAndTime | Compare::SizeAndNewer) => {
                changed.or_else(|| match self.newer(item, old) {
                    Verdict::Same => None,
                    Verdict::SourceNewer => Some(Why::Newer),
                    // Of the same size, as far as is known.
                    Verdict::TargetNewer
                        if compare == Compare::SizeAndNewer && item.size.is_some() && old.size.is_some() =>
                    {
                        self.newer = self.newer.saturating_add(1);
                        None
                    }
                    Verdict::TargetNewer => Some(Why::Older),
                    Verdict::Unknown => Some(Why::TimeUnknown),
                })
            }
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
        let is_known =
            item.kind != Kind::Directory || self.source.is_certain(&item.path, self.options.trusts_listings());
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
        let verbatim: BTreeSet<&str> = match options.keep.verbatim && extras.peek().is_some() {
            true => wanted.values().flatten().filter_map(|item| item.path.origin_name()).collect(),
            false => BTreeSet::new(),
        };
        let unlisted: Likenesses = match extras.peek() {
            Some(_) => wanted.keys().filter(|key| !there.contains_key(*key)).collect(),
            None => Likenesses::default(),
        };
        for items in extras {
            match items.as_slice() {
                [item] if options.keep.hidden && name(item).starts_with('.') => {
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
