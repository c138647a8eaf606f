//! Listings: what comes line by line, within limits.

use crate::commands::GetCommand;
use crate::data::ListingEnd;
use crate::error::{Error, Limit, RefusalKind, Reply};
use crate::limits::{CHUNK, LISTING_BATCH_BYTES, LISTING_LINE, LISTING_SIZE, listed_cost};
use crate::listing::{ListOptions, ListingCommand, ListingWay, Moves};
use crate::network::Network;
use crate::session::{Live, Session};
use crate::settings::Representation;
use crate::timeout::yield_now;
use crate::transfer::Download;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use ftp_protocol::encoding::Encoding;
use ftp_protocol::listing::{self, Entry, Listed, Parser, RawEntry};
use ftp_protocol::path::protect_option;
use ftp_protocol::{codes, text};

/// (MLSD, else LIST) The members of a directory, as they come. Lines that mean nothing are left out.
///
/// However many there are, only a portion is held. Dropping it is like dropping a [`Download`].
pub struct Entries<N: Network> {
    /// None where the server refuses the listing because there are no files.
    lines: Option<Lines<N>>,
    encoding: Encoding,
    pub(crate) command: ListingCommand,
    pub(crate) way: ListingWay,
    /// Of a `LIST` reply; the lines of `MLSD` need none.
    parser: Option<Parser>,
    /// Members of a line that were parsed and not yet returned, the last first.
    parsed: Vec<Listed>,
    context: Context,
}

/// What decides on the end of a listing.
#[derive(Default)]
struct Context {
    /// It has a member, or a line that may be one.
    any: bool,
    /// Another command was refused for this directory: without a member it is not there.
    doubt: Option<Error>,
    /// The refusal because there are no files.
    no_files: Option<Reply>,
}

impl Context {
    /// The verdict on a listing, and on what it was asked for with.
    fn judge(self, end: Result<ListingEnd, Error>) -> Result<(ListingEnd, Option<Reply>), Error> {
        match (end, self.doubt) {
            (Ok(_), Some(doubt)) if !self.any => Err(doubt),
            (Err(error), Some(doubt)) if error.is_refusal() => Err(doubt),
            (Err(error), None) if !self.any => Ok((ListingEnd::Clear, Some(no_files(error)?))),
            (end, _) => Ok((end?, self.no_files)),
        }
    }
}

impl<N: Network> Entries<N> {
    pub(crate) async fn open(
        live: &mut Live<N>,
        path: Option<&str>,
        options: ListOptions,
        moves: Moves,
    ) -> Result<Self, Error> {
        // Before anything is sent for a path that cannot be.
        path.map(|path| live.bytes(path)).transpose()?;
        // Before the first name comes, be it in the reply to `PWD`.
        live.control.ask_for_utf8().await?;
        // As far as it reports (RFC 3659, section 7.8) and has answered.
        let may_have_mlsd = !live.known.mlsd_refused && (live.may_have("MLST").await? || live.may_have("MLSD").await?);
        let mut request = Request { path, options, way: ListingWay::Argument, doubt: None };
        if let (ListingWay::Entered, Some(directory)) = (options.way, path) {
            match live.enter(directory, moves == Moves::Stays).await? {
                None => request = Request { path: None, way: ListingWay::Entered, ..request },
                refusal => request.doubt = refusal,
            }
        }
        if may_have_mlsd {
            match request.send(live, ListingCommand::Mlsd).await {
                Err(error) if is_about_the_transfer(&error) => return Err(error),
                Err(refusal) if request.is_meant_by(&refusal) => match (moves, request.doubt.take()) {
                    // It can be neither entered nor listed.
                    (Moves::ForCaller, Some(doubt)) => return Err(doubt),
                    (Moves::ForCaller, None) => request = request.without_path(refusal, live).await?,
                    (_, doubt) => request.doubt = doubt.or(Some(refusal)),
                },
                Err(_) => live.known.mlsd_refused = true,
                entries => return entries,
            }
        }
        let doubt = request.doubt.clone();
        let entries = request.send(live, ListingCommand::List).await;
        entries.map_err(|error| doubt.filter(|_| error.is_refusal()).unwrap_or(error))
    }

    /// The next members, at most `max`, but one at least, and no more of them than take 256 KiB; waits for one, and not
    /// for more. Nothing is the end, and [`Self::finish`] tells whether it is the end of the listing.
    pub async fn read(&mut self, max: usize) -> Result<Vec<Listed>, Error> {
        if let Some(lines) = &mut self.lines {
            lines.download.data.begin_call();
        }
        let mut portion = Vec::new();
        let mut room = LISTING_BATCH_BYTES;
        let mut budget = Budget::default();
        let mut next = self.next(&mut budget).await?;
        while let Some(listed) = next {
            room = room.saturating_sub(cost(&listed));
            portion.push(listed);
            next = match portion.len() < max && room > 0 {
                // What came before an error is handed out first.
                true => self.next_ready(&mut budget).unwrap_or_default(),
                false => None,
            };
        }
        Ok(portion)
    }

