//! One file to the server: straight to its name, or to a temporary one that is renamed when it is whole.

use std::cell::RefCell;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::rc::Rc;

use ftp_cli::arguments::TransferOptions;
use ftp_cli::exit::Exit;
use ftp_client::engine::{
    FileVersion, Missed, Observer, ReadAt, ResumableUpload, Retry, Stored, UploadMode, UploadPlan, repeat,
};
use ftp_client::{Representation, Timestamp};
use serde_json::json;

use super::bars::Bar;
use super::client::Client;
use super::compared::{Compared, compare_at, unless_refused};
use super::contents::Contents;
use super::context::Context;
use super::download::NO_CHECKSUM_OF_TEXT;
use super::failure::{Failure, ResultExt as _};
use super::jobs::{Limiter, Worker};
use super::local;
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
    pub mode: UploadMode,
    pub naming: Naming,
    pub chmod: Option<u16>,
    pub retry: Retry,
    pub representation: Representation,
    pub times: bool,
    pub checksum: bool,
    pub limiter: Rc<Limiter>,
}

/// The name of a file on the server until it is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// Its own.
    Direct,
    /// A temporary one.
    Atomic,
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
            mode: if options.resume { UploadMode::Resume } else { UploadMode::Replace },
            naming: Naming::Direct,
            chmod: None,
            retry: options.retry(),
            representation,
            times: !options.no_times,
            checksum: options.checksum,
            limiter: Limiter::new(context, options.limit_rate),
        })
    }

    /// How the attempts for a file go. What came from the standard input is gone after the first.
    fn plan(&self, job: &Job) -> UploadPlan {
        let attempts = if job.source.is_some() { self.retry.attempts } else { 0 };
        let retry = Retry { attempts, ..self.retry };
        UploadPlan { mode: self.mode, representation: self.representation, retry }
    }
}

/// Upload a file, in as many attempts as the policy has.
pub async fn upload(worker: &mut Worker<'_>, job: &Job, how: &UploadOptions) -> Result<(), Failure> {
    let plan = how.plan(job);
    let (net, out) = (worker.context.net.clone(), worker.context.out.clone());
    let mut work = Attempt { upload: ResumableUpload::new(&plan), part: RefCell::default() };
    let attempt = async || {
        let before = work.upload.reached();
        let Err(failure) = work.run(worker, job, how).await else { return Ok(()) };
        let may_repeat = failure.error.as_ref().is_some_and(|error| plan.may_repeat_after(error));
        Err(Missed { may_repeat, has_more: work.upload.reached() > before, failure })
    };
    let uploaded = repeat(&net, &plan.retry, attempt, |failure| out.again(failure)).await;
    uploaded.map_err(|failure| match work.part.take() {
        None => failure,
        Some(part) => {
            worker.context.parts.borrow_mut().remove(&part);
            with_part(failure, &part)
        }
    })
}

/// One attempt after another.
struct Attempt<'a> {
    upload: ResumableUpload<'a>,
    /// The name on the server that has a part of the file.
    part: RefCell<Option<String>>,
}

impl Attempt<'_> {
    async fn run(&mut self, worker: &mut Worker<'_>, job: &Job, how: &UploadOptions) -> Result<(), Failure> {
        let source = Source::open(job)?;
        let FileVersion { size, modified, .. } = source.version;
        let context = worker.context;
        let client = worker.client().await?;
        let what = format!("cannot put {}", job.path);
        let place = match how.naming {
            Naming::Atomic => temporary(&job.path, size, modified.as_ref()),
            Naming::Direct => job.path.clone(),
        };
        let bar = context.out.begin(&job.path, size);
        let progress = Progress { bar: &bar, how, context, place: &place, part: &self.part };
        let stored = self.upload.attempt(&context.net, client, &place, &source, &progress).await;
        let stored = stored.context(&what)?;
        let mut compared = stored.outcome.as_ref().map_or(Compared::SIZE, Compared::of);
        if how.checksum && stored.offset > 0 {
            compared = compare_whole(client, job, &place, compared).await?;
        }
        self.part.take();
        self.upload.end();
        context.parts.borrow_mut().remove(&place);
        finish(&context.out, client, job, how, &place, modified).await?;
        report(worker, job, how, &bar, &stored, &compared);
        Ok(())
    }
}

