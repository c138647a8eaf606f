//! Listings: what comes line by line, within limits.

use crate::connection::Connection;
use crate::error::{Error, Limit, Reply};
use crate::limit::breathe;
use crate::network::Network;
use crate::session::Session;
use crate::settings::{CHUNK, LISTING_LINE, LISTING_SIZE, PORTION, Representation, listed_cost};
use crate::transfer::Download;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use ftp_protocol::encoding::Encoding;
use ftp_protocol::listing::{self, Entry, Listed, Parser, RawEntry};
use ftp_protocol::text;

/// (MLSD, else LIST) The members of a directory, as they come. Lines that mean nothing are left out.
///
/// However many there are, only a portion is held. Dropping it is like dropping a [`Download`].
pub struct Entries<N: Network> {
    lines: Lines<N>,
    encoding: Encoding,
    /// Of a `LIST` reply; the lines of `MLSD` need none.
    parser: Option<Parser>,
    /// What a line told and was not yet handed out, the last first.
    told: Vec<Listed>,
}

impl<N: Network> Entries<N> {
    pub(crate) async fn open(connection: &mut Connection<N>, path: Option<&str>) -> Result<Self, Error> {
        connection.line("MLSD", path)?;
        if connection.has_mlst().await? {
            match Self::of(connection, "MLSD", path).await {
                Err(Error::Permanent(reply)) if matches!(reply.code, 500 | 502) => connection.forget_mlsd(),
                result => return result,
            }
        }
        // A name that begins with a dash would be taken for options.
        let path = path.map(|path| if path.starts_with('-') { format!("./{path}") } else { path.into() });
        Self::of(connection, "LIST", path.as_deref()).await
    }

    async fn of(connection: &mut Connection<N>, verb: &str, path: Option<&str>) -> Result<Self, Error> {
        let line = connection.line(verb, path)?;
        let encoding = connection.settings.encoding;
        let (parser, representation) = match verb {
            "MLSD" => (None, None),
            _ => (Some(Parser::new(encoding, N::wall_clock())), Some(Representation::Ascii)),
        };
        let lines = Lines::open(connection, &line, representation).await?;
        Ok(Self { lines, encoding, parser, told: Vec::new() })
    }

    /// The next members, at most `max`, but one at least, and no more of them than take 256 KiB; waits for one, and not
    /// for more. Nothing is the end, and [`Self::finish`] tells whether it is the end of the listing.
    pub async fn read(&mut self, max: usize) -> Result<Vec<Listed>, Error> {
        let mut portion = Vec::new();
        let mut room = PORTION;
        let mut patience = Budget::default();
        let mut next = self.next(&mut patience).await?;
        while let Some(listed) = next {
            room = room.saturating_sub(cost(&listed));
            portion.push(listed);
            next = match portion.len() < max && room > 0 {
                // What came before an error is handed out first.
                true => self.next_ready(&mut patience).unwrap_or_default(),
                false => None,
            };
        }
        Ok(portion)
    }

    /// Read the server's verdict. Without it the listing may be incomplete. The session must be the one that this came
    /// from.
    pub async fn finish(self, session: &mut Session<N>) -> Result<(), Error> {
        self.lines.finish(session).await
    }

    /// (ABOR) End early; the session stays usable. Gives the reply to ABOR, or the last one that came.
    pub async fn abort(self, session: &mut Session<N>) -> Result<Reply, Error> {
        self.lines.download.abort(session).await
    }

    /// The next member, if need be after waiting for it.
    async fn next(&mut self, patience: &mut Budget) -> Result<Option<Listed>, Error> {
        loop {
            if let Some(listed) = self.next_ready(patience)? {
                return Ok(Some(listed));
            }
            if !self.lines.more().await? {
                if let Some(parser) = &mut self.parser {
                    parser.end(&mut self.told);
                }
                return Ok(self.told.pop());
            }
        }
    }

