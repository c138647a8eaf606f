//! `ls` and `stat`.

use ftp_cli::arguments::{Ls, Urls};
use ftp_cli::exit::Exit;
use ftp_cli::names;
use ftp_cli::remote::{Kind as UrlKind, Remote};
use ftp_cli::text::plain;
use ftp_client::mirror::Lister;
use ftp_client::{Entry, Error, Kind, Listed};
use serde_json::json;

use super::Context;
use super::connect::{Client, Server};
use super::failure::{Doing as _, Failure};
use super::files::{is_directory, unless_refused};
use super::globs::{Meaning, Meant, expand, matching};
use super::output::Output;
use super::show;

pub async fn ls(context: &Context, ls: Ls) -> Result<(), Failure> {
    for url in &ls.urls {
        let server = Server::new(context, url, &ls.connection)?;
        let mut client = server.open().await?;
        if ls.urls.len() > 1 && !ls.names && !context.out.is_json() {
            let path = server.remote.path().unwrap_or_default();
            context.out.line(&format!("{}/{path}:", server.remote.server()));
        }
        if server.remote.kind == Some(UrlKind::Names) {
            let names = client.names(server.remote.path().as_deref()).await.doing_named("cannot list the names")?;
            names.iter().for_each(|name| context.out.line(name));
        } else {
            let listed = listed(&mut client, &server.remote, ls.hidden).await?;
            show_all(&context.out, &server.remote, listed, &ls);
        }
        client.quit().await;
    }
    Ok(())
}

/// By name; lines that were not understood come last.
fn show_all(out: &Output, remote: &Remote, listed: Vec<Listed>, ls: &Ls) {
    let mut entries = Vec::new();
    let mut unparsed = Vec::new();
    for one in listed {
        match one {
            Listed::Entry(entry) => entries.push(entry),
            Listed::Unparsed(line) => unparsed.push(line),
            Listed::Skipped => {}
        }
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    for entry in &entries {
        if out.is_json() {
            out.event(&show::object(&remote.within(&entry.name), entry));
        } else if ls.names {
            out.line(&entry.name);
        } else if ls.long {
            out.raw(&show::long_line(entry));
        } else {
            out.raw(&show::line(entry));
        }
    }
    for line in unparsed {
        if out.is_json() {
            out.event(&json!({ "unparsed": line }));
        } else if !ls.names {
            out.raw(&format!("? {}\n", plain(&line)));
        }
    }
}

/// What a URL lists: what its pattern matches, the members of a directory, or the file itself.
async fn listed(client: &mut Client, remote: &Remote, hidden: bool) -> Result<Vec<Listed>, Failure> {
    if let Some(pattern) = &remote.pattern {
        let entries = matching(client, remote, pattern, hidden).await?;
        if entries.is_empty() {
            return Err(Failure::new(Exit::Missing, format!("nothing on the server matches {pattern}")));
        }
        return Ok(entries.into_iter().map(Listed::Entry).collect());
    }
    let path = remote.path();
    let what = format!("cannot list {}", path.as_deref().unwrap_or("the login directory"));
    let listed = Lister::new(hidden).list(client, path.as_deref()).await;
    let Some(path) = path else { return listed.map(|look| look.listing.listed).doing_named(what) };
    match listed {
        Ok(look) if remote.name.is_empty() => Ok(look.listing.listed),
        Ok(look) => or_file(client, &path, look.listing.listed).await,
        Err(error @ (Error::Permanent(_) | Error::Transient(_) | Error::Unexpected(_))) if client.is_open() => {
            match client.entry(&path).await {
                Ok(entry) if !remote.name.is_empty() && entry.kind != Kind::Directory => {
                    Ok(vec![Listed::Entry(named(entry, &path))])
                }
                Ok(_) => Err(Failure::of_named(what, error)),
                Err(lost) if !client.is_open() => Err(Failure::of(what, lost)),
                Err(_) => Err(missing_or(client, &path, what, error).await?),
            }
        }
        Err(error) => Err(Failure::of(what, error)),
    }
}

/// A listing, or the file itself: of a file some servers list the file, by its name or by the path that was sent.
async fn or_file(client: &mut Client, path: &str, listed: Vec<Listed>) -> Result<Vec<Listed>, Failure> {
    let is_file = match listed.as_slice() {
        [Listed::Entry(entry)] => entry.name == names::last(path) && entry.kind != Kind::Directory,
        [Listed::Unparsed(_)] => true,
        _ => false,
    };
    if !is_file || is_directory(client, path).await? {
        return Ok(listed);
    }
    if let [Listed::Unparsed(_)] = listed.as_slice()
        && client.is_open()
        && let Some(entry) = unless_refused(client.entry(path).await).doing(format!("cannot look at {path}"))?
    {
        return Ok(vec![Listed::Entry(named(entry, path))]);
    }
    Ok(listed)
}

/// Servers refuse to list what is not there in many ways. What cannot be entered either is no directory.
async fn missing_or(client: &mut Client, path: &str, what: String, error: Error) -> Result<Failure, Failure> {
    let is_there = is_directory(client, path).await?;
    let failure = Failure::of_named(what, error);
    Ok(if is_there { failure } else { Failure { exit: Exit::Missing, ..failure } })
}

fn named(entry: Entry, path: &str) -> Entry {
    Entry { name: names::last(path).to_owned(), ..entry }
}

pub async fn stat(context: &Context, stat: Urls) -> Result<(), Failure> {
    for url in &stat.urls {
        let server = Server::new(context, url, &stat.connection)?;
        let mut client = server.open().await?;
        let Meaning { meant, doubt } = match &server.remote.pattern {
            Some(_) => expand(&mut client, &server.remote, false).await?,
            None => Meaning::of(server.remote.path().unwrap_or_else(|| ".".to_owned())),
        };
        for Meant { path, .. } in meant {
            let entry = look(&mut client, &server.remote, &path).await?;
            match context.out.is_json() {
                true => context.out.event(&show::object(&path, &entry)),
                false => context.out.raw(&show::paragraph(&path, &entry)),
            }
        }
        client.quit().await;
        Meaning::end(doubt)?;
    }
    Ok(())
}

/// As the server tells of it alone, else as the listing of its directory tells.
async fn look(client: &mut Client, remote: &Remote, path: &str) -> Result<Entry, Failure> {
    let error = match client.entry(path).await {
        Ok(entry) => return Ok(entry),
        Err(error @ (Error::Permanent(_) | Error::Unsupported(_) | Error::Unexpected(_))) => error,
        Err(error) => return Err(Failure::of(format!("cannot look at {path}"), error)),
    };
    let place = path.trim_end_matches('/');
    let directory = place.rsplit_once('/').map(|(directory, _)| if directory.is_empty() { "/" } else { directory });
    let directory = directory.or(remote.directory.as_deref().filter(|_| !remote.name.is_empty()));
    let look = unless_refused(Lister::default().list(client, directory).await);
    let look = look.doing(format!("cannot look at {path}"))?;
    let found = look.into_iter().flat_map(|look| look.listing.listed).find_map(|listed| match listed {
        Listed::Entry(entry) if entry.name == names::last(place) => Some(entry),
        _ => None,
    });
    found.ok_or_else(|| Failure::of_named(format!("cannot look at {path}"), error))
}
