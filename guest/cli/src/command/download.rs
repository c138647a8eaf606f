//! One file from the server: to a temporary name, from which it can be continued at any byte, and then to its own.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ftp_cli::arguments::TransferOptions;
use ftp_cli::exit::Exit;
use ftp_cli::names;
use ftp_cli::needs::parent;
use ftp_client::retry::{Patience, Retry};
use ftp_client::{CHUNK, Download, Entry, Error, Hasher, Kind, Representation, Timestamp, breathe};
use serde_json::json;

use super::Context;
use super::bars::Bar;
use super::connect::{Client, Net};
use super::failure::{Doing as _, Failure};
use super::jobs::{Limiter, Worker, retry};
use super::local;
use super::segmented;

/// What is downloaded.
#[derive(Debug, Clone)]
pub struct Job {
    /// On the server.
    pub path: String,
    /// Here.
    pub target: PathBuf,
    /// What the server told about it.
    pub known: Known,
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
pub struct Known {
    pub size: Option<u64>,
    pub modified: Option<Timestamp>,
}

impl Known {
    /// What an entry tells. That of a link tells size and time of the link, and nothing of the file.
    pub fn of(entry: &Entry) -> Self {
        match entry.kind {
            Kind::SymbolicLink => Self::default(),
            _ => Self { size: entry.size, modified: entry.modified },
        }
    }
}

/// Its lines end otherwise on the server.
pub const NO_CHECKSUM_OF_TEXT: &str = "text has other bytes at the other side: --checksum does not go with it";

/// How files are downloaded.
pub struct How {
    pub resume: bool,
    /// Also a file whose time the server does not tell, which may be another one of the same size.
    pub blindly: bool,
    pub retry: Retry,
    pub times: bool,
    pub checksum: bool,
    pub segments: usize,
    pub limiter: Rc<Limiter>,
}

impl How {
    pub fn new(context: &Context, options: &TransferOptions, segments: u16) -> Self {
        Self {
            resume: options.resume,
            blindly: options.resume,
            retry: retry(options),
            times: !options.no_times,
            checksum: options.checksum,
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
    fn knows(&self, known: &Known) -> bool {
        known.size.is_some() && (self.blindly || known.modified.is_some())
    }
}

/// Download a file, as often as it takes and the policy has it.
pub async fn download(worker: &mut Worker<'_>, job: &Job, how: &How) -> Result<(), Failure> {
    let mut patience = Patience::new(&how.retry);
    let mut attempt = Attempt { resume: how.resume, keep: how.resume, reached: 0, temporary: None };
    loop {
        let before = attempt.reached;
        let failure = match attempt.run(worker, job, how).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        let net = worker.context.net.clone();
        let is_again = match &failure.error {
            Some(error) => job.may_continue() && patience.wait(&net, error, attempt.reached > before).await,
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

impl Attempt {
    async fn run(&mut self, worker: &mut Worker<'_>, job: &Job, how: &How) -> Result<(), Failure> {
        let out = &worker.context.out;
        let client = worker.client().await?;
        let known = self.look(client, job, how).await?;
        let what = format!("cannot get {}", job.path);
        if is_device(&job.target) {
            let file = File::options().write(true).open(&job.target);
            let mut file = file.map_err(|error| Failure::local("write", &job.target, &error))?;
            let download = client.retrieve(&job.path, job.representation, 0).await.doing_named(&what)?;
            let bar = out.begin(&job.path, known.size);
            let bytes = pump(client, download, &mut file, &job.target, &bar, how, &mut self.reached)
                .await
                .map_err(|error| error.into_failure(&what))?;
            return done(worker, job, &bar, bytes, 0);
        }
        let is_divided = how.segments > 1 && known.size.is_some();
        let temporary = temporary(&job.target, &known, is_divided);
        if self.temporary.as_ref().is_some_and(|other| *other != temporary) {
            self.clean();
        }
        self.temporary = Some(temporary.clone());
        let resume = self.resume && job.may_continue() && how.knows(&known);
        if is_divided {
            let bar = out.begin(&job.path, known.size);
            let bytes = segmented::download(worker, job, how, &known, &temporary, resume, &bar).await?;
            // Each session brought a part, so none of them could compare.
            if how.checksum
                && let Err(failure) = compare_at(worker.client().await?, &job.path, &temporary).await
            {
                self.clean();
                return Err(failure);
            }
            put_in_place(&temporary, &job.target, &known, how)?;
            self.temporary = None;
            return done(worker, job, &bar, bytes, 0);
        }
        let (mut file, mut offset) = open(&temporary, resume, &known)?;
        let bar = out.begin(&job.path, known.size.filter(|_| job.may_continue()));
        let mut bytes = 0;
        if offset == 0 || known.size != Some(offset) {
            let download = match client.retrieve(&job.path, job.representation, offset).await {
                // It knows no offsets.
                Err(Error::Permanent(reply)) if offset > 0 && matches!(reply.code, 500..=504 | 554) => {
                    offset = 0;
                    restart(&mut file).map_err(|error| Failure::local("write", &temporary, &error))?;
                    client.retrieve(&job.path, job.representation, 0).await
                }
                download => download,
            };
            bar.skip(offset);
            self.reached = offset;
            let download = download.doing_named(&what)?;
            let pumped = pump(client, download, &mut file, &temporary, &bar, how, &mut self.reached).await;
            bytes = pumped.map_err(|error| error.into_failure(&what))?;
        }
        if job.may_continue() && known.size.is_some_and(|size| size != offset + bytes) {
            self.clean();
            let text =
                format!("{what}: there are {} bytes, and {} were announced", offset + bytes, known.size.unwrap_or(0));
            return Err(Failure::new(Exit::Protocol, text));
        }
        if how.checksum
            && offset > 0
            && let Err(failure) = compare(client, &job.path, &mut file, &temporary).await
        {
            self.clean();
            return Err(failure);
        }
        drop(file);
        put_in_place(&temporary, &job.target, &known, how)?;
        self.temporary = None;
        done(worker, job, &bar, bytes, offset)
    }

    /// What has to be known before: the version, where it is continued; the time, where it is kept; the size, where there
    /// is a bar. In another attempt it is asked for again, as the file may have changed.
    async fn look(&self, client: &mut Client, job: &Job, how: &How) -> Result<Known, Failure> {
        let is_dated = job.known.modified.as_ref().is_some_and(local::is_exact);
        let needs_version = how.resume || how.segments > 1;
        let needs_time = (how.times || needs_version) && !is_dated;
        let needs_size = (needs_version || local::has_terminal()) && job.known.size.is_none();
        if !needs_size && !needs_time && self.temporary.is_none() {
            return Ok(job.known);
        }
        match ask(client, &job.path).await {
            Ok(known) => Ok(Known { modified: known.modified.or(job.known.modified), ..known }),
            // It does not tell; whether the file is there is seen when it is asked for.
            Err(Error::Permanent(_) | Error::Unsupported(_)) => Ok(job.known),
            Err(error) => Err(Failure::of(format!("cannot get {}", job.path), error)),
        }
    }

    fn clean(&mut self) {
        if let Some(path) = self.temporary.take() {
            let _ = fs::remove_file(segmented::ranges(&path));
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Attempt {
    /// However it ended, a limit of time included.
    fn drop(&mut self) {
        if !self.keep {
            self.clean();
        }
    }
}

/// (SIZE, MDTM) What is known of a file, behind a link too: `MLST` of ProFTPD tells the size of the link.
async fn ask(client: &mut Client, path: &str) -> Result<Known, Error> {
    let size = client.size(path).await?;
    let modified = match client.modified(path).await {
        Ok(time) => Some(time),
        Err(Error::Permanent(_) | Error::Transient(_)) if client.is_open() => None,
        Err(error) => return Err(error),
    };
    Ok(Known { size: Some(size), modified })
}

/// Why bytes did not go through.
pub enum Broken {
    Server(Error),
    Here(Failure),
}

impl Broken {
    pub fn into_failure(self, what: &str) -> Failure {
        match self {
            Self::Server(error) => Failure::of(what, error),
            Self::Here(failure) => failure,
        }
    }
}

/// From the server to a file, to the end and the server's verdict.
pub async fn pump(
    client: &mut Client,
    mut download: Download<Net>,
    file: &mut File,
    path: &Path,
    bar: &Bar,
    how: &How,
    reached: &mut u64,
) -> Result<u64, Broken> {
    let mut buffer = Vec::new();
    let mut bytes = 0;
    loop {
        buffer.clear();
        let count = download.read(&mut buffer, CHUNK).await.map_err(Broken::Server)? as u64;
        if count == 0 {
            break;
        }
        file.write_all(&buffer).map_err(|error| Broken::Here(Failure::local("write", path, &error)))?;
        bytes += count;
        *reached += count;
        bar.advance(count);
        how.limiter.pass(count).await;
        breathe().await;
    }
    download.finish(client).await.map_err(Broken::Server)?;
    Ok(bytes)
}

/// A pipe or the like, which a rename would replace.
fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Where the file is until it is whole. Its name tells which version of the file it is, and whether it is the beginning or
/// parts of it: one must not be taken for the other.
fn temporary(target: &Path, known: &Known, is_divided: bool) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let modified = known.modified.map_or(0, |time| time.seconds);
    let parts = if is_divided { "-parts" } else { "" };
    let version = format!("{:x}-{modified:x}{parts}", known.size.unwrap_or(0));
    parent(target).join(names::temporary(&name, &version))
}

/// The temporary file, and where to go on in it.
fn open(path: &Path, resume: bool, known: &Known) -> Result<(File, u64), Failure> {
    let failed = |error: io::Error| Failure::local("write", path, &error);
    if resume && let Ok(mut file) = File::options().read(true).write(true).open(path) {
        let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
        // Without a size nobody knows whether this is its beginning.
        if known.size.is_some_and(|size| length <= size) {
            return Ok((file, length));
        }
    }
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path);
    file.map(|file| (file, 0)).map_err(failed)
}

fn restart(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()
}

async fn compare_at(client: &mut Client, remote: &str, path: &Path) -> Result<(), Failure> {
    let mut file = File::open(path).map_err(|error| Failure::local("read", path, &error))?;
    compare(client, remote, &mut file, path).await
}

/// The checksum of the whole file, which a transfer of a part says nothing about.
pub async fn compare(client: &mut Client, remote: &str, file: &mut File, path: &Path) -> Result<(), Failure> {
    let theirs = match client.checksum(remote, None).await {
        Ok(theirs) => theirs,
        Err(Error::Unsupported(_) | Error::Permanent(_)) => return Ok(()),
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
        breathe().await;
    }
    match hasher.finish().value == theirs.value {
        true => Ok(()),
        false => Err(Failure::new(Exit::Protocol, format!("{remote}: the checksum is not the server's"))),
    }
}

/// It is whole.
fn put_in_place(temporary: &Path, target: &Path, known: &Known, how: &How) -> Result<(), Failure> {
    if how.times
        && let Some(time) = &known.modified
    {
        let set = File::options().write(true).open(temporary).and_then(|file| local::set_time(&file, time));
        set.map_err(|error| Failure::local("set the time of", temporary, &error))?;
    }
    fs::rename(temporary, target).map_err(|error| Failure::local("write", target, &error))
}

fn done(worker: &Worker<'_>, job: &Job, bar: &Bar, bytes: u64, resumed_at: u64) -> Result<(), Failure> {
    let out = &worker.context.out;
    out.event(&json!({
        "event": "transfer", "direction": "get", "server": worker.server.remote.server(), "remote": job.path,
        "local": job.target.to_string_lossy(), "bytes": bytes, "resumed_at": resumed_at,
        "seconds": bar.elapsed().as_secs_f64(),
    }));
    out.done(bytes, &bar.summary(bytes));
    Ok(())
}
