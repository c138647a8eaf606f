//! The listing of the right directory: what one command answers is compared with what another one does, where it may be wrong.

use super::print::Print;
use super::tree::{Doubt, Folder};
use crate::data::ListingEnd;
use crate::error::{Error, RefusalKind, unless_refused};
use crate::listing::{ListOptions, Listing, ListingCommand};
use crate::network::Network;
use crate::session::Session;
use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use ftp_protocol::listing::{Entry, Kind, Listed, Parser};
use ftp_protocol::path::may_be_misread;

/// Lists directories on a session that belongs to it while it does.
///
/// Some servers take the argument of `LIST` or `MLSD` for a pattern, others ignore it. So a directory is entered, and listed
/// without an argument, when its path may be taken for something else, and when the listing is empty or has the names of that
/// of the directory above. Afterwards the session returns to where it was.
#[derive(Debug, Default)]
pub struct Lister {
    /// `LIST` has the option `-a`.
    all: bool,
    /// Whether the greeting was looked at for servers that are known to take that option.
    has_looked: bool,
    /// What `PWD` reports where the session begins, once it was asked for; none where that is of no use.
    home: Option<Option<String>>,
    /// There is no way back to where the session was.
    is_away: bool,
    /// `LIST` was used, which may leave out names that begin with a dot.
    used_list: bool,
    /// It showed one.
    has_hidden: bool,
}

/// The listing of a directory, and what is to be thought of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The listing.
    pub listing: Listing,
    /// Why it may be wrong.
    pub doubt: Option<Doubt>,
    /// Nothing is gained by another one: it came twice, or inside TLS and not by its path, which the server may ignore.
    pub confirmed: bool,
    /// It is that of the directory above, and nothing shows that this is another one.
    pub(crate) is_above: bool,
    pub(crate) print: Print,
}

/// What came of going to a directory.
enum Entered {
    Listed(Inside),
    /// It is none, or it may be read and not entered.
    Refused(Error),
    /// Nobody knows how the server calls it from the root.
    Unknown,
}

/// What a directory that was entered has shown.
struct Inside {
    listing: Listing,
    /// Where the first is empty, and may be so by mistake.
    second: Option<Listing>,
    /// It is that of the directory above, and `PWD` does not report another one.
    is_above: bool,
}

impl Lister {
    /// One that begins in the login directory. With `all`, `LIST` is asked for names that begin with a dot (`-a`), which
    /// it is by itself where the server is known to take that.
    pub fn new(all: bool) -> Self {
        Self { all, ..Self::default() }
    }

    /// Whether the server may have names that begin with a dot and does not show them.
    pub fn may_hide(&self) -> bool {
        self.used_list && !self.has_hidden
    }

    /// Whether all sizes came by `MLSD`.
    pub fn has_exact_sizes(&self) -> bool {
        !self.used_list
    }

    /// The session is in another directory than before, and there is no way back: only paths from the root mean what they
    /// did.
    pub fn is_away(&self) -> bool {
        self.is_away
    }

    /// List a directory, or the working directory. A refusal of the listing or of the directory is an error that leaves the
    /// session open.
    pub async fn list<N: Network>(&mut self, session: &mut Session<N>, path: Option<&str>) -> Result<Look, Error> {
        self.list_below(session, path, None).await
    }

