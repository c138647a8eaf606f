//! One file to the server: straight to its name, or to a temporary one that is renamed when it is whole.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ftp_cli::arguments::TransferOptions;
use ftp_cli::exit::Exit;
use ftp_client::retry::{Backoff, Retry};
use ftp_client::{CHUNK, Error, Network as _, Outcome, Representation, Timestamp, Upload, yield_now};
use serde_json::json;

use super::bars::Bar;
use super::client::Client;
use super::compared::{Compared, is_refusal, refuses_offset, unless_refused};
use super::context::Context;
use super::download::{CopyError, NO_CHECKSUM_OF_TEXT, compare};
use super::failure::{Failure, ResultExt as _};
use super::jobs::{Limiter, Worker};
use super::local;
use super::net::Net;
use super::output::Output;
use super::renames::{rename, temporary};

/// What is uploaded.
#[derive(Debug, Clone)]
pub struct Job {
    /// Here; the standard input where it is none.
    pub source: Option<PathBuf>,
    /// On the server.
    pub path: String,
}

/// How files are uploaded.
pub struct UploadOptions {
    pub resume: bool,
    pub append: bool,
    pub atomic: bool,
    pub chmod: Option<u16>,
    pub retry: Retry,
    pub representation: Representation,
    pub times: bool,
    pub checksum: bool,
    pub verify_size: bool,
    pub limiter: Rc<Limiter>,
}

impl UploadOptions {
    pub fn new(context: &Context, options: &TransferOptions, representation: Representation) -> Result<Self, Failure> {
        let is_text = representation == Representation::Ascii;
        if is_text && options.resume {
            return Err(Failure::usage("text is transferred as a whole: --resume does not go with it"));
        }
        if is_text && options.checksum {
            return Err(Failure::usage(NO_CHECKSUM_OF_TEXT));
        }
        Ok(Self {
            resume: options.resume,
            append: false,
            atomic: false,
            chmod: None,
            retry: options.retry(),
            representation,
            times: !options.no_times,
            checksum: options.checksum,
            verify_size: context.verify_size,
            limiter: Limiter::new(context, options.limit_rate),
        })
    }

    /// What came from the standard input is gone, and what was appended may be there.
    fn may_repeat(&self, job: &Job) -> bool {
        job.source.is_some() && !self.append && self.representation == Representation::Image
    }
}

/// Upload a file, as often as it takes and the policy has it.
pub async fn upload(worker: &mut Worker<'_>, job: &Job, how: &UploadOptions) -> Result<(), Failure> {
    let mut backoff = Backoff::new(&how.retry);
    let mut attempt = Attempt { may_repeat: how.may_repeat(job), ..Attempt::default() };
    loop {
        let before = attempt.reached;
        let failure = match attempt.run(worker, job, how).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        let net = worker.context.net.clone();
        let is_again = match &failure.error {
            Some(error) if attempt.may_repeat => {
                attempt.look_at(error);
                backoff.wait(&net, worth(error), attempt.reached > before).await
            }
            _ => false,
        };
        if !is_again {
            let Some(part) = attempt.part else { return Err(failure) };
            worker.context.parts.borrow_mut().remove(&part);
            return Err(with_part(failure, &part));
        }
        worker.context.out.note(&format!("{}; trying again", failure.text));
    }
}

/// Bytes that do not agree are sent again, which the client's own policy does not do.
fn worth(error: &Error) -> &Error {
    static AGAIN: Error = Error::Incomplete(String::new());
    if matches!(error, Error::Integrity(_)) { &AGAIN } else { error }
}

/// One attempt after another.
#[derive(Default)]
struct Attempt {
    /// Another attempt can do the same.
    may_repeat: bool,
    /// The file here, as the first attempt found it.
    version: Option<(Option<u64>, Option<Timestamp>)>,
    /// What the server had before the first byte was sent, unless that is to be resumed.
    before: Option<Before>,
    /// Nothing on the server is worth resuming: it is known to be wrong, or may be.
    from_start: bool,
    /// Bytes that the server had when the last one began.
    reached: u64,
    /// Bytes that were handed over in any of them.
    sent: u64,
    /// The name on the server that has a part of the file.
    part: Option<String>,
}

