//! `get` and `cat`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ftp_cli::arguments::{Cat, Get};
use ftp_cli::exit::Exit;
use ftp_cli::names::{self, Naming};
use ftp_cli::needs::{is_output, split_target};
use ftp_cli::remote::{Kind, Remote};
use ftp_client::engine::{DownloadPlan, FileVersion, ReceiveError, ResumableDownload, WriteNext};
use ftp_client::{Encoding, Representation};

use super::client::Client;
use super::compared::Compared;
use super::connect::Server;
use super::context::{Context, Run};
use super::directories::{name_directory, reopened};
use super::disk;
use super::download::{DownloadOptions, Job, download};
use super::failure::{Failure, ResultExt as _};
use super::globs::{Meaning, Meant, expand, may_be_file};
use super::jobs::{Limiter, Paced, Tally, Worker};
use super::output;
use super::targets::{each_path, each_url, servers};

/// What is for directories.
const INSTEAD: &str = "for those there is `mirror`";

impl Run for Get {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        run(context, self).await
    }
}

async fn run(context: &Context, get: Get) -> Result<(), Failure> {
    let (urls, target) = split_target(&get.places);
    if target.is_some_and(is_output) {
        return get_to_output(context, urls, &get).await;
    }
    let how = DownloadOptions::new(context, &get.transfer, get.segments);
    let mut servers: Vec<Vec<Rc<Server>>> = Vec::new();
    for url in urls {
        let server = Server::for_transfers(context, url, &get.transfer)?;
        if server.remote.name.is_empty() || server.remote.kind == Some(Kind::Names) {
            return Err(Failure::usage("get is for files: for a directory there is mirror, or a pattern such as /*"));
        }
        how.check(server.remote.representation(get.transfer.ascii))?;
        match servers.iter_mut().find(|urls| urls.iter().any(|other| other.serves(&server))) {
            Some(urls) => urls.push(server),
            None => servers.push(vec![server]),
        }
    }
    let has_pattern = servers.iter().flatten().any(|url| url.remote.pattern.is_some() && !get.no_glob);
    let into = Into::new(target, urls.len() > 1 || has_pattern)?;
    let mut work = Work { context, get: &get, how, into, taken: BTreeSet::new(), tally: Tally::of(urls.len()) };
    for urls in &servers {
        if let Err(failure) = work.server(urls).await {
            work.tally.add(context, Err(failure));
        }
    }
    work.tally.verdict()
}

struct Work<'a> {
    context: &'a Context,
    get: &'a Get,
    how: DownloadOptions,
    into: Into,
    /// Files here that are spoken for.
    taken: BTreeSet<PathBuf>,
    tally: Tally,
}

impl Work<'_> {
    /// The URLs of one server. Where one of them cannot be meant, none is downloaded.
    async fn server(&mut self, urls: &[Rc<Server>]) -> Result<(), Failure> {
        let Some(server) = urls.first() else { return Ok(()) };
        let mut client = server.open().await?;
        let mut jobs = Vec::new();
        for url in urls {
            client = reopened(client, server).await?;
            match self.find(&mut client, &url.remote).await {
                Ok(found) => jobs.extend(found),
                Err(failure) if failure.exit == Exit::Usage => return Err(failure),
                Err(failure) => _ = self.tally.add(self.context, Err(failure)),
            }
        }
        if jobs.len() > 1 {
            let bytes = jobs.iter().map(|job| job.listed.size).sum();
            self.context.out.begin_all(jobs.len() as u64, bytes);
        }
        let work = async |worker: &mut Worker<'_>, job: &Job| match download(worker, job, &self.how).await {
            Err(failure) if failure.exit == Exit::Missing => {
                Err(name_directory(worker.client().await?, &job.path, failure, INSTEAD).await)
            }
            result => result,
        };
        self.tally.run(self.context, server, Some(client), jobs, self.get.transfer.parallel, work).await;
        Ok(())
    }

    /// What a URL means. A name that cannot be a file here is reported, and left out.
    async fn find(&mut self, client: &mut Client, remote: &Remote) -> Result<Vec<Job>, Failure> {
        let Meaning { meant: mut found, doubt } = expand(client, remote, self.get.no_glob).await?;
        found.retain(|meant| {
            let may_be_file = may_be_file(&meant.entry);
            if !may_be_file {
                self.context.out.note(&format!("{} is no file, and left out", meant.path));
            }
            may_be_file
        });
        self.tally.divide(found.len() + usize::from(doubt.is_some()));
        doubt.into_iter().for_each(|doubt| _ = self.tally.add(self.context, Err(doubt)));
        let mut jobs = Vec::new();
        for meant in found {
            match self.job(meant, remote) {
                Ok(job) => jobs.push(job),
                Err(failure) if failure.exit == Exit::Usage => return Err(failure),
                Err(failure) => _ = self.tally.add(self.context, Err(failure)),
            }
        }
        Ok(jobs)
    }

    fn job(&mut self, meant: Meant, remote: &Remote) -> Result<Job, Failure> {
        let target = self.into.place(&meant.path, self.context.connection.encoding())?;
        if !self.taken.insert(target.clone()) {
            return Err(Failure::usage(format!("more than one source would be written to {}", target.display())));
        }
        let listed = meant.entry.as_ref().map(FileVersion::of).unwrap_or_default();
        let representation = remote.representation(self.get.transfer.ascii);
        Ok(Job { path: meant.path, target, listed, representation })
    }
}