    /// As [`Self::list`], and in the clear once more: nothing else shows that a listing was cut off where a line ends. Other
    /// members are a doubt.
    pub async fn list_twice<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: Option<&str>,
    ) -> Result<Look, Error> {
        let mut look = self.list(session, path).await?;
        if look.is_whole() || look.doubt.is_some() {
            return Ok(look);
        }
        let again = self.again(session, path).await?.listing;
        match again.is_whole() && Print::of(&again).has_members_of(look.print) {
            true => look.confirmed = true,
            false => look.doubt = Some(Doubt::Changed),
        }
        Ok(look)
    }

    /// As [`Self::list`], below a directory whose listing was `above`.
    pub(crate) async fn list_below<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: Option<&str>,
        above: Option<Print>,
    ) -> Result<Look, Error> {
        if self.is_away && !path.is_some_and(|path| path.starts_with('/')) {
            session.close();
            return Err(Error::no_way_back("the server does not report the working directory"));
        }
        let mut first = None;
        if !path.is_some_and(may_be_misread) {
            let listing = self.once(session, path).await?;
            let is_other = match above {
                Some(above) => above.has_names_of(Print::of(&listing)),
                None => path.is_some_and(|path| may_be_above(&listing, path)),
            };
            if !listing.listed.is_empty() && !is_other {
                let look = Look::of(listing, None);
                return Ok(Look { confirmed: look.confirmed && path.is_none(), ..look });
            }
            first = Some(listing);
        }
        // Where the server may take an option for a name, an empty listing says nothing.
        let twice = self.all || first.as_ref().is_none_or(|first| !first.listed.is_empty());
        match self.entered(session, path, twice, above).await? {
            Entered::Listed(inside) => Ok(self.look(path, inside, first, above)),
            Entered::Refused(refusal) => self.not_entered(session, path, above, first, Some(refusal)).await,
            Entered::Unknown => self.not_entered(session, path, above, first, None).await,
        }
    }

    /// What the listing by argument is worth, of a directory that the server does not let the session enter, or from which
    /// there would be no way back.
    async fn not_entered<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: Option<&str>,
        above: Option<Print>,
        first: Option<Listing>,
        refusal: Option<Error>,
    ) -> Result<Look, Error> {
        let was_misread = first.is_none();
        let listing = match first {
            Some(first) => first,
            None => self.once(session, path).await?,
        };
        let is_above = above.is_some_and(|above| above.has_names_of(Print::of(&listing)));
        match refusal {
            // An argument was ignored, and what it names is not there.
            Some(refusal) if listing.listed.is_empty() || !was_misread && above.is_none() => Err(refusal),
            _ if is_above => Ok(Look { is_above, ..Look::of(listing, Some(Doubt::LikeParent)) }),
            None if !was_misread => Ok(Look::of(listing, Some(Doubt::NoWayBack))),
            _ => Ok(Look::of(listing, Some(Doubt::NotEntered))),
        }
    }

    /// List a directory once more, in another way where there is one.
    pub(crate) async fn again<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: Option<&str>,
    ) -> Result<Again, Error> {
        match self.entered(session, path, false, None).await? {
            Entered::Listed(inside) => Ok(Again { listing: inside.listing, has_way: true }),
            Entered::Refused(_) => Ok(Again { listing: self.once(session, path).await?, has_way: true }),
            Entered::Unknown => Ok(Again { listing: self.once(session, path).await?, has_way: false }),
        }
    }

    /// (PWD, CWD, LIST, CWD) A directory by `LIST`, also where `MLSD` is there. None where that is refused.
    pub(crate) async fn by_list<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: Option<&str>,
    ) -> Result<Option<Vec<Listed>>, Error> {
        let Some(path) = path else { return by_list(session, None).await };
        let Some(absolute) = self.absolute(session, path).await? else { return by_list(session, Some(path)).await };
        match session.change_directory(&absolute).await {
            Ok(_) => {}
            Err(Error::Refused { kind: RefusalKind::Permanent, .. }) => return by_list(session, Some(path)).await,
            Err(error) => return Err(error),
        }
        let listed = by_list(session, None).await;
        if session.is_open() {
            self.go_home(session).await?;
        }
        listed
    }

    /// What the listing of a directory that was entered is worth, beside the one by argument and that of the directory above.
    fn look(&mut self, path: Option<&str>, inside: Inside, first: Option<Listing>, above: Option<Print>) -> Look {
        let Inside { listing, second, is_above } = inside;
        if !listing.listed.is_empty() {
            // Of the working directory, both came in the same way.
            let has_changed = path.is_none() && first.is_some();
            let doubt = match above == Some(Print::of(&listing)) {
                true => Some(Doubt::LikeParent),
                false => has_changed.then_some(Doubt::Changed),
            };
            return Look { is_above, ..Look::of(listing, doubt) };
        }
        match second {
            Some(second) if !second.listed.is_empty() => {
                let doubt = (!self.all).then_some(Doubt::Changed);
                self.all = false;
                Look::of(second, doubt)
            }
            second => {
                let mut others = first.iter().chain(&second);
                let is_refused = listing.no_files.is_some() || others.any(|other| other.no_files.is_some());
                Look { confirmed: true, ..Look::of(listing, is_refused.then_some(Doubt::Refused)) }
            }
        }
    }

    /// (MLSD, LIST) One listing.
    async fn once<N: Network>(&mut self, session: &mut Session<N>, path: Option<&str>) -> Result<Listing, Error> {
        if !self.has_looked {
            self.has_looked = true;
            self.all |= session.welcome().lines.iter().any(|line| line.contains("vsFTPd"));
        }
        let all = self.all;
        let listing = match session.list(path, ListOptions { all, ..ListOptions::default() }).await {
            // The option may be what it does not like.
            Err(Error::Refused { kind: RefusalKind::Permanent, .. }) if all => {
                let listing = session.list(path, ListOptions::default()).await?;
                self.all = false;
                listing
            }
            listing => listing?,
        };
        if listing.command == ListingCommand::List {
            self.used_list = true;
            self.has_hidden |= listing.shows_hidden();
        }
        Ok(listing)
    }

    /// (PWD, CWD, MLSD or LIST, CWD) Go to a directory, list it without an argument, and return. With `twice` an empty one is
    /// listed once more.
    async fn entered<N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: Option<&str>,
        twice: bool,
        above: Option<Print>,
    ) -> Result<Entered, Error> {
        let Some(path) = path else {
            let (listing, second) = self.here(session, twice).await?;
            return Ok(Entered::Listed(Inside { listing, second, is_above: false }));
        };
        let Some(absolute) = self.absolute(session, path).await? else { return Ok(Entered::Unknown) };
        match session.change_directory(&absolute).await {
            Ok(_) => {}
            Err(refusal @ Error::Refused { kind: RefusalKind::Permanent, .. }) => return Ok(Entered::Refused(refusal)),
            Err(error) => return Err(error),
        }
        let inside = match self.here(session, twice).await {
            Ok((listing, second)) if above == Some(Print::of(&listing)) && !listing.listed.is_empty() => {
                let there = unless_refused(session.current_directory().await)?;
                let is_there = |there: String| there.trim_end_matches('/') == absolute.trim_end_matches('/');
                Ok(Inside { listing, second, is_above: !there.is_some_and(is_there) })
            }
            Ok((listing, second)) => Ok(Inside { listing, second, is_above: false }),
            Err(error) => Err(error),
        };
        if session.is_open() {
            self.go_home(session).await?;
        }
        inside.map(Entered::Listed)
    }

    /// The working directory; and once more without `-a`, as some servers take that for a name.
    async fn here<N: Network>(
        &mut self,
        session: &mut Session<N>,
        twice: bool,
    ) -> Result<(Listing, Option<Listing>), Error> {
        let listing = self.once(session, None).await?;
        let second = match twice && listing.listed.is_empty() {
            true => Some(session.list(None, ListOptions::default()).await?),
            false => None,
        };
        Ok((listing, second))
    }

    /// The path from the root, if that can be known.
    async fn absolute<'a, N: Network>(
        &mut self,
        session: &mut Session<N>,
        path: &'a str,
    ) -> Result<Option<Cow<'a, str>>, Error> {
        let home = match &self.home {
            Some(home) => home.clone(),
            None => unless_refused(session.current_directory().await)?,
        };
        self.home = Some(home.clone());
        if path.starts_with('/') {
            return Ok(Some(path.into()));
        }
        Ok(home.map(|home| {
            let below = path.strip_prefix("./").unwrap_or(path);
            match (home.starts_with('/'), home.ends_with('/')) {
                // Of another kind: from there it is the path that it was.
                (false, _) => path.into(),
                (true, true) => format!("{home}{below}").into(),
                (true, false) => format!("{home}/{below}").into(),
            }
        }))
    }

    async fn go_home<N: Network>(&mut self, session: &mut Session<N>) -> Result<(), Error> {
        let Some(home) = self.home.clone().flatten() else {
            self.is_away = true;
            return Ok(());
        };
        match session.change_directory(&home).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_refusal() => {
                // Whatever is relative to the working directory means something else now.
                session.close();
                Err(Error::no_way_back(format!("there is no way back to {home:?}: {error}")))
            }
            Err(error) => Err(error),
        }
    }
}

