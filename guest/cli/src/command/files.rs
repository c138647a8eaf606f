//! `rm`, `mkdir`, `rmdir`, `mv`, `touch`, `chmod`: what needs no data.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use ftp_cli::arguments::{Chmod, ConnectionOptions, Mkdir, Mv, Rm, Touch, Urls};
use ftp_cli::exit::Exit;
use ftp_cli::names::is_root;
use ftp_cli::remote::Remote;
use ftp_client::mirror::{End, Item, Names, RelativePath, Tree, Walk, WalkOptions};
use ftp_client::{Error, Kind, Precision, Timestamp};
use serde_json::json;

use super::Context;
use super::connect::{Client, Server};
use super::failure::{Failure, ResultExt as _};
use super::globs::expand;
use super::targets::{each_path, each_url, servers};
use super::{hints, local};

/// Do something with each path of each URL.
async fn each(
    context: &Context,
    urls: &[String],
    options: &ConnectionOptions,
    no_glob: bool,
    event: &str,
    work: impl AsyncFn(&mut Client, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let servers = servers(context, urls, options)?;
    each_url(context, &servers, async |worker, tally| {
        let remote = &worker.server.remote;
        let meant = expand(worker.client().await?, remote, no_glob).await;
        each_path(worker, tally, meant, async |client, meant| {
            work(client, &meant.path).await?;
            context.out.event(&json!({ "event": event, "server": remote.server(), "path": meant.path }));
            Ok(())
        })
        .await
    })
    .await
}

/// A session, where the one that was there was ended because the server reports no way back from a directory.
pub async fn reopened(client: Client, server: &Server) -> Result<Client, Failure> {
    if client.is_open() { Ok(client) } else { server.open().await }
}

pub async fn rm(context: &Context, rm: Rm) -> Result<(), Failure> {
    let Rm { recursive, hidden, .. } = rm;
    for url in rm.urls.iter().filter(|_| recursive && !rm.no_preserve_root) {
        if let Some(path) = Remote::parse(url, &rm.connection.encoding())?.path().filter(|path| is_root(path)) {
            let text = format!("{path} is the root, or may be: --no-preserve-root deletes all that is in it");
            return Err(Failure::usage(text));
        }
    }
    each(context, &rm.urls, &rm.connection, rm.no_glob, "rm", async |client, path| {
        if recursive && is_root(path) {
            return remove_tree(context, client, path, hidden).await;
        }
        match client.delete(path).await {
            Err(Error::Permanent(_)) if recursive => remove_tree(context, client, path, hidden).await,
            result => match result.map(drop).context_named(format!("cannot delete {path}")) {
                Err(failure) => Err(hints::directory(client, path, failure, "rm -r deletes those").await),
                Ok(()) => Ok(()),
            },
        }
    })
    .await
}

/// What is below a directory, from the bottom up, and the directory. Links are deleted, not followed, also those that the
/// server shows as what they lead to. What cannot be deleted is reported, and stays with the directories that it is in.
async fn remove_tree(context: &Context, client: &mut Client, path: &str, hidden: bool) -> Result<(), Failure> {
    let what = format!("cannot delete {path}");
    let mut tree = Tree::default();
    let mut walk = Walk::new(Some(path), WalkOptions { hidden, ..WalkOptions::default() });
    walk.run(client, &mut tree).await.context(&what)?;
    let root = tree.folders.iter().find(|folder| folder.path.depth() == 0);
    if let Some(End::Failed(error)) = root.map(|folder| &folder.end) {
        return Err(Failure::of_named(&what, error.clone()));
    }
    let mut removal = Removal { context, root: path, kept: BTreeSet::new(), done: 0, first: None };
    removal.keep_unsafe(&mut tree);
    removal.unlink(client, &mut walk, &mut tree).await?;
    removal.keep_unknown(&tree);
    tree.items.sort_by(|one, other| other.path.cmp(&one.path));
    for item in &tree.items {
        let result = match item.kind {
            Kind::Directory if removal.kept.contains(&item.path) => continue,
            Kind::Directory => client.remove_directory(&removal.on_server(&item.path)).await,
            _ => client.delete(&removal.on_server(&item.path)).await,
        };
        match result.context_named(format!("cannot delete {}", removal.on_server(&item.path))) {
            Ok(_) => removal.done += 1,
            Err(failure) if !client.is_open() => return Err(failure),
            Err(failure) => removal.keep(&item.path, failure),
        }
    }
    if removal.first.is_none() && !is_root(path) {
        client.remove_directory(path).await.map(drop).context_named(what)?;
    }
    if walk.is_away() {
        client.close();
    }
    removal.verdict()
}

/// A tree that is being deleted.
struct Removal<'a> {
    context: &'a Context,
    /// Its root, as the server knows it.
    root: &'a str,
    /// What stays, and the directories that it is in.
    kept: BTreeSet<RelativePath>,
    done: usize,
    first: Option<Failure>,
}

