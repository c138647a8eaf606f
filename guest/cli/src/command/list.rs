//! `ls` and `stat`.

use ftp_cli::arguments::{LineFormat, Ls, Stat};
use ftp_cli::exit::Exit;
use ftp_cli::names;
use ftp_cli::remote::{Kind as UrlKind, Remote};
use ftp_cli::text::plain;
use ftp_client::mirror::{Lister, Look};
use ftp_client::{Entry, Error, FailureKind, Kind, Listed, RefusalKind, codes};
use serde_json::json;

use super::client::Client;
use super::context::{Context, Run};
use super::directories::{is_directory, unless_refused};
use super::failure::{Failure, ResultExt as _};
use super::globs::{Meaning, Meant, expand, leave, matching};
use super::output::Output;
use super::show;
use super::targets::{each_path, each_url, servers};

impl Run for Ls {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let servers = servers(context, &self.urls)?;
        each_url(context, &servers, async |worker, tally| {
            let remote = &worker.server.remote;
            if self.urls.len() > 1 && self.format() != LineFormat::Names && !context.out.is_json() {
                let path = remote.path().unwrap_or_default();
                context.out.line(&format!("{}/{path}:", remote.server()));
            }
            let shown = show_one(&context.out, worker.client().await?, remote, &self).await;
            tally.add(context, shown);
            Ok(())
        })
        .await
    }
}

async fn show_one(out: &Output, client: &mut Client, remote: &Remote, ls: &Ls) -> Result<(), Failure> {
    if remote.kind == Some(UrlKind::Names) {
        let names = client.names(remote.path().as_deref()).await.context_named("cannot list the names")?;
        names.iter().for_each(|name| out.line(name));
        return Ok(());
    }
    let mut lister = Lister::new(ls.hidden);
    let listed = listed(out, client, &mut lister, remote, ls).await;
    leave(&lister, client);
    show_all(out, remote, listed?, ls);
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
        match ls.format() {
            _ if out.is_json() => out.event(&show::object(&remote.within(&entry.name), entry)),
            LineFormat::Names => out.line(&entry.name),
            LineFormat::Long => out.raw(&show::long_line(entry)),
            LineFormat::Short => out.raw(&show::line(entry)),
        }
    }
    for line in unparsed {
        if out.is_json() {
            out.event(&json!({ "unparsed": line }));
        } else if ls.format() != LineFormat::Names {
            out.raw(&format!("? {}\n", plain(&line)));
        }
    }
}

/// What a URL lists: what its pattern matches, the members of a directory, or the file itself.
async fn listed(
    out: &Output,
    client: &mut Client,
    lister: &mut Lister,
    remote: &Remote,
    ls: &Ls,
) -> Result<Vec<Listed>, Failure> {
    if let Some(pattern) = &remote.pattern {
        let entries = matching(client, remote, pattern, ls.hidden).await?;
        if entries.is_empty() {
            return Err(Failure::new(Exit::Missing, format!("nothing on the server matches {pattern}")));
        }
        return Ok(entries.into_iter().map(Listed::Entry).collect());
    }
    let path = remote.path();
    let what = format!("cannot list {}", path.as_deref().unwrap_or("the login directory"));
    if let Some(directory) = path.as_deref().filter(|_| remote.name.is_empty())
        && let Some(listed) = entered(out, client, lister, directory, ls.urls.len() > 1).await?
    {
        return Ok(listed);
    }
    let listed = lister.list(client, path.as_deref()).await;
    let Some(path) = path else { return listed.map(|look| look.listing.listed).context_named(what) };
    match listed {
        Ok(look) if shows_nothing(&look) && !is_directory(client, &path).await? => {
            no_directory(client, remote, &path, look.listing.listed).await
        }
        Ok(look) => Ok(look.listing.listed),
        Err(error @ Error::Refused { .. }) if client.is_open() => match client.entry(&path).await {
            Ok(entry) if !remote.name.is_empty() && entry.kind != Kind::Directory => {
                Ok(vec![Listed::Entry(named(entry, &path))])
            }
            Ok(_) => Err(Failure::of_named(what, error)),
            Err(lost) if !client.is_open() => Err(Failure::of(what, lost)),
            Err(_) => Err(missing_or(client, &path, what, error).await?),
        },
        Err(error) => Err(Failure::of(what, error)),
    }
}