impl Look {
    fn of(listing: Listing, doubt: Option<Doubt>) -> Self {
        let own = match &listing {
            listing if !listing.has_line_end => Some(Doubt::NoLineEnd),
            listing if listing.end == ListingEnd::Cut => Some(Doubt::NoCloseNotify),
            listing if listing.no_files.is_some() => Some(Doubt::Refused),
            _ => None,
        };
        let print = Print::of(&listing);
        let confirmed = listing.end == ListingEnd::Sealed;
        Self { listing, doubt: doubt.or(own), confirmed, is_above: false, print }
    }

    /// Nothing was cut off: it ended as TLS ends, or came twice.
    fn is_whole(&self) -> bool {
        self.confirmed || self.listing.end == ListingEnd::Sealed
    }

    /// Write down how the listing ended.
    pub(crate) fn note(&self, folder: &mut Folder) {
        folder.doubt = self.doubt;
        folder.confirmed = self.confirmed;
        folder.whole = self.is_whole();
        folder.print = Some(self.print);
    }
}

/// A listing that came once more.
pub(crate) struct Again {
    pub(crate) listing: Listing,
    /// It could have been made in another way. Without one, both may be those of another directory.
    pub(crate) has_way: bool,
}

async fn by_list<N: Network>(session: &mut Session<N>, path: Option<&str>) -> Result<Option<Vec<Listed>>, Error> {
    let encoding = session.settings().encoding;
    let lines = match session.listing(path).await {
        Err(Error::Refused { kind: RefusalKind::Permanent, .. }) => return Ok(None),
        lines => lines?,
    };
    let mut parser = Parser::new(encoding, N::wall_clock());
    let mut listed = Vec::new();
    for line in lines.iter().filter_map(|line| encoding.encode(line).ok()) {
        parser.line(&line, &mut listed);
    }
    parser.end(&mut listed);
    Ok(Some(listed))
}

/// Whether this may be the directory that a path begins in, or another one on the way: it has a directory by a name of the path.
fn may_be_above(listing: &Listing, path: &str) -> bool {
    let is_on_the_way = |entry: &Entry| {
        matches!(entry.kind, Kind::Directory | Kind::SymbolicLink) && path.split('/').any(|name| name == entry.name)
    };
    listing.listed.iter().any(|listed| matches!(listed, Listed::Entry(entry) if is_on_the_way(entry)))
}
