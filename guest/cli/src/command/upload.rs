//! One file to the server: straight to its name, or to a temporary one that is renamed when it is whole.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ftp_cli::arguments::TransferOptions;
use ftp_cli::exit::Exit;
use ftp_cli::names;
use ftp_client::retry::{Patience, Retry};
use ftp_client::{CHUNK, Error, Representation, Timestamp, Upload, breathe};
use serde_json::json;

use super::Context;
use super::bars::Bar;
use super::connect::{Client, Net};
use super::download::{Broken, NO_CHECKSUM_OF_TEXT, compare};
use super::failure::{Doing as _, Failure};
use super::jobs::{Limiter, Worker, retry};
use super::local;
use super::output::Output;

/// What is uploaded.
#[derive(Debug, Clone)]
pub struct Job {
    /// Here; the standard input where it is none.
    pub source: Option<PathBuf>,
    /// On the server.
    pub path: String,
}

/// How files are uploaded.
pub struct How {
    pub resume: bool,
    pub append: bool,
    pub atomic: bool,
    pub chmod: Option<u16>,
    pub retry: Retry,
    pub representation: Representation,
    pub times: bool,
    pub checksum: bool,
    pub limiter: Rc<Limiter>,
}

impl How {
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
            retry: retry(options),
            representation,
            times: !options.no_times,
            checksum: options.checksum,
            limiter: Limiter::new(context, options.limit_rate),
        })
    }
}

