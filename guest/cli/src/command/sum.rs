//! `sum`.

use ftp_cli::arguments::{Sum, SumAlgorithm};
use ftp_cli::text::plain;
use ftp_client::engine::{DownloadPlan, FileVersion, ResumableDownload, WriteNext};
use ftp_client::{Algorithm, Checksum, Hasher};
use serde_json::json;

use super::client::Client;
use super::compared::Compared;
use super::context::{Context, Run};
use super::failure::{Failure, ResultExt as _};
use super::globs::{expand, may_be_file};
use super::targets::{each_path, each_url, servers};

impl Run for Sum {
    async fn run(self, context: &Context) -> Result<(), Failure> {
        let algorithm = self.algorithm.map(algorithm);
        let servers = servers(context, &self.urls)?;
        each_url(context, &servers, async |worker, tally| {
            let remote = &worker.server.remote;
            let meant = expand(worker.client().await?, remote, false).await;
            each_path(worker, tally, meant, async |client, meant| {
                if !may_be_file(&meant.entry) {
                    return Ok(());
                }
                let checksum = match self.read {
                    true => read(context, client, &meant.path, algorithm.unwrap_or(Algorithm::Sha256)).await?,
                    false => {
                        let checksum = client.checksum(&meant.path, algorithm).await;
                        checksum
                            .context_named(format!("no checksum of {} (with --read it is computed here)", meant.path))?
                    }
                };
                let (name, value) = (checksum.algorithm.name(), &checksum.value);
                match context.out.is_json() {
                    true => context.out.event(&json!({ "path": meant.path, "algorithm": name, "value": value })),
                    false => context.out.raw(&format!("{name} {value}  {}\n", plain(&meant.path))),
                }
                Ok(())
            })
            .await
        })
        .await
    }
}

/// The checksum of what comes, which has to be all of it.
async fn read(context: &Context, client: &mut Client, path: &str, algorithm: Algorithm) -> Result<Checksum, Failure> {
    let what = format!("cannot get {path}");
    let plan = DownloadPlan { verify_size: context.verify_size, ..DownloadPlan::default() };
    let mut download = ResumableDownload::new(&plan);
    let version = download.version(client, path, &FileVersion::default()).await.context(&what)?;
    let mut digest = Digest(Hasher::new(algorithm));
    let received = download.attempt(client, path, (&version, 0), &mut digest, &()).await;
    let (_, outcome) = received.context_named(&what)?;
    client.back().await.context(&what)?;
    Compared::of(&outcome).note(&context.out, path, false);
    Ok(digest.0.finish())
}

/// Where the bytes go of which the checksum is wanted.
struct Digest(Hasher);

impl WriteNext for Digest {
    type Error = Failure;

    async fn write_next(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.update(bytes);
        Ok(())
    }
}

fn algorithm(name: SumAlgorithm) -> Algorithm {
    match name {
        SumAlgorithm::Sha256 => Algorithm::Sha256,
        SumAlgorithm::Sha512 => Algorithm::Sha512,
        SumAlgorithm::Sha1 => Algorithm::Sha1,
        SumAlgorithm::Md5 => Algorithm::Md5,
        SumAlgorithm::Crc32 => Algorithm::Crc32,
    }
}
