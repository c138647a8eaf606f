//! `rm`, `mkdir`, `rmdir`, `mv`, `touch`, `chmod`: what needs no data.

use std::collections::BTreeSet;
use std::rc::Rc;

use chrono::DateTime;
use ftp_cli::arguments::{Chmod, ConnectionOptions, Mkdir, Mv, Rm, Touch, Urls};
use ftp_cli::exit::Exit;
use ftp_cli::names::is_root;
use ftp_cli::remote::Remote;
use ftp_client::mirror::{End, RelativePath, Tree, Walk, WalkOptions};
use ftp_client::{Error, Kind, Precision, Timestamp};
use serde_json::json;

use super::Context;
use super::connect::{Client, Server};
use super::failure::{Doing as _, Failure};
use super::globs::{Meaning, expand};
use super::{hints, local};

/// Do something with each path of each URL. What fails does not keep the others from being done.
async fn each(
    context: &Context,
    urls: &[String],
    options: &ConnectionOptions,
    no_glob: bool,
    event: &str,
    work: impl AsyncFn(&mut Client, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut current: Option<(Rc<Server>, Client)> = None;
    let mut tally = Tally { is_alone: urls.len() == 1, ..Tally::default() };
    for url in urls {
        let server = Server::new(context, url, options)?;
        let is_other = current.as_ref().is_none_or(|(other, client)| !other.serves(&server) || !client.is_open());
        if is_other {
            if let Some((_, client)) = current.take() {
                client.quit().await;
            }
            let client = server.open().await?;
            current = Some((server.clone(), client));
        }
        let Some((_, client)) = &mut current else { continue };
        let paths: Vec<String> = match expand(client, &server.remote, no_glob).await {
            Ok(Meaning { meant, doubt }) => {
                tally.is_alone &= doubt.is_none();
                doubt.into_iter().for_each(|doubt| tally.add(context, doubt));
                meant.into_iter().map(|meant| meant.path).collect()
            }
            Err(failure) => {
                tally.add(context, failure);
                Vec::new()
            }
        };
        tally.is_alone &= paths.len() <= 1;
        for path in paths {
            if !client.is_open() {
                *client = server.open().await?;
            }
            match work(client, &path).await {
                Ok(()) => {
                    tally.done += 1;
                    context.out.event(&json!({ "event": event, "server": server.remote.server(), "path": path }));
                }
                Err(failure) => tally.add(context, failure),
            }
        }
    }
    if let Some((_, client)) = current {
        client.quit().await;
    }
    tally.verdict()
}

/// What became of several things.
#[derive(Default)]
struct Tally {
    /// There is only one, whose failure is the last word.
    is_alone: bool,
    done: usize,
    first: Option<Failure>,
}

impl Tally {
    /// A failure that is not the last word is reported at once.
    fn add(&mut self, context: &Context, failure: Failure) {
        if !self.is_alone {
            context.out.failure(&failure);
        }
        self.first.get_or_insert(failure);
    }

    fn verdict(self) -> Result<(), Failure> {
        match self.first {
            None => Ok(()),
            Some(failure) if self.is_alone => Err(failure),
            Some(failure) if self.done == 0 => {
                Err(Failure { text: "none of it was done".to_owned(), error: None, ..failure })
            }
            Some(_) => Err(Failure::new(Exit::Partial, "a part of it was not done")),
        }
    }
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
            result => match result.map(drop).doing_named(format!("cannot delete {path}")) {
                Err(failure) => Err(hints::directory(client, path, failure, "rm -r deletes those").await),
                Ok(()) => Ok(()),
            },
        }
    })
    .await
}

/// What is below a directory, from the bottom up, and the directory. Links are deleted, not followed. What cannot be deleted
/// is reported, and stays with the directories that it is in.
async fn remove_tree(context: &Context, client: &mut Client, path: &str, hidden: bool) -> Result<(), Failure> {
    let what = format!("cannot delete {path}");
    let mut tree = Tree::default();
    let mut walk = Walk::new(Some(path), WalkOptions { hidden, ..WalkOptions::default() });
    walk.run(client, &mut tree).await.doing(&what)?;
    let on_server = |member: &RelativePath| member.on_server(Some(path)).unwrap_or_default();
    let mut removal = Removal { context, kept: BTreeSet::new(), done: 0, first: None };
    for folder in &tree.folders {
        let failure = match &folder.end {
            End::Complete if folder.unparsed.is_empty() => continue,
            End::Failed(error) if folder.path.depth() == 0 => return Err(Failure::of_named(&what, error.clone())),
            End::Failed(error) => Failure::of_named(format!("cannot list {}", on_server(&folder.path)), error.clone()),
            _ => {
                let text = format!("cannot delete {}: not all that is in it is known", on_server(&folder.path));
                Failure::new(Exit::Refused, text)
            }
        };
        removal.keep(&folder.path, failure);
    }
    tree.items.sort_by(|one, other| other.path.cmp(&one.path));
    for item in &tree.items {
        let result = match item.kind {
            Kind::Directory if removal.kept.contains(&item.path) => continue,
            Kind::Directory => client.remove_directory(&on_server(&item.path)).await,
            _ => client.delete(&on_server(&item.path)).await,
        };
        match result.doing_named(format!("cannot delete {}", on_server(&item.path))) {
            Ok(_) => removal.done += 1,
            Err(failure) if !client.is_open() => return Err(failure),
            Err(failure) => removal.keep(&item.path, failure),
        }
    }
    if removal.first.is_none() && !is_root(path) {
        client.remove_directory(path).await.map(drop).doing_named(what)?;
    }
    if walk.is_away() {
        client.close();
    }
    removal.verdict(path)
}

/// A tree that is being deleted.
struct Removal<'a> {
    context: &'a Context,
    /// What stays, and the directories that it is in.
    kept: BTreeSet<RelativePath>,
    done: usize,
    first: Option<Failure>,
}

impl Removal<'_> {
    fn keep(&mut self, path: &RelativePath, failure: Failure) {
        self.context.out.failure(&failure);
        self.first.get_or_insert(failure);
        let mut at = Some(path.clone());
        while let Some(path) = at {
            at = path.parent();
            self.kept.insert(path);
        }
    }

    fn verdict(self, path: &str) -> Result<(), Failure> {
        let text = format!("not all of {path} was deleted");
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
            result => result.map(drop).doing(format!("cannot make {path}")),
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
    let here = unless_refused(client.current_directory().await).doing(&what)?;
    match client.change_directory(path).await {
        Ok(_) => {}
        Err(Error::Permanent(_)) => return Ok(false),
        Err(error) => return Err(Failure::of(what, error)),
    }
    let is_back = match here {
        Some(here) => unless_refused(client.change_directory(&here).await).doing(&what)?.is_some(),
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
        client.remove_directory(path).await.map(drop).doing_named(format!("cannot remove {path}"))
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
    client.rename(&from, &to).await.doing_named(format!("cannot rename {from} to {to}"))?;
    context.out.event(&json!({ "event": "mv", "server": server.remote.server(), "path": from, "to": to }));
    client.quit().await;
    Ok(())
}

pub async fn touch(context: &Context, touch: Touch) -> Result<(), Failure> {
    let time = match &touch.time {
        Some(text) => parse(text)?,
        None => local::now(),
    };
    each(context, &touch.urls, &touch.connection, false, "touch", async |client, path| {
        client.set_modified(path, &time).await.map(drop).doing_named(format!("cannot set the time of {path}"))
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
        client.set_permissions(path, mode).await.map(drop).doing_named(format!("cannot set the permissions of {path}"))
    })
    .await
}
