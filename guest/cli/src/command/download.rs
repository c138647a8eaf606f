//! One file from the server: to a temporary name, from which it can be continued at any byte, and then to its own.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ftp_cli::arguments::TransferOptions;
use ftp_cli::exit::Exit;
use ftp_cli::names;
use ftp_cli::needs::parent;
use ftp_client::engine::{Backoff, Retry, Span, WriteNext, receive};
use ftp_client::{
    Algorithm, CHUNK, Entry, Error, FailureKind, Hasher, Kind, Outcome, Precision, RawEntry, RefusalKind,
    Representation, Timestamp, codes, yield_now,
};
use serde_json::json;

use super::bars::Bar;
use super::client::Client;
use super::compared::{Compared, check_size, unless_refused};
use super::context::Context;
use super::disk;
use super::failure::{Failure, ResultExt as _};
use super::jobs::{Limiter, Paced, Worker};
use super::local;
use super::segmented;

/// What is downloaded.
#[derive(Debug, Clone)]
pub struct Job {
    /// On the server.
    pub path: String,
    /// Here.
    pub target: PathBuf,
    /// What the server reported about it.
    pub known: FileVersion,
    pub representation: Representation,
}

impl Job {
    /// A file may be continued: only an image has places.
    fn may_continue(&self) -> bool {
        self.representation == Representation::Image
    }
}

/// What is known about a file on the server.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileVersion {
    pub size: Option<u64>,
    /// The size is that of the file in bytes, as `SIZE` and `MLSD` report it. What `LIST` reports is made for people.
    pub is_exact: bool,
    /// The size was asked for in this session.
    pub is_asked: bool,
    pub modified: Option<Timestamp>,
}

impl FileVersion {
    /// What an entry reports. That of a link reports size and time of the link, and nothing of the file.
    pub fn of(entry: &Entry) -> Self {
        match entry.kind {
            Kind::SymbolicLink => Self::default(),
            _ => Self {
                size: entry.size,
                is_exact: matches!(entry.raw, RawEntry::Facts(_)),
                is_asked: false,
                modified: entry.modified,
            },
        }
    }

    /// The bytes that a download has to bring.
    pub fn exact_size(&self) -> Option<u64> {
        self.size.filter(|_| self.is_exact)
    }
}

/// Its lines end otherwise on the server.
pub const NO_CHECKSUM_OF_TEXT: &str = "text has other bytes at the other side: --checksum does not go with it";

/// How files are downloaded.
pub struct DownloadOptions {
    pub resume: bool,
    /// Also a file whose time the server does not report, which may be another one of the same size.
    pub blindly: bool,
    pub retry: Retry,
    pub times: bool,
    pub checksum: bool,
    pub verify_size: bool,
    pub segments: usize,
    pub limiter: Rc<Limiter>,
}

impl DownloadOptions {
    pub fn new(context: &Context, options: &TransferOptions, segments: u16) -> Self {
        Self {
            resume: options.resume,
            blindly: options.resume,
            retry: options.retry(),
            times: !options.no_times,
            checksum: options.checksum,
            verify_size: context.verify_size,
            segments: usize::from(segments),
            limiter: Limiter::new(context, options.limit_rate),
        }
    }

    /// Whether a file can be downloaded so that travels in this way.
    pub fn check(&self, representation: Representation) -> Result<(), Failure> {
        if representation != Representation::Ascii {
            return Ok(());
        }
        if self.resume || self.segments > 1 {
            return Err(Failure::usage("text is transferred as a whole: neither --resume nor --segments go with it"));
        }
        if self.checksum {
            return Err(Failure::usage(NO_CHECKSUM_OF_TEXT));
        }
        Ok(())
    }

    /// It is known well enough to be continued.
    fn knows(&self, known: &FileVersion) -> bool {
        known.exact_size().is_some() && (self.blindly || known.modified.as_ref().is_some_and(tells_versions_apart))
    }
}

/// Devices without a clock give every file the time at which it begins: 1970, or 1980 where the disk is FAT. And two files of
/// one minute may have the same size.
fn tells_versions_apart(time: &Timestamp) -> bool {
    const FIRST_DAY_AFTER: i64 = 315_532_800 + 86_400;
    time.seconds >= FIRST_DAY_AFTER && matches!(time.precision, Precision::Second | Precision::Subsecond)
}

