//! `put`.

use std::collections::BTreeSet;
use std::path::Path;

use ftp_cli::arguments::Put;
use ftp_cli::exit::Exit;
use ftp_cli::names::Naming;
use ftp_client::engine::UploadMode;

use super::connect::Server;
use super::context::{Context, Run};
use super::directories::name_directory;
use super::failure::Failure;
use super::globs;
use super::jobs;
use super::local;
use super::upload::{Job, Naming as TargetNaming, UploadOptions, upload};

impl Run for Put {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let Some((url, files)) = self.places.split_last() else {
            return Err(Failure::usage("there is nothing to put"));
        };
        let server = Server::for_transfers(context, url, &self.transfer)?;
        let remote = &server.remote;
        let (mut jobs, mut troubles) = (Vec::new(), Vec::new());
        for file in files {
            if file == "-" {
                let path = Some(remote.name.as_str()).filter(|name| !name.is_empty()).and(remote.path());
                let path =
                    path.ok_or_else(|| Failure::usage("for the standard input, the URL has to end in a name"))?;
                jobs.push(Job { source: None, path });
                continue;
            }
            for source in globs::local(file, self.no_glob, &mut troubles)? {
                let path = match remote.name.is_empty() {
                    true => remote.within(&on_server(context, &source, &self)?),
                    false => remote.path().unwrap_or_default(),
                };
                jobs.push(Job { source: Some(source), path });
            }
        }
        if jobs.len() > 1 && !remote.name.is_empty() {
            return Err(Failure::usage("for several files, the URL has to end in /"));
        }
        let mut taken = BTreeSet::new();
        if let Some(twin) = jobs.iter().find(|job| !taken.insert(&job.path)) {
            return Err(Failure::usage(format!("more than one source would be written to {}", twin.path)));
        }
        if jobs.len() > 1 {
            let sizes = jobs.iter().map(|job| local::version(job.source.as_deref()?).ok().map(|(size, _)| size));
            context.out.begin_all(jobs.len() as u64, sizes.sum());
        }
        let how = UploadOptions::new(context, &self.transfer, remote.representation(self.transfer.ascii))?;
        let mode = if self.append { UploadMode::Append } else { how.mode };
        let naming = if self.atomic { TargetNaming::Atomic } else { how.naming };
        let how = UploadOptions { mode, naming, chmod: self.chmod, ..how };
        // Before anything is asked of the server, as nothing else can be wrong here.
        if let [Job { source: Some(source), .. }] = jobs.as_slice() {
            local::version(source)?;
        }
        let work = async |worker: &mut jobs::Worker<'_>, job: &Job| match upload(worker, job, &how).await {
            Err(failure) if failure.exit == Exit::Refused => {
                let instead = "a URL that ends in / keeps the file's name in it";
                Err(name_directory(worker.client().await?, &job.path, failure, instead).await)
            }
            result => result,
        };
        jobs::run(context, &server, None, jobs, self.transfer.parallel, work).await?;
        troubles.iter().for_each(|failure| context.out.failure(failure));
        match troubles.is_empty() {
            true => Ok(()),
            false => Err(Failure::new(Exit::Partial, "a part of it was not done")),
        }
    }
}

/// The name that a file from here has on the server: the same.
fn on_server(context: &Context, path: &Path, put: &Put) -> Result<String, Failure> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.ok_or_else(|| Failure::new(Exit::Local, format!("{} is no file", path.display())))?;
    let naming = Naming::new(context.connection.encoding());
    let name = if put.unescape_names { naming.unescaped(&name) } else { naming.remote(&name) };
    name.map_err(|why| Failure::usage(format!("{} cannot be named on the server: {why}", path.display())))
}
