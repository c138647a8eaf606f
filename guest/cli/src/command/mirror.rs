//! `mirror`: look at both trees, plan, and do it.

mod displaced;
mod erasing;
mod planning;
mod scan;
mod texts;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ftp_cli::arguments::Mirror;
use ftp_cli::exit::Exit;
use ftp_cli::names::{self, Naming};
use ftp_cli::remote::Remote;
use ftp_client::engine::UploadMode;
use ftp_client::mirror::{
    Doubt, End, Folder, Patterns, Plan, PlanOptions, RelativePath, Side, Step, Tree, Walk, WalkLimit, WalkOptions,
};
use ftp_client::{Error, RefusalKind, Representation, Timestamp};
use serde_json::json;

use super::client::Client;
use super::connect::Server;
use super::context::{Context, Run};
use super::directories::{is_directory, make_all, reopened};
use super::download::{self, FileVersion};
use super::failure::{Failure, ResultExt as _};
use super::jobs::{self, Worker};
use super::upload;
use scan::{Names, Scan};
use texts::{ANYWAY, place, why_transferred, why_uncertain};

impl Run for Mirror {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        run(context, self).await
    }
}

async fn run(context: &Context, mirror: Mirror) -> Result<(), Failure> {
    let (url, folder, from) = match (Remote::is_url(&mirror.source), Remote::is_url(&mirror.target)) {
        (true, false) => (&mirror.source, &mirror.target, Side::Source),
        (false, true) => (&mirror.target, &mirror.source, Side::Target),
        _ => return Err(Failure::usage("mirror takes a URL and a folder, in either order")),
    };
    if mirror.transfer.ascii {
        return Err(Failure::usage("mirror compares sizes, which text has not on both sides: there is no --ascii"));
    }
    let server = Server::for_transfers(context, url, &mirror.transfer)?;
    let patterns = Patterns::new(&mirror.filters.rules(), false).map_err(|error| Failure::usage(error.to_string()))?;
    let encoding = context.connection.encoding();
    let root = server.remote.path();
    let names = Names { naming: Naming::new(encoding), side_of_server: from, unescape: mirror.unescape_names };
    let mut work = Work {
        context,
        mirror: &mirror,
        server: &server,
        patterns: &patterns,
        names,
        root: root.as_deref(),
        folder: Path::new(folder),
        side_of_server: from,
        has_exact_sizes: false,
        leftovers: Vec::new(),
        troubles: RefCell::default(),
    };
    let client = server.open().await?;
    let (client, mut walk, there) = work.look_there(client).await?;
    let here = work.look_here()?;
    let options = PlanOptions {
        compare: mirror.compare(),
        delete: mirror.delete,
        replace: mirror.replace,
        keep_times: !mirror.transfer.no_times,
        patterns: patterns.clone(),
        keep_hidden: from == Side::Source && walk.may_hide() && !mirror.delete_hidden,
        keep_verbatim: from == Side::Source,
        keep_bytes: (from == Side::Target && !mirror.unescape_names).then_some(encoding),
        trust_listings: mirror.delete_unconfirmed,
        newer_is_current: mirror.transfer.no_times,
        ..PlanOptions::default()
    };
    work.has_exact_sizes = walk.has_exact_sizes();
    let (plan, there, client) = work.plan(&mut walk, there, &here, options, client).await?;
    if mirror.dry_run {
        plan.steps.iter().for_each(|step| work.tell(step));
        client.quit().await;
        return work.verdict(plan.unchanged);
    }
    let before = if from == Side::Source { &here } else { &there };
    work.perform(&plan, before, &mut walk, client).await?;
    work.clean(&plan);
    work.verdict(plan.unchanged)
}