/// Download a file, as often as it takes and the policy has it.
pub async fn download(worker: &mut Worker<'_>, job: &Job, how: &DownloadOptions) -> Result<(), Failure> {
    disk::check_name(&job.target)?;
    let mut backoff = Backoff::new(&how.retry);
    let mut attempt = Attempt { resume: how.resume, keep: how.resume, reached: 0, temporary: None };
    let is_device = disk::is_device(&job.target);
    loop {
        let before = attempt.reached;
        let result = match is_device {
            true => attempt.write_device(worker, job, how).await,
            false => attempt.run(worker, job, how).await,
        };
        let failure = match result {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        // What a device has taken cannot be taken back.
        let may_repeat = job.may_continue() && !(is_device && attempt.reached > 0);
        let net = worker.context.net.clone();
        let is_again = match &failure.error {
            Some(error) => may_repeat && backoff.wait(&net, error, attempt.reached > before).await,
            None => false,
        };
        if !is_again {
            return Err(failure);
        }
        worker.context.out.note(&format!("{}; trying again", failure.text));
        attempt.resume = true;
    }
}

/// One attempt after another.
struct Attempt {
    resume: bool,
    /// Leave the temporary file where it is, for another time.
    keep: bool,
    /// Bytes that were there at the end of the last one.
    reached: u64,
    temporary: Option<PathBuf>,
}

/// What an attempt has brought.
struct Arrived {
    bytes: u64,
    resumed_at: u64,
    compared: Compared,
}

impl Attempt {
    async fn run(&mut self, worker: &mut Worker<'_>, job: &Job, how: &DownloadOptions) -> Result<(), Failure> {
        let context = worker.context;
        let client = worker.client().await?;
        let known = self.look(client, job, how).await?;
        // Several sessions have no directory of their own to go to.
        let is_divided = how.segments > 1 && known.exact_size().is_some() && !client.names.are_bare();
        let temporary = temporary(&job.target, &known, is_divided);
        if self.temporary.as_ref().is_some_and(|other| *other != temporary) {
            self.clean();
        }
        self.temporary = Some(temporary.clone());
        let resume = self.resume && job.may_continue() && how.knows(&known);
        let bar = context.out.begin(&job.path, known.size.filter(|_| job.may_continue()));
        let way = Way { how, known: &known, temporary: &temporary, bar: &bar };
        let arrived = match is_divided {
            true => divided(worker, job, &way, resume).await,
            false => self.whole(worker, job, &way, resume).await,
        };
        let arrived = arrived.inspect_err(|failure| self.forget_wrong(failure))?;
        put_in_place(&temporary, &job.target, &known, how)?;
        self.temporary = None;
        done(worker, job, how, &bar, &arrived);
        Ok(())
    }

    /// By one session, from the beginning or from where the temporary file ends.
    async fn whole(
        &mut self,
        worker: &mut Worker<'_>,
        job: &Job,
        way: &Way<'_>,
        resume: bool,
    ) -> Result<Arrived, Failure> {
        let what = format!("cannot get {}", job.path);
        let Way { how, known, temporary, bar } = way;
        let client = worker.client().await?;
        let (mut file, mut offset) = open(temporary, resume, known)?;
        let mut arrived = Arrived { bytes: 0, resumed_at: offset, compared: Compared::SIZE };
        if offset == 0 || known.exact_size() != Some(offset) {
            let span = Span { from: offset, ..Span::whole(job.representation) };
            let place =
                Place { file: &mut file, path: temporary, end: offset, reached: &mut self.reached, has_begun: false };
            let outcome;
            (offset, outcome) = place.receive(client, job, span, bar, how).await?;
            let compared = check(client, job, known, how, offset + outcome.bytes, &outcome).await.context(&what)?;
            arrived = Arrived { bytes: outcome.bytes, resumed_at: offset, compared };
        }
        if how.checksum && offset > 0 {
            let checksum = compare(client, &job.path, &mut file, temporary).await?;
            arrived.compared = arrived.compared.with(checksum);
        }
        Ok(arrived)
    }

    /// To a device, which takes the bytes as they come. There is nothing to continue or to rename.
    async fn write_device(&mut self, worker: &mut Worker<'_>, job: &Job, how: &DownloadOptions) -> Result<(), Failure> {
        let what = format!("cannot get {}", job.path);
        let context = worker.context;
        let client = worker.client().await?;
        let known = self.look(client, job, how).await?;
        let file = File::options().append(true).open(&job.target);
        let mut file = file.map_err(|error| Failure::local("write", &job.target, &error))?;
        let bar = context.out.begin(&job.path, known.size);
        let place = Place { file: &mut file, path: &job.target, end: 0, reached: &mut self.reached, has_begun: false };
        let (_, outcome) = place.receive(client, job, Span::whole(job.representation), &bar, how).await?;
        let compared = check(client, job, &known, how, outcome.bytes, &outcome).await.context(&what)?;
        done(worker, job, how, &bar, &Arrived { bytes: outcome.bytes, resumed_at: 0, compared });
        Ok(())
    }

    /// What has to be known before: the size, by which a cut is seen; the time, where it is kept; both, where the download is
    /// continued. In another attempt they are asked for again, as the file may have changed.
    async fn look(&self, client: &mut Client, job: &Job, how: &DownloadOptions) -> Result<FileVersion, Failure> {
        let is_dated = job.known.modified.as_ref().is_some_and(local::is_exact);
        let needs_version = how.resume || how.segments > 1;
        let is_again = self.temporary.is_some();
        let needs_time = is_again || (how.times || needs_version) && !is_dated;
        let needs_size = is_again || needs_version || how.verify_size && job.may_continue();
        if !needs_time && (!needs_size || job.known.exact_size().is_some()) {
            return Ok(job.known);
        }
        let asked = ask(client, &job.path, needs_time).await.context(format!("cannot get {}", job.path))?;
        // Whether a file is there of which nothing is reported is seen when it is asked for.
        let known = if asked.size.is_some() { asked } else { job.known };
        Ok(FileVersion { modified: asked.modified.or(job.known.modified), ..known })
    }

    /// Bytes that are not those of the server are no beginning of the file. Where fewer came, and nothing failed, which of them
    /// are missing is not known.
    fn forget_wrong(&mut self, failure: &Failure) {
        let is_wrong =
            matches!(failure.error, Some(Error::Failed { kind: FailureKind::Incomplete | FailureKind::Integrity, .. }));
        if is_wrong || failure.exit == Exit::Protocol {
            self.clean();
        }
    }

    fn clean(&mut self) {
        if let Some(path) = self.temporary.take() {
            segmented::forget(&path);
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Attempt {
    /// However it ended, a limit of time included. An empty file is no part of anything.
    fn drop(&mut self) {
        let is_empty = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|found| found.len() == 0);
        if !self.keep || self.temporary.as_ref().is_some_and(is_empty) {
            self.clean();
        }
    }
}

/// How a file comes.
struct Way<'a> {
    how: &'a DownloadOptions,
    known: &'a FileVersion,
    temporary: &'a Path,
    bar: &'a Bar,
}

/// By several sessions, each of which brings a part, so that none of them can compare.
async fn divided(worker: &mut Worker<'_>, job: &Job, way: &Way<'_>, resume: bool) -> Result<Arrived, Failure> {
    let Way { how, known, temporary, bar } = way;
    let bytes = segmented::download(worker, job, how, known, temporary, resume, bar).await?;
    let mut compared = Compared::SIZE;
    if how.checksum {
        compared = compared.with(compare_at(worker.client().await?, &job.path, temporary).await?);
    }
    Ok(Arrived { bytes, resumed_at: 0, compared })
}

/// Whether all bytes came, as far as the server reports how many there are.
async fn check(
    client: &mut Client,
    job: &Job,
    known: &FileVersion,
    how: &DownloadOptions,
    arrived: u64,
    outcome: &Outcome,
) -> Result<Compared, Error> {
    let known = if how.verify_size && job.may_continue() { *known } else { FileVersion::default() };
    check_size(client, &job.path, &known, arrived, outcome).await
}

/// (SIZE, MDTM) What is known of a file, behind a link too: `MLST` of ProFTPD reports the size of the link. A server that denies
/// that the file is there is not asked for its time.
pub async fn ask(client: &mut Client, path: &str, with_time: bool) -> Result<FileVersion, Error> {
    let size = match client.size(path).await {
        Err(error) if error.code().is_some_and(codes::is_missing) => return Ok(FileVersion::default()),
        size => unless_refused(client, size)?,
    };
    let mut known = FileVersion { size, is_exact: size.is_some(), is_asked: true, modified: None };
    if with_time {
        let modified = client.modified(path).await;
        known.modified = unless_refused(client, modified)?;
    }
    Ok(known)
}

/// A file here that is written.
struct Place<'a> {
    file: &'a mut File,
    path: &'a Path,
    /// Bytes that it had before.
    end: u64,
    /// Bytes that it has.
    reached: &'a mut u64,
    has_begun: bool,
}

impl Place<'_> {
    /// From the server, to the end and the server's verdict. Gives where it began.
    async fn receive(
        mut self,
        client: &mut Client,
        job: &Job,
        span: Span,
        bar: &Bar,
        how: &DownloadOptions,
    ) -> Result<(u64, Outcome), Failure> {
        let what = format!("cannot get {}", job.path);
        let paced = Paced { bar: Some(bar), limiter: &how.limiter };
        let received = receive(client, &job.path, span, &mut self, &paced).await;
        if self.has_begun { received.context(what) } else { received.context_named(what) }
    }
}