async fn get_to_output(context: &Context, urls: &[String], get: &Get) -> Result<(), Failure> {
    let Get { no_glob, segments, transfer, .. } = get;
    if transfer.resume || transfer.retry > 0 || transfer.parallel > 1 || *segments > 1 {
        let text = "the standard output is written once and in order: no --resume, --retry, --segments or --parallel";
        return Err(Failure::usage(text));
    }
    let servers = urls.iter().map(|url| Server::for_transfers(context, url, transfer));
    let servers = servers.collect::<Result<Vec<_>, _>>()?;
    let how = DownloadOptions::new(context, transfer, *segments);
    for server in &servers {
        how.check(server.remote.representation(transfer.ascii))?;
    }
    let how = Printing { no_glob: *no_glob, ..Printing::new(context, transfer.ascii, how.limiter) };
    print(&servers, &Printing { checksum: transfer.checksum, ..how }).await
}

impl Run for Cat {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        cat(context, self).await
    }
}

async fn cat(context: &Context, cat: Cat) -> Result<(), Failure> {
    let servers = servers(context, &cat.urls)?;
    print(&servers, &Printing::new(context, cat.ascii, Limiter::new(context, None))).await
}

/// How files are printed.
struct Printing<'a> {
    context: &'a Context,
    ascii: bool,
    no_glob: bool,
    checksum: bool,
    limiter: Rc<Limiter>,
}

impl<'a> Printing<'a> {
    fn new(context: &'a Context, ascii: bool, limiter: Rc<Limiter>) -> Self {
        Self { context, ascii, no_glob: false, checksum: false, limiter }
    }
}

/// To the standard output, one after the other.
async fn print(servers: &[Rc<Server>], how: &Printing<'_>) -> Result<(), Failure> {
    each_url(how.context, servers, async |worker, tally| {
        let remote = &worker.server.remote;
        let representation = remote.representation(how.ascii);
        let meant = expand(worker.client().await?, remote, how.no_glob).await;
        each_path(worker, tally, meant, async |client, meant| match may_be_file(&meant.entry) {
            true => print_one(client, meant, representation, how).await,
            false => Ok(()),
        })
        .await
    })
    .await
}

async fn print_one(
    client: &mut Client,
    meant: &Meant,
    representation: Representation,
    how: &Printing<'_>,
) -> Result<(), Failure> {
    let Meant { path, entry } = meant;
    let what = format!("cannot get {path}");
    let plan = DownloadPlan { representation, verify_size: how.context.verify_size, ..DownloadPlan::default() };
    let mut download = ResumableDownload::new(&plan);
    let listed = entry.as_ref().map(FileVersion::of).unwrap_or_default();
    let version = download.version(client, path, &listed).await.context(&what)?;
    let paced = Paced { bar: None, limiter: &how.limiter };
    let outcome = match download.attempt(client, path, (&version, 0), &mut Printed(output::stdout()), &paced).await {
        Err(ReceiveError::Refused(error)) => {
            return Err(name_directory(client, path, Failure::of_named(&what, error), INSTEAD).await);
        }
        received => received.context(&what)?.1,
    };
    client.back().await.context(&what)?;
    Compared::of(&outcome).note(&how.context.out, path, how.checksum);
    Ok(())
}

/// The standard output.
struct Printed<W>(W);

impl<W: io::Write> WriteNext for Printed<W> {
    type Error = Failure;

    async fn write_next(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_all(bytes).map_err(|error| Failure::output(&error))
    }
}

/// Where downloads go.
enum Into {
    Folder(PathBuf),
    File(PathBuf),
}

impl Into {
    fn new(target: Option<&str>, are_many: bool) -> Result<Self, Failure> {
        let Some(target) = target else { return Ok(Self::Folder(PathBuf::from("."))) };
        let path = Path::new(target);
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        if are_many || target.ends_with('/') {
            fs::create_dir_all(path).map_err(|error| Failure::local("make", path, &error))?;
            return Ok(Self::Folder(path.to_owned()));
        }
        disk::target(path).map(Self::File)
    }

    /// Where a file goes: what is no file cannot be replaced by one.
    fn place(&self, path: &str, encoding: Encoding) -> Result<PathBuf, Failure> {
        match self {
            Self::File(file) => Ok(file.clone()),
            Self::Folder(folder) => match Naming::new(encoding).local(names::last(path)) {
                Ok(name) => disk::target(&if folder == Path::new(".") { name.into() } else { folder.join(name) }),
                Err(why) => Err(Failure::new(Exit::Local, format!("{path} cannot be a file here: {why}"))),
            },
        }
    }
}