/// The file of the same name that the server had before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    File {
        size: u64,
        modified: Option<Timestamp>,
    },
    /// The server does not report it.
    Unknown,
}

/// Where the bytes go.
#[derive(Debug, Clone, Copy, Default)]
struct Start {
    offset: u64,
    /// It is the end of the file on the server, which stays where it is.
    is_end: bool,
}

impl Attempt {
    async fn run(&mut self, worker: &mut Worker<'_>, job: &Job, how: &UploadOptions) -> Result<(), Failure> {
        let (mut source, size, modified) = open(job)?;
        self.check_version(size, modified);
        let context = worker.context;
        let client = worker.client().await?;
        let what = format!("cannot put {}", job.path);
        let place = if how.atomic { temporary(&job.path, size, modified.as_ref()) } else { job.path.clone() };
        let start = self.start(client, &place, size, how).await.context(&what)?;
        let mut sent = Sent { offset: start.offset, bytes: 0, compared: Compared::SIZE };
        let bar = context.out.begin(&job.path, size);
        if start.offset == 0 || size != Some(start.offset) {
            let Begun { upload, offset, is_appended } = begin(client, &place, start, how).await.context(&what)?;
            self.reached = offset.max(self.reached);
            self.part = Some(place.clone());
            context.parts.borrow_mut().insert(place.clone());
            if let Source::File(file, path) = &mut source {
                file.seek(SeekFrom::Start(offset)).map_err(|error| Failure::local("read", path, &error))?;
            }
            bar.skip(offset);
            let way = Way { how, bar: &bar, offset };
            let outcome = pump(client, upload, &mut source, &way, &mut self.sent).await;
            let outcome = outcome.map_err(|error| error.into_failure(&what))?;
            sent = Sent { offset, bytes: outcome.bytes, compared: Compared::of(&outcome) };
            if is_appended && how.verify_size {
                exactly(&outcome, offset + outcome.bytes).context(&what)?;
            }
        }
        if how.checksum && sent.offset > 0 {
            sent.compared = self.compare(client, job, &place, &mut source, sent.compared).await?;
        }
        self.part = None;
        context.parts.borrow_mut().remove(&place);
        finish(&context.out, client, job, how, &place, modified).await?;
        report(worker, job, how, &bar, &sent);
        Ok(())
    }

    /// A file that has changed here since the last attempt is another one.
    fn check_version(&mut self, size: Option<u64>, modified: Option<Timestamp>) {
        let version = (size, modified);
        self.from_start |= *self.version.get_or_insert(version) != version;
        self.version = Some(version);
    }

    /// What an error says of the bytes on the server. Fewer than were sent, after an end without any failure, may be others
    /// than the first ones; and what is too much does not become less.
    fn look_at(&mut self, error: &Error) {
        self.from_start |= matches!(error, Error::Incomplete(_) | Error::Integrity(_));
    }

    /// Where to begin. Unless that was asked for, only at the end of what this command has sent: a file that was there before
    /// is not the beginning of this one.
    async fn start(
        &mut self,
        client: &mut Client,
        place: &str,
        size: Option<u64>,
        how: &UploadOptions,
    ) -> Result<Start, Error> {
        let is_again = self.part.is_some();
        if std::mem::take(&mut self.from_start) || !is_again && !how.resume {
            self.sent = 0;
            if self.may_repeat && how.retry.attempts > 0 {
                self.before = Some(Before::look(client, place).await?);
            }
            return Ok(Start::default());
        }
        let most = if self.before.is_some() { size.map(|size| size.min(self.sent)) } else { size };
        let Some(most) = most.filter(|most| *most > 0) else { return Ok(Start::default()) };
        let offset = self::size(client, place).await?.filter(|there| *there <= most).unwrap_or(0);
        if offset == 0 || !self.is_other(client, place, offset).await? {
            return Ok(Start::default());
        }
        if !is_again {
            return Ok(Start { offset, is_end: true });
        }
        // The session that was lost may still be writing on the server.
        client.network().sleep(how.retry.wait).await;
        let later = self::size(client, place).await?;
        Ok(Start { offset, is_end: later == Some(offset) })
    }

