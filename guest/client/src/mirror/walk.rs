//! Recursive listing of a directory on a server.

use super::lister::{Again, Lister, Look};
use super::names::Names;
use super::print::Print;
use super::tree::{Doubt, End, Folder, Item, NAME_SIZE, RelativePath, Tree, WalkLimit};
use crate::error::{Error, FailureKind, unless_refused};
use crate::limits::{WALK_DEPTH, WALK_ENTRIES, WALK_SIZE, listed_cost};
use crate::network::Network;
use crate::session::Session;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use ftp_protocol::listing::{Entry, Kind, Listed, RawEntry};
use ftp_protocol::time::Timestamp;

/// How to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkOptions {
    /// The order of the directories.
    pub order: Order,
    /// Levels below the root whose directories are listed; with 0 the root alone is.
    pub depth: usize,
    /// Members of directories that are taken.
    pub entries: usize,
    /// Go through symbolic links to directories. A link may lead anywhere, and round in circles; otherwise it is an
    /// item like any other. Some servers show links as what they lead to, and so leave no choice.
    pub follow_links: bool,
    /// Ask `LIST` for names that begin with a dot, too (`-a`). It is by itself where the server is known to take that.
    pub hidden: bool,
}

impl Default for WalkOptions {
    fn default() -> Self {
        Self {
            order: Order::BreadthFirst,
            depth: WALK_DEPTH,
            entries: WALK_ENTRIES,
            follow_links: false,
            hidden: false,
        }
    }
}

/// The order of directories. Those in one directory, like all of its members, come in the order of its listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Each level before the next.
    BreadthFirst,
    /// What is below a directory right after it.
    DepthFirst,
}

/// One directory of a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visited {
    /// Which one, and how its listing ended.
    pub folder: Folder,
    /// Its members, in the order of the listing.
    pub items: Vec<Item>,
}

/// A walk through a directory and those in it, one listing after another.
///
/// A directory that cannot be listed does not end it. The loss of the session does; with another session it goes on
/// where it was.
///
/// The session should be its own: it asks for the working directory, goes to others by `CWD` where their listing may be
/// wrong otherwise, and returns (see [`Lister`]).
///
/// It never ends in a circle: there are limits on levels and members, and a directory is not entered from within itself
/// where the server reports identities (the fact `unique`, or for links that are followed the path that `PWD` reports), nor where
/// its listing is that of the directory above. As the root has no identity, a way back to it is seen one round late.
pub struct Walk {
    root: Option<String>,
    options: WalkOptions,
    lister: Lister,
    enter: Option<Enter>,
    pending: VecDeque<Place>,
    entries: usize,
    size: usize,
    /// A limit on the whole that was reached.
    reached: Option<WalkLimit>,
}

/// Whether a directory is listed.
type Enter = Box<dyn Fn(&RelativePath) -> bool + Send>;

/// A directory to be listed.
#[derive(Clone)]
struct Place {
    path: RelativePath,
    /// The identities, where known, of the directories from the root down to this one.
    identities: Vec<Option<Arc<str>>>,
    /// What the directory above has listed.
    above: Option<Print>,
}

impl Walk {
    /// A walk from the directory `root` on the server, or from the working directory.
    pub fn new(root: Option<&str>, options: WalkOptions) -> Self {
        let start = Place { path: RelativePath::root(), identities: Vec::from([None]), above: None };
        Self {
            root: root.map(Into::into),
            options,
            lister: Lister::new(options.hidden),
            enter: None,
            pending: VecDeque::from([start]),
            entries: options.entries,
            size: WALK_SIZE,
            reached: None,
        }
    }

    /// List only the directories that this allows. The others stay items, about whose members nothing is known.
    pub fn entering(self, enter: impl Fn(&RelativePath) -> bool + Send + 'static) -> Self {
        Self { enter: Some(Box::new(enter)), ..self }
    }

    /// The next directory, or none when all were visited. An error is the loss of the session.
    pub async fn next<N: Network>(&mut self, session: &mut Session<N>) -> Result<Option<Visited>, Error> {
        let Some(place) = self.pending.front().cloned() else { return Ok(None) };
        let visited = match self.obstacle(&place) {
            Some(end) => Visited { folder: Folder { end, ..Folder::complete(place.path) }, items: Vec::new() },
            None => self.visit(session, place).await?,
        };
        Ok(Some(visited))
    }