    /// Read the server's verdict. Without it the listing may be incomplete. The session must be the one that this came
    /// from.
    pub async fn finish(self, session: &mut Session<N>) -> Result<(), Error> {
        let end = match self.lines {
            Some(lines) => lines.finish(session).await,
            None => Ok(ListingEnd::Clear),
        };
        self.context.judge(end).map(|_| ())
    }

    /// The same within the call that read it.
    pub(crate) async fn end(self, live: &mut Live<N>) -> Result<(ListingEnd, Option<Reply>), Error> {
        let end = match self.lines {
            Some(lines) => lines.download.end_of_listing(live).await,
            None => Ok(ListingEnd::Clear),
        };
        self.context.judge(end)
    }

    /// (ABOR) End early; the session stays usable. Gives the reply to ABOR, or the last one that came.
    pub async fn abort(self, session: &mut Session<N>) -> Result<Reply, Error> {
        match (self.lines, self.context.no_files) {
            (Some(lines), _) => lines.download.abort(session).await,
            (None, reply) => reply.ok_or(Error::closed()),
        }
    }

    /// The last line that came has its line end.
    pub(crate) fn has_line_end(&self) -> bool {
        self.lines.as_ref().is_none_or(|lines| lines.has_line_end)
    }

    /// The next member, if need be after waiting for it.
    pub(crate) async fn next(&mut self, budget: &mut Budget) -> Result<Option<Listed>, Error> {
        loop {
            if let Some(listed) = self.next_ready(budget)? {
                return Ok(Some(listed));
            }
            let Some(lines) = &mut self.lines else { return Ok(None) };
            if !lines.more().await? {
                if let Some(parser) = &mut self.parser {
                    parser.end(&mut self.parsed);
                }
                self.context.any |= !self.parsed.is_empty();
                return Ok(self.parsed.pop());
            }
        }
    }

    /// The next member of what is here already. Lines without one are not kept, but they are not read for ever either:
    /// they cost, too.
    pub(crate) fn next_ready(&mut self, budget: &mut Budget) -> Result<Option<Listed>, Error> {
        loop {
            if let Some(listed) = self.parsed.pop() {
                return Ok(Some(listed));
            }
            let Some(lines) = &mut self.lines else { return Ok(None) };
            let Some(line) = lines.next_ready()? else { return Ok(None) };
            let cost = line.len() + 1;
            match &mut self.parser {
                Some(parser) => parser.line(line, &mut self.parsed),
                None => match listing::mlsd_line(line, self.encoding) {
                    Listed::Skipped => {}
                    listed => {
                        self.context.any = true;
                        return Ok(Some(listed));
                    }
                },
            }
            self.parsed.reverse();
            self.context.any |= !self.parsed.is_empty();
            if self.parsed.is_empty() && budget.spend(cost).is_err() {
                return Err(lines.fail(Limit::ListingSize));
            }
        }
    }
}

/// A listing that is asked for.
struct Request<'a> {
    path: Option<&'a str>,
    options: ListOptions,
    way: ListingWay,
    doubt: Option<Error>,
}

impl Request<'_> {
    async fn send<N: Network>(&self, live: &mut Live<N>, command: ListingCommand) -> Result<Entries<N>, Error> {
        let encoding = live.settings.encoding;
        let argument = self.argument_of_list();
        let (get, parser, representation) = match command {
            ListingCommand::Mlsd => (GetCommand::machine_list(self.path), None, None),
            ListingCommand::List => {
                let parser = Parser::new(encoding, N::wall_clock());
                (GetCommand::list(argument.as_deref()), Some(parser), Some(Representation::Ascii))
            }
        };
        let line = live.line(get.verb, get.argument)?;
        let mut context = Context { doubt: self.doubt.clone(), ..Context::default() };
        let lines = match Lines::open(live, &line, representation).await {
            Ok(lines) => Some(lines),
            Err(error) if self.doubt.is_some() => return Err(error),
            Err(error) => {
                context.no_files = Some(no_files(error)?);
                None
            }
        };
        Ok(Entries { lines, encoding, command, way: self.way, parser, parsed: Vec::new(), context })
    }

    /// Once `MLSD` is refused for a path: what `LIST` makes of the path is not to be trusted, so the session goes there.
    async fn without_path<N: Network>(self, refusal: Error, live: &mut Live<N>) -> Result<Self, Error> {
        let doubt = Some(refusal.clone());
        let Some(path) = self.path else { return Ok(Self { doubt, ..self }) };
        match live.enter(path, false).await {
            Ok(None) => Ok(Self { path: None, way: ListingWay::Entered, doubt, ..self }),
            Err(error) if !error.is_refusal() => Err(error),
            _ => Err(refusal),
        }
    }

    /// A name that begins with a dash would be taken for options.
    fn argument_of_list(&self) -> Option<String> {
        let path = self.path.map(protect_option);
        match (self.options.all, path) {
            (false, path) => path,
            (true, None) => Some("-a".into()),
            (true, Some(path)) => Some(format!("-a {path}")),
        }
    }

    /// Whether a refusal of `MLSD` means the directory, and not the command.
    fn is_meant_by(&self, refusal: &Error) -> bool {
        refusal
            .code()
            .is_some_and(|code| codes::is_about_directory(code) || (code == codes::BAD_ARGUMENT && self.path.is_some()))
    }
}