impl WriteNext for Place<'_> {
    type Error = Failure;

    async fn begins(&mut self, offset: u64) -> Result<(), Failure> {
        (*self.reached, self.has_begun) = (offset, true);
        if offset == self.end {
            return Ok(());
        }
        let restarted = self.file.set_len(offset).and_then(|()| self.file.seek(SeekFrom::Start(offset)).map(drop));
        restarted.map_err(|error| Failure::local("write", self.path, &error))
    }

    async fn write_next(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| Failure::local("write", self.path, &disk::cause(self.path, error)))?;
        *self.reached += bytes.len() as u64;
        Ok(())
    }
}

/// Where the file is until it is whole. Its name shows which version of the file it is, and whether it is the beginning or
/// parts of it: one must not be taken for the other.
fn temporary(target: &Path, known: &FileVersion, is_divided: bool) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let modified = known.modified.map_or(0, |time| time.seconds);
    let parts = if is_divided { "-parts" } else { "" };
    let version = format!("{:x}-{modified:x}{parts}", known.size.unwrap_or(0));
    parent(target).join(names::temporary(&name, &version))
}

/// The temporary file, and where to go on in it. A link of its name is replaced, not followed.
fn open(path: &Path, resume: bool, known: &FileVersion) -> Result<(File, u64), Failure> {
    let failed = |error: io::Error| Failure::local("write", path, &error);
    if resume
        && disk::is_file(path)
        && let Ok(mut file) = File::options().read(true).write(true).open(path)
    {
        let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
        // Without a size nobody knows whether this is its beginning.
        if known.size.is_some_and(|size| length <= size) {
            return Ok((file, length));
        }
    }
    disk::fresh(path).map(|file| (file, 0)).map_err(failed)
}