/// The whole file, of which the transfer has compared nothing, as it was a part. One that is not the same cannot be gone on
/// with.
async fn compare_whole(client: &mut Client, job: &Job, place: &str, compared: Compared) -> Result<Compared, Failure> {
    let Some(path) = &job.source else { return Ok(compared) };
    match compare_at(client, place, path).await {
        Ok(checksum) => Ok(compared.with(checksum)),
        Err(failure) => {
            if failure.exit == Exit::Protocol && place != job.path {
                let _ = client.delete(place).await;
            }
            Err(failure)
        }
    }
}

/// What is seen of an upload under way.
struct Progress<'a> {
    bar: &'a Bar,
    how: &'a UploadOptions,
    context: &'a Context,
    place: &'a str,
    part: &'a RefCell<Option<String>>,
}

impl Observer for Progress<'_> {
    fn begins(&self, offset: u64) {
        self.context.parts.borrow_mut().insert(self.place.to_owned());
        self.part.replace(Some(self.place.to_owned()));
        self.bar.skip(offset);
    }

    async fn advanced(&self, count: u64) {
        self.bar.advance(count);
        self.how.limiter.pass(count).await;
    }
}

/// Say where on the server the part is of an upload that was not finished.
pub fn with_part(failure: Failure, place: &str) -> Failure {
    Failure { text: format!("{}; what arrived of it is on the server as {place}", failure.text), ..failure }
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
        && how.mode != UploadMode::Append
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

fn report(worker: &Worker<'_>, job: &Job, how: &UploadOptions, bar: &Bar, stored: &Stored, compared: &Compared) {
    let out = &worker.context.out;
    let mut event = json!({
        "event": "transfer", "direction": "put", "server": worker.server.remote.server(), "remote": job.path,
        "local": job.source.as_ref().map_or("-".into(), |path| path.to_string_lossy()), "bytes": stored.bytes,
        "resumed_at": stored.offset, "seconds": bar.elapsed().as_secs_f64(),
    });
    compared.describe(&mut event);
    out.event(&event);
    out.done(stored.bytes, &bar.summary(stored.bytes));
    compared.note(out, &job.path, how.checksum);
}

/// What is read.
struct Source {
    input: Input,
    path: PathBuf,
    version: FileVersion,
}

enum Input {
    Standard,
    File(Contents),
}

impl Source {
    fn open(job: &Job) -> Result<Self, Failure> {
        let Some(path) = job.source.clone() else {
            return Ok(Self { input: Input::Standard, path: "-".into(), version: FileVersion::default() });
        };
        let (size, modified) = local::version(&path)?;
        let file = Contents::source(&path).map_err(|error| Failure::local("read", &path, &error))?;
        let version = FileVersion { size: Some(size), modified, ..FileVersion::default() };
        Ok(Self { input: Input::File(file), path, version })
    }
}

impl ReadAt for Source {
    type Error = Failure;

    async fn read_at(&self, offset: u64, buffer: &mut Vec<u8>, max: usize) -> Result<usize, Failure> {
        let count = match &self.input {
            Input::Standard => read_standard(buffer, max),
            Input::File(file) => file.read_at(offset, buffer, max),
        };
        count.map_err(|error| Failure::local("read", &self.path, &error))
    }

    async fn version(&self) -> Result<FileVersion, Failure> {
        Ok(self.version)
    }
}

/// Append what the standard input has, at most `max` bytes; waits for one. 0 is the end.
fn read_standard(buffer: &mut Vec<u8>, max: usize) -> io::Result<usize> {
    let mut room = vec![0; max];
    let count = io::stdin().read(&mut room)?;
    buffer.extend_from_slice(room.get(..count).unwrap_or_default());
    Ok(count)
}
