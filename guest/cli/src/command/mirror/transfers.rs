//! The transfers of a mirror, by as many sessions as are asked for.

use std::collections::BTreeMap;

use ftp_cli::exit::Exit;
use ftp_client::engine::{DownloadMode, FileVersion, SizeSource, UploadMode};
use ftp_client::mirror::{RelativePath, Side, Step};
use ftp_client::{Representation, Timestamp};

use super::super::client::Client;
use super::super::download::{self, DownloadOptions};
use super::super::failure::Failure;
use super::super::jobs::{self, Worker};
use super::super::upload::{self, UploadOptions};
use super::Work;

impl Work<'_> {
    /// Transfer the files of these steps. What fails is reported, and the rest is done.
    pub(super) async fn transfer(&self, steps: &[Step], client: Client) -> Result<(), Failure> {
        let files = self.files(steps);
        if files.is_empty() {
            client.quit().await;
            return Ok(());
        }
        let count = files.len();
        self.context.out.begin_all(count as u64, files.iter().map(|(_, version)| version.size).sum());
        let result = match self.side_of_server {
            Side::Source => self.download(files, client).await,
            Side::Target => self.upload(files, client).await,
        };
        match result {
            // The last word comes at the end; one file alone has not been reported.
            Err(failure) if failure.exit == Exit::Partial || count > 1 && !failure.is_fatal() => {
                *self.troubles.borrow_mut() += 1;
                self.context.out.note(&failure.text);
                Ok(())
            }
            Err(failure) if !failure.is_fatal() => {
                self.trouble(&failure);
                Ok(())
            }
            result => result,
        }
    }

    /// What is transferred. The time is the one that the target's file gets.
    fn files(&self, steps: &[Step]) -> Vec<(RelativePath, FileVersion)> {
        let source = if self.has_exact_sizes { SizeSource::Facts } else { SizeSource::Lines };
        let time = |step: &Step| match step {
            Step::SetTime(path, time) => Some((path.clone(), *time)),
            _ => None,
        };
        let times: BTreeMap<RelativePath, Timestamp> = steps.iter().filter_map(time).collect();
        let file = |step: &Step| match step {
            Step::Transfer { path, size, .. } => {
                let modified = times.get(path).copied();
                Some((path.clone(), FileVersion { size: *size, modified, source }))
            }
            _ => None,
        };
        steps.iter().filter_map(file).collect()
    }

    async fn download(&self, files: Vec<(RelativePath, FileVersion)>, client: Client) -> Result<(), Failure> {
        let transfer = &self.mirror.transfer;
        let mut how = DownloadOptions::new(self.context, transfer, 1);
        // A temporary file is of a version, so that resuming it is always right.
        if how.plan.mode == DownloadMode::Replace {
            how.plan.mode = DownloadMode::Resume;
        }
        how.plan.keeps_time &= files.iter().any(|(_, version)| version.modified.is_some());
        let work = async |worker: &mut Worker<'_>, (path, listed): &(RelativePath, FileVersion)| {
            let target = self.place(path)?;
            let path = self.on_server(path).on_server(self.root).unwrap_or_default();
            let job = download::Job { path, target, listed: *listed, representation: Representation::Image };
            download::download(worker, &job, &how).await
        };
        jobs::run(self.context, self.server, Some(client), files, transfer.parallel, work).await
    }

    async fn upload(&self, files: Vec<(RelativePath, FileVersion)>, client: Client) -> Result<(), Failure> {
        let transfer = &self.mirror.transfer;
        let mut how = UploadOptions::new(self.context, transfer, Representation::Image)?;
        if self.mirror.atomic || transfer.resume {
            (how.naming, how.mode) = (upload::Naming::Atomic, UploadMode::Resume);
        }
        let work = async |worker: &mut Worker<'_>, (path, _): &(RelativePath, FileVersion)| {
            let source = Some(self.place(path)?);
            let path = path.on_server(self.root).unwrap_or_default();
            upload::upload(worker, &upload::Job { source, path }, &how).await
        };
        jobs::run(self.context, self.server, Some(client), files, transfer.parallel, work).await
    }
}