/// The checksum of the whole file here, as [`compare`] has it.
pub async fn compare_at(client: &mut Client, remote: &str, path: &Path) -> Result<Option<Algorithm>, Failure> {
    let mut file = File::open(path).map_err(|error| Failure::local("read", path, &error))?;
    compare(client, remote, &mut file, path).await
}

/// The checksum of the whole file, which a transfer of a part says nothing about. None where the server has none.
async fn compare(
    client: &mut Client,
    remote: &str,
    file: &mut File,
    path: &Path,
) -> Result<Option<Algorithm>, Failure> {
    let theirs = match client.checksum(remote, None).await {
        Ok(theirs) => theirs,
        Err(
            Error::Failed { kind: FailureKind::Unsupported, .. } | Error::Refused { kind: RefusalKind::Permanent, .. },
        ) => return Ok(None),
        Err(error) => return Err(Failure::of(format!("cannot compare {remote}"), error)),
    };
    let failed = |error: io::Error| Failure::local("read", path, &error);
    file.rewind().map_err(failed)?;
    let mut hasher = Hasher::new(theirs.algorithm);
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
        yield_now().await;
    }
    match hasher.finish().value == theirs.value {
        true => Ok(Some(theirs.algorithm)),
        false => Err(Failure::new(Exit::Protocol, format!("{remote}: the checksum is not the server's"))),
    }
}

/// It is whole.
fn put_in_place(temporary: &Path, target: &Path, known: &FileVersion, how: &DownloadOptions) -> Result<(), Failure> {
    if how.times
        && let Some(time) = &known.modified
    {
        let set = File::options().write(true).open(temporary).and_then(|file| local::set_time(&file, time));
        set.map_err(|error| Failure::local("set the time of", temporary, &error))?;
    }
    fs::rename(temporary, target).map_err(|error| Failure::local("write", target, &error))
}

fn done(worker: &Worker<'_>, job: &Job, how: &DownloadOptions, bar: &Bar, arrived: &Arrived) {
    let out = &worker.context.out;
    let mut event = json!({
        "event": "transfer", "direction": "get", "server": worker.server.remote.server(), "remote": job.path,
        "local": job.target.to_string_lossy(), "bytes": arrived.bytes, "resumed_at": arrived.resumed_at,
        "seconds": bar.elapsed().as_secs_f64(),
    });
    arrived.compared.describe(&mut event);
    out.event(&event);
    out.done(arrived.bytes, &bar.summary(arrived.bytes));
    arrived.compared.note(out, &job.path, how.checksum);
}
