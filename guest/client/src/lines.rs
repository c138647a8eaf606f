//! Listings: what comes over a data connection line by line, within limits.

use crate::connection::Connection;
use crate::error::{Error, Limit};
use crate::limit::breathe;
use crate::network::Network;
use crate::settings::{CHUNK, LISTING_LINE, LISTING_SIZE, Representation, listed_cost};
use crate::transfer::Download;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use ftp_protocol::listing::{self, Entry, Listed};
use ftp_protocol::text;

/// (MLSD, else LIST) The members of a directory. Lines that mean nothing are left out.
pub(crate) async fn entries<N: Network>(
    connection: &mut Connection<N>,
    path: Option<&str>,
) -> Result<Vec<Listed>, Error> {
    connection.line("MLSD", path)?;
    if connection.has_mlst().await? {
        match entries_of(connection, "MLSD", path).await {
            Err(Error::Permanent(reply)) if matches!(reply.code, 500 | 502) => connection.forget_mlsd(),
            result => return result,
        }
    }
    // A name that begins with a dash would be taken for options.
    let path = path.map(|path| if path.starts_with('-') { format!("./{path}") } else { path.into() });
    entries_of(connection, "LIST", path.as_deref()).await
}

async fn entries_of<N: Network>(
    connection: &mut Connection<N>,
    verb: &str,
    path: Option<&str>,
) -> Result<Vec<Listed>, Error> {
    let line = connection.line(verb, path)?;
    let encoding = connection.settings.encoding;
    let now = N::wall_clock();
    let mut budget = Budget::default();
    let mut entries = Vec::new();
    let is_mlsd = verb == "MLSD";
    let representation = (!is_mlsd).then_some(Representation::Ascii);
    each_line(connection, &line, representation, |line| {
        let listed = match is_mlsd {
            true => listing::mlsd_line(line, encoding),
            false => listing::list_line(line, encoding, now),
        };
        match &listed {
            // Not kept, but not for ever either.
            Listed::Skipped => return budget.spend(line.len() + 1),
            Listed::Entry(entry) => budget.spend(ENTRY + entry_cost(entry))?,
            Listed::Unparsed(text) => budget.spend(ENTRY + listed_cost(text))?,
        }
        entries.push(listed);
        Ok(())
    })
    .await?;
    Ok(entries)
}

/// (NLST, LIST) The lines as they came. A refusal that says that there are no files is an empty list.
pub(crate) async fn texts<N: Network>(
    connection: &mut Connection<N>,
    verb: &str,
    arguments: Option<&str>,
) -> Result<Vec<String>, Error> {
    let line = connection.line(verb, arguments)?;
    let encoding = connection.settings.encoding;
    let mut budget = Budget::default();
    let mut texts = Vec::new();
    let end = each_line(connection, &line, Some(Representation::Ascii), |line| {
        let text = encoding.decode(line);
        budget.spend(listed_cost(&text))?;
        texts.push(text);
        Ok(())
    });
    match end.await {
        Err(Error::Transient(reply) | Error::Permanent(reply))
            if matches!(reply.code, 450 | 550) && reply.lines.iter().any(|line| text::no_files(line.as_bytes())) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
        Ok(()) => Ok(texts),
    }
}

/// Give each line of a listing, without its end, to `take`. When that refuses one the transfer is left, and the next
/// call reads its replies.
async fn each_line<N: Network>(
    connection: &mut Connection<N>,
    line: &[u8],
    representation: Option<Representation>,
    mut take: impl FnMut(&[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let opened = connection.transfer(representation, 0, line).await?;
    // The line ends are dealt with here.
    let mut download = Download::new(connection, opened, Representation::Image, 0, None);
    let mut unread = Vec::new();
    // What fails on this side fails the verdict too.
    while let Ok(1..) = download.read(&mut unread, CHUNK).await {
        breathe().await;
        let mut rest = unread.as_slice();
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let (line, tail) = rest.split_at(end);
            take_line(line, &mut take)?;
            rest = tail.get(1..).unwrap_or_default();
        }
        if rest.len() > LISTING_LINE {
            return Err(Error::LimitExceeded(Limit::ListingLine));
        }
        let consumed = unread.len() - rest.len();
        unread.drain(..consumed);
    }
    if !unread.is_empty() {
        take_line(&unread, &mut take)?;
    }
    download.end_of_listing(connection).await
}

fn take_line(line: &[u8], take: &mut impl FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LISTING_LINE {
        return Err(Error::LimitExceeded(Limit::ListingLine));
    }
    take(line)
}

/// What an entry takes without its texts: its place in the list, and once more in the list that goes to the caller.
const ENTRY: usize = 2 * size_of::<Listed>();

/// What is left of the memory that a listing may take.
struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(LISTING_SIZE)
    }
}

impl Budget {
    fn spend(&mut self, cost: usize) -> Result<(), Error> {
        self.0 = self.0.checked_sub(cost).ok_or(Error::LimitExceeded(Limit::ListingSize))?;
        Ok(())
    }
}

fn entry_cost(entry: &Entry) -> usize {
    let texts = [&entry.owner, &entry.group, &entry.link_target, &entry.unique_id];
    let facts = entry.facts.iter().flat_map(|(name, value)| [name, value]);
    let texts = texts.into_iter().flatten().chain([&entry.name]).chain(facts);
    texts.map(|text| listed_cost(text)).sum()
}
