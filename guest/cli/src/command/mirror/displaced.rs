//! Between the transfers and the deletes: whether what was sent is listed by the name by which it was sent.
//!
//! A server that does not distinguish upper and lower case, decomposes characters or cuts names lists another one. The next mirror,
//! or this one, would take that for a file that is not here, and delete what was sent.

use std::collections::{BTreeMap, BTreeSet};

use ftp_cli::names::is_temporary;
use ftp_client::mirror::{Folder, Likenesses, Plan, RelativePath, Side, Step, Tree, Walk};

use super::super::client::Client;
use super::super::failure::{Failure, ResultExt as _};
use super::super::local;
use super::texts::{ANYWAY, place};
use super::{Work, is_delete};

type Names = BTreeSet<String>;

/// Why nothing is deleted, and what to do about it.
type Why = (String, String);

/// A directory of the target, in which something was sent or whose listing came in one way only.
struct Place<'a> {
    path: RelativePath,
    /// The names of what was transferred or made there.
    sent: &'a Names,
    before: Names,
    now: Names,
    /// The first listing is to be compared with this one.
    is_unconfirmed: bool,
}

impl Work<'_> {
    /// Why nothing is to be deleted, if so; without anything to delete, what is not where it was sent. Each directory is listed
    /// in which something is to be deleted, and each above it, if something was sent there, or if its listing came in one way
    /// only; and each to which names were sent that may be one file. `target` is what was there before.
    pub(super) async fn displaced(
        &self,
        plan: &Plan,
        deletes: &[&Step],
        target: &Tree,
        walk: &mut Walk,
        mut client: Option<&mut Client>,
    ) -> Result<Option<Why>, Failure> {
        let sent = sent(plan);
        let is_compared = client.is_some() && !deletes.is_empty() && !self.mirror.delete_unconfirmed;
        let is_in_doubt = |folder: &&Folder| is_compared && !folder.confirmed;
        let unconfirmed: BTreeSet<&RelativePath> =
            target.folders.iter().filter(is_in_doubt).map(|folder| &folder.path).collect();
        let mut places = places(deletes, &sent, &unconfirmed);
        places.extend(suspects(&sent, target).into_iter().map(|path| (path, Names::new())));
        for (path, before) in with_members(places, target) {
            let at = place(&path);
            let now = match &mut client {
                Some(client) => walk.names(client, &path).await.context(format!("cannot list {at} once more"))?,
                None => Some(self.names_here(&path)?),
            };
            let Some(now) = now else {
                return Ok(Some((format!("{at} cannot be listed once more"), "another run does".to_owned())));
            };
            let is_unconfirmed = unconfirmed.contains(&path);
            let place = Place { sent: sent.get(&path).unwrap_or(&NONE), path, before, now, is_unconfirmed };
            if let Some(why) = self.displaced_in(&place) {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    fn displaced_in(&self, place: &Place<'_>) -> Option<Why> {
        let Place { sent, before, now, .. } = place;
        // A server may have names that begin with a dot, and not list them.
        let is_hidden = |name: &str| name.starts_with('.') && !now.iter().any(|name| name.starts_with('.'));
        let is_missing = |name: &&String| !(now.contains(*name) || self.mirror.delete_unconfirmed && is_hidden(name));
        if let Some(name) = sent.iter().find(is_missing) {
            return Some(match is_hidden(name) {
                true => {
                    let why = format!("the server does not list {}, which was sent", place.path.child(name));
                    (why, format!("--hidden asks for names that begin with a dot, and {ANYWAY}"))
                }
                false => (self.other_name(name, place), "rename it at the source".to_owned()),
            });
        }
        let is_changed = |name: &String| !is_temporary(name) && now.contains(name) != before.contains(name);
        let is_other = place.is_unconfirmed && now.union(before).any(|name| !sent.contains(name) && is_changed(name));
        is_other.then(|| {
            let why = format!("the listing of {} was another one the second time", super::texts::place(&place.path));
            (why, format!("another run does, and {ANYWAY}"))
        })
    }

    /// A name that was sent and is not listed, and the one that is listed instead, as far as one can see.
    fn other_name(&self, name: &str, place: &Place<'_>) -> String {
        let whose = if self.side_of_server == Side::Target { "the server" } else { "the system" };
        let path = place.path.child(name);
        let like = Likenesses::from_iter([name]);
        let mut new = place.now.iter().filter(|name| !place.before.contains(*name) && !place.sent.contains(*name));
        let only = new.next().filter(|_| new.next().is_none());
        match place.now.iter().find(|other| like.has(other)).or(only) {
            Some(other) => format!("{whose} lists {path} as {other}"),
            None => format!("{whose} does not list {path}, which was sent, and may list it by another name"),
        }
    }

    fn names_here(&self, directory: &RelativePath) -> Result<Names, Failure> {
        let folder = self.place(directory)?;
        let members = local::members(&folder).map_err(|error| Failure::local("read", &folder, &error))?;
        Ok(members.names.into_iter().collect())
    }
}

static NONE: Names = Names::new();

/// Whether there is anything to look at where nothing is to be deleted.
pub(super) fn has_suspects(plan: &Plan, target: &Tree) -> bool {
    !suspects(&sent(plan), target).is_empty()
}

/// What was transferred or made, by directories.
fn sent(plan: &Plan) -> BTreeMap<RelativePath, Names> {
    let mut sent = BTreeMap::<_, Names>::new();
    for step in plan.steps.iter().filter(|step| !is_delete(step)) {
        if let (Some(directory), Some(name)) = (step.path().parent(), step.path().name()) {
            sent.entry(directory).or_default().insert(name.to_owned());
        }
    }
    sent
}

/// The directories to be listed, and the names that were in each before.
fn places(
    deletes: &[&Step],
    sent: &BTreeMap<RelativePath, Names>,
    unconfirmed: &BTreeSet<&RelativePath>,
) -> BTreeMap<RelativePath, Names> {
    let mut places = BTreeMap::<_, Names>::new();
    for step in deletes {
        let mut above = step.path().parent();
        let directory = above.clone().filter(|directory| unconfirmed.contains(directory));
        places.extend(directory.map(|directory| (directory, Names::new())));
        while let Some(directory) = above {
            above = directory.parent();
            if sent.contains_key(&directory) {
                places.insert(directory, Names::new());
            }
        }
    }
    places
}

/// The directories to which names were sent that may be one file there: two of them, or one and another that was there before.
fn suspects(sent: &BTreeMap<RelativePath, Names>, target: &Tree) -> Vec<RelativePath> {
    let places = sent.keys().map(|path| (path.clone(), Names::new())).collect();
    let before = with_members(places, target);
    let is_suspect = |path: &RelativePath, sent: &Names| {
        let mut like = Likenesses::default();
        for name in sent {
            if like.has(name) {
                return true;
            }
            like.insert(name);
        }
        before.get(path).is_some_and(|before| before.iter().any(|name| !sent.contains(name) && like.has(name)))
    };
    sent.iter().filter(|(path, sent)| is_suspect(path, sent)).map(|(path, _)| path.clone()).collect()
}

fn with_members(mut places: BTreeMap<RelativePath, Names>, target: &Tree) -> BTreeMap<RelativePath, Names> {
    for item in &target.items {
        if let (Some(directory), Some(name)) = (item.path.parent(), item.path.name())
            && let Some(names) = places.get_mut(&directory)
        {
            names.insert(name.to_owned());
        }
    }
    places
}
