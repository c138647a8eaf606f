//! What a mirror has to do, and what it asks the server for to know that.

use std::collections::{BTreeMap, BTreeSet};

use ftp_cli::exit::Exit;
use ftp_client::mirror::{
    Draft, Plan, PlanOptions, Reason, RelativePath, Side, Skipped, Step, Times, Tree, Walk, Why, times,
};
use ftp_client::{Error, Timestamp};

use super::super::connect::Client;
use super::super::failure::{Doing as _, Failure};
use super::super::files::reopened;
use super::super::local::is_exact;
use super::texts::{ANYWAY, place, why_held, why_skipped, why_uncertain};
use super::{Work, is_delete};

impl Work<'_> {
    /// The plan, with everything that has to be asked for it.
    pub(super) async fn plan(
        &self,
        walk: &mut Walk,
        mut there: Tree,
        here: &Tree,
        mut options: PlanOptions,
        mut client: Client,
    ) -> Result<(Plan, Client), Failure> {
        let known = self.times(&mut there, here, &options, &mut client).await?;
        let mut plan = self.draft(&there, here, &options).finish(&known);
        if !options.newer_is_current && !self.can_set_times(&plan, &there, &known, &mut client).await? {
            options.newer_is_current = true;
            plan = self.draft(&there, here, &options).finish(&known);
        }
        client = reopened(client, self.server).await?;
        if self.confirm(walk, &plan, &mut there, &options, &mut client).await? {
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
        Ok((plan, reopened(client, self.server).await?))
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
        let known = times(client, self.root, &there).await.doing("cannot ask for times")?;
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
    /// newer there is transferred again then. It is tried with the time that such a file has.
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
        if self.mirror.dry_run && has_feature(client, "MFMT").await.doing("cannot ask for features")? {
            return Ok(true);
        }
        let listed = there.items.iter().find(|item| item.path == *path).and_then(|item| item.modified);
        let Some(time) = known.get(&(Side::Target, path.clone())).copied().or(listed).filter(is_exact) else {
            return Ok(true);
        };
        let place = path.on_server(self.root).unwrap_or_default();
        match client.set_modified(&place, &Timestamp { nanoseconds: 0, ..time }).await {
            Ok(_) => Ok(true),
            Err(Error::Unsupported(_) | Error::Permanent(_) | Error::Unexpected(_)) => Ok(false),
            Err(error) => Err(Failure::of(format!("cannot set the time of {place}"), error)),
        }
    }

    /// List directories of the server once more: in the clear nothing else shows that a listing was cut off where a line ends.
    /// Those in which something is to be deleted, or because of which, have to be the same in all; all others that decide
    /// what is here in the end, or there, have to have the same members. Whether one of them is another one now.
    async fn confirm(
        &self,
        walk: &mut Walk,
        plan: &Plan,
        there: &mut Tree,
        options: &PlanOptions,
        client: &mut Client,
    ) -> Result<bool, Failure> {
        let deletes = if options.trust_listings { BTreeSet::new() } else { of_deletes(plan, there) };
        let others = (self.side_of_server == Side::Source || options.delete) && !self.mirror.list_once;
        let mut any = false;
        for (at, folder) in there.folders.iter_mut().enumerate().filter(|(_, folder)| !folder.confirmed) {
            let path = self.on_server(&folder.path);
            let confirmed = match deletes.contains(&at) {
                true => walk.confirm(client, &path, folder).await,
                false if others && why_uncertain(folder).is_none() => {
                    let confirmed = walk.confirm_members(client, &path, folder).await;
                    if let Some(why) = why_uncertain(folder) {
                        let text = format!("{} of the server: {why}", place(&folder.path));
                        self.trouble(&Failure::new(Exit::Partial, text));
                    }
                    confirmed
                }
                false => continue,
            };
            confirmed.doing("cannot list a directory once more")?;
            any |= folder.doubt.is_some();
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

/// The directories of the server in which something is to be deleted, or because of which, by their places in the tree.
fn of_deletes(plan: &Plan, there: &Tree) -> BTreeSet<usize> {
    let index: BTreeMap<&RelativePath, usize> =
        there.folders.iter().enumerate().map(|(at, folder)| (&folder.path, at)).collect();
    let mut places = BTreeSet::new();
    for step in plan.steps.iter().filter(|step| is_delete(step)) {
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

async fn has_feature(client: &mut Client, verb: &str) -> Result<bool, Error> {
    let features = client.features().await?;
    Ok(features.iter().any(|feature| feature.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(verb))))
}