impl Removal<'_> {
    fn on_server(&self, member: &RelativePath) -> String {
        member.on_server(Some(self.root)).unwrap_or_default()
    }

    /// What has a name that may lead elsewhere is not deleted. Nothing is known of what is below it.
    fn keep_unsafe(&mut self, tree: &mut Tree) {
        tree.folders.retain(|folder| !matches!(folder.end, End::Unsafe(_)));
        tree.items.retain(|item| match Names::default().check(item.path.name().unwrap_or_default()) {
            Ok(()) => true,
            Err(why) => {
                let text = format!("cannot delete {}: its name is {why}", self.on_server(&item.path));
                self.keep(&item.path, Failure::new(Exit::Refused, text));
                false
            }
        });
    }

    /// (LIST, DELE) Delete the links that are shown as directories, before anything that is below one is touched. `LIST` shows
    /// most of them. What it shows as a directory, too, is deleted as a file first: that deletes a link, and is refused
    /// for a directory.
    async fn unlink(&mut self, client: &mut Client, walk: &mut Walk, tree: &mut Tree) -> Result<(), Failure> {
        let is_directory = |item: &&Item| item.kind == Kind::Directory;
        let mut directories: Vec<RelativePath> =
            tree.items.iter().filter(is_directory).map(|item| item.path.clone()).collect();
        // Those that are in one directory come one after another, and the upper ones first.
        directories.sort_by_cached_key(|path| (path.depth(), path.clone()));
        let mut settled = BTreeSet::new();
        let mut kinds: (Option<RelativePath>, Option<BTreeMap<String, Kind>>) = (None, None);
        for path in directories {
            if path.is_in(&settled) {
                continue;
            }
            if kinds.0 != path.parent() {
                let what = format!("cannot look for links in {}", self.root);
                let parent = path.parent().unwrap_or_default();
                kinds = (Some(parent.clone()), walk.kinds(client, &parent).await.context(what)?);
            }
            let kind = kinds.1.as_ref().zip(path.name()).and_then(|(kinds, name)| kinds.get(name));
            match client.delete(&self.on_server(&path)).await {
                Err(Error::Permanent(_)) if kind != Some(&Kind::SymbolicLink) => continue,
                result => match result.context_named(format!("cannot delete {}", self.on_server(&path))) {
                    Ok(_) => self.done += 1,
                    Err(failure) if !client.is_open() => return Err(failure),
                    Err(failure) => self.keep(&path, failure),
                },
            }
            settled.insert(path);
        }
        tree.items.retain(|item| !item.path.is_in(&settled));
        tree.folders.retain(|folder| !folder.path.is_in(&settled));
        Ok(())
    }

    /// Directories of which not all is known stay.
    fn keep_unknown(&mut self, tree: &Tree) {
        for folder in &tree.folders {
            let place = self.on_server(&folder.path);
            let failure = match &folder.end {
                End::Complete if folder.unparsed.is_empty() => continue,
                End::Failed(error) => Failure::of_named(format!("cannot list {place}"), error.clone()),
                _ => Failure::new(Exit::Refused, format!("cannot delete {place}: not all that is in it is known")),
            };
            self.keep(&folder.path, failure);
        }
    }

    fn keep(&mut self, path: &RelativePath, failure: Failure) {
        self.context.out.failure(&failure);
        self.first.get_or_insert(failure);
        let mut at = Some(path.clone());
        while let Some(path) = at {
            at = path.parent();
            self.kept.insert(path);
        }
    }

    fn verdict(self) -> Result<(), Failure> {
        let text = format!("not all of {} was deleted", self.root);
        match self.first {
            None => Ok(()),
            Some(failure) if self.done == 0 => Err(Failure { text, error: None, ..failure }),
            Some(_) => Err(Failure::new(Exit::Partial, text)),
        }
    }
}

