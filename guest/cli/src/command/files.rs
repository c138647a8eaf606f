//! `rm`, `mkdir`, `rmdir`, `mv`, `touch`, `chmod`: what needs no data.

use std::rc::Rc;

use chrono::DateTime;
use ftp_cli::arguments::{Chmod, ConnectionOptions, Mkdir, Mv, Rm, Touch, Urls};
use ftp_cli::exit::Exit;
use ftp_cli::remote::Remote;
use ftp_client::mirror::{End, RelativePath, Tree, Walk, WalkOptions};
use ftp_client::{Error, Kind, Precision, Timestamp};
use serde_json::json;

use super::Context;
use super::connect::{Client, Server};
use super::failure::{Doing as _, Failure};
use super::globs::expand;
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
    let (mut done, mut first) = (0, None);
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
        let paths = match expand(client, &server.remote, no_glob).await {
            Ok(meant) => meant.into_iter().map(|meant| meant.path).collect(),
            Err(failure) => {
                report(context, urls, &failure);
                first.get_or_insert(failure);
                Vec::new()
            }
        };
        for path in paths {
            match work(client, &path).await {
                Ok(()) => {
                    done += 1;
                    context.out.event(&json!({ "event": event, "server": server.remote.server(), "path": path }));
                }
                Err(failure) => {
                    report(context, urls, &failure);
                    first.get_or_insert(failure);
                }
            }
        }
    }
    if let Some((_, client)) = current {
        client.quit().await;
    }
    match first {
        None => Ok(()),
        Some(failure) if urls.len() == 1 && done == 0 => Err(failure),
        Some(failure) if done == 0 => Err(Failure { text: "none of it was done".to_owned(), ..failure }),
        Some(_) => Err(Failure::new(Exit::Partial, "a part of it was not done")),
    }
}

/// A failure that is not the last word is told at once.
fn report(context: &Context, urls: &[String], failure: &Failure) {
    if urls.len() > 1 {
        context.out.failure(failure);
    }
}

pub async fn rm(context: &Context, rm: Rm) -> Result<(), Failure> {
    let recursive = rm.recursive;
    each(context, &rm.urls, &rm.connection, rm.no_glob, "rm", async |client, path| match client.delete(path).await {
        Err(Error::Permanent(_)) if recursive => remove_tree(client, path).await,
        result => match result.map(drop).doing_named(format!("cannot delete {path}")) {
            Err(failure) => Err(hints::directory(client, path, failure, "rm -r deletes those").await),
            Ok(()) => Ok(()),
        },
    })
    .await
}

/// What is below a directory, from the bottom up, and the directory. Links are deleted, not followed.
async fn remove_tree(client: &mut Client, path: &str) -> Result<(), Failure> {
    let what = format!("cannot delete {path}");
    let mut tree = Tree::default();
    Walk::new(Some(path), WalkOptions::default()).run(client, &mut tree).await.doing(&what)?;
    for folder in &tree.folders {
        match &folder.end {
            End::Complete if folder.unparsed.is_empty() => {}
            End::Failed(error) => return Err(Failure::of_named(&what, error.clone())),
            _ => return Err(Failure::new(Exit::Refused, format!("{what}: not all that is in it is known"))),
        }
    }
    tree.items.sort_by(|one, other| other.path.cmp(&one.path));
    let on_server = |member: &RelativePath| member.on_server(Some(path)).unwrap_or_default();
    for item in &tree.items {
        let place = on_server(&item.path);
        let result = match item.kind {
            Kind::Directory => client.remove_directory(&place).await,
            _ => client.delete(&place).await,
        };
        result.doing_named(format!("cannot delete {place}"))?;
    }
    client.remove_directory(path).await.map(drop).doing_named(what)
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
        Some(error) if !is_directory(client, path).await => Err(Failure::of(format!("cannot make {path}"), error)),
        _ => Ok(()),
    }
}

/// Whether it can be entered. The session stays where it was, as far as the server lets it.
pub async fn is_directory(client: &mut Client, path: &str) -> bool {
    let Ok(here) = client.current_directory().await else { return false };
    client.change_directory(path).await.is_ok() && client.change_directory(&here).await.is_ok()
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