    /// Whether the file is another one than there was before the first attempt: some servers keep the old one until the new
    /// one is whole.
    async fn is_other(&self, client: &mut Client, place: &str, now: u64) -> Result<bool, Error> {
        match self.before {
            // It was asked for.
            None | Some(Before::Nothing) => Ok(true),
            Some(Before::File { size, .. }) if size != now => Ok(true),
            Some(Before::File { modified: Some(before), .. }) => {
                let modified = client.modified(place).await;
                Ok(unless_refused(client, modified)?.is_some_and(|modified| modified != before))
            }
            Some(Before::File { modified: None, .. } | Before::Unknown) => Ok(false),
        }
    }

    /// The whole file, of which the transfer has compared nothing, as it was a part. One that is not the same cannot be gone
    /// on with.
    async fn compare(
        &self,
        client: &mut Client,
        job: &Job,
        place: &str,
        source: &mut Source,
        compared: Compared,
    ) -> Result<Compared, Failure> {
        let Source::File(file, path) = source else { return Ok(compared) };
        match compare(client, place, file, path).await {
            Ok(checksum) => Ok(compared.with(checksum)),
            Err(failure) => {
                if failure.exit == Exit::Protocol && place != job.path {
                    let _ = client.delete(place).await;
                }
                Err(failure)
            }
        }
    }
}

/// Say where on the server the part is of an upload that was not finished.
pub fn with_part(failure: Failure, place: &str) -> Failure {
    Failure { text: format!("{}; what arrived of it is on the server as {place}", failure.text), ..failure }
}

impl Before {
    /// (SIZE, MDTM)
    async fn look(client: &mut Client, place: &str) -> Result<Self, Error> {
        let size = match client.size(place).await {
            Ok(size) => size,
            Err(Error::Permanent(reply)) if reply.code == 550 => return Ok(Self::Nothing),
            Err(error) if is_refusal(client, &error) => return Ok(Self::Unknown),
            Err(error) => return Err(error),
        };
        let modified = client.modified(place).await;
        Ok(Self::File { size, modified: unless_refused(client, modified)? })
    }
}

/// An upload that the server has agreed to.
struct Begun {
    upload: Upload<Net>,
    offset: u64,
    /// What was sent before is resumed at the end of the file, wherever that is.
    is_appended: bool,
}

/// (APPE, or REST and STOR, or STOR) To append leaves the beginning alone where a server loses it at an offset. Where the one
/// and the other are refused, it begins at the beginning.
async fn begin(client: &mut Client, place: &str, start: Start, how: &UploadOptions) -> Result<Begun, Error> {
    let begun = |offset, is_appended| move |upload| Begun { upload, offset, is_appended };
    if how.append {
        return client.append(place, how.representation).await.map(begun(0, false));
    }
    let Start { offset, is_end } = start;
    if offset > 0 && is_end {
        match client.append(place, how.representation).await {
            Err(Error::Permanent(_)) => {}
            upload => return upload.map(begun(offset, true)),
        }
    }
    if offset > 0 {
        match client.store(place, how.representation, offset).await {
            Err(error) if refuses_offset(client, &error) => {}
            upload => return upload.map(begun(offset, false)),
        }
    }
    client.store(place, how.representation, 0).await.map(begun(0, false))
}

/// A file that was resumed at its end has this many bytes: its end may have been elsewhere.
fn exactly(outcome: &Outcome, bytes: u64) -> Result<(), Error> {
    match outcome.size {
        Some(there) if there > bytes => {
            Err(Error::Integrity(format!("the file has {there} bytes on the server, and there should be {bytes}")))
        }
        _ => Ok(()),
    }
}

