//! Listings of directories.

use super::Session;
use crate::commands::GetCommand;
use crate::connection::Connection;
use crate::error::Error;
use crate::lines::{self, Budget, Entries, cost};
use crate::listing::{ListOptions, Listing, ListingWay, Moves};
use crate::network::Network;
use alloc::string::String;
use alloc::vec::Vec;
use ftp_protocol::listing::Listed;
use ftp_protocol::path::may_be_misread;

impl<N: Network> Session<N> {
    /// (MLSD, RFC 3659; else LIST) The members of a directory, of the working directory unless a path is given.
    ///
    /// For a path that some servers take for a pattern, for options or for several arguments, the session goes there (PWD,
    /// CWD), lists without an argument and returns (CWD). Where `PWD` reports no way back that is
    /// [`Error::unsupported`], and where the server does not let it return, [`Error::no_way_back`]. A directory that cannot be
    /// entered is listed by its path.
    pub async fn entries(&mut self, path: Option<&str>) -> Result<Vec<Listed>, Error> {
        let listing = self.call(async |connection| list(connection, path, way_to(path), Moves::ForCaller).await).await;
        listing.map(|listing| listing.listed)
    }

    /// As [`Self::entries`], with what reports whether the listing is whole, and by the way that is asked for. By
    /// [`ListingWay::Entered`] the session stays in a directory whose path begins with `/`, and returns from any other.
    pub async fn list(&mut self, path: Option<&str>, options: ListOptions) -> Result<Listing, Error> {
        let moves = match path.is_some_and(|path| path.starts_with('/')) {
            true => Moves::Stays,
            false => Moves::AsAsked,
        };
        self.call(async |connection| list(connection, path, options, moves).await).await
    }

    /// (MLSD, RFC 3659; else LIST) As [`Self::entries`] in portions, for a directory of any size. The session returns from
    /// where it had to go at its end, or before the next command.
    pub async fn open_entries(&mut self, path: Option<&str>) -> Result<Entries<N>, Error> {
        self.call(async |connection| {
            let entries = Entries::open(connection, path, way_to(path), Moves::ForCaller).await;
            if entries.is_err() {
                connection.return_home().await?;
            }
            entries
        })
        .await
    }

    /// (STAT, RFC 959) The members of a directory as lines of a `LIST` reply, over the control connection.
    pub async fn entries_by_status(&mut self, path: Option<&str>) -> Result<Vec<Listed>, Error> {
        self.call(async |connection| lines::entries_by_status(connection, path).await).await
    }

    /// (NLST, RFC 959)
    pub async fn names(&mut self, arguments: Option<&str>) -> Result<Vec<String>, Error> {
        self.call(async |connection| lines::texts(connection, GetCommand::name_list(arguments)).await).await
    }

    /// (LIST, RFC 959) The lines as they came.
    pub async fn listing(&mut self, arguments: Option<&str>) -> Result<Vec<String>, Error> {
        self.call(async |connection| lines::texts(connection, GetCommand::list(arguments)).await).await
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

/// (MLSD, else LIST) A whole listing.
async fn list<N: Network>(
    connection: &mut Connection<N>,
    path: Option<&str>,
    options: ListOptions,
    moves: Moves,
) -> Result<Listing, Error> {
    let listing = match Entries::open(connection, path, options, moves).await {
        Ok(entries) => all_of(entries, connection).await,
        Err(error) => Err(error),
    };
    connection.return_home().await?;
    listing
}

async fn all_of<N: Network>(mut entries: Entries<N>, connection: &mut Connection<N>) -> Result<Listing, Error> {
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
    let (end, no_files) = entries.end(connection).await?;
    Ok(Listing { listed: all, command, way, has_line_end, end, no_files })
}