/// Whether another listing would fail just so: for its data connection, or because nobody is logged in.
fn is_about_the_transfer(error: &Error) -> bool {
    error.code().is_none_or(codes::is_about_any_transfer)
}

/// The refusal of a listing that says that there are no files; any other error as it is.
fn no_files(error: Error) -> Result<Reply, Error> {
    match error {
        Error::Refused { kind: RefusalKind::Transient | RefusalKind::Permanent, reply }
            if codes::may_mean_no_files(reply.code)
                && reply.lines.iter().any(|line| text::no_files(line.as_bytes())) =>
        {
            Ok(reply)
        }
        error => Err(error),
    }
}

/// (NLST, LIST) The lines as they came. A refusal that says that there are no files is an empty list.
pub(crate) async fn texts<N: Network>(live: &mut Live<N>, command: GetCommand<'_>) -> Result<Vec<String>, Error> {
    let line = live.line(command.verb, command.argument)?;
    live.control.ask_for_utf8_if_named().await?;
    match all_texts(live, &line).await {
        Err(error) => no_files(error).map(|_| Vec::new()),
        texts => texts,
    }
}

async fn all_texts<N: Network>(live: &mut Live<N>, line: &[u8]) -> Result<Vec<String>, Error> {
    let encoding = live.settings.encoding;
    let mut lines = Lines::open(live, line, Some(Representation::Ascii)).await?;
    let mut budget = Budget::default();
    let mut texts = Vec::new();
    loop {
        match lines.next().await {
            Ok(Some(line)) => {
                live.control.note_name(line);
                let text = encoding.decode(line);
                budget.spend(listed_cost(&text))?;
                texts.push(text);
            }
            Err(error @ Error::LimitExceeded(_)) => return Err(error),
            Ok(None) | Err(_) => break,
        }
    }
    lines.download.end_of_listing(live).await?;
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
    has_line_end: bool,
    /// A limit that was reached.
    exceeded: Option<Limit>,
}

impl<N: Network> Lines<N> {
    async fn open(live: &mut Live<N>, line: &[u8], representation: Option<Representation>) -> Result<Self, Error> {
        let opened = live.transfer(representation, 0, line).await?;
        // The line ends are dealt with here.
        let download = Download::new(live, opened, Representation::Image, 0, None, None, b"");
        Ok(Self {
            download,
            unread: Vec::new(),
            start: 0,
            searched: 0,
            ended: false,
            has_line_end: true,
            exceeded: None,
        })
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
        let length = self.unread.get(line.clone()).map_or(0, |line| without_returns(line).len());
        let line = line.start..line.start + length;
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
        self.has_line_end &= !self.ended || rest == 0;
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
        self.ended = self.download.next(&mut self.unread, CHUNK).await? == 0;
        yield_now().await;
        Ok(true)
    }

    fn fail(&mut self, limit: Limit) -> Error {
        self.exceeded = Some(limit);
        Error::LimitExceeded(limit)
    }

    async fn finish(self, session: &mut Session<N>) -> Result<ListingEnd, Error> {
        let verdict = self.download.finish_listing(session).await;
        match self.exceeded {
            Some(limit) => Err(Error::LimitExceeded(limit)),
            None => verdict,
        }
    }
}

/// A line without the CR at its end; some servers send more than one.
pub(crate) fn without_returns(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_suffix(b"\r") {
        line = rest;
    }
    line
}

/// What an entry takes without its texts: its place in the list, and once more in the list that goes to the caller.
const ENTRY: usize = 2 * size_of::<Listed>();

/// What is left of the memory that a listing may take.
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(LISTING_SIZE)
    }
}

impl Budget {
    pub(crate) fn spend(&mut self, cost: usize) -> Result<(), Error> {
        self.0 = self.0.checked_sub(cost).ok_or(Error::LimitExceeded(Limit::ListingSize))?;
        Ok(())
    }
}

pub(crate) fn cost(listed: &Listed) -> usize {
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