/// It is whole: permissions, time, name.
async fn finish(
    out: &Output,
    client: &mut Client,
    job: &Job,
    how: &UploadOptions,
    place: &str,
    modified: Option<Timestamp>,
) -> Result<(), Failure> {
    client.back().await.context("cannot return to the directory of the login")?;
    if let Some(mode) = how.chmod {
        client.set_permissions(place, mode).await.context(format!("cannot set the permissions of {}", job.path))?;
    }
    if how.times
        && !how.append
        && let Some(time) = modified
    {
        let time = Timestamp { nanoseconds: 0, ..time };
        let set = client.set_modified(place, &time).await;
        // Where it has no way to do it, the file is there all the same.
        unless_refused(client, set).context(format!("cannot set the time of {}", job.path))?;
    }
    if place != job.path {
        rename(out, client, place, &job.path).await?;
    }
    Ok(())
}

/// What an attempt has sent.
struct Sent {
    offset: u64,
    bytes: u64,
    compared: Compared,
}

fn report(worker: &Worker<'_>, job: &Job, how: &UploadOptions, bar: &Bar, sent: &Sent) {
    let out = &worker.context.out;
    let mut event = json!({
        "event": "transfer", "direction": "put", "server": worker.server.remote.server(), "remote": job.path,
        "local": job.source.as_ref().map_or("-".into(), |path| path.to_string_lossy()), "bytes": sent.bytes,
        "resumed_at": sent.offset, "seconds": bar.elapsed().as_secs_f64(),
    });
    sent.compared.describe(&mut event);
    out.event(&event);
    out.done(sent.bytes, &bar.summary(sent.bytes));
    sent.compared.note(out, &job.path, how.checksum);
}

/// What is read.
enum Source {
    Input(io::Stdin),
    File(File, PathBuf),
}

impl Source {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failure> {
        match self {
            Self::Input(input) => input.read(buffer).map_err(|error| Failure::local("read", Path::new("-"), &error)),
            Self::File(file, path) => file.read(buffer).map_err(|error| Failure::local("read", path, &error)),
        }
    }
}

fn open(job: &Job) -> Result<(Source, Option<u64>, Option<Timestamp>), Failure> {
    let Some(path) = &job.source else { return Ok((Source::Input(io::stdin()), None, None)) };
    let (size, modified) = local::version(path)?;
    let file = File::open(path).map_err(|error| Failure::local("read", path, &error))?;
    Ok((Source::File(file, path.clone()), Some(size), modified))
}

/// How the bytes of one attempt travel.
struct Way<'a> {
    how: &'a UploadOptions,
    bar: &'a Bar,
    offset: u64,
}

async fn pump(
    client: &mut Client,
    mut upload: Upload<Net>,
    source: &mut Source,
    way: &Way<'_>,
    sent: &mut u64,
) -> Result<Outcome, CopyError> {
    let mut buffer = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let count = source.read(&mut buffer).map_err(CopyError::Here)?;
        if count == 0 {
            break;
        }
        if let Err(error) = upload.write(buffer.get(..count).unwrap_or_default()).await {
            // The server may know why.
            upload.finish(client).await.map_err(CopyError::Server)?;
            return Err(CopyError::Server(error));
        }
        bytes += count as u64;
        *sent = (way.offset + bytes).max(*sent);
        way.bar.advance(count as u64);
        way.how.limiter.pass(count as u64).await;
        yield_now().await;
    }
    let outcome = upload.finish(client).await.map_err(CopyError::Server)?;
    Ok(Outcome { bytes, ..outcome })
}

/// (SIZE) None where the server does not report it.
async fn size(client: &mut Client, path: &str) -> Result<Option<u64>, Error> {
    let size = client.size(path).await;
    unless_refused(client, size)
}