struct Work<'a> {
    context: &'a Context,
    mirror: &'a Mirror,
    server: &'a Rc<Server>,
    /// What is meant.
    patterns: &'a Patterns,
    names: Names,
    /// The directory on the server.
    root: Option<&'a str>,
    /// The folder here.
    folder: &'a Path,
    /// Which of the two the server has.
    side_of_server: Side,
    /// The listings of the server report sizes in bytes, as those by `MLSD` do.
    has_exact_sizes: bool,
    /// Temporary files that earlier mirrors have left here.
    leftovers: Vec<PathBuf>,
    /// What was not done, or not looked at.
    troubles: RefCell<usize>,
}

impl Work<'_> {
    async fn look_there(&self, mut client: Client) -> Result<(Client, Walk, Tree), Failure> {
        let (patterns, names) = (self.patterns.clone(), self.names);
        let mut walk = Walk::new(self.root, self.walk_options())
            .entering(move |path| patterns.include(&names.of_server(path), true));
        if let Some(root) = self.root {
            let is_there = is_directory(&mut client, root).await?;
            client = reopened(client, self.server).await?;
            if !is_there && !self.make_root(&mut client, root).await? {
                return Ok((client, walk, Tree::empty()));
            }
            client = reopened(client, self.server).await?;
        }
        let mut tree = Tree::default();
        walk.run(&mut client, &mut tree).await.context("cannot list the directories of the server")?;
        if let Some(Folder { end: End::Failed(error), .. }) =
            tree.folders.iter().find(|folder| folder.path.depth() == 0)
        {
            let what = format!("cannot list {}", self.root.unwrap_or("the login directory"));
            return Err(Failure::of_named(what, error.clone()));
        }
        tree.items.retain(|item| !item.path.name().is_some_and(names::is_temporary));
        self.report_folders(&tree);
        for path in tree.items.iter_mut().map(|item| &mut item.path) {
            *path = self.names.of_server(path);
        }
        for path in tree.folders.iter_mut().map(|folder| &mut folder.path) {
            *path = self.names.of_server(path);
        }
        Ok((client, walk, tree))
    }

    fn walk_options(&self) -> WalkOptions {
        WalkOptions {
            depth: self.mirror.depth.unwrap_or(WalkOptions::default().depth),
            follow_links: self.mirror.follow_links,
            hidden: self.mirror.hidden,
            ..WalkOptions::default()
        }
    }

    /// Make the directory on the server. False where that is only to be shown.
    async fn make_root(&self, client: &mut Client, root: &str) -> Result<bool, Failure> {
        if self.side_of_server == Side::Source {
            let text = format!("cannot mirror {root}: it is no directory of the server");
            return Err(Failure::new(Exit::Missing, text));
        }
        if self.mirror.dry_run {
            return Ok(false);
        }
        if let Err(error) = client.make_directory(root).await {
            make_all(client, root, error).await?;
        }
        Ok(true)
    }

    fn look_here(&mut self) -> Result<Tree, Failure> {
        match fs::metadata(self.folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(Failure::local("mirror", self.folder, &io::Error::from(io::ErrorKind::NotADirectory))),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.side_of_server == Side::Source => {
                if !self.mirror.dry_run {
                    fs::create_dir_all(self.folder).map_err(|error| Failure::local("make", self.folder, &error))?;
                }
                return Ok(Tree::empty());
            }
            Err(error) => return Err(Failure::local("read", self.folder, &error)),
        }
        let depth = self.mirror.depth.unwrap_or(WalkOptions::default().depth);
        let scan = Scan::of(self.folder, depth, self.names);
        scan.troubles.iter().for_each(|failure| self.trouble(failure));
        self.leftovers = scan.leftovers;
        Ok(scan.tree)
    }

    /// What stands in the way is deleted, then directories are made, files transferred, and the rest deleted. `target` is what
    /// was there before.
    async fn perform(&self, plan: &Plan, target: &Tree, walk: &mut Walk, mut client: Client) -> Result<(), Failure> {
        let (before, rest) = split(plan);
        let directories = rest.iter().filter(|step| matches!(step, Step::MakeDirectory(_)));
        let troubles = *self.troubles.borrow();
        self.erase(&mut client, &before.iter().collect::<Vec<_>>()).await?;
        for step in directories {
            self.simple_step(&mut client, step).await?;
        }
        self.transfer(rest, client).await?;
        let deletes: Vec<&Step> = rest.iter().filter(|step| is_delete(step)).collect();
        let has_troubles = *self.troubles.borrow() > troubles;
        if deletes.is_empty() && (has_troubles || !displaced::has_suspects(plan, target)) {
            return Ok(());
        }
        if has_troubles && !self.mirror.delete_unconfirmed {
            self.hold(&deletes, "not all was transferred", &format!("another run does, and {ANYWAY}"));
            return Ok(());
        }
        // The sessions of the transfers have said goodbye.
        let mut client = match self.side_of_server {
            Side::Source => None,
            Side::Target => Some(self.server.open().await?),
        };
        let displaced = self.displaced(plan, &deletes, target, walk, client.as_mut()).await?;
        match (displaced, &mut client) {
            (Some((why, remedy)), _) => self.hold(&deletes, &why, &remedy),
            (None, Some(client)) => {
                if !client.is_open() {
                    *client = self.server.open().await?;
                }
                self.erase(client, &deletes).await?;
            }
            (None, None) => deletes.into_iter().for_each(|step| self.done(step, self.step_here(step))),
        }
        if let Some(client) = client {
            client.quit().await;
        }
        Ok(())
    }

    /// What was planned to be deleted, and is not.
    fn hold(&self, deletes: &[&Step], why: &str, remedy: &str) {
        const SHOWN: usize = 10;
        let mut names: Vec<String> = deletes.iter().take(SHOWN).map(|step| step.path().to_string()).collect();
        if deletes.len() > SHOWN {
            names.push(format!("{} more", deletes.len() - SHOWN));
        }
        let text = match names.is_empty() {
            true => format!("{why}; {remedy}"),
            false => format!("nothing is deleted, as {why}: {}; {remedy}", names.join(", ")),
        };
        self.trouble(&Failure::new(Exit::Partial, text));
    }

    async fn transfer(&self, steps: &[Step], client: Client) -> Result<(), Failure> {
        let times: BTreeMap<&RelativePath, Timestamp> = steps
            .iter()
            .filter_map(|step| match step {
                Step::SetTime(path, time) => Some((path, *time)),
                _ => None,
            })
            .collect();
        let files: Vec<(RelativePath, FileVersion)> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Transfer { path, size, .. } => {
                    let modified = times.get(path).copied();
                    Some((
                        path.clone(),
                        FileVersion { size: *size, is_exact: self.has_exact_sizes, is_asked: false, modified },
                    ))
                }
                _ => None,
            })
            .collect();
        if files.is_empty() {
            client.quit().await;
            return Ok(());
        }
        self.context.out.begin_all(files.len() as u64, files.iter().map(|(_, known)| known.size).sum());
        let (transfer, parallel) = (&self.mirror.transfer, self.mirror.transfer.parallel);
        let count = files.len();
        let result = match self.side_of_server {
            Side::Source => {
                let how = download::DownloadOptions::new(self.context, transfer, 1);
                // A temporary file is of a version, so that going on in it is always right.
                let how = download::DownloadOptions { resume: true, times: how.times && !times.is_empty(), ..how };
                let work = async |worker: &mut Worker<'_>, (path, known): &(RelativePath, FileVersion)| {
                    let target = self.place(path)?;
                    let path = self.on_server(path).on_server(self.root).unwrap_or_default();
                    let job = download::Job { path, target, known: *known, representation: Representation::Image };
                    download::download(worker, &job, &how).await
                };
                jobs::run(self.context, self.server, Some(client), files, parallel, work).await
            }
            Side::Target => {
                let how = upload::UploadOptions::new(self.context, transfer, Representation::Image)?;
                let how = match self.mirror.atomic || transfer.resume {
                    true => upload::UploadOptions { naming: upload::Naming::Atomic, mode: UploadMode::Resume, ..how },
                    false => how,
                };
                let work = async |worker: &mut Worker<'_>, (path, _): &(RelativePath, FileVersion)| {
                    let source = Some(self.place(path)?);
                    let path = path.on_server(self.root).unwrap_or_default();
                    upload::upload(worker, &upload::Job { source, path }, &how).await
                };
                jobs::run(self.context, self.server, Some(client), files, parallel, work).await
            }
        };
        match result {
            // The last word comes at the end; one file alone has not been reported.
            Err(failure) if failure.exit == Exit::Partial || count > 1 && !failure.is_fatal() => {
                *self.troubles.borrow_mut() += 1;
                self.context.out.note(&failure.text);
                Ok(())
            }
            Err(failure) if !failure.is_fatal() => {
                self.trouble(&failure);
                Ok(())
            }
            result => result,
        }
    }

    /// A step that moves no data. What fails is reported, and the rest is done.
    async fn simple_step(&self, client: &mut Client, step: &Step) -> Result<(), Failure> {
        let result = match self.side_of_server {
            Side::Source => self.step_here(step),
            Side::Target => self.step_there(client, step).await,
        };
        match result {
            Err(failure) if !client.is_open() => return Err(failure),
            result => self.done(step, result),
        }
        Ok(())
    }

    fn done(&self, step: &Step, result: Result<(), Failure>) {
        match result {
            Ok(()) => self.tell(step),
            Err(failure) => self.trouble(&failure),
        }
    }

    fn step_here(&self, step: &Step) -> Result<(), Failure> {
        let place = self.place(step.path())?;
        let (what, result) = match step {
            Step::MakeDirectory(_) => ("make", fs::create_dir(&place)),
            Step::DeleteFile(_) => ("delete", fs::remove_file(&place)),
            Step::RemoveDirectory(_) => ("delete", fs::remove_dir(&place)),
            Step::Transfer { .. } | Step::SetTime(..) => return Ok(()),
        };
        result.map_err(|error| Failure::local(what, &place, &error))
    }

    async fn step_there(&self, client: &mut Client, step: &Step) -> Result<(), Failure> {
        let place = step.path().on_server(self.root).unwrap_or_default();
        match step {
            Step::MakeDirectory(_) => self.make_there(client, &place).await,
            Step::DeleteFile(_) => client.delete(&place).await.map(drop).context(format!("cannot delete {place}")),
            Step::RemoveDirectory(_) => {
                client.remove_directory(&place).await.map(drop).context(format!("cannot delete {place}"))
            }
            Step::Transfer { .. } | Step::SetTime(..) => Ok(()),
        }
    }

    /// A directory that is there already was not shown, as its name begins with a dot.
    async fn make_there(&self, client: &mut Client, place: &str) -> Result<(), Failure> {
        let refusal = match client.make_directory(place).await {
            Err(refusal @ Error::Refused { kind: RefusalKind::Permanent, .. }) => refusal,
            made => return made.map(drop).context(format!("cannot make {place}")),
        };
        let is_there = is_directory(client, place).await?;
        if !client.is_open() {
            *client = self.server.open().await?;
        }
        if is_there { Ok(()) } else { Err(Failure::of(format!("cannot make {place}"), refusal)) }
    }

    /// The path that the server knows, of one that is compared.
    fn on_server(&self, path: &RelativePath) -> RelativePath {
        if self.side_of_server == Side::Source { path.origin() } else { path.clone() }
    }

    /// Where a member of the tree is here. Never outside the folder, nor behind a link.
    fn place(&self, path: &RelativePath) -> Result<PathBuf, Failure> {
        let path = if self.side_of_server == Side::Source { path.clone() } else { path.origin() };
        let mut place = self.folder.to_owned();
        let mut names = path.components().peekable();
        while let Some(name) = names.next() {
            let is_name = ftp_client::mirror::Names::default().check(name);
            is_name.map_err(|why| Failure::new(Exit::Local, format!("{path} cannot be a file here: {why}")))?;
            place.push(name);
            if names.peek().is_none() {
                break;
            }
            match fs::symlink_metadata(&place) {
                Ok(found) if found.is_symlink() => {
                    let text = format!("{} is a link, which is not followed", place.display());
                    return Err(Failure::new(Exit::Local, text));
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Failure::local("look at", &place, &error));
                }
                _ => {}
            }
        }
        Ok(place)
    }

    /// What is not known of the server's directories, whether something is deleted or not.
    fn report_folders(&self, tree: &Tree) {
        for folder in &tree.folders {
            let Some(why) = why_uncertain(folder) else { continue };
            let text = format!("{} of the server: {why}", place(&folder.path));
            match (&folder.end, folder.doubt) {
                // With these, what was listed is there; only what was not may be there too, and that is said where it matters.
                (
                    End::Complete,
                    Some(
                        Doubt::LikeParent
                        | Doubt::UnknownMember
                        | Doubt::NoCloseNotify
                        | Doubt::NoWayBack
                        | Doubt::Refused,
                    ),
                ) => {}
                (End::Limit(WalkLimit::Depth), _) if self.mirror.depth.is_some() => self.context.out.note(&text),
                _ => self.trouble(&Failure::new(Exit::Partial, text)),
            }
        }
    }

    fn trouble(&self, failure: &Failure) {
        *self.troubles.borrow_mut() += 1;
        self.context.out.failure(failure);
    }

    fn tell(&self, step: &Step) {
        let path = step.path();
        let (verb, why) = match step {
            Step::MakeDirectory(_) => ("mkdir", None),
            Step::Transfer { why, .. } => {
                (if self.side_of_server == Side::Source { "get" } else { "put" }, Some(why_transferred(why)))
            }
            Step::SetTime(..) => return,
            Step::DeleteFile(_) => ("rm", None),
            Step::RemoveDirectory(_) => ("rmdir", None),
        };
        let out = &self.context.out;
        out.event(&json!({ "event": verb, "path": path.to_string(), "why": why, "dry_run": self.mirror.dry_run }));
        if self.mirror.dry_run && !out.is_json() {
            out.line(&format!("{verb} {path}{}", why.map(|why| format!(" ({why})")).unwrap_or_default()));
        } else if is_delete(step) {
            out.note(&format!("{path} is deleted"));
        }
    }

    /// Temporary files of other versions of what is whole now. Those of other files may be somebody else's.
    fn clean(&self, plan: &Plan) {
        if *self.troubles.borrow() > 0 || self.side_of_server == Side::Target {
            return;
        }
        let files = plan.steps.iter().filter(|step| matches!(step, Step::Transfer { .. }));
        let places = files.filter_map(|step| self.place(step.path()).ok());
        let whole: BTreeSet<PathBuf> =
            places.filter_map(|place| renamed(&place, |name| Some(names::stem(name)))).collect();
        for path in &self.leftovers {
            if renamed(path, |name| names::stem_of(name).map(Cow::from)).is_some_and(|place| whole.contains(&place)) {
                let _ = fs::remove_file(path);
            }
        }
    }

    fn verdict(&self, unchanged: usize) -> Result<(), Failure> {
        if unchanged > 0 {
            self.context.out.note(&format!("{unchanged} files are as they should be"));
        }
        match *self.troubles.borrow() {
            0 => Ok(()),
            _ => Err(Failure::new(Exit::Partial, "the mirror is not complete")),
        }
    }
}

/// What stands in the way and is deleted first, and the rest.
fn split(plan: &Plan) -> (&[Step], &[Step]) {
    plan.steps.split_at(plan.steps.iter().position(|step| !is_delete(step)).unwrap_or(0))
}

fn is_delete(step: &Step) -> bool {
    matches!(step, Step::DeleteFile(_) | Step::RemoveDirectory(_))
}

/// The path with another name.
fn renamed(path: &Path, name: impl Fn(&str) -> Option<Cow<'_, str>>) -> Option<PathBuf> {
    let name = name(path.file_name()?.to_str()?)?;
    Some(path.with_file_name(&*name))
}