    /// Visit all that is left, and add it to a tree. An error is the loss of the session; what was found until then is
    /// in the tree.
    pub async fn run<N: Network>(&mut self, session: &mut Session<N>, tree: &mut Tree) -> Result<(), Error> {
        while let Some(visited) = self.next(session).await? {
            tree.folders.push(visited.folder);
            tree.items.extend(visited.items);
        }
        tree.doubt_unknown_members();
        Ok(())
    }

    /// Whether the server may have names that begin with a dot and does not show them: `LIST` was used, and showed none.
    pub fn may_hide(&self) -> bool {
        self.lister.may_hide()
    }

    /// Whether sizes are numbers of bytes: those of `MLSD` are, those of `LIST` may be rounded.
    pub fn has_exact_sizes(&self) -> bool {
        self.lister.has_exact_sizes()
    }

    /// Whether the session was left in another directory, as the server reports no way back: only paths from the root mean
    /// what they did.
    pub fn is_away(&self) -> bool {
        self.lister.is_away()
    }

    /// List a directory of a tree that this walk has found once more, by the path that the server knows it by. Where the
    /// result is another one, that is a doubt about the folder. An error is the loss of the session.
    pub async fn confirm<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: &RelativePath,
        folder: &mut Folder,
    ) -> Result<(), Error> {
        let doubt = match self.again(session, path).await? {
            Some(Again { listing, .. }) if Some(Print::of(&listing)) != folder.print => Some(Doubt::Changed),
            // What is below it is compared with it.
            Some(Again { has_way: false, .. }) if path.depth() == 0 && self.root.is_some() => Some(Doubt::NoWayBack),
            Some(_) => None,
            None => Some(Doubt::Changed),
        };
        folder.confirmed |= doubt.is_none();
        folder.doubt = folder.doubt.or(doubt);
        Ok(())
    }

    /// The same for names and kinds alone, where nothing is deleted: a file may have grown meanwhile.
    pub async fn confirm_members<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: &RelativePath,
        folder: &mut Folder,
    ) -> Result<(), Error> {
        let again = self.again(session, path).await?.map(|again| Print::of(&again.listing));
        match again.zip(folder.print).is_some_and(|(again, before)| again.has_members_of(before)) {
            true => folder.whole = true,
            false => folder.doubt = folder.doubt.or(Some(Doubt::Changed)),
        }
        Ok(())
    }

    /// The names in a directory of a tree that this walk has found, by a listing that is made now: of the files that were sent
    /// there since, some servers list another name. None where not all of them are known. An error is the loss of the session.
    pub async fn names<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: &RelativePath,
    ) -> Result<Option<BTreeSet<String>>, Error> {
        let Some(Again { listing, .. }) = self.again(session, path).await? else { return Ok(None) };
        let name = |listed| match listed {
            Listed::Entry(Entry { name, .. }) => Some(Some(name)),
            Listed::Unparsed(_) => Some(None),
            Listed::Skipped => None,
        };
        Ok(listing.listed.into_iter().filter_map(name).collect())
    }

    /// (CWD, LIST, CWD) What `LIST` shows of a directory of a tree that this walk has found, by names: `MLSD` of some servers
    /// shows a link as the directory that it leads to. None where `LIST` is refused, or was used for the tree.
    pub async fn kinds<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: &RelativePath,
    ) -> Result<Option<BTreeMap<String, Kind>>, Error> {
        if !self.lister.has_exact_sizes() {
            return Ok(None);
        }
        let at = path.on_server(self.root.as_deref());
        let listed = self.lister.by_list(session, at.as_deref()).await?;
        Ok(listed.map(|listed| {
            let entries = listed.into_iter().filter_map(|listed| match listed {
                Listed::Entry(entry) => Some((entry.name, entry.kind)),
                Listed::Unparsed(_) | Listed::Skipped => None,
            });
            entries.collect()
        }))
    }

    /// One more whole listing, if there is one. An error is the loss of the session.
    async fn again<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: &RelativePath,
    ) -> Result<Option<Again>, Error> {
        let at = path.on_server(self.root.as_deref());
        match self.lister.again(session, at.as_deref()).await {
            Err(error) if !survives(session, &error).await => Err(error),
            again => Ok(again.ok().filter(|again| again.listing.is_whole())),
        }
    }

    /// Why a directory is not listed, if so. It is then done with.
    fn obstacle(&mut self, place: &Place) -> Option<End> {
        let end = self.reached.map(End::Limit).or_else(|| self.obstacle_at(place))?;
        self.pending.pop_front();
        Some(end)
    }

    fn obstacle_at(&self, place: &Place) -> Option<End> {
        if place.path.depth() > self.options.depth {
            return Some(End::Limit(WalkLimit::Depth));
        }
        if let Some(Err(bad)) = place.path.name().map(|name| Names::default().check(name)) {
            return Some(End::Unsafe(bad));
        }
        let (own, above) = place.identities.split_last()?;
        own.as_ref()?;
        let depth = above.iter().position(|identity| identity == own)?;
        Some(End::Cycle(place.path.ancestor(depth)))
    }

    async fn visit<N: Network>(&mut self, session: &mut Session<N>, place: Place) -> Result<Visited, Error> {
        let mut folder = Folder::complete(place.path.clone());
        let at = place.path.on_server(self.root.as_deref());
        let look = match self.lister.list_below(session, at.as_deref(), place.above).await {
            Ok(look) => Some(look),
            Err(error) if survives(session, &error).await => {
                folder.end = self.failed(error);
                None
            }
            Err(error) => return Err(error),
        };
        let above = look.as_ref().map(|look| look.print);
        let listed = look.map_or_else(Vec::new, |look| listed(look, &mut folder));
        let mut items = Vec::new();
        let mut below = Vec::new();
        for listed in listed {
            if let Err(limit) = self.take(cost(&place.path, &listed)) {
                folder.end = End::Limit(limit);
                break;
            }
            let entry = match listed {
                Listed::Entry(entry) => entry,
                Listed::Unparsed(line) => {
                    folder.unparsed.push(line);
                    continue;
                }
                Listed::Skipped => continue,
            };
            let (item, identity) = self.item(session, &place, entry).await?;
            if item.kind == Kind::Directory && self.enter.as_ref().is_none_or(|enter| enter(&item.path)) {
                let identities = place.identities.iter().cloned().chain([identity]).collect();
                below.push(Place { path: item.path.clone(), identities, above });
            }
            items.push(item);
        }
        // From here on the directory is done with: until then the session may get lost.
        self.pending.pop_front();
        match self.options.order {
            Order::BreadthFirst => self.pending.extend(below),
            Order::DepthFirst => below.into_iter().rev().for_each(|place| self.pending.push_front(place)),
        }
        Ok(Visited { folder, items })
    }

    /// One more member, with what it takes in memory.
    fn take(&mut self, cost: usize) -> Result<(), WalkLimit> {
        let Some(entries) = self.entries.checked_sub(1) else { return self.reach(WalkLimit::Entries) };
        self.entries = entries;
        self.spend(cost)
    }

    fn spend(&mut self, cost: usize) -> Result<(), WalkLimit> {
        let Some(size) = self.size.checked_sub(cost) else { return self.reach(WalkLimit::Size) };
        self.size = size;
        Ok(())
    }

    fn reach(&mut self, limit: WalkLimit) -> Result<(), WalkLimit> {
        self.reached = Some(limit);
        Err(limit)
    }

    /// A reply can be long.
    fn failed(&mut self, error: Error) -> End {
        let cost = match &error {
            Error::Refused { reply, .. } => reply.lines.iter().map(|line| listed_cost(line)).sum(),
            _ => 0,
        };
        match self.spend(cost) {
            Ok(()) => End::Failed(error),
            Err(limit) => End::Limit(limit),
        }
    }

    /// What was listed, and its identity. A link that is followed is what it leads to, if that can be told.
    async fn item<N: Network>(
        &self,
        session: &mut Session<N>,
        place: &Place,
        entry: Entry,
    ) -> Result<(Item, Option<Arc<str>>), Error> {
        let path = place.path.child(&entry.name);
        let identity = entry.unique_id.as_deref().map(Arc::from);
        let item = Item { path, kind: entry.kind, size: entry.size, modified: entry.modified };
        let is_safe = Names::default().check(&entry.name).is_ok();
        if entry.kind != Kind::SymbolicLink || !self.options.follow_links || !is_safe {
            return Ok((item, identity));
        }
        let Some(at) = item.path.on_server(self.root.as_deref()) else { return Ok((item, identity)) };
        // The size and the time were those of the link.
        match target(session, &at).await? {
            Target::Directory(identity) => {
                Ok((Item { kind: Kind::Directory, size: None, modified: None, ..item }, identity))
            }
            Target::File { size, modified } => Ok((Item { kind: Kind::File, size, modified, ..item }, None)),
            Target::Unknown => Ok((item, None)),
        }
    }
}

