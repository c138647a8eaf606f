//! `mirror`: look at both trees, plan, and do it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ftp_cli::arguments::Mirror;
use ftp_cli::exit::Exit;
use ftp_cli::names;
use ftp_cli::remote::Remote;
use ftp_client::mirror::{
    Compare, Draft, End, Folder, Item, Patterns, Plan, PlanOptions, Reached, Reason, RelativePath, Side, Step, Times,
    Tree, Walk, WalkOptions, Why, times,
};
use ftp_client::{Error, Kind, Representation, Timestamp};
use serde_json::json;

use super::Context;
use super::connect::{Client, Server};
use super::download::{self, Known};
use super::failure::{Doing as _, Failure};
use super::files::{is_directory, make_all};
use super::jobs::{self, Worker};
use super::local;
use super::upload;

pub async fn run(context: &Context, mirror: Mirror) -> Result<(), Failure> {
    let (url, folder, from) = match (Remote::is_url(&mirror.source), Remote::is_url(&mirror.target)) {
        (true, false) => (&mirror.source, &mirror.target, Side::Source),
        (false, true) => (&mirror.target, &mirror.source, Side::Target),
        _ => return Err(Failure::usage("mirror takes a URL and a folder, in either order")),
    };
    if mirror.transfer.ascii {
        return Err(Failure::usage("mirror compares sizes, which text has not on both sides: there is no --ascii"));
    }
    let server = Server::for_transfers(context, url, &mirror.connection, &mirror.transfer)?;
    let patterns = Patterns::new(&mirror.filters.rules(), false).map_err(|error| Failure::usage(error.to_string()))?;
    let options = PlanOptions {
        compare: match (mirror.newer, mirror.size_only) {
            (true, _) => Compare::Newer,
            (false, true) => Compare::Size,
            (false, false) => Compare::SizeAndTime,
        },
        delete: mirror.delete,
        replace: mirror.replace,
        keep_times: !mirror.transfer.no_times,
        patterns: patterns.clone(),
        ..PlanOptions::default()
    };
    let root = server.remote.path();
    let client = server.open().await?;
    let mut work = Work {
        context,
        mirror: &mirror,
        patterns: &patterns,
        root: root.as_deref(),
        folder: Path::new(folder),
        side_of_server: from,
        has_exact_sizes: false,
        leftovers: Vec::new(),
        troubles: RefCell::default(),
    };
    let (client, there) = work.look_there(client).await?;
    let is_exact = |item: &Item| item.kind != Kind::File || item.modified.as_ref().is_some_and(local::is_exact);
    work.has_exact_sizes = there.items.iter().all(is_exact);
    let here = work.look_here()?;
    let (plan, client) = work.plan(&there, &here, &options, client).await?;
    if mirror.dry_run {
        plan.steps.iter().for_each(|step| work.tell(step));
        client.quit().await;
        return work.verdict(plan.unchanged);
    }
    work.perform(&plan, &server, client).await?;
    work.clean(&plan);
    work.verdict(plan.unchanged)
}

struct Work<'a> {
    context: &'a Context,
    mirror: &'a Mirror,
    /// What is meant.
    patterns: &'a Patterns,
    /// The directory on the server.
    root: Option<&'a str>,
    /// The folder here.
    folder: &'a Path,
    /// Which of the two the server has.
    side_of_server: Side,
    /// The listings of the server report sizes in bytes, as those by `MLSD` do, which report times to the second too.
    has_exact_sizes: bool,
    /// Temporary files that earlier mirrors have left here.
    leftovers: Vec<PathBuf>,
    /// What was not done, or not looked at.
    troubles: RefCell<usize>,
}