    /// The next member of what is here already. Lines without one are not kept, but they are not read for ever either:
    /// they cost, too.
    fn next_ready(&mut self, patience: &mut Budget) -> Result<Option<Listed>, Error> {
        loop {
            if let Some(listed) = self.told.pop() {
                return Ok(Some(listed));
            }
            let Some(line) = self.lines.next_ready()? else { return Ok(None) };
            let cost = line.len() + 1;
            match &mut self.parser {
                Some(parser) => parser.line(line, &mut self.told),
                None => match listing::mlsd_line(line, self.encoding) {
                    Listed::Skipped => {}
                    listed => return Ok(Some(listed)),
                },
            }
            self.told.reverse();
            if self.told.is_empty() && patience.spend(cost).is_err() {
                return Err(self.lines.fail(Limit::ListingSize));
            }
        }
    }
}

/// (MLSD, else LIST) The members of a directory, all of them.
pub(crate) async fn entries<N: Network>(
    connection: &mut Connection<N>,
    path: Option<&str>,
) -> Result<Vec<Listed>, Error> {
    let mut stream = Entries::open(connection, path).await?;
    let mut budget = Budget::default();
    let mut entries = Vec::new();
    loop {
        match stream.next(&mut budget).await {
            Ok(Some(listed)) => {
                let mut next = Some(listed);
                while let Some(listed) = next {
                    budget.spend(cost(&listed))?;
                    entries.push(listed);
                    next = stream.next_ready(&mut budget).unwrap_or_default();
                }
            }
            Err(error @ Error::LimitExceeded(_)) => return Err(error),
            // What fails on this side fails the verdict too.
            Ok(None) | Err(_) => break,
        }
    }
    stream.lines.download.end_of_listing(connection).await?;
    Ok(entries)
}

/// (STAT) The members of a directory, over the control connection: the lines between the first one and the last.
pub(crate) async fn entries_by_status<N: Network>(
    connection: &mut Connection<N>,
    path: Option<&str>,
) -> Result<Vec<Listed>, Error> {
    // Without an argument it is the state of the server that is told (RFC 959, section 4.1.3). And a name that begins
    // with a dash would be taken for options.
    let path = match path {
        None => ".".into(),
        Some(path) if path.starts_with('-') => format!("./{path}"),
        Some(path) => path.into(),
    };
    let reply = connection.status_of(&path).await?;
    let [_, lines @ .., _] = reply.lines.as_slice() else { return Ok(Vec::new()) };
    let mut parser = Parser::new(connection.settings.encoding, N::wall_clock());
    let mut budget = Budget::default();
    let mut entries = Vec::new();
    for line in lines {
        let before = entries.len();
        // Some set the lines in between off with a space (RFC 959, section 4.2).
        parser.line(line.strip_prefix(b" ").unwrap_or(line), &mut entries);
        budget.spend(entries.iter().skip(before).map(cost).sum())?;
    }
    parser.end(&mut entries);
    Ok(entries)
}

/// (NLST, LIST) The lines as they came. A refusal that says that there are no files is an empty list.
pub(crate) async fn texts<N: Network>(
    connection: &mut Connection<N>,
    verb: &str,
    arguments: Option<&str>,
) -> Result<Vec<String>, Error> {
    let line = connection.line(verb, arguments)?;
    match all_texts(connection, &line).await {
        Err(Error::Transient(reply) | Error::Permanent(reply))
            if matches!(reply.code, 450 | 550) && reply.lines.iter().any(|line| text::no_files(line.as_bytes())) =>
        {
            Ok(Vec::new())
        }
        texts => texts,
    }
}

