//! What a mirror has to do, and what it asks the server for to know that.

use std::collections::{BTreeMap, BTreeSet};

use ftp_cli::exit::Exit;
use ftp_client::mirror::{
    Compare, Doubt, Draft, Plan, PlanOptions, Reason, RelativePath, Side, Skipped, Step, Times, Tree, Walk, Why, times,
};
use ftp_client::{Error, Kind, Timestamp, has_feature};

use super::super::client::Client;
use super::super::compared::unless_refused;
use super::super::directories::reopened;
use super::super::failure::{Failure, ResultExt as _};
use super::texts::{ANYWAY, place, why_held, why_skipped, why_uncertain};
use super::{Work, is_delete, split};

impl Work<'_> {
    /// The plan, with everything that has to be asked for it; and the tree of the server, as it turned out to be.
    pub(super) async fn plan(
        &self,
        walk: &mut Walk,
        mut there: Tree,
        here: &Tree,
        mut options: PlanOptions,
        mut client: Client,
    ) -> Result<(Plan, Tree, Client), Failure> {
        let known = self.times(&mut there, here, &options, &mut client).await?;
        let mut plan = self.draft(&there, here, &options).finish(&known);
        if options.compare == Compare::SizeAndTime && !self.can_set_times(&plan, &there, &known, &mut client).await? {
            options.compare = Compare::SizeAndNewer;
            plan = self.draft(&there, here, &options).finish(&known);
        }
        client = reopened(client, self.server).await?;
        if self.unmask(walk, &plan, &mut there, here, &mut client).await? {
            plan = self.draft(&there, here, &options).finish(&known);
        }
        client = reopened(client, self.server).await?;
        let is_other = self.confirm(walk, &plan, &mut there, &options, &mut client).await?;
        if self.confirm_members(walk, &plan, &mut there, &options, &mut client).await? || is_other {
            plan = self.draft(&there, here, &options).finish(&known);
        }
        if plan.newer > 0 {
            let why = match self.mirror.transfer.no_times {
                true => "times are not kept",
                false => "the server cannot set times",
            };
            let text = format!("{} files of the same size are newer in the target, and up to date: {why}", plan.newer);
            self.context.out.note(&text);
        }
        let (source, target) = self.sides(&there, here);
        plan.skipped.iter().for_each(|skipped| self.report_skipped(skipped, source, target));
        Ok((plan, there, reopened(client, self.server).await?))
    }

    fn sides<'t>(&self, there: &'t Tree, here: &'t Tree) -> (&'t Tree, &'t Tree) {
        match self.side_of_server {
            Side::Source => (there, here),
            Side::Target => (here, there),
        }
    }

    fn draft<'t>(&self, there: &'t Tree, here: &'t Tree, options: &'t PlanOptions) -> Draft<'t> {
        let (source, target) = self.sides(there, here);
        Draft::new(source, target, options)
    }

    /// (MDTM) The exact times that a plan needs.
    async fn times(
        &self,
        there: &mut Tree,
        here: &Tree,
        options: &PlanOptions,
        client: &mut Client,
    ) -> Result<Times, Failure> {
        let side = self.side_of_server;
        let draft = self.draft(there, here, options);
        let asked: Vec<RelativePath> =
            draft.needs_time().filter(|(of, _)| *of == side).map(|(_, path)| path.clone()).collect();
        let there: Vec<RelativePath> = asked.iter().map(|path| self.on_server(path)).collect();
        let known = times(client, self.root, &there).await.context("cannot ask for times")?;
        let mut known = known.into_iter().peekable();
        let mut times = Times::new();
        for (path, there) in asked.into_iter().zip(&there) {
            if let Some((_, time)) = known.next_if(|(known, _)| *known == there) {
                times.insert((side, path), time);
            }
        }
        Ok(times)
    }

    /// Whether files of the server can have the time of those here, as far as that matters: a file of the same size that is
    /// newer there is transferred again then. It is tried with such a file.
    async fn can_set_times(
        &self,
        plan: &Plan,
        there: &Tree,
        known: &Times,
        client: &mut Client,
    ) -> Result<bool, Failure> {
        if self.side_of_server == Side::Source {
            return Ok(true);
        }
        let older = plan.steps.iter().find_map(|step| match step {
            Step::Transfer { path, why: Why::Older, .. } => Some(path),
            _ => None,
        });
        let Some(path) = older else { return Ok(true) };
        if self.mirror.dry_run && has_feature(&client.features().await.context("cannot ask for features")?, "MFMT") {
            return Ok(true);
        }
        let listed = there.items.iter().find(|item| item.path == *path).and_then(|item| item.modified);
        let Some(time) = known.get(&(Side::Target, path.clone())).copied().or(listed).filter(Timestamp::is_exact)
        else {
            return Ok(true);
        };
        let place = path.on_server(self.root).unwrap_or_default();
        let time = Timestamp { nanoseconds: 0, ..time };
        takes_times(client, &place, &time).await.context(format!("cannot set the time of {place}"))
    }

    /// Look for links among the directories of the server that are to be deleted, or below which something is: `MLSD` shows
    /// them as what they lead to on some servers, and what is there is not in the tree. A link that the source has no
    /// directory for is deleted itself. Whether there are any.
    async fn unmask(
        &self,
        walk: &mut Walk,
        plan: &Plan,
        there: &mut Tree,
        here: &Tree,
        client: &mut Client,
    ) -> Result<bool, Failure> {
        if self.side_of_server == Side::Source {
            return Ok(false);
        }
        let mut links = BTreeSet::new();
        let mut is_other = false;
        for (parent, directories) in directories_of(plan, there) {
            if links.iter().any(|link| parent.starts_with(link)) {
                continue;
            }
            let what = format!("cannot look for links in {}", place(&parent));
            let Some(kinds) = walk.kinds(client, &parent).await.context(what)? else { continue };
            for path in directories {
                match path.name().and_then(|name| kinds.get(name)) {
                    Some(Kind::SymbolicLink) => _ = links.insert(path),
                    Some(Kind::Directory) => {}
                    // `LIST` may leave those out.
                    None if path.name().is_some_and(|name| name.starts_with('.')) => {}
                    _ => {
                        is_other = true;
                        doubt(there, &path, Doubt::Changed);
                    }
                }
            }
        }
        let is_here =
            |path: &RelativePath| here.items.iter().any(|item| item.path == *path && item.kind == Kind::Directory);
        for path in &links {
            match is_here(path) {
                true => doubt(there, path, Doubt::Link),
                false => there.take_for_link(path),
            }
        }
        Ok(is_other || !links.is_empty())
    }

    /// List the directories of the server in which something is to be deleted, or because of which, once more: in the clear
    /// nothing else shows that a listing was cut off, and nowhere that it is of the directory that was named. Whether one of
    /// them is another one now. Where files are sent before something is deleted, that is looked at in between.
    async fn confirm(
        &self,
        walk: &mut Walk,
        plan: &Plan,
        there: &mut Tree,
        options: &PlanOptions,
        client: &mut Client,
    ) -> Result<bool, Failure> {
        if options.trusts_listings() {
            return Ok(false);
        }
        let steps = match self.side_of_server == Side::Target && !self.mirror.dry_run {
            true => split(plan).0,
            false => &plan.steps,
        };
        let mut any = false;
        for at in of_deletes(steps, there) {
            let Some(folder) = there.folders.get_mut(at).filter(|folder| !folder.confirmed) else { continue };
            let path = self.on_server(&folder.path);
            walk.confirm(client, &path, folder).await.context("cannot list a directory once more")?;
            any |= folder.doubt.is_some();
        }
        Ok(any)
    }

    /// The same for all others that decide what is here in the end, or what is deleted there: nothing shows in the clear that
    /// a listing was cut off where a line ends. They have to have the same members. One that has not is reported.
    async fn confirm_members(
        &self,
        walk: &mut Walk,
        plan: &Plan,
        there: &mut Tree,
        options: &PlanOptions,
        client: &mut Client,
    ) -> Result<bool, Failure> {
        if self.mirror.list_once || self.side_of_server == Side::Target && !options.delete {
            return Ok(false);
        }
        let deletes = if options.trusts_listings() { BTreeSet::new() } else { of_deletes(&plan.steps, there) };
        let mut any = false;
        for (at, folder) in there.folders.iter_mut().enumerate() {
            if folder.whole || folder.confirmed || deletes.contains(&at) || why_uncertain(folder).is_some() {
                continue;
            }
            let path = self.on_server(&folder.path);
            walk.confirm_members(client, &path, folder).await.context("cannot list a directory once more")?;
            if let Some(why) = why_uncertain(folder) {
                any = true;
                let text = format!("{} of the server: {why}", place(&folder.path));
                self.trouble(&Failure::new(Exit::Partial, text));
            }
        }
        Ok(any)
    }

    fn report_skipped(&self, skipped: &Skipped, source: &Tree, target: &Tree) {
        let tree = if skipped.side == Side::Source { source } else { target };
        let text = match skipped.reason {
            Reason::SourceUncertain => {
                format!("nothing is deleted in {}: {}; {ANYWAY}", place(&skipped.path), why_held(tree, &skipped.path))
            }
            Reason::TargetUncertain if skipped.side == Side::Target => {
                format!("nothing is deleted in {}: {}; {ANYWAY}", place(&skipped.path), why_held(tree, &skipped.path))
            }
            reason => format!("{} is left as it is: {}", skipped.path, why_skipped(&reason)),
        };
        match skipped.reason {
            Reason::Excluded => {}
            Reason::TargetNewer | Reason::Link | Reason::Special => self.context.out.note(&text),
            _ => self.trouble(&Failure::new(Exit::Partial, text)),
        }
    }
}

