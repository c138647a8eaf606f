//! One file from the server: to a temporary name, from which it is resumed at any byte, and then to its own.

mod options;
mod partial;
mod segments;

use std::fs;
use std::path::{Path, PathBuf};

use ftp_cli::exit::Exit;
use ftp_client::Representation;
use ftp_client::engine::{DownloadMode, DownloadPlan, FileVersion, Missed, ResumableDownload, repeat};
use serde_json::json;

use super::bars::Bar;
use super::client::Client;
use super::compared::{Compared, compare, compare_at};
use super::disk;
use super::failure::{Failure, ResultExt as _};
use super::jobs::{Paced, Worker};
use partial::{Partial, put_in_place, temporary};

pub use options::{DownloadOptions, Job, NO_CHECKSUM_OF_TEXT};

/// Download a file, in as many attempts as the policy has.
pub async fn download(worker: &mut Worker<'_>, job: &Job, how: &DownloadOptions) -> Result<(), Failure> {
    disk::check_name(&job.target)?;
    let plan = DownloadPlan { representation: job.representation, ..how.plan };
    let (net, out) = (worker.context.net.clone(), worker.context.out.clone());
    let is_device = disk::is_device(&job.target);
    let mut work = Work { job, how, plan: &plan, download: ResumableDownload::new(&plan), temporary: None };
    let attempt = async || {
        let before = work.download.reached();
        let result = match is_device {
            true => work.write_device(worker).await,
            false => work.attempt(worker).await,
        };
        let Err(failure) = result else { return Ok(()) };
        let reached = work.download.reached();
        // What a device has taken cannot be taken back.
        let may_repeat =
            !(is_device && reached > 0) && failure.error.as_ref().is_some_and(|error| plan.may_repeat_after(error));
        Err(Missed { may_repeat, has_more: reached > before, failure })
    };
    repeat(&net, &plan.retry, attempt, |failure| out.again(failure)).await
}

/// One attempt after another.
struct Work<'a> {
    job: &'a Job,
    how: &'a DownloadOptions,
    plan: &'a DownloadPlan,
    download: ResumableDownload<'a>,
    temporary: Option<PathBuf>,
}

/// What an attempt has brought.
struct Arrived {
    bytes: u64,
    resumed_at: u64,
    compared: Compared,
}

impl Work<'_> {
    async fn attempt(&mut self, worker: &mut Worker<'_>) -> Result<(), Failure> {
        let Job { path, target, .. } = self.job;
        let out = worker.context.out.clone();
        let client = worker.client().await?;
        let version = self.version(client).await?;
        // Several sessions have no directory of their own to go to.
        let is_divided = self.plan.sessions > 1 && version.exact_size().is_some() && !client.names.are_bare();
        let place = temporary(target, &version, is_divided);
        if self.temporary.as_ref().is_some_and(|other| *other != place) {
            self.clean();
        }
        self.temporary = Some(place.clone());
        let bar = out.begin(path, version.size.filter(|_| self.plan.representation == Representation::Image));
        let arrived = match is_divided {
            true => self.divided(worker, &version, &place, &bar).await,
            false => self.whole(worker, &version, &place, &bar).await,
        };
        // Bytes that are not those of the server are no beginning of the file. Where fewer came, and nothing failed, which of
        // them are missing is not known.
        if arrived.as_ref().is_err_and(|failure| failure.exit == Exit::Protocol) {
            self.clean();
        }
        let arrived = arrived?;
        put_in_place(&place, target, &version, self.plan.keeps_time)?;
        self.temporary = None;
        self.report(worker, &bar, &arrived);
        Ok(())
    }

    async fn version(&self, client: &mut Client) -> Result<FileVersion, Failure> {
        let Job { path, listed, .. } = self.job;
        self.download.version(client, path, listed).await.context(format!("cannot get {path}"))
    }

    /// By one session, from the beginning or from where the temporary file ends.
    async fn whole(
        &mut self,
        worker: &mut Worker<'_>,
        version: &FileVersion,
        place: &Path,
        bar: &Bar,
    ) -> Result<Arrived, Failure> {
        let path = &self.job.path;
        let client = worker.client().await?;
        let mut partial = Partial::open(place, self.download.resumes(version), version)?;
        let mut arrived = Arrived { bytes: 0, resumed_at: partial.end, compared: Compared::SIZE };
        if partial.end == 0 || version.exact_size() != Some(partial.end) {
            arrived = self.receive(client, version, &mut partial, bar).await?;
            partial.check()?;
        }
        if self.how.checksum && arrived.resumed_at > 0 {
            arrived.compared = arrived.compared.with(compare(client, path, &partial.file, place).await?);
        }
        Ok(arrived)
    }

    /// By several sessions, each of which transfers a part, so that none of them can compare.
    async fn divided(
        &self,
        worker: &mut Worker<'_>,
        version: &FileVersion,
        place: &Path,
        bar: &Bar,
    ) -> Result<Arrived, Failure> {
        let Self { job, how, .. } = self;
        let bytes = segments::download(worker, job, how, version, place, self.download.resumes(version), bar).await?;
        let mut compared = Compared::SIZE;
        if how.checksum {
            compared = compared.with(compare_at(worker.client().await?, &job.path, place).await?);
        }
        Ok(Arrived { bytes, resumed_at: 0, compared })
    }

    /// To a device, which takes the bytes as they come. There is nothing to resume or to rename.
    async fn write_device(&mut self, worker: &mut Worker<'_>) -> Result<(), Failure> {
        let Job { path, target, .. } = self.job;
        let out = worker.context.out.clone();
        let client = worker.client().await?;
        let version = self.version(client).await?;
        let mut device = Partial::device(target)?;
        let bar = out.begin(path, version.size);
        let arrived = self.receive(client, &version, &mut device, &bar).await?;
        self.report(worker, &bar, &arrived);
        Ok(())
    }

    async fn receive(
        &mut self,
        client: &mut Client,
        version: &FileVersion,
        to: &mut Partial<'_>,
        bar: &Bar,
    ) -> Result<Arrived, Failure> {
        let path = &self.job.path;
        let paced = Paced { bar: Some(bar), limiter: &self.how.limiter };
        let received = self.download.attempt(client, path, (version, to.end), to, &paced).await;
        let (resumed_at, outcome) = received.context_named(format!("cannot get {path}"))?;
        Ok(Arrived { bytes: outcome.bytes, resumed_at, compared: Compared::of(&outcome) })
    }

    fn report(&self, worker: &Worker<'_>, bar: &Bar, arrived: &Arrived) {
        let Job { path, target, .. } = self.job;
        let out = &worker.context.out;
        let mut event = json!({
            "event": "transfer", "direction": "get", "server": worker.server.remote.server(), "remote": path,
            "local": target.to_string_lossy(), "bytes": arrived.bytes, "resumed_at": arrived.resumed_at,
            "seconds": bar.elapsed().as_secs_f64(),
        });
        arrived.compared.describe(&mut event);
        out.event(&event);
        out.done(arrived.bytes, &bar.summary(arrived.bytes));
        arrived.compared.note(out, path, self.how.checksum);
    }

    fn clean(&mut self) {
        if let Some(path) = self.temporary.take() {
            segments::forget(&path);
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Work<'_> {
    /// However it ended, a limit of time included. An empty file is no part of anything.
    fn drop(&mut self) {
        let is_empty = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|found| found.len() == 0);
        if self.plan.mode == DownloadMode::Replace || self.temporary.as_ref().is_some_and(is_empty) {
            self.clean();
        }
    }
}