async fn all_texts<N: Network>(connection: &mut Connection<N>, line: &[u8]) -> Result<Vec<String>, Error> {
    let encoding = connection.settings.encoding;
    let mut lines = Lines::open(connection, line, Some(Representation::Ascii)).await?;
    let mut budget = Budget::default();
    let mut texts = Vec::new();
    loop {
        match lines.next().await {
            Ok(Some(line)) => {
                let text = encoding.decode(line);
                budget.spend(listed_cost(&text))?;
                texts.push(text);
            }
            Err(error @ Error::LimitExceeded(_)) => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    lines.download.end_of_listing(connection).await?;
    Ok(texts)
}

/// The lines of a listing, without their ends. When it is dropped before its end the next call reads the replies.
struct Lines<N: Network> {
    download: Download<N>,
    unread: Vec<u8>,
    /// Where the next line begins, and how far its end was looked for.
    start: usize,
    searched: usize,
    ended: bool,
    /// A limit that was reached.
    exceeded: Option<Limit>,
}

impl<N: Network> Lines<N> {
    async fn open(
        connection: &mut Connection<N>,
        line: &[u8],
        representation: Option<Representation>,
    ) -> Result<Self, Error> {
        let opened = connection.transfer(representation, 0, line).await?;
        // The line ends are dealt with here.
        let download = Download::new(connection, opened, Representation::Image, 0, None, None);
        Ok(Self { download, unread: Vec::new(), start: 0, searched: 0, ended: false, exceeded: None })
    }

    /// The next line, if need be after waiting for it.
    async fn next(&mut self) -> Result<Option<&[u8]>, Error> {
        loop {
            if let Some(line) = self.advance()? {
                return Ok(self.unread.get(line));
            }
            if !self.more().await? {
                return Ok(None);
            }
        }
    }

    /// The next line of what is here already.
    fn next_ready(&mut self) -> Result<Option<&[u8]>, Error> {
        let line = self.advance()?;
        Ok(line.and_then(|line| self.unread.get(line)))
    }

    /// Where the next line is, if all of it is here.
    fn advance(&mut self) -> Result<Option<Range<usize>>, Error> {
        if let Some(limit) = self.exceeded {
            return Err(Error::LimitExceeded(limit));
        }
        let Some(end) = self.end_of_line() else { return Ok(None) };
        let line = self.start..end;
        self.start = self.unread.len().min(end + 1);
        self.searched = self.start;
        let has_return = self.unread.get(line.clone()).is_some_and(|line| line.ends_with(b"\r"));
        let line = line.start..line.end - usize::from(has_return);
        if line.len() > LISTING_LINE {
            return Err(self.fail(Limit::ListingLine));
        }
        Ok(Some(line))
    }

    /// Where the next line ends; the end of what is here when no more comes, or it is too long as it is.
    fn end_of_line(&mut self) -> Option<usize> {
        let unsearched = self.unread.get(self.searched..)?;
        if let Some(length) = unsearched.iter().position(|&byte| byte == b'\n') {
            return Some(self.searched + length);
        }
        self.searched = self.unread.len();
        let rest = self.searched - self.start;
        (rest > LISTING_LINE + 1 || (self.ended && rest > 0)).then_some(self.searched)
    }

    /// Wait for more. False at the end.
    async fn more(&mut self) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        self.unread.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        self.ended = self.download.read(&mut self.unread, CHUNK).await? == 0;
        breathe().await;
        Ok(true)
    }

    fn fail(&mut self, limit: Limit) -> Error {
        self.exceeded = Some(limit);
        Error::LimitExceeded(limit)
    }

    async fn finish(self, session: &mut Session<N>) -> Result<(), Error> {
        let verdict = self.download.finish_listing(session).await;
        match self.exceeded {
            Some(limit) => Err(Error::LimitExceeded(limit)),
            None => verdict,
        }
    }
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

fn cost(listed: &Listed) -> usize {
    match listed {
        Listed::Entry(entry) => ENTRY + entry_cost(entry),
        Listed::Unparsed(text) => ENTRY + listed_cost(text),
        Listed::Skipped => 0,
    }
}

fn entry_cost(entry: &Entry) -> usize {
    let texts = [&entry.owner, &entry.group, &entry.link_target, &entry.unique_id];
    let (RawEntry::Facts(raw) | RawEntry::Line(raw)) = &entry.raw;
    let texts = texts.into_iter().flatten().chain([&entry.name, raw]);
    texts.map(|text| listed_cost(text)).sum()
}
