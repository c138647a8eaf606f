//! `rm`, `mkdir`, `rmdir`, `mv`, `touch`, `chmod`: what needs no data.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use ftp_cli::arguments::{Chmod, Mkdir, Mv, Rm, Rmdir, Touch};
use ftp_cli::exit::Exit;
use ftp_cli::names::is_root;
use ftp_cli::remote::Remote;
use ftp_client::mirror::{End, Item, Names, RelativePath, Tree, Walk, WalkOptions};
use ftp_client::{Error, Kind, Precision, RefusalKind, Timestamp};
use serde_json::json;

use super::client::Client;
use super::connect::Server;
use super::context::{Context, Run};
use super::directories::{make_all, name_directory};
use super::failure::{Failure, ResultExt as _};
use super::globs::expand;
use super::local;
use super::targets::{each_path, each_url, servers};

/// Do something with each path of each URL.
async fn each(
    context: &Context,
    urls: &[String],
    no_glob: bool,
    event: &str,
    work: impl AsyncFn(&mut Client, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let servers = servers(context, urls)?;
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

impl Run for Rm {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let Rm { recursive, hidden, .. } = self;
        for url in self.urls.iter().filter(|_| recursive && !self.no_preserve_root) {
            if let Some(path) = Remote::parse(url, &context.connection.encoding())?.path().filter(|path| is_root(path))
            {
                let text = format!("{path} is the root, or may be: --no-preserve-root deletes all that is in it");
                return Err(Failure::usage(text));
            }
        }
        each(context, &self.urls, self.no_glob, "rm", async |client, path| {
            if recursive && is_root(path) {
                return remove_tree(context, client, path, hidden).await;
            }
            match client.delete(path).await {
                Err(Error::Refused { kind: RefusalKind::Permanent, .. }) if recursive => {
                    remove_tree(context, client, path, hidden).await
                }
                result => match result.map(drop).context_named(format!("cannot delete {path}")) {
                    Err(failure) => Err(name_directory(client, path, failure, "rm -r deletes those").await),
                    Ok(()) => Ok(()),
                },
            }
        })
        .await
    }
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
                Err(Error::Refused { kind: RefusalKind::Permanent, .. }) if kind != Some(&Kind::SymbolicLink) => {
                    continue;
                }
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

impl Run for Mkdir {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let parents = self.parents;
        each(context, &self.urls, true, "mkdir", async |client, path| {
            let path = path.trim_end_matches('/');
            match client.make_directory(path).await {
                Err(error @ Error::Refused { kind: RefusalKind::Permanent, .. }) if parents => {
                    make_all(client, path, error).await
                }
                result => result.map(drop).context(format!("cannot make {path}")),
            }
        })
        .await
    }
}

impl Run for Rmdir {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        each(context, &self.urls, true, "rmdir", async |client, path| {
            client.remove_directory(path).await.map(drop).context_named(format!("cannot remove {path}"))
        })
        .await
    }
}

impl Run for Mv {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let server = Server::new(context, &self.from)?;
        let Some(from) = server.remote.path() else { return Err(Failure::usage("the URL names no file")) };
        let to = match Remote::is_url(&self.to) {
            false if self.to.contains('/') => self.to.clone(),
            false => server.remote.within(&self.to),
            true => {
                let target = Server::new(context, &self.to)?;
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
}

impl Run for Touch {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let time = match &self.time {
            Some(text) => parse(text)?,
            None => local::now(),
        };
        each(context, &self.urls, false, "touch", async |client, path| {
            client.set_modified(path, &time).await.map(drop).context_named(format!("cannot set the time of {path}"))
        })
        .await
    }
}

fn parse(text: &str) -> Result<Timestamp, Failure> {
    let time = DateTime::parse_from_rfc3339(text);
    let time = time
        .map_err(|error| Failure::usage(format!("--time: {text} is no time such as 2026-01-31T12:00:00Z: {error}")))?;
    Ok(Timestamp { seconds: time.timestamp(), nanoseconds: 0, precision: Precision::Second, utc: true })
}

impl Run for Chmod {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let mode = self.mode;
        each(context, &self.urls, false, "chmod", async |client, path| {
            client
                .set_permissions(path, mode)
                .await
                .map(drop)
                .context_named(format!("cannot set the permissions of {path}"))
        })
        .await
    }
}
