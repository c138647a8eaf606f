//! Listings of directories.

use super::{Live, Session};
use crate::commands::GetCommand;
use crate::error::Error;
use crate::lines::{self, Budget, Entries, cost, without_returns};
use crate::listing::{ListOptions, Listing, ListingWay, Moves};
use crate::network::Network;
use alloc::string::String;
use alloc::vec::Vec;
use ftp_protocol::codes;
use ftp_protocol::listing::{Listed, Parser};
use ftp_protocol::path::{may_be_misread, protect_option};

impl<N: Network> Session<N> {
    /// (MLSD, RFC 3659; else LIST) The members of a directory, of the working directory unless a path is given.
    ///
    /// For a path that some servers take for a pattern, for options or for several arguments, the session goes there (PWD,
    /// CWD), lists without an argument and returns (CWD). Where `PWD` reports no way back that is
    /// [`Error::unsupported`], and where the server does not let it return, [`Error::no_way_back`]. A directory that cannot be
    /// entered is listed by its path.
    pub async fn entries(&mut self, path: Option<&str>) -> Result<Vec<Listed>, Error> {
        let listing = self.call(async |live| whole_listing(live, path, way_to(path), Moves::ForCaller).await).await;
        listing.map(|listing| listing.listed)
    }

    /// As [`Self::entries`], with what reports whether the listing is whole, and by the way that is asked for. By
    /// [`ListingWay::Entered`] the session stays in a directory whose path begins with `/`, and returns from any other.
    pub async fn list(&mut self, path: Option<&str>, options: ListOptions) -> Result<Listing, Error> {
        let moves = match path.is_some_and(|path| path.starts_with('/')) {
            true => Moves::Stays,
            false => Moves::AsAsked,
        };
        self.call(async |live| whole_listing(live, path, options, moves).await).await
    }

    /// (MLSD, RFC 3659; else LIST) As [`Self::entries`] in portions, for a directory of any size. The session returns from
    /// where it had to go at its end, or before the next command.
    pub async fn open_entries(&mut self, path: Option<&str>) -> Result<Entries<N>, Error> {
        self.call(async |live| {
            let entries = Entries::open(live, path, way_to(path), Moves::ForCaller).await;
            if entries.is_err() {
                live.return_home().await?;
            }
            entries
        })
        .await
    }

    /// (STAT, RFC 959) The members of a directory as lines of a `LIST` reply, over the control connection.
    pub async fn entries_by_status(&mut self, path: Option<&str>) -> Result<Vec<Listed>, Error> {
        self.call(async |live| {
            // Without an argument it is the state of the server that is reported (RFC 959, section 4.1.3). And a name that
            // begins with a dash would be taken for options.
            let path = path.map_or_else(|| ".".into(), protect_option);
            live.control.ask_for_utf8_if_named().await?;
            let path = live.bytes(&path)?;
            let reply = live.complete("STAT", Some(&path)).await?;
            if !codes::reports_status(reply.code) {
                return Err(live.refusal(&reply));
            }
            let [_, lines @ .., _] = reply.lines.as_slice() else { return Ok(Vec::new()) };
            let mut parser = Parser::new(live.settings.encoding, N::wall_clock());
            let mut budget = Budget::default();
            let mut entries = Vec::new();
            for line in lines {
                let before = entries.len();
                live.control.note_name(line);
                // Some set the lines in between off with a space (RFC 959, section 4.2).
                parser.line(without_returns(line.strip_prefix(b" ").unwrap_or(line)), &mut entries);
                budget.spend(entries.iter().skip(before).map(cost).sum())?;
            }
            parser.end(&mut entries);
            Ok(entries)
        })
        .await
    }

    /// (NLST, RFC 959)
    pub async fn names(&mut self, arguments: Option<&str>) -> Result<Vec<String>, Error> {
        self.call(async |live| lines::texts(live, GetCommand::name_list(arguments)).await).await
    }

    /// (LIST, RFC 959) The lines as they came.
    pub async fn listing(&mut self, arguments: Option<&str>) -> Result<Vec<String>, Error> {
        self.call(async |live| lines::texts(live, GetCommand::list(arguments)).await).await
    }
}

/// How a directory is listed for a caller who does not say.
fn way_to(path: Option<&str>) -> ListOptions {
    let way = match path.is_some_and(may_be_misread) {
        true => ListingWay::Entered,
        false => ListingWay::Argument,
    };
    ListOptions { way, all: false }
}

/// (MLSD, else LIST) The listing, and the return from where the session had to go for it.
async fn whole_listing<N: Network>(
    live: &mut Live<N>,
    path: Option<&str>,
    options: ListOptions,
    moves: Moves,
) -> Result<Listing, Error> {
    let listing = match Entries::open(live, path, options, moves).await {
        Ok(entries) => all_of(entries, live).await,
        Err(error) => Err(error),
    };
    live.return_home().await?;
    listing
}

async fn all_of<N: Network>(mut entries: Entries<N>, live: &mut Live<N>) -> Result<Listing, Error> {
    let mut budget = Budget::default();
    let mut all = Vec::new();
    loop {
        match entries.next(&mut budget).await {
            Ok(Some(listed)) => {
                let mut next = Some(listed);
                while let Some(listed) = next {
                    budget.spend(cost(&listed))?;
                    all.push(listed);
                    next = entries.next_ready(&mut budget).unwrap_or_default();
                }
            }
            Err(error @ Error::LimitExceeded(_)) => return Err(error),
            // What fails on this side fails the verdict too.
            Ok(None) | Err(_) => break,
        }
    }
    let (command, way, has_line_end) = (entries.command, entries.way, entries.has_line_end());
    let (end, no_files) = entries.end(live).await?;
    Ok(Listing { listed: all, command, way, has_line_end, end, no_files })
}
