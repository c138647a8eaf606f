//! `get` and `cat`.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ftp_cli::arguments::{Cat, ConnectionOptions, Get};
use ftp_cli::exit::Exit;
use ftp_cli::names;
use ftp_cli::needs::split_target;
use ftp_cli::remote::Kind;
use ftp_client::{CHUNK, Representation, breathe};

use super::Context;
use super::connect::{Client, Server};
use super::download::{How, Job, Known, download};
use super::failure::{Doing as _, Failure};
use super::globs::{expand, may_be_file};
use super::jobs::{Tally, Worker};

pub async fn run(context: &Context, get: Get) -> Result<(), Failure> {
    let (urls, target) = split_target(&get.places);
    if target == Some("-") {
        return print(context, urls, get.transfer.ascii, &get.connection).await;
    }
    let how = How::new(context, &get.transfer, get.segments);
    let mut servers: Vec<(Rc<Server>, Vec<Rc<Server>>)> = Vec::new();
    for url in urls {
        let server = Server::for_transfers(context, url, &get.connection, &get.transfer)?;
        if server.remote.name.is_empty() || server.remote.kind == Some(Kind::Names) {
            return Err(Failure::usage("get is for files: for a directory there is mirror, or a pattern such as /*"));
        }
        how.check(server.remote.representation(get.transfer.ascii))?;
        match servers.iter_mut().find(|(other, _)| other.serves(&server)) {
            Some((_, urls)) => urls.push(server),
            None => servers.push((server.clone(), vec![server])),
        }
    }
    let into = Into::new(
        target,
        urls.len() > 1 || servers.iter().any(|(server, _)| server.remote.pattern.is_some() && !get.no_glob),
    )?;
    let mut taken = BTreeSet::new();
    for (server, urls) in servers {
        let mut client = server.open().await?;
        let mut found = Vec::new();
        for url in &urls {
            let representation = url.remote.representation(get.transfer.ascii);
            let meant = expand(&mut client, &url.remote, get.no_glob).await?;
            found.extend(meant.into_iter().map(|meant| (meant, representation)));
        }
        found.retain(|(meant, _)| {
            let may_be_file = may_be_file(&meant.entry);
            if !may_be_file {
                context.out.note(&format!("{} is no file, and left out", meant.path));
            }
            may_be_file
        });
        let mut tally = Tally::of(found.len());
        let mut jobs = Vec::new();
        for (meant, representation) in found {
            let target = match into.place(&meant.path) {
                Ok(target) => target,
                Err(failure) => {
                    tally.add(context, Err(failure));
                    continue;
                }
            };
            if !taken.insert(target.clone()) {
                return Err(Failure::usage(format!("two of them would be {}", target.display())));
            }
            let known = meant.entry.as_ref().map(Known::of).unwrap_or_default();
            jobs.push(Job { path: meant.path, target, known, representation });
        }
        if jobs.len() > 1 {
            let bytes = jobs.iter().map(|job| job.known.size).sum();
            context.out.begin_all(jobs.len() as u64, bytes);
        }
        let work = async |worker: &mut Worker<'_>, job: &Job| download(worker, job, &how).await;
        tally.run(context, &server, Some(client), jobs, get.transfer.parallel, work).await;
        tally.verdict()?;
    }
    Ok(())
}

pub async fn cat(context: &Context, cat: Cat) -> Result<(), Failure> {
    print(context, &cat.urls, cat.ascii, &cat.connection).await
}

/// To the standard output, one after the other.
async fn print(context: &Context, urls: &[String], ascii: bool, options: &ConnectionOptions) -> Result<(), Failure> {
    for url in urls {
        let server = Server::new(context, url, options)?;
        let mut client = server.open().await?;
        for meant in expand(&mut client, &server.remote, false).await? {
            if may_be_file(&meant.entry) {
                print_one(&mut client, &meant.path, server.remote.representation(ascii)).await?;
            }
        }
        client.quit().await;
    }
    Ok(())
}

async fn print_one(client: &mut Client, path: &str, representation: Representation) -> Result<(), Failure> {
    let what = format!("cannot get {path}");
    let mut download = client.retrieve(path, representation, 0).await.doing_named(&what)?;
    let mut output = io::stdout().lock();
    let mut buffer = Vec::new();
    let failed = |error: io::Error| Failure::new(Exit::Local, format!("cannot write the standard output: {error}"));
    while download.read(&mut buffer, CHUNK).await.doing(&what)? > 0 {
        output.write_all(&buffer).map_err(failed)?;
        buffer.clear();
        breathe().await;
    }
    output.flush().map_err(failed)?;
    download.finish(client).await.doing(&what)?;
    Ok(())
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
        Ok(Self::File(path.to_owned()))
    }

    fn place(&self, path: &str) -> Result<PathBuf, Failure> {
        match self {
            Self::File(file) => Ok(file.clone()),
            Self::Folder(folder) => match names::local(names::last(path)) {
                Ok(name) => Ok(if folder == Path::new(".") { name.into() } else { folder.join(name) }),
                Err(why) => Err(Failure::new(Exit::Local, format!("{path} cannot be a file here: {why}"))),
            },
        }
    }
}