impl Work<'_> {
    async fn look_there(&self, mut client: Client) -> Result<(Client, Tree), Failure> {
        if let Some(root) = self.root
            && !is_directory(&mut client, root).await
        {
            let what = format!("cannot mirror {root}");
            if self.side_of_server == Side::Source {
                return Err(Failure::new(Exit::Missing, format!("{what}: it is no directory of the server")));
            }
            if self.mirror.dry_run {
                return Ok((client, Tree::empty()));
            }
            if let Err(error) = client.make_directory(root).await {
                make_all(&mut client, root, error).await?;
            }
        }
        let options = WalkOptions {
            depth: self.mirror.depth.unwrap_or(WalkOptions::default().depth),
            follow_links: self.mirror.follow_links,
            ..WalkOptions::default()
        };
        let patterns = self.patterns.clone();
        let mut walk = Walk::new(self.root, options).entering(move |path| patterns.include(path, true));
        let mut tree = Tree::default();
        walk.run(&mut client, &mut tree).await.doing("cannot list the directories of the server")?;
        if let Some(Folder { end: End::Failed(error), .. }) =
            tree.folders.iter().find(|folder| folder.path.depth() == 0)
        {
            let what = format!("cannot list {}", self.root.unwrap_or("the login directory"));
            return Err(Failure::of_named(what, error.clone()));
        }
        tree.items.retain(|item| !item.path.name().is_some_and(names::is_temporary));
        self.report_folders(&tree, "of the server");
        Ok((client, tree))
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
        let mut scan = Scan { tree: Tree::default(), leftovers: Vec::new() };
        let mut folders = vec![(RelativePath::root(), self.folder.to_owned())];
        while let Some((path, place)) = folders.pop() {
            let mut folder = Folder::complete(path.clone());
            match path.depth() > depth {
                true => folder.end = End::Limit(Reached::Depth),
                false => {
                    if let Err(error) = scan.folder(&path, &place, &mut folders) {
                        self.trouble(&Failure::local("read", &place, &error));
                        folder.end = End::Failed(Error::Other(error.to_string()));
                    }
                }
            }
            scan.tree.folders.push(folder);
        }
        self.leftovers = scan.leftovers;
        Ok(scan.tree)
    }

    async fn plan(
        &self,
        there: &Tree,
        here: &Tree,
        options: &PlanOptions,
        mut client: Client,
    ) -> Result<(Plan, Client), Failure> {
        let (source, target) = match self.side_of_server {
            Side::Source => (there, here),
            Side::Target => (here, there),
        };
        let draft = Draft::new(source, target, options);
        let side_of_server = self.side_of_server;
        let unknown = draft.needs_time().filter(|(side, _)| *side == side_of_server).map(|(_, path)| path);
        let known = times(&mut client, self.root, unknown).await.doing("cannot ask for times")?;
        let known: Times = known.into_iter().map(|(path, time)| ((side_of_server, path.clone()), time)).collect();
        let plan = draft.finish(&known);
        for skipped in &plan.skipped {
            let text = format!("{} is left as it is: {}", skipped.path, why_skipped(&skipped.reason));
            match skipped.reason {
                Reason::Excluded => {}
                Reason::TargetNewer | Reason::Link | Reason::Special => self.context.out.note(&text),
                _ => self.trouble(&Failure::new(Exit::Partial, text)),
            }
        }
        Ok((plan, client))
    }

    /// What stands in the way is deleted, then directories are made, files transferred, and the rest deleted.
    async fn perform(&self, plan: &Plan, server: &std::rc::Rc<Server>, mut client: Client) -> Result<(), Failure> {
        let is_delete = |step: &Step| matches!(step, Step::DeleteFile(_) | Step::RemoveDirectory(_));
        let first = plan.steps.iter().position(|step| !is_delete(step)).unwrap_or(0);
        let (before, rest) = plan.steps.split_at(first);
        let directories = rest.iter().filter(|step| matches!(step, Step::MakeDirectory(_)));
        for step in before.iter().chain(directories) {
            self.simple_step(&mut client, step).await?;
        }
        self.transfer(rest, server, client).await?;
        let deletes: Vec<&Step> = rest.iter().filter(|step| is_delete(step)).collect();
        if deletes.is_empty() {
            return Ok(());
        }
        // The sessions of the transfers have said goodbye.
        let mut client = server.open().await?;
        for step in deletes {
            self.simple_step(&mut client, step).await?;
        }
        client.quit().await;
        Ok(())
    }

    async fn transfer(&self, steps: &[Step], server: &std::rc::Rc<Server>, client: Client) -> Result<(), Failure> {
        let times: BTreeMap<&RelativePath, Timestamp> = steps
            .iter()
            .filter_map(|step| match step {
                Step::SetTime(path, time) => Some((path, *time)),
                _ => None,
            })
            .collect();
        let files: Vec<(RelativePath, Known)> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Transfer { path, size, .. } => {
                    let modified = times.get(path).copied();
                    Some((path.clone(), Known { size: *size, is_exact: self.has_exact_sizes, modified }))
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
                let how = download::How::new(self.context, transfer, 1);
                // A temporary file is of a version, so that going on in it is always right.
                let how = download::How { resume: true, times: how.times && !times.is_empty(), ..how };
                let work = async |worker: &mut Worker<'_>, (path, known): &(RelativePath, Known)| {
                    let target = self.place(path)?;
                    let path = path.on_server(self.root).unwrap_or_default();
                    let job = download::Job { path, target, known: *known, representation: Representation::Image };
                    download::download(worker, &job, &how).await
                };
                jobs::run(self.context, server, Some(client), files, parallel, work).await
            }
            Side::Target => {
                let how = upload::How::new(self.context, transfer, Representation::Image)?;
                let atomic = self.mirror.atomic || transfer.resume;
                let how = upload::How { atomic, resume: atomic, ..how };
                let work = async |worker: &mut Worker<'_>, (path, _): &(RelativePath, Known)| {
                    let source = Some(self.place(path)?);
                    let path = path.on_server(self.root).unwrap_or_default();
                    upload::upload(worker, &upload::Job { source, path }, &how).await
                };
                jobs::run(self.context, server, Some(client), files, parallel, work).await
            }
        };
        match result {
            // The last word comes at the end; one file alone has not been told of.
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

    /// A step that moves no data. What fails is told, and the rest is done.
    async fn simple_step(&self, client: &mut Client, step: &Step) -> Result<(), Failure> {
        let result = match self.side_of_server {
            Side::Source => self.step_here(step),
            Side::Target => self.step_there(client, step).await,
        };
        match result {
            Ok(()) => self.tell(step),
            Err(failure) if !client.is_open() => return Err(failure),
            Err(failure) => self.trouble(&failure),
        }
        Ok(())
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
            Step::MakeDirectory(_) => {
                client.make_directory(&place).await.map(drop).doing(format!("cannot make {place}"))
            }
            Step::DeleteFile(_) => client.delete(&place).await.map(drop).doing(format!("cannot delete {place}")),
            Step::RemoveDirectory(_) => {
                client.remove_directory(&place).await.map(drop).doing(format!("cannot delete {place}"))
            }
            Step::Transfer { .. } | Step::SetTime(..) => Ok(()),
        }
    }

    /// Where a member of the tree is here. Never outside the folder, nor behind a link.
    fn place(&self, path: &RelativePath) -> Result<PathBuf, Failure> {
        let mut place = self.folder.to_owned();
        let mut names = path.components().peekable();
        while let Some(name) = names.next() {
            let local = names::local(name);
            place.push(local.map_err(|why| Failure::new(Exit::Local, format!("{path} cannot be a file here: {why}")))?);
            let is_link = names.peek().is_some() && fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink());
            if is_link {
                return Err(Failure::new(Exit::Local, format!("{} is a link, which is not followed", place.display())));
            }
        }
        Ok(place)
    }

    fn report_folders(&self, tree: &Tree, of: &str) {
        for folder in &tree.folders {
            let why = match &folder.end {
                End::Complete if folder.unparsed.is_empty() => continue,
                End::Complete => format!("{} lines of its listing are not understood", folder.unparsed.len()),
                End::Failed(error) => format!("it cannot be listed: {error}"),
                End::Limit(reached) => format!("it is beyond the limit {}", why_limited(*reached)),
                End::Cycle(path) => format!("it is the same as {path}"),
                End::Unsafe(why) => format!("its name is {why}"),
            };
            let place = if folder.path.depth() == 0 { ".".to_owned() } else { folder.path.to_string() };
            let text = format!("{place} {of}: {why}");
            match folder.end {
                End::Limit(Reached::Depth) if self.mirror.depth.is_some() => self.context.out.note(&text),
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

/// The files here, by their names on a server.
struct Scan {
    tree: Tree,
    leftovers: Vec<PathBuf>,
}

impl Scan {
    fn folder(
        &mut self,
        path: &RelativePath,
        place: &Path,
        folders: &mut Vec<(RelativePath, PathBuf)>,
    ) -> io::Result<()> {
        let mut twins = BTreeSet::new();
        for member in fs::read_dir(place)? {
            let member = member?;
            let name = member.file_name();
            let name = name.to_str().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a name is no UTF-8"))?;
            if names::is_temporary(name) {
                self.leftovers.push(member.path());
                continue;
            }
            let metadata = member.path().symlink_metadata()?;
            let path = path.child(&names::remote(name));
            let kind = match metadata.file_type() {
                kind if kind.is_dir() => Kind::Directory,
                kind if kind.is_file() => Kind::File,
                kind if kind.is_symlink() => Kind::SymbolicLink,
                _ => Kind::Other,
            };
            if kind == Kind::Directory && twins.insert(path.clone()) {
                folders.push((path.clone(), member.path()));
            }
            let size = (kind == Kind::File).then_some(metadata.len());
            let modified = metadata.modified().ok().and_then(local::timestamp);
            self.tree.items.push(Item { path, kind, size, modified });
        }
        Ok(())
    }
}

/// The path with another name.
fn renamed(path: &Path, name: impl Fn(&str) -> Option<Cow<'_, str>>) -> Option<PathBuf> {
    let name = name(path.file_name()?.to_str()?)?;
    Some(path.with_file_name(&*name))
}

fn why_limited(reached: Reached) -> &'static str {
    match reached {
        Reached::Depth => "of levels",
        Reached::Entries => "of members",
        Reached::Size => "of memory",
    }
}

fn why_transferred(why: &Why) -> String {
    match why {
        Why::New => "new".to_owned(),
        Why::Size(size) => format!("the target has {size} bytes"),
        Why::Newer => "newer".to_owned(),
        Why::Older => "older".to_owned(),
        Why::TimeUnknown => "its time is not known".to_owned(),
        Why::Asked => "asked for".to_owned(),
    }
}

fn why_skipped(reason: &Reason) -> String {
    match reason {
        Reason::Unsafe(why) => format!("its name is {why}"),
        Reason::Twin => "another one has the same name".to_owned(),
        Reason::Excluded => "it is excluded".to_owned(),
        Reason::Link => "it is a symbolic link".to_owned(),
        Reason::Special => "it is no file".to_owned(),
        Reason::InTheWay(_) => "something else is in its place (--replace deletes that)".to_owned(),
        Reason::TargetUncertain => "not all that is in its directory is known".to_owned(),
        Reason::SourceUncertain => "not all of the source is known, so nothing is deleted".to_owned(),
        Reason::TargetNewer => "the target's is newer".to_owned(),
        Reason::TimeUnknown => "the target's may be newer".to_owned(),
        Reason::NotEmpty => "something in it has to stay".to_owned(),
        Reason::Cycle => "a way leads back to it".to_owned(),
    }
}