/// List a directory on the server, or the working directory, and all that are in it.
///
/// An error is the loss of the session. Where the root itself could not be listed, the tree says so.
pub async fn walk<N: Network>(
    session: &mut Session<N>,
    root: Option<&str>,
    options: WalkOptions,
) -> Result<Tree, Error> {
    let mut tree = Tree::default();
    Walk::new(root, options).run(session, &mut tree).await?;
    Ok(tree)
}

/// What was listed of a directory. Nothing of it is taken where it is the directory above.
fn listed(look: Look, folder: &mut Folder) -> Vec<Listed> {
    look.note(folder);
    if look.is_above {
        folder.end = End::Cycle(folder.path.parent().unwrap_or_default());
        return Vec::new();
    }
    look.listing.listed
}

/// What a member takes: as an item, and as a directory that is still to be visited. Each name above is shared.
fn cost(directory: &RelativePath, listed: &Listed) -> usize {
    let entry = match listed {
        Listed::Entry(entry) => entry,
        Listed::Unparsed(line) => return listed_cost(line),
        Listed::Skipped => return 0,
    };
    let path = directory.depth().saturating_mul(3 * NAME_SIZE);
    let texts = listed_cost(&entry.name).saturating_add(entry.unique_id.as_deref().map_or(0, listed_cost));
    texts.saturating_add(path).saturating_add(2 * size_of::<Item>())
}