/// Upload a file, as often as it takes and the policy has it.
pub async fn upload(worker: &mut Worker<'_>, job: &Job, how: &How) -> Result<(), Failure> {
    let mut patience = Patience::new(&how.retry);
    let mut attempt = Attempt { is_again: false, reached: 0, sent: 0 };
    loop {
        let before = attempt.reached;
        let failure = match attempt.run(worker, job, how).await {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        // What came from the standard input is gone, and what was appended may be there.
        let may_repeat = job.source.is_some() && !how.append && how.representation == Representation::Image;
        let net = worker.context.net.clone();
        match &failure.error {
            Some(error) if may_repeat && patience.wait(&net, error, attempt.reached > before).await => {}
            _ => return Err(failure),
        }
        worker.context.out.note(&format!("{}; trying again", failure.text));
        attempt.is_again = true;
    }
}

struct Attempt {
    is_again: bool,
    /// Bytes that the server had when the last one began.
    reached: u64,
    /// Bytes that were handed over in any of them.
    sent: u64,
}

impl Attempt {
    async fn run(&mut self, worker: &mut Worker<'_>, job: &Job, how: &How) -> Result<(), Failure> {
        let (mut source, size, modified) = open(job)?;
        let out = &worker.context.out;
        let client = worker.client().await?;
        let what = format!("cannot put {}", job.path);
        let place = if how.atomic { temporary(&job.path, size, modified.as_ref()) } else { job.path.clone() };
        let offset = self.offset(client, &place, size, how).await?;
        self.reached = offset.max(self.reached);
        let bar = out.begin(&job.path, size);
        let mut bytes = 0;
        if offset == 0 || size != Some(offset) {
            if let Source::File(file, path) = &mut source {
                file.seek(SeekFrom::Start(offset)).map_err(|error| Failure::local("read", path, &error))?;
            }
            bar.skip(offset);
            let upload = match how.append {
                true => client.append(&place, how.representation).await,
                false => client.store(&place, how.representation, offset).await,
            };
            let pumped = pump(client, upload.doing(&what)?, &mut source, &bar, how, offset, &mut self.sent).await;
            bytes = pumped.map_err(|error| error.into_failure(&what))?;
        }
        if offset > 0
            && let Some(there) = self::size(client, &place).await?
            && there != offset + bytes
        {
            let text = format!("{what}: the server has {there} bytes of it, and {} were sent", offset + bytes);
            return Err(Failure::new(Exit::Protocol, text));
        }
        if how.checksum && offset > 0 {
            self.compare(client, job, &place, &mut source).await?;
        }
        self.finish(out, client, job, how, &place, modified).await?;
        out.event(&json!({
            "event": "transfer", "direction": "put", "server": worker.server.remote.server(), "remote": job.path,
            "local": job.source.as_ref().map_or("-".into(), |path| path.to_string_lossy()), "bytes": bytes,
            "resumed_at": offset, "seconds": bar.elapsed().as_secs_f64(),
        }));
        out.done(bytes, &bar.summary(bytes));
        Ok(())
    }

    /// Where to go on. Unless that was asked for, only in what this command has sent: a file that was there before is not
    /// the beginning of this one.
    async fn offset(&self, client: &mut Client, place: &str, size: Option<u64>, how: &How) -> Result<u64, Failure> {
        let most = match (size, how.resume) {
            (Some(size), true) => size,
            (Some(size), false) if self.is_again => size.min(self.sent),
            _ => 0,
        };
        match most {
            0 => Ok(0),
            most => Ok(self::size(client, place).await?.filter(|there| *there <= most).unwrap_or(0)),
        }
    }

    /// The whole file, of which the transfer has compared nothing, as it was a part. One that is not the same cannot be gone
    /// on with.
    async fn compare(&self, client: &mut Client, job: &Job, place: &str, source: &mut Source) -> Result<(), Failure> {
        let Source::File(file, path) = source else { return Ok(()) };
        let compared = compare(client, place, file, path).await;
        if compared.as_ref().is_err_and(|failure| failure.exit == Exit::Protocol) && place != job.path {
            let _ = client.delete(place).await;
        }
        compared
    }

    /// It is whole: permissions, time, name.
    async fn finish(
        &self,
        out: &Output,
        client: &mut Client,
        job: &Job,
        how: &How,
        place: &str,
        modified: Option<Timestamp>,
    ) -> Result<(), Failure> {
        if let Some(mode) = how.chmod {
            client.set_permissions(place, mode).await.doing(format!("cannot set the permissions of {}", job.path))?;
        }
        if how.times
            && !how.append
            && let Some(time) = modified
        {
            let time = Timestamp { nanoseconds: 0, ..time };
            match client.set_modified(place, &time).await {
                // It has no way to do it; the file is there all the same.
                Ok(_) | Err(Error::Unsupported(_) | Error::Permanent(_) | Error::Unexpected(_)) => {}
                Err(error) => return Err(Failure::of(format!("cannot set the time of {}", job.path), error)),
            }
        }
        if place != job.path {
            rename(out, client, place, &job.path).await?;
        }
        Ok(())
    }
}

/// Give a file its name. Some servers replace nothing when they rename: there the old file is moved aside, and deleted only
/// when the new one has its name.
async fn rename(out: &Output, client: &mut Client, from: &str, to: &str) -> Result<(), Failure> {
    let what = format!("cannot rename {from} to {to}");
    let refusal = match client.rename(from, to).await {
        Err(error @ Error::Permanent(_)) => error,
        result => return result.map(drop).doing(what),
    };
    // Which of the two commands was refused is not told. Only a file that is there can have been in the way of another one.
    if !(may_be_file(client, from).await.doing(&what)? && may_be_file(client, to).await.doing(&what)?) {
        return Err(Failure::of(what, refusal));
    }
    let aside = beside(to, &format!("old-{:x}", local::now().seconds));
    client.rename(to, &aside).await.doing(format!("{what}: {refusal}; nor {to} to {aside}"))?;
    if let Err(error) = client.rename(from, to).await {
        return Err(match client.rename(&aside, to).await {
            Ok(_) => Failure::of(what, error),
            Err(_) => Failure::of(format!("{what}, the old file is {aside}"), error),
        });
    }
    if let Err(error) = client.delete(&aside).await {
        out.warn(&format!("the old file of {to} is still there as {aside}: {error}"));
    }
    Ok(())
}

/// (SIZE) Whether a file may have this name: a server that cannot tell does not say that there is none.
async fn may_be_file(client: &mut Client, path: &str) -> Result<bool, Error> {
    match client.size(path).await {
        Err(Error::Permanent(reply)) => Ok(reply.code != 550),
        result => result.map(|_| true),
    }
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

async fn pump(
    client: &mut Client,
    mut upload: Upload<Net>,
    source: &mut Source,
    bar: &Bar,
    how: &How,
    offset: u64,
    sent: &mut u64,
) -> Result<u64, Broken> {
    let mut buffer = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let count = source.read(&mut buffer).map_err(Broken::Here)?;
        if count == 0 {
            break;
        }
        if let Err(error) = upload.write(buffer.get(..count).unwrap_or_default()).await {
            // The server may know why.
            upload.finish(client).await.map_err(Broken::Server)?;
            return Err(Broken::Server(error));
        }
        bytes += count as u64;
        *sent = (offset + bytes).max(*sent);
        bar.advance(count as u64);
        how.limiter.pass(count as u64).await;
        breathe().await;
    }
    upload.finish(client).await.map_err(Broken::Server)?;
    Ok(bytes)
}

async fn size(client: &mut Client, path: &str) -> Result<Option<u64>, Failure> {
    match client.size(path).await {
        Ok(size) => Ok(Some(size)),
        Err(Error::Permanent(_)) => Ok(None),
        Err(error) => Err(Failure::of(format!("cannot put {path}"), error)),
    }
}

/// The name on the server until it is whole. It tells which version of the file it is.
fn temporary(path: &str, size: Option<u64>, modified: Option<&Timestamp>) -> String {
    beside(path, &format!("{:x}-{:x}", size.unwrap_or(0), modified.map_or(0, |time| time.seconds)))
}

/// A temporary name in the same directory.
fn beside(path: &str, version: &str) -> String {
    let name = names::last(path);
    format!("{}{}", path.strip_suffix(name).unwrap_or_default(), names::temporary(name, version))
}