/// The directories that are to be deleted, and those that anything is in which is; by what they are in, from the top down.
fn directories_of(plan: &Plan, there: &Tree) -> BTreeMap<RelativePath, BTreeSet<RelativePath>> {
    let known: BTreeSet<&RelativePath> =
        there.items.iter().filter(|item| item.kind == Kind::Directory).map(|item| &item.path).collect();
    let mut directories = BTreeMap::<_, BTreeSet<RelativePath>>::new();
    for step in plan.steps.iter().filter(|step| is_delete(step)) {
        let mut at = Some(step.path().clone());
        while let Some((path, parent)) = at.and_then(|path| path.parent().map(|parent| (path, parent))) {
            if known.contains(&path) && !directories.entry(parent.clone()).or_default().insert(path) {
                break;
            }
            at = Some(parent);
        }
    }
    directories
}

/// The directories of the server in which something is to be deleted, or because of which, by their places in the tree.
fn of_deletes(steps: &[Step], there: &Tree) -> BTreeSet<usize> {
    let index: BTreeMap<&RelativePath, usize> =
        there.folders.iter().enumerate().map(|(at, folder)| (&folder.path, at)).collect();
    let mut places = BTreeSet::new();
    for step in steps.iter().filter(|step| is_delete(step)) {
        let mut above = step.path().parent();
        while let Some(path) = above {
            if let Some(at) = index.get(&path) {
                places.insert(*at);
                break;
            }
            above = path.parent();
        }
    }
    places
}

fn doubt(tree: &mut Tree, path: &RelativePath, doubt: Doubt) {
    for folder in tree.folders.iter_mut().filter(|folder| folder.path == *path) {
        folder.doubt.get_or_insert(doubt);
    }
}

/// (MFMT, MDTM, MFMT) Whether a file of this time takes the one of a second before. Some servers report success and set none,
/// or another one. It has its time again afterwards.
async fn takes_times(client: &mut Client, place: &str, time: &Timestamp) -> Result<bool, Error> {
    let earlier = Timestamp { seconds: time.seconds.saturating_sub(1), ..*time };
    let set = client.set_modified(place, &earlier).await;
    if unless_refused(client, set)?.is_none() {
        return Ok(false);
    }
    let taken = client.modified(place).await;
    let taken = unless_refused(client, taken)?.map_or(earlier.seconds, |taken| taken.seconds);
    let shift = taken.saturating_sub(earlier.seconds);
    let before = Timestamp { seconds: time.seconds.saturating_sub(shift), ..*time };
    let set = client.set_modified(place, &before).await;
    unless_refused(client, set)?;
    Ok(shift == 0)
}