/// What a link leads to.
enum Target {
    Directory(Option<Arc<str>>),
    File { size: Option<u64>, modified: Option<Timestamp> },
    Unknown,
}

async fn target<N: Network>(session: &mut Session<N>, path: &str) -> Result<Target, Error> {
    let told = unless_refused(session.entry(path).await)?;
    match told {
        // Without `MLST` it was found out by entering it, and which one it is by asking there.
        Some(Entry { kind: Kind::Directory, unique_id, raw: RawEntry::Facts(facts), .. }) if !facts.is_empty() => {
            return Ok(Target::Directory(unique_id.map(Arc::from)));
        }
        Some(Entry { kind: Kind::File, size, modified, .. }) => return Ok(Target::File { size, modified }),
        Some(_) | None => {}
    }
    // A listing would not do: that of a file is the file itself, and that of nothing may be empty.
    if let Some(there) = unless_refused(go_there(session, path).await)? {
        return Ok(Target::Directory(there.map(|path| format!("PWD {path}").into())));
    }
    // Without `MLST` it was asked for already.
    if told.is_some()
        && let Some(size) = unless_refused(session.size(path).await)?
    {
        return Ok(Target::File { size: Some(size), modified: None });
    }
    Ok(Target::Unknown)
}

/// (PWD, CWD, PWD, CWD) Go to a directory and back. Gives the path that the server reports there.
async fn go_there<N: Network>(session: &mut Session<N>, path: &str) -> Result<Option<String>, Error> {
    let home = session.current_directory().await?;
    session.change_directory(path).await?;
    let there = unless_refused(session.current_directory().await)?;
    match session.change_directory(&home).await {
        Ok(_) => Ok(there),
        Err(error) if error.is_refusal() => {
            // Whatever is relative to the working directory means something else now.
            session.close();
            Err(Error::no_way_back(format!("there is no way back to {home:?}: {error}")))
        }
        Err(error) => Err(error),
    }
}

/// Whether the session is still good after an error.
async fn survives<N: Network>(session: &mut Session<N>, error: &Error) -> bool {
    match error {
        error if error.is_refusal() => true,
        Error::Failed { kind: FailureKind::Busy | FailureKind::Closed, .. } => false,
        _ => unless_refused(session.noop().await).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reply;

    #[test]
    fn memory_has_a_limit_that_everything_counts_against() {
        let lines = Vec::from(["x".repeat(1000)]);
        let mut walk = Walk { size: 2500, ..Walk::new(None, WalkOptions::default()) };
        assert_eq!(walk.take(cost(&RelativePath::root(), &Listed::Unparsed("x".repeat(1000)))), Ok(()));
        let refusal = Error::permanent(Reply { code: 550, lines });
        assert_eq!(walk.failed(refusal.clone()), End::Failed(refusal.clone()));
        assert_eq!(walk.failed(refusal), End::Limit(WalkLimit::Size));
        // From now on nothing is listed.
        let place = walk.pending.front().cloned();
        assert_eq!(place.and_then(|place| walk.obstacle(&place)), Some(End::Limit(WalkLimit::Size)));
        assert!(walk.pending.is_empty());
    }
}