/// The members of what the URL names as a directory, where the session may go there: some servers ignore the argument of a
/// listing. It returns only where other URLs follow.
async fn entered(
    out: &Output,
    client: &mut Client,
    lister: &mut Lister,
    path: &str,
    returns: bool,
) -> Result<Option<Vec<Listed>>, Failure> {
    let what = format!("cannot list {path}");
    let home = match returns {
        true => Some(unless_refused(client.current_directory().await).context(&what)?),
        false => None,
    };
    match client.change_directory(path).await {
        Ok(_) => {}
        Err(Error::Refused { kind: RefusalKind::Permanent, .. }) => return Ok(None),
        Err(error) => return Err(Failure::of(what, error)),
    }
    let listed = lister.list(client, None).await.context_named(what);
    if let Some(home) = home.filter(|_| client.is_open())
        && let Err(error) = return_to(client, home).await
    {
        out.note(&format!("the session is closed, as it cannot return from {path}: {error}"));
        client.close();
    }
    Ok(Some(listed?.listing.listed))
}

/// (CWD) Return to a directory, if the server has reported one.
async fn return_to(client: &mut Client, home: Option<String>) -> Result<(), Error> {
    let unknown = || Error::unsupported("the server does not report the working directory");
    client.change_directory(&home.ok_or_else(unknown)?).await.map(drop)
}

/// Some servers say as a line of the listing that there is no such directory, and others list it as empty.
fn shows_nothing(look: &Look) -> bool {
    let is_unread = look.listing.listed.iter().all(|listed| matches!(listed, Listed::Unparsed(_)));
    is_unread && (!look.listing.listed.is_empty() || look.doubt.is_some())
}

/// What cannot be entered: the file of that name, or nothing. A line about a file that nothing else is known of is shown.
async fn no_directory(
    client: &mut Client,
    remote: &Remote,
    path: &str,
    listed: Vec<Listed>,
) -> Result<Vec<Listed>, Failure> {
    let missing = || Failure::new(Exit::Missing, format!("cannot list {path}: the server knows no such directory"));
    if remote.name.is_empty() {
        return Err(missing());
    }
    match client.entry(path).await {
        Ok(entry) => Ok(vec![Listed::Entry(named(entry, path))]),
        Err(error) if error.code().is_some_and(codes::is_missing) => Err(missing()),
        Err(error) => match unless_refused::<()>(Err(error)).context(format!("cannot look at {path}"))? {
            None if listed.is_empty() => Err(missing()),
            _ => Ok(listed),
        },
    }
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

impl Run for Stat {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let servers = servers(context, &self.urls)?;
        each_url(context, &servers, async |worker, tally| {
            let remote = &worker.server.remote;
            let meant = match &remote.pattern {
                Some(_) => expand(worker.client().await?, remote, false).await,
                None => Ok(Meaning::of(remote.path().unwrap_or_else(|| ".".to_owned()))),
            };
            each_path(worker, tally, meant, async |client, Meant { path, .. }| {
                let entry = look(client, remote, path).await?;
                match context.out.is_json() {
                    true => context.out.event(&show::object(path, &entry)),
                    false => context.out.raw(&show::paragraph(path, &entry)),
                }
                Ok(())
            })
            .await
        })
        .await
    }
}

/// As the server reports it by itself, else as the listing of its directory does.
async fn look(client: &mut Client, remote: &Remote, path: &str) -> Result<Entry, Failure> {
    let error = match client.entry(path).await {
        Ok(entry) => return Ok(entry),
        Err(
            error @ (Error::Refused { kind: RefusalKind::Permanent | RefusalKind::Unexpected, .. }
            | Error::Failed { kind: FailureKind::Unsupported, .. }),
        ) => error,
        Err(error) => return Err(Failure::of(format!("cannot look at {path}"), error)),
    };
    let place = path.trim_end_matches('/');
    let directory = place.rsplit_once('/').map(|(directory, _)| if directory.is_empty() { "/" } else { directory });
    let directory = directory.or(remote.directory.as_deref().filter(|_| !remote.name.is_empty()));
    let mut lister = Lister::default();
    let look = unless_refused(lister.list(client, directory).await);
    leave(&lister, client);
    let look = look.context(format!("cannot look at {path}"))?;
    let found = look.into_iter().flat_map(|look| look.listing.listed).find_map(|listed| match listed {
        Listed::Entry(entry) if entry.name == names::last(place) => Some(entry),
        _ => None,
    });
    found.ok_or_else(|| Failure::of_named(format!("cannot look at {path}"), error))
}