pub async fn mkdir(context: &Context, mkdir: Mkdir) -> Result<(), Failure> {
    let parents = mkdir.parents;
    each(context, &mkdir.urls, &mkdir.connection, true, "mkdir", async |client, path| {
        let path = path.trim_end_matches('/');
        match client.make_directory(path).await {
            Err(error @ Error::Permanent(_)) if parents => make_all(client, path, error).await,
            result => result.map(drop).context(format!("cannot make {path}")),
        }
    })
    .await
}

/// Each directory on the way. Servers say with the same code that one is there, and that it cannot be made.
pub async fn make_all(client: &mut Client, path: &str, error: Error) -> Result<(), Failure> {
    let mut last = Some(error);
    for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0).chain([(path.len(), "")]) {
        let Some(part) = path.get(..at) else { continue };
        last = match client.make_directory(part).await {
            Ok(_) => None,
            Err(error @ Error::Permanent(_)) => Some(error),
            Err(error) => return Err(Failure::of(format!("cannot make {part} for {path}"), error)),
        };
    }
    match last {
        // It may have been there.
        Some(error) if !is_directory(client, path).await? => Err(Failure::of(format!("cannot make {path}"), error)),
        _ => Ok(()),
    }
}

/// Whether it can be entered: what the server refuses with 5yz is none. The session stays where it was; where the server
/// reports no way back, it is closed.
pub async fn is_directory(client: &mut Client, path: &str) -> Result<bool, Failure> {
    let what = format!("cannot look for the directory {path}");
    let here = unless_refused(client.current_directory().await).context(&what)?;
    match client.change_directory(path).await {
        Ok(_) => {}
        Err(Error::Permanent(_)) => return Ok(false),
        Err(error) => return Err(Failure::of(what, error)),
    }
    let is_back = match here {
        Some(here) => unless_refused(client.change_directory(&here).await).context(&what)?.is_some(),
        None => false,
    };
    if !is_back {
        client.close();
    }
    Ok(true)
}

/// None where the server refuses to answer, and the session is still good.
pub fn unless_refused<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::Permanent(reply) | Error::Transient(reply) | Error::Unexpected(reply)) if reply.code != 421 => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

pub async fn rmdir(context: &Context, rmdir: Urls) -> Result<(), Failure> {
    each(context, &rmdir.urls, &rmdir.connection, true, "rmdir", async |client, path| {
        client.remove_directory(path).await.map(drop).context_named(format!("cannot remove {path}"))
    })
    .await
}

pub async fn mv(context: &Context, mv: Mv) -> Result<(), Failure> {
    let server = Server::new(context, &mv.from, &mv.connection)?;
    let Some(from) = server.remote.path() else { return Err(Failure::usage("the URL names no file")) };
    let to = match Remote::is_url(&mv.to) {
        false if mv.to.contains('/') => mv.to.clone(),
        false => server.remote.within(&mv.to),
        true => {
            let target = Server::new(context, &mv.to, &mv.connection)?;
            if !target.serves(&server) {
                return Err(Failure::usage("mv stays on one server: for two there is cp"));
            }
            match target.remote.name.is_empty() {
                true => target.remote.within(ftp_cli::names::last(&from)),
                false => target.remote.path().unwrap_or_default(),
            }
        }
    };
    let mut client = server.open().await?;
    let renamed = client.rename_and_learn(&from, &to).await.context_named(format!("cannot rename {from} to {to}"));
    client.quit().await;
    renamed?;
    context.out.event(&json!({ "event": "mv", "server": server.remote.server(), "path": from, "to": to }));
    Ok(())
}

pub async fn touch(context: &Context, touch: Touch) -> Result<(), Failure> {
    let time = match &touch.time {
        Some(text) => parse(text)?,
        None => local::now(),
    };
    each(context, &touch.urls, &touch.connection, false, "touch", async |client, path| {
        client.set_modified(path, &time).await.map(drop).context_named(format!("cannot set the time of {path}"))
    })
    .await
}

fn parse(text: &str) -> Result<Timestamp, Failure> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time
        .map_err(|error| Failure::usage(format!("--time: {text} is no time such as 2026-01-31T12:00:00Z: {error}")))?;
    Ok(Timestamp { seconds: time.timestamp(), nanoseconds: 0, precision: Precision::Second, utc: true })
}

pub async fn chmod(context: &Context, chmod: Chmod) -> Result<(), Failure> {
    let mode = chmod.mode;
    each(context, &chmod.urls, &chmod.connection, false, "chmod", async |client, path| {
        client
            .set_permissions(path, mode)
            .await
            .map(drop)
            .context_named(format!("cannot set the permissions of {path}"))
    })
    .await
}
