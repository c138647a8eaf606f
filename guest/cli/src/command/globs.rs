//! Patterns: which files of a directory are meant.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ftp_cli::exit::Exit;
use ftp_cli::needs::parent;
use ftp_cli::remote::Remote;
use ftp_client::mirror::{Doubt, Lister};
use ftp_client::{Entry, Kind, Listed, Listing};
use globset::{Glob, GlobBuilder, GlobMatcher};

use super::client::Client;
use super::doubts::why_doubtful;
use super::failure::{Failure, ResultExt as _};
use super::local::members;

/// What a URL means: a path, and what the listing reported about it where there was one.
pub struct Meant {
    pub path: String,
    pub entry: Option<Entry>,
}

/// What a URL means, and why that may not be all.
pub struct Meaning {
    pub meant: Vec<Meant>,
    pub doubt: Option<Failure>,
}

impl Meaning {
    /// One path.
    pub fn of(path: String) -> Self {
        Self { meant: vec![Meant { path, entry: None }], doubt: None }
    }
}

/// What a URL means: one path, or the members of a directory that its pattern matches. None is a failure.
pub async fn expand(client: &mut Client, remote: &Remote, no_glob: bool) -> Result<Meaning, Failure> {
    let Some(pattern) = remote.pattern.as_deref().filter(|_| !no_glob) else {
        let Some(path) = remote.path() else { return Err(Failure::usage("the URL names no file")) };
        return Ok(Meaning::of(path));
    };
    let mut lister = Lister::default();
    let look = lister.list_twice(client, remote.directory.as_deref()).await;
    leave(&lister, client);
    let look = look.context_named(listing(remote))?;
    let doubt = look.doubt.filter(|doubt| matches!(doubt, Doubt::NoLineEnd | Doubt::NoCloseNotify | Doubt::Changed));
    let doubt = doubt.map(|doubt| {
        let text = format!("more than that may match {pattern} on the server: {}", why_doubtful(doubt));
        Failure::new(Exit::Partial, text)
    });
    let entries = members_of(look.listing, pattern)?;
    match (entries.is_empty(), doubt) {
        (true, Some(doubt)) => Err(doubt),
        (true, None) => Err(Failure::new(Exit::Missing, format!("nothing on the server matches {pattern}"))),
        (false, doubt) => {
            let meant = entries.into_iter().map(|entry| Meant { path: remote.within(&entry.name), entry: Some(entry) });
            Ok(Meaning { meant: meant.collect(), doubt })
        }
    }
}

/// The members of the URL's directory that match, by name.
pub async fn matching(
    client: &mut Client,
    remote: &Remote,
    pattern: &str,
    hidden: bool,
) -> Result<Vec<Entry>, Failure> {
    let mut lister = Lister::new(hidden);
    let look = lister.list(client, remote.directory.as_deref()).await;
    leave(&lister, client);
    members_of(look.context_named(listing(remote))?.listing, pattern)
}

/// What cannot be done.
fn listing(remote: &Remote) -> String {
    format!("cannot list {}", remote.directory.as_deref().unwrap_or("the login directory"))
}

fn members_of(listing: Listing, pattern: &str) -> Result<Vec<Entry>, Failure> {
    let matcher = matcher(pattern)?;
    let mut entries: Vec<Entry> = listing
        .listed
        .into_iter()
        .filter_map(|listed| match listed {
            Listed::Entry(entry) => Some(entry),
            _ => None,
        })
        .filter(|entry| matcher.is_match(&entry.name) && (pattern.starts_with('.') || !entry.name.starts_with('.')))
        .collect();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

/// After listings: a session that is in another directory, without a way back, is of no use for paths that do not begin at
/// the root, and so is closed.
pub fn leave(lister: &Lister, client: &mut Client) {
    if lister.is_away() {
        client.close();
    }
}

/// Whether an entry is worth a try as a file.
pub fn may_be_file(entry: &Option<Entry>) -> bool {
    entry.as_ref().is_none_or(|entry| matches!(entry.kind, Kind::File | Kind::SymbolicLink))
}

/// The files here that are meant: the path itself, or where there is none and it has a pattern, what matches. Names that
/// cannot be read are left out, and a trouble.
pub fn local(argument: &str, no_glob: bool, troubles: &mut Vec<Failure>) -> Result<Vec<PathBuf>, Failure> {
    let path = Path::new(argument);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| Failure::local("read", &path, &error)
    };
    if no_glob || !name.contains(['*', '?', '[']) || path.try_exists().map_err(unreadable(path))? {
        return Ok(vec![path.to_owned()]);
    }
    let matcher = matcher(&name)?;
    let folder = parent(path);
    let mut found = Vec::new();
    let members = members(folder).map_err(unreadable(folder))?;
    troubles.extend(members.left_out(folder));
    for member in members.names {
        let is_hidden = member.starts_with('.') && !name.starts_with('.');
        if !matcher.is_match(&member) || is_hidden {
            continue;
        }
        let place = path.with_file_name(&member);
        match fs::metadata(folder.join(&member)) {
            Ok(member) if member.is_file() => found.push(place),
            // A link to nothing is no file either.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                troubles.push(Failure::local("read", &place, &error))
            }
            _ => {}
        }
    }
    if found.is_empty() {
        return Err(Failure::new(Exit::Local, format!("nothing here matches {argument}")));
    }
    found.sort();
    Ok(found)
}

fn matcher(pattern: &str) -> Result<GlobMatcher, Failure> {
    let glob: Result<Glob, _> = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| Failure::usage(format!("the pattern {pattern} is none: {error}")))
}
